//! [`Seen`]: what was seen of a program while it ran, as far as it matters for what to translate.

use crate::heat::Heat;
use alloc::collections::{BTreeMap, BTreeSet};
use mips::reading::interp::Decoded;
use mips::translate::region::Profile;

/// Visits that make a function worth translating with its caller.
const WARM_VISITS: u32 = 50;
/// Calls of which it is remembered what they called.
const CALLED_MAX: usize = 10_000;
/// What a program was seen to do.
pub(crate) struct Seen {
    /// Where branches lead, and how often.
    pub(crate) heat: Heat,
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
        Seen { heat, called: BTreeMap::new(), regions: BTreeSet::new(), kept: BTreeSet::new(), all_is_warm }
    }

    /// The call at `site` called `target`.
    pub(crate) fn calls(&mut self, site: u32, target: u32) {
        if self.called.len() < CALLED_MAX {
            self.called.insert(site, target);
        }
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
        self.seen.regions.contains(&root) || self.seen.kept.contains(&root)
    }
    fn called(&self, site: u32) -> Option<u32> {
        self.seen.called.get(&site).copied()
    }
    fn has_run(&self, pc: u32) -> bool {
        self.ran.is_none_or(|decoded| decoded.has_run(pc))
    }
}
