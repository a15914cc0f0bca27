//! Which cells are in locals at the start of each node: a proposal by data flow, which the writer makes true on every
//! edge. So nothing here can make code wrong, only slow.

use super::graph::Nodes;
use crate::cells::Cells;
use crate::reading::emit::Held;
use alloc::vec;
use alloc::vec::Vec;

/// What a node does to cells, seen from its start with nothing in locals.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Summary {
    /// Read before they are written.
    pub(super) uses: Cells,
    /// Not in the register file at its end.
    pub(super) writes: Cells,
    /// What an alias put out of its local.
    pub(super) spills: Cells,
    /// Those that come through the call at its end, if there is one; else all.
    pub(super) keeps: Cells,
    /// Whether it ends with a call.
    pub(super) calls: bool,
}

/// What is in locals where each node starts.
pub(super) fn plan(nodes: &Nodes, summaries: &[Summary], fr: bool) -> Vec<Held> {
    let live = live(nodes, summaries);
    let dirty = dirty(nodes, summaries);
    let held = live.into_iter().zip(dirty).map(|(live, dirty)| {
        // Of aliases only one can be the newest.
        let dirty = dirty.without(dirty.aliases(fr));
        let loaded = live.without(dirty.aliases(fr)) | dirty;
        Held { loaded, dirty, raw: Cells::NONE }
    });
    held.collect()
}

/// Backward: what is read before it is written, without a call between.
fn live(nodes: &Nodes, summaries: &[Summary]) -> Vec<Cells> {
    let mut live = vec![Cells::NONE; nodes.len()];
    loop {
        let mut is_stable = true;
        for node in nodes.order.iter().rev().map(|node| *node as usize) {
            let summary = &summaries[node];
            let after =
                nodes.graph.successors(node as u32).iter().fold(Cells::NONE, |all, to| all | live[*to as usize]);
            let through = after.without(summary.writes) & summary.keeps;
            let now = summary.uses | through;
            is_stable &= now == live[node];
            live[node] = now;
        }
        if is_stable {
            return live;
        }
    }
}

/// Forward: what the register file may not have yet. Of what comes into a loop dirty, only that stays so which some way
/// around the loop leaves dirty: the rest would be written back in each turn, and is so once, before.
fn dirty(nodes: &Nodes, summaries: &[Summary]) -> Vec<Cells> {
    let mut limit = vec![!Cells::NONE; nodes.len()];
    loop {
        let into = dirty_within(nodes, summaries, &limit);
        let mut around = vec![Cells::NONE; nodes.len()];
        for node in nodes.order.iter().copied() {
            let out = out(&summaries[node as usize], into[node as usize]);
            for to in nodes.graph.successors(node).iter().filter(|to| nodes.is_back(node, **to)) {
                around[*to as usize] = around[*to as usize] | out;
            }
        }
        let mut is_stable = true;
        for node in nodes.order.iter().map(|node| *node as usize).filter(|node| nodes.is_header[*node]) {
            let now = into[node] & around[node];
            is_stable &= now == into[node];
            limit[node] = limit[node] & now;
        }
        if is_stable {
            return into;
        }
    }
}

fn out(summary: &Summary, into: Cells) -> Cells {
    if summary.calls { Cells::NONE } else { into.without(summary.spills) | summary.writes }
}

fn dirty_within(nodes: &Nodes, summaries: &[Summary], limit: &[Cells]) -> Vec<Cells> {
    let mut into = vec![Cells::NONE; nodes.len()];
    loop {
        let mut is_stable = true;
        for node in nodes.order.iter().copied() {
            let out = out(&summaries[node as usize], into[node as usize]);
            for to in nodes.graph.successors(node).iter().map(|to| *to as usize) {
                let now = into[to] | out & limit[to];
                is_stable &= now == into[to];
                into[to] = now;
            }
        }
        if is_stable {
            return into;
        }
    }
}
