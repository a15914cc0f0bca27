//! [`Notify`]: who wants to know what is done to files (inotify(7)), and the events on their way to them.
//!
//! Handlers of system calls tell of what they did; what the host does to its directories meanwhile is told by nobody. While
//! no file is watched, telling costs a look at a counter.

mod inotify;
mod watch;

pub(crate) use inotify::{Inotify, SavedInotify};

use crate::commons::Commons;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use spin::Mutex;
use vfs::NodeRef;
use vfs::mount::Place;
use vfs::node::Metadata;
use watch::Watch;

/// IN_*: what happened (linux/inotify.h).
pub(crate) mod event {
    pub(crate) const ACCESS: u32 = 0x001;
    pub(crate) const MODIFY: u32 = 0x002;
    pub(crate) const ATTRIB: u32 = 0x004;
    pub(crate) const CLOSE_WRITE: u32 = 0x008;
    pub(crate) const CLOSE_NOWRITE: u32 = 0x010;
    pub(crate) const OPEN: u32 = 0x020;
    pub(crate) const MOVED_FROM: u32 = 0x040;
    pub(crate) const MOVED_TO: u32 = 0x080;
    pub(crate) const CREATE: u32 = 0x100;
    pub(crate) const DELETE: u32 = 0x200;
    pub(crate) const DELETE_SELF: u32 = 0x400;
    pub(crate) const MOVE_SELF: u32 = 0x800;
    pub(crate) const OVERFLOW: u32 = 0x4000;
    pub(crate) const IGNORED: u32 = 0x8000;
    pub(crate) const DIRECTORY: u32 = 0x4000_0000;
    pub(crate) const ALL: u32 = 0xfff;
}

/// A node, by device and inode number.
pub(crate) type Identity = (u64, u64);

fn identity(metadata: &Metadata) -> Identity {
    (metadata.device, metadata.inode)
}

/// What is watched in a world.
#[derive(Default)]
pub(crate) struct Notify {
    /// How many watches there are.
    count: AtomicUsize,
    table: Mutex<Table>,
    cookies: AtomicU32,
    /// How many inotifies there are.
    inotifies: AtomicUsize,
}

#[derive(Default)]
struct Table {
    watches: BTreeMap<Identity, Vec<Arc<Watch>>>,
    /// Descriptions that are open, by node: a file without names is deleted with the last of them.
    open: BTreeMap<Identity, usize>,
    /// Those among them that have no name any more.
    nameless: BTreeSet<Identity>,
}

impl Notify {
    fn is_idle(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// Something was done to what stands at a place. Its directory is told, too, with its name.
    pub(crate) fn tell(&self, place: &Place, event: u32) {
        if self.is_idle() {
            return;
        }
        let Ok(metadata) = place.node().metadata() else { return };
        let event = event | if metadata.kind.is_directory() { event::DIRECTORY } else { 0 };
        if let Some(above) = place.parent().and_then(|parent| parent.node().metadata().ok()) {
            self.deliver(identity(&above), event, 0, place.name());
        }
        self.deliver(identity(&metadata), event, 0, b"");
    }

    /// A name in a directory came, went or moved.
    pub(crate) fn tell_name(&self, directory: &Place, name: &[u8], is_directory: bool, event: u32, cookie: u32) {
        if self.is_idle() {
            return;
        }
        if let Ok(metadata) = directory.node().metadata() {
            let event = event | if is_directory { event::DIRECTORY } else { 0 };
            self.deliver(identity(&metadata), event, cookie, name);
        }
    }

    /// Something happened to a node, whatever its names.
    pub(crate) fn tell_node(&self, node: &NodeRef, event: u32) {
        if self.is_idle() {
            return;
        }
        if let Ok(metadata) = node.metadata() {
            self.deliver(identity(&metadata), event, 0, b"");
        }
    }

    /// What joins the two events of a move.
    pub(crate) fn new_cookie(&self) -> u32 {
        self.cookies.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1)
    }

    /// A name of a node was taken away. If that was the last, and nobody has it open, it is deleted.
    pub(crate) fn tell_unlinked(&self, node: &NodeRef) {
        if self.is_idle() {
            return;
        }
        let Ok(metadata) = node.metadata() else { return };
        // A directory that is removed had no other name.
        if metadata.links > 0 && !metadata.kind.is_directory() {
            return;
        }
        let identity = identity(&metadata);
        let mut table = self.table.lock();
        if table.open.contains_key(&identity) {
            table.nameless.insert(identity);
            return;
        }
        drop(table);
        self.deleted(identity);
    }

    fn deleted(&self, identity: Identity) {
        self.deliver(identity, event::DELETE_SELF, 0, b"");
        let gone = self.table.lock().watches.remove(&identity).unwrap_or_default();
        for watch in gone {
            self.over(&watch);
        }
    }

    fn deliver(&self, identity: Identity, event: u32, cookie: u32, name: &[u8]) {
        let watches = self.table.lock().watches.get(&identity).cloned().unwrap_or_default();
        for watch in watches {
            if watch.tell(event, cookie, name) && watch.is_one_shot() {
                self.remove(&watch);
            }
        }
    }

    /// The watch of that inotify on a node, if there is one.
    fn find(&self, identity: Identity, is_it: impl Fn(&Watch) -> bool) -> Option<Arc<Watch>> {
        self.table.lock().watches.get(&identity)?.iter().find(|watch| is_it(watch)).cloned()
    }

    fn add(&self, watch: Arc<Watch>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.table.lock().watches.entry(watch.identity).or_default().push(watch);
    }

    /// Takes a watch away, and tells its owner.
    fn remove(&self, watch: &Arc<Watch>) {
        let mut table = self.table.lock();
        let Some(list) = table.watches.get_mut(&watch.identity) else { return };
        let Some(at) = list.iter().position(|known| Arc::ptr_eq(known, watch)) else { return };
        list.remove(at);
        if list.is_empty() {
            table.watches.remove(&watch.identity);
        }
        drop(table);
        self.over(watch);
    }

    fn over(&self, watch: &Watch) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        watch.end();
    }
}

/// A named file that is open: when the last descriptor is gone, that is told.
pub(crate) struct Opened {
    commons: Arc<Commons>,
    place: Place,
    identity: Identity,
    writes: bool,
}

impl Opened {
    /// What is at `place` was opened.
    pub(crate) fn new(commons: &Arc<Commons>, place: &Place, metadata: &Metadata, writes: bool) -> Opened {
        let identity = identity(metadata);
        *commons.notify.table.lock().open.entry(identity).or_default() += 1;
        commons.notify.tell(place, event::OPEN);
        Opened { commons: commons.clone(), place: place.clone(), identity, writes }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let notify = &self.commons.notify;
        notify.tell(&self.place, if self.writes { event::CLOSE_WRITE } else { event::CLOSE_NOWRITE });
        if self.leave() {
            notify.deleted(self.identity);
        }
    }
}

impl Opened {
    /// It is no longer open; whether it has no name either.
    fn leave(&self) -> bool {
        let mut table = self.commons.notify.table.lock();
        let left = table.open.get_mut(&self.identity).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left > 0 {
            return false;
        }
        table.open.remove(&self.identity);
        table.nameless.remove(&self.identity)
    }
}
