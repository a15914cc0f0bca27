//! [`Dominators`]: for each node the last one that every path to it passes.
//!
//! Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001), in one pass.

use super::{Graph, NONE, order::Order};
use alloc::{vec, vec::Vec};

pub(super) struct Dominators {
    /// The immediate dominator of each node; [`NONE`] for the entry and for what is not reachable.
    pub(super) immediate: Vec<u32>,
}

impl Dominators {
    /// Looks at forward edges only: as long as [`is_reducible`](Self::is_reducible) holds of the result, back edges
    /// make no difference (who takes one has been where it leads), and one pass does.
    pub(super) fn new(order: &Order) -> Dominators {
        let mut immediate = vec![NONE; order.place.len()];
        for &node in order.nodes.iter().skip(1) {
            let common = order.forward_predecessors(node).reduce(|a, b| meet(order, &immediate, a, b));
            immediate[node as usize] = common.expect("a reachable node has a predecessor before it");
        }
        Dominators { immediate }
    }

    /// Whether every cycle of `graph` has one node through which all paths enter it.
    pub(super) fn is_reducible(&self, graph: &Graph, order: &Order) -> bool {
        let interval = self.intervals(order);
        let dominates = |a: u32, b: u32| interval[a as usize].contains(&interval[b as usize].start);
        order
            .nodes
            .iter()
            .all(|&from| graph.successors(from).iter().all(|&to| order.is_forward(from, to) || dominates(to, from)))
    }

    /// Numbers the dominator tree in preorder; a node dominates those whose number lies in its interval.
    fn intervals(&self, order: &Order) -> Vec<core::ops::Range<u32>> {
        let mut size = vec![1; self.immediate.len()];
        for &node in order.nodes.iter().skip(1).rev() {
            size[self.immediate[node as usize] as usize] += size[node as usize];
        }
        let mut interval = vec![0..0; size.len()];
        let mut free = vec![0; size.len()];
        for &node in &order.nodes {
            let node = node as usize;
            let mut start = 0;
            if self.immediate[node] != NONE {
                let parent = self.immediate[node] as usize;
                start = free[parent];
                free[parent] += size[node];
            }
            interval[node] = start..start + size[node];
            free[node] = start + 1;
        }
        interval
    }
}

/// The nearest node that dominates both.
fn meet(order: &Order, immediate: &[u32], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        if order.place[a as usize] > order.place[b as usize] {
            a = immediate[a as usize];
        } else {
            b = immediate[b as usize];
        }
    }
    a
}
