//! All of a program that can be found without running it.

use super::Rooted;
use super::gather::{Profile, Start, explore};
use super::layout::INLINED_MAX;
use crate::insn::Insn;
use crate::isa::Op;
use crate::reading::effects::{Flow, effects};
use crate::reg::Gpr;
use crate::region::{CodeSource, End, Reach, insn_at};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// The most blocks of one region; the rest of a bigger function is another one.
const BLOCKS_MAX: usize = 5_000;

/// What a program file says of its code.
pub struct Text<'a> {
    /// The code, where the program will have it.
    pub code: &'a dyn CodeSource,
    /// Where code lies, in order.
    pub parts: Vec<Range<u32>>,
    /// Where functions start for certain: the program's entry, and what symbols say.
    pub starts: Vec<u32>,
    /// Where functions may start, and computed jumps may lead: addresses that stand in data, in order.
    pub hints: Vec<u32>,
    /// What running it has shown: computed calls by their addresses, and what they called, the likeliest first.
    pub called: BTreeMap<u32, Vec<u32>>,
}

/// Finds the functions of a program: those that start for certain and what they call; then what is left over where a hint
/// points, and at last whatever lies between. So all code belongs to some region, unless it is reached only where none
/// starts.
pub fn gather_all(text: &Text<'_>) -> Vec<Rooted> {
    let pointed_to = text.hints.iter().copied().filter(|pc| begins_function(text.code, *pc));
    let starts = text.starts.iter().copied().chain(pointed_to).collect();
    let mut finding = Finding::new(text, starts, text.hints.iter().copied().collect());
    finding.all();
    // Now that it is known where functions start, no other one runs into them. What nobody calls and nothing runs into is
    // mostly what a computed jump leads to.
    let others = finding.starts.difference(&finding.certain).copied().chain(finding.labels).collect();
    let mut finding = Finding::new(text, finding.certain, others);
    finding.all();
    finding.found.into_values().collect()
}

/// Whether what stands at `pc` is how compilers begin functions: with room on the stack, or with the global pointer, which
/// position-independent code is given relative to where it begins (System V ABI for MIPS, 3-12).
fn begins_function(code: &dyn CodeSource, pc: u32) -> bool {
    let insn = |pc: u32| insn_at(code, pc).flatten();
    let (sp, gp, t9) = (1 << Gpr::SP.index(), 1 << Gpr::GP.index(), 1 << Gpr::T9.index());
    let makes_room = insn(pc).is_some_and(|first| {
        let of = effects(first);
        let is_save = first.is_mips16e() && of.writes == sp && of.memory;
        is_save || (of.reads, of.writes) == (sp, sp) && first.word >> 15 & 1 != 0
    });
    let makes_gp = || insn(pc).is_some_and(|first| (effects(first).reads, effects(first).writes) == (0, gp));
    let adds_t9 = || insn(pc.wrapping_add(8)).is_some_and(|third| effects(third).reads == gp | t9);
    makes_room || makes_gp() && adds_t9()
}

/// Whether it does nothing, as what fills up to where the next function begins.
fn is_padding(insn: Insn) -> bool {
    matches!(insn.op, Op::nop | Op::nop16)
}

struct Finding<'a> {
    text: &'a Text<'a>,
    /// For each part, which of its halfwords belong to a region.
    covered: Vec<Vec<bool>>,
    /// Where functions start: no other one goes on there without jumping.
    starts: BTreeSet<u32>,
    /// Those of them that are called, or have a name.
    certain: BTreeSet<u32>,
    /// Where computed jumps may lead.
    labels: BTreeSet<u32>,
    queue: VecDeque<u32>,
    found: BTreeMap<u32, Rooted>,
}

impl<'a> Finding<'a> {
    fn new(text: &'a Text<'a>, starts: BTreeSet<u32>, labels: BTreeSet<u32>) -> Finding<'a> {
        Finding {
            text,
            covered: text.parts.iter().map(|part| vec![false; part.len() / 2]).collect(),
            queue: starts.iter().copied().collect(),
            certain: starts.clone(),
            starts,
            labels,
            found: BTreeMap::new(),
        }
    }

    fn all(&mut self) {
        self.follow();
        for hint in &self.text.hints {
            self.uncovered(*hint);
        }
        for at in self.text.parts.iter().cloned().flat_map(|part| part.step_by(2)) {
            // What lies between is in the instruction set of what comes before it.
            let is_mips16e =
                self.starts.range(..=at | 1).rfind(|start| *start & 3 != 2).is_some_and(|start| start & 1 != 0);
            let pc = at | u32::from(is_mips16e);
            if insn_at(self.text.code, pc).flatten().is_some_and(|insn| !is_padding(insn)) {
                self.uncovered(pc);
            }
        }
    }

    /// The halfword of a part that `pc` is.
    fn place(&self, pc: u32) -> Option<(usize, usize)> {
        let part = self.text.parts.iter().position(|part| part.contains(&pc))?;
        (pc & 3 != 2).then(|| (part, (pc - self.text.parts[part].start) as usize / 2))
    }

    /// Where the computed jumps of the function at `root` may lead: addresses in data up to the next function that look as if
    /// one came there otherwise than by a call.
    fn labels(&self, root: u32) -> Vec<u32> {
        let next = self.starts.range(root.saturating_add(4)..).next().copied().unwrap_or(u32::MAX);
        let is_return = |pc: u32| {
            let insn = insn_at(self.text.code, pc).flatten().map(effects);
            insn.is_some_and(|insn| insn.flow == Flow::Computed && insn.reads == 1 << Gpr::RA.index())
        };
        self.labels.range(root.saturating_add(1)..next).copied().filter(|pc| !is_return(pc.wrapping_sub(8))).collect()
    }

    fn uncovered(&mut self, pc: u32) {
        let is_covered = self.place(pc).is_none_or(|(part, word)| self.covered[part].get(word) != Some(&false));
        if !is_covered {
            self.starts.insert(pc);
            self.queue.push_back(pc);
            self.follow();
        }
    }

    /// Finds regions until all that is known to be called or jumped to is one.
    fn follow(&mut self) {
        while let Some(root) = self.queue.pop_front() {
            if self.found.contains_key(&root) || self.place(root).is_none() {
                continue;
            }
            let reach = Reach { blocks: BLOCKS_MAX, is_past_interpreter: false };
            let starts = Starts { starts: &self.starts, labels: self.labels(root) };
            let Some((region, mut likely)) = explore(self.text.code, Start::unknown(root), reach, &starts) else {
                continue;
            };
            for block in region.blocks.iter().filter(|block| block.end == End::Call(None)) {
                if let Some(called) = self.text.called.get(&block.last()) {
                    likely.entry(block.pc).or_insert_with(|| called.clone());
                }
            }
            let mut stays_out = false;
            for block in &region.blocks {
                let out: Vec<u32> = block.successors().filter(|pc| region.block_at(*pc).is_none()).collect();
                stays_out |= !out.is_empty();
                let goes = likely.get(&block.pc).into_iter().flatten().copied();
                self.queue.extend(out.into_iter().chain(goes.clone()));
                if matches!(block.end, End::Call(_)) {
                    let called = block.end.called().into_iter().chain(goes);
                    self.queue.extend(called.clone());
                    self.starts.extend(called.clone());
                    self.certain.extend(called);
                }
                let slot = block.slot.map(|_| (block.end(), block.slot));
                for (pc, insn) in block.placed().chain(slot) {
                    let Some((part, first)) = self.place(pc) else { continue };
                    let halves = insn.map_or(1, |insn| insn.bytes() as usize / 2);
                    let covered = self.covered[part].iter_mut().skip(first).take(halves);
                    covered.for_each(|is_covered| *is_covered = true);
                }
            }
            let rooted = Rooted { region, root, likely, open_calls: BTreeSet::new(), is_callee: false, stays_out };
            self.found.insert(root, rooted);
        }
    }
}

/// Where functions start, as all that is known of a program that has not run.
struct Starts<'a> {
    starts: &'a BTreeSet<u32>,
    labels: Vec<u32>,
}

impl Profile for Starts<'_> {
    fn is_warm(&self, _: u32) -> bool {
        true
    }
    fn is_translated(&self, _: u32) -> bool {
        false
    }
    fn called(&self, _: u32) -> Vec<u32> {
        Vec::new()
    }
    fn labels(&self) -> &[u32] {
        &self.labels
    }
    /// What starts a function is not part of another one, whatever runs into it: mostly that is a call that never returns.
    /// But a small one is, for it may be what another one ends with.
    fn has_run(&self, _root: u32, pc: u32) -> bool {
        let next = || self.starts.range(pc.saturating_add(4)..).next().copied().unwrap_or(u32::MAX);
        !self.starts.contains(&pc) || next() - pc <= 4 * INLINED_MAX
    }
}
