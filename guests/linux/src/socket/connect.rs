//! How sockets come together: binding, listening, connecting, accepting.

use super::address::Address;
use super::endpoint::{Endpoint, Role, Style};
use super::names::Names;
use super::packet::Credentials;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use vfs::{Errno, Result};

/// The most that may wait to be accepted (net.core.somaxconn).
const BACKLOG_MAX: u32 = 4096;

impl Endpoint {
    /// Says where it is bound. EINVAL if it already is.
    pub(crate) fn set_address(&self, address: Address) -> Result<()> {
        let mut state = self.state.lock();
        if state.address.is_some() {
            return Err(Errno::EINVAL);
        }
        state.address = Some(Arc::new(address));
        Ok(())
    }

    /// Binds to a name of the system's choice, unless it is bound.
    pub(crate) fn bind_any(self: &Arc<Self>, names: &Names) -> Result<()> {
        if self.address().is_some() {
            return Ok(());
        }
        let name = names.bind_any(self)?;
        self.set_address(Address::Abstract(name))
    }

    /// Joins two new sockets (socketpair(2)).
    pub(crate) fn join(one: &Arc<Endpoint>, other: &Arc<Endpoint>, who: Credentials) {
        for (end, peer) in [(one, other), (other, one)] {
            let mut state = end.state.lock();
            state.role = Role::Connected;
            state.peer = Arc::downgrade(peer);
            state.peer_credentials = Some(who);
        }
    }

    /// Waits for connections from now on (listen(2)).
    pub(crate) fn listen(&self, backlog: u32, who: Credentials) -> Result<()> {
        if !self.style.connects() {
            return Err(Errno::EOPNOTSUPP);
        }
        let mut state = self.state.lock();
        if state.address.is_none() {
            return Err(Errno::EINVAL);
        }
        let backlog = backlog.min(BACKLOG_MAX) as usize;
        match &mut state.role {
            Role::Idle => state.role = Role::Listening(backlog, VecDeque::new()),
            Role::Listening(most, _) => *most = backlog,
            Role::Connected => return Err(Errno::EINVAL),
        }
        state.peer_credentials = Some(who);
        drop(state);
        // Those who waited to connect may find more room.
        self.made_room();
        Ok(())
    }

    /// Connects to a socket that listens; EAGAIN if too many wait there.
    pub(crate) fn connect(self: &Arc<Self>, to: &Arc<Endpoint>, who: Credentials) -> Result<()> {
        match self.state.lock().role {
            Role::Idle => {}
            Role::Listening(..) => return Err(Errno::EINVAL),
            Role::Connected => return Err(Errno::EISCONN),
        }
        let end = Endpoint::new(self.style);
        let (listens, bound) = {
            let mut state = to.state.lock();
            if self.style != to.style {
                return Err(Errno::EPROTOTYPE);
            }
            let (listens, bound, is_shut) = (state.peer_credentials, state.address.clone(), state.ends.reading);
            let Role::Listening(most, waiting) = &mut state.role else { return Err(Errno::ECONNREFUSED) };
            if is_shut {
                return Err(Errno::ECONNREFUSED);
            }
            if waiting.len() > *most {
                drop(state);
                *self.waits_at.lock() = Arc::downgrade(to);
                return Err(Errno::EAGAIN);
            }
            // The listener's lock is held while its new end is made, so that nobody accepts half a connection.
            let mut made = end.state.lock();
            made.role = Role::Connected;
            made.peer = Arc::downgrade(self);
            made.peer_credentials = Some(who);
            made.address.clone_from(&bound);
            drop(made);
            waiting.push_back(end.clone());
            (listens, bound)
        };
        let mut state = self.state.lock();
        state.role = Role::Connected;
        state.peer = Arc::downgrade(&end);
        state.peer_credentials = listens;
        state.peer_address = bound;
        drop(state);
        *self.waits_at.lock() = Weak::new();
        to.arrived();
        self.has_room();
        Ok(())
    }

    /// Takes a connection that waits (accept(2)).
    pub(crate) fn accept(&self) -> Result<Arc<Endpoint>> {
        if !self.style.connects() {
            return Err(Errno::EOPNOTSUPP);
        }
        let mut state = self.state.lock();
        let is_shut = state.ends.reading;
        let Role::Listening(_, waiting) = &mut state.role else { return Err(Errno::EINVAL) };
        let taken = waiting.pop_front();
        drop(state);
        match taken {
            Some(end) => {
                self.made_room();
                Ok(end)
            }
            None if is_shut => Err(Errno::EINVAL),
            None => Err(Errno::EAGAIN),
        }
    }

    /// Puts a connection back that could not be given to the guest.
    pub(crate) fn unaccept(&self, end: Arc<Endpoint>) {
        if let Role::Listening(_, waiting) = &mut self.state.lock().role {
            waiting.push_front(end);
        }
    }

    /// Sends to, and hears, only that one from now on; anybody if it is none (connect(2) of datagrams).
    pub(crate) fn connect_messages(self: &Arc<Self>, to: Option<&Arc<Endpoint>>) -> Result<()> {
        if let Some(to) = to {
            self.check_receiver(to)?;
        }
        let mut state = self.state.lock();
        state.role = if to.is_some() { Role::Connected } else { Role::Idle };
        state.peer = to.map(Arc::downgrade).unwrap_or_default();
        state.peer_address = None;
        drop(state);
        self.has_room();
        Ok(())
    }

    /// Refuses a receiver that is of another style, or hears somebody else only.
    pub(super) fn check_receiver(&self, to: &Endpoint) -> Result<()> {
        if to.style != self.style {
            return Err(Errno::EPROTOTYPE);
        }
        let hears = {
            let state = to.state.lock();
            state.peer.as_ptr().is_null() || state.peer.strong_count() == 0 || core::ptr::eq(state.peer.as_ptr(), self)
        };
        if self.style == Style::Datagram && !hears { Err(Errno::EPERM) } else { Ok(()) }
    }
}
