//! Changes in a granted tree: metadata, new names, links, renames.
//!
//! Guests make no set-user-ID files and no devices on the host: those would mean something to the host's users.

use super::{Access, Handle, HostNode};
use crate::errno;
use crate::{clock, directory::Grant};
use cap_std::fs::Dir;
use rustix::fs::{self, AtFlags, CWD, FileType, Gid, Mode, OFlags, RenameFlags, Timespec, Timestamps, Uid};
use rustix::io::retry_on_intr;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use vfs::node::{Change, Kind, Make, New, Rename, TimeNs};
use vfs::{Errno, NodeRef, Result};

/// Permission bits that a guest may set on the host: not set-user-ID and set-group-ID.
const MODE_BITS: u32 = 0o1777;
/// `UTIME_OMIT` (utimensat(2)).
const OMIT: Timespec = Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT };

impl Grant {
    pub(super) fn check_writable(&self) -> Result<()> {
        if self.access == Access::ReadWrite { Ok(()) } else { Err(Errno::EROFS) }
    }
}

impl HostNode {
    pub(super) fn change(&self, change: &Change) -> Result<()> {
        self.grant.check_writable()?;
        let path = self.magic_path()?;
        if let Some(size) = change.size {
            match self.kind {
                Kind::File => {}
                Kind::Directory => return Err(Errno::EISDIR),
                _ => return Err(Errno::EINVAL),
            }
            let file = fs::open(&path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()).map_err(errno::of)?;
            retry_on_intr(|| fs::ftruncate(&file, size)).map_err(errno::of)?;
        }
        if change.uid.is_some() || change.gid.is_some() {
            let (uid, gid) = (change.uid.map(Uid::from_raw), change.gid.map(Gid::from_raw));
            fs::chownat(self.descriptor()?, "", uid, gid, AtFlags::EMPTY_PATH).map_err(errno::of)?;
        }
        if let Some(mode) = change.mode {
            fs::chmodat(CWD, &path, Mode::from_raw_mode(mode & MODE_BITS), AtFlags::empty()).map_err(errno::of)?;
        }
        if change.accessed.is_some() || change.modified.is_some() {
            let time = |time: Option<TimeNs>| time.map_or(OMIT, clock::timespec);
            let times = Timestamps { last_access: time(change.accessed), last_modification: time(change.modified) };
            fs::utimensat(CWD, &path, &times, AtFlags::empty()).map_err(errno::of)?;
        }
        Ok(())
    }

    pub(super) fn create_child(&self, name: &OsStr, new: &New<'_>) -> Result<HostNode> {
        let directory = self.directory()?;
        if self.grant.access != Access::ReadWrite {
            return Err(match self.child(name) {
                Ok(_) => Errno::EEXIST,
                Err(Errno::ENOENT) => Errno::EROFS,
                Err(errno) => errno,
            });
        }
        let mode = Mode::from_raw_mode(new.mode & MODE_BITS);
        match new.what {
            Make::File => {
                let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::RDWR | OFlags::CLOEXEC;
                let file: OwnedFd = fs::openat(directory, name, flags, Mode::RUSR | Mode::WUSR).map_err(errno::of)?;
                // The guest's umask has been applied; this process' must not be.
                fs::fchmod(&file, mode).map_err(errno::of)?;
                let stat = fs::fstat(&file).map_err(errno::of)?;
                Ok(HostNode::new(&self.grant, &stat, Handle::Node(file)))
            }
            Make::Directory => {
                fs::mkdirat(directory, name, Mode::RWXU).map_err(errno::of)?;
                let made = self.child(name)?;
                if made.kind.is_directory() {
                    fs::chmodat(CWD, made.magic_path()?, mode, AtFlags::empty()).map_err(errno::of)?;
                }
                Ok(made)
            }
            Make::Symlink(target) => {
                if target.contains(&0) {
                    return Err(Errno::EINVAL);
                }
                fs::symlinkat(OsStr::from_bytes(target), directory, name).map_err(errno::of)?;
                self.child(name)
            }
            // A name that only the guest's own sockets stand behind.
            Make::Socket => {
                fs::mknodat(directory, name, FileType::Socket, mode, 0).map_err(errno::of)?;
                let made = self.child(name)?;
                fs::chmodat(CWD, made.magic_path()?, mode, AtFlags::empty()).map_err(errno::of)?;
                Ok(made)
            }
            Make::Fifo | Make::CharDevice(..) | Make::BlockDevice(..) => Err(Errno::EPERM),
        }
    }

    /// A file without a name, where the host's file system can make one.
    pub(super) fn unnamed_child(&self, new: &New<'_>, may_be_named: bool) -> Result<HostNode> {
        let directory = self.directory()?;
        self.grant.check_writable()?;
        let once = if may_be_named { OFlags::empty() } else { OFlags::EXCL };
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC | once;
        let file: OwnedFd = fs::openat(directory, ".", flags, Mode::RUSR | Mode::WUSR).map_err(errno::of)?;
        fs::fchmod(&file, Mode::from_raw_mode(new.mode & MODE_BITS)).map_err(errno::of)?;
        let stat = fs::fstat(&file).map_err(errno::of)?;
        Ok(HostNode::new(&self.grant, &stat, Handle::Node(file)))
    }

    pub(super) fn link_child(&self, name: &OsStr, node: &NodeRef) -> Result<()> {
        let directory = self.directory()?;
        self.grant.check_writable()?;
        let node = self.sibling(node)?;
        if node.kind.is_directory() {
            return Err(Errno::EPERM);
        }
        fs::linkat(CWD, node.magic_path()?, directory, name, AtFlags::SYMLINK_FOLLOW).map_err(errno::of)
    }

    pub(super) fn remove_child(&self, name: &OsStr, flags: AtFlags) -> Result<()> {
        let directory = self.directory()?;
        if self.grant.access != Access::ReadWrite {
            self.child(name)?;
            return Err(Errno::EROFS);
        }
        fs::unlinkat(directory, name, flags).map_err(errno::of)
    }

    pub(super) fn rename_child(&self, from: &OsStr, to_dir: &NodeRef, to: &OsStr, how: Rename) -> Result<()> {
        self.grant.check_writable()?;
        let to_dir = self.sibling(to_dir)?;
        let (from_dir, to_dir): (&Arc<Dir>, &Arc<Dir>) = (self.directory()?, to_dir.directory()?);
        let flags = match how {
            Rename::Replace => RenameFlags::empty(),
            Rename::NoReplace => RenameFlags::NOREPLACE,
            Rename::Exchange => RenameFlags::EXCHANGE,
        };
        fs::renameat_with(from_dir, from, to_dir, to, flags).map_err(errno::of)
    }

    /// `node` as one of this grant, or `EXDEV`.
    fn sibling<'a>(&self, node: &'a NodeRef) -> Result<&'a HostNode> {
        let node = node.as_any().downcast_ref::<HostNode>().filter(|node| Arc::ptr_eq(&node.grant, &self.grant));
        node.ok_or(Errno::EXDEV)
    }
}
