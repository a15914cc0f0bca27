//! [`Traffic`]: how much goes on between modules, by samples, and which had better be one.
//!
//! A call within a module is a call. One to another module looks the entry up, then the function, and comes to code, tables
//! and variables that nobody has used for a while: where a program runs all over the place, half of its time was that.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Samples until modules are joined for the first time: so many that the busiest stand out.
const FIRST: u32 = 256;
/// The same where a test hurries.
const FIRST_HURRIED: u32 = 8;
/// How many times as many make the next time.
const GROWTH: u32 = 4;
/// Instructions that a sample is worth translating for. A call to another module takes some 50 ns, so a sample stands for
/// 0.4 ms, and an instruction takes 30 us.
const INSTRUCTIONS_A_SAMPLE: u32 = 16;
/// The same of a sample of a way that would be gone, as it led from one of them to another. If half of all do not, the program
/// is busy everywhere, and joining would go on from run to run.
const INSTRUCTIONS_A_WAY: u32 = 2 * INSTRUCTIONS_A_SAMPLE;
/// The most instructions that are joined: more take longer to compile than most programs run.
const INSTRUCTIONS_MAX: u32 = 32_000;
/// How often a module must have been seen.
const SEEN_MIN: u32 = 2;
/// Addresses that are remembered: a guest may go to as many as it likes.
const SEEN_MAX: usize = 10_000;

/// A module.
pub(crate) struct Whole {
    /// The roots of its regions.
    pub(crate) roots: Vec<u32>,
    /// How many guest instructions those are.
    pub(crate) instructions: u32,
}

/// Where code came to from another module.
pub(crate) struct Traffic {
    /// How often it was seen to, and to have left, by root.
    seen: BTreeMap<u32, u32>,
    /// The same of ways, from a root to a root.
    ways: BTreeMap<(u32, u32), u32>,
    samples: u32,
    /// How many runs like this one what is joined is for.
    runs: u32,
    /// At how many samples regions are joined next.
    next: u32,
    /// Whether it joins for little.
    hurries: bool,
}

impl Traffic {
    /// None yet; if it `hurries`, regions are joined after a few samples.
    pub(crate) fn new(hurries: bool) -> Traffic {
        let next = if hurries { FIRST_HURRIED } else { FIRST };
        Traffic { seen: BTreeMap::new(), ways: BTreeMap::new(), samples: 0, runs: 1, next, hurries }
    }

    /// Code was seen on its way from one of `from` to `to`, by their roots: whether it is time to join what is busy.
    pub(crate) fn sampled(&mut self, from: impl Iterator<Item = u32>, to: u32) -> bool {
        for root in from {
            count(&mut self.seen, root);
            count(&mut self.ways, (root, to));
        }
        count(&mut self.seen, to);
        self.samples = self.samples.saturating_add(1);
        self.samples >= self.next
    }

    /// What is joined from now on is thought to be for so many runs.
    pub(crate) fn expect_runs(&mut self, runs: u32) {
        self.runs = runs;
    }

    /// What was seen most often of what `is_there`.
    pub(crate) fn busiest_root(&self, is_there: impl Fn(u32) -> bool) -> Option<u32> {
        let there = self.seen.iter().filter(|(root, _)| is_there(**root));
        there.max_by_key(|(_, times)| **times).map(|(root, _)| *root)
    }

    /// The busiest modules, as many as are worth it for the samples so far. `module` says which one a region is in, and `whole` what
    /// is in that, if it can be joined.
    pub(crate) fn busiest(
        &mut self,
        module: impl Fn(u32) -> Option<u32>,
        whole: impl Fn(u32) -> Option<Whole>,
    ) -> Vec<Whole> {
        self.next = self.samples.saturating_mul(GROWTH);
        let mut times_of: BTreeMap<u32, u32> = BTreeMap::new();
        for (root, times) in &self.seen {
            if let Some(module) = module(*root) {
                *times_of.entry(module).or_default() += times;
            }
        }
        let mut busy: Vec<(u32, u32)> = times_of.into_iter().map(|(module, times)| (times, module)).collect();
        busy.retain(|(times, _)| *times >= SEEN_MIN);
        busy.sort_unstable_by_key(|(times, module)| (u32::MAX - times, *module));
        let worth = |samples: u32| samples.saturating_mul(self.runs * INSTRUCTIONS_A_SAMPLE);
        let mut left = worth(self.samples).min(INSTRUCTIONS_MAX);
        let mut modules = BTreeMap::new();
        for (times, number) in busy {
            let Some(whole) = whole(number) else { continue };
            // What is too big for what it has to do with others stays as it is.
            if whole.instructions > worth(times) {
                continue;
            }
            let Some(rest) = left.checked_sub(whole.instructions) else { continue };
            left = rest;
            modules.insert(number, whole);
        }
        let instructions: u32 = modules.values().map(|whole| whole.instructions).sum();
        let is_between = |(from, to): &(u32, u32)| match (module(*from), module(*to)) {
            (Some(from), Some(to)) => from != to && modules.contains_key(&from) && modules.contains_key(&to),
            _ => false,
        };
        let between: u32 = self.ways.iter().filter(|(way, _)| is_between(way)).map(|(_, times)| times).sum();
        let is_worth = between.saturating_mul(self.runs * INSTRUCTIONS_A_WAY) >= instructions;
        if is_worth || self.hurries { modules.into_values().collect() } else { Vec::new() }
    }
}

/// Counts one more, unless there are too many others.
fn count<K: Ord>(times: &mut BTreeMap<K, u32>, of: K) {
    if times.len() < SEEN_MAX || times.contains_key(&of) {
        *times.entry(of).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where each region is a module of its own.
    fn busiest(traffic: &mut Traffic, size: impl Fn(u32) -> Option<u32>) -> Vec<u32> {
        let whole = |root| Some(Whole { roots: [root].into(), instructions: size(root)? });
        traffic.busiest(Some, whole).into_iter().flat_map(|whole| whole.roots).collect()
    }

    #[test]
    fn the_busiest_are_joined_and_then_more() {
        let mut traffic = Traffic::new(false);
        assert_eq!((1..FIRST).filter(|number| traffic.sampled([0x10].into_iter(), 0x100 * (number % 4))).count(), 0);
        assert!(traffic.sampled([0x20].into_iter(), 0));
        // What is not known cannot be joined, what was seen once need not be, and what is too big for how often it was stays.
        let size = |module| FIRST / 4 * INSTRUCTIONS_A_SAMPLE + u32::from(module == 0x100);
        let found = busiest(&mut traffic, |root| (root != 0x300).then_some(size(root)));
        assert_eq!(found, [0, 0x10, 0x200]);
        assert!((FIRST + 1..FIRST * GROWTH).all(|_| !traffic.sampled([].into_iter(), 0x200)));
        assert!(traffic.sampled([].into_iter(), 0x200));
        assert_eq!(busiest(&mut traffic, |_| Some(1)), [0, 0x10, 0x100, 0x200, 0x300]);
    }

    #[test]
    fn what_goes_on_elsewhere_is_no_reason_to_join() {
        let mut traffic = Traffic::new(false);
        let between = FIRST / 4;
        (0..FIRST).for_each(|number| _ = traffic.sampled([0x10].into_iter(), 0x20 + (number / between) % 2 * 0x10));
        let size = between * INSTRUCTIONS_A_WAY;
        let sizes = |more: u32| move |root| (root != 0x30).then_some(if root == 0x10 { size } else { size + more });
        assert_eq!(busiest(&mut traffic, sizes(0)), [0x10, 0x20]);
        assert_eq!(busiest(&mut traffic, sizes(1)), []);
        traffic.expect_runs(4);
        assert_eq!(busiest(&mut traffic, sizes(1)), [0x10, 0x20]);
    }

    #[test]
    fn no_guest_fills_it() {
        let mut traffic = Traffic::new(false);
        (0..2 * SEEN_MAX as u32).for_each(|root| _ = traffic.sampled([].into_iter(), root));
        assert_eq!(traffic.seen.len(), SEEN_MAX);
        // What is remembered still counts.
        (0..2).for_each(|_| _ = traffic.sampled([5].into_iter(), 7));
        assert_eq!(busiest(&mut traffic, |_| Some(1)), [5, 7]);
    }
}
