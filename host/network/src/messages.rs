//! [`Messages`]: a UDP socket of the host's, behind one of the guest's or one of its ports.

use crate::errno;
use crate::reactor::{HostNetwork, Interest, Source};
use linux::{Kernel, Link, Plug};
use rustix::net::{RecvFlags, SendFlags, recvfrom, sendto};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use vfs::Result;

/// The longest message, and how many are taken in a row.
const MESSAGE_BYTES_MAX: usize = 64 << 10;
const TURN: usize = 64;
/// Peers of a published port that may be answered: with more, those that are known are forgotten.
const PEERS_MAX: usize = 4096;

/// Whom messages are for.
enum For {
    /// A socket that sends, and hears answers.
    Socket(Plug),
    /// Whoever is bound to that port of the guest's, and who has sent something there.
    Port(u16, Mutex<BTreeSet<SocketAddr>>),
}

/// A socket for messages.
pub(crate) struct Messages {
    socket: OwnedFd,
    network: Weak<HostNetwork>,
    token: u64,
    whom: For,
}

impl Messages {
    /// For a socket of the guest's.
    pub(crate) fn of_socket(network: &Arc<HostNetwork>, socket: OwnedFd, plug: Plug) -> Arc<Messages> {
        Messages::new(network, socket, For::Socket(plug))
    }

    /// For a port of the guest's.
    pub(crate) fn of_port(network: &Arc<HostNetwork>, socket: OwnedFd, port: u16) -> Arc<Messages> {
        Messages::new(network, socket, For::Port(port, Mutex::default()))
    }

    fn new(network: &Arc<HostNetwork>, socket: OwnedFd, whom: For) -> Arc<Messages> {
        Arc::new(Messages { socket, token: network.token(), network: Arc::downgrade(network), whom })
    }

    /// Takes messages from now on.
    pub(crate) fn begin(self: &Arc<Self>, network: &HostNetwork) -> Result<()> {
        network.add(self.token, Source::Messages(self.clone()), &self.socket, Interest::READING)
    }

    /// Whether that address, of the host's, has sent something to the port.
    pub(crate) fn has_heard(&self, real: SocketAddr) -> bool {
        match &self.whom {
            For::Port(_, peers) => peers.lock().unwrap_or_else(PoisonError::into_inner).contains(&real),
            For::Socket(_) => false,
        }
    }

    /// Messages are there.
    pub(crate) fn attend(&self, network: &HostNetwork, kernel: &Kernel) {
        let mut bytes = vec![0; MESSAGE_BYTES_MAX];
        for _ in 0..TURN {
            let Ok((count, _, from)) = recvfrom(&self.socket, &mut bytes[..], RecvFlags::DONTWAIT) else { return };
            let Some(from) = from.and_then(|from| SocketAddr::try_from(from).ok()) else { continue };
            let (shown, bytes) = (network.rules.addresses.shown(from), &bytes[..count]);
            match &self.whom {
                For::Socket(plug) => plug.receive_from(shown, bytes),
                For::Port(port, peers) => {
                    let mut peers = peers.lock().unwrap_or_else(PoisonError::into_inner);
                    if peers.len() >= PEERS_MAX {
                        peers.clear();
                    }
                    peers.insert(from);
                    drop(peers);
                    kernel.message_comes(*port, shown, bytes);
                }
            }
        }
    }
}

impl Link for Messages {
    fn send(&self, _bytes: &[u8]) -> Result<usize> {
        Err(vfs::Errno::ENOTCONN)
    }

    fn send_to(&self, bytes: &[u8], to: SocketAddr) -> Result<()> {
        let Some(network) = self.network.upgrade() else { return Ok(()) };
        let to = network.rules.addresses.real(to);
        match sendto(&self.socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT, &to) {
            // Networks lose messages.
            Ok(_) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::NOBUFS) => Ok(()),
            Err(error) => Err(errno(error)),
        }
    }

    fn shut(&self) {}

    fn read_on(&self) {}

    fn close(&self, _resets: bool) {
        if let (For::Socket(_), Some(network)) = (&self.whom, self.network.upgrade()) {
            network.forget(self.token, &self.socket);
        }
    }
}
