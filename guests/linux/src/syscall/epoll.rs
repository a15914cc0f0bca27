//! epoll(7).

use crate::event::{Epoll, Events, Found};
use crate::flags::{EpollFlags, EpollOp, Fd, OpenFlags, has_others};
use crate::mqueue::QueueFile;
use crate::ready::{special, wait_for};
use crate::reply::{Interrupted, Reply, Wait};
use crate::syscall::poll::{mask_of, masked};
use crate::syscall::time::{Span, after};
use crate::task::Task;
use abi::layout::Pad;
use abi::structs::event::{EpollConditions, EpollEvent};
use abi::structs::signal::Sigset;
use abi::structs::time::Timespec64;
use abi::{In, Layout, OutFound};
use alloc::boxed::Box;
use vfs::node::{File, Kind};
use vfs::{Errno, Result};

/// EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD
const ADD: u32 = 1;
const DEL: u32 = 2;
const MOD: u32 = 3;

/// epoll_create(2): the size is a hint that Linux has not taken for long, but that must be one.
pub(super) fn epoll_create(task: &mut Task<'_, '_>, size: i32) -> Reply<Fd> {
    if size <= 0 {
        return Err(Errno::EINVAL.into());
    }
    epoll_create1(task, EpollFlags(0))
}

/// epoll_create1(2)
pub(super) fn epoll_create1(task: &mut Task<'_, '_>, flags: EpollFlags) -> Reply<Fd> {
    if has_others(flags.0, 0) || OpenFlags(flags.0).is_nonblocking() {
        return Err(Errno::EINVAL.into());
    }
    Ok(task.install_anonymous("[eventpoll]", Box::new(Epoll::new()), OpenFlags::read_write(flags.0))?)
}

fn epoll_of(file: &dyn File) -> Result<&Epoll> {
    special(file).ok_or(Errno::EINVAL)
}

/// epoll_ctl(2)
pub(super) fn epoll_ctl(task: &mut Task<'_, '_>, epfd: Fd, op: EpollOp, fd: Fd, event: In<EpollEvent>) -> Reply<()> {
    let event = if op.0 == DEL { EpollEvent::default() } else { event.read(task.guest)? };
    let (description, target) = (task.description(epfd)?, task.description(fd)?);
    let file = target.file()?;
    if !can_poll(file, target.node().kind()?) {
        return Err(Errno::EPERM.into());
    }
    let epoll = epoll_of(description.file()?)?;
    if alloc::sync::Arc::ptr_eq(&description, &target) {
        return Err(Errno::EINVAL.into());
    }
    let events = Events(event.events.0);
    let is_nested = special::<Epoll>(file).is_some();
    if op.0 != DEL && events.is_exclusive() && (op.0 == MOD || is_nested || !events.may_be_exclusive()) {
        return Err(Errno::EINVAL.into());
    }
    match op.0 {
        ADD => epoll.add(fd.0, &target, events, event.data)?,
        DEL => epoll.remove(fd.0, &target)?,
        MOD => epoll.set(fd.0, &target, events, event.data)?,
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(())
}

/// Whether a file can be waited for at all. Regular files but message queues, directories and the devices that are always ready cannot.
fn can_poll(file: &dyn File, kind: Kind) -> bool {
    match kind {
        Kind::File => special::<QueueFile>(file).is_some(),
        Kind::Directory => false,
        // /dev/null, /dev/zero, /dev/full
        Kind::CharDevice(1, 3 | 5 | 7) => file.host_descriptor().is_some(),
        _ => true,
    }
}

/// epoll_wait(2)
pub(super) fn epoll_wait(
    task: &mut Task<'_, '_>,
    epfd: Fd,
    list: OutFound<EpollEvent>,
    most: i32,
    timeout_ms: i32,
) -> Reply<u32> {
    wait(task, epfd, list, most, u64::try_from(timeout_ms).ok().map(|timeout| timeout * 1_000_000))
}

fn wait(
    task: &mut Task<'_, '_>,
    epfd: Fd,
    list: OutFound<EpollEvent>,
    most: i32,
    timeout_ns: Option<u64>,
) -> Reply<u32> {
    let most = usize::try_from(most).map_err(|_| Errno::EINVAL)?;
    if most == 0 || most > i32::MAX as usize / EpollEvent::BYTES as usize {
        return Err(Errno::EINVAL.into());
    }
    let description = task.description(epfd)?;
    let file = description.file()?;
    let epoll = epoll_of(file)?;
    let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    let told = collect(task, epoll, list, most)?;
    if told > 0 || until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) {
        return Ok(told);
    }
    file.watch(&task.watcher);
    // Something may have come before it knew whom to tell.
    let told = collect(task, epoll, list, most)?;
    if told > 0 {
        return Ok(told);
    }
    let mut wait = Wait::default();
    wait_for(file, 0, &mut wait);
    task.block_by(until_ns, wait, Interrupted::Fails)
}

fn collect(task: &mut Task<'_, '_>, epoll: &Epoll, list: OutFound<EpollEvent>, most: usize) -> Reply<u32> {
    let asker = task.asker();
    let told = epoll.collect(asker, most, &mut |index, found: Found| {
        let event = EpollEvent { events: EpollConditions(found.events), _0: Pad, data: found.data };
        let offset = u32::try_from(index).unwrap_or(u32::MAX).wrapping_mul(EpollEvent::BYTES);
        task.guest.write(list.0 + offset, &event)
    })?;
    Ok(u32::try_from(told).unwrap_or(u32::MAX))
}

/// epoll_pwait(2)
pub(super) fn epoll_pwait(
    task: &mut Task<'_, '_>,
    epfd: Fd,
    list: OutFound<EpollEvent>,
    most: i32,
    timeout_ms: i32,
    mask: In<Sigset>,
    size: u32,
) -> Reply<u32> {
    let mask = mask_of(task, mask, size)?;
    masked(task, mask, |task| epoll_wait(task, epfd, list, most, timeout_ms))
}

/// epoll_pwait2(2): unlike ppoll(2)'s, the timeout is not told what was left.
pub(super) fn epoll_pwait2(
    task: &mut Task<'_, '_>,
    epfd: Fd,
    list: OutFound<EpollEvent>,
    most: i32,
    timeout: In<Timespec64>,
    mask: In<Sigset>,
    size: u32,
) -> Reply<u32> {
    let mask = mask_of(task, mask, size)?;
    let timeout_ns = timeout.optional(task.guest)?.map(|timeout| Span::from(timeout).ns()).transpose()?;
    masked(task, mask, |task| wait(task, epfd, list, most, timeout_ns))
}
