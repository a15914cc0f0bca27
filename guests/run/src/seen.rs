//! [`Seen`]: what was seen of a program while it ran, as far as it matters for what to translate.

use crate::heat::Heat;
use alloc::collections::{BTreeMap, BTreeSet};
use mips::translate::region::Profile;

/// Visits that make a function worth translating with its caller.
const WARM_VISITS: u32 = 50;
/// Calls of which it is remembered what they called.
const CALLED_MAX: usize = 10_000;
/// What is further behind where a function begins does not belong to it.
const FUNCTION_BYTES: u32 = 0x4000;

/// What a program was seen to do.
pub(crate) struct Seen {
    /// Where branches lead, and how often.
    pub(crate) heat: Heat,
    /// Where functions begin, as far as calls were seen.
    functions: BTreeSet<u32>,
    /// What calls called that led to something hot, by the address of the call.
    called: BTreeMap<u32, u32>,
    /// Roots of regions.
    pub(crate) regions: BTreeSet<u32>,
    /// Roots of regions that an earlier run left: they need not be made.
    pub(crate) kept: BTreeSet<u32>,
    /// Whether everything counts as warm.
    all_is_warm: bool,
}

impl Seen {
    /// Nothing yet.
    pub(crate) fn new(heat: Heat, all_is_warm: bool) -> Seen {
        let (functions, regions, kept) = Default::default();
        Seen { heat, functions, called: BTreeMap::new(), regions, kept, all_is_warm }
    }

    /// Functions begin at `roots`.
    pub(crate) fn begin(&mut self, roots: impl Iterator<Item = u32>) {
        self.functions.extend(roots);
    }

    /// The call at `site` called `target`.
    pub(crate) fn calls(&mut self, site: u32, target: u32) {
        if self.called.len() < CALLED_MAX {
            self.called.insert(site, target);
        }
    }

    /// Where the function begins that `pc` is in, as far as is known.
    pub(crate) fn function(&self, pc: u32) -> Option<u32> {
        self.functions.range(..=pc).next_back().copied().filter(|function| pc - function < FUNCTION_BYTES)
    }
}

impl Profile for Seen {
    fn is_warm(&self, root: u32) -> bool {
        self.all_is_warm || self.heat.visits(root) >= WARM_VISITS
    }
    fn is_translated(&self, root: u32) -> bool {
        self.regions.contains(&root) || self.kept.contains(&root)
    }
    fn called(&self, site: u32) -> Option<u32> {
        self.called.get(&site).copied()
    }
}
