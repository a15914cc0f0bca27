//! An instruction word and its named fields. A field's type knows how it prints.

mod mips16e;

pub use mips16e::{Frame, PcMem, PcPlus};

use crate::cpu::Cond;
use crate::isa::{FIRST_MIPS16E, Op};
use crate::reg::{Cc, Control, Fpr, Gpr};
use core::fmt;

/// A decoded instruction: which one, and the word its fields are read from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Insn {
    /// Which instruction.
    pub op: Op,
    /// The 32-bit word, in host order; of MIPS16e, what [`crate::decode16`] takes.
    pub word: u32,
}

/// A signed 16-bit immediate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Simm(pub i16);

/// An unsigned 16-bit immediate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uimm(pub u16);

/// A shift amount, bit position or hint: five bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount(pub u8);

/// A branch offset in bytes from the branch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offset(pub i32);

/// The low 28 bits of a jump's target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target(pub u32);

/// The code field of SYSCALL, BREAK and the traps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code(pub u32);

/// A base register and a signed displacement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mem {
    /// Base register.
    pub base: Gpr,
    /// Displacement in bytes.
    pub offset: i16,
}

/// A base register and an index register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Indexed {
    /// Base register.
    pub base: Gpr,
    /// Index register.
    pub index: Gpr,
}

/// A floating-point format, numbered as in the `fmt` field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fmt {
    /// Single precision.
    S,
    /// Double precision.
    D,
    /// 32-bit integer.
    W,
    /// 64-bit integer.
    L,
}

impl Fmt {
    /// Whether it is an integer: W and L.
    pub const fn is_integer(self) -> bool {
        matches!(self, Fmt::W | Fmt::L)
    }

    /// Whether a value of it takes 64 bits.
    pub const fn is_long(self) -> bool {
        matches!(self, Fmt::D | Fmt::L)
    }
}

impl Insn {
    /// How many bytes it takes.
    #[inline]
    pub const fn bytes(self) -> u32 {
        if self.is_mips16e() && self.word >> 16 == 0 { 2 } else { 4 }
    }
    /// Whether it is of MIPS16e.
    #[inline]
    pub const fn is_mips16e(self) -> bool {
        self.op as usize >= FIRST_MIPS16E
    }
    const fn bits(self, low: u32, count: u32) -> u32 {
        (self.word >> low) & ((1 << count) - 1)
    }
    /// Source register: bits 25 to 21.
    pub const fn rs(self) -> Gpr {
        Gpr::new(self.bits(21, 5))
    }
    /// Second source, or destination of immediates and loads: bits 20 to 16.
    pub const fn rt(self) -> Gpr {
        Gpr::new(self.bits(16, 5))
    }
    /// Destination: bits 15 to 11.
    pub const fn rd(self) -> Gpr {
        Gpr::new(self.bits(11, 5))
    }
    /// Shift amount, bit position: bits 10 to 6.
    pub const fn sa(self) -> Amount {
        Amount(self.bits(6, 5) as u8)
    }
    /// Lowest bit of a bit field (EXT, INS): bits 10 to 6.
    pub const fn pos(self) -> Amount {
        self.sa()
    }
    /// Size of the field EXT takes: `msbd` + 1.
    pub const fn ext_size(self) -> Amount {
        Amount(self.bits(11, 5) as u8 + 1)
    }
    /// Size of the field INS replaces: `msb` - `lsb` + 1, or zero if the encoding is void.
    pub const fn ins_size(self) -> Amount {
        Amount((self.bits(11, 5) as u8 + 1).saturating_sub(self.bits(6, 5) as u8))
    }
    /// Signed immediate: bits 15 to 0.
    pub const fn simm(self) -> Simm {
        Simm(self.word as i16)
    }
    /// Unsigned immediate: bits 15 to 0.
    pub const fn uimm(self) -> Uimm {
        Uimm(self.word as u16)
    }
    /// Branch offset.
    pub const fn off(self) -> Offset {
        Offset((self.word as i16 as i32) * 4 + 4)
    }
    /// Jump target.
    pub const fn target(self) -> Target {
        Target(self.bits(0, 26) << 2)
    }
    /// Displacement off a base register.
    pub const fn mem(self) -> Mem {
        Mem { base: self.rs(), offset: self.word as i16 }
    }
    /// Index and base register of COP1X accesses.
    pub const fn indexed(self) -> Indexed {
        Indexed { base: self.rs(), index: self.rt() }
    }
    /// The 20-bit code of SYSCALL and BREAK.
    pub const fn code(self) -> Code {
        Code(self.bits(6, 20))
    }
    /// The 10-bit code of the register traps.
    pub const fn trap_code(self) -> Code {
        Code(self.bits(6, 10))
    }
    /// Cache, prefetch or SYNC operation: bits 20 to 16.
    pub const fn hint(self) -> Amount {
        Amount(self.bits(16, 5) as u8)
    }
    /// PREFX' hint: bits 15 to 11.
    pub const fn hintx(self) -> Amount {
        Amount(self.bits(11, 5) as u8)
    }
    /// Register of coprocessor 0 or of RDHWR: bits 15 to 11.
    pub const fn control(self) -> Control {
        Control(self.bits(11, 5) as u8)
    }
    /// Control register of the floating-point unit: bits 15 to 11.
    pub const fn fcr(self) -> Control {
        self.control()
    }
    /// Select of a coprocessor 0 register: bits 2 to 0.
    pub const fn sel(self) -> Amount {
        Amount(self.bits(0, 3) as u8)
    }
    /// First floating-point source: bits 15 to 11.
    pub const fn fs(self) -> Fpr {
        Fpr::new(self.bits(11, 5))
    }
    /// Second floating-point source: bits 20 to 16.
    pub const fn ft(self) -> Fpr {
        Fpr::new(self.bits(16, 5))
    }
    /// Floating-point destination: bits 10 to 6.
    pub const fn fd(self) -> Fpr {
        Fpr::new(self.bits(6, 5))
    }
    /// Third floating-point source, of COP1X: bits 25 to 21.
    pub const fn fr(self) -> Fpr {
        Fpr::new(self.bits(21, 5))
    }
    /// Format S or D: bit 21.
    pub const fn fmt(self) -> Fmt {
        if self.bits(21, 1) == 0 { Fmt::S } else { Fmt::D }
    }
    /// Format S or D of COP1X: bit 0.
    pub const fn fmt3(self) -> Fmt {
        if self.bits(0, 1) == 0 { Fmt::S } else { Fmt::D }
    }
    /// Format W or L: bit 21.
    pub const fn ifmt(self) -> Fmt {
        if self.bits(21, 1) == 0 { Fmt::W } else { Fmt::L }
    }
    /// Condition code a branch or conditional move tests: bits 20 to 18.
    pub const fn cc(self) -> Cc {
        Cc::new(self.bits(18, 3))
    }
    /// Condition code a comparison sets: bits 10 to 8.
    pub const fn ccd(self) -> Cc {
        Cc::new(self.bits(8, 3))
    }
    /// Comparison condition: bits 3 to 0.
    pub const fn cond(self) -> Cond {
        Cond(self.bits(0, 4) as u8)
    }
}

impl fmt::Display for Simm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}
impl fmt::Display for Uimm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:#x}", self.0)
    }
}
impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}
/// Relative, as it stands in the word; the disassembler of a whole image prints the address instead.
impl fmt::Display for Offset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, ".{:+}", self.0)
    }
}
impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:#x}", self.0)
    }
}
impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:#x}", self.0)
    }
}
impl fmt::Display for Mem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}({})", self.offset, self.base)
    }
}
impl fmt::Display for Indexed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}({})", self.index, self.base)
    }
}
impl fmt::Display for Fmt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Fmt::S => "s",
            Fmt::D => "d",
            Fmt::W => "w",
            Fmt::L => "l",
        })
    }
}
/// As in `c.olt.d` (MD00086, C.cond.fmt).
impl fmt::Display for Cond {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 16] =
            ["f", "un", "eq", "ueq", "olt", "ult", "ole", "ule", "sf", "ngle", "seq", "ngl", "lt", "nge", "le", "ngt"];
        out.write_str(NAMES[(self.0 & 15) as usize])
    }
}
