//! [`structure`]: from a reducible graph to a [`Tree`], over the dominator tree.
//!
//! Ramsey, "Beyond Relooper: Recursive Translation of Unstructured Control Flow to Structured Control Flow" (2022):
//! the code of a node stands where its immediate dominator ends: inline if only one edge leads there, otherwise behind
//! a block around the dominator. Here one thing differs: a node that is reached only by leaving loops stands behind the
//! outermost loop left, even if only one edge leads there. So a `loop` holds exactly the nodes that can repeat.

use super::{Graph, NONE, dominators::Dominators, loops::Loops, order::Order, tree::*};
use alloc::{vec, vec::Vec};

/// Structures `graph`; `None` if it is not reducible (see [`split`](super::split())). Unreachable nodes are left out.
pub fn structure(graph: &Graph) -> Option<Tree> {
    let order = Order::new(graph);
    let dominators = Dominators::new(&order);
    if !dominators.is_reducible(graph, &order) {
        return None;
    }
    let loops = Loops::new(&order);
    let mut builder = Builder::new(graph, &order, &loops);
    // Everything that stands in or behind a node's shape comes later in the order than the node.
    for &node in order.nodes.iter().rev() {
        let shape = builder.shape(node);
        builder.attach(node, dominators.immediate[node as usize], shape);
    }
    Some(builder.tree)
}

struct Builder<'a> {
    graph: &'a Graph,
    order: &'a Order,
    loops: &'a Loops,
    tree: Tree,
    /// How to reach each node that is done.
    entrance: Vec<Exit>,
    /// The shape of each node that stands behind a block.
    shape: Vec<ShapeId>,
    /// For each node the first of those that stand behind it, but within its loop if it is a header.
    inside: Vec<u32>,
    /// For each header the first of those that stand behind its loop.
    behind: Vec<u32>,
    /// The one that stands after this one behind the same node; each list is in reverse postorder.
    next: Vec<u32>,
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph, order: &'a Order, loops: &'a Loops) -> Builder<'a> {
        let nodes = graph.len();
        Builder {
            graph,
            order,
            loops,
            tree: Tree { shapes: Vec::with_capacity(nodes * 2) },
            entrance: graph.nodes().map(Exit::Branch).collect(),
            shape: vec![ShapeId(NONE); nodes],
            inside: vec![NONE; nodes],
            behind: vec![NONE; nodes],
            next: vec![NONE; nodes],
        }
    }

    /// The node with all that stands inside or behind it.
    fn shape(&mut self, node: u32) -> ShapeId {
        let exits = self.graph.successors(node).iter().map(|&to| match self.order.is_forward(node, to) {
            true => self.entrance[to as usize],
            false => Exit::Branch(to),
        });
        let exits = exits.collect();
        let mut shape = self.tree.push(Shape::Node { node, exits });
        shape = self.follow(shape, self.inside[node as usize]);
        if self.loops.is_header(node) {
            shape = self.tree.push(Shape::Loop { header: node, body: shape });
        }
        self.follow(shape, self.behind[node as usize])
    }

    /// Wraps `body` so that each of a list can be branched to, the last one outermost.
    fn follow(&mut self, mut body: ShapeId, mut follow: u32) -> ShapeId {
        while follow != NONE {
            let after = self.shape[follow as usize];
            body = self.tree.push(Shape::Block { follow, body, after });
            follow = self.next[follow as usize];
        }
        body
    }

    /// Decides where the shape of `node` stands, seen from its immediate dominator.
    fn attach(&mut self, node: u32, dominator: u32, shape: ShapeId) {
        if dominator == NONE {
            return;
        }
        let list = match self.loops.left_between(dominator, node) {
            Some(header) => &mut self.behind[header as usize],
            None if self.has_one_way(node, dominator) => {
                self.entrance[node as usize] = Exit::Inline(shape);
                return;
            }
            None => &mut self.inside[dominator as usize],
        };
        self.shape[node as usize] = shape;
        self.next[node as usize] = core::mem::replace(list, node);
    }

    /// Whether one edge alone leads to `node`, and not one of a table.
    fn has_one_way(&self, node: u32, dominator: u32) -> bool {
        self.order.forward_predecessors(node).nth(1).is_none() && self.graph.successors(dominator).len() <= 2
    }
}
