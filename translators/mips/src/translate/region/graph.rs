//! [`Nodes`]: a layout's places as a reducible graph, and in the order in which they are written.

use super::enter::{Entered, enter};
use super::layout::Layout;
use crate::region::Block;
use alloc::vec;
use alloc::vec::Vec;
use wasm::structure::{Exit, Graph, Origin, Step, Tree, split, structure};

/// How much the copies that make a region reducible may add: up to this many times its instructions in all.
const GROWTH_MAX: u64 = 3;

/// The nodes of a region's Wasm function.
pub(super) struct Nodes {
    /// Who follows whom.
    pub(super) graph: Graph,
    /// What each node is: a place of the layout.
    pub(super) origin: Vec<Origin>,
    /// The structured form.
    pub(super) tree: Tree,
    /// Nodes in the order in which they are written; a forward edge leads to a later one.
    pub(super) order: Vec<u32>,
    /// Where each node is in that order.
    turn: Vec<u32>,
    /// For each node, those from which edges close its loop.
    ways_back: Vec<Vec<u32>>,
    /// For each node, all others from which edges lead there.
    ways_on: Vec<Vec<u32>>,
    /// Whether a node is where a dispatcher leads.
    is_dispatched: Vec<bool>,
}

impl Nodes {
    /// The nodes of `layout`.
    pub(super) fn new(layout: &Layout<'_>) -> Nodes {
        let Entered { successors, places } = enter(layout);
        let graph: Graph = successors.into_iter().collect();
        let weight = |block: &Block| (block.insns.len() + block.successors().count()) as u32;
        let weights: Vec<u32> = places.iter().map(|place| weight(layout.block(*place))).collect();
        let weight: u64 = weights.iter().copied().map(u64::from).sum();
        let split = split(&graph, &weights, GROWTH_MAX * weight);
        let origin = split.origin.iter().map(|origin| match origin {
            Origin::Node(node) => Origin::Node(places[*node as usize]),
            other => *other,
        });
        let origin = origin.collect();
        let tree = structure(&split.graph).unwrap_or_else(|| unreachable!("a split graph is reducible"));
        let mut nodes = Nodes {
            order: Vec::new(),
            turn: vec![u32::MAX; split.graph.len()],
            ways_back: vec![Vec::new(); split.graph.len()],
            ways_on: vec![Vec::new(); split.graph.len()],
            is_dispatched: vec![false; split.graph.len()],
            graph: split.graph,
            origin,
            tree,
        };
        nodes.number();
        nodes
    }

    fn number(&mut self) {
        for step in self.tree.walk() {
            if let Step::Node { node, .. } = step {
                self.turn[node as usize] = self.order.len() as u32;
                self.order.push(node);
            }
        }
        for node in self.order.iter().copied() {
            for to in self.graph.successors(node).iter().copied() {
                self.is_dispatched[to as usize] |= self.origin[node as usize] == Origin::Dispatch;
                let is_back = self.turn[to as usize] <= self.turn[node as usize];
                let ways = if is_back { &mut self.ways_back } else { &mut self.ways_on };
                ways[to as usize].push(node);
            }
        }
    }

    /// How many there are, those included that nothing leads to.
    pub(super) fn len(&self) -> usize {
        self.origin.len()
    }

    /// The place that a node is, if it is one.
    pub(super) fn place(&self, node: u32) -> Option<u32> {
        match self.origin[node as usize] {
            Origin::Node(place) => Some(place),
            Origin::Select(_) | Origin::Dispatch => None,
        }
    }

    /// Whether a node is the header of a loop.
    pub(super) fn is_header(&self, node: u32) -> bool {
        !self.ways_back[node as usize].is_empty()
    }

    /// Whether to poll at a node: each loop has one where it does. A dispatcher cannot, as it has no guest address.
    pub(super) fn polls(&self, node: u32) -> bool {
        self.is_header(node) || self.is_dispatched[node as usize]
    }

    /// The headers of loops.
    pub(super) fn headers(&self) -> impl Iterator<Item = usize> {
        self.order.iter().copied().filter(|node| self.is_header(*node)).map(|node| node as usize)
    }

    /// The nodes from which edges close the loop of `header`.
    pub(super) fn ways_back(&self, header: usize) -> impl Iterator<Item = usize> {
        self.ways_back[header].iter().map(|node| *node as usize)
    }

    /// The nodes of the loop of `header`, loops inside it included.
    pub(super) fn loop_of(&self, header: usize) -> impl Iterator<Item = usize> {
        let mut is_found = vec![false; self.len()];
        is_found[header] = true;
        let mut found = vec![header];
        let mut next = self.ways_back[header].clone();
        while let Some(node) = next.pop() {
            if !core::mem::replace(&mut is_found[node as usize], true) {
                found.push(node as usize);
                next.extend(self.ways_on[node as usize].iter().chain(&self.ways_back[node as usize]));
            }
        }
        found.into_iter()
    }

    /// Whether an edge closes a loop.
    pub(super) fn is_back(&self, from: u32, to: u32) -> bool {
        self.turn[to as usize] <= self.turn[from as usize]
    }

    /// Whether an exit closes a loop.
    pub(super) fn closes(&self, from: u32, exit: Exit) -> bool {
        matches!(exit, Exit::Branch(to) if self.is_back(from, to))
    }
}
