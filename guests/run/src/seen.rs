//! [`Seen`]: what was seen of a program while it ran, as far as it matters for what to translate.

use crate::heat::Heat;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use mips::reading::interp::Decoded;
use mips::translate::Unit;
use mips::translate::region::{LOOPED_MAX, Profile};

/// Visits that make a function worth translating with its caller.
const WARM_VISITS: u32 = 50;
/// Calls of which it is remembered what they called.
const CALLED_MAX: usize = 10_000;
/// How many of those for each.
const TARGETS_MAX: usize = 4;

/// Samples of a call that make a new translation worth while: so many at least, and one for so many instructions that are
/// to be translated anew. By then finding what is called took a third or so of what that will take.
const SAMPLES: u32 = 4;
const INSTRUCTIONS_A_SAMPLE: u32 = 50;

/// What a program was seen to do.
pub(crate) struct Seen {
    /// Where branches lead, and how often.
    pub(crate) heat: Heat,
    /// What calls called that led to something hot, by the address of the call.
    called: BTreeMap<u32, Vec<u32>>,
    /// How often a call in translated code was seen to call something.
    samples: BTreeMap<(u32, u32), u32>,
    /// Roots of regions, and how many instructions those are.
    pub(crate) regions: BTreeMap<u32, u32>,
    /// Roots of regions that an earlier run left: they need not be made.
    pub(crate) kept: BTreeSet<u32>,
    /// Roots of regions that are made anew, whatever an earlier run left.
    pub(crate) renewed: BTreeSet<u32>,
    /// Whether everything counts as warm.
    all_is_warm: bool,
}

impl Seen {
    /// Nothing yet.
    pub(crate) fn new(heat: Heat, all_is_warm: bool) -> Seen {
        Seen {
            heat,
            called: BTreeMap::new(),
            samples: BTreeMap::new(),
            regions: BTreeMap::new(),
            kept: BTreeSet::new(),
            renewed: BTreeSet::new(),
            all_is_warm,
        }
    }

    /// The call at `site` called `target`, which is hot.
    pub(crate) fn calls(&mut self, site: u32, target: u32) {
        if self.called.len() < CALLED_MAX {
            let targets = self.called.entry(site).or_default();
            if targets.len() < TARGETS_MAX && !targets.contains(&target) {
                targets.push(target);
            }
        }
    }

    /// The call at `site`, in translated code that did not expect it, called `target`: whether that code, so many
    /// `instructions`, should be made anew.
    pub(crate) fn sampled(&mut self, site: u32, target: u32, instructions: u32) -> bool {
        let known = self.called.get(&site).cloned().unwrap_or_default();
        let is_small = self.regions.get(&target).is_some_and(|instructions| *instructions <= LOOPED_MAX);
        if !(is_small || self.all_is_warm)
            || known.len() >= TARGETS_MAX
            || known.contains(&target)
            || self.samples.len() >= CALLED_MAX
        {
            return false;
        }
        let samples = self.samples.entry((site, target)).or_default();
        *samples += 1;
        if *samples < SAMPLES.max(instructions / INSTRUCTIONS_A_SAMPLE) && !self.all_is_warm {
            return false;
        }
        self.calls(site, target);
        if !known.is_empty() {
            // A callback is called in all of a function: where the same was called before, the same will be.
            self.called.values_mut().filter(|targets| **targets == known).for_each(|targets| targets.push(target));
        }
        true
    }

    /// There are regions now.
    pub(crate) fn have_regions(&mut self, units: &[Unit]) {
        let roots = units.iter().flat_map(|unit| unit.entries.iter().map(|entry| (*entry, unit.instructions)));
        self.regions.extend(roots);
    }

    /// The same as a translator asks for it; `ran` is what ran, if the rest is to be left out.
    pub(crate) fn profile<'a>(&'a self, ran: Option<&'a Decoded>) -> impl Profile {
        Asked { seen: self, ran }
    }
}

struct Asked<'a> {
    seen: &'a Seen,
    ran: Option<&'a Decoded>,
}

impl Profile for Asked<'_> {
    fn is_warm(&self, root: u32) -> bool {
        self.seen.all_is_warm || self.seen.heat.visits(root) >= WARM_VISITS
    }
    fn is_translated(&self, root: u32) -> bool {
        self.seen.regions.contains_key(&root) || self.seen.kept.contains(&root)
    }
    fn called(&self, site: u32) -> Vec<u32> {
        self.seen.called.get(&site).cloned().unwrap_or_default()
    }
    fn has_run(&self, pc: u32) -> bool {
        self.ran.is_none_or(|decoded| decoded.has_run(pc))
    }
}
