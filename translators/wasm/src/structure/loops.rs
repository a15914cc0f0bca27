//! [`Loops`]: which loop each node of a reducible graph is in, and how loops lie in one another.

use super::{NONE, order::Order};
use alloc::{vec, vec::Vec};

/// Loops are named by their headers; back edges to one header make one loop.
pub(super) struct Loops {
    /// The innermost loop around each node, its own for a header; [`NONE`] outside all loops.
    innermost: Vec<u32>,
    /// For each header the loop around its loop, or [`NONE`].
    outer: Vec<u32>,
}

impl Loops {
    /// Every retreating edge must be a back edge: its target dominates its source.
    pub(super) fn new(order: &Order) -> Loops {
        let nodes = order.place.len();
        let mut loops = Loops { innermost: vec![NONE; nodes], outer: vec![NONE; nodes] };
        // A loop's header dominates its body, so inner loops are done before what is around them.
        for &node in order.nodes.iter().rev() {
            if order.predecessors(node).iter().any(|&from| !order.is_forward(from, node)) {
                loops.gather(order, node);
            }
        }
        loops
    }

    /// Finds what leads back to `header`; loops found before are passed as a whole.
    fn gather(&mut self, order: &Order, header: u32) {
        self.innermost[header as usize] = header;
        let mut work: Vec<u32> = order.predecessors(header).to_vec();
        work.retain(|&from| !order.is_forward(from, header));
        while let Some(node) = work.pop() {
            let mut inner = self.innermost[node as usize];
            if inner == NONE {
                self.innermost[node as usize] = header;
                work.extend_from_slice(order.predecessors(node));
                continue;
            }
            while inner != header && self.outer[inner as usize] != NONE {
                inner = self.outer[inner as usize];
            }
            if inner != header {
                self.outer[inner as usize] = header;
                work.extend(order.forward_predecessors(inner));
            }
        }
    }

    pub(super) fn is_header(&self, node: u32) -> bool {
        self.innermost[node as usize] == node
    }

    /// The outermost loop around `dominator`, a strict dominator of `node`, that `node` is not in.
    pub(super) fn left_between(&self, dominator: u32, node: u32) -> Option<u32> {
        let around = match self.innermost[node as usize] {
            // What dominates a header is not in its loop.
            header if header == node => self.outer[node as usize],
            header => header,
        };
        let mut left = None;
        let mut inner = self.innermost[dominator as usize];
        while inner != around && inner != NONE {
            left = Some(inner);
            inner = self.outer[inner as usize];
        }
        left
    }
}
