//! [`Locks`]: what processes lock in files against each other (fcntl(2) F_SETLK, flock(2)).

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::{Watcher, Watchers};

/// A file: device and inode.
pub(crate) type FileId = (u64, u64);

/// Who holds a lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Holder {
    /// A process (F_SETLK).
    Process(u32),
    /// An open file description, by an identity of its (F_OFD_SETLK).
    Description(usize),
    /// The same, by flock(2), which knows nothing of the others.
    Whole(usize),
}

impl Holder {
    /// Whether locks of the two can be in each other's way.
    fn meets(self, other: Holder) -> bool {
        matches!(self, Holder::Whole(_)) == matches!(other, Holder::Whole(_)) && self != other
    }
}

/// A range of bytes that is locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lock {
    pub(crate) holder: Holder,
    pub(crate) from: u64,
    /// The first byte behind it.
    pub(crate) end: u64,
    pub(crate) is_write: bool,
}

impl Lock {
    fn overlaps(&self, from: u64, end: u64) -> bool {
        self.from < end && from < self.end
    }
}

/// All locks.
#[derive(Default)]
pub(crate) struct Locks {
    held: BTreeMap<FileId, Vec<Lock>>,
    /// Told whenever one goes.
    watchers: Arc<Watchers>,
    /// Processes that wait, and for whom.
    waiting: BTreeMap<Holder, Holder>,
}

impl Locks {
    /// A lock that is in the way of `wanted`.
    pub(crate) fn conflict(&self, file: FileId, wanted: &Lock) -> Option<Lock> {
        let is_in_way = |held: &&Lock| {
            held.holder.meets(wanted.holder)
                && held.overlaps(wanted.from, wanted.end)
                && (held.is_write || wanted.is_write)
        };
        self.held.get(&file)?.iter().find(is_in_way).copied()
    }

    /// Takes a range, which nothing is in the way of, in place of what its holder had there.
    pub(crate) fn set(&mut self, file: FileId, lock: Lock) {
        self.clear(file, lock.holder, lock.from, lock.end);
        self.waiting.remove(&lock.holder);
        self.held.entry(file).or_default().push(lock);
    }

    /// Gives a range back.
    pub(crate) fn clear(&mut self, file: FileId, holder: Holder, from: u64, end: u64) {
        let Some(held) = self.held.get_mut(&file) else { return };
        let (mut rest, before) = (Vec::with_capacity(held.len()), held.len());
        for lock in held.drain(..) {
            if lock.holder != holder || !lock.overlaps(from, end) {
                rest.push(lock);
                continue;
            }
            if lock.from < from {
                rest.push(Lock { end: from, ..lock });
            }
            if lock.end > end {
                rest.push(Lock { from: end, ..lock });
            }
        }
        let has_changed = rest.len() != before || rest.is_empty();
        if rest.is_empty() {
            self.held.remove(&file);
        } else {
            *held = rest;
        }
        if has_changed || before > 0 {
            self.watchers.notice();
        }
    }

    /// Gives back all that a holder has, of one file or of all.
    pub(crate) fn release(&mut self, file: Option<FileId>, holder: Holder) {
        self.waiting.remove(&holder);
        let files: Vec<FileId> = match file {
            Some(file) => Vec::from([file]),
            None => self.held.keys().copied().collect(),
        };
        for file in files {
            if self.held.get(&file).is_some_and(|held| held.iter().any(|lock| lock.holder == holder)) {
                self.clear(file, holder, 0, u64::MAX);
            }
        }
    }

    /// All that is locked.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (FileId, &Lock)> {
        self.held.iter().flat_map(|(file, held)| held.iter().map(|lock| (*file, lock)))
    }

    /// Whether nobody locks anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Has `watcher` told when a lock goes; whether `holder` may wait for `other` without waiting for itself (EDEADLK).
    pub(crate) fn wait(&mut self, holder: Holder, other: Holder, watcher: &Arc<dyn Watcher>) -> bool {
        let mut next = other;
        while let Some(waits_for) = self.waiting.get(&next) {
            next = *waits_for;
            if next == holder {
                return !matches!(holder, Holder::Process(_));
            }
            if next == other {
                break;
            }
        }
        self.waiting.insert(holder, other);
        self.watchers.add(watcher);
        true
    }

    /// A holder waits no more.
    pub(crate) fn stop_waiting(&mut self, holder: Holder) {
        self.waiting.remove(&holder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = (1, 2);

    fn lock(pid: u32, from: u64, end: u64, is_write: bool) -> Lock {
        Lock { holder: Holder::Process(pid), from, end, is_write }
    }

    #[test]
    fn ranges_split_and_exclude() {
        let mut locks = Locks::default();
        locks.set(FILE, lock(1, 0, 100, true));
        assert_eq!(locks.conflict(FILE, &lock(1, 0, 10, true)), None);
        assert_eq!(locks.conflict(FILE, &lock(2, 99, 200, false)), Some(lock(1, 0, 100, true)));
        locks.clear(FILE, Holder::Process(1), 40, 60);
        assert_eq!(locks.conflict(FILE, &lock(2, 40, 60, true)), None);
        assert_eq!(locks.conflict(FILE, &lock(2, 40, 61, true)), Some(lock(1, 60, 100, true)));
        locks.set(FILE, lock(1, 10, 20, false));
        assert_eq!(locks.conflict(FILE, &lock(2, 10, 20, false)), None);
        assert_eq!(locks.conflict(FILE, &Lock { holder: Holder::Whole(7), ..lock(2, 0, 9, true) }), None);
        locks.release(None, Holder::Process(1));
        assert!(locks.is_empty());
    }

    #[test]
    fn who_waits_for_itself_is_told() {
        struct Nobody;
        impl Watcher for Nobody {
            fn notice(&self) {}
        }
        let nobody: Arc<dyn Watcher> = Arc::new(Nobody);
        let mut locks = Locks::default();
        assert!(locks.wait(Holder::Process(1), Holder::Process(2), &nobody));
        assert!(locks.wait(Holder::Process(2), Holder::Process(3), &nobody));
        assert!(!locks.wait(Holder::Process(3), Holder::Process(1), &nobody));
        locks.stop_waiting(Holder::Process(2));
        assert!(locks.wait(Holder::Process(3), Holder::Process(1), &nobody));
    }
}
