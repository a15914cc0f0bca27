//! timerfd_create(2) and its kin.

use crate::description::Description;
use crate::event::Alarm;
use crate::flags::{AlarmFlags, AlarmSetFlags, ClockId, Fd, OpenFlags, has_others};
use crate::ready::special;
use crate::reply::Reply;
use crate::syscall::time::{Span, timespec, timespec64};
use crate::task::Task;
use crate::timer::TimerClock;
use abi::structs::time::{Itimerspec, Itimerspec64};
use abi::{In, Out};
use alloc::boxed::Box;
use vfs::{Errno, Result};

/// timerfd_create(2)
pub(super) fn timerfd_create(task: &mut Task<'_, '_>, clock: ClockId, flags: AlarmFlags) -> Reply<Fd> {
    let kind = match clock.0 {
        0 | 8 => TimerClock::Real,
        1 | 7 | 9 => TimerClock::Monotonic,
        _ => return Err(Errno::EINVAL.into()),
    };
    if has_others(flags.0, 0) {
        return Err(Errno::EINVAL.into());
    }
    // CLOCK_REALTIME_ALARM and CLOCK_BOOTTIME_ALARM would wake the machine.
    if matches!(clock.0, 8 | 9) && !task.credentials.is_privileged() {
        return Err(Errno::EPERM.into());
    }
    let alarm = Alarm::new(kind, task.clocks.clone(), task.guest.endian);
    Ok(task.install_anonymous("[timerfd]", Box::new(alarm), OpenFlags::read_write(flags.0))?)
}

fn alarm(description: &Description) -> Result<&Alarm> {
    special(description.file()?).ok_or(Errno::EINVAL)
}

/// Sets a timer; gives time left and period of before. Nobody sets the clock, so TFD_TIMER_CANCEL_ON_SET cancels nothing.
fn set(task: &Task<'_, '_>, fd: Fd, flags: AlarmSetFlags, value: Span, period: Span) -> Reply<(u64, u64)> {
    let (value, period) = (value.ns()?, period.ns()?);
    if flags.0 & !3 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let description = task.description(fd)?;
    Ok(alarm(&description)?.set(value, period, flags.0 & 1 != 0))
}

/// timerfd_settime(2)
pub(super) fn timerfd_settime(
    task: &mut Task<'_, '_>,
    fd: Fd,
    flags: AlarmSetFlags,
    new: In<Itimerspec>,
    old: Out<Itimerspec>,
) -> Reply<()> {
    let new = new.read(task.guest)?;
    let (left, period) = set(task, fd, flags, new.it_value.into(), new.it_interval.into())?;
    Ok(old.optional(task.guest, &Itimerspec { it_interval: timespec(period), it_value: timespec(left) })?)
}

/// timerfd_settime64(2)
pub(super) fn timerfd_settime64(
    task: &mut Task<'_, '_>,
    fd: Fd,
    flags: AlarmSetFlags,
    new: In<Itimerspec64>,
    old: Out<Itimerspec64>,
) -> Reply<()> {
    let new = new.read(task.guest)?;
    let (left, period) = set(task, fd, flags, new.it_value.into(), new.it_interval.into())?;
    Ok(old.optional(task.guest, &Itimerspec64 { it_interval: timespec64(period), it_value: timespec64(left) })?)
}

/// timerfd_gettime(2)
pub(super) fn timerfd_gettime(task: &mut Task<'_, '_>, fd: Fd, result: Out<Itimerspec>) -> Reply<()> {
    let (left, period) = alarm(&*task.description(fd)?)?.left_ns();
    Ok(result.write(task.guest, &Itimerspec { it_interval: timespec(period), it_value: timespec(left) })?)
}

/// timerfd_gettime64(2)
pub(super) fn timerfd_gettime64(task: &mut Task<'_, '_>, fd: Fd, result: Out<Itimerspec64>) -> Reply<()> {
    let (left, period) = alarm(&*task.description(fd)?)?.left_ns();
    Ok(result.write(task.guest, &Itimerspec64 { it_interval: timespec64(period), it_value: timespec64(left) })?)
}
