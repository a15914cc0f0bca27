//! [`Traffic`]: how much goes on between modules, by samples, and which regions had better be in one.
//!
//! A call within a module is a call. One to another module looks the entry up, then the function, and comes to code, tables
//! and variables that nobody has used for a while: where a program runs all over the place, half of its time was that.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Samples until regions are joined for the first time: so many that the busiest stand out.
const FIRST: u32 = 512;
/// The same where a test hurries.
const FIRST_HURRIED: u32 = 8;
/// How many times as many make the next time.
const GROWTH: u32 = 4;
/// Instructions that a sample is worth translating for. A call to another module takes some 50 ns, so a sample stands for
/// 0.4 ms, and an instruction takes 30 us.
const INSTRUCTIONS_A_SAMPLE: u32 = 16;
/// The most instructions that are joined: more take longer to compile than most programs run.
const INSTRUCTIONS_MAX: u32 = 32_000;
/// How often a region must have been seen.
const SEEN_MIN: u32 = 2;
/// Addresses that are remembered: a guest may go to as many as it likes.
const SEEN_MAX: usize = 10_000;

/// Where code came to from another module.
pub(crate) struct Traffic {
    /// How often it was seen to, and to have left, by root.
    seen: BTreeMap<u32, u32>,
    samples: u32,
    /// At how many samples regions are joined next.
    next: u32,
}

impl Traffic {
    /// None yet; if it `hurries`, regions are joined after a few samples.
    pub(crate) fn new(hurries: bool) -> Traffic {
        Traffic { seen: BTreeMap::new(), samples: 0, next: if hurries { FIRST_HURRIED } else { FIRST } }
    }

    /// Code was seen on its way from one of `from` to `to`, by their roots: whether it is time to join what is busy.
    pub(crate) fn sampled(&mut self, from: impl Iterator<Item = u32>, to: u32) -> bool {
        for root in from.chain([to]) {
            if self.seen.len() < SEEN_MAX || self.seen.contains_key(&root) {
                *self.seen.entry(root).or_default() += 1;
            }
        }
        self.samples = self.samples.saturating_add(1);
        self.samples >= self.next
    }

    /// The busiest regions, as many as are worth it for the samples so far. `size` says how many instructions a region has, if it
    /// can be joined.
    pub(crate) fn busiest(&mut self, size: impl Fn(u32) -> Option<u32>) -> Vec<u32> {
        self.next = self.samples.saturating_mul(GROWTH);
        let mut busy: Vec<(u32, u32)> = self.seen.iter().map(|(root, times)| (*times, *root)).collect();
        busy.retain(|(times, _)| *times >= SEEN_MIN);
        busy.sort_unstable_by_key(|(times, root)| (u32::MAX - times, *root));
        let mut left = self.samples.saturating_mul(INSTRUCTIONS_A_SAMPLE).min(INSTRUCTIONS_MAX);
        let mut roots = Vec::new();
        for (_, root) in busy {
            let Some(instructions) = size(root) else { continue };
            let Some(rest) = left.checked_sub(instructions) else { break };
            left = rest;
            roots.push(root);
        }
        roots
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_are_joined_and_then_more() {
        let mut traffic = Traffic::new(false);
        assert_eq!((1..FIRST).filter(|number| traffic.sampled([0x10].into_iter(), 0x100 * (number % 4))).count(), 0);
        assert!(traffic.sampled([0x20].into_iter(), 0));
        let roots = traffic.busiest(|root| (root != 0x300).then_some(FIRST * INSTRUCTIONS_A_SAMPLE / 3));
        // What is not known cannot be joined, and what was seen once need not be.
        assert_eq!(roots, [0x10, 0, 0x100]);
        assert!((FIRST + 1..FIRST * GROWTH).all(|_| !traffic.sampled([].into_iter(), 0x200)));
        assert!(traffic.sampled([].into_iter(), 0x200));
        assert_eq!(traffic.busiest(|_| Some(1)), [0x200, 0x10, 0, 0x100, 0x300]);
    }

    #[test]
    fn no_guest_fills_it() {
        let mut traffic = Traffic::new(false);
        (0..2 * SEEN_MAX as u32).for_each(|root| _ = traffic.sampled([].into_iter(), root));
        assert_eq!(traffic.seen.len(), SEEN_MAX);
        // What is remembered still counts.
        (0..2).for_each(|_| _ = traffic.sampled([].into_iter(), 7));
        assert_eq!(traffic.busiest(|_| Some(1)), [7]);
    }
}
