//! [`Endpoint`]: a socket: who it talks to, what it has still to read, and how it may be used.

use super::address::Address;
use super::family::{Family, Protocol};
use super::inbox::Inbox;
use super::options::Options;
use super::packet::Credentials;
use super::slot::LinkSlot;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::node::{Edges, Ready};
use vfs::{Errno, Result, Watcher, Watchers};

/// Messages that wait at a socket whose sender it did not connect to (net.unix.max_dgram_qlen), less one.
pub(crate) const WAITING_MAX: usize = 10;

/// How a socket sends: SOCK_*.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Style {
    /// Bytes to one other: SOCK_STREAM.
    Stream,
    /// Messages to anybody: SOCK_DGRAM.
    Datagram,
    /// Messages to one other: SOCK_SEQPACKET.
    Packets,
}

impl Style {
    /// Whether it talks to one other that it connected to.
    pub(crate) fn connects(self) -> bool {
        self != Style::Datagram
    }
}

/// What a socket is.
pub(super) enum Role {
    /// Neither connected nor listening.
    Idle,
    /// listen(2): most that wait, and those who do: the ends that accept(2) gives.
    Listening(usize, VecDeque<Arc<Endpoint>>),
    /// On its way to a socket of the internet at which too many wait.
    Connecting,
    /// Connected, though the other end may have gone.
    Connected,
}

/// What changes about a socket.
pub(super) struct State {
    pub(super) role: Role,
    pub(super) address: Option<Arc<Address>>,
    pub(super) named: Named,
    pub(super) peer: Weak<Endpoint>,
    /// Where the peer was bound when it went.
    pub(super) peer_address: Option<Arc<Address>>,
    /// Who the peer is; who listens, until then.
    pub(super) peer_credentials: Option<Credentials>,
    pub(super) ends: Ends,
    /// To be told once: SO_ERROR.
    pub(super) error: Option<Errno>,
    pub(super) is_closed: bool,
    /// A connect(2) has begun of which the next is told what became.
    pub(super) is_begun: bool,
}

/// What of its internet address bind(2) named: the rest goes with the peer of a UDP socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) ip: bool,
    pub(super) port: bool,
}

/// Which directions are shut.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ends {
    /// Nothing comes any more.
    pub(crate) reading: bool,
    /// Nothing may be sent any more.
    pub(crate) writing: bool,
}

impl Ends {
    fn with(self, other: Ends) -> Ends {
        Ends { reading: self.reading || other.reading, writing: self.writing || other.writing }
    }
}

/// A socket. It lives as long as it is open, or waits to be accepted; others know it weakly.
pub(crate) struct Endpoint {
    pub(crate) family: Family,
    pub(crate) style: Style,
    pub(crate) protocol: Protocol,
    pub(crate) inode: u64,
    pub(super) state: Mutex<State>,
    pub(super) inbox: Mutex<Inbox>,
    pub(crate) options: Mutex<Options>,
    /// Bytes that it sent and nobody has read.
    pub(super) sent: AtomicUsize,
    /// The socket whose inbox was full when it last sent there, or where it waits to be connected.
    pub(super) waits_at: Mutex<Weak<Endpoint>>,
    /// Those on their way to this one, which has no room for them.
    pub(super) knocking: Mutex<VecDeque<Weak<Endpoint>>>,
    /// Its other end, if that is outside of the world, and whether there is no room in it.
    pub(super) link: LinkSlot,
    pub(super) is_link_full: AtomicBool,
    /// Whether somebody found too little room in its send buffer, and was not told yet that there is more.
    lacked_room: AtomicBool,
    watchers: Watchers,
    /// Hears messages at once, of one that no process has.
    pub(super) hears: Option<fn(&[u8])>,
    pub(super) arrivals: AtomicU64,
    pub(super) rooms: AtomicU64,
}

impl Endpoint {
    pub(crate) fn new(family: Family, style: Style) -> Arc<Endpoint> {
        Endpoint::of_protocol(family, style, Protocol::of(family, style))
    }

    /// One of another protocol than its style's own.
    pub(crate) fn of_protocol(family: Family, style: Style, protocol: Protocol) -> Arc<Endpoint> {
        Endpoint::with_inode(family, style, protocol, crate::anonymous::new_socket_inode())
    }

    /// One that the kernel has, and that hears what is sent to it.
    pub(crate) fn hearing(family: Family, style: Style, hears: fn(&[u8])) -> Arc<Endpoint> {
        Endpoint::made(family, style, Protocol::None, 0, Some(hears))
    }

    /// One with an inode number that no other has.
    pub(super) fn with_inode(family: Family, style: Style, protocol: Protocol, inode: u64) -> Arc<Endpoint> {
        Endpoint::made(family, style, protocol, inode, None)
    }

    fn made(family: Family, style: Style, protocol: Protocol, inode: u64, hears: Option<fn(&[u8])>) -> Arc<Endpoint> {
        let state = State {
            role: Role::Idle,
            address: None,
            named: Named::default(),
            peer: Weak::new(),
            peer_address: None,
            peer_credentials: None,
            ends: Ends::default(),
            error: None,
            is_closed: false,
            is_begun: false,
        };
        Arc::new(Endpoint {
            family,
            style,
            protocol,
            inode,
            state: Mutex::new(state),
            inbox: Mutex::default(),
            options: Mutex::new(Options::of(family, style)),
            sent: AtomicUsize::new(0),
            waits_at: Mutex::default(),
            knocking: Mutex::default(),
            link: LinkSlot::default(),
            is_link_full: AtomicBool::new(false),
            lacked_room: AtomicBool::new(true),
            watchers: Watchers::default(),
            hears,
            arrivals: AtomicU64::new(0),
            rooms: AtomicU64::new(0),
        })
    }

    /// Something came to be read.
    pub(super) fn arrived(&self) {
        self.arrivals.fetch_add(1, Ordering::Relaxed);
        self.watchers.notice();
    }

    /// Room came to be written.
    pub(super) fn has_room(&self) {
        self.rooms.fetch_add(1, Ordering::Relaxed);
        self.watchers.notice();
    }

    /// Its directions changed.
    fn ended(&self) {
        self.arrivals.fetch_add(1, Ordering::Relaxed);
        self.has_room();
    }

    /// What it sent was read, or lost. Over TCP nobody is told of room who did not find too little (SOCK_NOSPACE).
    pub(super) fn give_back(&self, bytes: usize) {
        self.sent.fetch_sub(bytes, Ordering::SeqCst);
        if !self.is_tcp() {
            return self.has_room();
        }
        if self.lacked_room.load(Ordering::SeqCst) {
            if self.is_writable() {
                self.lacked_room.store(false, Ordering::SeqCst);
            }
            self.has_room();
        }
    }

    /// Somebody found too little room, and is told when there is more: whether there is by now.
    pub(super) fn lacks_room(&self) -> bool {
        self.lacked_room.store(true, Ordering::SeqCst);
        !self.is_writable()
    }

    /// Where it is bound.
    pub(crate) fn address(&self) -> Option<Arc<Address>> {
        self.state.lock().address.clone()
    }

    /// Where its peer is bound; ENOTCONN if it has none.
    pub(crate) fn peer_address(&self) -> Result<Option<Arc<Address>>> {
        let (peer, kept, is_connected) = {
            let state = self.state.lock();
            (state.peer.clone(), state.peer_address.clone(), matches!(state.role, Role::Connected))
        };
        match peer.upgrade() {
            Some(peer) => Ok(peer.address()),
            None if is_connected => Ok(kept),
            None => Err(Errno::ENOTCONN),
        }
    }

    /// Who its peer is (SO_PEERCRED); nobody if it has none.
    pub(crate) fn peer_credentials(&self) -> Option<Credentials> {
        self.state.lock().peer_credentials
    }

    /// Whether it is a stream to somebody in this world.
    pub(crate) fn is_inner_stream(&self) -> bool {
        let is_connected = self.style == Style::Stream && matches!(self.state.lock().role, Role::Connected);
        is_connected && !self.link.is_there()
    }

    /// Whether it listens (SO_ACCEPTCONN).
    pub(crate) fn is_listening(&self) -> bool {
        matches!(self.state.lock().role, Role::Listening(..))
    }

    /// The error that waits to be told (SO_ERROR), which is then told.
    pub(crate) fn take_error(&self) -> Option<Errno> {
        self.state.lock().error.take()
    }

    /// Bytes that a read would give at once.
    pub(crate) fn pending(&self) -> Result<usize> {
        if self.is_listening() {
            return Err(Errno::EINVAL);
        }
        let is_apart = self.is_apart();
        let inbox = self.inbox.lock();
        let until_urgent = inbox.urgent.filter(|_| is_apart).map(|urgent| urgent.ahead);
        Ok(until_urgent.unwrap_or_else(|| inbox.pending(self.style == Style::Stream)))
    }

    /// What of its send buffer is taken by what nobody has read.
    pub(crate) fn unread(&self) -> usize {
        self.sent.load(Ordering::Acquire)
    }

    /// Shuts directions (shutdown(2)); the peer of a connection sees the other ends of them. Over the internet nobody is told
    /// that one does not read any more, and there must be a connection: ENOTCONN.
    pub(crate) fn shut(&self, ends: Ends) -> Result<()> {
        let is_internet = self.family.is_internet();
        let peer = {
            let mut state = self.state.lock();
            if is_internet && matches!(state.role, Role::Idle) {
                return Err(Errno::ENOTCONN);
            }
            state.ends = state.ends.with(ends);
            state.peer.upgrade().filter(|_| self.style.connects())
        };
        if let Some(peer) = peer {
            let mut state = peer.state.lock();
            state.ends = state.ends.with(Ends { reading: ends.writing, writing: ends.reading && !is_internet });
            drop(state);
            peer.ended();
        }
        if let Some(link) = self.link().filter(|_| ends.writing && self.style.connects()) {
            link.shut();
        }
        self.ended();
        Ok(())
    }

    /// The last descriptor is gone. What was not read is lost, and the peer is told.
    pub(super) fn close(&self) {
        let (peer, address, waiting) = {
            let mut state = self.state.lock();
            state.is_closed = true;
            state.ends = Ends { reading: true, writing: true };
            let waiting = match &mut state.role {
                Role::Listening(_, waiting) => core::mem::take(waiting),
                _ => VecDeque::new(),
            };
            (state.peer.upgrade(), state.address.clone(), waiting)
        };
        // From here on nothing is delivered.
        let unread = self.inbox.lock().take();
        let resets = !unread.is_empty() || self.family.is_internet() && self.options.lock().linger == (1, 0);
        if let Some(peer) = peer {
            let mut state = peer.state.lock();
            if self.style.connects() {
                state.peer_address = address;
                // Over the internet one is only told that nothing comes any more, and learns the rest when it sends.
                let writing = state.ends.writing || resets || !self.family.is_internet();
                state.ends = Ends { reading: true, writing };
                state.error = state.error.or(resets.then_some(Errno::ECONNRESET));
            }
            drop(state);
            peer.ended();
        }
        drop(unread);
        if let Some(link) = self.link.set(None) {
            link.close(resets);
        }
        for end in waiting {
            end.refuse();
        }
        self.turn_away();
        self.ended();
    }

    /// Nobody will accept this end: whoever connected to it learns that.
    fn refuse(&self) {
        let peer = self.state.lock().peer.upgrade();
        self.close();
        if let Some(peer) = peer {
            let mut state = peer.state.lock();
            state.error = Some(Errno::ECONNRESET);
            state.ends = Ends { reading: true, writing: true };
            drop(state);
            peer.watchers.notice();
        }
    }

    /// Whether it has sent so much that was not read that poll(2) does not call it writable (`unix_writable`).
    fn is_writable(&self) -> bool {
        !self.is_link_full.load(Ordering::Relaxed) && 4 * self.unread() <= self.options.lock().send_bytes as usize
    }

    /// Whether its inbox is full for a socket that it is not connected to.
    pub(super) fn is_full(&self) -> bool {
        self.inbox.lock().len() > WAITING_MAX
    }

    /// Whether `other` is what it talks to.
    pub(super) fn talks_to(&self, other: &Endpoint) -> bool {
        core::ptr::eq(self.state.lock().peer.as_ptr(), other)
    }

    /// What poll(2) tells.
    pub(crate) fn ready(&self) -> Ready {
        let (has_bytes, is_urgent) = {
            let inbox = self.inbox.lock();
            let is_apart = inbox.urgent.is_some() && self.is_apart();
            (inbox.is_readable(is_apart), inbox.urgent.is_some_and(|urgent| !urgent.is_read))
        };
        let (ends, waiting, is_idle, is_connecting, error, peer) = {
            let state = self.state.lock();
            let waiting = match &state.role {
                Role::Listening(_, waiting) => Some(!waiting.is_empty()),
                _ => None,
            };
            let (is_idle, is_connecting) = (matches!(state.role, Role::Idle), matches!(state.role, Role::Connecting));
            (state.ends, waiting, is_idle, is_connecting, state.error, state.peer.upgrade())
        };
        let is_kept_off = !self.style.connects() && peer.is_some_and(|peer| !peer.talks_to(self) && peer.is_full());
        Ready {
            readable: has_bytes || ends.reading || waiting == Some(true),
            writable: waiting.is_none() && !is_connecting && !is_kept_off && (self.is_writable() || !self.lacks_room()),
            hangup: ends.reading && ends.writing || self.style.connects() && is_idle,
            error: error.is_some(),
            read_hangup: ends.reading,
            urgent: is_urgent,
        }
    }

    pub(super) fn edges(&self) -> Edges {
        Edges { readable: self.arrivals.load(Ordering::Relaxed), writable: self.rooms.load(Ordering::Relaxed) }
    }

    /// Has `watcher` told of what comes, of room in what it sends, and where it last found none.
    pub(super) fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.watchers.add(watcher);
        let full = self.waits_at.lock().upgrade();
        let peer = self.state.lock().peer.upgrade().filter(|_| !self.style.connects());
        for other in full.into_iter().chain(peer) {
            other.watchers.add(watcher);
        }
    }

    /// What may have waited for room in the inbox is told.
    pub(super) fn made_room(&self) {
        self.watchers.notice();
        self.reads_on();
    }

    /// Whoever sends from outside may send more.
    pub(super) fn reads_on(&self) {
        if let Some(link) = self.link() {
            link.read_on();
        }
    }
}
