//! A directory of the host as a tree of nodes: [`grant`], [`grant_read_only`] and [`image`].
//!
//! Each directory node holds a `cap_std` handle; every name is one component, checked, and looked up below that handle
//! without following links. So no symbolic link, `..` or race leads out: links are shown as links, and the guest's own
//! path resolution follows them in the guest's name space. A file node holds an `O_PATH` handle and is reopened through
//! it, so that it stays itself when it is renamed; only in an image, which does not change, a name stands for the file.

mod attribute;
mod change;
mod node;

pub(crate) use node::{Handle, HostNode};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fs::fstat;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use vfs::NodeRef;

/// Directories of an image that are kept open. Each costs a descriptor; the first ones met are mostly near the root.
const KEPT_MAX: usize = 256;

/// A directory that the guest may read and write. New files belong to the user of this process.
pub fn grant(path: &Path) -> io::Result<NodeRef> {
    root(path, Access::ReadWrite)
}

/// A directory that the guest may read, and that this process will not write.
pub fn grant_read_only(path: &Path) -> io::Result<NodeRef> {
    root(path, Access::ReadOnly)
}

/// A directory to lie beneath an overlay: never written, and taken not to change, so that less has to be asked and held.
pub fn image(path: &Path) -> io::Result<NodeRef> {
    root(path, Access::Image)
}

fn root(path: &Path, access: Access) -> io::Result<NodeRef> {
    let directory = Dir::open_ambient_dir(path, ambient_authority())?;
    let stat = fstat(&directory)?;
    let handle = Handle::Directory(Arc::new(directory));
    Ok(Arc::new(HostNode::new(&Arc::new(Grant::new(access)), &stat, handle)))
}

/// What may be done with a tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    ReadWrite,
    ReadOnly,
    Image,
}

/// Shared by all nodes of a granted tree.
pub(crate) struct Grant {
    pub(crate) access: Access,
    kept: AtomicUsize,
}

impl Grant {
    pub(crate) fn new(access: Access) -> Grant {
        Grant { access, kept: AtomicUsize::new(0) }
    }

    /// Whether one more directory of an image may be kept open so that it is found faster; at most [`KEPT_MAX`] are.
    pub(crate) fn may_keep(&self) -> bool {
        let one_more = |kept| (kept < KEPT_MAX).then_some(kept + 1);
        self.kept.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }
}
