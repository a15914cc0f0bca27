//! [`Stream`]: a TCP connection of the host's, behind a socket of the guest's.

use crate::errno;
use crate::reactor::{HostNetwork, Interest, Source};
use linux::{Link, Plug};
use rustix::io::Errno as HostErrno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown, sockopt};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;
use vfs::{Errno, Result};

/// Bytes that are read at once, and how often in a row: others have their turn.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNKS: usize = 4;

/// What a connection waits for.
struct State {
    is_connecting: bool,
    /// The guest found no room.
    wants_room: bool,
    /// The guest has no room.
    is_paused: bool,
    /// Nothing comes any more.
    is_over: bool,
}

/// A connection.
pub(crate) struct Stream {
    socket: OwnedFd,
    network: Weak<HostNetwork>,
    token: u64,
    plug: OnceLock<Plug>,
    state: Mutex<State>,
}

impl Stream {
    /// One that is on its way, or there; its plug comes with [`Stream::plug_in`].
    pub(crate) fn new(network: &Arc<HostNetwork>, socket: OwnedFd, is_connecting: bool) -> Arc<Stream> {
        // Nagle's algorithm is the guest's business, which has no wire.
        let _ = sockopt::set_tcp_nodelay(&socket, true);
        let state = State { is_connecting, wants_room: false, is_paused: false, is_over: false };
        let (token, network) = (network.token(), Arc::downgrade(network));
        Arc::new(Stream { socket, network, token, plug: OnceLock::new(), state: Mutex::new(state) })
    }

    /// From now on it is the guest's.
    pub(crate) fn plug_in(self: &Arc<Self>, plug: Plug) -> Result<()> {
        let _ = self.plug.set(plug);
        let network = self.network.upgrade().ok_or(Errno::ENETUNREACH)?;
        let interest = self.interest(&self.lock());
        network.add(self.token, Source::Stream(self.clone()), &self.socket, interest)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interest(&self, state: &State) -> Interest {
        let (reads, writes) = (!state.is_over && !state.is_paused, state.is_connecting || state.wants_room);
        Interest { reads: reads && !state.is_connecting, writes }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let before = self.interest(&state);
        change(&mut state);
        let after = self.interest(&state);
        if let Some(network) = self.network.upgrade().filter(|_| before != after) {
            network.change(self.token, &self.socket, (before, after));
        }
    }

    /// Something happened to it.
    pub(crate) fn attend(&self) {
        let Some(plug) = self.plug.get() else { return };
        let (is_connecting, wants_room) = {
            let state = self.lock();
            (state.is_connecting, state.wants_room)
        };
        if is_connecting {
            return self.connected(plug);
        }
        if wants_room {
            self.change(|state| state.wants_room = false);
            plug.has_room();
        }
        self.receive(plug);
    }

    fn connected(&self, plug: &Plug) {
        match sockopt::socket_error(&self.socket) {
            Ok(Ok(())) => {
                self.change(|state| state.is_connecting = false);
                plug.connected();
            }
            Ok(Err(error)) | Err(error) => {
                self.forget();
                plug.failed(errno(error));
            }
        }
    }

    fn receive(&self, plug: &Plug) {
        let mut chunk = [0; CHUNK_BYTES];
        for _ in 0..CHUNKS {
            let room = plug.room().min(CHUNK_BYTES);
            if room == 0 {
                return self.change(|state| state.is_paused = true);
            }
            match recv(&self.socket, &mut chunk[..room], RecvFlags::DONTWAIT) {
                Ok((0, _)) => {
                    self.change(|state| state.is_over = true);
                    return plug.ended();
                }
                Ok((count, _)) => plug.receive(&chunk[..count]),
                Err(HostErrno::AGAIN | HostErrno::INTR) => return,
                Err(error) => {
                    self.forget();
                    return plug.broke(errno(error));
                }
            }
        }
    }

    fn forget(&self) {
        if let Some(network) = self.network.upgrade() {
            network.forget(self.token, &self.socket);
        }
    }
}

impl Link for Stream {
    fn send(&self, bytes: &[u8]) -> Result<usize> {
        let sent = send(&self.socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
        if sent.as_ref().map_or_else(|error| *error == HostErrno::AGAIN, |sent| *sent < bytes.len()) {
            self.change(|state| state.wants_room = true);
        }
        sent.map_err(errno)
    }

    fn send_to(&self, _bytes: &[u8], _to: std::net::SocketAddr) -> Result<()> {
        Err(Errno::EISCONN)
    }

    fn shut(&self) {
        // Whoever is gone already needs not be told.
        let _ = shutdown(&self.socket, Shutdown::Write);
    }

    fn read_on(&self) {
        self.change(|state| state.is_paused = false);
    }

    fn close(&self, resets: bool) {
        if resets {
            let _ = sockopt::set_socket_linger(&self.socket, Some(Duration::ZERO));
        }
        self.forget();
        let _ = shutdown(&self.socket, Shutdown::Write);
    }
}
