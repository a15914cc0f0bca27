//! What is known of files: stat and its kin, permissions, owners, file systems, attributes.

use crate::access::Wish;
use crate::flags::{AccessMode, AtFlags, Bits, DirFd, Fd};
use crate::notify::event;
use crate::reply::Reply;
use crate::task::Task;
use abi::layout::Pad;
use abi::structs::file::{Hex, Mode, ShortMode, Stat, Stat64, Statfs, Statfs64, Statx};
use abi::structs::time::StatxTime;
use abi::{Out, Path};
use vfs::mount::Place;
use vfs::node::{Change, FileSystemInfo, Kind, Metadata, TimeNs};
use vfs::{Errno, Result};

/// Bytes that a read should have: Linux' page.
const BEST_BYTES: u32 = 4096;

/// Nanoseconds in a second.
const SECOND_NS: i64 = 1_000_000_000;

/// `st_mode`.
fn mode(metadata: &Metadata) -> u32 {
    let kind = match metadata.kind {
        Kind::Fifo => 0o010000,
        Kind::CharDevice(..) => 0o020000,
        Kind::Directory => 0o040000,
        Kind::BlockDevice(..) => 0o060000,
        Kind::File => 0o100000,
        Kind::Symlink => 0o120000,
        Kind::Socket => 0o140000,
        Kind::Anonymous => 0,
    };
    kind | metadata.mode & 0o7777
}

/// Major and minor of the device that a node is.
fn device_of(metadata: &Metadata) -> (u32, u32) {
    match metadata.kind {
        Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => (major, minor),
        _ => (0, 0),
    }
}

/// `new_encode_dev` of Linux.
fn encode((major, minor): (u32, u32)) -> u32 {
    minor & 0xff | (major & 0xfff) << 8 | (minor & !0xff) << 12
}

/// Major and minor of the device a node is on: our identities are small numbers without a major.
#[allow(clippy::cast_possible_truncation, reason = "20 bits are kept")]
fn device_on(metadata: &Metadata) -> (u32, u32) {
    (0, metadata.device as u32 & 0xf_ffff)
}

/// Seconds and nanoseconds.
fn split(time: TimeNs) -> (i64, u32) {
    (time.0.div_euclid(SECOND_NS), u32::try_from(time.0.rem_euclid(SECOND_NS)).unwrap_or(0))
}

/// Seconds in 32 bits and nanoseconds; what does not fit wraps, as o32 has it.
#[allow(clippy::cast_possible_truncation, reason = "time_t of o32 has 32 bits")]
fn split32(time: TimeNs) -> (i32, u32) {
    let (seconds, nanoseconds) = split(time);
    (seconds as i32, nanoseconds)
}

impl From<&Metadata> for Stat64Of {
    fn from(metadata: &Metadata) -> Stat64Of {
        let (atime, mtime, ctime) = (split32(metadata.accessed), split32(metadata.modified), split32(metadata.changed));
        Stat64Of(Stat64 {
            st_dev: encode(device_on(metadata)),
            st_ino: metadata.inode,
            st_mode: Mode(mode(metadata)),
            st_nlink: metadata.links,
            st_uid: metadata.uid,
            st_gid: metadata.gid,
            st_rdev: encode(device_of(metadata)),
            st_size: metadata.size.cast_signed(),
            st_atime: atime.0,
            st_atime_nsec: atime.1,
            st_mtime: mtime.0,
            st_mtime_nsec: mtime.1,
            st_ctime: ctime.0,
            st_ctime_nsec: ctime.1,
            st_blksize: BEST_BYTES,
            st_blocks: metadata.blocks,
            ..Stat64::default()
        })
    }
}

/// A `struct stat64` made of metadata.
struct Stat64Of(Stat64);

/// The old `struct stat`, if everything fits.
fn old_stat(metadata: &Metadata) -> Result<Stat> {
    let Stat64Of(new) = Stat64Of::from(metadata);
    Ok(Stat {
        st_dev: new.st_dev,
        st_ino: u32::try_from(new.st_ino).map_err(|_| Errno::EOVERFLOW)?,
        st_mode: new.st_mode,
        st_nlink: new.st_nlink,
        st_uid: new.st_uid,
        st_gid: new.st_gid,
        st_rdev: new.st_rdev,
        st_size: i32::try_from(new.st_size).map_err(|_| Errno::EOVERFLOW)?,
        st_atime: new.st_atime,
        st_atime_nsec: new.st_atime_nsec,
        st_mtime: new.st_mtime,
        st_mtime_nsec: new.st_mtime_nsec,
        st_ctime: new.st_ctime,
        st_ctime_nsec: new.st_ctime_nsec,
        st_blksize: new.st_blksize,
        st_blocks: u32::try_from(new.st_blocks).unwrap_or(u32::MAX),
        ..Stat::default()
    })
}

fn metadata_at(task: &Task<'_, '_>, directory: DirFd, path: Path, flags: AtFlags) -> Result<Metadata> {
    task.resolve(directory, &task.path(path)?, flags)?.node().metadata()
}

/// stat64(2)
pub(super) fn stat64(task: &mut Task<'_, '_>, path: Path, result: Out<Stat64>) -> Reply<()> {
    fstatat64(task, DirFd::CURRENT, path, result, AtFlags::NONE)
}

/// lstat64(2)
pub(super) fn lstat64(task: &mut Task<'_, '_>, path: Path, result: Out<Stat64>) -> Reply<()> {
    fstatat64(task, DirFd::CURRENT, path, result, AtFlags::NOFOLLOW)
}

/// fstat64(2)
pub(super) fn fstat64(task: &mut Task<'_, '_>, fd: Fd, result: Out<Stat64>) -> Reply<()> {
    let metadata = task.description(fd)?.node().metadata()?;
    Ok(result.write(task.guest, &Stat64Of::from(&metadata).0)?)
}

/// fstatat64(2)
pub(super) fn fstatat64(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    result: Out<Stat64>,
    flags: AtFlags,
) -> Reply<()> {
    if !flags.is_only(0x100 | 0x800 | 0x1000) {
        return Err(Errno::EINVAL.into());
    }
    let metadata = metadata_at(task, directory, path, flags)?;
    Ok(result.write(task.guest, &Stat64Of::from(&metadata).0)?)
}

/// stat(2)
pub(super) fn stat(task: &mut Task<'_, '_>, path: Path, result: Out<Stat>) -> Reply<()> {
    let metadata = metadata_at(task, DirFd::CURRENT, path, AtFlags::NONE)?;
    Ok(result.write(task.guest, &old_stat(&metadata)?)?)
}

/// lstat(2)
pub(super) fn lstat(task: &mut Task<'_, '_>, path: Path, result: Out<Stat>) -> Reply<()> {
    let metadata = metadata_at(task, DirFd::CURRENT, path, AtFlags::NOFOLLOW)?;
    Ok(result.write(task.guest, &old_stat(&metadata)?)?)
}

/// fstat(2)
pub(super) fn fstat(task: &mut Task<'_, '_>, fd: Fd, result: Out<Stat>) -> Reply<()> {
    let metadata = task.description(fd)?.node().metadata()?;
    Ok(result.write(task.guest, &old_stat(&metadata)?)?)
}

/// statx(2)
pub(super) fn statx(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    flags: AtFlags,
    mask: Bits,
    result: Out<Statx>,
) -> Reply<()> {
    /// STATX_BASIC_STATS
    const BASIC: u32 = 0x7ff;
    /// STATX_MNT_ID
    const MOUNT: u32 = 0x1000;
    if !flags.is_only(0x100 | 0x800 | 0x1000 | 0x6000) || flags.0 & 0x6000 == 0x6000 || mask.0 & 1 << 31 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let place = task.resolve(directory, &task.path(path)?, flags)?;
    let metadata = place.node().metadata()?;
    let time = |time| {
        let (tv_sec, tv_nsec) = split(time);
        StatxTime { tv_sec, tv_nsec, _0: Pad }
    };
    let (device, on) = (device_of(&metadata), device_on(&metadata));
    let value = Statx {
        stx_mask: Hex(BASIC | mask.0 & MOUNT),
        stx_blksize: BEST_BYTES,
        stx_nlink: metadata.links,
        stx_uid: metadata.uid,
        stx_gid: metadata.gid,
        stx_mode: ShortMode(u16::try_from(mode(&metadata)).unwrap_or(0)),
        stx_ino: metadata.inode,
        stx_size: metadata.size,
        stx_blocks: metadata.blocks,
        stx_atime: time(metadata.accessed),
        stx_ctime: time(metadata.changed),
        stx_mtime: time(metadata.modified),
        stx_rdev_major: device.0,
        stx_rdev_minor: device.1,
        stx_dev_major: on.0,
        stx_dev_minor: on.1,
        stx_mnt_id: if mask.0 & MOUNT != 0 { u64::from(place.mount().0) } else { 0 },
        ..Statx::default()
    };
    Ok(result.write(task.guest, &value)?)
}

/// access(2)
pub(super) fn access(task: &mut Task<'_, '_>, path: Path, mode: AccessMode) -> Reply<()> {
    faccessat2(task, DirFd::CURRENT, path, mode, AtFlags::NONE)
}

/// faccessat(2)
pub(super) fn faccessat(task: &mut Task<'_, '_>, directory: DirFd, path: Path, mode: AccessMode) -> Reply<()> {
    faccessat2(task, directory, path, mode, AtFlags::NONE)
}

/// faccessat2(2)
pub(super) fn faccessat2(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    mode: AccessMode,
    flags: AtFlags,
) -> Reply<()> {
    if mode.0 & !7 != 0 || !flags.is_only(0x100 | 0x200 | 0x1000) {
        return Err(Errno::EINVAL.into());
    }
    let place = task.resolve(directory, &task.path(path)?, flags)?;
    let metadata = place.node().metadata()?;
    let wish = Wish(mode.0);
    let result = if flags.is_effective() {
        task.credentials.check(&metadata, wish)
    } else {
        task.credentials.check_real(&metadata, wish)
    };
    let changes = matches!(metadata.kind, Kind::File | Kind::Directory | Kind::Symlink);
    if mode.0 & 2 != 0 && changes && place.node().file_system().is_read_only {
        return Err(Errno::EROFS.into());
    }
    Ok(result?)
}

/// umask(2)
pub(super) fn umask(task: &mut Task<'_, '_>, mask: Mode) -> Reply<u32> {
    Ok(core::mem::replace(&mut task.whereabouts.lock().umask, mask.0 & 0o777))
}

fn set_mode(task: &Task<'_, '_>, place: &Place, mode: Mode) -> Reply<()> {
    let metadata = place.node().metadata()?;
    task.credentials.check_owner(&metadata)?;
    if metadata.kind == Kind::Symlink {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let mut bits = mode.0 & 0o7777;
    if !task.credentials.is_privileged() && !task.credentials.is_in(metadata.gid) {
        // Who is not in the group cannot make others run with it.
        bits &= !0o2000;
    }
    place.node().set_metadata(&Change { mode: Some(bits), ..Change::default() })?;
    task.kernel.commons.notify.tell(place, event::ATTRIB);
    Ok(())
}

/// chmod(2)
pub(super) fn chmod(task: &mut Task<'_, '_>, path: Path, mode: Mode) -> Reply<()> {
    fchmodat(task, DirFd::CURRENT, path, mode)
}

/// fchmodat(2)
pub(super) fn fchmodat(task: &mut Task<'_, '_>, directory: DirFd, path: Path, mode: Mode) -> Reply<()> {
    let place = task.resolve(directory, &task.path(path)?, AtFlags::NONE)?;
    set_mode(task, &place, mode)
}

/// fchmod(2)
pub(super) fn fchmod(task: &mut Task<'_, '_>, fd: Fd, mode: Mode) -> Reply<()> {
    let description = task.description(fd)?;
    description.file()?;
    set_mode(task, description.place(), mode)
}

fn set_owner(task: &Task<'_, '_>, place: &Place, uid: u32, gid: u32) -> Reply<()> {
    let wanted = |id: u32| (id != u32::MAX).then_some(id);
    let (uid, gid) = (wanted(uid), wanted(gid));
    let metadata = place.node().metadata()?;
    if !task.credentials.is_privileged() {
        let keeps_user = uid.is_none_or(|uid| uid == metadata.uid);
        let has_group = gid.is_none_or(|gid| gid == metadata.gid || task.credentials.is_in(gid));
        task.credentials.check_owner(&metadata)?;
        if !keeps_user || !has_group {
            return Err(Errno::EPERM.into());
        }
    }
    // A file that changes hands loses its power to make others its owner.
    let is_special = metadata.kind == Kind::File && metadata.mode & 0o6000 != 0 && (uid.is_some() || gid.is_some());
    let group_runs = metadata.mode & 0o0010 != 0;
    let lost = if group_runs { 0o6000 } else { 0o4000 };
    let mode = is_special.then_some(metadata.mode & 0o7777 & !lost);
    place.node().set_metadata(&Change { uid, gid, mode, ..Change::default() })?;
    task.kernel.commons.notify.tell(place, event::ATTRIB);
    Ok(())
}

/// chown(2)
pub(super) fn chown(task: &mut Task<'_, '_>, path: Path, uid: u32, gid: u32) -> Reply<()> {
    fchownat(task, DirFd::CURRENT, path, uid, gid, AtFlags::NONE)
}

/// lchown(2)
pub(super) fn lchown(task: &mut Task<'_, '_>, path: Path, uid: u32, gid: u32) -> Reply<()> {
    fchownat(task, DirFd::CURRENT, path, uid, gid, AtFlags::NOFOLLOW)
}

/// fchownat(2)
pub(super) fn fchownat(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    uid: u32,
    gid: u32,
    flags: AtFlags,
) -> Reply<()> {
    if !flags.is_only(0x100 | 0x1000) {
        return Err(Errno::EINVAL.into());
    }
    let place = task.resolve(directory, &task.path(path)?, flags)?;
    set_owner(task, &place, uid, gid)
}

/// fchown(2)
pub(super) fn fchown(task: &mut Task<'_, '_>, fd: Fd, uid: u32, gid: u32) -> Reply<()> {
    let description = task.description(fd)?;
    description.file()?;
    set_owner(task, description.place(), uid, gid)
}

/// ST_RDONLY and ST_VALID of `f_flags`.
fn mount_flags(info: &FileSystemInfo) -> Hex {
    Hex(0x20 | u32::from(info.is_read_only))
}

fn longest_name(info: &FileSystemInfo) -> u32 {
    if info.name_bytes_max == 0 { 255 } else { info.name_bytes_max }
}

fn statfs64_of(info: &FileSystemInfo) -> Statfs64 {
    Statfs64 {
        f_type: Hex(info.magic),
        f_bsize: info.block_bytes,
        f_frsize: info.block_bytes,
        f_blocks: info.blocks,
        f_bfree: info.blocks_free,
        f_files: info.files,
        f_ffree: info.files_free,
        f_bavail: info.blocks_free,
        f_namelen: longest_name(info),
        f_flags: mount_flags(info),
        ..Statfs64::default()
    }
}

/// The old struct saturates rather than fail: programs only want to know whether there is room.
fn statfs_of(info: &FileSystemInfo) -> Statfs {
    let fit = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Statfs {
        f_type: Hex(info.magic),
        f_bsize: info.block_bytes,
        f_frsize: info.block_bytes,
        f_blocks: fit(info.blocks),
        f_bfree: fit(info.blocks_free),
        f_files: fit(info.files),
        f_ffree: fit(info.files_free),
        f_bavail: fit(info.blocks_free),
        f_namelen: longest_name(info),
        f_flags: mount_flags(info),
        ..Statfs::default()
    }
}

fn info_at(task: &Task<'_, '_>, path: Path) -> Result<FileSystemInfo> {
    Ok(task.resolve(DirFd::CURRENT, &task.path(path)?, AtFlags::NONE)?.node().file_system())
}

/// statfs(2)
pub(super) fn statfs(task: &mut Task<'_, '_>, path: Path, result: Out<Statfs>) -> Reply<()> {
    let info = info_at(task, path)?;
    Ok(result.write(task.guest, &statfs_of(&info))?)
}

/// fstatfs(2)
pub(super) fn fstatfs(task: &mut Task<'_, '_>, fd: Fd, result: Out<Statfs>) -> Reply<()> {
    let info = task.description(fd)?.node().file_system();
    Ok(result.write(task.guest, &statfs_of(&info))?)
}

/// statfs64(2): the caller says how long its struct is.
pub(super) fn statfs64(task: &mut Task<'_, '_>, path: Path, size: u32, result: Out<Statfs64>) -> Reply<()> {
    if size != <Statfs64 as abi::Layout>::BYTES {
        return Err(Errno::EINVAL.into());
    }
    let info = info_at(task, path)?;
    Ok(result.write(task.guest, &statfs64_of(&info))?)
}

/// fstatfs64(2)
pub(super) fn fstatfs64(task: &mut Task<'_, '_>, fd: Fd, size: u32, result: Out<Statfs64>) -> Reply<()> {
    if size != <Statfs64 as abi::Layout>::BYTES {
        return Err(Errno::EINVAL.into());
    }
    let info = task.description(fd)?.node().file_system();
    Ok(result.write(task.guest, &statfs64_of(&info))?)
}
