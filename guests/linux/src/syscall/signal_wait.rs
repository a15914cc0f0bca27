//! Waiting for signals.

use crate::reply::{Interrupted, Reply, Wait};
use crate::signal::SignalSet;
use crate::syscall::time::{Span, after};
use crate::task::Task;
use abi::structs::signal::{Siginfo, Sigset};
use abi::structs::time::{Timespec, Timespec64};
use abi::{In, Layout, Out};
use vfs::Errno;

/// pause(2)
pub(super) fn pause(task: &mut Task<'_, '_>) -> Reply<()> {
    task.block(Wait::default(), Interrupted::Fails)
}

/// restart_syscall(2): calls that wait are made again as a whole, so there is nothing to go on with.
pub(super) fn restart_syscall(_task: &mut Task<'_, '_>) -> Reply<()> {
    Err(Errno::EINTR.into())
}

/// Sets a mask until a handler has been entered, and waits for that.
fn suspend(task: &mut Task<'_, '_>, mask: SignalSet) -> Reply<()> {
    if !task.is_again() {
        let before = core::mem::replace(&mut task.signals.mask, mask.as_mask());
        task.signals.saved_mask = Some(before);
    }
    task.block(Wait::default(), Interrupted::Fails)
}

/// rt_sigsuspend(2)
pub(super) fn rt_sigsuspend(task: &mut Task<'_, '_>, mask: In<Sigset>, size: u32) -> Reply<()> {
    if size != Sigset::BYTES {
        return Err(Errno::EINVAL.into());
    }
    let mask = mask.read(task.guest)?.into();
    suspend(task, mask)
}

/// sigsuspend(2): the first 32 signals.
pub(super) fn sigsuspend(task: &mut Task<'_, '_>, mask: In<u32>) -> Reply<()> {
    let mask = SignalSet(u128::from(mask.read(task.guest)?));
    suspend(task, mask)
}

/// rt_sigtimedwait(2)
pub(super) fn rt_sigtimedwait(
    task: &mut Task<'_, '_>,
    set: In<Sigset>,
    info: Out<Siginfo>,
    timeout: In<Timespec>,
    size: u32,
) -> Reply<u32> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    take(task, set, info, timeout, size)
}

/// rt_sigtimedwait_time64(2)
pub(super) fn rt_sigtimedwait_time64(
    task: &mut Task<'_, '_>,
    set: In<Sigset>,
    info: Out<Siginfo>,
    timeout: In<Timespec64>,
    size: u32,
) -> Reply<u32> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    take(task, set, info, timeout, size)
}

/// Takes a pending signal of the set, or waits for one.
fn take(task: &mut Task<'_, '_>, set: In<Sigset>, info: Out<Siginfo>, timeout: Option<Span>, size: u32) -> Reply<u32> {
    if size != Sigset::BYTES {
        return Err(Errno::EINVAL.into());
    }
    let set = SignalSet::from(set.read(task.guest)?).as_mask();
    let timeout_ns = timeout.map(Span::ns).transpose()?;
    if let Some(taken) = task.signals.take(set) {
        info.optional(task.guest, &taken.siginfo())?;
        return Ok(u32::from(taken.signal.number()));
    }
    let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) {
        return Err(Errno::EAGAIN.into());
    }
    task.block(Wait::until(until_ns), Interrupted::Fails)
}
