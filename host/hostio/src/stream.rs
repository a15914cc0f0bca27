//! The standard streams: [`Standard`], handed to a guest as open files and as nodes.
//!
//! A stream of the host is shared with other processes, so it is neither made non-blocking nor read ahead, and one that is
//! a regular file keeps its offset with the host: `program > file` and `< file` mean what they mean to any process.

use crate::errno;
use crate::metadata;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{self, OFlags, SeekFrom};
use rustix::io::{self, IoSlice, ReadWriteFlags, retry_on_intr};
use std::any::Any;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use vfs::node::{At, Change, File, FileSystemInfo, Kind, Metadata, Open, Ready, SharedOffset};
use vfs::{Errno, Node, NodeRef, Result, Terminal};

/// A pipe that says it is writable takes so many bytes without waiting (`PIPE_BUF`, pipe(7)).
const PIPE_BYTES: usize = 4096;

/// A standard stream of this process, ready to become a guest's descriptor.
pub struct Standard {
    /// Its node, for fstat and for opening it again through /proc/self/fd.
    pub node: NodeRef,
    /// It, open.
    pub file: Box<dyn File>,
    /// How the host opened it.
    pub how: Open,
}

/// Standard input, or none if this process was started without.
#[must_use]
pub fn stdin() -> Option<Standard> {
    standard(rustix::stdio::stdin())
}

/// Standard output, or none if this process was started without.
#[must_use]
pub fn stdout() -> Option<Standard> {
    standard(rustix::stdio::stdout())
}

/// Standard error, or none if this process was started without.
#[must_use]
pub fn stderr() -> Option<Standard> {
    standard(rustix::stdio::stderr())
}

/// The terminal that controls this process, for /dev/tty.
#[must_use]
pub fn terminal() -> Option<Standard> {
    let file = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    standard(file.as_fd())
}

fn standard(of: BorrowedFd<'_>) -> Option<Standard> {
    let descriptor = io::fcntl_dupfd_cloexec(of, 3).ok()?;
    let stream = Arc::new(Stream::new(descriptor).ok()?);
    let how = stream.how;
    Some(Standard { node: Arc::new(StreamNode(stream.clone())), file: Box::new(OpenStream { stream, how }), how })
}

/// A descriptor of the host that was handed in.
pub(crate) struct Stream {
    pub(crate) descriptor: OwnedFd,
    kind: Kind,
    how: Open,
    is_terminal: bool,
}

impl Stream {
    fn new(descriptor: OwnedFd) -> rustix::io::Result<Stream> {
        let kind = metadata::kind(&fs::fstat(&descriptor)?);
        let flags = fs::fcntl_getfl(&descriptor)?;
        let access = flags & OFlags::RWMODE;
        let how = Open {
            read: access != OFlags::WRONLY,
            write: access != OFlags::RDONLY,
            append: flags.contains(OFlags::APPEND),
            nonblocking: flags.contains(OFlags::NONBLOCK),
        };
        let is_terminal = rustix::termios::isatty(&descriptor);
        Ok(Stream { descriptor, kind, how, is_terminal })
    }

    /// Whether reads and writes can take their time: pipes, sockets, terminals.
    fn may_wait(&self) -> bool {
        self.is_terminal || matches!(self.kind, Kind::Fifo | Kind::Socket)
    }

    fn poll(&self, wanted: PollFlags) -> PollFlags {
        let mut polled = [PollFd::new(&self.descriptor, wanted)];
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        // What cannot be polled is always ready (poll(2)).
        retry_on_intr(|| poll(&mut polled, Some(&none))).map_or(wanted, |_| polled[0].revents())
    }

    fn read(&self, into: &mut [u8]) -> Result<usize> {
        if self.may_wait() && self.poll(PollFlags::IN).is_empty() {
            return Err(Errno::EAGAIN);
        }
        retry_on_intr(|| io::read(&self.descriptor, &mut *into)).map_err(errno::of)
    }

    fn write(&self, from: &[u8]) -> Result<usize> {
        if !self.may_wait() {
            return retry_on_intr(|| io::write(&self.descriptor, from)).map_err(errno::of);
        }
        if !self.is_terminal {
            // Newer kernels can be told not to wait, which saves asking.
            let slices = [IoSlice::new(from)];
            match io::pwritev2(&self.descriptor, &slices, u64::MAX, ReadWriteFlags::NOWAIT) {
                Ok(count) => return Ok(count),
                Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::INTR | rustix::io::Errno::NOSYS) => {}
                Err(error) => return Err(errno::of(error)),
            }
        }
        self.write_asking(from)
    }

    /// Writes as much as poll(2) says can be taken.
    fn write_asking(&self, from: &[u8]) -> Result<usize> {
        let mut done = 0;
        loop {
            if self.poll(PollFlags::OUT).is_empty() {
                return if done > 0 { Ok(done) } else { Err(Errno::EAGAIN) };
            }
            let piece = &from[done..from.len().min(done + PIPE_BYTES)];
            match retry_on_intr(|| io::write(&self.descriptor, piece)) {
                Err(error) if done == 0 => return Err(errno::of(error)),
                Err(_) => return Ok(done),
                Ok(count) => done += count,
            }
            if done == from.len() {
                return Ok(done);
            }
        }
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
            At::Offset(offset) => {
                retry_on_intr(|| io::pread(&self.stream.descriptor, &mut *into, offset)).map_err(errno::of)
            }
            At::Stream | At::End => self.stream.read(into),
        }
    }

    fn write(&self, at: At, from: &[u8]) -> Result<usize> {
        match at {
            _ if !self.how.write => Err(Errno::EBADF),
            At::Offset(offset) => {
                retry_on_intr(|| io::pwrite(&self.stream.descriptor, from, offset)).map_err(errno::of)
            }
            At::End if self.is_seekable() && !self.stream.how.append => {
                let slices = [IoSlice::new(from)];
                let flags = ReadWriteFlags::APPEND;
                retry_on_intr(|| io::pwritev2(&self.stream.descriptor, &slices, u64::MAX, flags)).map_err(errno::of)
            }
            At::Stream | At::End => self.stream.write(from),
        }
    }

    fn is_seekable(&self) -> bool {
        matches!(self.stream.kind, Kind::File | Kind::BlockDevice(..))
    }

    fn ready(&self) -> Ready {
        let found = self.stream.poll(PollFlags::IN | PollFlags::OUT);
        Ready {
            readable: self.how.read && found.contains(PollFlags::IN),
            writable: self.how.write && found.contains(PollFlags::OUT),
            hangup: found.contains(PollFlags::HUP),
            error: found.contains(PollFlags::ERR),
            ..Ready::default()
        }
    }

    fn sync(&self) -> Result<()> {
        retry_on_intr(|| fs::fsync(&self.stream.descriptor)).map_err(errno::of)
    }

    fn seek_data(&self, offset: u64, data: bool) -> Result<u64> {
        let to = if data { SeekFrom::Data(offset) } else { SeekFrom::Hole(offset) };
        fs::seek(&self.stream.descriptor, to).map_err(errno::of)
    }

    fn terminal(&self) -> Option<&dyn Terminal> {
        if self.stream.is_terminal { Some(&*self.stream) } else { None }
    }

    fn pending(&self) -> Result<usize> {
        let count = io::ioctl_fionread(&self.stream.descriptor).map_err(errno::of)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn shared_offset(&self) -> Option<&dyn SharedOffset> {
        if self.is_seekable() { Some(&*self.stream) } else { None }
    }

    fn host_descriptor(&self) -> Option<i32> {
        self.stream.may_wait().then(|| self.stream.descriptor.as_raw_fd())
    }
}

impl SharedOffset for Stream {
    fn get(&self) -> Result<u64> {
        fs::seek(&self.descriptor, SeekFrom::Current(0)).map_err(errno::of)
    }

    fn set(&self, offset: u64) -> Result<()> {
        fs::seek(&self.descriptor, SeekFrom::Start(offset)).map(|_| ()).map_err(errno::of)
    }
}

/// A stream as a node: what fstat(2) tells, and what /proc/self/fd leads to.
struct StreamNode(Arc<Stream>);

impl Node for StreamNode {
    fn metadata(&self) -> Result<Metadata> {
        Ok(metadata::of(&fs::fstat(&self.0.descriptor).map_err(errno::of)?))
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        // The contents were granted with the descriptor; owner, mode and times of the host's file were not.
        match change.size {
            Some(size) if self.0.kind == Kind::File && self.0.how.write => {
                retry_on_intr(|| fs::ftruncate(&self.0.descriptor, size)).map_err(errno::of)
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
        fs::fstatvfs(&self.0.descriptor)
            .map_or_else(|_| FileSystemInfo::default(), |found| metadata::info(&found, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    #[test]
    fn a_redirected_file_keeps_its_offset_with_the_host() {
        let path = std::env::temp_dir().join(format!("strata-stream-{}", std::process::id()));
        std::fs::write(&path, b"0123456789").unwrap();
        let outside = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        fs::seek(&outside, SeekFrom::Start(2)).unwrap();
        let stream = standard(outside.as_fd()).unwrap();
        let offset = stream.file.shared_offset().unwrap();
        let mut bytes = [0; 3];
        assert_eq!((offset.get(), stream.file.read(At::Stream, &mut bytes)), (Ok(2), Ok(3)));
        assert_eq!(&bytes, b"234");
        assert_eq!(fs::seek(&outside, SeekFrom::Current(0)), Ok(5));
        assert_eq!(stream.file.write(At::End, b"end"), Ok(3));
        offset.set(9).unwrap();
        assert_eq!(stream.file.read(At::Stream, &mut bytes), Ok(3));
        assert_eq!(&bytes, b"9en");
    }

    #[test]
    fn pipes_say_when_they_would_wait() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let (input, output) = (standard(reader.as_fd()).unwrap(), standard(writer.as_fd()).unwrap());
        assert!(!input.file.is_seekable() && input.file.shared_offset().is_none());
        let mut bytes = vec![0; 1 << 20];
        assert_eq!(input.file.read(At::Stream, &mut bytes), Err(Errno::EAGAIN));
        let written = output.file.write(At::Stream, &bytes).unwrap();
        assert!(written >= PIPE_BYTES && written < bytes.len());
        assert_eq!(output.file.write(At::Stream, &bytes), Err(Errno::EAGAIN));
        assert_eq!(input.file.pending(), Ok(written));
        assert_eq!(input.file.read(At::Stream, &mut bytes), Ok(written));
        assert_eq!(output.file.read(At::Stream, &mut bytes), Err(Errno::EBADF));
        drop((input, reader));
        assert_eq!(output.file.write(At::Stream, &bytes), Err(Errno::EPIPE));
        assert!(output.file.ready().error);
    }

    #[test]
    fn a_terminal_takes_settings_and_size() {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).and_then(|()| unlockpt(&master)).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = fs::open(name, OFlags::RDWR | OFlags::NOCTTY, fs::Mode::empty()).unwrap();
        let stream = standard(slave.as_fd()).unwrap();
        let terminal = stream.file.terminal().unwrap();
        let mut settings = terminal.termios().unwrap();
        assert_eq!(settings.chars[0], 3, "interrupt is Control-C");
        settings.local &= !0o10; // ECHO
        settings.chars[6] = 7; // VMIN
        terminal.set_termios(&settings, vfs::terminal::SetWhen::Now).unwrap();
        assert_eq!(terminal.termios(), Ok(settings));
        let size = vfs::termios::WindowSize { rows: 10, columns: 20, x_pixels: 0, y_pixels: 0 };
        terminal.set_window_size(size).unwrap();
        assert_eq!(terminal.window_size(), Ok(size));
    }
}
