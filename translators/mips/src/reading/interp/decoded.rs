//! Instructions decoded before: a direct-mapped cache by address. Whoever changes code says so with [`Decoded::forget`].

use crate::insn::Insn;
use crate::isa::Op;
use alloc::boxed::Box;
use alloc::vec;

const ENTRIES: usize = 1 << 14;

/// An address no instruction has.
const NOWHERE: u32 = 1;

/// Decoded instructions of one address space.
pub struct Decoded {
    entries: Box<[(u32, Insn)]>,
}

impl Decoded {
    /// An empty cache.
    pub fn new() -> Decoded {
        Decoded { entries: vec![(NOWHERE, Insn { op: Op::nop, word: 0 }); ENTRIES].into_boxed_slice() }
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
