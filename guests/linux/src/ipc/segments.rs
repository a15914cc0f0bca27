//! [`Segment`]: a piece of memory that processes attach (shmop(2)).

use super::permission::Permission;
use super::{Objects, SavedObjects};
use abi::Mappable;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The largest segment (SHMMAX).
pub(crate) const SEGMENT_BYTES_MAX: u32 = u32::MAX - (1 << 24);

/// What areas of memory hold of a segment: as long as one does, it is attached.
pub(crate) struct Attached {
    pub(crate) id: i32,
    /// The key that it was made with, which is a part of its name in /proc/self/maps.
    pub(crate) key: i32,
    pub(crate) pages: Mappable,
}

/// A segment of shared memory.
#[derive(Clone)]
pub(crate) struct Segment {
    pub(crate) about: About,
    /// What all areas that have it attached share.
    pub(crate) attached: Arc<Attached>,
}

/// What is known of a segment, but for its contents.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) permission: Permission,
    pub(crate) bytes: u32,
    /// Last shmat(2), shmdt(2), change by shmctl(2): seconds, 0 if never.
    pub(crate) attached_at: u64,
    pub(crate) detached_at: u64,
    pub(crate) changed_at: u64,
    /// Who made it, and who attached or detached it last.
    pub(crate) creator: u32,
    pub(crate) last: u32,
    /// Areas that had it when somebody looked last.
    seen: usize,
    /// It ends with its last area (SHM_DEST).
    pub(crate) is_doomed: bool,
    /// SHM_LOCKED
    pub(crate) is_locked: bool,
}

impl About {
    /// Its mode, with SHM_DEST and SHM_LOCKED.
    pub(crate) fn mode(&self) -> u32 {
        let mode = self.permission.mode | if self.is_doomed { 0o1000 } else { 0 };
        mode | if self.is_locked { 0o2000 } else { 0 }
    }
}

impl Segment {
    /// One of so many bytes, in those pages, that a process makes.
    pub(crate) fn new(id: i32, permission: Permission, bytes: u32, pages: Mappable, pid: u32, now: u64) -> Segment {
        let attached = Arc::new(Attached { id, key: permission.key, pages });
        let about = About {
            permission,
            bytes,
            attached_at: 0,
            detached_at: 0,
            changed_at: now,
            creator: pid,
            last: 0,
            seen: 0,
            is_doomed: false,
            is_locked: false,
        };
        Segment { about, attached }
    }

    /// Areas that have it now (`shm_nattch`).
    pub(crate) fn count(&self) -> usize {
        Arc::strong_count(&self.attached) - 1
    }

    /// Pages of 4096 bytes.
    pub(crate) fn page_count(&self) -> u64 {
        u64::from(self.about.bytes).div_ceil(4096)
    }

    /// Takes note of areas that came and went by what a process has just done. Whether the segment is over with that.
    fn settle(&mut self, pid: u32, now: u64) -> bool {
        let (count, seen) = (self.count(), self.about.seen);
        if count > seen {
            (self.about.attached_at, self.about.last) = (now, pid);
        } else if count < seen {
            (self.about.detached_at, self.about.last) = (now, pid);
        }
        self.about.seen = count;
        self.about.is_doomed && count == 0
    }
}

impl Objects<Segment> {
    /// Takes note of what a process has just attached and detached, and ends segments that wait for that.
    pub(crate) fn settle(&self, pid: u32, now: impl FnOnce() -> u64) {
        let all = self.all();
        if all.is_empty() {
            return;
        }
        let now = now();
        for segment in all {
            let is_over = segment.state.lock().settle(pid, now);
            if is_over {
                self.remove(&segment);
            }
        }
    }

    /// Pages of all together.
    pub(crate) fn page_count(&self) -> u64 {
        self.all().iter().map(|segment| segment.state.lock().page_count()).sum()
    }

    /// All of them as data, with their pages by `number`.
    pub(crate) fn save_with(&self, mut number: impl FnMut(&Mappable) -> u32) -> SavedSegments {
        self.save().map(|Segment { about, attached }| {
            let pages = number(&attached.pages);
            SavedSegment { about, key: attached.key, pages }
        })
    }

    /// The pages of each, and how many bytes they have.
    pub(crate) fn pages(&self) -> Vec<(Mappable, u32)> {
        let own = |segment: &Segment| (segment.attached.pages.clone(), segment.about.bytes);
        self.all().iter().map(|segment| own(&segment.state.lock())).collect()
    }

    /// Puts in what there was; `find` has the pages of a number.
    pub(crate) fn restore_with<E>(
        &self,
        saved: SavedSegments,
        mut find: impl FnMut(u32) -> Result<Mappable, E>,
    ) -> Result<(), E> {
        let restored = saved.try_map(|id, saved: SavedSegment| {
            let attached = Arc::new(Attached { id, key: saved.key, pages: find(saved.pages)? });
            Ok(Segment { about: saved.about, attached })
        })?;
        self.restore(restored);
        Ok(())
    }
}

/// All segments as data.
pub(crate) type SavedSegments = SavedObjects<SavedSegment>;

/// A segment as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedSegment {
    about: About,
    key: i32,
    /// Its pages, by number.
    pages: u32,
}
