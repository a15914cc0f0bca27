//! Setting the times of files.

use crate::access::Wish;
use crate::flags::{AtFlags, DirFd, Fd};
use crate::notify::event;
use crate::reply::Reply;
use crate::task::Task;
use abi::structs::time::{Timespec, Timespec64, Timeval, Utimbuf};
use abi::{In, Path};
use vfs::mount::Place;
use vfs::node::{Change, TimeNs};
use vfs::{Errno, Result};

/// UTIME_NOW
const NOW: i64 = 0x3fff_ffff;
/// UTIME_OMIT
const OMIT: i64 = 0x3fff_fffe;
/// Nanoseconds in a second.
const SECOND_NS: i64 = 1_000_000_000;

/// A time to set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum New {
    Now,
    Omit,
    At(TimeNs),
}

impl New {
    fn of(seconds: i64, nanoseconds: i64) -> Result<New> {
        match nanoseconds {
            NOW => Ok(New::Now),
            OMIT => Ok(New::Omit),
            0..SECOND_NS => Ok(New::At(TimeNs(seconds.saturating_mul(SECOND_NS).saturating_add(nanoseconds)))),
            _ => Err(Errno::EINVAL),
        }
    }

    fn micro(time: Timeval) -> Result<New> {
        match time.tv_usec {
            0..1_000_000 => New::of(i64::from(time.tv_sec), i64::from(time.tv_usec) * 1000),
            _ => Err(Errno::EINVAL),
        }
    }
}

fn set(task: &Task<'_, '_>, place: &Place, times: [New; 2]) -> Reply<()> {
    if times == [New::Omit; 2] {
        return Ok(());
    }
    let metadata = place.node().metadata()?;
    if times == [New::Now; 2] {
        // Whoever may write may say that it was just now.
        if task.credentials.check_owner(&metadata).is_err() {
            task.credentials.check(&metadata, Wish::WRITE)?;
        }
    } else {
        task.credentials.check_owner(&metadata)?;
    }
    let now = task.clocks.realtime();
    let [accessed, modified] = times.map(|time| match time {
        New::Now => Some(now),
        New::Omit => None,
        New::At(time) => Some(time),
    });
    place.node().set_metadata(&Change { accessed, modified, ..Change::default() })?;
    task.kernel.commons.notify.tell(
        place,
        match (accessed, modified) {
            (Some(_), Some(_)) => event::ATTRIB,
            (Some(_), None) => event::ACCESS,
            (None, _) => event::MODIFY,
        },
    );
    Ok(())
}

/// The place whose times are set; a null path means the descriptor's own.
fn place(task: &Task<'_, '_>, directory: DirFd, path: Path, flags: AtFlags) -> Result<Place> {
    if path.0.is_null() && directory != DirFd::CURRENT {
        return Ok(task.description(Fd(directory.0))?.place().clone());
    }
    task.resolve(directory, &task.path(path)?, flags)
}

/// utime(2)
pub(super) fn utime(task: &mut Task<'_, '_>, path: Path, times: In<Utimbuf>) -> Reply<()> {
    let place = place(task, DirFd::CURRENT, path, AtFlags::NONE)?;
    let times = match times.optional(task.guest)? {
        Some(times) => [New::of(i64::from(times.actime), 0)?, New::of(i64::from(times.modtime), 0)?],
        None => [New::Now; 2],
    };
    set(task, &place, times)
}

/// utimes(2)
pub(super) fn utimes(task: &mut Task<'_, '_>, path: Path, times: In<[Timeval; 2]>) -> Reply<()> {
    futimesat(task, DirFd::CURRENT, path, times)
}

/// futimesat(2)
pub(super) fn futimesat(task: &mut Task<'_, '_>, directory: DirFd, path: Path, times: In<[Timeval; 2]>) -> Reply<()> {
    let times = match times.optional(task.guest)? {
        Some([accessed, modified]) => [New::micro(accessed)?, New::micro(modified)?],
        None => [New::Now; 2],
    };
    let place = place(task, directory, path, AtFlags::NONE)?;
    set(task, &place, times)
}

/// utimensat(2)
pub(super) fn utimensat(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    times: In<[Timespec; 2]>,
    flags: AtFlags,
) -> Reply<()> {
    let times = times.optional(task.guest)?;
    let times = times.map(|times| times.map(|time| (i64::from(time.tv_sec), i64::from(time.tv_nsec))));
    change(task, directory, path, times, flags)
}

/// utimensat_time64(2)
pub(super) fn utimensat_time64(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    times: In<[Timespec64; 2]>,
    flags: AtFlags,
) -> Reply<()> {
    let times = times.optional(task.guest)?;
    let times = times.map(|times| times.map(|time| (time.tv_sec, time.tv_nsec & 0xffff_ffff)));
    change(task, directory, path, times, flags)
}

fn change(
    task: &Task<'_, '_>,
    directory: DirFd,
    path: Path,
    times: Option<[(i64, i64); 2]>,
    flags: AtFlags,
) -> Reply<()> {
    if !flags.is_only(0x100 | 0x1000) {
        return Err(Errno::EINVAL.into());
    }
    let times = match times {
        Some([accessed, modified]) => [New::of(accessed.0, accessed.1)?, New::of(modified.0, modified.1)?],
        None => [New::Now; 2],
    };
    let place = place(task, directory, path, flags)?;
    set(task, &place, times)
}
