//! [`Edges`]: a graph that grows and whose edges can be led elsewhere, with the way back along each.

use super::{Graph, NONE};
use alloc::{vec, vec::Vec};

/// An edge is named by its place among all successors of all nodes, which it keeps.
pub(super) struct Edges {
    pub(super) graph: Graph,
    /// Where each edge starts.
    source: Vec<u32>,
    /// For each node one of the edges that lead to it.
    first: Vec<u32>,
    /// For each edge another one that leads to the same node.
    next: Vec<u32>,
}

impl Edges {
    pub(super) fn new(graph: &Graph) -> Edges {
        let mut edges = Edges { graph: Graph::new(), source: vec![], first: vec![NONE; graph.len()], next: vec![] };
        graph.nodes().for_each(|node| _ = edges.push(graph.successors(node)));
        edges
    }

    /// Appends a node.
    pub(super) fn push(&mut self, successors: &[u32]) -> u32 {
        let node = self.graph.push(successors);
        let nodes = successors.iter().fold(node, |last, &to| last.max(to)) as usize + 1;
        if self.first.len() < nodes {
            self.first.resize(nodes, NONE);
        }
        for &to in successors {
            self.source.push(node);
            self.next.push(NONE);
            self.link(self.source.len() as u32 - 1, to);
        }
        node
    }

    /// Decides anew for each edge to `node`, told where it starts, where it leads. That may push nodes.
    pub(super) fn lead(&mut self, node: u32, mut to: impl FnMut(&mut Edges, u32) -> u32) {
        let mut edge = core::mem::replace(&mut self.first[node as usize], NONE);
        while edge != NONE {
            let next = self.next[edge as usize];
            let target = to(self, self.source[edge as usize]);
            self.graph.set_target(edge, target);
            self.link(edge, target);
            edge = next;
        }
    }

    fn link(&mut self, edge: u32, to: u32) {
        self.next[edge as usize] = core::mem::replace(&mut self.first[to as usize], edge);
    }
}
