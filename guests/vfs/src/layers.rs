//! A tree with changes put over it, for reading: [`layered`].
//!
//! Changes are a tree of their own, in the form that the OCI image specification gives layers (image-spec, layer.md): what
//! is in it adds or replaces; an empty file `.wh.NAME` says that NAME is gone; `.wh..wh..opq` in a directory says that
//! nothing of the directory beneath shows through.

use crate::errno::Errno;
use crate::node::{
    Change, Entry, File, FileSystemInfo, Kind, Metadata, New, Node, NodeRef, Open, Rename, Result, SetXattr, new_device,
};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use spin::Mutex;

/// What the name of a whiteout begins with.
pub const WHITEOUT: &[u8] = b".wh.";
/// The name that makes a directory opaque.
pub const OPAQUE: &[u8] = b".wh..wh..opq";

/// First inode number of what does not come from the base with a number below.
const OTHER_INODES: u64 = 1 << 30;

/// `base` with `changes` over it. Both are only read.
pub fn layered(base: NodeRef, changes: NodeRef) -> Result<NodeRef> {
    if !base.kind()?.is_directory() || !changes.kind()?.is_directory() {
        return Err(Errno::ENOTDIR);
    }
    let shared = Shared {
        device: new_device(),
        base_device: base.metadata()?.device,
        numbers: Mutex::new(Numbers { next: OTHER_INODES, given: BTreeMap::new() }),
    };
    Ok(Layered::of_changes(&Arc::new(shared), changes, Some(base)))
}

/// Shared by all nodes of one such tree.
struct Shared {
    device: u64,
    base_device: u64,
    numbers: Mutex<Numbers>,
}

/// Numbers given to nodes that cannot keep theirs, by device and number there.
struct Numbers {
    next: u64,
    given: BTreeMap<(u64, u64), u64>,
}

impl Shared {
    fn number(&self, device: u64, inode: u64) -> u64 {
        if device == self.base_device && inode < OTHER_INODES {
            return inode;
        }
        let Numbers { next, given } = &mut *self.numbers.lock();
        *given.entry((device, inode)).or_insert_with(|| {
            *next += 1;
            *next
        })
    }
}

/// A node of either tree, or a directory of both.
struct Layered {
    shared: Arc<Shared>,
    /// What it is.
    node: NodeRef,
    /// The directory of the base that shows through.
    below: Option<NodeRef>,
    /// Whether it is one of the changes, whose names may be whiteouts.
    is_change: bool,
}

impl Layered {
    fn of_changes(shared: &Arc<Shared>, node: NodeRef, below: Option<NodeRef>) -> NodeRef {
        Arc::new(Layered { shared: shared.clone(), node, below, is_change: true })
    }

    fn of_base(shared: &Arc<Shared>, node: NodeRef) -> NodeRef {
        Arc::new(Layered { shared: shared.clone(), node, below: None, is_change: false })
    }
}

fn find(directory: &NodeRef, name: &[u8]) -> Result<Option<NodeRef>> {
    match directory.lookup(name) {
        Err(Errno::ENOENT | Errno::ENAMETOOLONG) => Ok(None),
        found => found.map(Some),
    }
}

impl Node for Layered {
    fn metadata(&self) -> Result<Metadata> {
        let metadata = self.node.metadata()?;
        let inode = self.shared.number(metadata.device, metadata.inode);
        // Nobody has counted the subdirectories of both, and 1 says so, as on Linux' overlays.
        let links = if self.below.is_some() { 1 } else { metadata.links };
        Ok(Metadata { device: self.shared.device, inode, links, ..metadata })
    }

    fn set_metadata(&self, _change: &Change) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        if how.write && matches!(self.kind()?, Kind::File | Kind::Directory) {
            return Err(Errno::EROFS);
        }
        self.node.open(how)
    }

    fn kind(&self) -> Result<Kind> {
        self.node.kind()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        if !self.is_change {
            return Ok(Layered::of_base(&self.shared, self.node.lookup(name)?));
        }
        if name.starts_with(WHITEOUT) {
            return Err(Errno::ENOENT);
        }
        if let Some(node) = find(&self.node, name)? {
            let below = match &self.below {
                Some(below) if node.kind()?.is_directory() && find(&node, OPAQUE)?.is_none() => find(below, name)?,
                _ => None,
            };
            let below = below.filter(|below| below.kind().is_ok_and(Kind::is_directory));
            return Ok(Layered::of_changes(&self.shared, node, below));
        }
        match &self.below {
            Some(below) if find(&self.node, &[WHITEOUT, name].concat())?.is_none() => {
                Ok(Layered::of_base(&self.shared, below.lookup(name)?))
            }
            _ => Err(Errno::ENOENT),
        }
    }

    fn create(&self, name: &[u8], _new: &New<'_>) -> Result<NodeRef> {
        match self.lookup(name) {
            Ok(_) => Err(Errno::EEXIST),
            Err(Errno::ENOENT) => Err(Errno::EROFS),
            Err(errno) => Err(errno),
        }
    }

    fn link(&self, _name: &[u8], _node: &NodeRef) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        self.lookup(name).and(Err(Errno::EROFS))
    }

    fn rmdir(&self, name: &[u8]) -> Result<()> {
        self.lookup(name).and(Err(Errno::EROFS))
    }

    fn rename(&self, _from: &[u8], _to_dir: &NodeRef, _to: &[u8], _how: Rename) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let numbered = |directory: &NodeRef| -> Result<Vec<Entry>> {
            let device = directory.metadata()?.device;
            let number = |entry: Entry| Entry { inode: self.shared.number(device, entry.inode), ..entry };
            Ok(directory.entries()?.into_iter().map(number).collect())
        };
        let mut entries = numbered(&self.node)?;
        if !self.is_change {
            return Ok(entries);
        }
        let names: BTreeSet<Vec<u8>> = entries.iter().map(|entry| entry.name.clone()).collect();
        entries.retain(|entry| !entry.name.starts_with(WHITEOUT));
        let shows = |name: &[u8]| !names.contains(name) && !names.contains(&[WHITEOUT, name].concat());
        let below = self.below.as_ref().map_or(Ok(Vec::new()), numbered)?;
        entries.extend(below.into_iter().filter(|entry| shows(&entry.name)));
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        self.node.readlink()
    }

    fn xattr(&self, name: &[u8]) -> Result<Vec<u8>> {
        self.node.xattr(name)
    }

    fn xattrs(&self) -> Result<Vec<Vec<u8>>> {
        self.node.xattrs()
    }

    fn set_xattr(&self, _name: &[u8], _value: &[u8], _how: SetXattr) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn remove_xattr(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn file_system(&self) -> FileSystemInfo {
        FileSystemInfo { is_read_only: true, ..self.node.file_system() }
    }
}
