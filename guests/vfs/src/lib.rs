//! Files without a disk: nodes, mounts, memory, overlay, dev, proc.
//!
//! [`Node`] and [`File`] are the seam; everything else here implements or walks them. Names no host.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod devfs;
pub mod errno;
pub mod memfs;
pub mod mount;
pub mod node;
pub mod overlay;
pub mod pipe;
pub mod procfs;
pub mod readonly;
pub mod walk;

pub use errno::Errno;
pub use memfs::MemFs;
pub use mount::{Mount, Mounts, Place};
pub use node::{File, Node, NodeRef, Result, Terminal};
pub use walk::Walk;
