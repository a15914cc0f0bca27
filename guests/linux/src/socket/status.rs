//! [`Status`]: what /proc/net tells of a socket.

use super::address::Address;
use super::endpoint::{Endpoint, Role, Style};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How a socket stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    Idle,
    Listening,
    Connecting,
    Connected,
    /// The peer sends nothing any more.
    Left,
    /// It sends nothing any more.
    Shut,
    /// Neither does.
    Over,
}

impl Standing {
    /// `TCP_*` of net/tcp_states.h; none of a socket that no table of TCP has.
    pub(crate) fn tcp_state(self) -> Option<u8> {
        match self {
            Standing::Connected => Some(1),
            Standing::Connecting => Some(2),
            Standing::Shut => Some(5),
            Standing::Left => Some(8),
            Standing::Listening => Some(10),
            Standing::Idle | Standing::Over => None,
        }
    }
}

/// A socket as it stands.
pub(crate) struct Status {
    pub(crate) standing: Standing,
    pub(crate) address: Option<Arc<Address>>,
    pub(crate) peer: Option<Arc<Address>>,
    /// Bytes to be read, or connections to be accepted.
    pub(crate) waiting: usize,
    /// Those that nobody has accepted yet.
    pub(crate) unaccepted: Vec<Arc<Endpoint>>,
}

impl Endpoint {
    /// How it stands.
    pub(crate) fn status(&self) -> Status {
        let peer = self.peer_address().ok().flatten();
        let pending = self.inbox.lock().pending(self.style == Style::Stream);
        let state = self.state.lock();
        let (mut waiting, mut unaccepted) = (pending, Vec::new());
        let standing = match &state.role {
            Role::Idle => Standing::Idle,
            Role::Listening(_, queue) => {
                (waiting, unaccepted) = (queue.len(), queue.iter().cloned().collect());
                Standing::Listening
            }
            Role::Connecting => Standing::Connecting,
            Role::Connected => match (state.ends.reading, state.ends.writing) {
                (false, false) => Standing::Connected,
                (true, false) => Standing::Left,
                (false, true) => Standing::Shut,
                (true, true) => Standing::Over,
            },
        };
        Status { standing, address: state.address.clone(), peer, waiting, unaccepted }
    }
}
