//! The virtual CPU as it translates: what becomes a region, what blocks, and when.

use super::{Begun, HOT_VISITS, Haste, RUNS, Vcpu, Why};
use crate::engine::{Engine, Finished, Made, Space};
use crate::fetched::Fetched;
use crate::seen::Objects;
use crate::tier::Tier;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Range;
use mips::reading::effects::{Flow, effects};
use mips::reg::Gpr;
use mips::region::{Reach, discover, insn_at};
use mips::translate::region::{INLINED_MAX, Limits, Rooted, gather};
use mips::translate::{Translated, block, region};

/// Blocks translated together, in the block shape.
const BLOCKS: Reach = Reach { blocks: 64, is_past_interpreter: true };
/// Functions translated together.
const FUNCTIONS: Limits = Limits { blocks: 1_000, instructions: 2_000, small: INLINED_MAX };
/// The same where nothing is known of what is hot.
const FUNCTIONS_COLD: Limits = Limits { instructions: 100, ..FUNCTIONS };
/// Instructions translated so far that make a program a big one. To have code of that twice costs more, compilation and caches,
/// than its calls do: what of it is busy is joined later.
const BIG: u64 = 30_000;
/// What is small then.
const SMALL_IN_BIG: u32 = 24;

/// Whether a call of what a register says, with the usual link, stands at `site`.
pub(super) fn is_computed_call<S: Space>(space: &mut S, barred: &BTreeSet<u32>, site: u32) -> bool {
    let insn = insn_at(&Fetched::new(space, barred), site).flatten();
    insn.map(effects).is_some_and(|call| call.flow == Flow::Computed && call.writes == 1 << Gpr::RA.index())
}

impl<E: Engine> Vcpu<E> {
    /// Translates what is at `pc`, or begins to; false if there is no code yet.
    pub(super) fn compile(&mut self, pc: u32, why: Why) -> bool {
        if !E::TRANSLATES {
            return false;
        }
        let begun = self.processor_time();
        self.note_linked(pc);
        if self.refused.contains(&pc) || self.tier == Tier::Auto && self.seen.shall_wait(pc) {
            return false;
        }
        if !self.seen.renewed.contains(&pc)
            && let Some(is_installed) = self.recall(pc)
        {
            return is_installed;
        }
        // What is being compiled is interpreted meanwhile.
        let begun_code = self.begun.values().filter(|begun| !begun.is_better).flat_map(|begun| &begun.ranges);
        if begun_code.into_iter().any(|(from, end)| (*from..*end).contains(&pc)) {
            self.statistics.awaited += 1;
            self.seen.heat.cool(pc);
            return false;
        }
        let is_renewed = self.seen.renewed.contains(&pc);
        match why {
            _ if is_renewed => self.statistics.learned += 1,
            Why::Hot => self.statistics.hot += 1,
            Why::Left => self.statistics.left += 1,
            Why::Unseen => {}
        }
        let Some(translated) = self.translate(pc) else { return false };
        self.statistics.translating += self.processor_time() - begun;
        let made = Made { root: pc, options: self.options };
        self.make(translated, made, if is_renewed { Haste::Missing } else { Haste::New })
    }

    /// Makes a module; whether it is there now.
    pub(super) fn make(&mut self, translated: Translated, made: Made, haste: Haste) -> bool {
        let begun = self.processor_time();
        let is_better = haste == Haste::Better;
        if haste != Haste::Missing && self.tier == Tier::Auto && self.engine.begin(&translated, made) {
            let ranges = translated.functions.iter().flat_map(|unit| unit.ranges.iter().copied()).collect();
            self.begun.insert(made.root, Begun { ranges, is_better });
            self.seen.have_regions(&translated.functions);
            self.judge();
            if !is_better {
                self.seen.heat.cool(made.root);
            }
            self.statistics.translating += self.processor_time() - begun;
            return false;
        }
        if self.engine.is_full() {
            self.forget_all();
        }
        let outcome = self.engine.install(&translated, made);
        let time_us = self.processor_time() - begun;
        let Translated { wasm, functions } = translated;
        self.installed(Finished {
            root: made.root,
            functions: functions.into(),
            wasm_bytes: wasm.len(),
            time_us,
            outcome,
        })
    }

    /// Decides anew what is worth translating, as there is more code now. If most of it is from earlier runs, or from processes of
    /// this one, the program is one that will run again.
    pub(super) fn judge(&mut self) {
        let made = self.statistics.modules + self.begun.len() as u64;
        let runs = if self.statistics.recalled > made { RUNS } else { 1 };
        self.seen.heat.be_hot_after(HOT_VISITS / runs);
        self.traffic.expect_runs(runs);
    }

    /// Takes what was compiled meanwhile.
    pub(super) fn take_finished(&mut self) {
        loop {
            if self.engine.is_full() {
                // What was begun, too.
                return self.forget_all();
            }
            let Some(finished) = self.engine.finished() else { return };
            self.begun.remove(&finished.root);
            let roots = finished.functions.iter().flat_map(|unit| &unit.entries);
            roots.for_each(|root| _ = self.joining.remove(root));
            self.installed(finished);
        }
    }

    /// Does not want what is being compiled any more.
    pub(super) fn cancel(&mut self) {
        if !self.begun.is_empty() {
            self.begun.clear();
            self.joining.clear();
            self.engine.cancel();
        }
    }

    /// The call at `site` called something that it did not expect. If it does so often, it is made anew, and then expects it.
    pub(super) fn learn(&mut self, site: u32, target: u32) {
        let units = self.engine.forgotten_with(site);
        if self.seen.sampled(site, target, &units) {
            let roots: Vec<u32> = units.iter().flat_map(|unit| unit.entries.iter().copied()).collect();
            self.seen.renew(roots.into_iter());
            _ = self.engine.forget(site & !3, 4);
        }
    }

    /// Whether a call of what a register says, with the usual link, stands at `site`.
    pub(super) fn computes_call(&mut self, site: u32) -> bool {
        is_computed_call(self.engine.parts().1, &self.barred, site)
    }

    fn translate(&mut self, pc: u32) -> Option<Translated> {
        let is_region = match self.tier {
            Tier::Region | Tier::Auto => true,
            Tier::Mixed => self.chance.below(2) == 0,
            Tier::Interp | Tier::Block => false,
        };
        if !is_region {
            let code = Fetched::new(self.engine.parts().1, &self.barred);
            let region = discover(&code, pc, BLOCKS)?;
            return Some(block::translate(&region, self.options, E::MEMORIES));
        }
        let regions = self.gather(pc);
        (!regions.is_empty()).then(|| region::translate(&regions, self.options, E::MEMORIES))
    }

    /// Notes what is mapped when code of the program itself, which was mapped first, is hot for the first time.
    fn note_linked(&mut self, pc: u32) {
        if self.linked.is_empty() {
            let all = self.engine.parts().1.objects(pc);
            if all.first().is_some_and(|program| program.contains(&pc)) {
                self.linked = all;
            }
        }
    }

    /// Of which objects a module may be that has code of the one at `pc`: of those that a program is linked with, or of it alone.
    /// What a program loads later is not there the next time when its own code is hot.
    pub(super) fn objects(&mut self, pc: u32) -> Vec<Range<u32>> {
        let is_linked = self.linked.iter().any(|object| object.contains(&pc));
        let mut all = self.engine.parts().1.objects(pc);
        all.retain(|object| object.contains(&pc) || is_linked && self.linked.contains(object));
        all
    }

    /// The region at `pc`, and those it calls that are worth translating with it.
    fn gather(&mut self, pc: u32) -> Vec<Rooted> {
        // Tier `mixed` is to meet both.
        let whole = self.tier == Tier::Region || self.tier == Tier::Mixed && self.chance.below(2) == 0;
        let all = self.objects(pc);
        let (state, space) = self.engine.parts();
        let gpr = state.gpr;
        let code = Fetched::new(space, &self.barred);
        let instructions = self.statistics.instructions + self.statistics.recalled_instructions;
        let limits = match self.tier {
            tier if tier.is_cold() => FUNCTIONS_COLD,
            _ if instructions > BIG => Limits { small: SMALL_IN_BIG, ..FUNCTIONS },
            _ => FUNCTIONS,
        };
        let profile = self.seen.profile(Objects::of(pc, all), (!whole).then_some(&self.decoded));
        gather(&code, &[pc], &gpr, limits, &profile)
    }

    /// Notes what became of a translation; whether it is there now.
    fn installed(&mut self, made: Finished) -> bool {
        self.statistics.translating += made.time_us;
        match made.outcome {
            Ok(bytes) => self.statistics.machine_bytes += bytes as u64,
            Err(refusal) => {
                self.statistics.refused += 1;
                self.refused.insert(made.root);
                self.refusal = Some(refusal);
                return false;
            }
        }
        self.statistics.modules += 1;
        self.judge();
        self.statistics.wasm_bytes += made.wasm_bytes as u64;
        for unit in made.functions.iter() {
            unit.entries.iter().for_each(|entry| self.seen.heat.mark(*entry));
            self.statistics.regions += 1;
            self.statistics.blocks += u64::from(unit.blocks);
            self.statistics.instructions += u64::from(unit.instructions);
        }
        if self.tier == Tier::Auto {
            self.seen.have_regions(&made.functions);
        }
        // MIPS16e code that begins in the same word as other code that has an entry has none: it is interpreted.
        let has_code = self.engine.has_code(made.root);
        if !has_code {
            self.refused.insert(made.root);
            self.seen.heat.cool(made.root);
        }
        has_code
    }
}
