//! The names in a directory in memory: [`Names`], and looking up, making, linking and removing them.
//!
//! Every change first asks what lies beneath, without a lock, then takes the file system's `changes` lock and decides by
//! what is there now. What lies beneath never changes, so that answer cannot grow old.

use super::node::{MemNode, Up};
use super::{NAME_BYTES_MAX, TARGET_BYTES_MAX};
use crate::errno::Errno;
use crate::node::{Entry, Make, New, Node, Result};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

/// What a directory says of its names.
#[derive(Default)]
pub(crate) struct Names {
    own: BTreeMap<Box<[u8]>, Slot>,
    is_removed: bool,
    /// In the root only: nodes that several names beneath lead to, and that were changed.
    pinned: BTreeMap<u64, Arc<MemNode>>,
}

/// What a directory says of one name.
pub(crate) enum Slot {
    Node(Arc<MemNode>),
    /// There is none, whatever lies beneath.
    Gone,
}

impl Names {
    /// The node of that name, given what lies beneath.
    pub(crate) fn current(&self, name: &[u8], below: Option<&Arc<MemNode>>) -> Option<Arc<MemNode>> {
        match self.own.get(name) {
            Some(Slot::Node(node)) => Some(node.clone()),
            Some(Slot::Gone) => None,
            None => below.cloned(),
        }
    }

    pub(crate) fn put(&mut self, name: &[u8], node: &Arc<MemNode>) {
        self.own.insert(name.into(), Slot::Node(node.clone()));
    }

    /// Takes a name away, also from what lies beneath.
    pub(crate) fn remove(&mut self, name: &[u8], is_below: bool) {
        if is_below {
            self.own.insert(name.into(), Slot::Gone);
        } else {
            self.own.remove(name);
        }
    }

    /// Holds a node under the name it has beneath, unless that name has been taken away meanwhile.
    pub(crate) fn adopt(&mut self, name: Box<[u8]>, node: &Arc<MemNode>) -> bool {
        let is_free = !self.own.contains_key(&name);
        if is_free {
            self.own.insert(name, Slot::Node(node.clone()));
        }
        is_free
    }

    pub(crate) fn pin(&mut self, node: &Arc<MemNode>) {
        self.pinned.insert(node.inode, node.clone());
    }

    pub(crate) fn unpin(&mut self, node: &MemNode) {
        self.pinned.remove(&node.inode);
    }

    /// Whether a file that several names beneath lead to was changed.
    pub(crate) fn has_pinned(&self) -> bool {
        !self.pinned.is_empty()
    }

    /// The nodes that [`Names::pin`] keeps.
    pub(crate) fn pinned(&self) -> impl Iterator<Item = &Arc<MemNode>> {
        self.pinned.values()
    }

    /// Says nothing of any name, and whether the directory has been removed.
    pub(crate) fn clear(&mut self, is_removed: bool) {
        self.own.clear();
        self.is_removed = is_removed;
    }

    /// What it says of each name that it says something of.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (&[u8], &Slot)> {
        self.own.iter().map(|(name, slot)| (&name[..], slot))
    }

    pub(crate) fn is_removed(&self) -> bool {
        self.is_removed
    }

    /// Whether nothing is left of it and of the names beneath.
    pub(crate) fn is_empty(&self, below: &[Entry]) -> bool {
        self.own.values().all(|slot| matches!(slot, Slot::Gone))
            && below.iter().all(|entry| self.own.contains_key(&entry.name[..]))
    }

    /// Length as stat(2) tells it: what the names take.
    pub(crate) fn bytes(&self) -> u64 {
        self.own.len() as u64 * 20
    }

    /// Gives away all nodes it holds.
    pub(crate) fn take(&mut self) -> Vec<Arc<MemNode>> {
        let own = mem::take(&mut self.own).into_values();
        let nodes = own.filter_map(|slot| if let Slot::Node(node) = slot { Some(node) } else { None });
        nodes.chain(mem::take(&mut self.pinned).into_values()).collect()
    }
}

/// The links of a directory that has got so many more subdirectories. 1 says that nobody has counted, and stays.
pub(crate) fn more_links(links: u32, by: i64) -> u32 {
    if links == 1 { 1 } else { u32::try_from(i64::from(links) + by).unwrap_or(u32::MAX).max(1) }
}

/// Refuses what cannot be a name.
pub(crate) fn check_name(name: &[u8]) -> Result<()> {
    match name {
        [] | b"." | b".." => Err(Errno::EINVAL),
        _ if name.len() > NAME_BYTES_MAX => Err(Errno::ENAMETOOLONG),
        _ if name.iter().any(|&byte| byte == b'/' || byte == 0) => Err(Errno::EINVAL),
        _ => Ok(()),
    }
}

impl MemNode {
    /// The node of that name, if there is one.
    pub(crate) fn child(&self, name: &[u8]) -> Result<Option<Arc<MemNode>>> {
        match self.names()?.read().own.get(name) {
            Some(Slot::Node(node)) => return Ok(Some(node.clone())),
            Some(Slot::Gone) => return Ok(None),
            None => {}
        }
        self.child_below(name)
    }

    /// The node that lies beneath under that name, ready to be changed.
    pub(crate) fn loaded_below(&self, name: &[u8]) -> Result<Option<Arc<MemNode>>> {
        let child = self.child_below(name)?;
        child.as_ref().map_or(Ok(()), |child| child.load_metadata())?;
        Ok(child)
    }

    /// The names beneath.
    pub(crate) fn entries_below(&self) -> Result<Vec<Entry>> {
        self.below.as_ref().map_or(Ok(Vec::new()), |below| below.node.entries())
    }

    pub(crate) fn list(&self) -> Result<Vec<Entry>> {
        let mut below = self.entries_below()?;
        self.number_entries(&mut below);
        let names = self.names()?.read();
        below.retain(|entry| !names.own.contains_key(&entry.name[..]));
        below.extend(names.own.iter().filter_map(|(name, slot)| match slot {
            Slot::Node(node) => Some(Entry { name: name.to_vec(), inode: node.inode, kind: node.kind }),
            Slot::Gone => None,
        }));
        drop(names);
        // By name: the order stays when a file is copied up.
        below.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        self.was_read();
        Ok(below)
    }

    pub(crate) fn create_child(&self, name: &[u8], new: &New<'_>) -> Result<Arc<MemNode>> {
        self.names()?;
        check_name(name)?;
        if let Make::Symlink(target) = new.what {
            match target.len() {
                0 => return Err(Errno::ENOENT),
                1..=TARGET_BYTES_MAX => {}
                _ => return Err(Errno::ENAMETOOLONG),
            }
        }
        let below = self.loaded_below(name)?;
        self.own()?;
        let now = self.fs.now();
        let _changes = self.fs.changes.lock();
        let mut names = self.names()?.write();
        if names.current(name, below.as_ref()).is_some() {
            return Err(Errno::EEXIST);
        }
        if names.is_removed {
            return Err(Errno::ENOENT);
        }
        self.fs.take_file()?;
        let node = MemNode::new(&self.fs, new, Up::Owned(self.me.clone()));
        names.put(name, &node);
        drop(names);
        self.was_changed(now);
        if node.kind.is_directory() {
            self.edit(|metadata| metadata.links = more_links(metadata.links, 1));
        }
        Ok(node)
    }

    /// A file that no name leads to.
    pub(crate) fn unnamed_child(&self, new: &New<'_>, may_be_named: bool) -> Result<Arc<MemNode>> {
        if self.names()?.read().is_removed {
            return Err(Errno::ENOENT);
        }
        self.fs.take_file()?;
        let node = MemNode::new(&self.fs, new, if may_be_named { Up::Unnamed } else { Up::Detached });
        node.edit(|metadata| metadata.links = 0);
        Ok(node)
    }

    pub(crate) fn link_child(&self, name: &[u8], node: &Arc<MemNode>) -> Result<()> {
        self.names()?;
        check_name(name)?;
        if node.kind.is_directory() {
            return Err(Errno::EPERM);
        }
        let below = self.loaded_below(name)?;
        self.own()?;
        node.own()?;
        let now = self.fs.now();
        let _changes = self.fs.changes.lock();
        let mut names = self.names()?.write();
        if names.current(name, below.as_ref()).is_some() {
            return Err(Errno::EEXIST);
        }
        let links = node.metadata()?.links;
        let is_new = matches!(*node.up.lock(), Up::Unnamed);
        if names.is_removed || links == 0 && !is_new {
            return Err(Errno::ENOENT);
        }
        if links == u32::MAX {
            return Err(Errno::EMLINK);
        }
        names.put(name, node);
        drop(names);
        if is_new {
            *node.up.lock() = Up::Owned(self.me.clone());
        }
        node.edit(|metadata| (metadata.links, metadata.changed) = (links + 1, now));
        self.was_changed(now);
        Ok(())
    }

    /// unlink(2) or rmdir(2).
    pub(crate) fn remove_child(&self, name: &[u8], directory: bool) -> Result<()> {
        let below = self.loaded_below(name)?;
        let victim = self.names()?.read().current(name, below.as_ref()).ok_or(Errno::ENOENT)?;
        let entries_below = match (directory, victim.kind.is_directory()) {
            (true, false) => return Err(Errno::ENOTDIR),
            (false, true) => return Err(Errno::EISDIR),
            (true, true) => victim.entries_below()?,
            (false, false) => Vec::new(),
        };
        self.own()?;
        let now = self.fs.now();
        let _changes = self.fs.changes.lock();
        let mut names = self.names()?.write();
        if !names.current(name, below.as_ref()).is_some_and(|node| Arc::ptr_eq(&node, &victim)) {
            // Somebody was faster and has put another node there, or none: as if that had come after.
            return Err(Errno::ENOENT);
        }
        if directory {
            victim.check_empty(&entries_below)?;
        }
        names.remove(name, below.is_some());
        drop(names);
        self.was_changed(now);
        self.unname(&victim);
        Ok(())
    }

    /// `ENOTEMPTY` unless the directory is empty.
    pub(crate) fn check_empty(&self, entries_below: &[Entry]) -> Result<()> {
        if self.names()?.read().is_empty(entries_below) { Ok(()) } else { Err(Errno::ENOTEMPTY) }
    }

    /// Notes that `node` has lost one of its names, which was in this directory.
    pub(crate) fn unname(&self, node: &Arc<MemNode>) {
        let now = self.fs.now();
        if let Ok(names) = node.names() {
            names.write().is_removed = true;
            self.edit(|metadata| metadata.links = more_links(metadata.links, -1));
            node.edit(|metadata| (metadata.links, metadata.changed) = (0, now));
        } else {
            node.edit(|metadata| (metadata.links, metadata.changed) = (metadata.links.saturating_sub(1), now));
        }
        let is_left = node.metadata.lock().as_ref().is_some_and(|metadata| metadata.links > 0);
        *node.up.lock() = Up::Detached;
        if is_left {
            node.pin();
        } else {
            node.unpin();
        }
    }
}
