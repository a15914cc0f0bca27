//! What a snapshot keeps of POSIX message queues.

use super::queue::{Notice, State, Target};
use super::{PRIORITIES, PRIVILEGED_MESSAGE_BYTES_MAX, PRIVILEGED_MESSAGES_MAX, Posted, Queue, Queues};
use crate::signal::Signal;
use crate::socket::Endpoint;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use spin::Mutex;
use vfs::NodeRef;
use vfs::Watchers;
use vfs::node::Edges;
use vfs::numbered::Numbered;

/// A queue as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedQueue {
    name: Option<ByteBuf>,
    /// Its node, by number.
    node: u32,
    messages_max: u32,
    message_bytes_max: u32,
    uid: u32,
    messages: Vec<Posted>,
    edges: Edges,
    notice: Option<(u32, SavedTarget)>,
}

#[derive(Serialize, Deserialize)]
enum SavedTarget {
    Nothing,
    Signal(Option<Signal>, u32),
    /// A socket, by number.
    Socket(u32, [u8; 32]),
}

impl Queues {
    /// A queue as data; its node's number is `node`.
    pub(crate) fn save(&self, queue: &Arc<Queue>, node: u32, endpoints: &mut Numbered<Endpoint>) -> SavedQueue {
        let named = self.named().into_iter().find(|(_, named)| Arc::ptr_eq(named, queue));
        let state = queue.state.lock();
        let notice = state.notice.as_ref().and_then(|notice| {
            let target = match &notice.target {
                Target::Nothing => SavedTarget::Nothing,
                Target::Signal(signal, value) => SavedTarget::Signal(*signal, *value),
                Target::Socket(endpoint, cookie) => {
                    SavedTarget::Socket(endpoints.number(&endpoint.upgrade()?), *cookie)
                }
            };
            Some((notice.pid, target))
        });
        SavedQueue {
            name: named.map(|(name, _)| ByteBuf::from(name)),
            node,
            messages_max: queue.messages_max,
            message_bytes_max: queue.message_bytes_max,
            uid: queue.uid,
            messages: state.all(),
            edges: state.edges,
            notice,
        }
    }

    /// Puts in what there was: the queues by number. None if it cannot be so.
    pub(crate) fn restore(
        &self,
        saved: Vec<SavedQueue>,
        nodes: &[NodeRef],
        endpoints: &[Arc<Endpoint>],
    ) -> Option<Vec<Arc<Queue>>> {
        let mut queues = Vec::new();
        for saved in saved {
            let is_sound = saved.messages_max <= PRIVILEGED_MESSAGES_MAX
                && saved.message_bytes_max <= PRIVILEGED_MESSAGE_BYTES_MAX
                && saved.messages.iter().all(|message| message.priority < PRIORITIES);
            if !is_sound {
                return None;
            }
            let mut state = State { edges: saved.edges, ..State::default() };
            for message in saved.messages {
                state.messages.entry(message.priority).or_default().push_back(message.text);
                state.count += 1;
            }
            if let Some((pid, target)) = saved.notice {
                let target = match target {
                    SavedTarget::Nothing => Target::Nothing,
                    SavedTarget::Signal(signal, value) => Target::Signal(signal, value),
                    SavedTarget::Socket(number, cookie) => {
                        Target::Socket(Arc::downgrade(endpoints.get(number as usize)?), cookie)
                    }
                };
                state.notice = Some(Notice { pid, target });
            }
            let queue = Arc::new(Queue {
                node: nodes.get(saved.node as usize)?.clone(),
                messages_max: saved.messages_max,
                message_bytes_max: saved.message_bytes_max,
                uid: saved.uid,
                state: Mutex::new(state),
                watchers: Watchers::default(),
            });
            self.keep(&queue);
            if let Some(name) = saved.name {
                self.names.lock().insert(name.into_vec(), queue.clone());
            }
            queues.push(queue);
        }
        Some(queues)
    }
}
