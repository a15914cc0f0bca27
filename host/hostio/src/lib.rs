//! Real directories, streams, terminals and clocks, as handles.
//!
//! All that touches the host's files is here. A guest reaches what it was handed and nothing else: there is no function
//! that takes a path from a guest. For Linux hosts whose errors and terminal bits are the generic ones (x86-64, AArch64,
//! RISC-V).

pub mod clock;
pub mod descriptors;
pub mod directory;
mod errno;
pub mod file;
mod metadata;
pub mod processors;
pub mod random;
pub mod stream;
mod terminal;
