//! FCSR, the floating-point control and status register, and its partial views (MD00082 §5.6).

use crate::cpu::Round;
use crate::float::Flags;
use crate::state::FpuMode;

/// FCSR's value: condition codes 31-25 and 23, FS 24, ABS2008 19, NAN2008 18, cause 17-12, enables 11-7, flags 6-2, RM 1-0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fcsr(pub u32);

const CAUSE: u32 = Fcsr::CAUSE;
const ENABLES: u32 = 0x1f << 7;
const FLAGS: u32 = 0x1f << 2;
const ROUND: u32 = Fcsr::ROUND;
const FLUSH: u32 = Fcsr::FLUSH;
const CONDITIONS: u32 = 0xfe80_0000;
const ABS2008: u32 = 1 << 19;
const NAN2008: u32 = 1 << 18;

/// What CTC1 to FCSR may change.
const WRITABLE: u32 = CAUSE | ENABLES | FLAGS | ROUND | FLUSH | CONDITIONS;

/// FIR of a 24Kf: processor 0x93, S, D, W, L and 64-bit registers (F64).
const FIR: u32 = 0x0000_9300 | 1 << 16 | 1 << 17 | 1 << 20 | 1 << 21 | 1 << 22;

impl Fcsr {
    /// Control register 0: the implementation.
    pub const FIR: u32 = 0;
    /// Control register 25: the condition codes.
    pub const FCCR: u32 = 25;
    /// Control register 26: cause and flags.
    pub const FEXR: u32 = 26;
    /// Control register 28: enables, flush, rounding mode.
    pub const FENR: u32 = 28;
    /// Control register 31: all of it.
    pub const FCSR: u32 = 31;

    /// The causes: what the last operation raised.
    pub(crate) const CAUSE: u32 = 0x3f << 12;
    /// The cause and the flag of a result that was rounded.
    pub(crate) const INEXACT: u32 = 1 << 12 | 1 << 2;
    /// The cause and the flag of an invalid operation.
    pub(crate) const INVALID: u32 = 1 << 16 | 1 << 6;
    /// Traps if a result was rounded.
    pub(crate) const ENABLE_INEXACT: u32 = 1 << 7;
    /// The rounding mode.
    pub(crate) const ROUND: u32 = 3;
    /// FS: whether denormal results are flushed to zero.
    pub(crate) const FLUSH: u32 = 1 << 24;

    /// The value a program starts with in this mode.
    pub fn initial(mode: FpuMode) -> Fcsr {
        Fcsr(if mode.nan2008 { NAN2008 } else { 0 } | if mode.abs2008 { ABS2008 } else { 0 })
    }

    /// The rounding mode.
    pub fn round(self) -> Round {
        [Round::Nearest, Round::Zero, Round::Up, Round::Down][(self.0 & ROUND) as usize]
    }

    /// Whether denormal results are flushed to zero.
    pub fn flushes(self) -> bool {
        self.0 & FLUSH != 0
    }

    /// Whether it asks for more than the default: a rounding mode, enables, flags or flushing.
    pub fn is_touched(self) -> bool {
        self.0 & (CAUSE | ENABLES | FLAGS | ROUND | FLUSH) != 0
    }

    /// Whether the last operation raised anything.
    pub(crate) fn has_cause(self) -> bool {
        self.0 & CAUSE != 0
    }

    /// Records an operation's exceptions as cause, and as flags unless one is enabled: then true, and it shall be raised.
    pub fn signal(&mut self, flags: Flags) -> bool {
        let cause = u32::from(flags.0);
        self.0 = self.0 & !CAUSE | cause << 12;
        let is_raised = self.is_raised();
        if !is_raised {
            self.0 |= cause << 2 & FLAGS;
        }
        is_raised
    }

    /// Cause meets enables; unimplemented operation is always enabled.
    fn is_raised(self) -> bool {
        let enabled = (self.0 & ENABLES) >> 7 | 0x20;
        (self.0 & CAUSE) >> 12 & enabled != 0
    }

    /// What CFC1 reads from control register `number`; `None` if there is none.
    pub fn view(self, number: u32, _mode: FpuMode) -> Option<u32> {
        match number {
            Fcsr::FIR => Some(FIR),
            Fcsr::FCCR => Some(self.0 >> 24 & 0xfe | self.0 >> 23 & 1),
            Fcsr::FEXR => Some(self.0 & (CAUSE | FLAGS)),
            Fcsr::FENR => Some(self.0 & (ENABLES | ROUND) | self.0 >> 22 & 4),
            Fcsr::FCSR => Some(self.0),
            _ => None,
        }
    }

    /// CTC1 to control register `number`: whether an exception is now raised; `None` if it cannot be written.
    pub fn write(&mut self, number: u32, value: u32) -> Option<bool> {
        let (mask, bits) = match number {
            Fcsr::FCCR => (CONDITIONS, (value & 0xfe) << 24 | (value & 1) << 23),
            Fcsr::FEXR => (CAUSE | FLAGS, value),
            Fcsr::FENR => (ENABLES | ROUND | FLUSH, value & !FLUSH | (value & 4) << 22),
            Fcsr::FCSR => (WRITABLE, value),
            _ => return None,
        };
        self.0 = self.0 & !mask | bits & mask;
        Some(self.is_raised())
    }
}
