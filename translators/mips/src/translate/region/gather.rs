//! What is translated together: a root, and what it is likely to call.
//!
//! Position-independent code calls through a table that `gp` points to, so a call's target is looked up there now. That
//! is a guess, and so is what a computed call was seen to call; the code compares before it relies on it.

use super::barriers::drop_implied;
use super::{Likely, Rooted};
use crate::reading::effects::{Known, Value, effects};
use crate::reg::Gpr;
use crate::region::{Block, CodeSource, End, Reach, Region, Switch, Switches, discover_with, insn_at};
use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

/// The most entries that a switch's table is believed to have.
const ENTRIES_MAX: u32 = 1024;
/// How far from the jump they lead, in bytes: a table jump in Wasm has an entry for each word between them.
const DISTANCE_MAX: u32 = 0x4000;

/// The most entries that all switches of a region have together: each is an edge, and a hostile program could have every
/// block jump to all others.
const EDGES_MAX: usize = 8192;

/// Where nothing is loaded from.
const NOWHERE: u32 = 1;

/// How much is translated at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Blocks in a region.
    pub blocks: usize,
    /// Guest instructions in all regions together, beyond which no further one is added.
    pub instructions: u32,
    /// Guest instructions of a function that is small: what calls it may have it in place of the call, or beside it, even if it
    /// is a region elsewhere. [`INLINED_MAX`](super::INLINED_MAX) at most.
    pub small: u32,
}

/// What running a program has shown of it.
pub trait Profile {
    /// Whether what is called at `root` is worth translating with its caller.
    fn is_warm(&self, root: u32) -> bool;
    /// Whether what is called at `root` is a region already.
    fn is_translated(&self, root: u32) -> bool;
    /// What the computed call at `site` was seen to call, the likeliest first.
    fn called(&self, site: u32) -> Vec<u32>;
    /// Where computed jumps may lead of which nothing else is known.
    fn labels(&self) -> &[u32] {
        &[]
    }
    /// Whether the block at `pc` ever ran as part of the region at `root`: what did not is left out.
    fn has_run(&self, root: u32, pc: u32) -> bool;
}

/// The regions at `roots` and those they call, directly or not, as far as they are warm. `gpr` are the general registers, as
/// they happen to be now; if there is just one root, that is about to run. What is a region already is left out, unless it is
/// small. Empty if nothing can be fetched there.
pub fn gather(
    code: &dyn CodeSource,
    roots: &[u32],
    gpr: &[u32; 32],
    limits: Limits,
    profile: &dyn Profile,
) -> Vec<Rooted> {
    let reach = Reach { blocks: limits.blocks, is_past_interpreter: false };
    let wanted: BTreeSet<u32> = roots.iter().copied().collect();
    let mut known_roots = wanted.clone();
    let mut queue: VecDeque<u32> = roots.iter().copied().collect();
    let mut gathered = Vec::new();
    let mut instructions = 0;
    while let Some(root) = queue.pop_front() {
        if instructions >= limits.instructions {
            break;
        }
        // Of functions it calls no more is known than that they are called.
        let now = (roots == [root]).then_some(gpr);
        let start = Start { root, gp: gpr[Gpr::GP.index()], now };
        let Some((region, mut likely)) = explore(code, start, reach, profile) else { continue };
        let size = super::instructions(&region.blocks);
        let is_small = size <= limits.small;
        if !is_small && !wanted.contains(&root) && profile.is_translated(root) {
            continue;
        }
        // What a register only happens to hold now may be another callback the next time.
        let steady = now.map(|_| guess(&region, Start { now: None, ..start }, code).likely);
        let mut open_calls = BTreeSet::new();
        for block in region.blocks.iter().filter(|block| block.end == End::Call(None)) {
            let is_steady = |targets| steady.as_ref().is_none_or(|steady| steady.get(&block.pc) == Some(targets));
            if likely.get(&block.pc).is_some_and(is_steady) {
                continue;
            }
            open_calls.insert(block.pc);
            let targets = likely.entry(block.pc).or_default();
            for target in profile.called(block.last()) {
                if !targets.contains(&target) {
                    targets.push(target);
                }
            }
        }
        instructions += size;
        for block in &region.blocks {
            let known = block.end.called();
            let targets = known.iter().chain(likely.get(&block.pc).into_iter().flatten());
            queue.extend(targets.filter(|target| profile.is_warm(**target) && known_roots.insert(**target)));
        }
        let is_callee = !wanted.contains(&root) && profile.is_translated(root);
        gathered.push(Rooted { region, root, likely, open_calls, is_callee, stays_out: !is_small });
    }
    gathered
}

/// What is guessed of a region's computed jumps and calls.
struct Guess {
    /// Where blocks that end with one are likely to go, by the address of the block.
    likely: Likely,
    /// Those that take their target from a table.
    switches: Switches,
}

/// The region at `root`, with its switches, and where its calls are likely to go.
pub(super) fn explore(
    code: &dyn CodeSource,
    start: Start<'_>,
    reach: Reach,
    profile: &dyn Profile,
) -> Option<(Region, Likely)> {
    let mut switches = Switches::new();
    loop {
        let mut region = discover_with(code, start.root, reach, &switches, &|pc| profile.has_run(start.root, pc))?;
        let guess = guess(&region, start, code);
        let found = switches.len();
        let mut edges: usize = switches.values().map(|switch| switch.entries.len()).sum();
        for (jump, switch) in guess.switches {
            if !switches.contains_key(&jump) && edges + switch.entries.len() <= EDGES_MAX {
                edges += switch.entries.len();
                switches.insert(jump, switch);
            }
        }
        let open =
            region.blocks.iter().filter(|block| block.end == End::Computed && !guess.likely.contains_key(&block.pc));
        for jump in open.map(Block::last).collect::<Vec<u32>>() {
            if !switches.contains_key(&jump)
                && !profile.labels().is_empty()
                && edges + profile.labels().len() <= EDGES_MAX
            {
                edges += profile.labels().len();
                switches.insert(jump, Switch { load: NOWHERE, table: 0, entries: profile.labels().to_vec() });
            }
        }
        // A switch may stand in what another one leads to.
        if switches.len() == found {
            region.convert_branches();
            drop_implied(&mut region, start.root);
            return Some((region, guess.likely));
        }
    }
}

/// What is known where a region starts.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    root: u32,
    gp: u32,
    /// What all general registers hold, if it is about to run.
    now: Option<&'a [u32; 32]>,
}

impl Start<'_> {
    /// Nothing but where.
    pub(super) fn unknown(root: u32) -> Self {
        Start { root, gp: 0, now: None }
    }

    /// Registers that stay as they are now in all of `region`, the global pointer, and what position-independent code is
    /// called with.
    fn known(self, region: &Region) -> Known {
        let mut known = Known::default();
        if let Some(now) = self.now {
            let insns = region.blocks.iter().flat_map(|block| block.insns.iter().copied().chain([block.slot]));
            let written = insns.flatten().fold(0, |all, insn| all | effects(insn).writes);
            for (reg, value) in now.iter().enumerate().filter(|(reg, _)| written >> reg & 1 == 0) {
                known.gpr[reg] = Value::Known(*value);
            }
        }
        if self.now.is_none_or(|now| now[Gpr::T9.index()] == self.root) {
            known.gpr[Gpr::T9.index()] = Value::Known(self.root);
        }
        known.gpr[Gpr::GP.index()] = Value::Known(self.gp);
        known
    }
}

fn guess(region: &Region, start: Start<'_>, code: &dyn CodeSource) -> Guess {
    let mut guess = Guess { likely: Likely::new(), switches: Switches::new() };
    let mut seen = BTreeSet::from([start.root]);
    let mut queue = VecDeque::from([(start.root, start.known(region))]);
    while let Some((pc, mut known)) = queue.pop_front() {
        let Some(block) = region.block_at(pc).map(|number| &region.blocks[number]) else { continue };
        match (follow(block, &mut known, code), block.end) {
            (Value::Known(target), End::Call(None) | End::Computed) => _ = guess.likely.insert(pc, [target].into()),
            (Value::Element { table, plus, load }, End::Computed) => {
                let entries = entries(code, block.last(), table, plus, known.bound);
                if !entries.is_empty() {
                    guess.switches.insert(block.last(), Switch { load, table, entries });
                }
            }
            _ => {}
        }
        if matches!(block.end, End::Call(_)) {
            known.forget_over_call();
        }
        for next in block.successors().filter(|next| seen.insert(*next)) {
            queue.push_back((next, known));
        }
    }
    guess
}

/// Follows a block; the answer is where it computes to go on.
fn follow(block: &Block, known: &mut Known, code: &dyn CodeSource) -> Value {
    let mut target = Value::Unknown;
    let slot = [(block.end(), block.slot)];
    for (at, insn) in block.placed().chain(slot) {
        let Some(insn) = insn else { continue };
        let restart = if at == block.end() { block.last() } else { at };
        let jump = known.follow(at, restart, insn, &|at| code.data(at));
        if jump != Value::Unknown {
            target = jump;
        }
    }
    target
}

/// The entries of a table that the jump at `jump` goes by: as many as the last comparison before it allows, and as look
/// like code near it.
fn entries(code: &dyn CodeSource, jump: u32, table: u32, plus: u32, bound: Option<u32>) -> Vec<u32> {
    let count = bound.filter(|bound| *bound <= ENTRIES_MAX).unwrap_or(ENTRIES_MAX);
    let targets = (0..count).map_while(|index| {
        let target = code.data(table.wrapping_add(4 * index))?.wrapping_add(plus);
        let is_near = target.abs_diff(jump) < DISTANCE_MAX;
        (is_near && insn_at(code, target).is_some()).then_some(target)
    });
    targets.collect()
}
