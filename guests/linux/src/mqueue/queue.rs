//! [`Queue`]: the messages of a queue, who waits for them, and who is told of them.

use crate::signal::{Info, Signal};
use crate::socket::Endpoint;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::node::{At, Edges, File, NodeRef, Ready};
use vfs::{Errno, Result, Watcher, Watchers};

/// SI_MESGQ
const MESSAGE_QUEUE: i32 = -4;
/// Bytes of what a thread of a library waits for (NOTIFY_COOKIE_LEN), the last of which says why it is told: NOTIFY_WOKENUP or
/// NOTIFY_REMOVED.
pub(crate) const COOKIE_BYTES: usize = 32;
const WOKEN: u8 = 1;
const REMOVED: u8 = 2;
/// What the kernel of a 32-bit machine takes for a message, and for a priority that has some.
const MESSAGE_OVERHEAD: u64 = 24;
const PRIORITY_OVERHEAD: u64 = 24;

/// A message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Posted {
    pub(crate) priority: u32,
    pub(crate) text: Vec<u8>,
}

/// Who is told once, when a message comes to a queue that has none (mq_notify(2)).
#[derive(Clone)]
pub(crate) struct Notice {
    pub(crate) pid: u32,
    pub(crate) target: Target,
}

/// How that is told.
#[derive(Clone)]
pub(crate) enum Target {
    /// SIGEV_NONE
    Nothing,
    /// SIGEV_SIGNAL, with what the handler gets; signal 0 is none.
    Signal(Option<Signal>, u32),
    /// SIGEV_THREAD: a message to a netlink socket, at which a thread of a library waits.
    Socket(Weak<Endpoint>, [u8; COOKIE_BYTES]),
}

/// Somebody to be told of a message that was sent.
pub(crate) enum Alert {
    /// A thread that has it.
    Thread(u32),
    /// A process, by a signal.
    Signal(u32, Info),
}

/// What changes about a queue.
#[derive(Default)]
pub(super) struct State {
    /// By priority, in the order they were sent.
    pub(super) messages: BTreeMap<u32, VecDeque<Vec<u8>>>,
    pub(super) count: u32,
    pub(super) notice: Option<Notice>,
    /// Threads that wait for a message, and those that were given one and have not looked yet.
    pub(super) receivers: VecDeque<u32>,
    pub(super) given: BTreeMap<u32, Posted>,
    pub(super) edges: Edges,
}

impl State {
    /// Gives a message to the first who waits, or adds it: who got it.
    fn put(&mut self, message: Posted, is_first: bool) -> Option<u32> {
        if let Some(tid) = self.receivers.pop_front() {
            self.given.insert(tid, message);
            return Some(tid);
        }
        let queue = self.messages.entry(message.priority).or_default();
        if is_first {
            queue.push_front(message.text);
        } else {
            queue.push_back(message.text);
        }
        self.count += 1;
        self.edges.readable += 1;
        None
    }

    fn take(&mut self) -> Option<Posted> {
        let mut last = self.messages.last_entry()?;
        let priority = *last.key();
        let text = last.get_mut().pop_front();
        if last.get().is_empty() {
            last.remove();
        }
        self.count = self.count.saturating_sub(1);
        self.edges.writable += 1;
        text.map(|text| Posted { priority, text })
    }

    /// All messages, those of the highest priority first; what was given and not taken is among them.
    pub(super) fn all(&self) -> Vec<Posted> {
        let given = self.given.values().cloned();
        let queued =
            self.messages.iter().rev().flat_map(|(priority, texts)| {
                texts.iter().map(|text| Posted { priority: *priority, text: text.clone() })
            });
        given.chain(queued).collect()
    }
}

/// A message queue. It lives as long as it has a name or is open.
pub(crate) struct Queue {
    /// Its metadata, which all who open it share.
    pub(crate) node: NodeRef,
    pub(crate) messages_max: u32,
    pub(crate) message_bytes_max: u32,
    /// Whose limit it counts for: its maker's.
    pub(crate) uid: u32,
    pub(super) state: Mutex<State>,
    pub(super) watchers: Watchers,
}

impl Queue {
    /// An empty one.
    pub(crate) fn new(node: NodeRef, messages_max: u32, message_bytes_max: u32, uid: u32) -> Queue {
        let (state, watchers) = (Mutex::default(), Watchers::default());
        Queue { node, messages_max, message_bytes_max, uid, state, watchers }
    }

    /// What a queue of so many messages counts as (getrlimit(2), RLIMIT_MSGQUEUE).
    pub(crate) fn charge(messages_max: u32, message_bytes_max: u32) -> u64 {
        let messages = u64::from(messages_max);
        let priorities = messages.min(u64::from(super::PRIORITIES));
        messages * (u64::from(message_bytes_max) + MESSAGE_OVERHEAD) + priorities * PRIORITY_OVERHEAD
    }

    pub(super) fn charged(&self) -> u64 {
        Queue::charge(self.messages_max, self.message_bytes_max)
    }

    /// Messages in it.
    pub(crate) fn count(&self) -> u32 {
        self.state.lock().count
    }

    /// Adds a message, of a sender: who is to be told. EAGAIN if there is no room.
    pub(crate) fn send(&self, message: Posted, (pid, uid): (u32, u32)) -> Result<Option<Alert>> {
        let mut state = self.state.lock();
        if state.count >= self.messages_max {
            return Err(Errno::EAGAIN);
        }
        if let Some(tid) = state.put(message, false) {
            return Ok(Some(Alert::Thread(tid)));
        }
        let notice = if state.count == 1 { state.notice.take() } else { None };
        drop(state);
        self.watchers.notice();
        Ok(notice.and_then(|notice| match notice.target {
            Target::Nothing | Target::Signal(None, _) => None,
            Target::Signal(Some(signal), value) => {
                Some(Alert::Signal(notice.pid, Info { signal, code: MESSAGE_QUEUE, words: [pid, uid, value] }))
            }
            Target::Socket(endpoint, cookie) => {
                tell(&endpoint, cookie, WOKEN);
                None
            }
        }))
    }

    /// Takes the first message of the highest priority, or what the thread was given; EAGAIN if there is none.
    pub(crate) fn receive(&self, tid: u32) -> Result<Posted> {
        let mut state = self.state.lock();
        if let Some(given) = state.given.remove(&tid) {
            return Ok(given);
        }
        let message = state.take().ok_or(Errno::EAGAIN)?;
        drop(state);
        self.watchers.notice();
        Ok(message)
    }

    /// Who sends is told when there may be room.
    pub(crate) fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.watchers.add(watcher);
    }

    /// A thread is given the next message.
    pub(super) fn wait(&self, tid: u32) {
        let mut state = self.state.lock();
        if !state.receivers.contains(&tid) {
            state.receivers.push_back(tid);
        }
    }

    /// A thread waits no more: who has what it did not take.
    pub(super) fn forget(&self, tid: u32) -> Option<u32> {
        let mut state = self.state.lock();
        state.receivers.retain(|waiting| *waiting != tid);
        let given = state.given.remove(&tid)?;
        let next = state.put(given, true);
        drop(state);
        self.watchers.notice();
        next
    }

    /// Has somebody told; EBUSY if somebody is already.
    pub(crate) fn notify(&self, notice: Notice) -> Result<()> {
        let mut state = self.state.lock();
        if state.notice.is_some() {
            return Err(Errno::EBUSY);
        }
        state.notice = Some(notice);
        Ok(())
    }

    /// A process is told no more.
    pub(crate) fn release(&self, pid: u32) {
        let released = self.state.lock().notice.take_if(|notice| notice.pid == pid);
        if let Some(Notice { target: Target::Socket(endpoint, cookie), .. }) = released {
            tell(&endpoint, cookie, REMOVED);
        }
    }

    /// What a descriptor of it reads (mq_overview(7)).
    fn text(&self) -> Vec<u8> {
        let state = self.state.lock();
        let bytes: usize = state.messages.values().flatten().map(Vec::len).sum();
        let (mut kind, mut signal, mut pid) = (0, 0, 0);
        if let Some(notice) = &state.notice {
            pid = notice.pid;
            (kind, signal) = match &notice.target {
                Target::Signal(signal, _) => (0, signal.map_or(0, Signal::number)),
                Target::Nothing => (1, 0),
                Target::Socket(..) => (2, 0),
            };
        }
        format!("QSIZE:{bytes:<10} NOTIFY:{kind:<5} SIGNO:{signal:<5} NOTIFY_PID:{pid:<6}\n").into_bytes()
    }
}

/// Sends a cookie to the socket at which a thread waits for it.
fn tell(endpoint: &Weak<Endpoint>, mut cookie: [u8; COOKIE_BYTES], why: u8) {
    cookie[COOKIE_BYTES - 1] = why;
    if let Some(endpoint) = endpoint.upgrade() {
        endpoint.hear_kernel(cookie.to_vec());
    }
}

/// What a descriptor of a queue leads to.
pub(crate) struct QueueFile(pub(crate) Arc<Queue>);

impl File for QueueFile {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        vfs::node::Bytes(self.0.text()).read(at, into)
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn ready(&self) -> Ready {
        let count = self.0.count();
        Ready { readable: count > 0, writable: count < self.0.messages_max, ..Ready::default() }
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.0.watch(watcher);
    }

    fn edges(&self) -> Option<Edges> {
        Some(self.0.state.lock().edges)
    }

    fn as_any(&self) -> Option<&dyn core::any::Any> {
        Some(self)
    }
}
