//! A file of a preopen that is open: [`OpenFile`].

use crate::metadata::Filestat;
use crate::wasi::{self, Descriptor, Fd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use vfs::node::{At, File, Open};
use vfs::{Errno, Result};

/// A descriptor of a regular file. Its offset is not used, but for appending.
pub(crate) struct OpenFile {
    descriptor: Descriptor,
    pub(crate) how: Open,
    /// What it was called when it was opened.
    pub(crate) path: String,
    /// Whether all the runtime's writes go to the end.
    appends: AtomicBool,
}

impl OpenFile {
    /// Opens what lies at `path` below a preopen. Nothing is created or truncated.
    pub(crate) fn open(preopen: Fd, path: String, how: Open) -> Result<OpenFile> {
        let mut rights = wasi::RIGHTS_FD_FILESTAT_GET;
        if how.read || !how.write {
            rights |= wasi::RIGHTS_FD_READ | wasi::RIGHTS_FD_SEEK;
        }
        if how.write {
            rights |= wasi::RIGHTS_FD_WRITE
                | wasi::RIGHTS_FD_SEEK
                | wasi::RIGHTS_FD_SYNC
                | wasi::RIGHTS_FD_FILESTAT_SET_SIZE
                | wasi::RIGHTS_FD_FDSTAT_SET_FLAGS;
        }
        let flags = if how.append && how.write { wasi::FDFLAGS_APPEND } else { 0 };
        let descriptor = wasi::path_open(preopen, &path, 0, rights, flags)?;
        Ok(OpenFile { descriptor, how, path, appends: AtomicBool::new(flags != 0) })
    }

    /// Whether it is open for what `how` wants.
    pub(crate) fn serves(&self, how: Open) -> bool {
        (self.how.read, self.how.write, self.how.append) == (how.read, how.write, how.append)
    }

    pub(crate) fn stat(&self) -> Result<Filestat> {
        wasi::fd_filestat_get(self.descriptor.0)
    }

    pub(crate) fn resize(&self, bytes: u64) -> Result<()> {
        wasi::fd_filestat_set_size(self.descriptor.0, bytes)
    }

    fn write_at(&self, offset: u64, from: &[u8]) -> Result<usize> {
        if self.appends.load(Ordering::Relaxed) {
            // The guest has taken O_APPEND back (fcntl(2)); a runtime would append all the same.
            wasi::fd_fdstat_set_flags(self.descriptor.0, 0)?;
            self.appends.store(false, Ordering::Relaxed);
        }
        wasi::fd_pwrite(self.descriptor.0, from, offset)
    }
}

/// An open file, for all who opened the same node alike.
pub(crate) struct Shared(pub(crate) Arc<OpenFile>);

impl File for Shared {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        if !self.0.how.read {
            return Err(Errno::EBADF);
        }
        let At::Offset(offset) = at else { return Err(Errno::EINVAL) };
        wasi::fd_pread(self.0.descriptor.0, into, offset)
    }

    fn write(&self, at: At, from: &[u8]) -> Result<usize> {
        if !self.0.how.write {
            return Err(Errno::EBADF);
        }
        match at {
            At::Offset(offset) => self.0.write_at(offset, from),
            At::End if self.0.appends.load(Ordering::Relaxed) => wasi::fd_write(self.0.descriptor.0, from),
            // O_APPEND came later (fcntl(2)): what another process appends just now is overwritten.
            At::End => self.0.write_at(self.0.stat()?.size, from),
            At::Stream => Err(Errno::EINVAL),
        }
    }

    fn sync(&self) -> Result<()> {
        wasi::fd_sync(self.0.descriptor.0)
    }
}
