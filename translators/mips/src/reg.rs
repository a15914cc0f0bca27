//! Register names: numbers that cannot be confused, printed as the assembler writes them.

use core::fmt;

/// A general-purpose register, 0 to 31.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gpr(u8);

/// The o32 names, in register order (MD00086, "MIPS32 ABI register conventions").
const GPR_NAMES: [&str; 32] = [
    "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "s0", "s1", "s2",
    "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "s8", "ra",
];

impl Gpr {
    /// Reads as zero; writes are dropped.
    pub const ZERO: Gpr = Gpr(0);
    /// First result.
    pub const V0: Gpr = Gpr(2);
    /// Second result.
    pub const V1: Gpr = Gpr(3);
    /// First argument.
    pub const A0: Gpr = Gpr(4);
    /// Second argument.
    pub const A1: Gpr = Gpr(5);
    /// Third argument.
    pub const A2: Gpr = Gpr(6);
    /// Fourth argument, and the error flag of a system call.
    pub const A3: Gpr = Gpr(7);
    /// MIPS16e's T: what its comparisons write and its branches test.
    pub const T8: Gpr = Gpr(24);
    /// Address of the function being called, in position-independent code.
    pub const T9: Gpr = Gpr(25);
    /// Global pointer.
    pub const GP: Gpr = Gpr(28);
    /// Stack pointer.
    pub const SP: Gpr = Gpr(29);
    /// Return address.
    pub const RA: Gpr = Gpr(31);

    /// The register numbered by the low five bits of `number`.
    pub const fn new(number: u32) -> Gpr {
        Gpr((number & 31) as u8)
    }

    /// 0 to 31.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The register an assembler calls `name` (without `$`).
    pub fn named(name: &str) -> Option<Gpr> {
        GPR_NAMES.iter().position(|known| *known == name).map(|at| Gpr(at as u8))
    }

    /// All 32, in order.
    pub fn all() -> impl Iterator<Item = Gpr> {
        (0..32).map(Gpr)
    }
}

impl fmt::Display for Gpr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(GPR_NAMES[self.index()])
    }
}

/// A floating-point register, 0 to 31.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fpr(u8);

impl Fpr {
    /// The register numbered by the low five bits of `number`.
    pub const fn new(number: u32) -> Fpr {
        Fpr((number & 31) as u8)
    }

    /// 0 to 31.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Fpr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "$f{}", self.0)
    }
}

/// A floating-point condition code, 0 to 7.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cc(u8);

impl Cc {
    /// The condition code numbered by the low three bits of `number`.
    pub const fn new(number: u32) -> Cc {
        Cc((number & 7) as u8)
    }

    /// 0 to 7.
    pub const fn index(self) -> u8 {
        self.0
    }

    /// Its bit in FCSR: 23 for condition 0, 25 to 31 for the others (MD00086 §5.7).
    pub const fn fcsr_bit(self) -> u32 {
        if self.0 == 0 { 23 } else { 24 + self.0 as u32 }
    }
}

impl fmt::Display for Cc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "$fcc{}", self.0)
    }
}

/// A register of coprocessor 0 or 2, or of RDHWR: number and select.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Control(pub u8);

impl fmt::Display for Control {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "${}", self.0)
    }
}
