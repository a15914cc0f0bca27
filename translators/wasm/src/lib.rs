//! Writes WebAssembly; knows no guest instruction set.
//!
//! [`Arena`] and [`Expr`] are pure expressions that fold as they are built; [`Code`] is a growing list of instructions
//! that remembers where each one lands, so that a trap's offset leads back to what was being translated; [`structure`] turns
//! any control-flow graph into blocks and loops; [`link`] makes one module of several.

#![no_std]

extern crate alloc;

mod code;
mod expr;
pub mod link;
mod op;
pub mod structure;

pub use code::{Body, Checkpoint, Code, Temp, Type};
pub use expr::{Arena, Expr};
pub use op::{Binary, Unary};
