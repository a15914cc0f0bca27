//! One node of a granted tree: [`HostNode`].

use super::{Access, Grant};
use crate::errno;
use crate::file::{HostFile, flags};
use crate::metadata::{self, of_type};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::{self, AtFlags, Mode, OFlags, Stat};
use std::any::Any;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vfs::node::{Change, Entry, File, FileSystemInfo, Kind, Metadata, New, Open, OpenDirectory, Rename, SetXattr};
use vfs::{Errno, Node, NodeRef, Result};

/// Longest name that is handed on.
const NAME_BYTES_MAX: usize = 255;

/// A file, directory or link of the host.
pub(crate) struct HostNode {
    pub(crate) grant: Arc<Grant>,
    pub(crate) kind: Kind,
    pub(crate) handle: Handle,
    /// In an image: what will not change.
    known: Option<Metadata>,
    /// In an image: directories in it that were looked up before.
    directories: Mutex<HashMap<Box<[u8]>, Arc<HostNode>>>,
}

pub(crate) enum Handle {
    Directory(Arc<Dir>),
    /// A descriptor of exactly this node, mostly `O_PATH`.
    Node(OwnedFd),
    /// In an image: the only name that is needed, and what must be found under it.
    Name {
        directory: Arc<Dir>,
        name: Box<OsStr>,
        stat: Box<Stat>,
    },
}

impl HostNode {
    /// The node that `stat` tells of.
    pub(crate) fn new(grant: &Arc<Grant>, stat: &Stat, handle: Handle) -> HostNode {
        let known = (grant.access == Access::Image).then(|| metadata::of(stat));
        let kind = metadata::kind(stat);
        HostNode { grant: grant.clone(), kind, handle, known, directories: Mutex::default() }
    }

    pub(crate) fn directory(&self) -> Result<&Arc<Dir>> {
        if let Handle::Directory(directory) = &self.handle { Ok(directory) } else { Err(Errno::ENOTDIR) }
    }

    /// The descriptor, where there is one.
    pub(crate) fn descriptor(&self) -> Result<BorrowedFd<'_>> {
        match &self.handle {
            Handle::Directory(directory) => Ok(directory.as_fd()),
            Handle::Node(descriptor) => Ok(descriptor.as_fd()),
            Handle::Name { .. } => Err(Errno::EROFS),
        }
    }

    /// A path that the host's kernel leads to exactly this node, whatever its name is now.
    pub(crate) fn magic_path(&self) -> Result<String> {
        Ok(format!("/proc/self/fd/{}", self.descriptor()?.as_raw_fd()))
    }

    fn stat(&self) -> Result<Stat> {
        match &self.handle {
            Handle::Name { stat, .. } => Ok(**stat),
            _ => fs::fstat(self.descriptor()?).map_err(errno::of),
        }
    }

    /// Opens a regular file's contents. Devices, fifos and sockets of the host are never opened.
    fn open_file(&self, how: Open) -> Result<Box<dyn File>> {
        if how.write && self.grant.access != Access::ReadWrite {
            return Err(Errno::EROFS);
        }
        let descriptor = match &self.handle {
            Handle::Name { directory, name, stat } => {
                let found = open_below(directory, name, OFlags::NOFOLLOW | OFlags::NONBLOCK)?;
                let now = fs::fstat(&found).map_err(errno::of)?;
                if (now.st_dev, now.st_ino) != (stat.st_dev, stat.st_ino) {
                    return Err(Errno::ESTALE);
                }
                found
            }
            _ => match fs::open(self.magic_path()?, flags(how), Mode::empty()) {
                // A host without /proc. What was opened for reading can still be read.
                Err(rustix::io::Errno::NOENT) if !how.write => rustix::io::fcntl_dupfd_cloexec(self.descriptor()?, 3),
                result => result,
            }
            .map_err(errno::of)?,
        };
        Ok(Box::new(HostFile { descriptor: Arc::new(descriptor), how }))
    }

    fn known_directories(&self) -> MutexGuard<'_, HashMap<Box<[u8]>, Arc<HostNode>>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node under `name`, whatever it is; links are not followed.
    pub(crate) fn child(&self, name: &OsStr) -> Result<HostNode> {
        let directory = self.directory()?;
        if self.grant.access == Access::Image {
            let stat = fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map_err(errno::of)?;
            if !metadata::kind(&stat).is_directory() {
                let (directory, name, found) = (directory.clone(), name.into(), Box::new(stat));
                return Ok(HostNode::new(&self.grant, &stat, Handle::Name { directory, name, stat: found }));
            }
        }
        let found = open_below(directory, name, OFlags::PATH | OFlags::NOFOLLOW)?;
        let stat = fs::fstat(&found).map_err(errno::of)?;
        let handle = if metadata::kind(&stat).is_directory() {
            Handle::Directory(Arc::new(Dir::from_std_file(found.into())))
        } else {
            Handle::Node(found)
        };
        Ok(HostNode::new(&self.grant, &stat, handle))
    }
}

/// Opens what `name` is in `directory`, for reading unless `flags` says `O_PATH`.
pub(super) fn open_below(directory: &Dir, name: &OsStr, flags: OFlags) -> Result<OwnedFd> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags.bits() as i32);
    let file = directory.open_with(name, &options).map_err(|error| errno::of_io(&error))?;
    Ok(file.into_std().into())
}

/// A name as the host takes it: exactly one component.
pub(crate) fn component(name: &[u8]) -> Result<&OsStr> {
    match name {
        b"" | b"." | b".." => Err(Errno::EINVAL),
        _ if name.len() > NAME_BYTES_MAX => Err(Errno::ENAMETOOLONG),
        _ if name.iter().any(|&byte| byte == b'/' || byte == 0) => Err(Errno::EINVAL),
        _ => Ok(OsStr::from_bytes(name)),
    }
}

impl Node for HostNode {
    fn metadata(&self) -> Result<Metadata> {
        match &self.known {
            Some(known) => Ok(known.clone()),
            None => Ok(metadata::of(&self.stat()?)),
        }
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        self.change(change)
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        match self.kind {
            Kind::File => self.open_file(how),
            Kind::Directory if how.write => Err(Errno::EISDIR),
            Kind::Directory => Ok(Box::new(OpenDirectory)),
            Kind::Symlink => Err(Errno::ELOOP),
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
        let component = component(name)?;
        if self.grant.access != Access::Image {
            return Ok(Arc::new(self.child(component)?));
        }
        if let Some(known) = self.known_directories().get(name) {
            return Ok(known.clone());
        }
        let child = Arc::new(self.child(component)?);
        if child.kind.is_directory() && self.grant.may_keep() {
            self.known_directories().insert(name.into(), child.clone());
        }
        Ok(child)
    }

    fn create(&self, name: &[u8], new: &New<'_>) -> Result<NodeRef> {
        Ok(Arc::new(self.create_child(component(name)?, new)?))
    }

    fn link(&self, name: &[u8], node: &NodeRef) -> Result<()> {
        self.link_child(component(name)?, node)
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        self.remove_child(component(name)?, AtFlags::empty())
    }

    fn rmdir(&self, name: &[u8]) -> Result<()> {
        self.remove_child(component(name)?, AtFlags::REMOVEDIR)
    }

    fn rename(&self, from: &[u8], to_dir: &NodeRef, to: &[u8], how: Rename) -> Result<()> {
        self.rename_child(component(from)?, to_dir, component(to)?, how)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let directory = self.directory()?;
        let list = fs::openat(directory, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let mut entries = Vec::new();
        for entry in fs::Dir::new(list.map_err(errno::of)?).map_err(errno::of)? {
            let entry = entry.map_err(errno::of)?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                let mut kind = of_type(entry.file_type(), 0);
                if entry.file_type() == fs::FileType::Unknown {
                    let stat = fs::statat(directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
                    kind = stat.map_or(Kind::File, |stat| metadata::kind(&stat));
                }
                entries.push(Entry { name: name.to_vec(), inode: entry.ino(), kind });
            }
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        if self.kind != Kind::Symlink {
            return Err(Errno::EINVAL);
        }
        let target = match &self.handle {
            Handle::Name { directory, name, .. } => {
                let target = directory.read_link_contents(name.as_ref()).map_err(|error| errno::of_io(&error))?;
                return Ok(target.into_os_string().into_vec());
            }
            // An empty path means the descriptor itself (readlinkat(2)).
            _ => fs::readlinkat(self.descriptor()?, "", Vec::new()),
        };
        Ok(target.map_err(errno::of)?.into_bytes())
    }

    fn create_unnamed(&self, new: &New<'_>, may_be_named: bool) -> Result<NodeRef> {
        Ok(Arc::new(self.unnamed_child(new, may_be_named)?))
    }

    fn xattr(&self, name: &[u8]) -> Result<Vec<u8>> {
        self.attribute(name)
    }

    fn xattrs(&self) -> Result<Vec<Vec<u8>>> {
        self.attribute_names()
    }

    fn set_xattr(&self, name: &[u8], value: &[u8], how: SetXattr) -> Result<()> {
        self.set_attribute(name, value, how)
    }

    fn remove_xattr(&self, name: &[u8]) -> Result<()> {
        self.remove_attribute(name)
    }

    fn file_system(&self) -> FileSystemInfo {
        let is_read_only = self.grant.access != Access::ReadWrite;
        let found = match &self.handle {
            Handle::Name { directory, .. } => fs::fstatvfs(&**directory),
            Handle::Directory(directory) => fs::fstatvfs(&**directory),
            Handle::Node(descriptor) => fs::fstatvfs(descriptor),
        };
        found.map_or(FileSystemInfo { is_read_only, ..FileSystemInfo::default() }, |found| {
            metadata::info(&found, is_read_only)
        })
    }
}
