//! From any control-flow graph to `block`, `loop` and `if`; knows no guest instruction set and writes no Wasm itself.
//!
//! [`structure`] makes a [`Tree`] of a reducible [`Graph`], and [`Tree::walk`] says it step by step.

mod build;
mod dominators;
mod graph;
mod loops;
mod order;
mod tree;
mod walk;

#[cfg(test)]
mod tests;

pub use build::structure;
pub use graph::Graph;
pub use tree::{Exit, Shape, ShapeId, Tree};
pub use walk::{Step, Walk};

/// No node.
const NONE: u32 = u32::MAX;
