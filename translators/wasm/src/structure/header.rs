//! [`Headers`]: chooses which node of a cycle with several entries becomes its header.

use super::components::{Component, Components};
use super::{Graph, NONE};
use alloc::{vec, vec::Vec};

/// How many nodes are looked at in search of the best header of one cycle.
const EFFORT_MAX: usize = 1 << 15;
/// The same for all cycles of a graph; what comes after that gets the first header that will do.
const EFFORTS_MAX: usize = 1 << 20;

/// A header, and the nodes that have to be copied for it: all that the other entries lead to before they pass it.
pub(super) struct Header {
    pub(super) node: u32,
    pub(super) copied: Vec<u32>,
    pub(super) weight: u64,
}

pub(super) struct Headers {
    /// What a copy of each node of the graph to be split costs, and of each that is added.
    pub(super) weights: Vec<u64>,
    /// In which search each node was last come upon.
    seen: Vec<u32>,
    search: u32,
    /// What is left of [`EFFORTS_MAX`].
    effort: usize,
}

impl Headers {
    pub(super) fn new(weights: Vec<u64>) -> Headers {
        Headers { weights, seen: vec![], search: NONE, effort: EFFORTS_MAX }
    }

    /// The header that makes the least be copied, if that weighs no more than `limit`.
    pub(super) fn choose(
        &mut self,
        graph: &Graph,
        components: &Components,
        component: &Component,
        mut limit: u64,
    ) -> Option<Header> {
        self.seen.resize(graph.len(), NONE);
        let mut best = None;
        let mut effort = EFFORT_MAX.min(self.effort);
        self.effort -= effort;
        // Entries first: they are the likely headers, and the limit they set ends the other searches soon.
        let others = component.nodes.iter().filter(|node| component.entries.binary_search(node).is_err());
        for &node in component.entries.iter().chain(others) {
            let within = |to: u32| components.is_same(to, node);
            let (copied, weight) = self.reached(graph, &component.entries, node, within, limit);
            effort = effort.saturating_sub(copied.len());
            if weight <= limit {
                // Every node weighs something, so this is met no second time.
                limit = weight - 1;
                best = Some(Header { node, copied, weight });
            }
            if effort == 0 {
                break;
            }
        }
        self.effort += effort;
        best
    }

    /// What the entries but `header` lead to without passing it, and its weight; not all once that exceeds `limit`.
    fn reached(
        &mut self,
        graph: &Graph,
        entries: &[u32],
        header: u32,
        within: impl Fn(u32) -> bool,
        limit: u64,
    ) -> (Vec<u32>, u64) {
        self.search = self.search.wrapping_add(1);
        let mut reached = entries.to_vec();
        reached.retain(|&entry| entry != header);
        self.seen[header as usize] = self.search;
        reached.iter().for_each(|&entry| self.seen[entry as usize] = self.search);
        let mut weight = 0;
        let mut at = 0;
        while let Some(&node) = reached.get(at).filter(|_| weight <= limit) {
            at += 1;
            weight += self.weights[node as usize];
            for &to in graph.successors(node) {
                if self.seen[to as usize] != self.search && within(to) {
                    self.seen[to as usize] = self.search;
                    reached.push(to);
                }
            }
        }
        (reached, weight)
    }
}
