//! [`Packet`]: what was sent at once: bytes, and what goes with them.

use super::address::Address;
use super::endpoint::Endpoint;
use super::header::Header;
use crate::commons::Commons;
use crate::description::Description;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::{Errno, Result};

/// Descriptors that one message can carry (SCM_MAX_FD).
const RIGHTS_MAX: usize = 253;
/// Descriptors that are on their way at once. Nothing collects those that wait in each other's inboxes for ever, so this
/// bounds what they take; Linux has RLIMIT_NOFILE for it (unix(7), ETOOMANYREFS).
const IN_FLIGHT_MAX: usize = 1024;

/// Who sent something, or made a socket: `struct ucred`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) pid: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Bytes on their way.
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    /// How many of them a stream's reader has taken.
    pub(super) taken: usize,
    pub(super) from: Option<Arc<Address>>,
    /// Of a message of the internet.
    pub(super) header: Option<Header>,
    pub(super) credentials: Credentials,
    pub(super) rights: Option<Rights>,
    pub(super) charge: Charge,
}

impl Packet {
    /// What comes from somebody who is not charged for it: who has no room for it loses it.
    pub(super) fn foreign(bytes: Vec<u8>, from: Option<Address>) -> Packet {
        let charge = Charge { sender: Weak::new(), bytes: 0 };
        let from = from.map(Arc::new);
        Packet { bytes, taken: 0, from, header: None, credentials: Credentials::default(), rights: None, charge }
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &[u8] {
        self.bytes.get(self.taken..).unwrap_or_default()
    }
}

/// What a sender is charged for, until it is read or lost.
pub(super) struct Charge {
    pub(super) sender: Weak<Endpoint>,
    pub(super) bytes: usize,
}

impl Charge {
    /// Takes a part off, to be given back apart.
    pub(super) fn split(&mut self, bytes: usize) -> Charge {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Charge { sender: self.sender.clone(), bytes }
    }

    /// Adds another of the same sender.
    pub(super) fn join(&mut self, mut other: Charge) {
        self.bytes += core::mem::take(&mut other.bytes);
    }
}

/// Tells the sender that there is room again, so that it must not be dropped under a lock.
impl Drop for Charge {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.upgrade().filter(|_| self.bytes > 0) {
            sender.give_back(self.bytes);
        }
    }
}

/// Descriptors on their way (SCM_RIGHTS).
pub(crate) struct Rights {
    descriptions: Vec<Arc<Description>>,
    commons: Arc<Commons>,
}

impl Rights {
    /// Sends them off, if there are not too many.
    pub(crate) fn new(descriptions: Vec<Arc<Description>>, commons: &Arc<Commons>) -> Result<Rights> {
        if descriptions.len() > RIGHTS_MAX {
            return Err(Errno::EINVAL);
        }
        commons.transit.enter(descriptions.len())?;
        Ok(Rights { descriptions, commons: commons.clone() })
    }

    /// They, for who receives them.
    pub(crate) fn descriptions(&self) -> &[Arc<Description>] {
        &self.descriptions
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        self.commons.transit.leave(core::mem::take(&mut self.descriptions));
    }
}

/// The descriptors that are on their way in one world.
#[derive(Default)]
pub(crate) struct Transit(Mutex<Travellers>);

#[derive(Default)]
struct Travellers {
    count: usize,
    /// Those that arrived nowhere, to be closed one after the other.
    lost: VecDeque<Arc<Description>>,
    is_closing: bool,
}

impl Transit {
    fn enter(&self, count: usize) -> Result<()> {
        let mut travellers = self.0.lock();
        if travellers.count + count > IN_FLIGHT_MAX {
            return Err(Errno::ETOOMANYREFS);
        }
        travellers.count += count;
        Ok(())
    }

    /// Closing a descriptor can lose others that it was to receive, and so on: they come here, so that a guest that sends
    /// sockets through sockets does not choose how deep the host's stack grows.
    fn leave(&self, descriptions: Vec<Arc<Description>>) {
        let mut travellers = self.0.lock();
        travellers.count -= descriptions.len();
        travellers.lost.extend(descriptions);
        if core::mem::replace(&mut travellers.is_closing, true) {
            return;
        }
        while let Some(lost) = travellers.lost.pop_front() {
            drop(travellers);
            drop(lost);
            travellers = self.0.lock();
        }
        travellers.is_closing = false;
    }
}
