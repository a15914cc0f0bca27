//! Where the interpreter spends its time: counters of branch targets, in a small direct-mapped table.

use alloc::boxed::Box;
use alloc::vec;

const ENTRIES: usize = 1 << 15;

/// How often branches led to each address. Two addresses that share a place evict each other, which costs only time.
pub(crate) struct Heat {
    counts: Box<[(u32, u32)]>,
    threshold: u32,
}

impl Heat {
    /// Counters that call an address hot after `threshold` visits.
    pub(crate) fn new(threshold: u32) -> Heat {
        Heat { counts: vec![(0, 0); ENTRIES].into_boxed_slice(), threshold }
    }

    /// Counts a visit; true from when `pc` is hot.
    #[inline]
    pub(crate) fn visit(&mut self, pc: u32) -> bool {
        let entry = &mut self.counts[(pc >> 2) as usize % ENTRIES];
        if entry.0 != pc {
            *entry = (pc, 0);
        }
        entry.1 = entry.1.saturating_add(1);
        entry.1 >= self.threshold
    }

    /// Whether `pc` is hot.
    #[inline]
    pub(crate) fn is_hot(&self, pc: u32) -> bool {
        let (of, visits) = self.counts[(pc >> 2) as usize % ENTRIES];
        of == pc && visits >= self.threshold
    }

    /// How often branches led to `pc`, as far as is remembered.
    pub(crate) fn visits(&self, pc: u32) -> u32 {
        let (of, visits) = self.counts[(pc >> 2) as usize % ENTRIES];
        if of == pc { visits } else { 0 }
    }

    /// Makes `pc` hot after so many visits at the latest.
    pub(crate) fn warm(&mut self, pc: u32, visits: u32) {
        let visited = self.threshold.saturating_sub(visits).max(self.visits(pc));
        self.counts[(pc >> 2) as usize % ENTRIES] = (pc, visited);
    }

    /// Forgets all visits of `pc`.
    pub(crate) fn cool(&mut self, pc: u32) {
        self.counts[(pc >> 2) as usize % ENTRIES] = (pc, 0);
    }

    /// Makes `pc` hot: there is code for it.
    pub(crate) fn mark(&mut self, pc: u32) {
        self.counts[(pc >> 2) as usize % ENTRIES] = (pc, self.threshold);
    }
}
