//! [`SocketFile`]: a socket as an open file.

use super::endpoint::{Endpoint, Style};
use super::header::Marks;
use super::packet::Credentials;
use super::transfer::{Ancillary, Asked};
use crate::commons::Commons;
use alloc::sync::Arc;
use core::any::Any;
use vfs::node::{At, Edges, File, Ready};
use vfs::{Result, Watcher};

/// An open socket; with the last descriptor it is closed.
pub(crate) struct SocketFile {
    pub(crate) endpoint: Arc<Endpoint>,
    commons: Arc<Commons>,
    /// Who made it: what goes with bytes that write(2) sends.
    pub(crate) maker: Credentials,
}

impl SocketFile {
    pub(crate) fn new(endpoint: Arc<Endpoint>, commons: &Arc<Commons>, maker: Credentials) -> SocketFile {
        SocketFile { endpoint, commons: commons.clone(), maker }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.commons.sockets.forget(&self.endpoint);
        self.commons.ports.forget(&self.endpoint);
        self.endpoint.close();
    }
}

impl File for SocketFile {
    fn read(&self, _at: At, into: &mut [u8]) -> Result<usize> {
        let asked = Asked { room: into.len(), waits: true, ..Asked::default() };
        let received = self.endpoint.receive(&asked)?;
        let (into, _) = into.split_at_mut(received.bytes.len());
        into.copy_from_slice(&received.bytes);
        Ok(into.len())
    }

    fn write(&self, _at: At, from: &[u8]) -> Result<usize> {
        let with = Ancillary { credentials: self.maker, rights: None };
        match self.endpoint.style {
            Style::Stream => self.endpoint.send_bytes(from, with),
            Style::Datagram if self.endpoint.family.is_internet() => {
                self.endpoint.send_datagram(&self.commons.ports, None, from, &Marks::default())
            }
            Style::Datagram | Style::Packets => self.endpoint.send_message(None, from, with),
        }
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        self.endpoint.ready()
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.endpoint.watch(watcher);
    }

    fn edges(&self) -> Option<Edges> {
        Some(self.endpoint.edges())
    }

    fn pending(&self) -> Result<usize> {
        self.endpoint.pending()
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}
