//! Where a case's instruction stands: alone, or in the delay slot of a branch put before it.

use super::case::AT;
use mips::isa::{self, Op};

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
    pub(super) fn start(self) -> u32 {
        if self == Wrap::Alone { AT } else { AT - 4 }
    }

    /// Where it goes on after an instruction that goes on at `next` when alone.
    pub(super) fn next(self, next: u32) -> u32 {
        if matches!(self, Wrap::Taken | Wrap::Likely) { AT + BY } else { next }
    }
}
