//! Where the interpreter spends its time: counters of branch targets, in a small table.

use alloc::boxed::Box;
use alloc::vec;

/// Sets of [`WAYS`] addresses each, as powers of two: at first, and at most. Most processes are short.
const SETS_BITS: u32 = 9;
const SETS_BITS_MAX: u32 = 15;
/// How many times as many that is, each time there are more.
const GROWTH_BITS: u32 = 2;
/// Addresses that one set can hold: two hot ones that drive each other out would never be translated.
const WAYS: usize = 4;

/// An address and how often branches led there.
type Count = (u32, u32);

/// Visits that are enough, whatever it takes to be hot.
const MARKED: u32 = u32::MAX;

/// How often branches led to each address. Of those that share a set the coldest is forgotten, which costs only time.
pub(crate) struct Heat {
    counts: Box<[[Count; WAYS]]>,
    threshold: u32,
    /// The highest that there was.
    threshold_max: u32,
}

impl Heat {
    /// Counters that call an address hot after `threshold` visits.
    pub(crate) fn new(threshold: u32) -> Heat {
        Heat { counts: Heat::empty(1 << SETS_BITS), threshold, threshold_max: threshold }
    }

    fn empty(sets: usize) -> Box<[[Count; WAYS]]> {
        vec![[(0, 0); WAYS]; sets].into_boxed_slice()
    }

    /// The set that `pc` belongs to. Sections of a program often begin at round addresses, so all bits take part.
    #[inline]
    fn set(&self, pc: u32) -> usize {
        // 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
        let hash = pc.rotate_right(2).wrapping_mul(0x9e37_79b9);
        (hash >> (32 - SETS_BITS_MAX)) as usize & (self.counts.len() - 1)
    }

    /// How many visits make an address hot.
    pub(crate) fn threshold(&self) -> u32 {
        self.threshold
    }

    /// Calls an address hot after `visits` from now on.
    pub(crate) fn be_hot_after(&mut self, visits: u32) {
        self.threshold = visits;
        self.threshold_max = self.threshold_max.max(visits);
    }

    /// Counts a visit; true from when `pc` is hot.
    #[inline]
    pub(crate) fn visit(&mut self, pc: u32) -> bool {
        let threshold = self.threshold;
        let count = self.count(pc);
        *count = count.saturating_add(1);
        *count >= threshold
    }

    /// The counter of `pc`.
    #[inline]
    fn count(&mut self, pc: u32) -> &mut u32 {
        let mut set = self.set(pc);
        let way = match self.counts[set].iter().position(|(of, _)| *of == pc) {
            Some(way) => way,
            None => {
                self.make_room(set);
                set = self.set(pc);
                replace_coldest(&mut self.counts[set], pc)
            }
        };
        &mut self.counts[set][way].1
    }

    /// Makes more sets, if there may be more and this one is full.
    fn make_room(&mut self, set: usize) {
        if self.counts.len() < 1 << SETS_BITS_MAX && self.counts[set].iter().all(|(_, visits)| *visits != 0) {
            let more = Heat::empty(self.counts.len() << GROWTH_BITS);
            for (pc, visits) in core::mem::replace(&mut self.counts, more).into_iter().flatten() {
                if visits != 0 {
                    let set = self.set(pc);
                    let way = replace_coldest(&mut self.counts[set], pc);
                    self.counts[set][way].1 = visits;
                }
            }
        }
    }

    /// Whether `pc` is hot.
    #[inline]
    pub(crate) fn is_hot(&self, pc: u32) -> bool {
        self.visits(pc) >= self.threshold
    }

    /// How often branches led to `pc`, as far as is remembered.
    #[inline]
    pub(crate) fn visits(&self, pc: u32) -> u32 {
        self.counts[self.set(pc)].iter().find(|(of, _)| *of == pc).map_or(0, |(_, visits)| *visits)
    }

    /// Makes `pc` hot after so many visits at the latest, whatever it takes by then.
    pub(crate) fn warm(&mut self, pc: u32, visits: u32) {
        let least = self.threshold_max.saturating_sub(visits);
        let count = self.count(pc);
        *count = least.max(*count);
    }

    /// Forgets all visits of `pc`.
    pub(crate) fn cool(&mut self, pc: u32) {
        *self.count(pc) = 0;
    }

    /// Makes `pc` hot: there is code for it.
    pub(crate) fn mark(&mut self, pc: u32) {
        *self.count(pc) = MARKED;
    }
}

#[cold]
fn replace_coldest(ways: &mut [Count; WAYS], pc: u32) -> usize {
    let way = (0..WAYS).min_by_key(|way| ways[*way].1).unwrap_or(0);
    ways[way] = (pc, 0);
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_share_a_set_get_hot_all_the_same() {
        let mut heat = Heat::new(10);
        // They share one in the biggest table, and so in all.
        let biggest = Heat { counts: Heat::empty(1 << SETS_BITS_MAX), ..Heat::new(0) };
        let shares = |pc: &u32| biggest.set(*pc) == biggest.set(0x40_0000);
        let sharing: alloc::vec::Vec<u32> = (0x40_0000..0x800_0000).step_by(4).filter(shares).take(WAYS).collect();
        assert_eq!(sharing.len(), WAYS);
        for _ in 0..9 {
            assert!(sharing.iter().all(|pc| !heat.visit(*pc)));
        }
        assert!(sharing.iter().all(|pc| heat.visit(*pc)));
        heat.cool(sharing[0]);
        assert!(!heat.is_hot(sharing[0]) && heat.is_hot(sharing[1]));
        heat.warm(sharing[0], 1);
        assert!(!heat.is_hot(sharing[0]) && heat.visit(sharing[0]));
    }

    #[test]
    fn what_has_code_stays_hot() {
        let mut heat = Heat::new(100);
        heat.be_hot_after(10);
        heat.mark(0x40_0000);
        assert!((0..10).any(|_| heat.visit(0x40_0004)));
        heat.be_hot_after(100);
        assert!(heat.is_hot(0x40_0000) && !heat.is_hot(0x40_0004));
    }
}
