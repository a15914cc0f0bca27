//! A file's length and its way to the medium.

use crate::access::Wish;
use crate::flags::{AtFlags, Bits, DirFd, Fd};
use crate::notify::event;
use crate::reply::Reply;
use crate::syscall::file::offset;
use crate::task::Task;
use abi::Path;
use vfs::mount::Place;
use vfs::node::{Change, Kind};
use vfs::{Errno, Result};

/// truncate64(2)
pub(super) fn truncate64(task: &mut Task<'_, '_>, path: Path, size: u64) -> Reply<()> {
    let place = task.resolve(DirFd::CURRENT, &task.path(path)?, AtFlags::NONE)?;
    task.credentials.check(&place.node().metadata()?, Wish::WRITE)?;
    Ok(resize(task, &place, offset(size)?)?)
}

/// truncate(2)
pub(super) fn truncate(task: &mut Task<'_, '_>, path: Path, size: i32) -> Reply<()> {
    truncate64(task, path, u64::try_from(size).map_err(|_| Errno::EINVAL)?)
}

/// ftruncate64(2)
pub(super) fn ftruncate64(task: &mut Task<'_, '_>, fd: Fd, size: u64) -> Reply<()> {
    let description = task.description(fd)?;
    let size = offset(size)?;
    if description.writable().is_err() || description.node().kind()? != Kind::File {
        return Err(Errno::EINVAL.into());
    }
    Ok(resize(task, description.place(), size)?)
}

/// ftruncate(2)
pub(super) fn ftruncate(task: &mut Task<'_, '_>, fd: Fd, size: i32) -> Reply<()> {
    ftruncate64(task, fd, u64::try_from(size).map_err(|_| Errno::EINVAL)?)
}

fn resize(task: &Task<'_, '_>, place: &Place, size: u64) -> Result<()> {
    match place.node().kind()? {
        Kind::File => place.node().set_metadata(&Change { size: Some(size), ..Change::default() })?,
        Kind::Directory => return Err(Errno::EISDIR),
        _ => return Err(Errno::EINVAL),
    }
    task.kernel.commons.notify.tell(place, event::MODIFY);
    Ok(())
}

/// fallocate(2)
pub(super) fn fallocate(task: &mut Task<'_, '_>, fd: Fd, mode: Bits, at: u64, length: u64) -> Reply<()> {
    /// FALLOC_FL_KEEP_SIZE
    const KEEP_SIZE: u32 = 1;
    /// FALLOC_FL_PUNCH_HOLE, with KEEP_SIZE as it must be.
    const PUNCH_HOLE: u32 = 2 | KEEP_SIZE;
    /// FALLOC_FL_ZERO_RANGE
    const ZERO_RANGE: u32 = 0x10;
    const ZERO_RANGE_KEEP_SIZE: u32 = ZERO_RANGE | KEEP_SIZE;
    let description = task.description(fd)?;
    description.writable()?;
    let end = at.checked_add(length).ok_or(Errno::EFBIG)?;
    if length == 0 || offset(at).is_err() || offset(end).is_err() {
        return Err(Errno::EINVAL.into());
    }
    match (mode.0, description.node().kind()?) {
        (KEEP_SIZE, Kind::File) => Ok(()),
        (0, Kind::File) if description.node().metadata()?.size >= end => Ok(()),
        (0, Kind::File) => Ok(resize(task, description.place(), end)?),
        (PUNCH_HOLE | ZERO_RANGE_KEEP_SIZE, Kind::File) => Ok(description.file()?.punch_hole(at, length)?),
        (ZERO_RANGE, Kind::File) => {
            description.file()?.punch_hole(at, length)?;
            if description.node().metadata()?.size < end {
                resize(task, description.place(), end)?;
            }
            Ok(())
        }
        (0 | KEEP_SIZE, Kind::Fifo) => Err(Errno::ESPIPE.into()),
        (0 | KEEP_SIZE, _) => Err(Errno::ENODEV.into()),
        _ => Err(Errno::EOPNOTSUPP.into()),
    }
}

/// fsync(2)
pub(super) fn fsync(task: &mut Task<'_, '_>, fd: Fd) -> Reply<()> {
    let description = task.description(fd)?;
    if !description.is_seekable() && !description.is_directory() {
        description.file()?;
        return Err(Errno::EINVAL.into());
    }
    Ok(description.file()?.sync()?)
}

/// fdatasync(2)
pub(super) fn fdatasync(task: &mut Task<'_, '_>, fd: Fd) -> Reply<()> {
    fsync(task, fd)
}

/// syncfs(2)
pub(super) fn syncfs(task: &mut Task<'_, '_>, fd: Fd) -> Reply<()> {
    Ok(task.description(fd)?.file()?.sync()?)
}

/// sync(2): every write has reached its node already.
pub(super) fn sync(_task: &mut Task<'_, '_>) -> Reply<()> {
    Ok(())
}

/// readahead(2)
pub(super) fn readahead(task: &mut Task<'_, '_>, fd: Fd, _at: u64, _count: u32) -> Reply<()> {
    let description = task.description(fd)?;
    description.readable().map_err(|_| Errno::EBADF)?;
    if description.is_seekable() { Ok(()) } else { Err(Errno::EINVAL.into()) }
}

/// fadvise64(2): advice of any of the six kinds is good advice.
pub(super) fn fadvise64(task: &mut Task<'_, '_>, fd: Fd, _at: u64, _length: u64, advice: Bits) -> Reply<()> {
    let description = task.description(fd)?;
    description.file()?;
    if description.node().kind()? == Kind::Fifo {
        return Err(Errno::ESPIPE.into());
    }
    if advice.0 > 5 { Err(Errno::EINVAL.into()) } else { Ok(()) }
}

/// sync_file_range(2)
pub(super) fn sync_file_range(task: &mut Task<'_, '_>, fd: Fd, at: u64, length: u64, flags: Bits) -> Reply<()> {
    let description = task.description(fd)?;
    if offset(at).is_err() || offset(length).is_err() || flags.0 & !7 != 0 {
        return Err(Errno::EINVAL.into());
    }
    Ok(description.file()?.sync()?)
}
