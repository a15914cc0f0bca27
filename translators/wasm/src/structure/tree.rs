//! [`Tree`]: the structured form of a control-flow graph, as `block`, `loop` and branches to them.

use alloc::vec::Vec;

/// Names a [`Shape`] of a [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeId(pub(super) u32);

/// A part of a [`Tree`]. No code falls out of one: each path ends in a branch, or in a node without exits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `loop`: branching to `header` from inside goes on here.
    Loop {
        /// The node with which the body starts.
        header: u32,
        /// What repeats.
        body: ShapeId,
    },
    /// `block … end`: branching to `follow` from inside `body` goes behind it, where `after` stands.
    Block {
        /// The node with which `after` starts.
        follow: u32,
        /// What stands between `block` and `end`.
        body: ShapeId,
        /// What stands behind `end`.
        after: ShapeId,
    },
    /// The node's own code and its branching.
    Node {
        /// The node.
        node: u32,
        /// One for each successor, in order. [`Exit::Inline`] occurs only where there are at most two.
        exits: Vec<Exit>,
    },
}

/// How a node goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `br` to the label of this node: the header of an enclosing loop, or the follow of an enclosing block.
    Branch(u32),
    /// The only way to get there: its code stands right here.
    Inline(ShapeId),
}

/// A structured graph. Each reachable node of the graph stands in it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    pub(super) shapes: Vec<Shape>,
}

impl Tree {
    /// What the function starts with; `None` for a graph without nodes.
    pub fn root(&self) -> Option<ShapeId> {
        // Shapes are made from the inside out.
        Some(ShapeId(self.shapes.len().checked_sub(1)? as u32))
    }

    pub(super) fn push(&mut self, shape: Shape) -> ShapeId {
        self.shapes.push(shape);
        ShapeId(self.shapes.len() as u32 - 1)
    }
}

impl core::ops::Index<ShapeId> for Tree {
    type Output = Shape;

    fn index(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }
}
