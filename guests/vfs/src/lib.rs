//! Files without a disk: nodes, mounts, memory, overlay, dev, proc.
//!
//! [`Node`] and [`File`] are the seam; everything else here implements or walks them. Names no host.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod errno;
pub mod node;

pub use errno::Errno;
pub use node::{File, Node, NodeRef, Result, Terminal};
