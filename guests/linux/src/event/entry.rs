//! [`Entry`]: a file that an epoll waits for, what is wanted of it, and what was told of it.

use super::alarm::Alarm;
use super::epoll::{Epoll, Shared};
use super::signals::SignalFile;
use crate::description::Description;
use crate::ready::{self, Asker, conditions, ready, special};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicBool, Ordering};
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::Watcher;
use vfs::node::{Edges, File};

/// What epoll_ctl(2) is asked for: conditions, and how to tell of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Events(pub(crate) u32);

impl Events {
    /// EPOLLET
    const EDGE: u32 = 1 << 31;
    /// EPOLLONESHOT
    const ONCE: u32 = 1 << 30;
    /// EPOLLWAKEUP: there is no sleep that it could keep off.
    const WAKEUP: u32 = 1 << 29;
    /// EPOLLEXCLUSIVE
    const EXCLUSIVE: u32 = 1 << 28;
    /// Bits that say how to tell, and not of what.
    const MODES: u32 = Events::EDGE | Events::ONCE | Events::WAKEUP | Events::EXCLUSIVE;
    /// EPOLLWRNORM, which poll(2) has as POLLOUT on MIPS.
    const WRITE_NORMAL: u32 = 0x100;

    /// EPOLLERR and EPOLLHUP are told whether they are asked for or not.
    pub(crate) fn with_ends(self) -> Events {
        Events(self.0 | u32::from(ready::ERR | ready::HUP))
    }

    pub(crate) fn is_exclusive(self) -> bool {
        self.0 & Events::EXCLUSIVE != 0
    }

    /// Whether these are what may be asked for together with EPOLLEXCLUSIVE.
    pub(crate) fn may_be_exclusive(self) -> bool {
        let known = u32::from(ready::IN | ready::OUT | ready::ERR | ready::HUP) | Events::EDGE | Events::WAKEUP;
        self.0 & !(known | Events::EXCLUSIVE) == 0
    }

    fn wants(self, conditions: u32) -> bool {
        self.0 & conditions != 0
    }

    fn reads(self) -> bool {
        self.wants(u32::from(ready::IN | ready::RDNORM | ready::RDHUP | ready::HUP))
    }

    fn writes(self) -> bool {
        self.wants(u32::from(ready::OUT) | Events::WRITE_NORMAL)
    }

    /// Nothing is told of any more until epoll_ctl(2) asks again: after EPOLLONESHOT.
    fn is_spent(self) -> bool {
        self.0 & !Events::MODES == 0
    }
}

/// What epoll_wait(2) tells of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) events: u32,
    pub(crate) data: u64,
}

/// What was seen of a file when it was last looked at.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Seen {
    edges: Option<Edges>,
    was_ready: bool,
}

struct State {
    events: Events,
    data: u64,
    /// None since epoll_ctl(2): the first look always tells.
    seen: Option<Seen>,
}

/// A file that is waited for. It does not keep the file: with the last descriptor of it the entry is gone.
pub(super) struct Entry {
    me: Weak<Entry>,
    epoll: Weak<Shared>,
    description: Weak<Description>,
    /// Whether it stands in the epoll's queue.
    pub(super) is_queued: AtomicBool,
    is_removed: AtomicBool,
    /// Nobody tells when it gets ready, so that it is looked at each time.
    pub(super) is_silent: bool,
    state: Mutex<State>,
}

/// What there is to tell of an entry.
pub(super) struct Told {
    pub(super) found: Found,
    /// Told again until the condition is over.
    pub(super) stays: bool,
}

impl Entry {
    pub(super) fn new(
        epoll: Weak<Shared>,
        description: &Arc<Description>,
        file: &dyn File,
        events: Events,
        data: u64,
    ) -> Arc<Entry> {
        let is_silent = file.host_descriptor().is_some()
            || special::<SignalFile>(file).is_some()
            || special::<Alarm>(file).is_some()
            || special::<Epoll>(file).is_some();
        Arc::new_cyclic(|me| Entry {
            me: me.clone(),
            epoll,
            description: Arc::downgrade(description),
            is_queued: AtomicBool::new(false),
            is_removed: AtomicBool::new(false),
            is_silent,
            state: Mutex::new(State { events, data, seen: None }),
        })
    }

    /// What is wanted, what it is told with, and what was seen last.
    pub(super) fn state(&self) -> (Events, u64, Option<Seen>) {
        let state = self.state.lock();
        (state.events, state.data, state.seen)
    }

    /// What was seen last, before it was restored.
    pub(super) fn set_seen(&self, seen: Option<Seen>) {
        self.state.lock().seen = seen;
    }

    /// Wants something else from now on.
    pub(super) fn set(&self, events: Events, data: u64) {
        *self.state.lock() = State { events, data, seen: None };
    }

    pub(super) fn events(&self) -> Events {
        self.state.lock().events
    }

    /// It is waited for no longer.
    pub(super) fn remove(&self) {
        self.is_removed.store(true, Ordering::Release);
    }

    /// The file's description, if somebody still has it open.
    pub(super) fn description(&self) -> Option<Arc<Description>> {
        if self.is_removed.load(Ordering::Acquire) { None } else { self.description.upgrade() }
    }

    /// Whether there is something to tell; it can still be told afterwards.
    pub(super) fn has_something(&self, asker: Asker) -> bool {
        let Some(description) = self.description() else { return false };
        let Ok(file) = description.file() else { return false };
        self.look(file, asker, &mut self.state.lock(), false).is_some()
    }

    /// What there is to tell, which is then told. The file tells of its next change.
    pub(super) fn take(&self, asker: Asker) -> Option<Told> {
        let description = self.description()?;
        let file = description.file().ok()?;
        if let Some(me) = self.me.upgrade() {
            file.watch(&(me as Arc<dyn Watcher>));
        }
        let mut state = self.state.lock();
        let found = self.look(file, asker, &mut state, true)?;
        let events = state.events;
        if events.0 & Events::ONCE != 0 {
            state.events = Events(events.0 & Events::MODES);
        }
        Some(Told { found, stays: events.0 & (Events::EDGE | Events::ONCE) == 0 })
    }

    fn look(&self, file: &dyn File, asker: Asker, state: &mut State, takes: bool) -> Option<Found> {
        let events = state.events;
        if events.is_spent() {
            return None;
        }
        // Before the conditions: an edge in between is then told twice rather than never.
        let edges = file.edges();
        let bits = u32::from(conditions(ready(file, asker)));
        let bits = if bits & u32::from(ready::OUT) != 0 { bits | Events::WRITE_NORMAL } else { bits };
        let found = Found { events: bits & events.0, data: state.data };
        let is_edge = match (state.seen, edges) {
            (Some(Seen { edges: Some(before), .. }), Some(now)) => {
                events.reads() && now.readable != before.readable || events.writes() && now.writable != before.writable
            }
            (Some(seen), _) => !seen.was_ready,
            (None, _) => true,
        };
        if takes || found.events == 0 {
            state.seen = Some(Seen { edges, was_ready: found.events != 0 });
        }
        (found.events != 0 && (is_edge || events.0 & Events::EDGE == 0)).then_some(found)
    }
}

impl Watcher for Entry {
    fn notice(&self) {
        if let (Some(epoll), Some(me)) = (self.epoll.upgrade(), self.me.upgrade()) {
            epoll.queue(me);
        }
    }

    fn is_over(&self) -> bool {
        self.is_removed.load(Ordering::Acquire) || self.epoll.strong_count() == 0
    }
}
