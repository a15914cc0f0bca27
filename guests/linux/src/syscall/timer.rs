//! Timers: alarm, setitimer, timer_create.

use crate::flags::{ClockId, TimerFlags, Which};
use crate::reply::Reply;
use crate::signal::{Info, Signal};
use crate::syscall::time::{Span, timespec, timespec64, timeval};
use crate::task::Task;
use crate::timer::{Timer, TimerClock};
use abi::structs::signal::{Sigevent, SignalNumber};
use abi::structs::time::{Itimerspec, Itimerspec64, Itimerval};
use abi::{In, Out};
use vfs::Errno;

/// Nanoseconds in a second.
const SECOND_NS: u64 = 1_000_000_000;

/// Timers a process may have.
const TIMERS_MAX: usize = 1024;

/// SIGEV_NONE.
const SIGEV_NONE: i32 = 1;
/// SIGEV_SIGNAL.
const SIGEV_SIGNAL: i32 = 0;
/// SIGEV_THREAD_ID.
const SIGEV_THREAD_ID: i32 = 4;

/// alarm(2): returns the seconds that were left, rounded, but never to 0.
pub(super) fn alarm(task: &mut Task<'_, '_>, seconds: u32) -> Reply<u32> {
    let clocks = task.clocks.clone();
    let mut timers = task.process.timers.lock();
    let timer = &mut timers.intervals[0];
    let left = timer.left_ns(&*clocks).0;
    timer.set(&*clocks, u64::from(seconds) * SECOND_NS, 0);
    drop(timers);
    look_again(task);
    let rounded = (left + SECOND_NS / 2) / SECOND_NS;
    Ok(u32::try_from(rounded).unwrap_or(u32::MAX).max(u32::from(left > 0)))
}

/// All threads of the process look when a timer is due from now on: any of them may have to take its signal.
fn look_again(task: &Task<'_, '_>) {
    task.kernel.table.lock().wake_process(task.process.pid);
}

fn interval(task: &Task<'_, '_>, which: Which) -> Reply<Itimerval> {
    let timer = *task.process.timers.lock().intervals.get(which.0 as usize).ok_or(Errno::EINVAL)?;
    let (left, period) = timer.left_ns(&*task.clocks);
    // Less than a microsecond is still something.
    let left = if left > 0 { left.max(1000) } else { 0 };
    Ok(Itimerval { it_interval: timeval(period), it_value: timeval(left) })
}

/// getitimer(2)
pub(super) fn getitimer(task: &mut Task<'_, '_>, which: Which, result: Out<Itimerval>) -> Reply<()> {
    let value = interval(task, which)?;
    Ok(result.write(task.guest, &value)?)
}

/// setitimer(2)
pub(super) fn setitimer(task: &mut Task<'_, '_>, which: Which, new: In<Itimerval>, old: Out<Itimerval>) -> Reply<()> {
    let before = interval(task, which)?;
    // A null pointer stops the timer, as Linux has it.
    let new = new.optional(task.guest)?.unwrap_or_default();
    let (left, period) = (Span::from(new.it_value).ns()?, Span::from(new.it_interval).ns()?);
    let clocks = task.clocks.clone();
    task.process.timers.lock().intervals[which.0 as usize].set(&*clocks, left, period);
    look_again(task);
    Ok(old.optional(task.guest, &before)?)
}

/// timer_create(2)
pub(super) fn timer_create(task: &mut Task<'_, '_>, clock: ClockId, event: In<Sigevent>, timer: Out<u32>) -> Reply<()> {
    let clock = match clock.0 {
        0 | 8 | 11 => TimerClock::Real,
        1 | 7 | 9 => TimerClock::Monotonic,
        2 | 3 => TimerClock::Cpu,
        _ => return Err(Errno::EINVAL.into()),
    };
    if task.process.timers.lock().posix.len() >= TIMERS_MAX {
        return Err(Errno::EAGAIN.into());
    }
    let id = task.process.timers.lock().next;
    let default = Sigevent {
        sigev_signo: SignalNumber(i32::from(Signal::ALRM.number())),
        sigev_value: abi::structs::file::Hex(id),
        ..Sigevent::default()
    };
    let event = event.optional(task.guest)?.unwrap_or(default);
    let signal = match event.sigev_notify {
        SIGEV_NONE => None,
        SIGEV_SIGNAL | SIGEV_THREAD_ID => {
            let signal = Signal::from_number(event.sigev_signo.0.cast_unsigned()).ok_or(Errno::EINVAL)?;
            Some(Info { signal, code: Info::TIMER, words: [id, 0, event.sigev_value.0] })
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    timer.write(task.guest, &id)?;
    let thread = (event.sigev_notify == SIGEV_THREAD_ID).then(|| event.sigev_tid.cast_unsigned());
    if let Some(tid) = thread {
        let is_own = super::process::member(task, 0, |member| member.threads.contains_key(&tid))?;
        if !is_own {
            return Err(Errno::EINVAL.into());
        }
    }
    let mut timers = task.process.timers.lock();
    timers.posix.insert(id, Timer { thread, ..Timer::new(clock, signal) });
    timers.next += 1;
    Ok(())
}

/// Time left and period of a timer, in nanoseconds.
fn left(task: &Task<'_, '_>, timer: u32) -> Reply<(u64, u64)> {
    Ok(task.process.timers.lock().posix.get(&timer).ok_or(Errno::EINVAL)?.left_ns(&*task.clocks))
}

/// timer_gettime(2)
pub(super) fn timer_gettime(task: &mut Task<'_, '_>, timer: u32, result: Out<Itimerspec>) -> Reply<()> {
    let (left, period) = left(task, timer)?;
    Ok(result.write(task.guest, &Itimerspec { it_interval: timespec(period), it_value: timespec(left) })?)
}

/// timer_gettime64(2)
pub(super) fn timer_gettime64(task: &mut Task<'_, '_>, timer: u32, result: Out<Itimerspec64>) -> Reply<()> {
    let (left, period) = left(task, timer)?;
    Ok(result.write(task.guest, &Itimerspec64 { it_interval: timespec64(period), it_value: timespec64(left) })?)
}

/// Sets a timer to a time from now, or on its clock; returns what was left.
fn set(task: &mut Task<'_, '_>, timer: u32, flags: TimerFlags, value: Span, period: Span) -> Reply<(u64, u64)> {
    let before = left(task, timer)?;
    let (value, period) = (value.ns()?, period.ns()?);
    let clocks = task.clocks.clone();
    if let Some(timer) = task.process.timers.lock().posix.get_mut(&timer) {
        timer.set(&*clocks, value, period);
        if flags.0 & 1 != 0 && value > 0 {
            timer.due_ns = Some(value);
        }
        timer.overrun = 0;
        look_again(task);
    }
    Ok(before)
}

/// timer_settime(2)
pub(super) fn timer_settime(
    task: &mut Task<'_, '_>,
    timer: u32,
    flags: TimerFlags,
    new: In<Itimerspec>,
    old: Out<Itimerspec>,
) -> Reply<()> {
    let new = new.read(task.guest)?;
    let (left, period) = set(task, timer, flags, new.it_value.into(), new.it_interval.into())?;
    Ok(old.optional(task.guest, &Itimerspec { it_interval: timespec(period), it_value: timespec(left) })?)
}

/// timer_settime64(2)
pub(super) fn timer_settime64(
    task: &mut Task<'_, '_>,
    timer: u32,
    flags: TimerFlags,
    new: In<Itimerspec64>,
    old: Out<Itimerspec64>,
) -> Reply<()> {
    let new = new.read(task.guest)?;
    let (left, period) = set(task, timer, flags, new.it_value.into(), new.it_interval.into())?;
    Ok(old.optional(task.guest, &Itimerspec64 { it_interval: timespec64(period), it_value: timespec64(left) })?)
}

/// timer_getoverrun(2)
pub(super) fn timer_getoverrun(task: &mut Task<'_, '_>, timer: u32) -> Reply<u32> {
    Ok(task.process.timers.lock().posix.get(&timer).ok_or(Errno::EINVAL)?.overrun)
}

/// timer_delete(2)
pub(super) fn timer_delete(task: &mut Task<'_, '_>, timer: u32) -> Reply<()> {
    task.process.timers.lock().posix.remove(&timer).map(|_| ()).ok_or(Errno::EINVAL.into())
}
