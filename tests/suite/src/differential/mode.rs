//! How a program is set up: byte order, floating-point registers, NaN encoding, and how much of FCSR it touches.

use std::fmt;

/// One set-up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mode {
    /// Big-endian.
    pub big: bool,
    /// 32 floating-point registers of 64 bits (`fp_abi` 64), else 16 pairs.
    pub fr: bool,
    /// IEEE 754-2008 NaN encoding.
    pub nan2008: bool,
    /// Each block sets rounding mode, flushing and flags, and shows them afterwards. Else only condition codes are touched.
    pub exact: bool,
}

impl Mode {
    /// How many there are.
    pub const COUNT: u64 = 12;

    /// The `number`th, counted modulo [`Mode::COUNT`]. NaN2008 comes with FR=1 only: the P5600, which is QEMU's CPU with
    /// NaN2008, has MSA, and with it QEMU's user mode keeps FR=1 whatever the executable asks for.
    pub fn number(number: u64) -> Mode {
        let is = |bit: u32| number >> bit & 1 != 0;
        let (fr, nan2008) = [(false, false), (true, false), (true, true)][(number / 4 % 3) as usize];
        Mode { big: is(0), exact: is(1), fr, nan2008 }
    }

    /// A word as the guest stores it.
    pub fn bytes(self, word: u32) -> [u8; 4] {
        if self.big { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    /// The word that the guest stored as `bytes`.
    pub fn word(self, bytes: [u8; 4]) -> u32 {
        if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pick = |is: bool, yes, no| if is { yes } else { no };
        let order = pick(self.big, "big-endian", "little-endian");
        let nan = pick(self.nan2008, "NaN2008", "legacy NaN");
        write!(out, "{order}, FR={}, {nan}, {}", u8::from(self.fr), pick(self.exact, "exact", "fast"))
    }
}
