//! What is translated together: a root, and what it is likely to call.
//!
//! Position-independent code calls through a table that `gp` points to, so a call's target is looked up there now. That
//! is a guess; the code compares before it relies on it.

use super::Rooted;
use crate::reading::effects::Known;
use crate::reading::emit::Options;
use crate::reg::Gpr;
use crate::region::{Block, CodeSource, End, Reach, Region, discover};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

/// How much is translated at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Blocks in a region.
    pub blocks: usize,
    /// Guest instructions in all regions together, beyond which no further one is added.
    pub instructions: u32,
}

/// The region at `root` and those it calls, directly or not, as far as `is_wanted` says of their roots. `gp` is the
/// global pointer there. Empty if nothing can be fetched at `root`.
pub fn gather(
    code: &dyn CodeSource,
    (root, gp): (u32, u32),
    limits: Limits,
    options: Options,
    is_wanted: &mut dyn FnMut(u32) -> bool,
) -> Vec<Rooted> {
    let reach = Reach { blocks: limits.blocks, is_past_interpreter: false };
    let mut known = BTreeSet::from([root]);
    let mut queue = VecDeque::from([root]);
    let mut gathered = Vec::new();
    let mut instructions = 0;
    while let Some(root) = queue.pop_front() {
        if instructions >= limits.instructions {
            break;
        }
        let Some(region) = discover(code, root, reach, options) else { continue };
        instructions += super::instructions(&region);
        let likely = likely(&region, (root, gp), code);
        let called = region.blocks.iter().filter_map(|block| match block.end {
            End::Call(Some(target)) => Some(target),
            _ => likely.get(&block.pc).copied(),
        });
        for target in called {
            if known.insert(target) && is_wanted(target) {
                queue.push_back(target);
            }
        }
        gathered.push(Rooted { region, root, likely });
    }
    gathered
}

/// Where blocks that end with a computed call or jump are likely to go, by the address of the block.
fn likely(region: &Region, (root, gp): (u32, u32), code: &dyn CodeSource) -> BTreeMap<u32, u32> {
    let mut likely = BTreeMap::new();
    let mut start = Known::default();
    start.gpr[Gpr::T9.index()] = Some(root);
    start.gpr[Gpr::GP.index()] = Some(gp);
    let mut seen = BTreeSet::from([root]);
    let mut queue = VecDeque::from([(root, start)]);
    while let Some((pc, mut known)) = queue.pop_front() {
        let Some(block) = region.block_at(pc).map(|number| &region.blocks[number]) else { continue };
        let target = follow(block, &mut known, code);
        if let (Some(target), End::Call(None) | End::Computed) = (target, block.end) {
            likely.insert(pc, target);
        }
        if matches!(block.end, End::Call(_)) {
            known.forget_over_call();
        }
        for next in block.successors().filter(|next| seen.insert(*next)) {
            queue.push_back((next, known));
        }
    }
    likely
}

/// Follows a block; the answer is where it computes to go on.
fn follow(block: &Block, known: &mut Known, code: &dyn CodeSource) -> Option<u32> {
    let mut target = None;
    for (at, insn) in (block.pc..).step_by(4).zip(block.insns.iter().copied().chain([block.slot])) {
        let jump = insn.and_then(|insn| known.follow(at, insn, &|at| code.data(at)));
        target = target.or(jump);
    }
    target
}
