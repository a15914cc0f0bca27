//! [`Names`]: the sockets that are bound, by address.

use super::endpoint::Endpoint;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use spin::Mutex;
use vfs::NodeRef;
use vfs::{Errno, Result};

/// Names that the system chooses have five hexadecimal digits (unix(7), autobind).
const CHOICES: u32 = 1 << 20;

/// The name of who listens at /dev/log, which is longer than any that a guest can give.
const LOG: [u8; 128] = [b'/'; 128];

/// The bound sockets of a world.
#[derive(Default)]
pub(crate) struct Names(pub(super) Mutex<Table>);

#[derive(Default)]
pub(super) struct Table {
    pub(super) names: BTreeMap<Vec<u8>, Weak<Endpoint>>,
    /// By device and inode. The node is kept, so that its number means nothing else meanwhile.
    pub(super) nodes: BTreeMap<(u64, u64), (NodeRef, Weak<Endpoint>)>,
    pub(super) next_choice: u32,
}

fn identity(node: &NodeRef) -> Result<(u64, u64)> {
    let metadata = node.metadata()?;
    Ok((metadata.device, metadata.inode))
}

impl Names {
    /// Binds to an abstract name.
    pub(crate) fn bind_name(&self, name: &[u8], endpoint: &Arc<Endpoint>) -> Result<()> {
        let mut table = self.0.lock();
        if table.names.get(name).is_some_and(|bound| bound.strong_count() > 0) {
            return Err(Errno::EADDRINUSE);
        }
        table.names.insert(name.to_vec(), Arc::downgrade(endpoint));
        Ok(())
    }

    /// Binds to a name that is free, and gives it.
    pub(crate) fn bind_any(&self, endpoint: &Arc<Endpoint>) -> Result<Vec<u8>> {
        for _ in 0..CHOICES {
            let choice = {
                let mut table = self.0.lock();
                table.next_choice = (table.next_choice + 1) % CHOICES;
                table.next_choice
            };
            let name = format!("{choice:05x}").into_bytes();
            if self.bind_name(&name, endpoint).is_ok() {
                return Ok(name);
            }
        }
        Err(Errno::ENOSPC)
    }

    /// Binds to where others send what is to be logged, though no file can be made there.
    pub(crate) fn bind_log(&self, endpoint: &Arc<Endpoint>) -> Result<()> {
        self.bind_name(&LOG, endpoint)
    }

    /// Who listens there, if anybody does.
    pub(crate) fn log(&self) -> Option<Arc<Endpoint>> {
        self.by_name(&LOG).ok()
    }

    /// Binds to a node that was made for it.
    pub(crate) fn bind_node(&self, node: &NodeRef, endpoint: &Arc<Endpoint>) -> Result<()> {
        self.0.lock().nodes.insert(identity(node)?, (node.clone(), Arc::downgrade(endpoint)));
        Ok(())
    }

    /// The socket of that name.
    pub(crate) fn by_name(&self, name: &[u8]) -> Result<Arc<Endpoint>> {
        self.0.lock().names.get(name).and_then(Weak::upgrade).ok_or(Errno::ECONNREFUSED)
    }

    /// The socket that was bound to a node.
    pub(crate) fn by_node(&self, node: &NodeRef) -> Result<Arc<Endpoint>> {
        let identity = identity(node)?;
        self.0.lock().nodes.get(&identity).and_then(|(_, bound)| bound.upgrade()).ok_or(Errno::ECONNREFUSED)
    }

    /// Forgets a socket that is closed.
    pub(crate) fn forget(&self, endpoint: &Arc<Endpoint>) {
        let mut table = self.0.lock();
        let is_it = |bound: &Weak<Endpoint>| bound.as_ptr() == Arc::as_ptr(endpoint);
        table.names.retain(|_, bound| !is_it(bound));
        let nodes: Vec<(u64, u64)> =
            table.nodes.iter().filter(|(_, (_, bound))| is_it(bound)).map(|(identity, _)| *identity).collect();
        // Nodes are dropped outside the lock: what becomes of a file is its file system's business.
        let gone: Vec<_> = nodes.iter().filter_map(|identity| table.nodes.remove(identity)).collect();
        drop(table);
        drop(gone);
    }
}
