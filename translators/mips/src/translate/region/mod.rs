//! The region shape: a guest function as a Wasm function, with its control flow, its registers in locals.
//!
//! [`layout`] says which blocks stand in it; [`graph`] makes them a reducible graph and structures it; [`plan`] decides
//! what is in locals where; [`write`] writes it. A function is called with the depth that calls may still nest, and
//! returns the PC at which it came out: the caller compares that with where it wanted to go on, and if it is elsewhere,
//! returns it in turn.

mod enter;
mod gather;
mod graph;
mod layout;
mod plan;
mod write;

use super::driver::dispatcher;
use super::{IMPORTED, Memories, Translated, Unit, export, instructions, module, ranges};
use crate::cells::Cells;
use crate::reading::emit::{Emit, Held, Options, Seen};
use crate::region::{End, Region};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
pub use gather::{LOOPED_MAX, Limits, Profile, gather};
use graph::Nodes;
use layout::{Layout, Role};
use plan::{Summary, plan};
use wasm::{Arena, Body};
use write::{Calls, Writer, survey};

/// Where blocks that compute where they go are likely to go, the likeliest first, by their addresses.
pub type Likely = BTreeMap<u32, Vec<u32>>;

/// A region and where it is entered.
pub struct Rooted {
    /// The blocks.
    pub region: Region,
    /// The address of one of them.
    pub root: u32,
    /// What its computed calls and jumps are likely to go to.
    pub likely: Likely,
    /// The addresses of the blocks that end with a computed call of which their code does not say what it calls.
    pub open_calls: BTreeSet<u32>,
    /// Whether it is wanted only for those that call it here.
    pub is_callee: bool,
}

impl Rooted {
    /// How many guest instructions it has.
    pub fn instructions(&self) -> u32 {
        instructions(&self.region.blocks)
    }
}

/// Translates regions into one module, in which they call each other directly.
pub fn translate(regions: &[Rooted], options: Options, memories: Memories) -> Translated {
    let layouts = layouts(regions);
    let calls = Calls {
        functions: (IMPORTED..).zip(&layouts).map(|(number, (root, _))| (*root, number)).collect(),
        dispatcher: IMPORTED + layouts.len() as u32,
        sampler: IMPORTED + layouts.len() as u32 + 1,
    };
    let mut functions = Vec::new();
    let mut units = Vec::new();
    for (root, layout) in &layouts {
        let body = translate_one(layout, &calls, options);
        let sites = body.marks.clone();
        functions.push(body);
        let (ranges, instructions) =
            (ranges(layout.blocks.iter().copied()), instructions(layout.blocks.iter().copied()));
        let calls = layout.expected().collect();
        units.push(Unit { entries: alloc::vec![*root], sites, ranges, instructions, calls });
    }
    functions.push(dispatcher(false));
    if regions.iter().any(|rooted| !rooted.open_calls.is_empty()) {
        functions.push(dispatcher(true));
    }
    let names: Vec<_> = (0..layouts.len()).map(export).collect();
    Translated { wasm: module(&names, &functions, memories), functions: units }
}

/// The functions to write, by their roots: those that are wanted anyway, and those that are called by one that is written.
/// What stands in place of all its calls is not among them.
fn layouts(regions: &[Rooted]) -> Vec<(u32, Layout<'_>)> {
    let numbers: BTreeMap<u32, usize> = (0..).zip(regions).map(|(number, rooted)| (rooted.root, number)).collect();
    let mut wanted: BTreeSet<usize> = (0..regions.len()).filter(|number| !regions[*number].is_callee).collect();
    let mut queue: VecDeque<usize> = wanted.iter().copied().collect();
    let mut written = Vec::new();
    while let Some(number) = queue.pop_front() {
        let layout = Layout::new(regions, number);
        let called = layout.called().filter_map(|target| numbers.get(&target).copied());
        queue.extend(called.filter(|number| wanted.insert(*number)));
        written.push((regions[number].root, layout));
    }
    written
}

fn translate_one(layout: &Layout<'_>, calls: &Calls, options: Options) -> Body {
    let nodes = Nodes::new(layout);
    let arena = Arena::new();
    let surveyed: Vec<(Held, Seen)> =
        layout.blocks.iter().map(|block| survey(&mut Emit::new(&arena, options), block)).collect();
    let summary = |place| summary(layout, place, surveyed[layout.places[place as usize].block], options);
    let of_node = |node| nodes.place(node).map(summary).unwrap_or_default();
    let summaries: Vec<Summary> = (0..nodes.len() as u32).map(of_node).collect();
    let plan = plan(&nodes, &summaries, options.fpu.fr);
    Writer::new(Emit::new(&arena, options), layout, &nodes, &plan, calls).function()
}

/// What the block at a place does, of which writing it showed `held` and `seen`.
fn summary(layout: &Layout<'_>, place: u32, (held, seen): (Held, Seen), options: Options) -> Summary {
    let (block, role) = (layout.block(place), layout.places[place as usize].role);
    let fr = options.fpu.fr;
    let is_known = match (block.end, role) {
        (End::Next | End::System | End::Branch(_) | End::Jump(_) | End::Call(Some(_)), _) => true,
        (_, Role::Returns { keeps_ra, .. }) => keeps_ra,
        _ => false,
    };
    let calls = matches!((block.end, role), (End::Call(_), Role::Plain));
    let goes_on = is_known && !calls && !seen.leaves && layout.ways(place).iter().all(|(_, to)| to.is_some());
    // Whoever reads part of a register reads it; whoever writes part of it keeps the rest.
    let reads = seen.demanded | (seen.demanded | seen.written).aliases(fr);
    Summary {
        uses: seen.demanded,
        writes: held.dirty,
        spills: seen.spilled,
        calls,
        reads: if seen.leaves || options.fault_precise { !Cells::NONE } else { reads },
        kills: seen.written,
        is_seen: !goes_on,
        raw: held.raw,
        settles: seen.settled | seen.spilled,
    }
}
