//! [`Contents`]: the program as a file of the guest, so that /proc/self/exe leads to it and execve(2) finds it.

use std::any::Any;
use vfs::node::{At, Change, File, FileSystemInfo, Kind, Metadata, Open, TimeNs};
use vfs::{Errno, Node, Result};

/// A file that this module holds, for reading.
#[derive(Clone, Copy)]
pub(crate) struct Contents {
    bytes: &'static [u8],
    device: u64,
}

impl Contents {
    /// A file of these bytes, in a file system of its own.
    pub(crate) fn new(bytes: &'static [u8]) -> Contents {
        Contents { bytes, device: vfs::node::new_device() }
    }
}

impl File for Contents {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        let At::Offset(offset) = at else { return Err(Errno::EINVAL) };
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or_default();
        let count = into.len().min(rest.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write(&self, _: At, _: &[u8]) -> Result<usize> {
        Err(Errno::EBADF)
    }
}

impl Node for Contents {
    fn metadata(&self) -> Result<Metadata> {
        let size = self.bytes.len() as u64;
        Ok(Metadata {
            kind: Kind::File,
            mode: 0o755,
            device: self.device,
            inode: 1,
            links: 1,
            uid: 0,
            gid: 0,
            size,
            blocks: size.div_ceil(512),
            accessed: TimeNs(0),
            modified: TimeNs(0),
            changed: TimeNs(0),
        })
    }

    fn set_metadata(&self, _: &Change) -> Result<()> {
        Err(Errno::EROFS)
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        if how.write { Err(Errno::EROFS) } else { Ok(Box::new(*self)) }
    }

    fn kind(&self) -> Result<Kind> {
        Ok(Kind::File)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn file_system(&self) -> FileSystemInfo {
        FileSystemInfo { is_read_only: true, ..crate::metadata::file_system() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_read_and_never_written() {
        let program = Contents::new(b"abcdef");
        let mut bytes = [0; 4];
        let file = program.open(Open { read: true, ..Open::default() }).unwrap();
        assert_eq!((file.read(At::Offset(4), &mut bytes), &bytes[..2]), (Ok(2), &b"ef"[..]));
        assert_eq!(file.read(At::Offset(u64::MAX), &mut bytes), Ok(0));
        assert_eq!(program.open(Open { write: true, ..Open::default() }).err(), Some(Errno::EROFS));
    }
}
