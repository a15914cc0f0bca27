//! The region shape: a guest function as a Wasm function, with its control flow, its registers in locals.
//!
//! [`graph`] makes the blocks a reducible graph and structures it; [`plan`] decides what is in locals where; [`write`]
//! writes it. A function is called with the depth that calls may still nest, and returns the PC at which it came out:
//! the caller compares that with where it wanted to go on, and if it is elsewhere, returns it in turn.

mod enter;
mod gather;
mod graph;
mod plan;
mod write;

use super::driver::dispatcher;
use super::{Translated, Unit, export, instructions, module, ranges};
use crate::cells::Cells;
use crate::reading::emit::{Emit, Options};
use crate::region::{End, Region};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
pub use gather::{Limits, gather};
use graph::Nodes;
use plan::{Summary, plan};
use wasm::Arena;
use wasm_encoder::Function;
use write::{Calls, Writer};

/// A region and where it is entered.
pub struct Rooted {
    /// The blocks.
    pub region: Region,
    /// The address of one of them.
    pub root: u32,
    /// For calls that compute their target, by the address of their block: where they are likely to go.
    pub likely: BTreeMap<u32, u32>,
}

impl Rooted {
    /// How many guest instructions it has.
    pub fn instructions(&self) -> u32 {
        instructions(&self.region)
    }
}

/// Translates regions into one module, in which they call each other directly.
pub fn translate(regions: &[Rooted], options: Options) -> Translated {
    let calls = Calls {
        functions: (0..).zip(regions).map(|(number, rooted)| (rooted.root, number)).collect(),
        dispatcher: regions.len() as u32,
    };
    let mut functions = Vec::new();
    let mut units = Vec::new();
    for rooted in regions {
        let (function, sites) = translate_one(rooted, &calls, options);
        functions.push(function);
        let (ranges, instructions) = (ranges(&rooted.region), instructions(&rooted.region));
        units.push(Unit { entries: alloc::vec![rooted.root], sites, ranges, instructions });
    }
    functions.push(dispatcher());
    let names: Vec<_> = (0..regions.len()).map(export).collect();
    Translated { wasm: module(&names, &functions), functions: units }
}

fn translate_one(rooted: &Rooted, calls: &Calls, options: Options) -> (Function, Vec<(u32, u32)>) {
    let region = &rooted.region;
    let root = region.block_at(rooted.root).unwrap_or_default();
    let nodes = Nodes::new(region, root);
    let blocks: Vec<Summary> = region.blocks.iter().map(|block| survey(rooted, block, calls, options)).collect();
    let all = Summary { keeps: !Cells::NONE, ..Summary::default() };
    let of_node = |node| nodes.block(node).map_or(all, |block| blocks[block]);
    let summaries: Vec<Summary> = (0..nodes.len() as u32).map(of_node).collect();
    let plan = plan(&nodes, &summaries, options.fpu.fr);
    let arena = Arena::new();
    let mut writer = Writer::new(Emit::new(&arena, options), rooted, calls);
    writer.function(&nodes, &plan);
    writer.finish()
}

/// What a block does, asked by writing it.
fn survey(rooted: &Rooted, block: &crate::region::Block, calls: &Calls, options: Options) -> Summary {
    let arena = Arena::new();
    let (held, seen) = Writer::new(Emit::new(&arena, options), rooted, calls).survey(block);
    let fr = options.fpu.fr;
    let region = &rooted.region;
    let calls = matches!(block.end, End::Call(_));
    let is_inside = block.successors().all(|pc| region.block_at(pc).is_some());
    let goes_on = matches!(block.end, End::Next | End::Branch(_) | End::Jump(_)) && is_inside && !seen.leaves;
    // Whoever reads part of a register reads it; whoever writes part of it keeps the rest.
    let reads = seen.demanded | (seen.demanded | seen.written).aliases(fr);
    Summary {
        uses: seen.demanded,
        writes: held.dirty,
        spills: seen.spilled,
        keeps: if calls { Cells::NONE } else { !Cells::NONE },
        calls,
        reads: if seen.leaves || options.fault_precise { !Cells::NONE } else { reads },
        kills: seen.written,
        is_seen: !goes_on,
        raw: held.raw,
        settles: seen.settled | seen.spilled,
    }
}
