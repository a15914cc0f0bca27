//! A node of an image.

use super::Image;
use super::file::SquashFile;
use super::inode::{Body, Inode};
use std::any::Any;
use std::sync::Arc;
use vfs::node::{Change, Entry, File, FileSystemInfo, Kind, Metadata, New, Open, OpenDirectory, Rename, SetXattr};
use vfs::{Errno, Node, NodeRef, Result};

/// statfs(2), `SQUASHFS_MAGIC`.
const SQUASHFS_MAGIC: u32 = 0x7371_7368;

/// The root directory.
pub(super) fn root(image: Arc<Image>, inode: Inode) -> NodeRef {
    Arc::new(SquashNode { image, inode })
}

struct SquashNode {
    image: Arc<Image>,
    inode: Inode,
}

impl SquashNode {
    fn check_directory(&self) -> Result<()> {
        if self.inode.is_directory() { Ok(()) } else { Err(Errno::ENOTDIR) }
    }
}

impl Node for SquashNode {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.inode.metadata.clone())
    }

    fn set_metadata(&self, _change: &Change) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        match self.inode.metadata.kind {
            Kind::File | Kind::Directory if how.write => Err(Errno::EROFS),
            Kind::File => Ok(Box::new(SquashFile::open(&self.image, &self.inode)?)),
            Kind::Directory => Ok(Box::new(OpenDirectory)),
            Kind::Symlink => Err(Errno::ELOOP),
            _ => Err(Errno::ENXIO),
        }
    }

    fn kind(&self) -> Result<Kind> {
        Ok(self.inode.metadata.kind)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        self.check_directory()?;
        let named = *self.image.listing(&self.inode)?.get(name).ok_or(Errno::ENOENT)?;
        let inode = self.image.child(&self.inode, named)?;
        Ok(Arc::new(SquashNode { image: self.image.clone(), inode }))
    }

    fn create(&self, name: &[u8], _new: &New<'_>) -> Result<NodeRef> {
        match self.lookup(name) {
            Ok(_) => Err(Errno::EEXIST),
            Err(Errno::ENOENT) => Err(Errno::EROFS),
            Err(errno) => Err(errno),
        }
    }

    fn link(&self, _name: &[u8], _node: &NodeRef) -> Result<()> {
        self.check_directory().and(Err(Errno::EROFS))
    }

    fn unlink(&self, _name: &[u8]) -> Result<()> {
        self.check_directory().and(Err(Errno::EROFS))
    }

    fn rmdir(&self, _name: &[u8]) -> Result<()> {
        self.check_directory().and(Err(Errno::EROFS))
    }

    fn rename(&self, _from: &[u8], _to_dir: &NodeRef, _to: &[u8], _how: Rename) -> Result<()> {
        self.check_directory().and(Err(Errno::EROFS))
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        self.check_directory()?;
        let listing = self.image.listing(&self.inode)?;
        let names = listing.iter();
        Ok(names
            .map(|(name, named)| Entry { name: name.to_vec(), inode: named.inode.into(), kind: named.kind })
            .collect())
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        match &self.inode.body {
            Body::Symlink(target) => Ok(target.clone()),
            _ => Err(Errno::EINVAL),
        }
    }

    fn xattr(&self, name: &[u8]) -> Result<Vec<u8>> {
        self.image.xattrs(&self.inode)?.remove(name).ok_or(Errno::ENODATA)
    }

    fn xattrs(&self) -> Result<Vec<Vec<u8>>> {
        Ok(self.image.xattrs(&self.inode)?.into_keys().collect())
    }

    fn set_xattr(&self, _name: &[u8], _value: &[u8], _how: SetXattr) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn remove_xattr(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn file_system(&self) -> FileSystemInfo {
        let superblock = &self.image.superblock;
        FileSystemInfo {
            magic: SQUASHFS_MAGIC,
            block_bytes: superblock.block_bytes,
            blocks: superblock.bytes.div_ceil(superblock.block_bytes.into()),
            files: superblock.inodes.into(),
            is_read_only: true,
            ..FileSystemInfo::default()
        }
    }
}
