//! A preopened directory as a tree of nodes: [`preopen`].
//!
//! A node is a path below the preopen, and the open file where there is one. Every name is one component, checked, and no
//! call follows links: they are shown as links, and the guest's own path resolution follows them in its own name space.
//!
//! What WASI cannot do: names are UTF-8; modes and owners are the guest's alone and end with it (`metadata`); runtimes
//! refuse to make, and mostly to read, links with absolute targets; a rename that must not replace looks first, and none
//! exchanges. What others rename or replace outside while a guest runs, it finds under the new name only, and an open
//! directory is then whatever has its old one. A path is at most 4096 bytes long below its preopen.

use crate::file::{OpenFile, Shared};
use crate::metadata::{self, Attributes, Filestat};
use crate::spot::{Spot, Spots, join};
use crate::wasi::{self, Fd};
use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use vfs::node::{Change, Entry, File, FileSystemInfo, Kind, Make, Metadata, New, Open, OpenDirectory, Rename, TimeNs};
use vfs::{Errno, Node, NodeRef, Result};

/// Longest name that is handed on.
const NAME_BYTES_MAX: usize = 255;

/// The directory that a preopen is.
pub(crate) fn preopen(fd: Fd) -> NodeRef {
    let spots = Arc::new(Spots::default());
    let spot = spots.at(String::new());
    let tree = Arc::new(Tree { fd, spots, attributes: Attributes::default() });
    Arc::new(PathNode::new(tree, spot, Kind::Directory))
}

/// Shared by all nodes of a preopen.
struct Tree {
    fd: Fd,
    spots: Arc<Spots>,
    attributes: Attributes,
}

impl Tree {
    fn stat(&self, path: &str) -> Result<Filestat> {
        let mut stat =
            if path.is_empty() { wasi::fd_filestat_get(self.fd)? } else { wasi::path_filestat_get(self.fd, path)? };
        if stat.ino == 0 {
            stat.ino = metadata::inode_of(path);
        }
        // What has a path has a name; not all runtimes count.
        stat.nlink = stat.nlink.max(1);
        Ok(stat)
    }

    fn metadata(&self, stat: &Filestat) -> Metadata {
        let mut metadata = metadata::of(stat);
        self.attributes.apply(&mut metadata);
        metadata
    }
}

/// A file, directory or link below a preopen.
struct PathNode {
    tree: Arc<Tree>,
    spot: Arc<Spot>,
    kind: Kind,
    /// It, open: it stays so when its name is taken away.
    opened: Mutex<Weak<OpenFile>>,
}

impl PathNode {
    fn new(tree: Arc<Tree>, spot: Arc<Spot>, kind: Kind) -> PathNode {
        PathNode { tree, spot, kind, opened: Mutex::default() }
    }

    fn path(&self) -> Result<String> {
        self.spot.path().ok_or(Errno::ENOENT)
    }

    /// The path of `name` in this directory.
    fn below(&self, name: &[u8]) -> Result<String> {
        if self.kind != Kind::Directory {
            return Err(Errno::ENOTDIR);
        }
        Ok(join(&self.path()?, component(name)?))
    }

    fn opened(&self) -> Option<Arc<OpenFile>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    fn stat(&self) -> Result<Filestat> {
        match (self.path(), self.opened()) {
            (Ok(path), None) => self.tree.stat(&path),
            (_, Some(open)) => {
                let mut stat = open.stat()?;
                if stat.ino == 0 {
                    stat.ino = metadata::inode_of(&open.path);
                }
                Ok(stat)
            }
            (Err(errno), None) => Err(errno),
        }
    }

    /// The contents; the same descriptor for all who open this node alike.
    fn open_file(&self, how: Open) -> Result<Arc<OpenFile>> {
        if let Some(open) = self.opened().filter(|open| open.serves(how)) {
            return Ok(open);
        }
        let open = Arc::new(OpenFile::open(self.tree.fd, self.path()?, how)?);
        *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&open);
        Ok(open)
    }

    fn resize(&self, bytes: u64) -> Result<()> {
        match self.kind {
            Kind::File => {}
            Kind::Directory => return Err(Errno::EISDIR),
            _ => return Err(Errno::EINVAL),
        }
        match self.opened().filter(|open| open.how.write) {
            Some(open) => open.resize(bytes),
            None => OpenFile::open(self.tree.fd, self.path()?, WRITING)?.resize(bytes),
        }
    }

    fn set_times(&self, accessed: Option<TimeNs>, modified: Option<TimeNs>) -> Result<()> {
        let ns = |time: Option<TimeNs>| u64::try_from(time.unwrap_or_default().0).map_err(|_| Errno::EINVAL);
        let flag = |time: Option<TimeNs>, flag| if time.is_some() { flag } else { 0 };
        let flags = flag(accessed, wasi::FSTFLAGS_ATIM) | flag(modified, wasi::FSTFLAGS_MTIM);
        let path = self.path()?;
        let path = if path.is_empty() { "." } else { &path };
        wasi::path_filestat_set_times(self.tree.fd, path, ns(accessed)?, ns(modified)?, flags)
    }

    /// `node` as one of this preopen, or `EXDEV`.
    fn sibling<'a>(&self, node: &'a NodeRef) -> Result<&'a PathNode> {
        let node = node.as_any().downcast_ref::<PathNode>().filter(|node| Arc::ptr_eq(&node.tree, &self.tree));
        node.ok_or(Errno::EXDEV)
    }

    /// The node at a path, whatever it is.
    fn found(&self, path: String) -> Result<PathNode> {
        let kind = metadata::kind(self.tree.stat(&path)?.filetype);
        Ok(PathNode::new(self.tree.clone(), self.tree.spots.at(path), kind))
    }
}

/// For a change of the length.
const WRITING: Open = Open { read: false, write: true, append: false, nonblocking: false };

/// A name as runtimes take it: exactly one component, in UTF-8.
fn component(name: &[u8]) -> Result<&str> {
    match name {
        b"" | b"." | b".." => Err(Errno::EINVAL),
        _ if name.len() > NAME_BYTES_MAX => Err(Errno::ENAMETOOLONG),
        _ if name.iter().any(|byte| *byte == b'/' || *byte == 0) => Err(Errno::EINVAL),
        _ => str::from_utf8(name).map_err(|_| Errno::EILSEQ),
    }
}

impl Node for PathNode {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.tree.metadata(&self.stat()?))
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        if let Some(bytes) = change.size {
            self.resize(bytes)?;
        }
        if change.mode.is_some() || change.uid.is_some() || change.gid.is_some() {
            self.tree.attributes.change(&self.metadata()?, change);
        }
        if change.accessed.is_some() || change.modified.is_some() {
            self.set_times(change.accessed, change.modified)?;
        }
        Ok(())
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        match self.kind {
            Kind::File => Ok(Box::new(Shared(self.open_file(how)?))),
            Kind::Directory if how.write => Err(Errno::EISDIR),
            Kind::Directory => Ok(Box::new(OpenDirectory)),
            Kind::Symlink => Err(Errno::ELOOP),
            // Devices, fifos and sockets of the host are never opened.
            _ => Err(Errno::ENXIO),
        }
    }

    fn kind(&self) -> Result<Kind> {
        Ok(self.kind)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        // What is no UTF-8 is in no listing either.
        let path = self.below(name).map_err(|errno| if errno == Errno::EILSEQ { Errno::ENOENT } else { errno })?;
        Ok(Arc::new(self.found(path)?))
    }

    fn create(&self, name: &[u8], new: &New<'_>) -> Result<NodeRef> {
        let (fd, path) = (self.tree.fd, self.below(name)?);
        match new.what {
            Make::File => {
                let make = wasi::OFLAGS_CREAT | wasi::OFLAGS_EXCL;
                drop(wasi::path_open(fd, &path, make, wasi::RIGHTS_FD_WRITE, 0)?);
            }
            Make::Directory => wasi::path_create_directory(fd, &path)?,
            Make::Symlink(target) => {
                let target = str::from_utf8(target).map_err(|_| Errno::EILSEQ)?;
                wasi::path_symlink(target, fd, &path)?;
            }
            Make::Fifo | Make::Socket | Make::CharDevice(..) | Make::BlockDevice(..) => return Err(Errno::EPERM),
        }
        let made = self.found(path)?;
        self.tree.attributes.make(&made.metadata()?, new.mode, new.uid, new.gid);
        Ok(Arc::new(made))
    }

    fn link(&self, name: &[u8], node: &NodeRef) -> Result<()> {
        let (path, node) = (self.below(name)?, self.sibling(node)?);
        if node.kind.is_directory() {
            return Err(Errno::EPERM);
        }
        wasi::path_link(self.tree.fd, &node.path()?, &path)
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        let path = self.below(name)?;
        wasi::path_unlink_file(self.tree.fd, &path)?;
        self.tree.spots.remove(&path);
        Ok(())
    }

    fn rmdir(&self, name: &[u8]) -> Result<()> {
        let path = self.below(name)?;
        wasi::path_remove_directory(self.tree.fd, &path)?;
        self.tree.spots.remove(&path);
        Ok(())
    }

    fn rename(&self, from: &[u8], to_dir: &NodeRef, to: &[u8], how: Rename) -> Result<()> {
        let (from, to) = (self.below(from)?, self.sibling(to_dir)?.below(to)?);
        match how {
            Rename::Replace => {}
            Rename::NoReplace => match self.tree.stat(&to) {
                Ok(_) => return Err(Errno::EEXIST),
                Err(Errno::ENOENT) => {}
                Err(errno) => return Err(errno),
            },
            Rename::Exchange => return Err(Errno::EINVAL),
        }
        wasi::path_rename(self.tree.fd, &from, &to)?;
        self.tree.spots.rename(&from, &to);
        Ok(())
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        if self.kind != Kind::Directory {
            return Err(Errno::ENOTDIR);
        }
        let path = self.path()?;
        let name = if path.is_empty() { "." } else { &path };
        let list = wasi::path_open(self.tree.fd, name, wasi::OFLAGS_DIRECTORY, wasi::RIGHTS_FD_READDIR, 0)?;
        let mut entries = Vec::new();
        for listed in wasi::fd_readdir(list.0)? {
            // Programs take a name with inode 0 for one that was deleted (readdir(3)), so numbers are what stat(2) says.
            let Ok(name) = component(&listed.name) else { continue };
            match self.tree.stat(&join(&path, name)).as_ref().map(metadata::of) {
                Ok(found) => entries.push(Entry { name: listed.name, inode: found.inode, kind: found.kind }),
                // It went away meanwhile.
                Err(Errno::ENOENT) => {}
                Err(_) => {
                    let (inode, kind) = (listed.inode.max(1), metadata::kind(listed.filetype));
                    entries.push(Entry { name: listed.name, inode, kind });
                }
            }
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        if self.kind != Kind::Symlink {
            return Err(Errno::EINVAL);
        }
        wasi::path_readlink(self.tree.fd, &self.path()?)
    }

    fn file_system(&self) -> FileSystemInfo {
        metadata::file_system()
    }
}
