//! The standard streams, handed to a guest as open files and as nodes.
//!
//! A stream that is a regular file keeps its offset with the runtime, where that lets it be asked for. A read of anything
//! else looks whether there is something first, so that timers go on while it waits; a runtime that cannot say so reads in
//! place. Writes always do.

use crate::metadata;
use crate::terminal::Kept;
use crate::wasi::{self, Fd, Found, Wanted};
use std::any::Any;
use std::sync::Arc;
use vfs::node::{At, Change, File, FileSystemInfo, Kind, Metadata, Open, PIPE_DEVICE, Ready, SharedOffset};
use vfs::{Errno, Node, Result, Terminal};

/// How long a look lasts, in nanoseconds: with no time at all, uvwasi (Node) lets it run out before it looks.
const LOOK_NS: u64 = 1_000_000;

/// Standard input (0), output (1) or error (2); none if the runtime has none.
pub(crate) fn standard(fd: Fd) -> Option<linux::Stream> {
    let (filetype, rights) = wasi::fd_fdstat_get(fd).ok()?;
    let has = |right| rights & right != 0;
    let mut how = Open { read: has(wasi::RIGHTS_FD_READ), write: has(wasi::RIGHTS_FD_WRITE), ..Open::default() };
    if !how.read && !how.write {
        // A runtime without rights: what the number means.
        (how.read, how.write) = (fd == 0, fd != 0);
    }
    // As isatty(3) of wasi-libc has it.
    let is_terminal =
        filetype == wasi::FILETYPE_CHARACTER_DEVICE.raw() && !has(wasi::RIGHTS_FD_SEEK) && !has(wasi::RIGHTS_FD_TELL);
    let kind = match metadata::kind(filetype) {
        // Terminals of devpts, devices(5).
        Kind::CharDevice(..) if is_terminal => Kind::CharDevice(136, 0),
        // Of a pipe, WASI has no type of its own.
        Kind::Socket => Kind::Fifo,
        Kind::File if wasi::fd_tell(fd).is_err() => Kind::Fifo,
        kind => kind,
    };
    let stream = Arc::new(Stream { fd, kind, how, is_terminal });
    Some(linux::Stream { node: Arc::new(StreamNode(stream.clone())), file: Box::new(OpenStream { stream, how }), how })
}

/// A descriptor of the runtime's that was handed in. It is never closed.
struct Stream {
    fd: Fd,
    kind: Kind,
    how: Open,
    is_terminal: bool,
}

impl Stream {
    /// What it is ready for; none if nothing. What cannot be polled is always ready (poll(2)).
    fn look(&self, wanted: Wanted) -> Option<Found> {
        let always = Found { is_error: false, is_hangup: false };
        if self.kind == Kind::File {
            return Some(always);
        }
        wasi::poll_oneoff(&[(self.fd, wanted)], Some(LOOK_NS)).map_or(Some(always), |found| found.first().copied())
    }

    fn read(&self, into: &mut [u8]) -> Result<usize> {
        if self.look(Wanted::Read).is_none() { Err(Errno::EAGAIN) } else { wasi::fd_read(self.fd, into) }
    }

    fn write(&self, from: &[u8]) -> Result<usize> {
        // What wasmtime says of a stream that is closed is io.
        let closed = |errno| if errno == Errno::EIO && self.kind == Kind::Fifo { Errno::EPIPE } else { errno };
        wasi::fd_write(self.fd, from).map_err(closed)
    }
}

/// A stream that is open, perhaps for less than it could.
struct OpenStream {
    stream: Arc<Stream>,
    how: Open,
}

impl File for OpenStream {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        match at {
            _ if !self.how.read => Err(Errno::EBADF),
            At::Offset(offset) => wasi::fd_pread(self.stream.fd, into, offset),
            At::Stream | At::End => self.stream.read(into),
        }
    }

    fn write(&self, at: At, from: &[u8]) -> Result<usize> {
        match at {
            _ if !self.how.write => Err(Errno::EBADF),
            At::Offset(offset) => wasi::fd_pwrite(self.stream.fd, from, offset),
            At::End if self.is_seekable() => {
                wasi::fd_seek(self.stream.fd, wasi::fd_filestat_get(self.stream.fd)?.size)?;
                wasi::fd_write(self.stream.fd, from)
            }
            At::Stream | At::End => self.stream.write(from),
        }
    }

    fn is_seekable(&self) -> bool {
        self.stream.kind == Kind::File
    }

    fn ready(&self) -> Ready {
        let readable = self.how.read.then(|| self.stream.look(Wanted::Read)).flatten();
        let writable = self.how.write.then(|| self.stream.look(Wanted::Write)).flatten();
        let either = || readable.into_iter().chain(writable);
        Ready {
            readable: readable.is_some(),
            writable: writable.is_some(),
            hangup: either().any(|found| found.is_hangup),
            error: either().any(|found| found.is_error),
            ..Ready::default()
        }
    }

    fn sync(&self) -> Result<()> {
        wasi::fd_sync(self.stream.fd)
    }

    fn terminal(&self) -> Option<&dyn Terminal> {
        if self.stream.is_terminal { Some(&Kept) } else { None }
    }

    fn shared_offset(&self) -> Option<&dyn SharedOffset> {
        if self.is_seekable() { Some(&*self.stream) } else { None }
    }

    fn host_descriptor(&self) -> Option<i32> {
        if self.is_seekable() { None } else { i32::try_from(self.stream.fd).ok() }
    }
}

impl SharedOffset for Stream {
    fn get(&self) -> Result<u64> {
        wasi::fd_tell(self.fd)
    }

    fn set(&self, offset: u64) -> Result<()> {
        wasi::fd_seek(self.fd, offset)
    }
}

/// A stream as a node: what fstat(2) tells, and what /proc/self/fd leads to.
struct StreamNode(Arc<Stream>);

impl Node for StreamNode {
    fn metadata(&self) -> Result<Metadata> {
        let mut metadata = metadata::of(&wasi::fd_filestat_get(self.0.fd)?);
        metadata.kind = self.0.kind;
        metadata.mode = if self.0.kind == Kind::Fifo { 0o600 } else { 0o620 };
        if metadata.inode == 0 {
            // Each is one of its own, so that `cat` does not take its input for its output.
            (metadata.device, metadata.inode) = (PIPE_DEVICE, u64::from(self.0.fd) + 1);
        }
        metadata.links = metadata.links.max(1);
        Ok(metadata)
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        // The contents were granted with the descriptor; owner, mode and times were not.
        match change.size {
            Some(bytes) if self.0.kind == Kind::File && self.0.how.write => {
                wasi::fd_filestat_set_size(self.0.fd, bytes)
            }
            Some(_) if self.0.kind == Kind::File => Err(Errno::EINVAL),
            Some(_) => Ok(()),
            None => Err(Errno::EPERM),
        }
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        if how.read && !self.0.how.read || how.write && !self.0.how.write {
            return Err(Errno::EACCES);
        }
        Ok(Box::new(OpenStream { stream: self.0.clone(), how }))
    }

    fn kind(&self) -> Result<Kind> {
        Ok(self.0.kind)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn file_system(&self) -> FileSystemInfo {
        metadata::file_system()
    }
}
