//! Urgent bytes of TCP (tcp(7)): MSG_OOB, SO_OOBINLINE, and who is told of them.

use super::endpoint::{Endpoint, Role, Style};
use super::options::Owner;
use crate::flags::SOL_SOCKET;
use alloc::sync::Arc;
use vfs::{Errno, Result};

/// SO_OOBINLINE
const INLINE: (u32, u32) = (SOL_SOCKET, 0x0100);

impl Endpoint {
    /// Whether it is a socket of TCP.
    pub(crate) fn is_tcp(&self) -> bool {
        self.family.is_internet() && self.style == Style::Stream
    }

    /// Whether urgent bytes are not read with the others.
    pub(crate) fn is_apart(&self) -> bool {
        self.is_tcp() && self.options.lock().other(INLINE.0, INLINE.1) == 0
    }

    /// What was sent last is urgent: who is to be told.
    pub(crate) fn urge(self: &Arc<Self>) -> Option<Owner> {
        let peer = self.state.lock().peer.upgrade()?;
        let is_apart = peer.is_apart();
        let spent = peer.inbox.lock().mark(is_apart);
        drop(spent);
        peer.arrived();
        peer.options.lock().owner
    }

    /// Reads the urgent byte by itself (recv(2), MSG_OOB); EINVAL if there is none, or it is read with the others.
    pub(crate) fn receive_urgent(&self, peeks: bool) -> Result<u8> {
        if matches!(self.state.lock().role, Role::Listening(..)) {
            return Err(Errno::ENOTCONN);
        }
        if !self.is_apart() {
            return Err(Errno::EINVAL);
        }
        let mut inbox = self.inbox.lock();
        let urgent = inbox.urgent.as_mut().filter(|urgent| !urgent.is_read).ok_or(Errno::EINVAL)?;
        urgent.is_read |= !peeks;
        Ok(urgent.byte)
    }

    /// Whether the urgent byte is next (sockatmark(3)).
    pub(crate) fn is_at_mark(&self) -> bool {
        self.inbox.lock().urgent.is_some_and(|urgent| urgent.ahead == 0)
    }
}
