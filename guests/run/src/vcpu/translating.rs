//! The virtual CPU as it translates: what becomes a region, what blocks, and when.

use super::Vcpu;
use crate::engine::{Engine, Made};
use crate::fetched::Fetched;
use crate::tier::Tier;
use alloc::vec::Vec;
use mips::region::{Reach, discover};
use mips::translate::region::{Limits, Rooted, gather};
use mips::translate::{Shape, Translated, block, region};

/// Instructions that are worth translating into a region for each sample that found its code busy: they take about the
/// time that was spent there.
const INSTRUCTIONS_A_SAMPLE: u32 = 50;
/// Blocks translated together, in the block shape.
const BLOCKS: Reach = Reach { blocks: 64, is_past_interpreter: true };
/// Functions translated together.
const FUNCTIONS: Limits = Limits { blocks: 1_000, instructions: 2_000 };
/// The same where nothing is known of what is hot.
const FUNCTIONS_COLD: Limits = Limits { blocks: 1_000, instructions: 100 };

impl<E: Engine> Vcpu<E> {
    /// Block-shaped code was found at `pc`, a loop's header or where a function begins or comes back to: the function
    /// becomes a region when enough time was spent in it, and the loop too if that does not help.
    pub(super) fn sampled(&mut self, pc: u32) {
        let function = self.seen.function(pc).filter(|function| !self.seen.regions.contains(function));
        let root = function.unwrap_or(pc);
        if self.seen.regions.contains(&root) {
            return;
        }
        if self.recall(root, Some(Shape::Region)) == Some(true) {
            return;
        }
        let missing = match self.samples.get(&root) {
            Some(missing) => missing - 1,
            None => {
                let instructions: u32 = self.gather(root).iter().map(Rooted::instructions).sum();
                (instructions / INSTRUCTIONS_A_SAMPLE).max(1)
            }
        };
        self.samples.insert(root, missing);
        if missing == 0 {
            self.samples.remove(&root);
            self.seen.regions.insert(root);
            let begun = self.engine.processor_time();
            let regions = self.gather(root);
            if !regions.is_empty() {
                let translated = region::translate(&regions, self.options);
                if self.install(root, &translated, Shape::Region, begun) {
                    self.seen.regions.extend(regions.iter().map(|region| region.root));
                }
            }
        }
    }

    /// Translates what is at `pc`; false if that cannot be.
    pub(super) fn compile(&mut self, pc: u32) -> bool {
        let begun = self.engine.processor_time();
        if self.refused.contains(&pc) {
            return false;
        }
        if let Some(is_installed) = self.recall(pc, None) {
            return is_installed;
        }
        self.translate(pc).is_some_and(|(translated, shape)| self.install(pc, &translated, shape, begun))
    }

    fn translate(&mut self, pc: u32) -> Option<(Translated, Shape)> {
        let is_region = match self.tier {
            Tier::Region => true,
            Tier::Mixed => self.chance.below(2) == 0,
            Tier::Interp | Tier::Block | Tier::Auto => false,
        };
        if !is_region {
            let code = Fetched::new(self.engine.parts().1);
            let region = discover(&code, pc, BLOCKS)?;
            self.seen.begin(region.blocks.iter().filter_map(|block| block.end.called()));
            return Some((block::translate(&region, self.options), Shape::Block));
        }
        let regions = self.gather(pc);
        (!regions.is_empty()).then(|| (region::translate(&regions, self.options), Shape::Region))
    }

    /// The region at `pc`, and those it calls that are worth translating with it.
    fn gather(&mut self, pc: u32) -> Vec<Rooted> {
        let (state, space) = self.engine.parts();
        let gpr = state.gpr;
        let code = Fetched::new(space);
        let limits = if self.tier.is_cold() { FUNCTIONS_COLD } else { FUNCTIONS };
        gather(&code, pc, &gpr, limits, &self.seen)
    }

    fn install(&mut self, root: u32, translated: &Translated, shape: Shape, begun: u64) -> bool {
        if self.engine.is_full() {
            self.forget_all();
        }
        match self.engine.install(translated, Made { root, shape, options: self.options }) {
            Ok(bytes) => self.statistics.machine_bytes += bytes as u64,
            Err(refusal) => {
                self.statistics.refused += 1;
                self.refused.insert(root);
                self.refusal = Some(refusal);
                return false;
            }
        }
        self.statistics.translating += self.engine.processor_time() - begun;
        self.statistics.modules += 1;
        self.statistics.wasm_bytes += translated.wasm.len() as u64;
        for unit in &translated.functions {
            unit.entries.iter().for_each(|entry| self.seen.heat.mark(*entry));
            self.statistics.regions += 1;
            self.statistics.blocks += unit.ranges.len() as u64;
            self.statistics.instructions += u64::from(unit.instructions);
        }
        true
    }
}
