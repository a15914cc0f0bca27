//! Files of the guest, for gdb to read programs and libraries from (`vFile`): regular ones, and nothing is ever written.

use crate::target::Target;
use gdbstub::target::ext::host_io as io;
use gdbstub::target::ext::host_io::{
    HostIoErrno, HostIoError, HostIoOpenFlags, HostIoOpenMode, HostIoResult, HostIoStat,
};
use std::collections::BTreeMap;
use std::convert::Infallible;
use vfs::node::{At, Kind, Metadata, Open};
use vfs::{Errno, File};

/// Files open at once.
const FILES_MAX: usize = 64;

/// A file that gdb has open.
struct Opened {
    file: Box<dyn File>,
    metadata: Metadata,
}

/// What gdb has open, by number.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<u32, Opened>);

impl Files {
    fn get(&self, number: u32) -> Result<&Opened, HostIoError<Infallible>> {
        self.0.get(&number).ok_or(HostIoError::Errno(HostIoErrno::EBADF))
    }

    fn add(&mut self, opened: Opened) -> Result<u32, HostIoError<Infallible>> {
        let free = (0..).take(FILES_MAX).zip(0..).find(|(_, number)| !self.0.contains_key(number));
        let (_, number) = free.ok_or(HostIoError::Errno(HostIoErrno::EMFILE))?;
        self.0.insert(number, opened);
        Ok(number)
    }
}

/// The protocol's number of an error.
fn errno(errno: Errno) -> HostIoError<Infallible> {
    HostIoError::Errno(match errno {
        Errno::EPERM => HostIoErrno::EPERM,
        Errno::ENOENT => HostIoErrno::ENOENT,
        Errno::EIO => HostIoErrno::EIO,
        Errno::EBADF => HostIoErrno::EBADF,
        Errno::EACCES => HostIoErrno::EACCES,
        Errno::EBUSY => HostIoErrno::EBUSY,
        Errno::ENODEV => HostIoErrno::ENODEV,
        Errno::ENOTDIR => HostIoErrno::ENOTDIR,
        Errno::EISDIR => HostIoErrno::EISDIR,
        Errno::EINVAL => HostIoErrno::EINVAL,
        Errno::EFBIG => HostIoErrno::EFBIG,
        Errno::EROFS => HostIoErrno::EROFS,
        Errno::ENAMETOOLONG => HostIoErrno::ENAMETOOLONG,
        _ => HostIoErrno::EUNKNOWN,
    })
}

impl Target {
    fn open_file(&self, path: &[u8]) -> Result<Opened, Errno> {
        let path = path.to_vec();
        let found = self.link.look(move |subject| {
            let node = subject.look_for(&path, false)?;
            let metadata = node.metadata()?;
            match metadata.kind {
                Kind::File => Ok(Opened { file: node.open(Open { read: true, ..Open::default() })?, metadata }),
                Kind::Directory => Err(Errno::EISDIR),
                // To open others may wait, or do something.
                _ => Err(Errno::EACCES),
            }
        });
        found.unwrap_or(Err(Errno::EIO))
    }
}

impl io::HostIo for Target {
    fn support_open(&mut self) -> Option<io::HostIoOpenOps<'_, Self>> {
        Some(self)
    }
    fn support_close(&mut self) -> Option<io::HostIoCloseOps<'_, Self>> {
        Some(self)
    }
    fn support_pread(&mut self) -> Option<io::HostIoPreadOps<'_, Self>> {
        Some(self)
    }
    fn support_fstat(&mut self) -> Option<io::HostIoFstatOps<'_, Self>> {
        Some(self)
    }
    fn support_readlink(&mut self) -> Option<io::HostIoReadlinkOps<'_, Self>> {
        Some(self)
    }
    fn support_setfs(&mut self) -> Option<io::HostIoSetfsOps<'_, Self>> {
        Some(self)
    }
}

impl io::HostIoOpen for Target {
    fn open(&mut self, path: &[u8], flags: HostIoOpenFlags, _: HostIoOpenMode) -> HostIoResult<u32, Self> {
        let writes =
            [HostIoOpenFlags::O_WRONLY, HostIoOpenFlags::O_RDWR, HostIoOpenFlags::O_CREAT, HostIoOpenFlags::O_TRUNC];
        if writes.into_iter().any(|flag| flags.contains(flag)) {
            return Err(HostIoError::Errno(HostIoErrno::EROFS));
        }
        let opened = self.open_file(path).map_err(errno)?;
        self.files.add(opened)
    }
}

impl io::HostIoClose for Target {
    fn close(&mut self, fd: u32) -> HostIoResult<(), Self> {
        self.files.get(fd)?;
        self.files.0.remove(&fd);
        Ok(())
    }
}

impl io::HostIoPread for Target {
    fn pread(&mut self, fd: u32, count: usize, offset: u64, buf: &mut [u8]) -> HostIoResult<usize, Self> {
        let length = count.min(buf.len());
        self.files.get(fd)?.file.read(At::Offset(offset), &mut buf[..length]).map_err(errno)
    }
}

impl io::HostIoFstat for Target {
    fn fstat(&mut self, fd: u32) -> HostIoResult<HostIoStat, Self> {
        let Metadata { mode, device, inode, links, uid, gid, size, blocks, accessed, modified, changed, .. } =
            self.files.get(fd)?.metadata.clone();
        // The protocol has 32 bits for most of these.
        let low = |value: u64| (value & u64::from(u32::MAX)) as u32;
        let seconds = |time: vfs::node::TimeNs| low(time.0.div_euclid(1_000_000_000).cast_unsigned());
        Ok(HostIoStat {
            st_dev: low(device),
            st_ino: low(inode),
            st_mode: HostIoOpenMode::from_bits_truncate(mode) | HostIoOpenMode::S_IFREG,
            st_nlink: links,
            st_uid: uid,
            st_gid: gid,
            st_rdev: 0,
            st_size: size,
            st_blksize: 4096,
            st_blocks: blocks,
            st_atime: seconds(accessed),
            st_mtime: seconds(modified),
            st_ctime: seconds(changed),
        })
    }
}

impl io::HostIoReadlink for Target {
    fn readlink(&mut self, path: &[u8], buf: &mut [u8]) -> HostIoResult<usize, Self> {
        let path = path.to_vec();
        let target = self.link.look(move |subject| subject.look_for(&path, true)?.readlink());
        let target = target.unwrap_or(Err(Errno::EIO)).map_err(errno)?;
        let into = buf.get_mut(..target.len()).ok_or(HostIoError::Errno(HostIoErrno::ENAMETOOLONG))?;
        into.copy_from_slice(&target);
        Ok(target.len())
    }
}

impl io::HostIoSetfs for Target {
    fn setfs(&mut self, _: io::FsKind) -> HostIoResult<(), Self> {
        // All see the files of the process.
        Ok(())
    }
}
