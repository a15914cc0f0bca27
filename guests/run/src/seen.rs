//! [`Seen`]: what was seen of a program while it ran, as far as it matters for what to translate.

use crate::coverage::Coverage;
use crate::heat::Heat;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::Range;
use mips::border::PAGE_BYTES;
use mips::reading::interp::Decoded;
use mips::translate::Unit;
use mips::translate::region::{INLINED_MAX, Profile};

/// Visits that make a function worth translating with its caller.
const WARM_VISITS: u32 = 50;
/// Calls of which it is remembered what they called.
const CALLED_MAX: usize = 10_000;
/// How many of those for each.
const TARGETS_MAX: usize = 4;

/// Calls that were looked at lately, as a power of two.
const LATELY_BITS: u32 = 10;

/// Samples of a call that make a new translation worth while: so many at least, and one for so many instructions that are
/// to be translated anew. At 7 ns for a call that was not expected and 30 us for an instruction, by then such calls took a
/// third of what that will take.
const SAMPLES: u32 = 32;
const INSTRUCTIONS_A_SAMPLE: u32 = 6;

/// Pages of which it is remembered that translated code changed there, and the most times that something there must get hot,
/// as a power of two.
const CHANGED_MAX: usize = 10_000;
const WAIT_BITS_MAX: u32 = 12;

/// What a program was seen to do.
pub(crate) struct Seen {
    /// Where branches lead, and how often.
    pub(crate) heat: Heat,
    /// What calls called that led to something hot, by the address of the call.
    called: BTreeMap<u32, Vec<u32>>,
    /// Calls that were interpreted and looked at, each with its target: what is found here need not be looked at again.
    lately: Vec<(u32, u32)>,
    /// How often a call in translated code was seen to call something.
    samples: BTreeMap<(u32, u32), u32>,
    /// Roots of regions, and how many instructions those are.
    pub(crate) regions: BTreeMap<u32, u32>,
    /// Roots of regions that an earlier run left: they need not be made.
    pub(crate) kept: BTreeSet<u32>,
    /// Roots of regions that are made anew, whatever an earlier run left.
    pub(crate) renewed: BTreeSet<u32>,
    /// What there are or were regions of.
    pub(crate) ran: Coverage,
    /// Where translated code changed, by page.
    changed: BTreeMap<u32, Changed>,
    /// Whether everything counts as warm.
    all_is_warm: bool,
}

/// How translated code of a page changed.
#[derive(Clone, Copy, Default)]
struct Changed {
    /// How often.
    times: u32,
    /// How often something in it must get hot until it is translated again.
    wait: u32,
}

impl Seen {
    /// Nothing yet.
    pub(crate) fn new(heat: Heat, all_is_warm: bool) -> Seen {
        Seen {
            heat,
            called: BTreeMap::new(),
            lately: Vec::new(),
            samples: BTreeMap::new(),
            regions: BTreeMap::new(),
            kept: BTreeSet::new(),
            renewed: BTreeSet::new(),
            ran: Coverage::default(),
            changed: BTreeMap::new(),
            all_is_warm,
        }
    }

    /// Translated code that could be entered here is not what the guest has any more. What changes time and again is not worth
    /// translating, and so each time it must get hot twice as often before.
    pub(crate) fn changed(&mut self, entries: &[u32]) {
        for entry in entries {
            self.heat.cool(*entry);
            if self.changed.len() < CHANGED_MAX || self.changed.contains_key(&(entry / PAGE_BYTES)) {
                let changed = self.changed.entry(entry / PAGE_BYTES).or_default();
                changed.times += 1;
                changed.wait = (1 << changed.times.min(WAIT_BITS_MAX)) - 1;
            }
        }
    }

    /// Whether `pc`, which is hot, shall get so again before it is translated.
    pub(crate) fn shall_wait(&mut self, pc: u32) -> bool {
        let Some(changed) = self.changed.get_mut(&(pc / PAGE_BYTES)).filter(|changed| changed.wait > 0) else {
            return false;
        };
        changed.wait -= 1;
        self.heat.cool(pc);
        true
    }

    /// The call at `site`, which was interpreted, called `target`, which is hot; `is_computed` looks whether it computes that. The
    /// same few calls are interpreted time and again, while something else is compiled.
    pub(crate) fn interpreted_call(&mut self, site: u32, target: u32, is_computed: impl FnOnce() -> bool) {
        if self.lately.is_empty() {
            self.lately.resize(1 << LATELY_BITS, (0, 0));
        }
        // 2^32 divided by the golden ratio.
        let place = (site ^ target.rotate_left(16)).wrapping_mul(0x9e37_79b9) >> (u32::BITS - LATELY_BITS);
        let call = (site, target);
        if core::mem::replace(&mut self.lately[place as usize], call) != call && is_computed() {
            self.calls(site, target);
        }
    }

    /// The computed call at `site` called `target`, which is hot: whether that is or was kept in mind.
    pub(crate) fn calls(&mut self, site: u32, target: u32) -> bool {
        if self.called.len() >= CALLED_MAX && !self.called.contains_key(&site) {
            return false;
        }
        let targets = self.called.entry(site).or_default();
        if !targets.contains(&target) && targets.len() < TARGETS_MAX {
            targets.push(target);
        }
        targets.contains(&target)
    }

    /// The computed call at `site`, in translated code, called `target`. `units` are what has to be made anew if that code is:
    /// whether that should be done.
    pub(crate) fn sampled(&mut self, site: u32, target: u32, units: &[&Unit]) -> bool {
        if !units.iter().any(|unit| unit.open_calls.contains(&site)) {
            return false;
        }
        let expected = expected(units);
        let known = expected.get(&site).cloned().unwrap_or_default();
        let is_small = self.regions.get(&target).is_some_and(|instructions| *instructions <= INLINED_MAX);
        if !(is_small || self.all_is_warm) || known.contains(&target) || self.samples.len() >= CALLED_MAX {
            return false;
        }
        let samples = self.samples.entry((site, target)).or_default();
        *samples += 1;
        let instructions: u32 = units.iter().map(|unit| unit.instructions).sum();
        if *samples < SAMPLES.max(instructions / INSTRUCTIONS_A_SAMPLE) && !self.all_is_warm {
            return false;
        }
        self.samples.remove(&(site, target));
        let is_kept = self.calls(site, target);
        if is_kept && !known.is_empty() {
            // A callback is called in all of a function: where the same was called before, the same will be.
            expected
                .iter()
                .filter(|(_, targets)| **targets == known)
                .for_each(|(site, _)| _ = self.calls(*site, target));
        }
        is_kept
    }

    /// Regions are made anew, whatever an earlier run left.
    pub(crate) fn renew(&mut self, roots: impl Iterator<Item = u32>) {
        for root in roots {
            self.regions.remove(&root);
            self.kept.remove(&root);
            self.renewed.insert(root);
        }
    }

    /// There are regions now.
    pub(crate) fn have_regions(&mut self, units: &[Unit]) {
        let roots = units.iter().flat_map(|unit| unit.entries.iter().map(|entry| (*entry, unit.instructions)));
        self.regions.extend(roots);
        units.iter().flat_map(|unit| &unit.ranges).for_each(|range| self.ran.add(*range));
    }

    /// Whether code never changed around `root`: what does is not made one with who calls it, which would have to be made
    /// anew with it.
    pub(crate) fn is_steady(&self, root: u32) -> bool {
        !self.changed.contains_key(&(root / PAGE_BYTES))
    }

    /// The same as a translator asks for it that may take nothing from outside `objects`, of one of which it makes something;
    /// `ran` is what ran, if the rest is to be left out.
    pub(crate) fn profile<'a>(&'a self, objects: Objects, ran: Option<&'a Decoded>) -> impl Profile {
        Asked { seen: self, objects, ran, made_of: Regions::new() }
    }

    /// The same of regions that stay what they are, by what they were made of.
    pub(crate) fn profile_of<'a>(&'a self, objects: Objects, ran: &'a Decoded, made_of: Regions) -> impl Profile {
        Asked { seen: self, objects, ran: Some(ran), made_of }
    }
}

/// Where code may be taken from for one module.
pub(crate) struct Objects {
    /// All of them, in the order in which they were mapped.
    all: Vec<Range<u32>>,
    /// Which of them a region is made for; none if several that there are become one module.
    own: Option<usize>,
}

impl Objects {
    /// For the region at `pc`.
    pub(crate) fn of(pc: u32, all: Vec<Range<u32>>) -> Objects {
        let own = all.iter().position(|object| object.contains(&pc));
        // Where nobody's code is, there is nothing to take.
        Objects { own: Some(own.unwrap_or(all.len())), all }
    }

    /// For regions of all of them.
    pub(crate) fn joined(all: Vec<Range<u32>>) -> Objects {
        Objects { all, own: None }
    }

    /// Whether what is at `root` may be taken. A region may have something of what was mapped after its own object, as a program has
    /// of its libraries, once that is translated for all its callers. A library's region is for all programs, and has nothing of one.
    fn has(&self, root: u32, is_translated: impl FnOnce() -> bool) -> bool {
        let Some(object) = self.all.iter().position(|object| object.contains(&root)) else { return false };
        match self.own {
            Some(own) if object != own => object > own && is_translated(),
            _ => true,
        }
    }
}

/// Regions by their roots: the code they were made of, from where to where, in order.
pub(crate) type Regions = BTreeMap<u32, Vec<(u32, u32)>>;

/// What the code of `units` expects computed calls to call.
fn expected(units: &[&Unit]) -> BTreeMap<u32, Vec<u32>> {
    let mut expected: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (site, target) in units.iter().flat_map(|unit| &unit.calls) {
        let targets = expected.entry(*site).or_default();
        if !targets.contains(target) {
            targets.push(*target);
        }
    }
    expected
}

struct Asked<'a> {
    seen: &'a Seen,
    objects: Objects,
    ran: Option<&'a Decoded>,
    made_of: Regions,
}

impl Profile for Asked<'_> {
    fn is_warm(&self, root: u32) -> bool {
        // What an earlier run left and this one did not use yet is best left alone: nobody knows what of it runs.
        let is_known = || self.seen.is_steady(root) && self.has_run(root, root);
        let is_warm = || self.seen.heat.visits(root) >= WARM_VISITS && is_known();
        self.objects.has(root, || self.is_translated(root)) && (self.seen.all_is_warm || is_warm())
    }
    fn is_translated(&self, root: u32) -> bool {
        self.seen.regions.contains_key(&root) || self.seen.kept.contains(&root)
    }
    fn called(&self, site: u32) -> Vec<u32> {
        self.seen.called.get(&site).cloned().unwrap_or_default()
    }
    fn has_run(&self, root: u32, pc: u32) -> bool {
        if let Some(ranges) = self.made_of.get(&root) {
            let after = ranges.partition_point(|(from, _)| *from <= pc);
            return ranges[..after].last().is_some_and(|(_, end)| pc < *end);
        }
        self.ran.is_none_or(|decoded| decoded.has_run(pc) || self.seen.ran.has(pc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mips::translate::Sites;

    const SITE: u32 = 0x1000;
    const TARGET: u32 = 0x2000;

    fn unit(root: u32, calls: &[(u32, u32)]) -> Unit {
        Unit {
            entries: [root].into(),
            sites: Sites::default(),
            ranges: [(root, root + 40)].into(),
            blocks: 1,
            instructions: 10,
            open_calls: [SITE].into(),
            calls: calls.into(),
        }
    }

    fn seen() -> Seen {
        let mut seen = Seen::new(Heat::new(100), false);
        seen.have_regions(&[unit(TARGET, &[])]);
        seen
    }

    #[test]
    fn a_library_has_nothing_of_its_program() {
        let all = [0x1000..0x2000, 0x2000..0x3000, 0x8000..0x9000];
        let [program, library, other, nowhere] = [0x1004, 0x2004, 0x8004, 0x4000];
        let has = |of: u32, root: u32, is_translated| Objects::of(of, all.to_vec()).has(root, || is_translated);
        assert!([program, library].iter().all(|pc| has(*pc, *pc, false) && has(*pc, other, true)));
        assert!(!has(program, library, false), "it is made for all its callers first");
        assert!(!has(library, program, true) && !has(program, nowhere, true) && !has(nowhere, library, true));
        let joined = Objects::joined(all.to_vec());
        assert!([program, library, other].iter().all(|pc| joined.has(*pc, || false)) && !joined.has(nowhere, || true));
    }

    fn profile(seen: &Seen) -> impl Profile {
        seen.profile(Objects::joined(Vec::new()), None)
    }

    #[test]
    fn what_is_sampled_often_is_expected_then() {
        let mut seen = seen();
        let caller = unit(0xf00, &[]);
        let times = (0..SAMPLES).filter(|_| seen.sampled(SITE, TARGET, &[&caller])).count();
        assert_eq!(times, 1);
        assert_eq!(profile(&seen).called(SITE), [TARGET]);
        // What expects it is not made anew.
        let caller = unit(0xf00, &[(SITE, TARGET)]);
        assert!((0..10 * SAMPLES).all(|_| !seen.sampled(SITE, TARGET, &[&caller])));
    }

    #[test]
    fn calls_that_expect_the_same_learn_the_same() {
        let mut seen = seen();
        let other = SITE + 40;
        let caller = unit(0xf00, &[(SITE, 4), (other, 4), (other + 40, 8)]);
        for (site, target) in &caller.calls {
            assert!(seen.calls(*site, *target));
        }
        assert!((0..SAMPLES).any(|_| seen.sampled(SITE, TARGET, &[&caller])));
        assert_eq!(profile(&seen).called(other), [4, TARGET]);
        assert_eq!(profile(&seen).called(other + 40), [8]);
    }

    #[test]
    fn what_cannot_be_kept_in_mind_makes_nothing_anew() {
        let mut seen = seen();
        (0..CALLED_MAX as u32).for_each(|number| assert!(seen.calls(0x10_0000 + 4 * number, 4)));
        assert!((0..10 * SAMPLES).all(|_| !seen.sampled(SITE, TARGET, &[])));
        let mut seen = self::seen();
        (0..TARGETS_MAX as u32).for_each(|number| assert!(seen.calls(SITE, 4 * number)));
        assert!((0..10 * SAMPLES).all(|_| !seen.sampled(SITE, TARGET, &[])));
        assert!(
            (0..10 * SAMPLES).all(|_| !seen.sampled(SITE, TARGET + 4, &[])),
            "of what is no region, no size is known"
        );
    }
}
