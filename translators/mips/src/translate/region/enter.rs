//! Entering a loop elsewhere than at its header.
//!
//! A region that starts inside a loop would make its root the header, and turn nested loops inside out. So what runs
//! from the root until the loop's own header is copied, and the loop itself stays as its compiler laid it out.

use super::layout::Layout;
use alloc::vec;
use alloc::vec::Vec;

/// A layout's places as a graph that may hold copies.
pub(super) struct Entered {
    /// Who follows whom; node 0 is the root.
    pub(super) successors: Vec<Vec<u32>>,
    /// The place that each node is.
    pub(super) places: Vec<u32>,
}

/// How often what is around the root may be copied: once for each loop around it.
const DEPTH_MAX: usize = 4;

/// How many instructions that may be in any region, and what part of it more in a big one: beyond, translating it costs
/// more than its loops' layout gains.
const COPIED_MAX: usize = 64;
const COPIED_SHARE: usize = 4;

/// The graph of `layout`, entered at its root.
pub(super) fn enter(layout: &Layout<'_>) -> Entered {
    let places = 0..layout.places.len() as u32;
    let successors = places.clone().map(|place| layout.ways(place).into_iter().filter_map(|(_, to)| to).collect());
    let mut graph = Entered { successors: successors.collect(), places: places.collect() };
    let mut root = layout.root;
    for _ in 0..DEPTH_MAX {
        let Some(copy) = graph.peel(layout, root) else { break };
        root = copy;
    }
    graph.start_with(root);
    graph
}

impl Entered {
    /// Copies what `root` leads to before the header of the outermost loop around it, unless it is that header itself.
    fn peel(&mut self, layout: &Layout<'_>, root: u32) -> Option<u32> {
        let from_root = self.reached(root, None);
        let to_root = self.reaching(root);
        let is_inside = |node: u32| from_root[node as usize] && to_root[node as usize];
        let pc = |node: u32| layout.block(self.places[node as usize]).pc;
        let instance = |node: u32| layout.places[self.places[node as usize] as usize].instance;
        // Compilers put a loop's header first: it is the lowest that is jumped back to.
        let edges = (0..self.successors.len() as u32).filter(|node| is_inside(*node)).flat_map(|node| {
            self.successors[node as usize].iter().map(move |to| (node, *to)).filter(|(_, to)| is_inside(*to))
        });
        let own = edges.filter(|(from, to)| instance(*from) == instance(root) && instance(*to) == instance(root));
        let header = own.filter(|(from, to)| pc(*from) >= pc(*to)).map(|(_, to)| to).min_by_key(|to| pc(*to))?;
        if header == root {
            return None;
        }
        let before = self.reached(root, Some(header));
        let between: Vec<usize> =
            (0..self.successors.len()).filter(|node| before[*node] && is_inside(*node as u32)).collect();
        let copied: usize = between.iter().map(|node| layout.block(self.places[*node]).insns.len()).sum();
        if copied > COPIED_MAX + layout.instructions() as usize / COPIED_SHARE {
            return None;
        }
        let mut copy_of = vec![None; self.successors.len()];
        for node in between {
            copy_of[node] = Some((self.successors.len() + copy_of.iter().flatten().count()) as u32);
        }
        for node in (0..copy_of.len()).filter(|node| copy_of[*node].is_some()) {
            let copied = |to: &u32| copy_of.get(*to as usize).copied().flatten().unwrap_or(*to);
            let successors = self.successors[node].iter().map(copied).collect();
            self.successors.push(successors);
            self.places.push(self.places[node]);
        }
        copy_of[root as usize]
    }

    /// What `from` leads to, itself included, without going on from `barrier`, which is left out.
    fn reached(&self, from: u32, barrier: Option<u32>) -> Vec<bool> {
        let mut is_reached = vec![false; self.successors.len()];
        let mut stack = vec![from];
        is_reached[from as usize] = true;
        while let Some(node) = stack.pop() {
            for to in self.successors[node as usize].iter().copied().filter(|to| Some(*to) != barrier) {
                if !core::mem::replace(&mut is_reached[to as usize], true) {
                    stack.push(to);
                }
            }
        }
        is_reached
    }

    /// What leads to `to`, itself included only if it is in a loop.
    fn reaching(&self, to: u32) -> Vec<bool> {
        let mut before = vec![Vec::new(); self.successors.len()];
        for (node, successors) in (0..).zip(&self.successors) {
            successors.iter().for_each(|to| before[*to as usize].push(node));
        }
        let mut leads = vec![false; self.successors.len()];
        let mut stack = vec![to];
        while let Some(node) = stack.pop() {
            for from in before[node as usize].iter().copied() {
                if !core::mem::replace(&mut leads[from as usize], true) {
                    stack.push(from);
                }
            }
        }
        leads
    }

    /// Makes `root` node 0, and drops what it does not lead to.
    fn start_with(&mut self, root: u32) {
        let is_reached = self.reached(root, None);
        let mut order: Vec<u32> = vec![root];
        order.extend((0..self.successors.len() as u32).filter(|node| *node != root && is_reached[*node as usize]));
        let mut number = vec![0; self.successors.len()];
        (0..).zip(&order).for_each(|(to, from)| number[*from as usize] = to);
        let renumbered = |node: &u32| self.successors[*node as usize].iter().map(|to| number[*to as usize]).collect();
        (self.successors, self.places) =
            (order.iter().map(renumbered).collect(), order.iter().map(|node| self.places[*node as usize]).collect());
    }
}
