//! A tree of nodes that was read from an archive: [`Tree`]. It does not change; bytes of files stay in the archive.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs::File as HostFile;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use vfs::node::{
    At, Change, Entry, File, FileSystemInfo, Kind, Metadata, New, Open, OpenDirectory, Rename, SetXattr, TimeNs,
    new_device,
};
use vfs::{Errno, Node, NodeRef, Result};

/// Nodes that an archive may have.
const NODES_MAX: usize = 1 << 20;

/// What a node is.
pub(crate) struct Inode {
    pub(crate) metadata: Metadata,
    /// Of a directory: its names.
    pub(crate) names: BTreeMap<Box<[u8]>, usize>,
    /// Of a file: where its bytes are; what is nowhere is zeros.
    pub(crate) extents: Vec<Extent>,
    /// Of a link.
    pub(crate) target: Vec<u8>,
    pub(crate) attributes: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Bytes of a file that lie one after the other in the archive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Where in the file.
    pub(crate) at: u64,
    pub(crate) bytes: u64,
    /// Where in the archive.
    pub(crate) from: u64,
}

/// All nodes, the root first.
pub(crate) struct Tree {
    archive: HostFile,
    device: u64,
    inodes: Vec<Inode>,
}

impl Inode {
    pub(crate) fn new(kind: Kind, mode: u32) -> Inode {
        let metadata = Metadata {
            kind,
            mode,
            device: 0,
            inode: 0,
            links: if kind.is_directory() { 2 } else { 1 },
            uid: 0,
            gid: 0,
            size: 0,
            blocks: 0,
            accessed: TimeNs(0),
            modified: TimeNs(0),
            changed: TimeNs(0),
        };
        let (names, extents, target, attributes) = Default::default();
        Inode { metadata, names, extents, target, attributes }
    }
}

impl Tree {
    /// A root and nothing else.
    pub(crate) fn new(archive: HostFile) -> Tree {
        let mut tree = Tree { archive, device: new_device(), inodes: Vec::new() };
        // There is room for the first.
        let _ = tree.add(Inode::new(Kind::Directory, 0o755));
        tree
    }

    /// Adds a node that has no name yet; `ENOSPC` if there are too many.
    pub(crate) fn add(&mut self, mut inode: Inode) -> Result<usize> {
        let number = self.inodes.len();
        if number >= NODES_MAX {
            return Err(Errno::ENOSPC);
        }
        (inode.metadata.device, inode.metadata.inode) = (self.device, number as u64 + 1);
        inode.metadata.changed = inode.metadata.modified;
        self.inodes.push(inode);
        Ok(number)
    }

    pub(crate) fn inode(&mut self, number: usize) -> Option<&mut Inode> {
        self.inodes.get_mut(number)
    }

    pub(crate) fn kind(&self, number: usize) -> Option<Kind> {
        self.inodes.get(number).map(|inode| inode.metadata.kind)
    }

    pub(crate) fn child(&self, directory: usize, name: &[u8]) -> Option<usize> {
        self.inodes.get(directory)?.names.get(name).copied()
    }

    pub(crate) fn root(self) -> NodeRef {
        Arc::new(TreeNode { tree: Arc::new(self), number: 0 })
    }
}

struct TreeNode {
    tree: Arc<Tree>,
    number: usize,
}

impl TreeNode {
    fn inode(&self) -> &Inode {
        &self.tree.inodes[self.number]
    }

    fn directory(&self) -> Result<&BTreeMap<Box<[u8]>, usize>> {
        if self.inode().metadata.kind.is_directory() { Ok(&self.inode().names) } else { Err(Errno::ENOTDIR) }
    }
}

impl Node for TreeNode {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.inode().metadata.clone())
    }

    fn set_metadata(&self, _change: &Change) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        match self.inode().metadata.kind {
            Kind::File | Kind::Directory if how.write => Err(Errno::EROFS),
            Kind::File => Ok(Box::new(TreeFile { tree: self.tree.clone(), number: self.number })),
            Kind::Directory => Ok(Box::new(OpenDirectory)),
            Kind::Symlink => Err(Errno::ELOOP),
            _ => Err(Errno::ENXIO),
        }
    }

    fn kind(&self) -> Result<Kind> {
        Ok(self.inode().metadata.kind)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        let number = *self.directory()?.get(name).ok_or(Errno::ENOENT)?;
        Ok(Arc::new(TreeNode { tree: self.tree.clone(), number }))
    }

    fn create(&self, name: &[u8], _new: &New<'_>) -> Result<NodeRef> {
        Err(if self.directory()?.contains_key(name) { Errno::EEXIST } else { Errno::EROFS })
    }

    fn link(&self, _name: &[u8], _node: &NodeRef) -> Result<()> {
        self.directory().and(Err(Errno::EROFS))
    }

    fn unlink(&self, _name: &[u8]) -> Result<()> {
        self.directory().and(Err(Errno::EROFS))
    }

    fn rmdir(&self, _name: &[u8]) -> Result<()> {
        self.directory().and(Err(Errno::EROFS))
    }

    fn rename(&self, _from: &[u8], _to_dir: &NodeRef, _to: &[u8], _how: Rename) -> Result<()> {
        self.directory().and(Err(Errno::EROFS))
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let kind = |number: usize| self.tree.kind(number).unwrap_or(Kind::File);
        let names = self.directory()?.iter();
        let entries =
            names.map(|(name, number)| Entry { name: name.to_vec(), inode: *number as u64 + 1, kind: kind(*number) });
        Ok(entries.collect())
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        if self.inode().metadata.kind == Kind::Symlink { Ok(self.inode().target.clone()) } else { Err(Errno::EINVAL) }
    }

    fn xattr(&self, name: &[u8]) -> Result<Vec<u8>> {
        self.inode().attributes.get(name).cloned().ok_or(Errno::ENODATA)
    }

    fn xattrs(&self) -> Result<Vec<Vec<u8>>> {
        Ok(self.inode().attributes.keys().cloned().collect())
    }

    fn set_xattr(&self, _name: &[u8], _value: &[u8], _how: SetXattr) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn remove_xattr(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn file_system(&self) -> FileSystemInfo {
        let files = self.tree.inodes.len() as u64;
        FileSystemInfo { magic: 0xef53, block_bytes: 4096, files, is_read_only: true, ..FileSystemInfo::default() }
    }
}

/// A file of an archive that is open.
struct TreeFile {
    tree: Arc<Tree>,
    number: usize,
}

impl TreeFile {
    /// The extents that end behind `offset`.
    fn from(&self, offset: u64) -> &[Extent] {
        let extents = &self.tree.inodes[self.number].extents;
        &extents[extents.partition_point(|extent| extent.at + extent.bytes <= offset)..]
    }

    fn size(&self) -> u64 {
        self.tree.inodes[self.number].metadata.size
    }
}

impl File for TreeFile {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        let At::Offset(offset) = at else { return Err(Errno::EINVAL) };
        let left = self.size().saturating_sub(offset);
        let count = usize::try_from(left).map_or(into.len(), |left| left.min(into.len()));
        let into = &mut into[..count];
        match self.from(offset).first() {
            Some(extent) if extent.at <= offset => {
                let skipped = offset - extent.at;
                let there = usize::try_from(extent.bytes - skipped).map_or(count, |there| there.min(count));
                let read = self.tree.archive.read_at(&mut into[..there], extent.from + skipped);
                read.map_err(|_| Errno::EIO)
            }
            next => {
                let zeros =
                    next.map_or(count, |next| usize::try_from(next.at - offset).map_or(count, |gap| gap.min(count)));
                into[..zeros].fill(0);
                Ok(zeros)
            }
        }
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn seek_data(&self, offset: u64, data: bool) -> Result<u64> {
        if offset >= self.size() {
            return Err(Errno::ENXIO);
        }
        if data {
            return self.from(offset).first().map(|extent| extent.at.max(offset)).ok_or(Errno::ENXIO);
        }
        let touching = self.from(offset).iter();
        let end = touching
            .scan(offset, |at, extent| (extent.at <= *at).then(|| *at = extent.at + extent.bytes).map(|()| *at));
        Ok(end.last().unwrap_or(offset))
    }
}
