//! Where a case's instruction stands: alone, or in the delay slot of a branch put before it.

use super::case::{AT, Case};
use mips::isa::{self, Op};
use mips::reading::effects::effects;
use mips::{Gpr, Insn};

/// What comes before the instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wrap {
    /// Nothing.
    Alone,
    /// A branch that is taken.
    Taken,
    /// A branch that is not taken.
    NotTaken,
    /// A branch-likely that is taken.
    Likely,
    /// A branch-likely that is not taken: the instruction does not run.
    Annulled,
}

/// Where the branches lead, in bytes from their slot.
const BY: u32 = 0x40;

impl Wrap {
    /// All of them.
    pub const ALL: [Wrap; 5] = [Wrap::Alone, Wrap::Taken, Wrap::NotTaken, Wrap::Likely, Wrap::Annulled];

    /// Those in which the instruction of `case` can stand. Jumps of MIPS16e alone have slots, and those take 16 bits.
    pub(super) fn of(case: &Case, insn: Insn) -> &'static [Wrap] {
        let effects = effects(insn);
        let touches_ra = (effects.reads | effects.writes) >> Gpr::RA.index() & 1 != 0;
        let counts_from_pc = isa::row(insn.op).operands.iter().any(|operand| operand.starts_with("pc_"));
        match case.at & 1 {
            _ if effects.jumps() => &Wrap::ALL[..1],
            0 => &Wrap::ALL,
            _ if insn.bytes() == 4 || touches_ra || counts_from_pc => &Wrap::ALL[..1],
            _ => &Wrap::ALL[..2],
        }
    }

    /// JAL of MIPS16e to where branches lead.
    pub(super) fn jal16() -> u32 {
        let target = (AT + BY) >> 2;
        isa::row(Op::jal16).bits | (target >> 16 & 31) << 21 | (target >> 21) << 16 | target & 0xffff
    }

    /// The branch before the instruction.
    pub(super) fn branch(self) -> Option<u32> {
        let op = match self {
            Wrap::Alone => return None,
            Wrap::Taken => Op::b,
            Wrap::NotTaken => Op::bne,
            Wrap::Likely => Op::beql,
            Wrap::Annulled => Op::bnel,
        };
        // Of register zero with itself.
        Some(isa::row(op).bits | (BY / 4))
    }

    /// Where execution begins.
    pub(super) fn start(self, at: u32) -> u32 {
        if self == Wrap::Alone { at } else { at - 4 }
    }

    /// Where it goes on after an instruction that goes on at `next` when alone.
    pub(super) fn next(self, at: u32, next: u32) -> u32 {
        if matches!(self, Wrap::Taken | Wrap::Likely) { at + BY } else { next }
    }
}
