//! [`Watch`]: what one inotify wants to know of one node.

use super::inotify::{Event, Queue};
use super::{Identity, event};
use alloc::sync::Weak;
use core::sync::atomic::{AtomicU32, Ordering};
use vfs::NodeRef;

/// IN_ONESHOT
const ONE_SHOT: u32 = 0x8000_0000;
/// IN_MASK_ADD
const ADDS: u32 = 0x2000_0000;

/// A watch.
pub(super) struct Watch {
    pub(super) descriptor: i32,
    pub(super) identity: Identity,
    queue: Weak<Queue>,
    mask: AtomicU32,
    /// Kept, so that its number means nothing else meanwhile.
    node: NodeRef,
}

impl Watch {
    pub(super) fn new(descriptor: i32, identity: Identity, queue: Weak<Queue>, mask: u32, node: NodeRef) -> Watch {
        Watch { descriptor, identity, queue, mask: AtomicU32::new(mask & !ADDS), node }
    }

    /// The node.
    pub(super) fn node(&self) -> &NodeRef {
        &self.node
    }

    /// What is wanted of it.
    pub(super) fn mask(&self) -> u32 {
        self.mask.load(Ordering::Relaxed)
    }

    /// Whether it is of that inotify.
    pub(super) fn is_of(&self, queue: &Queue) -> bool {
        core::ptr::eq(self.queue.as_ptr(), queue)
    }

    /// Wants something else from now on, or something more with IN_MASK_ADD.
    pub(super) fn set_mask(&self, mask: u32) {
        if mask & ADDS != 0 {
            self.mask.fetch_or(mask & !ADDS, Ordering::Relaxed);
        } else {
            self.mask.store(mask, Ordering::Relaxed);
        }
    }

    pub(super) fn is_one_shot(&self) -> bool {
        self.mask.load(Ordering::Relaxed) & ONE_SHOT != 0
    }

    /// Tells of an event, if it is wanted; whether it was.
    pub(super) fn tell(&self, event: u32, cookie: u32, name: &[u8]) -> bool {
        let is_wanted = event & event::ALL & self.mask.load(Ordering::Relaxed) != 0;
        if let Some(queue) = self.queue.upgrade().filter(|_| is_wanted) {
            queue.push(Event { descriptor: self.descriptor, mask: event, cookie, name: name.to_vec() });
        }
        is_wanted
    }

    /// It watches no longer.
    pub(super) fn end(&self) {
        if let Some(queue) = self.queue.upgrade() {
            queue.forget(self.descriptor);
            queue.push(Event { descriptor: self.descriptor, mask: event::IGNORED, cookie: 0, name: [].into() });
        }
    }
}
