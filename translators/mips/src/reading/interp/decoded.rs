//! Instructions decoded before: a direct-mapped cache by address, and beside it, which ones there ever were. Whoever changes
//! code says so with [`Decoded::forget`].

use crate::insn::Insn;
use crate::isa::Op;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;

const ENTRIES: usize = 1 << 14;

/// Instructions for which it is kept together whether they ran.
const RAN_BITS: u32 = 64;

/// An address no instruction has.
const NOWHERE: u32 = 1;

/// Decoded instructions of one address space.
pub struct Decoded {
    entries: Box<[(u32, Insn)]>,
    /// What was ever decoded, which is what ran: a bit an instruction, by the number of the first.
    ran: BTreeMap<u32, u64>,
}

impl Decoded {
    /// An empty cache.
    pub fn new() -> Decoded {
        let entries = vec![(NOWHERE, Insn { op: Op::nop, word: 0 }); ENTRIES].into_boxed_slice();
        Decoded { entries, ran: BTreeMap::new() }
    }

    #[inline(always)]
    fn slot(pc: u32) -> usize {
        (pc >> 2) as usize % ENTRIES
    }

    #[inline(always)]
    pub(super) fn get(&self, pc: u32) -> Option<Insn> {
        let (tag, insn) = self.entries[Decoded::slot(pc)];
        (tag == pc).then_some(insn)
    }

    pub(super) fn put(&mut self, pc: u32, insn: Insn) {
        self.entries[Decoded::slot(pc)] = (pc, insn);
        *self.ran.entry((pc >> 2) / RAN_BITS).or_default() |= 1 << ((pc >> 2) % RAN_BITS);
    }

    /// Whether the instruction at `pc` was ever interpreted, or one that stood there before it.
    pub fn has_run(&self, pc: u32) -> bool {
        self.ran.get(&((pc >> 2) / RAN_BITS)).is_some_and(|bits| bits >> ((pc >> 2) % RAN_BITS) & 1 != 0)
    }

    /// Forgets what was decoded in `bytes` bytes from `at`: the code there may have changed or gone.
    pub fn forget(&mut self, at: u32, bytes: u32) {
        let range = u64::from(at & !3)..u64::from(at) + u64::from(bytes);
        if bytes as usize >= ENTRIES {
            self.entries
                .iter_mut()
                .filter(|(tag, _)| range.contains(&u64::from(*tag)))
                .for_each(|(tag, _)| *tag = NOWHERE);
            return;
        }
        for pc in range.step_by(4) {
            let entry = &mut self.entries[Decoded::slot(pc as u32)];
            if u64::from(entry.0) == pc {
                entry.0 = NOWHERE;
            }
        }
    }
}

impl Default for Decoded {
    fn default() -> Decoded {
        Decoded::new()
    }
}
