//! The virtual CPU as it joins: regions that call each other all the time become one module.

use super::{Haste, Vcpu};
use crate::engine::{Engine, Made};
use crate::fetched::Fetched;
use crate::seen::Objects;
use crate::traffic::Whole;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Range;
use mips::reading::effects::effects;
use mips::region::insn_at;
use mips::translate::Unit;
use mips::translate::region::{self, INLINED_MAX, Limits, gather};

/// How much is joined: the traffic decides.
const JOINED: Limits = Limits { blocks: 1_000, instructions: u32::MAX, small: INLINED_MAX };

impl<E: Engine> Vcpu<E> {
    /// Looks at what was seen of ways to other modules.
    pub(super) fn look_at_samples(&mut self) {
        for (target, back) in core::mem::take(&mut self.samples) {
            self.sampled(target, back);
        }
    }

    /// Translated code was on its way to another module: to `target`, with `back` in `ra`.
    fn sampled(&mut self, target: u32, back: u32) {
        let site = self.call_before(back);
        if let Some(site) = site.filter(|site| self.computes_call(*site)) {
            self.learn(site, target);
        }
        // A call that was inlined is in several regions, and there is no telling which of them it was.
        let callers = site.map(|site| self.engine.made_of(site)).unwrap_or_default();
        // Nor is there of the versions that one had.
        let callers: BTreeSet<u32> = callers.iter().flat_map(|unit| unit.entries.first().copied()).collect();
        if self.traffic.sampled(callers.into_iter(), target) {
            self.join();
        }
    }

    /// Makes one module of those that are busy.
    fn join(&mut self) {
        let Some(busiest) = self.traffic.busiest_root(|root| self.engine.module(root).is_some()) else { return };
        let all = self.objects(busiest);
        let Vcpu { engine, seen, joining, traffic, .. } = &mut *self;
        let is_in = |root: &u32| all.iter().any(|object| object.contains(root));
        let can_be = |root: &u32| is_in(root) && seen.is_steady(*root) && !joining.contains(root);
        // Of a module all stays together: what was joined before would only come apart again.
        let whole = |module: u32| {
            let roots = engine.roots(module);
            let instructions =
                roots.iter().filter_map(|root| region(engine, *root)).map(|unit| unit.instructions).sum();
            // All that a module was for may be elsewhere by now.
            let is_one = !roots.is_empty() && roots.iter().all(can_be);
            is_one.then_some(Whole { roots, instructions })
        };
        let modules = traffic.busiest(|root| engine.module(root), whole);
        if modules.len() > 1 {
            let mut roots: Vec<u32> = modules.into_iter().flat_map(|whole| whole.roots).collect();
            // What is of several is the program's rather than a library's: that was mapped first.
            let of = |root: &u32| all.iter().position(|object| object.contains(root));
            roots.sort_by_key(of);
            self.join_regions(&roots, all);
        }
    }

    /// Makes one module of the regions at `roots`, of the object that the first is in.
    fn join_regions(&mut self, roots: &[u32], all: Vec<Range<u32>>) {
        let begun = self.processor_time();
        // They stay what they are: one that has all that ever ran is bigger, and no better.
        let made_of = roots.iter().map(|root| (*root, self.ranges_of(*root))).collect();
        let (state, space) = self.engine.parts();
        let gpr = state.gpr;
        let code = Fetched::new(space, &self.barred);
        let objects = Objects::joined(all);
        let regions = gather(&code, roots, &gpr, JOINED, &self.seen.profile_of(objects, &self.decoded, made_of));
        let translated = region::translate(&regions, self.options, E::MEMORIES);
        self.joining.extend(roots);
        self.statistics.joined += 1;
        self.statistics.translating += self.processor_time() - begun;
        self.make(translated, Made { root: roots[0], options: self.options }, Haste::Better);
    }

    /// What the region at `root` was made of.
    fn ranges_of(&self, root: u32) -> Vec<(u32, u32)> {
        region(&self.engine, root).map(|unit| unit.ranges.clone()).unwrap_or_default()
    }

    /// The call that comes back to `back`.
    fn call_before(&mut self, back: u32) -> Option<u32> {
        // How far behind its call that is: MIPS16e's are of two lengths, with a slot and without.
        let distances: &[u32] = if back & 1 == 0 { &[8] } else { &[6, 4, 2] };
        let code = Fetched::new(self.engine.parts().1, &self.barred);
        let links = |site: &u32| insn_at(&code, *site).flatten().is_some_and(|insn| effects(insn).links);
        distances.iter().map(|bytes| back.wrapping_sub(*bytes)).find(links)
    }
}

/// The region at `root`, which is the newest of those made of it.
fn region<E: Engine>(engine: &E, root: u32) -> Option<&Unit> {
    engine.made_of(root).into_iter().rfind(|unit| unit.entries.contains(&root))
}
