//! Copy-on-write: [`overlay`] puts a memory file system over a tree that is only ever read.
//!
//! A node here shows the one beneath until it is changed; then it keeps its own metadata, and its bytes page by page. A
//! directory remembers only the names that were added or taken away, so one that is renamed takes along what lies beneath
//! it and nothing is copied. Inode numbers are those beneath where they fit 31 bits, and stay in any case.

use crate::errno::Errno;
use crate::memfs::{Below, Body, MemFs, MemNode, Shared, Up};
use crate::node::{Entry, Kind, Metadata, NodeRef, Result};
use crate::pipe::Pipe;
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use spin::{Mutex, RwLock};

/// First inode number of what was not there beneath. 32-bit programs cannot stat larger numbers than 2^32 - 1.
const OWN_INODES: u64 = 1 << 31;
/// So many nodes are remembered before it is worth looking for those that nobody holds any more.
const SWEEP_MIN: usize = 1024;

/// Puts an empty memory file system over `lower`, which is never written, and gives its root directory.
///
/// `upper` gives clock and limits; owner and mode of the root are those of `lower`.
pub fn overlay(lower: NodeRef, upper: &MemFs) -> Result<NodeRef> {
    let metadata = lower.metadata()?;
    if !metadata.kind.is_directory() {
        return Err(Errno::ENOTDIR);
    }
    let fs = Arc::new(Shared::new(upper, OWN_INODES));
    fs.adopted.lock().device = metadata.device;
    let root = MemNode::over(&fs, lower, &metadata, Up::Root);
    fs.root.call_once(|| Arc::downgrade(&root));
    Ok(root)
}

/// What an overlay knows of the nodes beneath, by their device and inode numbers.
#[derive(Default)]
pub(crate) struct Adopted {
    nodes: BTreeMap<(u64, u64), Weak<MemNode>>,
    sweep_at: usize,
    /// Numbers of those that cannot keep theirs.
    numbers: BTreeMap<(u64, u64), u64>,
    /// The device whose nodes keep their numbers.
    device: u64,
}

impl Adopted {
    fn node(&self, id: (u64, u64)) -> Option<Arc<MemNode>> {
        self.nodes.get(&id).and_then(Weak::upgrade)
    }

    pub(crate) fn insert(&mut self, id: (u64, u64), node: &Arc<MemNode>) {
        if self.nodes.len() >= self.sweep_at.max(SWEEP_MIN) {
            self.nodes.retain(|_, node| node.strong_count() > 0);
            self.sweep_at = self.nodes.len() * 2;
        }
        self.nodes.insert(id, Arc::downgrade(node));
    }

    fn number(&mut self, id: (u64, u64), fs: &Shared) -> u64 {
        let (device, inode) = id;
        if device == self.device && inode < OWN_INODES {
            return inode;
        }
        *self.numbers.entry(id).or_insert_with(|| fs.new_inode())
    }
}

impl MemNode {
    /// A node that shows `lower`.
    fn over(fs: &Arc<Shared>, lower: NodeRef, metadata: &Metadata, up: Up) -> Arc<MemNode> {
        let inode = fs.adopted.lock().number((metadata.device, metadata.inode), fs);
        let body = match metadata.kind {
            Kind::File => Body::File(RwLock::new(None)),
            Kind::Directory => Body::Directory(RwLock::default()),
            Kind::Fifo => Body::Fifo(Pipe::new()),
            _ => Body::Other,
        };
        let is_shared = metadata.links > 1 && !metadata.kind.is_directory();
        Arc::new_cyclic(|me| MemNode {
            me: me.clone(),
            fs: fs.clone(),
            inode,
            kind: metadata.kind,
            below: Some(Below { node: lower, device: metadata.device, is_shared }),
            metadata: Mutex::new(None),
            attributes: Mutex::default(),
            up: Mutex::new(up),
            body,
        })
    }

    /// The node that lies beneath under that name. Two names of one file give one node.
    pub(crate) fn child_below(&self, name: &[u8]) -> Result<Option<Arc<MemNode>>> {
        let Some(below) = &self.below else { return Ok(None) };
        let lower = match below.node.lookup(name) {
            Ok(lower) => lower,
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let metadata = lower.metadata()?;
        let id = (metadata.device, metadata.inode);
        if let Some(node) = self.fs.adopted.lock().node(id) {
            return Ok(Some(node));
        }
        let up = Up::Borrowed { parent: self.shared()?, name: name.into() };
        let node = MemNode::over(&self.fs, lower, &metadata, up);
        let mut adopted = self.fs.adopted.lock();
        let first = adopted.node(id);
        if first.is_none() {
            adopted.insert(id, &node);
        }
        drop(adopted);
        Ok(Some(first.unwrap_or(node)))
    }

    /// Gives entries from beneath the numbers that their nodes have here.
    pub(crate) fn number_entries(&self, entries: &mut [Entry]) {
        if let Some(below) = &self.below {
            let mut adopted = self.fs.adopted.lock();
            for entry in entries {
                entry.inode = adopted.number((below.device, entry.inode), &self.fs);
            }
        }
    }
}
