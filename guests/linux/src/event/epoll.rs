//! [`Epoll`]: what epoll_create(2) makes, files that are waited for together (epoll(7)).
//!
//! Files that change tell their entry, which then stands in the queue; only those in the queue are looked at, and those of
//! which nobody tells. Entries are looked at under the lock of `files`, and nobody is told of anything under it.

use super::entry::{Entry, Events, Found, Seen};
use crate::description::Description;
use crate::ready::{self, Asker, special};
use crate::reply::Wait;
use abi::BadAddress;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::{AtomicU64, Ordering};
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::node::{At, Edges, File, Ready};
use vfs::{Errno, Result, Watcher, Watchers};

/// Epolls of which one waits for the next, less the first (EP_MAX_NESTS of fs/eventpoll.c).
const NESTING_MAX: usize = 4;
/// Epolls that one epoll waits for. Linux bounds the ways from a file to those who wait for it.
const NESTED_MAX: usize = 32;

/// Files that are waited for together.
pub(crate) struct Epoll(Arc<Shared>);

/// What its entries hold of an epoll.
#[derive(Default)]
pub(super) struct Shared {
    files: Mutex<Files>,
    /// Entries of which there may be something to tell, in the order they got so.
    queue: Mutex<VecDeque<Arc<Entry>>>,
    /// Those who wait for this.
    watchers: Watchers,
    /// How often an entry was noticed.
    noticed: AtomicU64,
    /// Epolls that wait for this one.
    above: Mutex<Vec<Weak<Shared>>>,
}

/// The entries, by descriptor and description: a descriptor that was given to another file is another entry.
#[derive(Default)]
struct Files {
    entries: BTreeMap<(i32, usize), Arc<Entry>>,
    /// Those of which nobody tells.
    silent: Vec<Arc<Entry>>,
    /// So many entries make it look for those that are gone.
    sweep_at: usize,
}

/// One at a time puts an epoll into another, so that two cannot close a circle.
static NESTING: Mutex<()> = Mutex::new(());

fn key(fd: i32, description: &Arc<Description>) -> (i32, usize) {
    (fd, Arc::as_ptr(description).addr())
}

impl Epoll {
    pub(crate) fn new() -> Epoll {
        Epoll(Arc::default())
    }

    /// Waits for a file from now on: EPOLL_CTL_ADD.
    pub(crate) fn add(&self, fd: i32, description: &Arc<Description>, events: Events, data: u64) -> Result<()> {
        let file = description.file()?;
        let nested = special::<Epoll>(file);
        let _nesting = nested.map(|_| NESTING.lock());
        if self.0.files.lock().entries.contains_key(&key(fd, description)) {
            return Err(Errno::EEXIST);
        }
        if let Some(nested) = nested {
            self.check_nesting(nested)?;
            nested.0.above.lock().push(Arc::downgrade(&self.0));
        }
        let entry = Entry::new(Arc::downgrade(&self.0), description, file, events.with_ends(), data);
        self.0.files.lock().add(key(fd, description), &entry)?;
        self.0.queue(entry);
        Ok(())
    }

    /// Wants something else of a file: EPOLL_CTL_MOD.
    pub(crate) fn set(&self, fd: i32, description: &Arc<Description>, events: Events, data: u64) -> Result<()> {
        let entry = self.0.files.lock().entries.get(&key(fd, description)).cloned().ok_or(Errno::ENOENT)?;
        if events.is_exclusive() || entry.events().is_exclusive() {
            return Err(Errno::EINVAL);
        }
        entry.set(events.with_ends(), data);
        self.0.queue(entry);
        Ok(())
    }

    /// Waits for a file no longer: EPOLL_CTL_DEL.
    pub(crate) fn remove(&self, fd: i32, description: &Arc<Description>) -> Result<()> {
        let mut files = self.0.files.lock();
        let entry = files.entries.remove(&key(fd, description)).ok_or(Errno::ENOENT)?;
        entry.remove();
        files.silent.retain(|silent| !Arc::ptr_eq(silent, &entry));
        drop(files);
        if let Some(nested) = description.file().ok().and_then(special::<Epoll>) {
            let mut above = nested.0.above.lock();
            if let Some(at) = above.iter().position(|shared| shared.as_ptr() == Arc::as_ptr(&self.0)) {
                above.swap_remove(at);
            }
        }
        Ok(())
    }

    /// Tells `put` of at most `max` files, and how many there were. What could not be put is told another time.
    pub(crate) fn collect(
        &self,
        asker: Asker,
        max: usize,
        put: &mut dyn FnMut(usize, Found) -> core::result::Result<(), BadAddress>,
    ) -> core::result::Result<usize, BadAddress> {
        let files = self.0.files.lock();
        files.silent.iter().for_each(|entry| self.0.push(entry.clone()));
        let (mut told, mut again, mut fault) = (0, Vec::new(), None);
        let mut left = self.0.queue.lock().len();
        while told < max && left > 0 {
            left -= 1;
            let Some(entry) = self.0.queue.lock().pop_front() else { break };
            entry.is_queued.store(false, Ordering::Release);
            let before = entry.events();
            let Some(what) = entry.take(asker) else { continue };
            if let Err(bad) = put(told, what.found) {
                entry.set(before, what.found.data);
                fault = Some(bad);
                again.push(entry);
                break;
            }
            told += 1;
            if what.stays {
                again.push(entry);
            }
        }
        again.into_iter().for_each(|entry| self.0.push(entry));
        match fault {
            Some(bad) if told == 0 => Err(bad),
            _ => Ok(told),
        }
    }

    /// Whether there is something to tell.
    pub(crate) fn ready_for(&self, asker: Asker) -> Ready {
        let files = self.0.files.lock();
        let queued: Vec<Arc<Entry>> = self.0.queue.lock().iter().cloned().collect();
        let readable = queued.iter().chain(&files.silent).any(|entry| entry.has_something(asker));
        Ready { readable, ..Ready::default() }
    }

    /// Adds to `wait` what nobody tells of its files.
    pub(crate) fn wait_for(&self, wait: &mut Wait) {
        let silent = self.0.files.lock().silent.clone();
        for entry in silent {
            let Some(description) = entry.description() else { continue };
            if let Ok(file) = description.file() {
                ready::wait_for(file, (entry.events().0 & 0xffff) as u16, wait);
            }
        }
    }

    /// Refuses what would make a circle, or too deep a nest.
    fn check_nesting(&self, nested: &Epoll) -> Result<()> {
        let mut below = BTreeSet::new();
        let depth = nested.0.depth_below(&mut below, 0).ok_or(Errno::ELOOP)?;
        let is_circle = below.contains(&Arc::as_ptr(&self.0).addr());
        let height = self.0.depth_above(0).ok_or(Errno::ELOOP)?;
        if is_circle || depth + 1 + height > NESTING_MAX { Err(Errno::ELOOP) } else { Ok(()) }
    }
}

/// A file that is waited for, as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedEntry {
    fd: i32,
    description: u32,
    events: Events,
    data: u64,
    seen: Option<Seen>,
}

impl Epoll {
    /// Its files as data. Those that nobody has open any more are gone.
    pub(crate) fn save(&self, mut number: impl FnMut(&Arc<Description>) -> u32) -> Vec<SavedEntry> {
        let files = self.0.files.lock();
        let saved = files.entries.iter().filter_map(|((fd, _), entry)| {
            let (events, data, seen) = entry.state();
            Some(SavedEntry { fd: *fd, description: number(&entry.description()?), events, data, seen })
        });
        saved.collect()
    }

    /// Waits for files as it did.
    pub(crate) fn restore(&self, saved: Vec<SavedEntry>, find: impl Fn(u32) -> Option<Arc<Description>>) -> Result<()> {
        for SavedEntry { fd, description, events, data, seen } in saved {
            let description = find(description).ok_or(Errno::EBADF)?;
            self.add(fd, &description, events, data)?;
            if let Some(entry) = self.0.files.lock().entries.get(&key(fd, &description)) {
                // What can be told once only was told, or is not yet.
                entry.set(events, data);
                entry.set_seen(seen);
            }
        }
        Ok(())
    }
}

impl Shared {
    /// An entry was noticed, or is new.
    pub(super) fn queue(&self, entry: Arc<Entry>) {
        self.noticed.fetch_add(1, Ordering::Relaxed);
        self.push(entry);
        self.watchers.notice();
    }

    fn push(&self, entry: Arc<Entry>) {
        if !entry.is_queued.swap(true, Ordering::AcqRel) {
            self.queue.lock().push_back(entry);
        }
    }

    /// How many epolls follow each other below this one; all of them are put into `met`. None if there are too many.
    fn depth_below(self: &Arc<Self>, met: &mut BTreeSet<usize>, steps: usize) -> Option<usize> {
        if steps > NESTING_MAX {
            return None;
        }
        met.insert(Arc::as_ptr(self).addr());
        let silent = self.files.lock().silent.clone();
        let mut depth = 0;
        for description in silent.iter().filter_map(|entry| entry.description()) {
            if let Some(nested) = description.file().ok().and_then(special::<Epoll>) {
                depth = depth.max(1 + nested.0.depth_below(met, steps + 1)?);
            }
        }
        Some(depth)
    }

    /// How many epolls follow each other above this one.
    fn depth_above(&self, steps: usize) -> Option<usize> {
        if steps > NESTING_MAX {
            return None;
        }
        let mut above = self.above.lock();
        above.retain(|shared| shared.strong_count() > 0);
        let above = above.clone();
        let mut height = 0;
        for shared in above.iter().filter_map(Weak::upgrade) {
            height = height.max(1 + shared.depth_above(steps + 1)?);
        }
        Some(height)
    }
}

impl Files {
    fn add(&mut self, key: (i32, usize), entry: &Arc<Entry>) -> Result<()> {
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, entry| entry.description().is_some());
            self.sweep_at = 2 * self.entries.len().max(16);
        }
        if self.entries.contains_key(&key) {
            return Err(Errno::EEXIST);
        }
        if entry.is_silent {
            self.silent.retain(|entry| entry.description().is_some());
            let is_nested = |entry: &Arc<Entry>| {
                entry.description().is_some_and(|description| description.file().is_ok_and(is_epoll))
            };
            if is_nested(entry) && self.silent.iter().filter(|entry| is_nested(entry)).count() >= NESTED_MAX {
                return Err(Errno::EINVAL);
            }
            self.silent.push(entry.clone());
        }
        self.entries.insert(key, entry.clone());
        Ok(())
    }
}

fn is_epoll(file: &dyn File) -> bool {
    special::<Epoll>(file).is_some()
}

impl File for Epoll {
    fn read(&self, _at: At, _into: &mut [u8]) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        self.ready_for(Asker::default())
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.0.watchers.add(watcher);
    }

    /// Of what nobody tells, nothing is counted.
    fn edges(&self) -> Option<Edges> {
        let is_told = self.0.files.lock().silent.is_empty();
        is_told.then(|| Edges { readable: self.0.noticed.load(Ordering::Relaxed), writable: 0 })
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}
