//! Which cells are in locals at the start of each node: a proposal by data flow, which the writer makes true on every
//! edge: it loads, stores, and leaves where something is no result of arithmetic that should be one. So nothing here can
//! make code wrong, only slow; but for what is dead, which is believed.

use super::graph::Nodes;
use crate::cells::Cells;
use crate::reading::emit::Held;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::{BitAnd, BitOr};

/// Rounds after which loops that nest deeply get a simpler plan: each nesting may take one.
const ROUNDS_MAX: u32 = 16;

/// What a node does to cells, seen from its start with nothing in locals.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Summary {
    /// Read before they are written.
    pub(super) uses: Cells,
    /// Not in the register file at its end.
    pub(super) writes: Cells,
    /// What an alias put out of its local.
    pub(super) spills: Cells,
    /// Whether it ends with a call, which leaves nothing in locals.
    pub(super) calls: bool,
    /// Whether it may call, which writes all back, and go on otherwise if it does not: into what stands in place of the call.
    pub(super) may_call: bool,
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

impl Summary {
    /// What is not in the register file at its end, if `into` was not at its start.
    fn dirty_after(&self, into: Cells) -> Cells {
        if self.calls { Cells::NONE } else { into.without(self.spills) | self.writes }
    }

    /// What is in locals at its end, if `into` was at its start.
    fn held_after(&self, into: Cells) -> Cells {
        if self.calls { Cells::NONE } else { into.without(self.spills) | self.uses | self.writes }
    }

    /// What are results of arithmetic at its end, if `into` were at its start.
    fn raw_after(&self, into: Cells) -> Cells {
        if self.calls { Cells::NONE } else { into.without(self.settles).without(self.kills) | self.raw }
    }
}

/// What is in locals where each node starts.
pub(super) fn plan(nodes: &Nodes, summaries: &[Summary], fr: bool) -> Vec<Held> {
    let live = live(nodes, summaries);
    let dead = dead(nodes, summaries);
    let near = near(nodes, summaries);
    let wanted: Vec<Cells> = live.iter().zip(near).map(|(live, near)| *live & near).collect();
    let dirty = dirty(nodes, summaries, &wanted);
    let stale = stale(nodes, summaries, &dirty, &dead);
    let raw = raw(nodes, summaries);
    let held = (0..nodes.len()).map(|node| {
        // Of aliases only one can be the newest.
        let dirty = dirty[node].without(dirty[node].aliases(fr)).without(dead[node]);
        let loaded = wanted[node].without(dirty.aliases(fr)) | dirty;
        Held { loaded, dirty, raw: raw[node] & dirty, zero: Cells::NONE, stale: stale[node] }
    });
    held.collect()
}

/// Solves for the starts of all nodes, against the flow of control: `of` says of a node what holds at its start if
/// that holds for any of its successors. The solution is the next one to `start`.
fn backward(nodes: &Nodes, start: Cells, of: impl Fn(usize, Cells) -> Cells) -> Vec<Cells> {
    let mut at = vec![start; nodes.len()];
    loop {
        let mut is_stable = true;
        for node in nodes.order.iter().rev().copied() {
            let successors = nodes.graph.successors(node).iter();
            let after = successors.fold(Cells::NONE, |all, to| all | at[*to as usize]);
            let now = of(node as usize, after);
            is_stable &= now == at[node as usize];
            at[node as usize] = now;
        }
        if is_stable {
            return at;
        }
    }
}

/// The same with the flow of control: `along` says of an edge what holds behind it if that holds at its origin, and
/// `meet` what two edges make together.
fn forward(
    nodes: &Nodes,
    mut at: Vec<Cells>,
    meet: impl Fn(Cells, Cells) -> Cells,
    along: impl Fn(usize, usize, Cells) -> Cells,
) -> Vec<Cells> {
    loop {
        let mut is_stable = true;
        for node in nodes.order.iter().copied() {
            for to in nodes.graph.successors(node).iter().map(|to| *to as usize) {
                let now = meet(at[to], along(node as usize, to, at[node as usize]));
                is_stable &= now == at[to];
                at[to] = now;
            }
        }
        if is_stable {
            return at;
        }
    }
}

/// What is read before it is written, without a call between.
fn live(nodes: &Nodes, summaries: &[Summary]) -> Vec<Cells> {
    backward(nodes, Cells::NONE, |node, after| {
        let summary = &summaries[node];
        summary.uses | if summary.calls { Cells::NONE } else { after.without(summary.writes) }
    })
}

/// What every way on writes before it reads it, and before it leaves the region. What a loop without a way out never
/// writes is not dead: somebody who polls would wait for it forever. So this starts from everything being needed.
fn dead(nodes: &Nodes, summaries: &[Summary]) -> Vec<Cells> {
    let needed = backward(nodes, !Cells::NONE, |node, after| {
        let summary = &summaries[node];
        let after = if summary.is_seen { !Cells::NONE } else { after };
        summary.reads | after.without(summary.kills)
    });
    needed.into_iter().map(|needed| !needed).collect()
}

/// What may be dead and not written back.
fn stale(nodes: &Nodes, summaries: &[Summary], dirty: &[Cells], dead: &[Cells]) -> Vec<Cells> {
    forward(nodes, vec![Cells::NONE; nodes.len()], Cells::bitor, |node, to, stale| {
        let summary = &summaries[node];
        let into = dirty[node] | stale;
        let through = if summary.calls { Cells::NONE } else { into.without(summary.kills) };
        (summary.dirty_after(into) | through) & dead[to]
    })
}

/// What some way here has in a local already. The rest had better be loaded where it is used: it may not be.
fn near(nodes: &Nodes, summaries: &[Summary]) -> Vec<Cells> {
    forward(nodes, vec![Cells::NONE; nodes.len()], Cells::bitor, |node, _, near| summaries[node].held_after(near))
}

/// What is in a local whichever way one comes, if `wanted` is loaded where ways meet.
fn at_hand(nodes: &Nodes, summaries: &[Summary], wanted: &[Cells]) -> Vec<Cells> {
    let here = forward(nodes, everywhere_but_at_the_root(nodes), Cells::bitand, |node, _, here| {
        summaries[node].held_after(here | wanted[node])
    });
    here.iter().zip(wanted).map(|(here, wanted)| *here | *wanted).collect()
}

fn everywhere_but_at_the_root(nodes: &Nodes) -> Vec<Cells> {
    let mut all = vec![!Cells::NONE; nodes.len()];
    all[0] = Cells::NONE;
    all
}

/// What the register file may not have yet. Of what comes into a loop dirty, only that stays so which some way around
/// the loop leaves dirty: the rest would be written back in each turn, and is so once, before. If there is a call in the
/// loop, which writes all back, only that stays so which the loop itself makes dirty, even if some way passes the call by.
/// Where ways meet elsewhere, only that stays dirty which all of them have in a local: otherwise one would load what another
/// stores.
fn dirty(nodes: &Nodes, summaries: &[Summary], wanted: &[Cells]) -> Vec<Cells> {
    let call = headers_that_call(nodes, summaries);
    let at_most = dirty_up_to(nodes, summaries, &call, vec![!Cells::NONE; nodes.len()]);
    // Loading before a loop what it dirties keeps it out of the turns.
    let of = |node: usize| wanted[node] | if nodes.is_header(node as u32) { at_most[node] } else { Cells::NONE };
    let here = at_hand(nodes, summaries, &(0..nodes.len()).map(of).collect::<Vec<Cells>>());
    dirty_up_to(nodes, summaries, &call, here)
}

/// Which nodes are headers of loops with calls.
fn headers_that_call(nodes: &Nodes, summaries: &[Summary]) -> Vec<bool> {
    let mut call = vec![false; nodes.len()];
    for header in nodes.headers() {
        call[header] = nodes.loop_of(header).any(|node| summaries[node].calls || summaries[node].may_call);
    }
    call
}

/// The same where a node may have no more than its limit.
fn dirty_up_to(nodes: &Nodes, summaries: &[Summary], call: &[bool], mut limit: Vec<Cells>) -> Vec<Cells> {
    for round in 0.. {
        if round == ROUNDS_MAX {
            nodes.headers().for_each(|header| limit[header] = Cells::NONE);
        }
        let into = forward(nodes, vec![Cells::NONE; nodes.len()], Cells::bitor, |node, to, into| {
            let is_cleaned = call[to] && !nodes.is_back(node as u32, to as u32);
            if is_cleaned { Cells::NONE } else { summaries[node].dirty_after(into) & limit[to] }
        });
        let mut is_stable = true;
        for header in nodes.headers() {
            let around = nodes.ways_back(header).map(|node| summaries[node].dirty_after(into[node]));
            let now = into[header] & around.fold(Cells::NONE, Cells::bitor);
            is_stable &= now == into[header];
            limit[header] = limit[header] & now;
        }
        if is_stable {
            return into;
        }
    }
    unreachable!("the limits shrink until nothing changes")
}

/// What is a result of arithmetic, whichever way one comes. At the header of a loop that is also what all ways around
/// the loop leave as results: whatever else comes in is looked at once, before the loop, instead of in each turn.
fn raw(nodes: &Nodes, summaries: &[Summary]) -> Vec<Cells> {
    let mut assumed = vec![Cells::NONE; nodes.len()];
    let mut refuted = vec![Cells::NONE; nodes.len()];
    for round in 0.. {
        if round == ROUNDS_MAX {
            assumed.fill(Cells::NONE);
            refuted.fill(!Cells::NONE);
        }
        let start = everywhere_but_at_the_root(nodes);
        let at = forward(nodes, start, Cells::bitand, |node, to, into| {
            // What comes otherwise than it should leaves at the node's PC, so that must have one.
            if nodes.place(to as u32).is_none() { Cells::NONE } else { summaries[node].raw_after(into) | assumed[to] }
        });
        let mut is_stable = true;
        for header in nodes.headers().filter(|header| nodes.place(*header as u32).is_some()) {
            let around: Vec<Cells> = nodes.ways_back(header).map(|node| summaries[node].raw_after(at[node])).collect();
            let wrong = assumed[header].without(around.iter().copied().fold(!Cells::NONE, Cells::bitand));
            refuted[header] = refuted[header] | wrong;
            let some = around.iter().copied().fold(Cells::NONE, Cells::bitor);
            let now = (assumed[header] | some.without(at[header])).without(refuted[header]);
            is_stable &= now == assumed[header];
            assumed[header] = now;
        }
        if is_stable {
            return at;
        }
    }
    unreachable!("what is refuted grows until nothing changes")
}
