//! inotify(7).

use crate::access::Wish;
use crate::flags::{AtFlags, DirFd, Fd, InotifyFlags, InotifyMask, OpenFlags, has_others};
use crate::notify::{Inotify, event};
use crate::ready::special;
use crate::reply::Reply;
use crate::task::Task;
use abi::Path;
use alloc::boxed::Box;
use vfs::Errno;

/// IN_ONLYDIR
const ONLY_DIRECTORY: u32 = 0x0100_0000;
/// IN_DONT_FOLLOW
const DONT_FOLLOW: u32 = 0x0200_0000;
/// IN_MASK_CREATE and IN_MASK_ADD, of which there can be one.
const CREATES_AND_ADDS: u32 = 0x3000_0000;
/// All that a mask may have (ALL_INOTIFY_BITS).
const KNOWN: u32 = event::ALL | 0x2000 | 0x4000 | 0x8000 | 0xf700_0000;

/// inotify_init(2)
pub(super) fn inotify_init(task: &mut Task<'_, '_>) -> Reply<Fd> {
    inotify_init1(task, InotifyFlags(0))
}

/// inotify_init1(2)
pub(super) fn inotify_init1(task: &mut Task<'_, '_>, flags: InotifyFlags) -> Reply<Fd> {
    if has_others(flags.0, 0) {
        return Err(Errno::EINVAL.into());
    }
    let file = Box::new(Inotify::new(&task.kernel.commons, task.guest.endian)?);
    Ok(task.install_anonymous("inotify", file, OpenFlags::read_only(flags.0))?)
}

/// inotify_add_watch(2): the watch's descriptor.
pub(super) fn inotify_add_watch(task: &mut Task<'_, '_>, fd: Fd, path: Path, mask: InotifyMask) -> Reply<u32> {
    let mask = mask.0;
    if mask & KNOWN == 0 || mask & CREATES_AND_ADDS == CREATES_AND_ADDS {
        return Err(Errno::EINVAL.into());
    }
    let description = task.description(fd)?;
    let inotify = special::<Inotify>(description.file()?).ok_or(Errno::EINVAL)?;
    let flags = if mask & DONT_FOLLOW != 0 { AtFlags::NOFOLLOW } else { AtFlags::NONE };
    let place = task.resolve(DirFd::CURRENT, &task.path(path)?, flags)?;
    let metadata = place.node().metadata()?;
    if mask & ONLY_DIRECTORY != 0 && !metadata.kind.is_directory() {
        return Err(Errno::ENOTDIR.into());
    }
    task.credentials.check(&metadata, Wish(4))?;
    Ok(inotify.watch(place.node(), mask)?.cast_unsigned())
}

/// inotify_rm_watch(2)
pub(super) fn inotify_rm_watch(task: &mut Task<'_, '_>, fd: Fd, watch: i32) -> Reply<()> {
    let description = task.description(fd)?;
    let inotify = special::<Inotify>(description.file()?).ok_or(Errno::EINVAL)?;
    Ok(inotify.unwatch(watch)?)
}
