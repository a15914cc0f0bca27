//! [`Graph`]: who may follow whom, and nothing else.

use alloc::{vec, vec::Vec};

/// A control-flow graph: for each node, in order, the nodes that may follow it. Node 0 is the entry.
///
/// Successor `i` of a node keeps its place and its multiplicity through everything in this module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Where the successors of each node end in `targets`; they begin where those of the node before end.
    ends: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    /// A graph without nodes.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// Appends a node; its number is the number of nodes before it. Successors may be numbers still to come.
    pub fn push(&mut self, successors: &[u32]) -> u32 {
        self.targets.extend_from_slice(successors);
        self.ends.push(self.targets.len() as u32);
        self.ends.len() as u32 - 1
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The numbers of all nodes.
    pub fn nodes(&self) -> core::ops::Range<u32> {
        0..self.ends.len() as u32
    }

    /// Where a node may go on, in the order given.
    pub fn successors(&self, node: u32) -> &[u32] {
        &self.targets[self.range(node)]
    }

    /// Leads an edge elsewhere, named by its place among all successors of all nodes.
    pub(super) fn set_target(&mut self, edge: u32, to: u32) {
        self.targets[edge as usize] = to;
    }

    /// The same edges the other way round, of those that start at one of `nodes`.
    pub(super) fn reversed(&self, nodes: &[u32]) -> Graph {
        let edges = || nodes.iter().flat_map(|&from| self.successors(from).iter().map(move |&to| (from, to)));
        let mut ends = vec![0; self.len()];
        edges().for_each(|(_, to)| ends[to as usize] += 1);
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        // Each list is filled from behind.
        let mut targets = vec![0; sum as usize];
        let mut next = ends.clone();
        for (from, to) in edges() {
            next[to as usize] -= 1;
            targets[next[to as usize] as usize] = from;
        }
        Graph { ends, targets }
    }

    fn range(&self, node: u32) -> core::ops::Range<usize> {
        let node = node as usize;
        let start = if node == 0 { 0 } else { self.ends[node - 1] };
        start as usize..self.ends[node] as usize
    }
}

impl<S: AsRef<[u32]>> FromIterator<S> for Graph {
    /// One list of successors for each node.
    fn from_iter<I: IntoIterator<Item = S>>(lists: I) -> Graph {
        let mut graph = Graph::new();
        for list in lists {
            graph.push(list.as_ref());
        }
        graph
    }
}
