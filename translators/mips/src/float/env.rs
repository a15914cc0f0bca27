//! What an operation depends on beside its operands, and what it tells beside its result.

use crate::cpu::Round;
use core::ops::BitOr;

/// The part of FCSR that arithmetic reads. Enables are not in it: traps are the caller's business.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Env {
    /// The rounding mode. [`Round::Current`] has been resolved by the caller; left in, it means to nearest.
    pub round: Round,
    /// NaN encoding and conversions of IEEE 754-2008; else MIPS legacy.
    pub nan2008: bool,
    /// FCSR.FS: results that are tiny before rounding become zero. As in QEMU, that sets no flag.
    pub flush: bool,
}

/// Exceptions, as bits in the order of FCSR's cause, enable and flag fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// Nothing happened.
    pub const NONE: Flags = Flags(0);
    /// The result was rounded.
    pub const INEXACT: Flags = Flags(1);
    /// The result was rounded and tiny, after rounding.
    pub const UNDERFLOW: Flags = Flags(2);
    /// The result was too large for its format.
    pub const OVERFLOW: Flags = Flags(4);
    /// A finite number was divided by zero.
    pub const DIVISION: Flags = Flags(8);
    /// The operation has no meaning for its operands.
    pub const INVALID: Flags = Flags(16);
    /// The hardware leaves it to software. Only for formats no instruction combines.
    pub const UNIMPLEMENTED: Flags = Flags(32);
}

impl BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}
