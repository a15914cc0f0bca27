//! Where the interpreter spends its time: counters of branch targets, in a small table.

use alloc::boxed::Box;
use alloc::vec;

/// Sets of [`WAYS`] addresses each.
const SETS_BITS: u32 = 13;
/// Addresses that one set can hold: two hot ones that drive each other out would never be translated.
const WAYS: usize = 4;

/// An address and how often branches led there.
type Count = (u32, u32);

/// How often branches led to each address. Of those that share a set the coldest is forgotten, which costs only time.
pub(crate) struct Heat {
    counts: Box<[[Count; WAYS]]>,
    threshold: u32,
}

/// The set that `pc` belongs to. Sections of a program often begin at round addresses, so all bits take part.
#[inline]
fn set(pc: u32) -> usize {
    // 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
    (pc.rotate_right(2).wrapping_mul(0x9e37_79b9) >> (32 - SETS_BITS)) as usize
}

impl Heat {
    /// Counters that call an address hot after `threshold` visits.
    pub(crate) fn new(threshold: u32) -> Heat {
        Heat { counts: vec![[(0, 0); WAYS]; 1 << SETS_BITS].into_boxed_slice(), threshold }
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
        let ways = &mut self.counts[set(pc)];
        let way = match ways.iter().position(|(of, _)| *of == pc) {
            Some(way) => way,
            None => replace_coldest(ways, pc),
        };
        &mut ways[way].1
    }

    /// Whether `pc` is hot.
    #[inline]
    pub(crate) fn is_hot(&self, pc: u32) -> bool {
        self.visits(pc) >= self.threshold
    }

    /// How often branches led to `pc`, as far as is remembered.
    #[inline]
    pub(crate) fn visits(&self, pc: u32) -> u32 {
        self.counts[set(pc)].iter().find(|(of, _)| *of == pc).map_or(0, |(_, visits)| *visits)
    }

    /// Makes `pc` hot after so many visits at the latest.
    pub(crate) fn warm(&mut self, pc: u32, visits: u32) {
        let least = self.threshold.saturating_sub(visits);
        let count = self.count(pc);
        *count = least.max(*count);
    }

    /// Forgets all visits of `pc`.
    pub(crate) fn cool(&mut self, pc: u32) {
        *self.count(pc) = 0;
    }

    /// Makes `pc` hot: there is code for it.
    pub(crate) fn mark(&mut self, pc: u32) {
        *self.count(pc) = self.threshold;
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
        let sharing = (0x40_0000..0x800_0000).step_by(4).filter(|pc| set(*pc) == set(0x40_0000));
        let sharing: alloc::vec::Vec<u32> = sharing.take(WAYS).collect();
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
}
