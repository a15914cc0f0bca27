//! How sockets come together: binding, listening, connecting, accepting.

use super::address::Address;
use super::endpoint::{Endpoint, Role, Style};
use super::names::Names;
use super::packet::Credentials;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use vfs::{Errno, Result};

/// The most that may wait to be accepted (net.core.somaxconn).
pub(crate) const BACKLOG_MAX: u32 = 4096;

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
    pub(crate) fn listen(self: &Arc<Self>, backlog: u32, who: Credentials) -> Result<()> {
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
            Role::Connected | Role::Connecting => return Err(Errno::EINVAL),
        }
        state.peer_credentials = Some(who);
        drop(state);
        // Those who waited to connect may find more room.
        self.made_room();
        self.let_in();
        Ok(())
    }

    /// Connects to a socket that listens, which is reached at `at`, if not where it is bound; EAGAIN if too many wait there.
    pub(crate) fn connect(
        self: &Arc<Self>,
        to: &Arc<Endpoint>,
        at: Option<Arc<Address>>,
        who: Credentials,
    ) -> Result<()> {
        match self.state.lock().role {
            Role::Idle | Role::Connecting => {}
            Role::Listening(..) => return Err(Errno::EINVAL),
            Role::Connected => return Err(Errno::EISCONN),
        }
        let end = Endpoint::new(to.family, self.style);
        let (listens, bound) = {
            let mut state = to.state.lock();
            if self.style != to.style {
                return Err(Errno::EPROTOTYPE);
            }
            let (listens, is_shut) = (state.peer_credentials, state.ends.reading);
            let bound = at.or_else(|| state.address.clone());
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
            if to.family.is_internet() {
                end.options.lock().clone_from(&to.options.lock());
                end.options.lock().owner = None;
            }
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
    pub(crate) fn accept(self: &Arc<Self>) -> Result<Arc<Endpoint>> {
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
                self.let_in();
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

    /// Has it wait until a socket of the internet has room for it, and then be connected.
    pub(super) fn knock(self: &Arc<Self>, at: &Arc<Endpoint>, address: Arc<Address>) {
        let mut state = self.state.lock();
        state.role = Role::Connecting;
        state.peer_address = Some(address);
        drop(state);
        *self.waits_at.lock() = Arc::downgrade(at);
        let mut knocking = at.knocking.lock();
        knocking.retain(|other| other.strong_count() > 0);
        knocking.push_back(Arc::downgrade(self));
    }

    /// Connects those that knock, as long as there is room.
    fn let_in(self: &Arc<Self>) {
        loop {
            let Some(next) = self.knocking.lock().pop_front() else { return };
            let Some(next) = next.upgrade() else { continue };
            let (at, is_waiting) = {
                let state = next.state.lock();
                (state.peer_address.clone(), matches!(state.role, Role::Connecting) && !state.is_closed)
            };
            if is_waiting && next.connect(self, at, Credentials::default()) == Err(Errno::EAGAIN) {
                self.knocking.lock().push_front(Arc::downgrade(&next));
                return;
            }
        }
    }

    /// Nobody listens here any more: those that knock are told.
    pub(super) fn turn_away(&self) {
        let knocking = core::mem::take(&mut *self.knocking.lock());
        for next in knocking.iter().filter_map(Weak::upgrade) {
            next.fail(Errno::ECONNREFUSED);
        }
    }

    /// Its way to another one came to nothing.
    pub(crate) fn fail(&self, why: Errno) {
        let mut state = self.state.lock();
        (state.role, state.error) = (Role::Idle, Some(why));
        state.peer_address = None;
        drop(state);
        self.has_room();
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
