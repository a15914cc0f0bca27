//! Directories: making, removing, reading, and the working one.

use crate::access::Wish;
use crate::flags::{AtFlags, DirFd, Fd, OutRecords};
use crate::notify::event;
use crate::reply::Reply;
use crate::syscall::open::new;
use crate::task::Task;
use abi::structs::file::Mode;
use abi::{OutBytes, Path};
use alloc::vec::Vec;
use vfs::mount::Place;
use vfs::node::{Kind, Make};
use vfs::{Errno, Result};

/// mkdir(2)
pub(super) fn mkdir(task: &mut Task<'_, '_>, path: Path, mode: Mode) -> Reply<()> {
    mkdirat(task, DirFd::CURRENT, path, mode)
}

/// mkdirat(2)
pub(super) fn mkdirat(task: &mut Task<'_, '_>, directory: DirFd, path: Path, mode: Mode) -> Reply<()> {
    let entry = task.entry(directory, &task.path(path)?, Errno::EEXIST)?;
    if entry.directory.node().lookup(&entry.name).is_ok() {
        return Err(Errno::EEXIST.into());
    }
    task.check_directory(&entry.directory)?;
    entry.directory.node().create(&entry.name, &new(task, Make::Directory, Mode(mode.0 & 0o1777)))?;
    task.kernel.commons.notify.tell_name(&entry.directory, &entry.name, true, event::CREATE, 0);
    Ok(())
}

/// rmdir(2)
pub(super) fn rmdir(task: &mut Task<'_, '_>, path: Path) -> Reply<()> {
    remove(task, DirFd::CURRENT, path)
}

/// Removes an empty directory.
pub(super) fn remove(task: &mut Task<'_, '_>, directory: DirFd, path: Path) -> Reply<()> {
    let path = task.path(path)?;
    let dots = match path.iter().rev().find(|byte| **byte != b'/') {
        None => Errno::EBUSY,
        Some(_) if path.ends_with(b"..") || path.ends_with(b"../") => Errno::ENOTEMPTY,
        Some(_) => Errno::EINVAL,
    };
    let entry = task.entry(directory, &path, dots)?;
    let node = entry.directory.node().lookup(&entry.name)?;
    if !node.kind()?.is_directory() {
        return Err(Errno::ENOTDIR.into());
    }
    task.check_removal(&entry)?;
    if task.kernel.mounts.is_mount_point(&entry.directory, &entry.name) {
        return Err(Errno::EBUSY.into());
    }
    entry.directory.node().rmdir(&entry.name)?;
    task.kernel.commons.notify.tell_name(&entry.directory, &entry.name, true, event::DELETE, 0);
    task.kernel.commons.notify.tell_unlinked(&node);
    Ok(())
}

/// A directory that may become the working one or the root.
fn enterable(task: &Task<'_, '_>, place: Place) -> Result<Place> {
    let metadata = place.node().metadata()?;
    if metadata.kind != Kind::Directory {
        return Err(Errno::ENOTDIR);
    }
    task.credentials.check(&metadata, Wish::SEARCH)?;
    Ok(place)
}

/// chdir(2)
pub(super) fn chdir(task: &mut Task<'_, '_>, path: Path) -> Reply<()> {
    let place = task.resolve(DirFd::CURRENT, &task.path(path)?, AtFlags::NONE)?;
    let place = enterable(task, place)?;
    task.whereabouts.lock().directory = place;
    Ok(())
}

/// fchdir(2)
pub(super) fn fchdir(task: &mut Task<'_, '_>, fd: Fd) -> Reply<()> {
    let place = task.description(fd)?.place().clone();
    let place = enterable(task, place)?;
    task.whereabouts.lock().directory = place;
    Ok(())
}

/// chroot(2)
pub(super) fn chroot(task: &mut Task<'_, '_>, path: Path) -> Reply<()> {
    let place = task.resolve(DirFd::CURRENT, &task.path(path)?, AtFlags::NONE)?;
    let place = enterable(task, place)?;
    if !task.credentials.is_privileged() {
        return Err(Errno::EPERM.into());
    }
    task.whereabouts.lock().root = place;
    Ok(())
}

/// getcwd(2): the length counts the NUL.
pub(super) fn getcwd(task: &mut Task<'_, '_>, buffer: OutBytes, size: u32) -> Reply<u32> {
    let place = task.whereabouts.lock().directory.clone();
    let mut path = task.path_of(&place).unwrap_or_else(|| {
        // Removed, or outside the root.
        let mut path = b"(unreachable)".to_vec();
        path.extend(place.path(task.kernel.mounts.root()).unwrap_or_default());
        path
    });
    if place.parent().is_some() && place.node().metadata()?.links == 0 {
        return Err(Errno::ENOENT.into());
    }
    path.push(0);
    if path.len() > size as usize {
        return Err(Errno::ERANGE.into());
    }
    buffer.write(task.guest, &path)?;
    Ok(u32::try_from(path.len()).unwrap_or(0))
}

/// `d_type` (readdir(3)).
fn d_type(kind: Kind) -> u8 {
    match kind {
        Kind::Fifo => 1,
        Kind::CharDevice(..) => 2,
        Kind::Directory => 4,
        Kind::BlockDevice(..) => 6,
        Kind::File => 8,
        Kind::Symlink => 10,
        Kind::Socket => 12,
        Kind::Anonymous => 0,
    }
}

/// One name of a directory, on its way to the guest.
struct Record<'a> {
    inode: u64,
    /// What to seek to for the name after it.
    next: u64,
    kind: Kind,
    name: &'a [u8],
}

/// getdents(2)
pub(super) fn getdents(task: &mut Task<'_, '_>, fd: Fd, buffer: OutRecords<true>, count: u32) -> Reply<u32> {
    let endian = task.guest.endian;
    list(task, fd, buffer.0, count, |record, bytes| {
        let length = (10 + record.name.len() + 2).next_multiple_of(4);
        let start = bytes.len();
        #[allow(clippy::cast_possible_truncation, reason = "the old call has 32 bits for inode and offset")]
        for word in [record.inode as u32, record.next as u32] {
            bytes.extend(endian.bytes32(word));
        }
        bytes.extend(endian.bytes16(u16::try_from(length).unwrap_or(0)));
        bytes.extend_from_slice(record.name);
        bytes.resize(start + length - 1, 0);
        bytes.push(d_type(record.kind));
    })
}

/// getdents64(2)
pub(super) fn getdents64(task: &mut Task<'_, '_>, fd: Fd, buffer: OutRecords<false>, count: u32) -> Reply<u32> {
    let endian = task.guest.endian;
    list(task, fd, buffer.0, count, |record, bytes| {
        let length = (19 + record.name.len() + 1).next_multiple_of(8);
        let start = bytes.len();
        bytes.extend(endian.bytes64(record.inode));
        bytes.extend(endian.bytes64(record.next));
        bytes.extend(endian.bytes16(u16::try_from(length).unwrap_or(0)));
        bytes.push(d_type(record.kind));
        bytes.extend_from_slice(record.name);
        bytes.resize(start + length, 0);
    })
}

/// Lists names from the offset on, as many as fit. Offsets 0 and 1 are `.` and `..`.
fn list(
    task: &mut Task<'_, '_>,
    fd: Fd,
    buffer: OutBytes,
    count: u32,
    put: impl Fn(&Record<'_>, &mut Vec<u8>),
) -> Reply<u32> {
    let description = task.description(fd)?;
    description.file()?;
    if !description.is_directory() {
        return Err(Errno::ENOTDIR.into());
    }
    let place = description.place();
    let entries = description.entries()?;
    let mut bytes = Vec::new();
    let mut at = description.offset()?;
    loop {
        let special = |name, place: &Place| -> Result<_> {
            Ok(Record { inode: place.node().metadata()?.inode, next: at + 1, kind: Kind::Directory, name })
        };
        let record = match at {
            0 => special(b".".as_slice(), place)?,
            1 => special(b"..".as_slice(), place.parent().unwrap_or(place))?,
            _ => match usize::try_from(at - 2).ok().and_then(|index| entries.get(index)) {
                Some(entry) => Record { inode: entry.inode, next: at + 1, kind: entry.kind, name: &entry.name },
                None => break,
            },
        };
        let before = bytes.len();
        put(&record, &mut bytes);
        if bytes.len() > count as usize {
            bytes.truncate(before);
            if before == 0 {
                return Err(Errno::EINVAL.into());
            }
            break;
        }
        at += 1;
    }
    buffer.write(task.guest, &bytes)?;
    if at > 0 {
        description.set_offset(at)?;
    }
    task.kernel.commons.notify.tell(place, event::ACCESS);
    Ok(u32::try_from(bytes.len()).unwrap_or(0))
}
