//! What the nodes of one memory file system share: [`Shared`], with its limits and counters.

use super::{MemFs, MemNode, NAME_BYTES_MAX, PAGE_BYTES, PAGES_UNLIMITED};
use crate::errno::Errno;
use crate::node::{Clock, FileSystemInfo, Result, TimeNs, new_device};
use crate::overlay::Adopted;
use alloc::sync::Weak;
use core::sync::atomic::{AtomicU64, Ordering};
use spin::{Mutex, Once};

/// File system magic of a memory file system (statfs(2), `TMPFS_MAGIC`).
const TMPFS_MAGIC: u32 = 0x0102_1994;

/// Shared by all nodes of a file system.
pub(crate) struct Shared {
    pub(crate) device: u64,
    clock: Clock,
    /// Held by whoever changes names or what a node is attached to. Lookups do without.
    pub(crate) changes: Mutex<()>,
    next_inode: AtomicU64,
    pages: Gauge,
    files: Gauge,
    /// Nodes with one beneath them that somebody holds.
    pub(crate) adopted: Mutex<Adopted>,
    /// Where nodes live that several names beneath lead to.
    pub(crate) root: Once<Weak<MemNode>>,
}

impl Shared {
    pub(crate) fn new(settings: &MemFs, first_inode: u64) -> Shared {
        Shared {
            device: new_device(),
            clock: settings.clock.clone(),
            changes: Mutex::new(()),
            next_inode: AtomicU64::new(first_inode),
            pages: Gauge::new(settings.bytes_max.map(|bytes| bytes / PAGE_BYTES as u64)),
            files: Gauge::new(settings.files_max),
            adopted: Mutex::default(),
            root: Once::new(),
        }
    }

    pub(crate) fn now(&self) -> TimeNs {
        (self.clock)()
    }

    pub(crate) fn new_inode(&self) -> u64 {
        self.next_inode.fetch_add(1, Ordering::Relaxed)
    }

    /// New inode numbers are at least `first` from now on.
    pub(crate) fn start_inodes(&self, first: u64) {
        self.next_inode.fetch_max(first, Ordering::Relaxed);
    }

    pub(crate) fn take_page(&self) -> Result<()> {
        self.pages.take()
    }

    pub(crate) fn give_pages(&self, count: usize) {
        self.pages.give(count as u64);
    }

    pub(crate) fn take_file(&self) -> Result<()> {
        self.files.take()
    }

    pub(crate) fn give_file(&self) {
        self.files.give(1);
    }

    pub(crate) fn info(&self) -> FileSystemInfo {
        FileSystemInfo {
            magic: TMPFS_MAGIC,
            block_bytes: PAGE_BYTES as u32,
            blocks: self.pages.max,
            blocks_free: self.pages.free(),
            files: self.files.max,
            files_free: self.files.free(),
            name_bytes_max: NAME_BYTES_MAX as u32,
            is_read_only: false,
        }
    }
}

/// Something counted against a limit.
struct Gauge {
    max: u64,
    used: AtomicU64,
}

impl Gauge {
    fn new(max: Option<u64>) -> Gauge {
        Gauge { max: max.unwrap_or(PAGES_UNLIMITED), used: AtomicU64::new(0) }
    }

    fn take(&self) -> Result<()> {
        let taken =
            self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| (used < self.max).then_some(used + 1));
        taken.map(|_| ()).map_err(|_| Errno::ENOSPC)
    }

    fn give(&self, count: u64) {
        let _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(used.saturating_sub(count)));
    }

    fn free(&self) -> u64 {
        self.max - self.used.load(Ordering::Relaxed)
    }
}
