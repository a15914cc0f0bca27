//! [`Inotify`]: what inotify_init(2) makes: the events that wait to be read.

use super::watch::Watch;
use super::{Identity, event, identity};
use crate::commons::Commons;
use abi::Endian;
use abi::Layout;
use abi::layout::encoded;
use abi::structs::event::InotifyEvent;
use abi::structs::file::Hex;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::Ordering;
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::NodeRef;
use vfs::node::{At, Edges, File, Ready};
use vfs::{Errno, Result, Watcher, Watchers};

/// Events that wait at most (fs.inotify.max_queued_events).
const EVENTS_MAX: usize = 16_384;
/// Watches of one inotify (fs.inotify.max_user_watches is a user's).
const WATCHES_MAX: usize = 65_536;
/// Inotifies of one world (fs.inotify.max_user_instances).
const INSTANCES_MAX: usize = 128;
/// IN_MASK_CREATE
const CREATES: u32 = 0x1000_0000;
/// Names are padded to a multiple of this.
const NAME_UNIT: usize = InotifyEvent::BYTES as usize;

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) descriptor: i32,
    pub(super) mask: u32,
    pub(super) cookie: u32,
    /// Of what is in a directory that is watched; else empty.
    pub(super) name: Vec<u8>,
}

impl Event {
    /// Bytes of the name with its NULs.
    fn name_bytes(&self) -> usize {
        if self.name.is_empty() { 0 } else { (self.name.len() + 1).next_multiple_of(NAME_UNIT) }
    }

    fn bytes(&self) -> usize {
        InotifyEvent::BYTES as usize + self.name_bytes()
    }

    fn encode(&self, endian: Endian, out: &mut Vec<u8>) {
        let start = out.len();
        let len = u32::try_from(self.name_bytes()).unwrap_or(0);
        let head = InotifyEvent { wd: self.descriptor, mask: Hex(self.mask), cookie: self.cookie, len };
        out.extend(encoded(endian, &head));
        out.extend_from_slice(&self.name);
        out.resize(start + self.bytes(), 0);
    }
}

/// What watches hold of an inotify.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    watchers: Watchers,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    /// The nodes that are watched, by watch descriptor.
    watched: BTreeMap<i32, Identity>,
    last: i32,
    pushed: u64,
}

impl Queue {
    /// Adds an event. One that equals the last is the same; one too many is the news that there were too many.
    pub(super) fn push(&self, event: Event) {
        let mut state = self.state.lock();
        if state.events.back() == Some(&event) {
            return;
        }
        let overflow = Event { descriptor: -1, mask: event::OVERFLOW, cookie: 0, name: Vec::new() };
        match state.events.len() {
            0..EVENTS_MAX => state.events.push_back(event),
            EVENTS_MAX => state.events.push_back(overflow),
            _ => return,
        }
        state.pushed += 1;
        drop(state);
        self.watchers.notice();
    }

    /// A watch is over.
    pub(super) fn forget(&self, descriptor: i32) {
        self.state.lock().watched.remove(&descriptor);
    }
}

/// An inotify.
pub(crate) struct Inotify {
    queue: Arc<Queue>,
    commons: Arc<Commons>,
    endian: Endian,
}

impl Inotify {
    /// One more; EMFILE if there are too many.
    pub(crate) fn new(commons: &Arc<Commons>, endian: Endian) -> Result<Inotify> {
        let inotify = Inotify { queue: Arc::default(), commons: commons.clone(), endian };
        let before = commons.notify.inotifies.fetch_add(1, Ordering::Relaxed);
        if before < INSTANCES_MAX { Ok(inotify) } else { Err(Errno::EMFILE) }
    }

    /// Watches a node, or changes what is wanted of it: the watch's descriptor.
    pub(crate) fn watch(&self, node: &NodeRef, mask: u32) -> Result<i32> {
        let (notify, identity) = (&self.commons.notify, identity(&node.metadata()?));
        if let Some(watch) = notify.find(identity, |watch| watch.is_of(&self.queue)) {
            if mask & CREATES != 0 {
                return Err(Errno::EEXIST);
            }
            watch.set_mask(mask);
            return Ok(watch.descriptor);
        }
        let descriptor = {
            let mut state = self.queue.state.lock();
            if state.watched.len() >= WATCHES_MAX {
                return Err(Errno::ENOSPC);
            }
            // Numbers come again only when all have been.
            let descriptor = state.last.checked_add(1).unwrap_or(1);
            state.last = descriptor;
            state.watched.insert(descriptor, identity);
            descriptor
        };
        notify.add(Arc::new(Watch::new(descriptor, identity, Arc::downgrade(&self.queue), mask, node.clone())));
        Ok(descriptor)
    }

    /// Watches no longer.
    pub(crate) fn unwatch(&self, descriptor: i32) -> Result<()> {
        let identity = self.queue.state.lock().watched.get(&descriptor).copied().ok_or(Errno::EINVAL)?;
        let notify = &self.commons.notify;
        let is_it = |watch: &Watch| watch.is_of(&self.queue) && watch.descriptor == descriptor;
        let watch = notify.find(identity, is_it).ok_or(Errno::EINVAL)?;
        notify.remove(&watch);
        Ok(())
    }
}

/// An inotify as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedInotify {
    events: VecDeque<Event>,
    /// Watch descriptor, what is wanted, and the node: its file system in memory and its number there.
    watches: Vec<(i32, u32, (u32, u32))>,
    last: i32,
    pushed: u64,
    endian: Endian,
}

impl Inotify {
    /// As data; none if a node that it watches is not in a file system in memory.
    pub(crate) fn save(&self, mut number: impl FnMut(&NodeRef) -> Option<(u32, u32)>) -> Option<SavedInotify> {
        let state = self.queue.state.lock();
        let watches = state.watched.iter().map(|(descriptor, identity)| {
            let is_it = |watch: &Watch| watch.is_of(&self.queue) && watch.descriptor == *descriptor;
            let watch = self.commons.notify.find(*identity, is_it)?;
            Some((*descriptor, watch.mask(), number(watch.node())?))
        });
        let watches = watches.collect::<Option<_>>()?;
        let (last, pushed, endian) = (state.last, state.pushed, self.endian);
        Some(SavedInotify { events: state.events.clone(), watches, last, pushed, endian })
    }
}

impl SavedInotify {
    /// The inotify.
    pub(crate) fn restore(
        self,
        commons: &Arc<Commons>,
        node: impl Fn((u32, u32)) -> Option<NodeRef>,
    ) -> Result<Inotify> {
        let inotify = Inotify::new(commons, self.endian)?;
        for (descriptor, mask, at) in self.watches {
            let node = node(at).ok_or(Errno::ENOENT)?;
            inotify.queue.state.lock().last = descriptor.checked_sub(1).ok_or(Errno::EINVAL)?;
            inotify.watch(&node, mask)?;
        }
        let mut state = inotify.queue.state.lock();
        (state.events, state.last, state.pushed) = (self.events, self.last, self.pushed);
        drop(state);
        Ok(inotify)
    }
}

impl Drop for Inotify {
    fn drop(&mut self) {
        self.commons.notify.inotifies.fetch_sub(1, Ordering::Relaxed);
        let watched: Vec<i32> = self.queue.state.lock().watched.keys().copied().collect();
        for descriptor in watched {
            // One that went meanwhile is gone all the same.
            let _ = self.unwatch(descriptor);
        }
    }
}

impl File for Inotify {
    fn read(&self, _at: At, into: &mut [u8]) -> Result<usize> {
        let mut state = self.queue.state.lock();
        let Some(first) = state.events.front() else { return Err(Errno::EAGAIN) };
        if first.bytes() > into.len() {
            return Err(Errno::EINVAL);
        }
        let mut out = Vec::new();
        while let Some(event) = state.events.front()
            && out.len() + event.bytes() <= into.len()
        {
            event.encode(self.endian, &mut out);
            state.events.pop_front();
        }
        into[..out.len()].copy_from_slice(&out);
        Ok(out.len())
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        Ready { readable: !self.queue.state.lock().events.is_empty(), ..Ready::default() }
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.queue.watchers.add(watcher);
    }

    fn edges(&self) -> Option<Edges> {
        Some(Edges { readable: self.queue.state.lock().pushed, writable: 0 })
    }

    fn pending(&self) -> Result<usize> {
        Ok(self.queue.state.lock().events.iter().map(Event::bytes).sum())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}
