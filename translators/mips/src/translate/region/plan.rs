//! Which cells are in locals at the start of each node: a proposal by data flow, which the writer makes true on every
//! edge. So nothing here can make code wrong, only slow; but for what is dead, which is believed.

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
    /// Read before they are written, with all that shares bytes with what it touches.
    pub(super) reads: Cells,
    /// Written, whatever happens.
    pub(super) kills: Cells,
    /// Whether its end may leave the region, so that everything can be seen.
    pub(super) is_seen: bool,
    /// Results of arithmetic at its end.
    pub(super) raw: Cells,
    /// Those that are no such results any more, if they came in as some.
    pub(super) settles: Cells,
}

/// What is in locals where each node starts.
pub(super) fn plan(nodes: &Nodes, summaries: &[Summary], fr: bool) -> Vec<Held> {
    let live = live(nodes, summaries);
    let dead = dead(nodes, summaries);
    let dirty = dirty(nodes, summaries);
    let stale = stale(nodes, summaries, &dirty, &dead);
    let raw = raw(nodes, summaries);
    let held = (0..nodes.len()).map(|node| {
        // Of aliases only one can be the newest.
        let dirty = dirty[node].without(dirty[node].aliases(fr)).without(dead[node]);
        let loaded = live[node].without(dirty.aliases(fr)) | dirty;
        Held { loaded, dirty, raw: raw[node] & dirty, zero: Cells::NONE, stale: stale[node] }
    });
    held.collect()
}

/// Backward: what every way on writes before it reads it, and before it leaves the region.
fn dead(nodes: &Nodes, summaries: &[Summary]) -> Vec<Cells> {
    let mut live = vec![Cells::NONE; nodes.len()];
    loop {
        let mut is_stable = true;
        for node in nodes.order.iter().rev().map(|node| *node as usize) {
            let summary = &summaries[node];
            let start = if summary.is_seen { !Cells::NONE } else { Cells::NONE };
            let after = nodes.graph.successors(node as u32).iter().fold(start, |all, to| all | live[*to as usize]);
            let now = summary.reads | after.without(summary.kills);
            is_stable &= now == live[node];
            live[node] = now;
        }
        if is_stable {
            return live.into_iter().map(|live| !live).collect();
        }
    }
}

/// Forward: what may be dead and not written back.
fn stale(nodes: &Nodes, summaries: &[Summary], dirty: &[Cells], dead: &[Cells]) -> Vec<Cells> {
    let mut stale = vec![Cells::NONE; nodes.len()];
    loop {
        let mut is_stable = true;
        for node in nodes.order.iter().copied() {
            let summary = &summaries[node as usize];
            let into = dirty[node as usize] | stale[node as usize];
            let out = out(summary, into) | if summary.calls { Cells::NONE } else { into.without(summary.kills) };
            for to in nodes.graph.successors(node).iter().map(|to| *to as usize) {
                let now = stale[to] | out & dead[to];
                is_stable &= now == stale[to];
                stale[to] = now;
            }
        }
        if is_stable {
            return stale;
        }
    }
}

/// Forward: what is a result of arithmetic whichever way one comes.
fn raw(nodes: &Nodes, summaries: &[Summary]) -> Vec<Cells> {
    let mut raw = vec![!Cells::NONE; nodes.len()];
    raw[0] = Cells::NONE;
    loop {
        let mut is_stable = true;
        for node in nodes.order.iter().copied() {
            let summary = &summaries[node as usize];
            let through = raw[node as usize].without(summary.settles).without(summary.kills);
            let out = if summary.calls { Cells::NONE } else { through | summary.raw };
            for to in nodes.graph.successors(node).iter().map(|to| *to as usize) {
                let now = raw[to] & out;
                is_stable &= now == raw[to];
                raw[to] = now;
            }
        }
        if is_stable {
            return raw;
        }
    }
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
