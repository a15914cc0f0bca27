//! Where the interpreter spends its time: counters of branch targets, in a small direct-mapped table.

use alloc::boxed::Box;
use alloc::vec;

const ENTRIES: usize = 1 << 15;
/// What is set in the counter of a function's first address; the rest of it counts.
const CALLED: u32 = 1 << 31;

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

    fn counter(&mut self, pc: u32) -> &mut u32 {
        let (of, counter) = &mut self.counts[place(pc)];
        if *of != pc {
            (*of, *counter) = (pc, 0);
        }
        counter
    }

    /// Counts a visit; true from when `pc` is hot.
    #[inline]
    pub(crate) fn visit(&mut self, pc: u32) -> bool {
        let threshold = self.threshold;
        let counter = self.counter(pc);
        *counter += u32::from(*counter & !CALLED < threshold);
        *counter & !CALLED >= threshold
    }

    /// The same of a call.
    #[inline]
    pub(crate) fn call(&mut self, pc: u32) -> bool {
        *self.counter(pc) |= CALLED;
        self.visit(pc)
    }

    /// The counter of `pc`, if it still has one.
    #[inline]
    fn remembered(&self, pc: u32) -> u32 {
        let (of, counter) = self.counts[place(pc)];
        if of == pc { counter } else { 0 }
    }

    /// Whether `pc` is hot.
    #[inline]
    pub(crate) fn is_hot(&self, pc: u32) -> bool {
        self.visits(pc) >= self.threshold
    }

    /// How often branches led to `pc`, as far as is remembered.
    #[inline]
    pub(crate) fn visits(&self, pc: u32) -> u32 {
        self.remembered(pc) & !CALLED
    }

    /// Whether a call was seen to lead to `pc`.
    pub(crate) fn is_called(&self, pc: u32) -> bool {
        self.remembered(pc) & CALLED != 0
    }

    /// Makes `pc` hot: there is code for it.
    pub(crate) fn mark(&mut self, pc: u32) {
        let threshold = self.threshold;
        let counter = self.counter(pc);
        *counter = *counter & CALLED | threshold;
    }
}

fn place(pc: u32) -> usize {
    (pc >> 2) as usize % ENTRIES
}
