//! [`Order`]: the reachable nodes in reverse postorder, and their predecessors.

use super::{Graph, NONE};
use alloc::{vec, vec::Vec};

/// The reachable nodes so that each comes after all that lead to it, but for retreating edges.
pub(super) struct Order {
    /// Place to node.
    pub(super) nodes: Vec<u32>,
    /// Node to place; [`NONE`] where no path leads from the entry.
    pub(super) place: Vec<u32>,
    predecessors: Graph,
}

impl Order {
    pub(super) fn new(graph: &Graph) -> Order {
        let nodes = reverse_postorder(graph);
        let mut place = vec![NONE; graph.len()];
        for (at, &node) in nodes.iter().enumerate() {
            place[node as usize] = at as u32;
        }
        let predecessors = graph.reversed(&nodes);
        Order { nodes, place, predecessors }
    }

    /// Where a node can be reached from, once for each edge.
    pub(super) fn predecessors(&self, node: u32) -> &[u32] {
        self.predecessors.successors(node)
    }

    /// Whether an edge goes on in the order. In a reducible graph those that do not are the back edges.
    pub(super) fn is_forward(&self, from: u32, to: u32) -> bool {
        self.place[from as usize] < self.place[to as usize]
    }

    /// Edges that reach `node` from before it.
    pub(super) fn forward_predecessors(&self, node: u32) -> impl Iterator<Item = u32> {
        self.predecessors(node).iter().copied().filter(move |&from| self.is_forward(from, node))
    }
}

/// Depth first with a stack of its own; a node's last successor is looked at first, so that its first comes first.
fn reverse_postorder(graph: &Graph) -> Vec<u32> {
    let mut order = Vec::with_capacity(graph.len());
    if graph.is_empty() {
        return order;
    }
    let mut seen = vec![false; graph.len()];
    seen[0] = true;
    let mut stack = vec![(0, graph.successors(0).len())];
    while let Some((node, left)) = stack.last_mut() {
        let Some(next) = left.checked_sub(1) else {
            order.push(*node);
            stack.pop();
            continue;
        };
        *left = next;
        let to = graph.successors(*node)[next];
        if !core::mem::replace(&mut seen[to as usize], true) {
            stack.push((to, graph.successors(to).len()));
        }
    }
    order.reverse();
    order
}
