//! [`Commons`]: what the processes of one world share beside their files.

use crate::ipc::{Messages, Objects, Segment, Semaphores};
use crate::mqueue::Queues;
use crate::notify::Notify;
use crate::socket::{Names, Network, Ports, Transit};
use crate::syslog::Log;
use alloc::sync::Arc;

/// What processes that know nothing else of each other meet by.
#[derive(Default)]
pub(crate) struct Commons {
    /// Local sockets that are bound, and those of the internet.
    pub(crate) sockets: Names,
    pub(crate) ports: Ports,
    /// Descriptors that were sent and not yet received.
    pub(crate) transit: Transit,
    /// Who wants to know what is done to files.
    pub(crate) notify: Notify,
    /// Sets of System V semaphores.
    pub(crate) semaphores: Objects<Semaphores>,
    /// System V message queues.
    pub(crate) messages: Objects<Messages>,
    /// Segments of System V shared memory.
    pub(crate) segments: Objects<Segment>,
    /// POSIX message queues.
    pub(crate) queues: Queues,
    /// What listens at /dev/log if nobody else does.
    pub(crate) log: Log,
}

impl Commons {
    /// Those of a world with that way out.
    pub(crate) fn new(network: Option<Arc<dyn Network>>) -> Commons {
        Commons { ports: Ports::new(network), ..Commons::default() }
    }

    /// A process has ended: what it asked to be undone then is (SEM_UNDO), and it is told of no messages (mq_notify(2)).
    pub(crate) fn leave(&self, pid: u32) {
        self.queues.leave(pid);
        for set in self.semaphores.all() {
            let has_changed = set.state.lock().leave(pid);
            if has_changed {
                set.watchers.notice();
            }
        }
    }
}
