//! What is different between sockets of the internet and local ones: ports, connections that are on their way, and messages that
//! get lost.

use super::address::Address;
use super::endpoint::{Endpoint, Ends, Named, Role};
use super::family::{self, Family, Protocol};
use super::header::Marks;
use super::netlink;
use super::packet::{Credentials, Packet};
use super::ports::{Claim, Ports};
use crate::flags::SOL_SOCKET;
use abi::Endian;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use vfs::{Errno, Result};

/// The most bytes of a UDP message: an IPv4 packet without both headers.
const MESSAGE_BYTES_MAX: usize = 65_507;

/// Options that matter here: their levels and numbers.
const REUSEADDR: (u32, u32) = (SOL_SOCKET, 0x0004);
const REUSEPORT: (u32, u32) = (SOL_SOCKET, 0x0200);
pub(crate) const V6ONLY: (u32, u32) = (41, 26);

/// How connect(2) stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    /// It is done.
    Done,
    /// It is on its way, and whoever watches the socket is told.
    OnItsWay,
}

impl Endpoint {
    /// Where it is bound.
    pub(crate) fn port(&self) -> Option<SocketAddr> {
        self.address()?.internet()
    }

    pub(super) fn claim(&self) -> Claim {
        let options = self.options.lock();
        let is_on = |(level, option): (u32, u32)| options.other(level, option) != 0;
        Claim { is_only_6: is_on(V6ONLY), reuses: (is_on(REUSEADDR), is_on(REUSEPORT)) }
    }

    /// Binds to an address and port of this world's (bind(2)).
    pub(crate) fn bind_port(self: &Arc<Self>, ports: &Ports, at: SocketAddr) -> Result<()> {
        if self.is_bound() {
            return Err(Errno::EINVAL);
        }
        self.take_port(ports, at)?;
        self.state.lock().named = Named { ip: !family::is_any(at.ip()), port: at.port() != 0 };
        Ok(())
    }

    /// Whether it has a port.
    fn is_bound(&self) -> bool {
        self.port().is_some_and(|at| at.port() != 0)
    }

    fn take_port(self: &Arc<Self>, ports: &Ports, at: SocketAddr) -> Result<()> {
        if ports.is_outside(at.ip()) {
            return Err(Errno::EADDRNOTAVAIL);
        }
        let at = ports.bind(self, at)?;
        self.state.lock().address = Some(Arc::new(Address::Internet(at)));
        Ok(())
    }

    /// Binds to a port of the system's choice, unless it is bound; to where `to` is reached from, if that is given.
    pub(crate) fn bind_any_port(self: &Arc<Self>, ports: &Ports, to: Option<IpAddr>) -> Result<()> {
        if self.is_bound() {
            return Ok(());
        }
        let named = self.port().filter(|_| self.state.lock().named.ip).map(|at| at.ip());
        let ip = named.or(to.map(family::source)).unwrap_or(self.family.any());
        self.take_port(ports, SocketAddr::new(ip, 0))
    }

    /// Is only where bind(2) said from now on.
    fn unbind(self: &Arc<Self>, ports: &Ports) {
        let (Some(at), named) = (self.port(), self.state.lock().named) else { return };
        if !named.port {
            ports.forget(self);
        }
        let ip = if named.ip { at.ip() } else { self.family.any() };
        let at = SocketAddr::new(ip, if named.port { at.port() } else { 0 });
        self.state.lock().address = Some(Arc::new(Address::Internet(at)));
    }

    /// Where what is sent to `to` arrives, if this socket can send there.
    fn route(&self, ports: &Ports, to: SocketAddr) -> Result<SocketAddr> {
        // IPv4 addresses of an IPv6 socket.
        if self.family == Family::Inet6 && to.is_ipv4() && self.claim().is_only_6 {
            return Err(Errno::ENETUNREACH);
        }
        // Nor from one family's address to the other's.
        let named = self.port().map(|at| at.ip()).filter(|ip| self.family == Family::Inet6 && !family::is_any(*ip));
        match (named, to.ip()) {
            (Some(IpAddr::V6(_)), IpAddr::V4(_)) => return Err(Errno::ENETUNREACH),
            (Some(IpAddr::V4(_)), IpAddr::V6(_)) => return Err(Errno::EAFNOSUPPORT),
            _ => {}
        }
        if ports.network.is_none() && ports.is_outside(to.ip()) {
            return Err(Errno::ENETUNREACH);
        }
        Ok(SocketAddr::new(family::route(to.ip()), to.port()))
    }

    /// Connects to whoever listens at an address.
    pub(crate) fn connect_port(self: &Arc<Self>, ports: &Ports, to: SocketAddr, who: Credentials) -> Result<Progress> {
        match self.state.lock().role {
            Role::Idle => {}
            Role::Listening(..) | Role::Connected => return Err(Errno::EISCONN),
            Role::Connecting => return Err(Errno::EALREADY),
        }
        let to = self.route(ports, to)?;
        if ports.is_outside(to.ip()) {
            return self.connect_outside(ports, to).map(|()| Progress::OnItsWay);
        }
        self.bind_any_port(ports, Some(to.ip()))?;
        self.be_at(family::source(to.ip()));
        let listener = ports.find(Protocol::Tcp, to, Endpoint::is_listening).ok_or(Errno::ECONNREFUSED)?;
        let address = Arc::new(Address::Internet(to));
        match self.connect(&listener, Some(address.clone()), who) {
            Err(Errno::EAGAIN) => {
                self.knock(&listener, address);
                Ok(Progress::OnItsWay)
            }
            result => result.map(|()| Progress::Done),
        }
    }

    /// What becomes of its connect(2) is for the next one to be told, unless this one waits.
    pub(crate) fn begin(&self) {
        self.state.lock().is_begun = true;
    }

    /// Whether that is so.
    pub(crate) fn is_begun(&self) -> bool {
        self.state.lock().is_begun
    }

    /// What became of a connection that had begun, which is told once. Of one that failed there may be no more to say, if SO_ERROR
    /// told it (`__inet_stream_connect`).
    pub(crate) fn connected(&self) -> Result<Progress> {
        let mut state = self.state.lock();
        state.is_begun = matches!(state.role, Role::Connecting);
        match state.role {
            Role::Connected => Ok(Progress::Done),
            Role::Connecting => Ok(Progress::OnItsWay),
            _ => Err(state.error.take().unwrap_or(Errno::ECONNABORTED)),
        }
    }

    /// Who was bound to all addresses is at one of them from now on.
    pub(super) fn be_at(&self, ip: IpAddr) {
        let mut state = self.state.lock();
        if let Some(at) = state.address.as_ref().and_then(|address| address.internet())
            && family::is_any(at.ip())
        {
            state.address = Some(Arc::new(Address::Internet(SocketAddr::new(ip, at.port()))));
        }
    }

    /// Whether the peer of a connection has gone without a word, so that what is sent there now is lost. That is noticed, and the
    /// next time it is EPIPE.
    pub(super) fn is_left(&self, bytes: &[u8]) -> Result<bool> {
        if !self.family.is_internet() {
            return Ok(false);
        }
        // The peer is asked without the own lock: it may ask the same at the same time.
        let peer = self.state.lock().peer.upgrade();
        let is_gone = peer.is_none_or(|peer| peer.state.lock().is_closed);
        let mut state = self.state.lock();
        if !is_gone || !matches!(state.role, Role::Connected) || state.ends.writing {
            return Ok(false);
        }
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        // Nothing is sent.
        if bytes.is_empty() {
            return Ok(true);
        }
        state.ends = Ends { reading: true, writing: true };
        state.error = Some(Errno::EPIPE);
        drop(state);
        self.has_room();
        Ok(true)
    }

    /// Whether a connection broke, or both ends have said that they send nothing any more: nobody is its peer then.
    pub(crate) fn is_over(&self) -> bool {
        let (ends, peer) = {
            let state = self.state.lock();
            (state.ends, state.peer.upgrade())
        };
        let may_send = |peer: &Endpoint| {
            let state = peer.state.lock();
            !state.is_closed && !state.ends.writing
        };
        let is_quiet = ends.reading && ends.writing && !peer.is_some_and(|peer| may_send(&peer));
        is_quiet && self.is_tcp() && self.link().is_none()
    }

    /// Sends to, and hears, only that address from now on; any if there is none (connect(2) of UDP).
    pub(crate) fn set_peer(self: &Arc<Self>, ports: &Ports, to: Option<SocketAddr>) -> Result<()> {
        let to = to.map(|to| self.route(ports, to)).transpose()?;
        if let Some(to) = to {
            self.bind_any_port(ports, Some(to.ip()))?;
            self.be_at(family::source(to.ip()));
        } else {
            self.unbind(ports);
        }
        let mut state = self.state.lock();
        state.role = if to.is_some() { Role::Connected } else { Role::Idle };
        state.peer_address = to.map(|to| Arc::new(Address::Internet(to)));
        Ok(())
    }

    /// Whether it hears what that address sends.
    pub(super) fn hears(&self, from: SocketAddr) -> bool {
        let state = self.state.lock();
        let peer = state.peer_address.as_ref().and_then(|address| address.internet());
        !state.ends.reading && peer.is_none_or(|peer| peer == from)
    }

    /// Sends a message by UDP, to the peer if no other address is named. Nobody may be there, or not have room for it.
    pub(crate) fn send_datagram(
        self: &Arc<Self>,
        ports: &Ports,
        to: Option<SocketAddr>,
        bytes: &[u8],
        marks: &Marks,
    ) -> Result<usize> {
        let (peer, error, is_shut) = {
            let mut state = self.state.lock();
            (state.peer_address.as_ref().and_then(|peer| peer.internet()), state.error.take(), state.ends.writing)
        };
        if is_shut {
            return Err(Errno::EPIPE);
        }
        if let Some(error) = error {
            return Err(error);
        }
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(Errno::EMSGSIZE);
        }
        let to = self.route(ports, to.or(peer).ok_or(Errno::EDESTADDRREQ)?)?;
        if to.port() == 0 {
            return Err(Errno::EINVAL);
        }
        self.bind_any_port(ports, None)?;
        let own = self.port().ok_or(Errno::EINVAL)?;
        if marks.from.is_some_and(|from| !ports.is_own(from)) {
            return Err(Errno::EINVAL);
        }
        if ports.is_outside(to.ip()) {
            // No router there would know UDP-Lite.
            if self.protocol == Protocol::UdpLite {
                return Ok(bytes.len());
            }
            return self.send_message_outside(ports, (own.port(), to), bytes).map(|()| bytes.len());
        }
        let ip = marks.from.unwrap_or(if family::is_any(own.ip()) { family::source(to.ip()) } else { own.ip() });
        let from = SocketAddr::new(ip, own.port());
        let Some(receiver) = ports.find(self.protocol, to, |endpoint| endpoint.hears(from)) else {
            // Its host says so, and who is connected is told the next time.
            if peer == Some(to) {
                self.state.lock().error = Some(Errno::ECONNREFUSED);
            }
            return Ok(bytes.len());
        };
        receiver.take_message(from, self.header(to.ip(), marks), bytes);
        Ok(bytes.len())
    }

    /// The state of a TCP socket as TCP_INFO tells it: TCP_CLOSE where no table of TCP has it.
    pub(crate) fn tcp_state(&self) -> u8 {
        const CLOSE: u8 = 7;
        self.status().standing.tcp_state().unwrap_or(CLOSE)
    }

    /// Has the kernel answer what is sent to it by netlink.
    pub(crate) fn ask_kernel(self: &Arc<Self>, endian: Endian, bytes: &[u8], has_network: bool) -> usize {
        let port = if let Some(Address::Netlink(port, _)) = self.address().as_deref() { *port } else { 0 };
        let most = self.options.lock().receive_bytes as usize;
        for answer in netlink::answer(endian, port, bytes, has_network) {
            let packet = Packet::foreign(answer, Some(Address::Netlink(0, 0)));
            if self.inbox.lock().pending(true) < most {
                // Whoever closes it meanwhile loses it.
                let _ = Endpoint::deliver(self, packet, super::inbox::Inbox::push);
            }
        }
        bytes.len()
    }

    /// What the kernel says to a netlink socket that asked for nothing (mq_notify(2)).
    pub(crate) fn hear_kernel(&self, bytes: Vec<u8>) {
        let packet = Packet::foreign(bytes, Some(Address::Netlink(0, 0)));
        // Whoever closes it meanwhile loses it.
        let _ = Endpoint::deliver(self, packet, super::inbox::Inbox::push);
    }
}
