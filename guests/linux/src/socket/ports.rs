//! [`Ports`]: the sockets that are bound to ports of internet addresses.

use super::endpoint::Endpoint;
use super::family::{self, Family, Protocol};
use super::outside::Network;
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use spin::Mutex;
use vfs::{Errno, Result};

/// Ports of the system's choice (net.ipv4.ip_local_port_range).
pub(crate) const CHOICES: RangeInclusive<u16> = 32_768..=60_999;

/// A socket that is bound.
pub(super) struct Bound {
    pub(super) ip: IpAddr,
    /// Whether IPv4 addresses are meant by all of IPv6's, too (IPV6_V6ONLY).
    pub(super) is_both: bool,
    pub(super) endpoint: Weak<Endpoint>,
}

impl Bound {
    /// Whether it hears what arrives at an address.
    fn hears(&self, ip: IpAddr) -> bool {
        self.ip == ip || family::is_any(self.ip) && (self.ip.is_ipv4() == ip.is_ipv4() || self.is_both)
    }

    /// Whether there are addresses that both hear.
    fn meets(&self, other: &Bound) -> bool {
        self.hears(other.ip) || other.hears(self.ip)
    }
}

/// What a socket's options say about ports.
#[derive(Clone, Copy)]
pub(crate) struct Claim {
    /// IPV6_V6ONLY
    pub(crate) is_only_6: bool,
    /// SO_REUSEADDR and SO_REUSEPORT.
    pub(crate) reuses: (bool, bool),
}

/// The protocol whose port it is, and the port.
pub(super) type Key = (Protocol, u16);

/// The ports of a world.
#[derive(Default)]
pub(crate) struct Ports {
    pub(super) table: Mutex<Table>,
    /// The way out of the world, if there is one.
    pub(crate) network: Option<Arc<dyn Network>>,
}

#[derive(Default)]
pub(super) struct Table {
    pub(super) bound: BTreeMap<Key, Vec<Bound>>,
    /// Which of the choices was made last, and which of several that hear the same got something last.
    pub(super) last: u16,
    turn: usize,
}

impl Table {
    /// Whether a port is taken for who wants it so.
    fn is_taken(&self, key: Key, wanted: &Bound, reuses: (bool, bool)) -> bool {
        let is_stream = key.0 == Protocol::Tcp;
        let mut all =
            self.bound.get(&key).into_iter().flatten().filter_map(|other| Some((other, other.endpoint.upgrade()?)));
        all.any(|(other, endpoint)| {
            let theirs = endpoint.claim().reuses;
            let may_share = reuses.1 && theirs.1 || reuses.0 && theirs.0 && !(is_stream && endpoint.is_listening());
            other.meets(wanted) && !may_share
        })
    }

    fn choose(&mut self, protocol: Protocol, wanted: &Bound) -> Option<u16> {
        let count = CHOICES.end() - CHOICES.start() + 1;
        // Nobody shares what he did not ask for.
        let alone = Bound { ip: wanted.ip, is_both: true, endpoint: Weak::new() };
        (0..count).find_map(|_| {
            self.last = (self.last + 1) % count;
            let port = CHOICES.start() + self.last;
            (!self.is_taken((protocol, port), &alone, (false, false))).then_some(port)
        })
    }
}

impl Ports {
    /// Those of a world with that way out.
    pub(crate) fn new(network: Option<Arc<dyn Network>>) -> Ports {
        Ports { network, ..Ports::default() }
    }

    /// All that listen do so in a world that goes on elsewhere.
    pub(crate) fn announce_all(&self) {
        let table = self.table.lock();
        let all: Vec<_> = table.bound.values().flatten().filter_map(|bound| bound.endpoint.upgrade()).collect();
        drop(table);
        for endpoint in all.iter().filter(|endpoint| endpoint.is_listening()) {
            // Where that cannot be, nobody comes.
            let _ = self.announce(endpoint);
        }
    }

    /// A socket is about to listen: whoever is outside may learn of it.
    pub(crate) fn announce(&self, endpoint: &Endpoint) -> Result<()> {
        match (&self.network, endpoint.port()) {
            (Some(network), Some(at)) if !at.ip().is_loopback() => network.listen(at),
            _ => Ok(()),
        }
    }

    /// Binds a socket; port 0 is one of the system's choice. Where it is bound then. EADDRINUSE if somebody else is.
    pub(crate) fn bind(&self, endpoint: &Arc<Endpoint>, at: SocketAddr) -> Result<SocketAddr> {
        let protocol = endpoint.protocol;
        let Claim { is_only_6, reuses } = endpoint.claim();
        let is_both = endpoint.family == Family::Inet6 && !is_only_6;
        let wanted = Bound { ip: at.ip(), is_both, endpoint: Arc::downgrade(endpoint) };
        let mut table = self.table.lock();
        let port = match at.port() {
            0 => table.choose(protocol, &wanted).ok_or(Errno::EADDRINUSE)?,
            port if table.is_taken((protocol, port), &wanted, reuses) => return Err(Errno::EADDRINUSE),
            port => port,
        };
        let all = table.bound.entry((protocol, port)).or_default();
        all.retain(|other| other.endpoint.strong_count() > 0);
        all.push(wanted);
        Ok(SocketAddr::new(at.ip(), port))
    }

    /// Forgets a socket that is closed.
    pub(crate) fn forget(&self, endpoint: &Arc<Endpoint>) {
        let Some(at) = endpoint.address().and_then(|address| address.internet()) else { return };
        let key = (endpoint.protocol, at.port());
        if let Some(network) = self.network.as_ref().filter(|_| endpoint.is_listening() && !at.ip().is_loopback()) {
            network.unlisten(at);
        }
        let mut table = self.table.lock();
        if let Some(all) = table.bound.get_mut(&key) {
            all.retain(|bound| bound.endpoint.as_ptr() != Arc::as_ptr(endpoint));
            if all.is_empty() {
                table.bound.remove(&key);
            }
        }
    }

    /// The socket that hears what arrives at `to` and `is_meant` says, the one that names the address best; if there are several
    /// of those (SO_REUSEPORT), one after the other.
    pub(crate) fn find(
        &self,
        protocol: Protocol,
        to: SocketAddr,
        is_meant: impl Fn(&Endpoint) -> bool,
    ) -> Option<Arc<Endpoint>> {
        let mut table = self.table.lock();
        let all = table.bound.get(&(protocol, to.port()))?.iter().filter(|bound| bound.hears(to.ip()));
        let all = all.filter_map(|bound| Some((bound.ip == to.ip(), bound.endpoint.upgrade()?)));
        let all: Vec<(bool, Arc<Endpoint>)> = all.filter(|(_, endpoint)| is_meant(endpoint)).collect();
        let is_exact = all.iter().any(|(is_exact, _)| *is_exact);
        let best: Vec<Arc<Endpoint>> =
            all.into_iter().filter(|(exact, _)| *exact == is_exact).map(|(_, endpoint)| endpoint).collect();
        table.turn = table.turn.wrapping_add(1);
        let turn = table.turn;
        best.get(turn % best.len().max(1)).cloned()
    }
}
