//! An executable file as data: segments, symbols, ABI, entry.
//!
//! [`Image::parse`] reads an ELF file and refuses one that lies about itself; [`can_run`] says whether Strata can run
//! what it describes, and why not. Nothing here loads, maps or runs anything, and no input makes it panic.

#![no_std]

extern crate alloc;

mod elf;
mod error;
mod image;
mod machine;
mod mips;
mod pieces;
mod section;
mod symbol;
mod verdict;

pub use error::ImageError;
pub use image::{Endian, Image, Kind, Segment};
pub use machine::Machine;
pub use mips::{Abi, AbiFlags, Ases, FpAbi, IsaLevel, flag_names};
pub use section::{Section, code_sections};
pub use symbol::{Symbol, SymbolKind, function_at, functions, symbols};
pub use verdict::{Why, can_run};
