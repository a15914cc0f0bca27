//! Clocks and sleeping.

use crate::flags::{ClockId, TimerFlags};
use crate::reply::{Interrupted, Reply, Wait};
use crate::task::Task;
use crate::world::Clocks;
use abi::structs::time::{Timespec, Timespec64, Timeval, Timezone, Tms};
use abi::{In, Out};
use vfs::{Errno, Result};

/// Nanoseconds in a second.
const SECOND_NS: u64 = 1_000_000_000;

/// Clock ticks a second, for times(2).
const TICKS: u64 = 100;

/// Seconds and nanoseconds of the guest, not yet checked.
#[derive(Clone, Copy)]
pub(super) struct Span {
    seconds: i64,
    nanoseconds: i64,
}

impl Span {
    /// Nanoseconds, if they make sense.
    pub(super) fn ns(self) -> Result<u64> {
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(self.seconds), u64::try_from(self.nanoseconds)) else {
            return Err(Errno::EINVAL);
        };
        if nanoseconds >= SECOND_NS {
            return Err(Errno::EINVAL);
        }
        // More than 292 years is for ever.
        Ok(seconds.saturating_mul(SECOND_NS).saturating_add(nanoseconds).min(i64::MAX as u64))
    }
}

impl From<Timespec> for Span {
    fn from(time: Timespec) -> Span {
        Span { seconds: i64::from(time.tv_sec), nanoseconds: i64::from(time.tv_nsec) }
    }
}

impl From<Timespec64> for Span {
    fn from(time: Timespec64) -> Span {
        // A 32-bit program leaves the upper half of the nanoseconds undefined.
        Span { seconds: time.tv_sec, nanoseconds: time.tv_nsec & 0xffff_ffff }
    }
}

impl From<Timeval> for Span {
    fn from(time: Timeval) -> Span {
        Span { seconds: i64::from(time.tv_sec), nanoseconds: i64::from(time.tv_usec) * 1000 }
    }
}

/// `struct timespec` of nanoseconds; seconds wrap at 32 bits, as o32 has it.
#[allow(clippy::cast_possible_truncation, reason = "time_t of o32 has 32 bits")]
pub(super) fn timespec(ns: u64) -> Timespec {
    Timespec { tv_sec: (ns / SECOND_NS) as i32, tv_nsec: (ns % SECOND_NS) as i32 }
}

/// `struct __kernel_timespec` of nanoseconds.
pub(super) fn timespec64(ns: u64) -> Timespec64 {
    Timespec64 { tv_sec: (ns / SECOND_NS).cast_signed(), tv_nsec: (ns % SECOND_NS).cast_signed() }
}

/// `struct timeval` of nanoseconds.
pub(super) fn timeval(ns: u64) -> Timeval {
    let Timespec { tv_sec, tv_nsec } = timespec(ns);
    Timeval { tv_sec, tv_usec: tv_nsec / 1000 }
}

/// A time on the monotonic clock, `ns` from `now`.
pub(super) fn after(now: u64, ns: u64) -> u64 {
    now.saturating_add(ns)
}

/// The time of day in nanoseconds; before 1970 is 1970.
fn realtime_ns(task: &Task<'_, '_>) -> u64 {
    u64::try_from(task.clocks.realtime().0).unwrap_or(0)
}

/// What a clock shows, in nanoseconds.
fn now_ns(task: &Task<'_, '_>, clock: ClockId) -> Result<u64> {
    match clock.0 {
        0 | 5 | 8 | 11 => Ok(realtime_ns(task)),
        1 | 4 | 6 | 7 | 9 => Ok(task.clocks.monotonic_ns()),
        2 => Ok(task.clocks.cpu_ns()),
        3 => Ok(task.thread_ns()),
        // A process's or thread's own clock: its number, inverted, shifted by three; 4 says thread, 2 processor time.
        other if other.cast_signed() < 0 => {
            let id = (!(other.cast_signed() >> 3)).cast_unsigned();
            let is_thread = other & 4 != 0;
            if id == 0 || id == if is_thread { task.tid } else { task.process.pid } {
                return Ok(if is_thread { task.thread_ns() } else { task.clocks.cpu_ns() });
            }
            let table = task.kernel.table.lock();
            let member = if is_thread { table.of_thread(id) } else { table.get(id) };
            Ok(member.ok_or(Errno::EINVAL)?.process.clocks.cpu_ns())
        }
        _ => Err(Errno::EINVAL),
    }
}

/// clock_gettime(2)
pub(super) fn clock_gettime(task: &mut Task<'_, '_>, clock: ClockId, time: Out<Timespec>) -> Reply<()> {
    let now = timespec(now_ns(task, clock)?);
    Ok(time.write(task.guest, &now)?)
}

/// clock_gettime64(2)
pub(super) fn clock_gettime64(task: &mut Task<'_, '_>, clock: ClockId, time: Out<Timespec64>) -> Reply<()> {
    let now = timespec64(now_ns(task, clock)?);
    Ok(time.write(task.guest, &now)?)
}

/// How finely a clock runs.
fn resolution_ns(task: &Task<'_, '_>, clock: ClockId) -> Result<u64> {
    now_ns(task, clock)?;
    // The coarse clocks tick as the kernel does.
    Ok(if matches!(clock.0, 5 | 6) { 4_000_000 } else { 1 })
}

/// clock_getres(2)
pub(super) fn clock_getres(task: &mut Task<'_, '_>, clock: ClockId, time: Out<Timespec>) -> Reply<()> {
    let resolution = timespec(resolution_ns(task, clock)?);
    Ok(time.optional(task.guest, &resolution)?)
}

/// clock_getres_time64(2)
pub(super) fn clock_getres_time64(task: &mut Task<'_, '_>, clock: ClockId, time: Out<Timespec64>) -> Reply<()> {
    let resolution = timespec64(resolution_ns(task, clock)?);
    Ok(time.optional(task.guest, &resolution)?)
}

/// clock_settime(2)
pub(super) fn clock_settime(task: &mut Task<'_, '_>, clock: ClockId, time: In<Timespec>) -> Reply<()> {
    time.read(task.guest)?;
    Err(if clock.0 == 0 { Errno::EPERM } else { Errno::EINVAL }.into())
}

/// clock_settime64(2)
pub(super) fn clock_settime64(task: &mut Task<'_, '_>, clock: ClockId, time: In<Timespec64>) -> Reply<()> {
    time.read(task.guest)?;
    Err(if clock.0 == 0 { Errno::EPERM } else { Errno::EINVAL }.into())
}

/// time(2)
#[allow(clippy::cast_possible_truncation, reason = "time_t of o32 has 32 bits")]
pub(super) fn time(task: &mut Task<'_, '_>, result: Out<i32>) -> Reply<u32> {
    let seconds = (realtime_ns(task) / SECOND_NS) as u32;
    result.optional(task.guest, &seconds.cast_signed())?;
    Ok(seconds)
}

/// stime(2)
pub(super) fn stime(task: &mut Task<'_, '_>, time: In<i32>) -> Reply<()> {
    time.read(task.guest)?;
    Err(Errno::EPERM.into())
}

/// gettimeofday(2)
pub(super) fn gettimeofday(task: &mut Task<'_, '_>, time: Out<Timeval>, zone: Out<Timezone>) -> Reply<()> {
    let now = timeval(realtime_ns(task));
    time.optional(task.guest, &now)?;
    Ok(zone.optional(task.guest, &Timezone::default())?)
}

/// settimeofday(2)
pub(super) fn settimeofday(_task: &mut Task<'_, '_>, _time: In<Timeval>, _zone: In<Timezone>) -> Reply<()> {
    Err(Errno::EPERM.into())
}

/// times(2): returns ticks since some point in the past.
#[allow(clippy::cast_possible_truncation, reason = "clock_t of o32 has 32 bits and wraps")]
pub(super) fn times(task: &mut Task<'_, '_>, result: Out<Tms>) -> Reply<u32> {
    let ticks = |ns: u64| (ns / (SECOND_NS / TICKS)) as u32;
    let children_ns = super::process::member(task, 0, |member| member.children_ns)?;
    let tms = Tms {
        tms_utime: ticks(task.clocks.cpu_ns()).cast_signed(),
        tms_cutime: ticks(children_ns).cast_signed(),
        ..Tms::default()
    };
    result.optional(task.guest, &tms)?;
    Ok(ticks(task.clocks.monotonic_ns()))
}

/// Sleeps until `until_ns`; `left` is told, by the time a handler interrupts, what was left.
fn sleep(task: &mut Task<'_, '_>, until_ns: u64, left: impl FnOnce(&mut Task<'_, '_>, u64) -> Reply<()>) -> Reply<()> {
    let now = task.clocks.monotonic_ns();
    if until_ns <= now {
        return Ok(());
    }
    if task.signals.is_due() {
        left(task, until_ns - now)?;
    }
    task.block(Wait::until(Some(until_ns)), Interrupted::Fails)
}

/// nanosleep(2)
pub(super) fn nanosleep(task: &mut Task<'_, '_>, time: In<Timespec>, left: Out<Timespec>) -> Reply<()> {
    let span = Span::from(time.read(task.guest)?).ns()?;
    let until = task.deadline(|now| Some(after(now, span))).unwrap_or(0);
    sleep(task, until, |task, ns| Ok(left.optional(task.guest, &timespec(ns))?))
}

/// When a clock_nanosleep(2) ends, on the monotonic clock.
fn wake_ns(task: &mut Task<'_, '_>, clock: ClockId, flags: TimerFlags, span: Span) -> Reply<u64> {
    let span = span.ns()?;
    if clock.0 == 3 {
        return Err(Errno::EINVAL.into());
    }
    let shown = now_ns(task, clock)?;
    let is_absolute = flags.0 & 1 != 0;
    let until = task.deadline(|now| Some(after(now, if is_absolute { span.saturating_sub(shown) } else { span })));
    Ok(until.unwrap_or(0))
}

/// clock_nanosleep(2)
pub(super) fn clock_nanosleep(
    task: &mut Task<'_, '_>,
    clock: ClockId,
    flags: TimerFlags,
    time: In<Timespec>,
    left: Out<Timespec>,
) -> Reply<()> {
    let span = Span::from(time.read(task.guest)?);
    let until = wake_ns(task, clock, flags, span)?;
    let tells = flags.0 & 1 == 0;
    sleep(task, until, |task, ns| if tells { Ok(left.optional(task.guest, &timespec(ns))?) } else { Ok(()) })
}

/// clock_nanosleep_time64(2)
pub(super) fn clock_nanosleep_time64(
    task: &mut Task<'_, '_>,
    clock: ClockId,
    flags: TimerFlags,
    time: In<Timespec64>,
    left: Out<Timespec64>,
) -> Reply<()> {
    let span = Span::from(time.read(task.guest)?);
    let until = wake_ns(task, clock, flags, span)?;
    let tells = flags.0 & 1 == 0;
    sleep(task, until, |task, ns| if tells { Ok(left.optional(task.guest, &timespec64(ns))?) } else { Ok(()) })
}
