//! The region shape: a guest function as a Wasm function, with its control flow, its registers in locals.
//!
//! [`layout`] says which blocks stand in it; [`graph`] makes them a reducible graph and structures it; [`plan`] decides
//! what is in locals where; [`write`] writes it. A function is called with the depth that calls may still nest, and
//! returns the PC at which it came out: the caller compares that with where it wanted to go on, and if it is elsewhere,
//! returns it in turn.

mod barriers;
mod enter;
mod gather;
mod graph;
mod layout;
mod plan;
mod whole;
mod write;

use super::driver::{Map, dispatcher};
use super::near::{NEAR_MIN, near};
use super::{IMPORTED, Memories, Sites, Translated, Unit, instructions, ranges};
use crate::cells::Cells;
use crate::reading::emit::{Emit, Held, Options, Seen};
use crate::region::{End, Region};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
pub use gather::{Limits, Profile, gather};
use graph::Nodes;
pub use layout::INLINED_MAX;
use layout::{Layout, Role};
use plan::{Summary, plan};
use wasm::{Arena, Body};
pub use whole::{Text, gather_all};
pub(super) use write::Calls;
pub(super) use write::delay_slot;
use write::{Writer, survey};

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
    /// Whether it shall not stand in place of a call: it is not small, or often goes on elsewhere and not by a call itself.
    pub stays_out: bool,
}

impl Rooted {
    /// How many guest instructions it has.
    pub fn instructions(&self) -> u32 {
        instructions(&self.region.blocks)
    }
}

/// Translates regions into one module, in which they call each other directly.
pub fn translate(regions: &[Rooted], options: Options, memories: Memories) -> Translated {
    let numbers = numbers(regions);
    let layouts = layouts(regions, &numbers);
    let mut calls = calls(layouts.iter().map(|(root, _)| *root));
    let has_near = layouts.len() >= NEAR_MIN;
    if has_near {
        calls.near = calls.dispatcher + 1;
    }
    let mut functions = Vec::new();
    let mut units = Vec::new();
    for (root, layout) in &layouts {
        let (body, unit) = translate_one(*root, layout, &calls, options);
        functions.push(body);
        units.push(unit);
    }
    functions.push(dispatcher(Map::Cpu, true));
    if has_near {
        functions.push(near(&calls.functions, calls.dispatcher));
    }
    Translated { wasm: super::regions(&functions, layouts.len(), memories), functions: units }
}

/// The functions of regions that are all there is, each translated when asked for.
pub(super) struct Functions<'a> {
    regions: &'a [Rooted],
    numbers: BTreeMap<u32, usize>,
    options: Options,
}

impl<'a> Functions<'a> {
    pub(super) fn new(regions: &'a [Rooted], options: Options) -> Functions<'a> {
        Functions { regions, numbers: numbers(regions), options }
    }

    /// What functions call where all of them are in one module, behind them a dispatcher.
    pub(super) fn calls(&self) -> Calls {
        calls(self.regions.iter().map(|rooted| rooted.root))
    }

    pub(super) fn function(&self, number: usize, calls: &Calls) -> (Body, Unit) {
        let layout = Layout::new(self.regions, &self.numbers, number);
        translate_one(self.regions[number].root, &layout, calls, self.options)
    }
}

/// What functions call that follow the imported ones in the order of their roots, and that the dispatcher follows.
fn calls(roots: impl ExactSizeIterator<Item = u32>) -> Calls {
    let dispatcher = IMPORTED + roots.len() as u32;
    Calls { functions: roots.zip(IMPORTED..).collect(), dispatcher, near: dispatcher }
}

/// The functions to write, by their roots: those that are wanted anyway, and those that are called by one that is written.
/// What stands in place of all its calls is not among them.
fn layouts<'a>(regions: &'a [Rooted], numbers: &'a BTreeMap<u32, usize>) -> Vec<(u32, Layout<'a>)> {
    let mut wanted: BTreeSet<usize> = (0..regions.len()).filter(|number| !regions[*number].is_callee).collect();
    let mut queue: VecDeque<usize> = wanted.iter().copied().collect();
    let mut written = Vec::new();
    while let Some(number) = queue.pop_front() {
        let layout = Layout::new(regions, numbers, number);
        let called = layout.called().filter_map(|target| numbers.get(&target).copied());
        queue.extend(called.filter(|number| wanted.insert(*number)));
        written.push((regions[number].root, layout));
    }
    written
}

/// Regions by their roots.
fn numbers(regions: &[Rooted]) -> BTreeMap<u32, usize> {
    (0..).zip(regions).map(|(number, rooted)| (rooted.root, number)).collect()
}

fn translate_one(root: u32, layout: &Layout<'_>, calls: &Calls, options: Options) -> (Body, Unit) {
    let body = function(layout, calls, options);
    let blocks = || layout.blocks.iter().copied();
    let unit = Unit {
        entries: alloc::vec![root],
        sites: Sites::new(&body.marks),
        ranges: ranges(blocks()),
        blocks: layout.blocks.len() as u32,
        instructions: instructions(blocks()),
        open_calls: layout.open_calls().collect(),
        calls: layout.expected().collect(),
    };
    (body, unit)
}

fn function(layout: &Layout<'_>, calls: &Calls, options: Options) -> Body {
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
    let calls = matches!((block.end, role), (End::Call(_), Role::Plain) | (_, Role::TailCalls { .. }));
    let goes_on = is_known && !calls && !seen.leaves && layout.ways(place).iter().all(|(_, to)| to.is_some());
    // Whoever reads part of a register reads it; whoever writes part of it keeps the rest.
    let reads = seen.demanded | (seen.demanded | seen.written).aliases(fr);
    Summary {
        uses: seen.demanded,
        writes: held.dirty,
        spills: seen.spilled,
        calls,
        may_call: matches!((block.end, role), (End::Call(None), Role::Calls { .. })),
        reads: if seen.leaves || options.fault_precise { !Cells::NONE } else { reads },
        kills: seen.written,
        is_seen: !goes_on,
        raw: held.raw,
        settles: seen.settled | seen.spilled,
    }
}
