//! [`HostNetwork`]: all sockets of the host's that a guest has, and who is told when something comes.

use crate::errno;
use crate::grant::Grant;
use crate::listener::{Listener, bound};
use crate::messages::Messages;
use crate::rules::{Rules, Unusable};
use crate::stream::Stream;
use engine::Arrivals;
use linux::{Kernel, Link, Network, Plug};
use rustix::event::{Timespec, epoll};
use rustix::io::Errno as HostErrno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use vfs::{Errno, Result};

/// Events that are taken at once.
const EVENTS: usize = 64;
/// When a guest is asked again that had no room for connections.
const AGAIN: Duration = Duration::from_millis(10);

/// What a socket waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Interest {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

impl Interest {
    /// What comes.
    pub(crate) const READING: Interest = Interest { reads: true, writes: false };
    const NOTHING: Interest = Interest { reads: false, writes: false };

    fn flags(self) -> epoll::EventFlags {
        let mut flags = epoll::EventFlags::empty();
        flags.set(epoll::EventFlags::IN, self.reads);
        flags.set(epoll::EventFlags::OUT, self.writes);
        flags
    }
}

/// What something comes from.
#[derive(Clone)]
pub(crate) enum Source {
    Stream(Arc<Stream>),
    Listener(Arc<Listener>),
    Messages(Arc<Messages>),
}

#[derive(Default)]
struct Table {
    sources: BTreeMap<u64, Source>,
    /// Where the host listens because the guest does: by address, and how many sockets of the guest's do.
    listening: BTreeMap<SocketAddr, (Arc<Listener>, usize)>,
    /// Published ports for messages.
    messages: BTreeMap<u16, Arc<Messages>>,
    /// Listeners whose guest had no room.
    waiting: Vec<Arc<Listener>>,
}

/// All addresses of the host's.
fn everywhere(is_ipv4: bool, port: u16) -> SocketAddr {
    let any: IpAddr = if is_ipv4 { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    SocketAddr::new(any, port)
}

/// The host's networks for one guest.
pub struct HostNetwork {
    own: Weak<HostNetwork>,
    pub(crate) rules: Rules,
    epoll: OwnedFd,
    next: AtomicU64,
    table: Mutex<Table>,
}

impl HostNetwork {
    /// What those grants give; published ports take connections from now on.
    pub fn new(grants: &[Grant]) -> std::result::Result<Arc<HostNetwork>, Unusable> {
        let rules = Rules::new(grants)?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(std::io::Error::from)?;
        let (next, table) = (AtomicU64::new(0), Mutex::default());
        let network = Arc::new_cyclic(|own| HostNetwork { own: own.clone(), rules, epoll, next, table });
        for grant in grants {
            if let Grant::Publish { at, port, is_stream } = grant {
                let published =
                    if *is_stream { network.publish(*at, *port) } else { network.publish_messages(*at, *port) };
                published.map_err(|error| Unusable::Place(*at, error.into()))?;
            }
        }
        Ok(network)
    }

    /// What the guest's /etc/hosts and /etc/resolv.conf are to say.
    #[must_use]
    pub fn files(&self) -> [(&'static [u8], String); 2] {
        [(b"/etc/hosts", self.rules.hosts()), (b"/etc/resolv.conf", self.rules.resolv_conf())]
    }

    fn publish(&self, at: SocketAddr, port: u16) -> rustix::io::Result<()> {
        let listener = Listener::new(self, at, port)?;
        listener.begin(self).map_err(|_| HostErrno::NOMEM)?;
        tracing::debug!("the guest's port {port} is {} of the host", listener.at().unwrap_or(at));
        Ok(())
    }

    fn publish_messages(&self, at: SocketAddr, port: u16) -> rustix::io::Result<()> {
        let network = self.own.upgrade().ok_or(HostErrno::NOMEM)?;
        let messages = Messages::of_port(&network, bound(at, SocketType::DGRAM)?, port);
        messages.begin(self).map_err(|_| HostErrno::NOMEM)?;
        self.lock().messages.insert(port, messages);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a socket.
    pub(crate) fn token(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// One more socket is waited for.
    pub(crate) fn add(&self, token: u64, source: Source, socket: &OwnedFd, interest: Interest) -> Result<()> {
        self.lock().sources.insert(token, source);
        self.change(token, socket, (Interest::NOTHING, interest));
        Ok(())
    }

    /// A socket waits for something else. For nothing it is not there at all: the host tells of ends whoever asks.
    pub(crate) fn change(&self, token: u64, socket: &OwnedFd, (before, after): (Interest, Interest)) {
        let data = epoll::EventData::new_u64(token);
        let changed = match (before == Interest::NOTHING, after == Interest::NOTHING) {
            (true, true) => Ok(()),
            (true, false) => epoll::add(&self.epoll, socket, data, after.flags()),
            (false, true) => epoll::delete(&self.epoll, socket),
            (false, false) => epoll::modify(&self.epoll, socket, data, after.flags()),
        };
        if let Err(error) = changed
            && self.lock().sources.contains_key(&token)
        {
            tracing::warn!("the host cannot wait for a socket of the guest's: {error}");
        }
    }

    /// A socket is waited for no more.
    pub(crate) fn forget(&self, token: u64, socket: &OwnedFd) {
        let source = self.lock().sources.remove(&token);
        // It may not have been waited for.
        let _ = epoll::delete(&self.epoll, socket);
        drop(source);
    }
}

impl Arrivals for HostNetwork {
    fn descriptor(&self) -> i32 {
        self.epoll.as_raw_fd()
    }

    fn attend(&self, kernel: &Kernel) -> Option<Duration> {
        let network = self.own.upgrade()?;
        let mut waiting = std::mem::take(&mut self.lock().waiting);
        waiting.retain(|listener| !listener.attend(&network, kernel));
        let mut events = Vec::with_capacity(EVENTS);
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let _ = epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&none));
        for event in &events {
            let source = self.lock().sources.get(&event.data.u64()).cloned();
            match source {
                Some(Source::Stream(stream)) => stream.attend(),
                Some(Source::Messages(messages)) => messages.attend(self, kernel),
                Some(Source::Listener(listener)) if !listener.attend(&network, kernel) => waiting.push(listener),
                Some(Source::Listener(_)) | None => {}
            }
        }
        let has_waiting = !waiting.is_empty();
        self.lock().waiting = waiting;
        has_waiting.then_some(AGAIN)
    }
}

impl Network for HostNetwork {
    fn refusal(&self, to: SocketAddr, is_stream: bool) -> Option<String> {
        let real = self.rules.addresses.real(to);
        let answers = || !is_stream && self.lock().messages.values().any(|messages| messages.has_heard(real));
        self.rules.refusal(real).filter(|_| !answers())
    }

    fn connect(&self, to: SocketAddr, plug: Plug) -> Result<Arc<dyn Link>> {
        let real = self.rules.addresses.real(to);
        let network = self.own.upgrade().ok_or(Errno::ENETUNREACH)?;
        let family = if real.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(family, SocketType::STREAM, flags, None).map_err(errno)?;
        match connect(&socket, &real) {
            Ok(()) | Err(HostErrno::INPROGRESS) => {}
            Err(error) => return Err(errno(error)),
        }
        let stream = Stream::new(&network, socket, true);
        stream.plug_in(plug)?;
        Ok(stream)
    }

    fn messages(&self, port: u16, is_ipv4: bool, plug: Plug) -> Result<Arc<dyn Link>> {
        if let Some(messages) = self.lock().messages.get(&port) {
            return Ok(messages.clone());
        }
        let network = self.own.upgrade().ok_or(Errno::ENETUNREACH)?;
        let socket = bound(everywhere(is_ipv4, 0), SocketType::DGRAM).map_err(errno)?;
        let messages = Messages::of_socket(&network, socket, plug);
        messages.begin(self)?;
        Ok(messages)
    }

    fn listen(&self, at: SocketAddr) -> Result<()> {
        if !self.rules.listens(at.port()) {
            return Ok(());
        }
        // The guest's own address is not the host's.
        let at = everywhere(at.is_ipv4(), at.port());
        let mut table = self.lock();
        if let Some((_, count)) = table.listening.get_mut(&at) {
            *count += 1;
            return Ok(());
        }
        drop(table);
        let listener = Listener::new(self, at, at.port()).map_err(errno)?;
        listener.begin(self)?;
        self.lock().listening.insert(at, (listener, 1));
        Ok(())
    }

    fn unlisten(&self, at: SocketAddr) {
        let at = everywhere(at.is_ipv4(), at.port());
        let mut table = self.lock();
        let Some((_, count)) = table.listening.get_mut(&at) else { return };
        *count -= 1;
        if *count == 0
            && let Some((listener, _)) = table.listening.remove(&at)
        {
            drop(table);
            listener.end(self);
        }
    }
}
