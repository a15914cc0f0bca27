//! All of MIPS: the instruction table, what each instruction means, and the readings of that meaning.
//!
//! The table is [`isa`]; the meaning is in `semantics`, written once against the traits of [`cpu`]; the readings in
//! [`reading`] carry it out, write it down as Wasm, or ask what it touches. Nothing here knows an operating system.

#![no_std]

extern crate alloc;

pub mod border;
pub mod cells;
pub mod cpu;
pub mod decode;
pub mod disasm;
pub mod exception;
pub mod float;
pub mod insn;
pub mod isa;
pub mod reading;
pub mod reg;
pub mod region;
mod semantics;
pub mod state;
pub mod translate;

pub use decode::{decode, decode16};
pub use exception::Exception;
pub use insn::Insn;
pub use reg::{Fpr, Gpr};
pub use state::State;
