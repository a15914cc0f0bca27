//! Standard streams without a terminal: to the guest they are pipes, to the page bytes.

use linux::Stream;
use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use vfs::node::{At, Change, File, FileSystemInfo, Kind, Metadata, Open, PIPE_DEVICE, Ready, TimeNs};
use vfs::{Errno, Node, Result};

/// Bytes on their way, and which way that is.
#[derive(Clone)]
pub(crate) struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    how: Open,
    inode: u64,
}

impl Pipe {
    /// One that the guest reads `bytes` from, then meets the end.
    pub(crate) fn input(mut bytes: Vec<u8>) -> Pipe {
        // Taken from the end.
        bytes.reverse();
        Pipe { bytes: Arc::new(Mutex::new(bytes)), how: Open { read: true, ..Open::default() }, inode: 0 }
    }

    /// One that the guest writes to. Each has its own inode, so that `cat` does not take input for output.
    pub(crate) fn output(inode: u64) -> Pipe {
        Pipe { bytes: Arc::default(), how: Open { write: true, ..Open::default() }, inode }
    }

    /// What has been written since it was last taken.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.with(std::mem::take)
    }

    /// It, as a process is given it.
    pub(crate) fn stream(&self) -> Stream {
        Stream { node: Arc::new(self.clone()), file: Box::new(self.clone()), how: self.how }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        act(&mut self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl File for Pipe {
    fn read(&self, _: At, into: &mut [u8]) -> Result<usize> {
        if !self.how.read {
            return Err(Errno::EBADF);
        }
        Ok(self.with(|bytes| {
            let rest = bytes.len().saturating_sub(into.len());
            let taken = bytes.drain(rest..).rev();
            into.iter_mut().zip(taken).map(|(to, byte)| *to = byte).count()
        }))
    }

    fn write(&self, _: At, from: &[u8]) -> Result<usize> {
        if !self.how.write {
            return Err(Errno::EBADF);
        }
        self.with(|bytes| bytes.extend_from_slice(from));
        Ok(from.len())
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        Ready { readable: self.how.read, writable: self.how.write, ..Ready::default() }
    }

    fn pending(&self) -> Result<usize> {
        Ok(if self.how.read { self.with(|bytes| bytes.len()) } else { 0 })
    }
}

impl Node for Pipe {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata {
            kind: Kind::Fifo,
            mode: 0o600,
            device: PIPE_DEVICE,
            inode: self.inode,
            links: 1,
            uid: 0,
            gid: 0,
            size: 0,
            blocks: 0,
            accessed: TimeNs(0),
            modified: TimeNs(0),
            changed: TimeNs(0),
        })
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        // A length means nothing to a pipe; the rest is the page's.
        if change.size.is_some() { Ok(()) } else { Err(Errno::EPERM) }
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        if how.read && !self.how.read || how.write && !self.how.write {
            return Err(Errno::EACCES);
        }
        Ok(Box::new(self.clone()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn file_system(&self) -> FileSystemInfo {
        // PIPEFS_MAGIC, statfs(2).
        FileSystemInfo { magic: 0x5049_5045, block_bytes: 4096, ..FileSystemInfo::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_order_and_once() {
        let input = Pipe::input(b"hello".to_vec());
        let mut bytes = [0; 3];
        assert_eq!((input.read(At::Stream, &mut bytes), &bytes), (Ok(3), b"hel"));
        assert_eq!((input.read(At::Stream, &mut bytes), &bytes[..2]), (Ok(2), &b"lo"[..]));
        assert_eq!((input.read(At::Stream, &mut bytes), input.write(At::Stream, b"x")), (Ok(0), Err(Errno::EBADF)));
        let output = Pipe::output(1);
        assert_eq!(output.write(At::Stream, b"a").and(output.write(At::Stream, b"b")), Ok(1));
        assert_eq!((output.take(), output.take()), (b"ab".to_vec(), vec![]));
    }
}
