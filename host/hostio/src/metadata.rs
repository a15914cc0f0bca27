//! What the host's stat(2) tells, as a guest's file system tells it.

use rustix::fs::{FileType, Stat, StatVfs, major, minor};
use std::sync::{Mutex, PoisonError};
use vfs::node::{FileSystemInfo, Kind, Metadata, TimeNs, new_device};

/// Device numbers of the host, each with one of ours: theirs could be those of another file system of ours.
static DEVICES: Mutex<Vec<(u64, u64)>> = Mutex::new(Vec::new());

fn our_device(host: u64) -> u64 {
    let mut devices = DEVICES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&(_, ours)) = devices.iter().find(|(known, _)| *known == host) {
        return ours;
    }
    let ours = new_device();
    devices.push((host, ours));
    ours
}

pub(crate) fn of(stat: &Stat) -> Metadata {
    Metadata {
        kind: kind(stat),
        mode: stat.st_mode & 0o7777,
        device: our_device(stat.st_dev),
        inode: stat.st_ino,
        links: u32::try_from(stat.st_nlink).unwrap_or(u32::MAX),
        uid: stat.st_uid,
        gid: stat.st_gid,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        blocks: u64::try_from(stat.st_blocks).unwrap_or(0),
        accessed: time(stat.st_atime, stat.st_atime_nsec),
        modified: time(stat.st_mtime, stat.st_mtime_nsec),
        changed: time(stat.st_ctime, stat.st_ctime_nsec),
    }
}

fn time(seconds: i64, nanoseconds: impl TryInto<i64>) -> TimeNs {
    let nanoseconds = nanoseconds.try_into().unwrap_or(0);
    TimeNs(seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds))
}

pub(crate) fn kind(stat: &Stat) -> Kind {
    of_type(FileType::from_raw_mode(stat.st_mode), stat.st_rdev)
}

/// The kind that a directory entry tells; devices are all 0:0 there.
pub(crate) fn of_type(file_type: FileType, device: u64) -> Kind {
    match file_type {
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::CharacterDevice => Kind::CharDevice(major(device), minor(device)),
        FileType::BlockDevice => Kind::BlockDevice(major(device), minor(device)),
        _ => Kind::File,
    }
}

/// statfs(2), from what statvfs(3) tells.
pub(crate) fn info(found: &StatVfs, is_read_only: bool) -> FileSystemInfo {
    FileSystemInfo {
        // ext4's: the host's own would tell a guest more than it needs to know.
        magic: 0xef53,
        block_bytes: u32::try_from(found.f_bsize).unwrap_or(4096),
        blocks: found.f_blocks,
        blocks_free: found.f_bavail,
        files: found.f_files,
        files_free: found.f_favail,
        name_bytes_max: u32::try_from(found.f_namemax).unwrap_or(255),
        is_read_only,
    }
}
