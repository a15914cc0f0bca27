//! [`Nodes`]: a region's blocks as a reducible graph, and in the order in which they are written.

use super::enter::{Entered, enter};
use crate::region::Region;
use alloc::vec;
use alloc::vec::Vec;
use wasm::structure::{Exit, Graph, Origin, Step, Tree, split, structure};

/// How much the copies that make a region reducible may add: up to this many times its instructions in all.
const GROWTH_MAX: u64 = 3;

/// The nodes of a region's Wasm function.
pub(super) struct Nodes {
    /// Who follows whom.
    pub(super) graph: Graph,
    /// What each node is: a block, by its number in the region.
    pub(super) origin: Vec<Origin>,
    /// The structured form.
    pub(super) tree: Tree,
    /// Nodes in the order in which they are written; a forward edge leads to a later one.
    pub(super) order: Vec<u32>,
    /// Places in that order.
    place: Vec<u32>,
    /// Whether a node is the header of a loop.
    pub(super) is_header: Vec<bool>,
}

impl Nodes {
    /// The nodes of `region`, which is entered at the block `root`.
    pub(super) fn new(region: &Region, root: usize) -> Nodes {
        let Entered { successors, blocks } = enter(region, root);
        let graph: Graph = successors.into_iter().collect();
        let weights: Vec<u32> = blocks.iter().map(|block| region.blocks[*block as usize].insns.len() as u32).collect();
        let weight: u64 = weights.iter().copied().map(u64::from).sum();
        let split = split(&graph, &weights, GROWTH_MAX * weight);
        let origin = split.origin.iter().map(|origin| match origin {
            Origin::Node(node) => Origin::Node(blocks[*node as usize]),
            other => *other,
        });
        let origin = origin.collect();
        let tree = structure(&split.graph).unwrap_or_else(|| unreachable!("a split graph is reducible"));
        let mut nodes = Nodes {
            order: Vec::new(),
            place: vec![u32::MAX; split.graph.len()],
            is_header: vec![false; split.graph.len()],
            graph: split.graph,
            origin,
            tree,
        };
        nodes.number();
        nodes
    }

    fn number(&mut self) {
        for step in self.tree.walk() {
            match step {
                Step::Loop(header) => self.is_header[header as usize] = true,
                Step::Node { node, .. } => {
                    self.place[node as usize] = self.order.len() as u32;
                    self.order.push(node);
                }
                _ => {}
            }
        }
    }

    /// How many there are, those included that nothing leads to.
    pub(super) fn len(&self) -> usize {
        self.origin.len()
    }

    /// The number of the block that a node is, if it is one.
    pub(super) fn block(&self, node: u32) -> Option<usize> {
        match self.origin[node as usize] {
            Origin::Node(block) => Some(block as usize),
            Origin::Select(_) | Origin::Dispatch => None,
        }
    }

    /// Whether an edge closes a loop.
    pub(super) fn is_back(&self, from: u32, to: u32) -> bool {
        self.place[to as usize] <= self.place[from as usize]
    }

    /// Whether an exit closes a loop.
    pub(super) fn closes(&self, from: u32, exit: Exit) -> bool {
        matches!(exit, Exit::Branch(to) if self.is_back(from, to))
    }
}
