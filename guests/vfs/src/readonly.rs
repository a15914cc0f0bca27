//! A view of a tree that refuses every write: [`read_only`].

use crate::errno::Errno;
use crate::node::{
    Change, Entry, File, FileSystemInfo, Kind, Metadata, New, Node, NodeRef, Open, Rename, Result, SetXattr,
};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;

/// The same node and all below it, where every change gives `EROFS`.
#[must_use]
pub fn read_only(node: NodeRef) -> NodeRef {
    Arc::new(ReadOnly(node))
}

struct ReadOnly(NodeRef);

impl Node for ReadOnly {
    fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }

    fn set_metadata(&self, _change: &Change) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        // Devices and fifos are not contents of the file system.
        if how.write && matches!(self.0.kind()?, Kind::File | Kind::Directory) {
            return Err(Errno::EROFS);
        }
        self.0.open(how)
    }

    fn kind(&self) -> Result<Kind> {
        self.0.kind()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        Ok(read_only(self.0.lookup(name)?))
    }

    fn create(&self, name: &[u8], _new: &New<'_>) -> Result<NodeRef> {
        match self.0.lookup(name) {
            Ok(_) => Err(Errno::EEXIST),
            Err(Errno::ENOENT) => Err(Errno::EROFS),
            Err(errno) => Err(errno),
        }
    }

    fn link(&self, _name: &[u8], _node: &NodeRef) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        self.0.lookup(name).and(Err(Errno::EROFS))
    }

    fn rmdir(&self, name: &[u8]) -> Result<()> {
        self.0.lookup(name).and(Err(Errno::EROFS))
    }

    fn rename(&self, _from: &[u8], _to_dir: &NodeRef, _to: &[u8], _how: Rename) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        self.0.entries()
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        self.0.readlink()
    }

    fn follow(&self) -> Option<NodeRef> {
        self.0.follow()
    }

    fn xattr(&self, name: &[u8]) -> Result<Vec<u8>> {
        self.0.xattr(name)
    }

    fn xattrs(&self) -> Result<Vec<Vec<u8>>> {
        self.0.xattrs()
    }

    fn set_xattr(&self, _name: &[u8], _value: &[u8], _how: SetXattr) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn remove_xattr(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn create_unnamed(&self, _new: &New<'_>, _may_be_named: bool) -> Result<NodeRef> {
        Err(Errno::EROFS)
    }

    fn file_system(&self) -> FileSystemInfo {
        FileSystemInfo { is_read_only: true, ..self.0.file_system() }
    }
}
