//! [`Listener`]: where the host waits for connections to a port of the guest's.

use crate::reactor::{HostNetwork, Interest, Source};
use crate::stream::Stream;
use linux::Kernel;
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, acceptfrom_with, bind, getsockname, listen, socket_with, sockopt,
};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Connections that wait at the host, and how many are taken in a row.
const BACKLOG: i32 = 4096;
const TURN: usize = 64;

/// A listening socket of the host's.
pub(crate) struct Listener {
    socket: OwnedFd,
    token: u64,
    /// The guest's port.
    pub(crate) port: u16,
    /// Whether the guest has no room for more.
    is_paused: AtomicBool,
}

/// A socket of the host's that is bound there.
pub(crate) fn bound(at: SocketAddr, kind: SocketType) -> rustix::io::Result<OwnedFd> {
    let family = if at.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, kind, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, None)?;
    if kind == SocketType::STREAM {
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    bind(&socket, &at)?;
    Ok(socket)
}

impl Listener {
    /// One that listens, and will once it is added. The error is the host's.
    pub(crate) fn new(network: &HostNetwork, at: SocketAddr, port: u16) -> rustix::io::Result<Arc<Listener>> {
        let socket = bound(at, SocketType::STREAM)?;
        listen(&socket, BACKLOG)?;
        Ok(Arc::new(Listener { socket, token: network.token(), port, is_paused: AtomicBool::new(false) }))
    }

    /// Takes connections from now on.
    pub(crate) fn begin(self: &Arc<Self>, network: &HostNetwork) -> vfs::Result<()> {
        network.add(self.token, Source::Listener(self.clone()), &self.socket, Interest::READING)
    }

    /// Where the host listens.
    pub(crate) fn at(&self) -> Option<SocketAddr> {
        getsockname(&self.socket).ok().and_then(|at| SocketAddr::try_from(at).ok())
    }

    /// Takes none any more.
    pub(crate) fn end(&self, network: &HostNetwork) {
        network.forget(self.token, &self.socket);
    }

    /// Connections are there; false if the guest has no room for more, and is to be asked again later.
    pub(crate) fn attend(&self, network: &Arc<HostNetwork>, kernel: &Kernel) -> bool {
        for _ in 0..TURN {
            let takes = kernel.takes_connections(self.port);
            if takes == Some(false) {
                self.pause(network, true);
                return false;
            }
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let Ok((socket, from)) = acceptfrom_with(&self.socket, flags) else { break };
            let from = from.and_then(|from| SocketAddr::try_from(from).ok());
            // Where nobody listens, it is closed.
            let (Some(true), Some(from)) = (takes, from) else { continue };
            let stream = Stream::new(network, socket, false);
            let plug = kernel.connection_comes(self.port, network.rules.addresses.shown(from), stream.clone());
            if let Some(plug) = plug
                && let Err(why) = stream.plug_in(plug.clone())
            {
                plug.broke(why);
            }
        }
        self.pause(network, false);
        true
    }

    fn pause(&self, network: &HostNetwork, is_paused: bool) {
        if self.is_paused.swap(is_paused, Ordering::Relaxed) != is_paused {
            let [before, after] =
                [!is_paused, is_paused].map(|is_paused| Interest { reads: !is_paused, writes: false });
            network.change(self.token, &self.socket, (before, after));
        }
    }
}
