//! [`Messages`]: a message queue (msgop(2)).

use super::permission::Permission;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use vfs::{Errno, Result};

/// The longest message (MSGMAX).
pub(crate) const MESSAGE_BYTES_MAX: u32 = 8192;
/// Bytes that a new queue holds (MSGMNB).
pub(crate) const QUEUE_BYTES: usize = 16_384;

/// A message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    /// At least 1.
    pub(crate) kind: i32,
    pub(crate) text: Vec<u8>,
}

/// Which message is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// The first.
    Any,
    /// The first of that kind.
    Kind(i32),
    /// The first of another kind: MSG_EXCEPT.
    Other(i32),
    /// The first of the lowest kind up to that.
    UpTo(i32),
    /// The one in that place, which stays: MSG_COPY.
    Copy(usize),
}

/// A message queue.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Messages {
    pub(crate) permission: Permission,
    pub(crate) list: VecDeque<Message>,
    /// Bytes it may hold.
    pub(crate) bytes_max: usize,
    /// Last msgsnd(2), msgrcv(2), msgctl(2): seconds, 0 if never; and who sent and received.
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) changed: u64,
    pub(crate) sender: u32,
    pub(crate) receiver: u32,
}

impl Messages {
    pub(crate) fn new(permission: Permission, now: u64) -> Messages {
        Messages {
            permission,
            list: VecDeque::new(),
            bytes_max: QUEUE_BYTES,
            sent: 0,
            received: 0,
            changed: now,
            sender: 0,
            receiver: 0,
        }
    }

    /// Bytes it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.list.iter().map(|message| message.text.len()).sum()
    }

    /// Adds a message; EAGAIN if there is no room.
    pub(crate) fn send(&mut self, message: Message, pid: u32, now: u64) -> Result<()> {
        if self.bytes() + message.text.len() > self.bytes_max || self.list.len() >= self.bytes_max {
            return Err(Errno::EAGAIN);
        }
        self.list.push_back(message);
        (self.sent, self.sender) = (now, pid);
        Ok(())
    }

    /// Takes a message; ENOMSG if there is none, E2BIG if it is longer than `room`, unless it `may_cut`.
    pub(crate) fn receive(
        &mut self,
        wanted: Wanted,
        room: usize,
        may_cut: bool,
        pid: u32,
        now: u64,
    ) -> Result<Message> {
        let first = |is_it: &dyn Fn(i32) -> bool| self.list.iter().position(|message| is_it(message.kind));
        let place = match wanted {
            Wanted::Any => first(&|_| true),
            Wanted::Kind(kind) => first(&|other| other == kind),
            Wanted::Other(kind) => first(&|other| other != kind),
            Wanted::UpTo(most) => {
                let lowest = self.list.iter().map(|message| message.kind).filter(|kind| *kind <= most).min();
                lowest.and_then(|lowest| first(&|kind| kind == lowest))
            }
            Wanted::Copy(place) => Some(place),
        };
        let place = place.ok_or(Errno::ENOMSG)?;
        let found = self.list.get(place).ok_or(Errno::ENOMSG)?;
        if found.text.len() > room && !may_cut {
            return Err(Errno::E2BIG);
        }
        let mut message = match wanted {
            Wanted::Copy(_) => found.clone(),
            _ => {
                (self.received, self.receiver) = (now, pid);
                self.list.remove(place).ok_or(Errno::ENOMSG)?
            }
        };
        message.text.truncate(room);
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_chosen() {
        let permission = Permission { key: 1, uid: 0, gid: 0, creator_uid: 0, creator_gid: 0, mode: 0o600 };
        let mut queue = Messages::new(permission, 0);
        for kind in [5, 3, 9, 3] {
            queue.send(Message { kind, text: alloc::vec![kind as u8; 4] }, 1, 1).unwrap();
        }
        let mut take = |wanted| queue.receive(wanted, 8, false, 2, 2).map(|message| message.kind);
        assert_eq!(take(Wanted::Copy(2)), Ok(9));
        assert_eq!(take(Wanted::UpTo(4)), Ok(3));
        assert_eq!(take(Wanted::Other(5)), Ok(9));
        assert_eq!(take(Wanted::Kind(9)), Err(Errno::ENOMSG));
        assert_eq!(queue.receive(Wanted::Any, 2, false, 2, 2), Err(Errno::E2BIG));
        assert_eq!(queue.receive(Wanted::Any, 2, true, 2, 2).map(|message| message.text), Ok(alloc::vec![5; 2]));
        assert_eq!((queue.list.len(), queue.bytes()), (1, 4));
    }
}
