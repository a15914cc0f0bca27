//! POSIX message queues (mq_overview(7)): [`Queues`] holds those of a world by name, [`QueueFile`] is what a descriptor leads to.
//!
//! Messages have priorities, and of one priority the first sent is the first received. No file system of them is mounted.

mod queue;
mod saved;

pub(crate) use queue::{Alert, COOKIE_BYTES, Notice, Posted, Queue, QueueFile, Target};
pub(crate) use saved::SavedQueue;

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use spin::Mutex;
use vfs::{Errno, Result};

/// Queues that there may be (queues_max); root may make more.
pub(crate) const QUEUES_MAX: usize = 256;
const PRIVILEGED_QUEUES_MAX: usize = 4096;
/// Messages of a queue, and bytes of one, that any user may ask for (msg_max, msgsize_max), and that are given to who asks for none.
pub(crate) const MESSAGES_MAX: u32 = 10;
pub(crate) const MESSAGE_BYTES_MAX: u32 = 8192;
/// The same for root (HARD_MSGMAX, HARD_MSGSIZEMAX).
pub(crate) const PRIVILEGED_MESSAGES_MAX: u32 = 65_536;
pub(crate) const PRIVILEGED_MESSAGE_BYTES_MAX: u32 = 16 << 20;
/// Priorities are below this (MQ_PRIO_MAX).
pub(crate) const PRIORITIES: u32 = 32_768;
/// Bytes of all queues together, whatever limits root raises: they are the host's.
const ALL_BYTES_MAX: u64 = 64 << 20;

/// All queues.
#[derive(Default)]
pub(crate) struct Queues {
    names: Mutex<BTreeMap<Vec<u8>, Arc<Queue>>>,
    /// Those that have a name or are open.
    live: Mutex<Vec<Weak<Queue>>>,
    /// Where each thread waits that waits for a message.
    waiting: Mutex<BTreeMap<u32, Weak<Queue>>>,
}

impl Queues {
    /// The queue of a name.
    pub(crate) fn find(&self, name: &[u8]) -> Option<Arc<Queue>> {
        self.names.lock().get(name).cloned()
    }

    /// All that have a name or are open.
    pub(crate) fn live(&self) -> Vec<Arc<Queue>> {
        let mut live = self.live.lock();
        live.retain(|queue| queue.strong_count() > 0);
        live.iter().filter_map(Weak::upgrade).collect()
    }

    /// All that have a name.
    pub(crate) fn named(&self) -> Vec<(Vec<u8>, Arc<Queue>)> {
        self.names.lock().iter().map(|(name, queue)| (name.clone(), queue.clone())).collect()
    }

    /// Whether a user may have another queue of so many bytes, where its own may have `bytes_max` together (RLIMIT_MSGQUEUE).
    pub(crate) fn check_room(&self, uid: u32, bytes: u64, bytes_max: u64) -> Result<()> {
        let live = self.live();
        let of = |is_it: &dyn Fn(&Queue) -> bool| -> u64 {
            live.iter().filter(|queue| is_it(queue)).map(|queue| queue.charged()).sum()
        };
        let own = of(&|queue| queue.uid == uid).checked_add(bytes);
        let all = of(&|_| true).checked_add(bytes);
        let fits = own.is_some_and(|own| own <= bytes_max) && all.is_some_and(|all| all <= ALL_BYTES_MAX);
        if fits { Ok(()) } else { Err(Errno::EMFILE) }
    }

    /// Names a queue that was just made.
    pub(crate) fn add(&self, name: Vec<u8>, queue: &Arc<Queue>, is_privileged: bool) -> Result<()> {
        let most = if is_privileged { PRIVILEGED_QUEUES_MAX } else { QUEUES_MAX };
        if self.live().len() >= most {
            return Err(Errno::ENOSPC);
        }
        self.keep(queue);
        self.names.lock().insert(name, queue.clone());
        Ok(())
    }

    /// One more lives.
    fn keep(&self, queue: &Arc<Queue>) {
        self.live.lock().push(Arc::downgrade(queue));
    }

    /// Takes a name away; the queue lives on as long as it is open.
    pub(crate) fn remove(&self, name: &[u8]) -> Option<Arc<Queue>> {
        self.names.lock().remove(name)
    }

    /// A thread waits for a message of a queue.
    pub(crate) fn wait(&self, queue: &Arc<Queue>, tid: u32) {
        queue.wait(tid);
        self.waiting.lock().insert(tid, Arc::downgrade(queue));
    }

    /// A thread waits no more. What it was given and did not take is somebody else's: who, if somebody waits for that.
    pub(crate) fn forget(&self, tid: u32) -> Option<u32> {
        let queue = self.waiting.lock().remove(&tid)?.upgrade()?;
        queue.forget(tid)
    }

    /// A process has ended: it is told of nothing any more.
    pub(crate) fn leave(&self, pid: u32) {
        for queue in self.live() {
            queue.release(pid);
        }
    }
}
