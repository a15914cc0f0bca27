//! A regular file of the host that is open: [`HostFile`]; and one that the user names, or that has no name, as a node:
//! [`open`] and [`of_part`].

use crate::directory::{Access, Grant, Handle, HostNode};
use crate::{errno, metadata};
use rustix::fs::{self, OFlags, SeekFrom};
use rustix::io::{self, ReadWriteFlags, retry_on_intr};
use std::fs::OpenOptions;
use std::io::{ErrorKind, IoSlice, Read, Seek};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use vfs::node::{At, File, Kind, Mappable, Open};
use vfs::{Errno, NodeRef, Result};

/// Opens a file that the user has named, such as the program, for reading only. Symbolic links of the host are followed.
pub fn open(path: &Path) -> std::io::Result<NodeRef> {
    // A fifo must not keep us waiting for its writer.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    node(OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?.into())
}

/// A file for reading only that is in no directory, with the contents of a part of another one.
pub fn of_part(file: &std::fs::File, part: Range<u64>) -> std::io::Result<NodeRef> {
    let mut whole = file;
    whole.seek(std::io::SeekFrom::Start(part.start))?;
    let mut copy = std::fs::File::from(fs::memfd_create("program", fs::MemfdFlags::CLOEXEC)?);
    std::io::copy(&mut whole.take(part.end.saturating_sub(part.start)), &mut copy)?;
    node(copy.into())
}

fn node(file: OwnedFd) -> std::io::Result<NodeRef> {
    let stat = fs::fstat(&file)?;
    match metadata::kind(&stat) {
        Kind::File => {}
        Kind::Directory => return Err(ErrorKind::IsADirectory.into()),
        _ => return Err(std::io::Error::new(ErrorKind::InvalidInput, "not a regular file")),
    }
    let grant = Arc::new(Grant::new(Access::ReadOnly));
    Ok(Arc::new(HostNode::new(&grant, &stat, Handle::Node(file))))
}

/// A regular file that is open. Its offset is not used; what it can be mapped from is its [`OwnedFd`].
pub(crate) struct HostFile {
    pub(crate) descriptor: Arc<OwnedFd>,
    pub(crate) how: Open,
}

impl File for HostFile {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        if !self.how.read {
            return Err(Errno::EBADF);
        }
        let At::Offset(offset) = at else { return Err(Errno::EINVAL) };
        retry_on_intr(|| io::pread(&self.descriptor, &mut *into, offset)).map_err(errno::of)
    }

    fn write(&self, at: At, from: &[u8]) -> Result<usize> {
        if !self.how.write {
            return Err(Errno::EBADF);
        }
        let written = match at {
            At::Offset(offset) => retry_on_intr(|| io::pwrite(&self.descriptor, from, offset)),
            At::End => {
                let from = [IoSlice::new(from)];
                retry_on_intr(|| io::pwritev2(&self.descriptor, &from, 0, ReadWriteFlags::APPEND))
            }
            At::Stream => return Err(Errno::EINVAL),
        };
        written.map_err(errno::of)
    }

    fn mappable(&self) -> Option<Mappable> {
        self.how.read.then(|| self.descriptor.clone() as Mappable)
    }

    fn is_shareable(&self) -> bool {
        self.how.read && self.how.write
    }

    fn punch_hole(&self, offset: u64, length: u64) -> Result<()> {
        if !self.how.write {
            return Err(Errno::EBADF);
        }
        let flags = fs::FallocateFlags::PUNCH_HOLE | fs::FallocateFlags::KEEP_SIZE;
        retry_on_intr(|| fs::fallocate(&self.descriptor, flags, offset, length)).map_err(errno::of)
    }

    fn sync(&self) -> Result<()> {
        retry_on_intr(|| fs::fsync(&self.descriptor)).map_err(errno::of)
    }

    fn seek_data(&self, offset: u64, data: bool) -> Result<u64> {
        let to = if data { SeekFrom::Data(offset) } else { SeekFrom::Hole(offset) };
        fs::seek(&self.descriptor, to).map_err(errno::of)
    }
}

/// The flags of open(2) for `how`. Nothing is created, truncated or made the controlling terminal.
pub(crate) fn flags(how: Open) -> OFlags {
    let access = match (how.read, how.write) {
        (_, false) => OFlags::RDONLY,
        (false, true) => OFlags::WRONLY,
        (true, true) => OFlags::RDWR,
    };
    access | OFlags::CLOEXEC | OFlags::NOCTTY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_read_and_never_written() {
        let node = open(&std::env::current_exe().unwrap()).unwrap();
        let how = Open { read: true, ..Open::default() };
        let mut bytes = [0; 4];
        assert_eq!(node.open(how).unwrap().read(At::Offset(0), &mut bytes), Ok(4));
        assert_eq!(&bytes, b"\x7fELF");
        assert!(node.open(how).unwrap().mappable().is_some_and(|file| file.is::<OwnedFd>()));
        assert_eq!(node.open(Open { write: true, ..how }).err(), Some(Errno::EROFS));
        let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        let unnamed = of_part(&file, 1..9).unwrap();
        assert_eq!(unnamed.metadata().unwrap().size, 8);
        assert_eq!(unnamed.open(how).unwrap().read(At::Offset(0), &mut bytes), Ok(4));
        assert_eq!(&bytes[..3], b"ELF");
        assert_eq!(unnamed.open(Open { write: true, ..how }).err(), Some(Errno::EROFS));
        assert_eq!(open("/".as_ref()).err().map(|error| error.kind()), Some(ErrorKind::IsADirectory));
        assert_eq!(open("/dev/null".as_ref()).err().map(|error| error.kind()), Some(ErrorKind::InvalidInput));
    }
}
