//! From any control-flow graph to `block`, `loop` and `if`; knows no guest instruction set and writes no Wasm itself.
//!
//! [`split`] makes a [`Graph`] reducible, [`structure`] makes a [`Tree`] of that, and [`Tree::walk`] says it step by
//! step.

mod build;
mod components;
mod dominators;
mod edges;
mod graph;
mod header;
mod loops;
mod order;
mod split;
mod tree;
mod walk;

#[cfg(test)]
mod tests;

pub use build::structure;
pub use graph::Graph;
pub use split::{Origin, Split, split};
pub use tree::{Exit, Shape, ShapeId, Tree};
pub use walk::{Step, Walk};

/// No node.
const NONE: u32 = u32::MAX;
