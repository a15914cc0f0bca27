//! A file system in memory: [`MemFs`] describes one, [`MemFs::root`] makes it.
//!
//! The same nodes serve the copy-on-write overlay: there, a node may have another beneath it whose contents show through
//! until they are changed (`overlay.rs`). Not here: permission checks.

mod attributes;
mod contents;
mod file;
mod names;
mod node;
mod rename;
mod saved;
mod shared;

pub(crate) use names::Slot;
pub(crate) use node::{Below, Body, MemNode, Up};
pub use saved::{SavedFs, Saver, Unrestored};
pub(crate) use shared::Shared;

use crate::node::{Clock, Kind, NodeRef};
use alloc::sync::Arc;

/// Bytes of a page of contents, which is also the block of statfs(2).
pub(crate) const PAGE_BYTES: usize = 4096;
/// Longest name.
pub(crate) const NAME_BYTES_MAX: usize = 255;
/// Longest target of a symbolic link.
pub(crate) const TARGET_BYTES_MAX: usize = 4095;
/// Pages of a file system that was given no limit, as statfs(2) shall tell it.
const PAGES_UNLIMITED: u64 = 1 << 40;

/// A file system in memory, to be.
#[derive(Clone)]
pub struct MemFs {
    /// Tells the time stamps.
    pub clock: Clock,
    /// Contents it may hold, beyond which writes give `ENOSPC`.
    pub bytes_max: Option<u64>,
    /// Nodes it may hold, beyond which making one gives `ENOSPC`.
    pub files_max: Option<u64>,
    /// Permission bits of its root.
    pub mode: u32,
    /// Owner of its root.
    pub uid: u32,
    /// Group of its root.
    pub gid: u32,
}

impl MemFs {
    /// An empty one of root's, mode 755, without limits.
    #[must_use]
    pub fn new(clock: Clock) -> MemFs {
        MemFs { clock, bytes_max: None, files_max: None, mode: 0o755, uid: 0, gid: 0 }
    }

    /// Makes it and gives its root directory.
    #[must_use]
    pub fn root(self) -> NodeRef {
        let shared = Arc::new(Shared::new(&self, 1));
        MemNode::root(&shared, &self)
    }
}

impl Kind {
    /// Whether it is a directory.
    #[must_use]
    pub fn is_directory(self) -> bool {
        self == Kind::Directory
    }
}
