//! The way out of a world: [`Network`] is what it is granted of other networks, [`Link`] a socket's end there, and [`Plug`] its
//! end here. Nothing of this names a host: addresses are the guest's.

use super::address::Address;
use super::endpoint::{Endpoint, Role, Style};
use super::family::{self, Protocol};
use super::header::Header;
use super::inbox::Inbox;
use super::packet::Packet;
use super::ports::Ports;
use super::transfer::MESSAGE_COST_BYTES;
use crate::kernel::Kernel;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use core::net::{IpAddr, SocketAddr};
use core::sync::atomic::Ordering;
use vfs::{Errno, Result};

/// What a world may use of other networks. It is asked, and tells [`Plug`]s, while no other thread of the world is in the
/// kernel.
pub trait Network: Send + Sync {
    /// What would have to be granted for a connection (or for messages, if it is none of streams) to `to`; none if it may be.
    fn refusal(&self, to: SocketAddr, is_stream: bool) -> Option<String>;
    /// Begins a connection, of which the plug is told what becomes of it.
    fn connect(&self, to: SocketAddr, plug: Plug) -> Result<Arc<dyn Link>>;
    /// The way out for messages of a socket that is bound to a port, and back to its plug.
    fn messages(&self, port: u16, is_ipv4: bool, plug: Plug) -> Result<Arc<dyn Link>>;
    /// A socket listens at an address. The error is its own then, such as EADDRINUSE.
    fn listen(&self, at: SocketAddr) -> Result<()>;
    /// It does not any more.
    fn unlisten(&self, at: SocketAddr);
}

/// A socket's other end, outside.
pub trait Link: Send + Sync {
    /// Sends bytes of a stream, as many as there is room for. After EAGAIN, or less than all, the plug is told of room.
    fn send(&self, bytes: &[u8]) -> Result<usize>;
    /// Sends a message.
    fn send_to(&self, bytes: &[u8], to: SocketAddr) -> Result<()>;
    /// Nothing more will be sent.
    fn shut(&self);
    /// There is room for what comes.
    fn read_on(&self);
    /// The socket is closed; if `resets`, what it did not read is lost.
    fn close(&self, resets: bool);
}

/// A socket's end in the world, for whoever brings it what comes from outside. A socket that is closed hears nothing.
#[derive(Clone)]
pub struct Plug(Weak<Endpoint>);

impl Plug {
    pub(super) fn of(endpoint: &Arc<Endpoint>) -> Plug {
        Plug(Arc::downgrade(endpoint))
    }

    /// The connection is there.
    pub fn connected(&self) {
        let Some(endpoint) = self.0.upgrade() else { return };
        let mut state = endpoint.state.lock();
        if matches!(state.role, Role::Connecting) {
            state.role = Role::Connected;
        }
        drop(state);
        endpoint.has_room();
    }

    /// The connection could not be made.
    pub fn failed(&self, why: Errno) {
        if let Some(endpoint) = self.0.upgrade() {
            endpoint.link.set(None);
            endpoint.fail(why);
        }
    }

    /// Bytes that it has room for.
    #[must_use]
    pub fn room(&self) -> usize {
        let Some(endpoint) = self.0.upgrade() else { return 0 };
        let most = endpoint.options.lock().receive_bytes as usize;
        most.saturating_sub(endpoint.inbox.lock().pending(true))
    }

    /// Bytes of a stream come.
    pub fn receive(&self, bytes: &[u8]) {
        let Some(endpoint) = self.0.upgrade() else { return };
        let packet = Packet::foreign(bytes.to_vec(), None);
        // Whoever closes it meanwhile loses it.
        let _ = Endpoint::deliver(&endpoint, packet, Inbox::append);
    }

    /// Nothing comes any more.
    pub fn ended(&self) {
        let Some(endpoint) = self.0.upgrade() else { return };
        endpoint.state.lock().ends.reading = true;
        endpoint.arrived();
    }

    /// The connection broke.
    pub fn broke(&self, why: Errno) {
        let Some(endpoint) = self.0.upgrade() else { return };
        let mut state = endpoint.state.lock();
        (state.ends.reading, state.ends.writing) = (true, true);
        state.error = Some(why);
        drop(state);
        endpoint.arrived();
        endpoint.has_room();
    }

    /// There is room for what it sends.
    pub fn has_room(&self) {
        if let Some(endpoint) = self.0.upgrade() {
            endpoint.is_link_full.store(false, Ordering::Relaxed);
            endpoint.has_room();
        }
    }

    /// A message comes, for which there may be no room; nor does everybody hear everybody.
    pub fn receive_from(&self, from: SocketAddr, bytes: &[u8]) {
        if let Some(endpoint) = self.0.upgrade().filter(|endpoint| endpoint.hears(from)) {
            endpoint.take_foreign(from, bytes);
        }
    }

    /// What it sent was not wanted there.
    pub fn refused(&self, why: Errno) {
        let Some(endpoint) = self.0.upgrade() else { return };
        let mut state = endpoint.state.lock();
        if matches!(state.role, Role::Connected) {
            state.error = Some(why);
        }
        drop(state);
        endpoint.has_room();
    }
}

impl Endpoint {
    /// Its end outside, if it has one.
    pub(super) fn link(&self) -> Option<Arc<dyn Link>> {
        self.link.get()
    }

    /// Connects to somebody outside; that takes its time.
    pub(super) fn connect_outside(self: &Arc<Self>, ports: &Ports, to: SocketAddr) -> Result<()> {
        let network = ports.network.as_ref().ok_or(Errno::ENETUNREACH)?;
        self.bind_any_port(ports, Some(to.ip()))?;
        self.be_at(family::source(to.ip()));
        let mut state = self.state.lock();
        state.role = Role::Connecting;
        state.peer_address = Some(Arc::new(Address::Internet(to)));
        drop(state);
        match network.connect(to, Plug::of(self)) {
            Ok(link) => _ = self.link.set(Some(link)),
            Err(why) => {
                self.fail(why);
                let _ = self.take_error();
                return Err(why);
            }
        }
        Ok(())
    }

    /// Sends bytes outside.
    pub(super) fn send_outside(&self, link: &dyn Link, bytes: &[u8]) -> Result<usize> {
        {
            let mut state = self.state.lock();
            match state.role {
                Role::Connecting => return Err(Errno::EAGAIN),
                Role::Connected if !state.ends.writing => {}
                _ => return Err(state.error.take().unwrap_or(Errno::EPIPE)),
            }
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        let sent = link.send(bytes);
        if sent.as_ref().map_or_else(|why| *why == Errno::EAGAIN, |sent| *sent < bytes.len()) {
            self.is_link_full.store(true, Ordering::Relaxed);
        }
        sent
    }

    /// Sends a message outside.
    pub(super) fn send_message_outside(
        self: &Arc<Self>,
        ports: &Ports,
        (port, to): (u16, SocketAddr),
        bytes: &[u8],
    ) -> Result<()> {
        let network = ports.network.as_ref().ok_or(Errno::ENETUNREACH)?;
        let link = match self.link() {
            Some(link) => link,
            None => {
                let link = network.messages(port, to.is_ipv4(), Plug::of(self))?;
                self.link.set(Some(link.clone()));
                link
            }
        };
        link.send_to(bytes, to)
    }

    /// Takes a message, if there is room for it.
    pub(super) fn take_message(&self, from: SocketAddr, header: Header, bytes: &[u8]) {
        let most = self.options.lock().receive_bytes as usize;
        let has_room = {
            let inbox = self.inbox.lock();
            inbox.pending(true) + (inbox.len() + 1) * MESSAGE_COST_BYTES + bytes.len() <= most
        };
        if has_room {
            let packet = Packet::foreign(bytes.to_vec(), Some(Address::Internet(from)));
            // Whoever closes it meanwhile loses it.
            let _ = Endpoint::deliver(self, Packet { header: Some(header), ..packet }, Inbox::push);
        }
    }

    /// Takes a message from outside.
    fn take_foreign(&self, from: SocketAddr, bytes: &[u8]) {
        self.take_message(from, Header::foreign(family::source(from.ip())), bytes);
    }
}

impl Ports {
    /// Whether an address is neither this world's own nor means all of those.
    pub(crate) fn is_outside(&self, to: IpAddr) -> bool {
        !family::is_any(to) && !self.is_own(to)
    }

    /// Whether an address is one of this world's own.
    pub(crate) fn is_own(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.network.is_some() && family::is_guest(ip)
    }

    /// Why there is no way to an address, and what would have to be granted; none if there is one.
    pub(crate) fn refusal(&self, to: SocketAddr, is_stream: bool) -> Option<(Errno, String)> {
        if !self.is_outside(to.ip()) {
            return None;
        }
        match &self.network {
            None => Some((Errno::ENETUNREACH, alloc::format!("--net connect={to}"))),
            // connect(2): "a local firewall rule".
            Some(network) => network.refusal(to, is_stream).map(|grant| (Errno::EACCES, grant)),
        }
    }

    /// Whoever hears what comes to a port from outside: at the address that is shown there, or else at the loopback interface's.
    fn public(&self, protocol: Protocol, port: u16, is_meant: impl Fn(&Endpoint) -> bool) -> Option<Arc<Endpoint>> {
        let mut places = [true, false].into_iter().flat_map(family::public);
        places.find_map(|ip| self.find(protocol, SocketAddr::new(ip, port), &is_meant))
    }
}

impl Kernel {
    /// Whether connections that come to a port from outside find room with who listens there; none if nobody does.
    pub fn takes_connections(&self, port: u16) -> Option<bool> {
        let listener = self.commons.ports.public(Protocol::Tcp, port, Endpoint::is_listening)?;
        let state = listener.state.lock();
        match &state.role {
            Role::Listening(most, waiting) => Some(waiting.len() <= *most),
            _ => None,
        }
    }

    /// A connection comes to a port from outside; none if nobody listens there.
    pub fn connection_comes(&self, port: u16, from: SocketAddr, link: Arc<dyn Link>) -> Option<Plug> {
        let listener = self.commons.ports.public(Protocol::Tcp, port, Endpoint::is_listening)?;
        let end = Endpoint::new(listener.family, Style::Stream);
        end.options.lock().clone_from(&listener.options.lock());
        end.link.set(Some(link));
        let at = family::source(from.ip());
        {
            let mut state = end.state.lock();
            state.role = Role::Connected;
            state.address = Some(Arc::new(Address::Internet(SocketAddr::new(at, port))));
            state.peer_address = Some(Arc::new(Address::Internet(from)));
        }
        let plug = Plug::of(&end);
        if let Role::Listening(_, waiting) = &mut listener.state.lock().role {
            waiting.push_back(end);
        }
        listener.arrived();
        Some(plug)
    }

    /// A message comes to a port from outside; nobody may hear it.
    pub fn message_comes(&self, port: u16, from: SocketAddr, bytes: &[u8]) {
        if let Some(receiver) = self.commons.ports.public(Protocol::Udp, port, |endpoint| endpoint.hears(from)) {
            receiver.take_foreign(from, bytes);
        }
    }
}
