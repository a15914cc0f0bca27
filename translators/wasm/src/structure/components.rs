//! [`Components`]: which nodes of a region lie on common cycles.
//!
//! Gabow, "Path-based depth-first search for strong and biconnected components" (2000), without recursion.

use super::{Graph, NONE};
use alloc::{vec, vec::Vec};

/// Part of a graph whose cycles are looked at: edges that leave it, or come into it, do not count.
pub(super) struct Region {
    pub(super) nodes: Vec<u32>,
    /// Those of its nodes to which edges from elsewhere lead.
    pub(super) entered: Vec<u32>,
    /// How many loops are around it.
    pub(super) depth: u32,
}

/// A cycle and all that shares nodes with it.
pub(super) struct Component {
    pub(super) nodes: Vec<u32>,
    /// Those of its nodes to which edges from elsewhere lead, in rising order.
    pub(super) entries: Vec<u32>,
}

impl Component {
    /// Makes entries of so many nodes that every cycle of several nodes holds one.
    pub(super) fn enter_everywhere(&mut self, graph: &Graph) {
        self.nodes.sort_unstable();
        let back = |from: u32| graph.successors(from).iter().copied().filter(move |&to| to < from);
        let back = self.nodes.iter().flat_map(|&from| back(from));
        self.entries.extend(back.filter(|to| self.nodes.binary_search(to).is_ok()));
        self.entries.sort_unstable();
        self.entries.dedup();
    }
}

/// The component each node was last found in.
pub(super) struct Components {
    /// An id never used again, or [`NONE`].
    id: Vec<u32>,
    ids: u32,
    /// For an open node, how many were open before it.
    height: Vec<u32>,
}

/// Instead of an id: in the region and not come upon.
const UNSEEN: u32 = NONE - 1;
/// Instead of an id: come upon, and perhaps on a cycle with what comes next.
const OPEN: u32 = NONE - 2;

impl Components {
    pub(super) fn new() -> Components {
        Components { id: vec![], ids: 0, height: vec![] }
    }

    /// Whether both are in one component; a node added since the last search is in none.
    pub(super) fn is_same(&self, a: u32, b: u32) -> bool {
        let id = |node: u32| self.id.get(node as usize).copied().unwrap_or(NONE);
        id(a) == id(b) && id(a) != NONE
    }

    /// The components of more than one node in a region.
    pub(super) fn find(&mut self, graph: &Graph, region: &Region) -> Vec<Component> {
        self.id.resize(graph.len(), NONE);
        self.height.resize(graph.len(), 0);
        for &node in &region.nodes {
            self.id[node as usize] = UNSEEN;
        }
        let base = self.ids;
        let mut found = vec![];
        for &node in &region.nodes {
            if self.id[node as usize] == UNSEEN {
                self.search(graph, node, &mut found);
            }
        }
        // By id, which components of one node have, too.
        let mut at = vec![NONE; (self.ids - base) as usize];
        for (index, component) in found.iter().enumerate() {
            at[(self.id[component.nodes[0] as usize] - base) as usize] = index as u32;
        }
        let mut enter = |node: u32| {
            let index = at[(self.id[node as usize] - base) as usize];
            if index != NONE {
                found[index as usize].entries.push(node);
            }
        };
        region.entered.iter().for_each(|&node| enter(node));
        for &from in &region.nodes {
            for &to in graph.successors(from) {
                let id = self.id[to as usize];
                if id >= base && id < self.ids && id != self.id[from as usize] {
                    enter(to);
                }
            }
        }
        for component in &mut found {
            component.entries.sort_unstable();
            component.entries.dedup();
        }
        found
    }

    fn search(&mut self, graph: &Graph, root: u32, found: &mut Vec<Component>) {
        let (mut path, mut open, mut starts) = (vec![], vec![], vec![]);
        let mut come_to = Some(root);
        loop {
            if let Some(node) = come_to.take() {
                self.id[node as usize] = OPEN;
                self.height[node as usize] = open.len() as u32;
                starts.push(open.len() as u32);
                open.push(node);
                path.push((node, 0));
            }
            let Some((node, next)) = path.last_mut() else { return };
            if let Some(&to) = graph.successors(*node).get(*next) {
                *next += 1;
                match self.id[to as usize] {
                    UNSEEN => come_to = Some(to),
                    // A cycle: all that was opened after `to` belongs together with it.
                    OPEN => while starts.pop_if(|start| *start > self.height[to as usize]).is_some() {},
                    _ => {}
                }
                continue;
            }
            let start = self.height[*node as usize];
            path.pop();
            if starts.pop_if(|last| *last == start).is_some() {
                self.close(open.split_off(start as usize), found);
            }
        }
    }

    fn close(&mut self, nodes: Vec<u32>, found: &mut Vec<Component>) {
        for &node in &nodes {
            self.id[node as usize] = self.ids;
        }
        self.ids += 1;
        if nodes.len() > 1 {
            found.push(Component { nodes, entries: vec![] });
        }
    }
}
