//! Changes as a directory: [`Folder`].
//!
//! Owners and devices are kept only by root, and some attributes; what is lost is said.

use crate::commit::{CommitError, Sink, copy, open, stretches};
use rustix::fs::{self, AtFlags, CWD, FileType, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};
use rustix::process::geteuid;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use vfs::node::{Kind, Metadata, Node, TimeNs};

/// A directory being filled, which nobody else writes.
pub struct Folder {
    root: PathBuf,
    /// Directories, whose modes and times come last: filling them changes the one and may need another of the other.
    later: Vec<(PathBuf, Metadata)>,
}

impl Folder {
    /// Makes the directory.
    pub fn create(root: &Path) -> io::Result<Folder> {
        std::fs::create_dir(root)?;
        Ok(Folder { root: root.to_owned(), later: Vec::new() })
    }

    /// Ends it.
    pub fn finish(self) -> io::Result<()> {
        self.later.iter().rev().try_for_each(|(path, metadata)| dress(path, metadata))
    }

    fn at(&self, path: &[u8]) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(OsStr::from_bytes(path)) }
    }
}

fn timespec(time: TimeNs) -> Timespec {
    Timespec { tv_sec: time.0.div_euclid(1_000_000_000), tv_nsec: time.0.rem_euclid(1_000_000_000) as _ }
}

/// Mode and times.
fn dress(path: &Path, metadata: &Metadata) -> io::Result<()> {
    if metadata.kind != Kind::Symlink {
        fs::chmodat(CWD, path, Mode::from_raw_mode(metadata.mode), AtFlags::empty())?;
    }
    let times = Timestamps { last_access: timespec(metadata.accessed), last_modification: timespec(metadata.modified) };
    Ok(fs::utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

impl Sink for Folder {
    fn node(&mut self, path: &[u8], node: &dyn Node) -> Result<Option<&'static str>, CommitError> {
        let (at, metadata) = (self.at(path), node.metadata()?);
        let device = |file_type, major, minor| {
            fs::mknodat(CWD, &at, file_type, Mode::RUSR | Mode::WUSR, fs::makedev(major, minor))
        };
        let made = match metadata.kind {
            Kind::Anonymous => return Ok(Some("what no directory can hold")),
            Kind::File => {
                fill(&File::create_new(&at)?, node, metadata.size)?;
                Ok(())
            }
            Kind::Directory if path.is_empty() => Ok(()),
            Kind::Directory => fs::mkdir(&at, Mode::RWXU),
            Kind::Symlink => fs::symlink(OsStr::from_bytes(&node.readlink()?), &at),
            Kind::Fifo => fs::mknodat(CWD, &at, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0),
            Kind::Socket => fs::mknodat(CWD, &at, FileType::Socket, Mode::RUSR | Mode::WUSR, 0),
            Kind::CharDevice(major, minor) => device(FileType::CharacterDevice, major, minor),
            Kind::BlockDevice(major, minor) => device(FileType::BlockDevice, major, minor),
        };
        match made {
            Err(rustix::io::Errno::PERM) => return Ok(Some("a device, which only root makes; a tar file keeps it")),
            made => made.map_err(io::Error::from)?,
        }
        let mut lost = None;
        let (uid, gid) = (Uid::from_raw(metadata.uid), Gid::from_raw(metadata.gid));
        if geteuid().is_root() {
            fs::chownat(CWD, &at, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW).map_err(io::Error::from)?;
        } else if uid != geteuid() {
            lost = Some("its owner, as only root gives files away; a tar file keeps it");
        }
        for name in node.xattrs()? {
            if fs::lsetxattr(&at, &name[..], &node.xattr(&name)?, XattrFlags::empty()).is_err() {
                lost = Some("an extended attribute that the host refused; a tar file keeps it");
            }
        }
        match metadata.kind {
            Kind::Directory => self.later.push((at, metadata)),
            _ => dress(&at, &metadata)?,
        }
        Ok(lost)
    }

    fn link(&mut self, path: &[u8], of: &[u8]) -> Result<(), CommitError> {
        Ok(fs::linkat(CWD, self.at(of), CWD, self.at(path), AtFlags::empty()).map_err(io::Error::from)?)
    }

    fn mark(&mut self, path: &[u8]) -> Result<(), CommitError> {
        File::create_new(self.at(path))?;
        Ok(())
    }
}

/// Writes a file's bytes, leaving holes where it has them.
fn fill(to: &File, node: &dyn Node, size: u64) -> Result<(), CommitError> {
    to.set_len(size)?;
    let file = open(node)?;
    for stretch in stretches(&*file, size)? {
        copy(&*file, stretch, &mut |at, piece| to.write_all_at(piece, at))?;
    }
    Ok(())
}
