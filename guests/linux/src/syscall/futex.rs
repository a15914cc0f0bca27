//! Futexes of a process with one thread: waiting ends by time or signal, waking wakes nobody.

use crate::flags::FutexOp;
use crate::reply::{Interrupted, Reply, Wait};
use crate::syscall::time::{Span, after};
use crate::task::Task;
use abi::Addr;
use abi::structs::time::{Timespec, Timespec64};
use vfs::Errno;

/// FUTEX_CLOCK_REALTIME
const CLOCK_REALTIME: u32 = 256;

/// futex(2)
pub(super) fn futex(
    task: &mut Task<'_, '_>,
    at: Addr,
    op: FutexOp,
    value: u32,
    timeout: Addr,
    _other: Addr,
    third: u32,
) -> Reply<u32> {
    let span = |task: &Task<'_, '_>| Ok(Span::from(task.guest.read::<Timespec>(timeout)?));
    perform(task, at, op, value, timeout, third, span)
}

/// futex_time64(2)
pub(super) fn futex_time64(
    task: &mut Task<'_, '_>,
    at: Addr,
    op: FutexOp,
    value: u32,
    timeout: Addr,
    _other: Addr,
    third: u32,
) -> Reply<u32> {
    let span = |task: &Task<'_, '_>| Ok(Span::from(task.guest.read::<Timespec64>(timeout)?));
    perform(task, at, op, value, timeout, third, span)
}

fn perform(
    task: &mut Task<'_, '_>,
    at: Addr,
    op: FutexOp,
    value: u32,
    timeout: Addr,
    third: u32,
    span: impl Fn(&Task<'_, '_>) -> Reply<Span>,
) -> Reply<u32> {
    if !at.0.is_multiple_of(4) {
        return Err(Errno::EINVAL.into());
    }
    // FUTEX_WAIT_BITSET takes a time on a clock, FUTEX_WAIT one from now.
    let is_absolute = op.0 & 0x7f == 9;
    match op.0 & 0x7f {
        0 | 9 => {
            if is_absolute && third == 0 {
                return Err(Errno::EINVAL.into());
            }
            let span = if timeout.is_null() { None } else { Some(span(task)?.ns()?) };
            if task.guest.read::<u32>(at)? != value {
                return Err(Errno::EAGAIN.into());
            }
            let realtime = u64::try_from(task.clocks.realtime().0).unwrap_or(0);
            let until_ns = task.deadline(|now| {
                let shown = if op.0 & CLOCK_REALTIME != 0 { realtime } else { now };
                span.map(|span| after(now, if is_absolute { span.saturating_sub(shown) } else { span }))
            });
            if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) {
                return Err(Errno::ETIMEDOUT.into());
            }
            // One with a timeout is never begun again after a handler.
            let interrupted = if until_ns.is_some() { Interrupted::Fails } else { Interrupted::Restarts };
            task.block(Wait::until(until_ns), interrupted)
        }
        // FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_WAKE_BITSET
        1 | 3 | 10 => {
            task.guest.read::<u32>(at)?;
            Ok(0)
        }
        // FUTEX_CMP_REQUEUE
        4 => {
            if task.guest.read::<u32>(at)? == third {
                Ok(0)
            } else {
                Err(Errno::EAGAIN.into())
            }
        }
        _ => Err(Errno::ENOSYS.into()),
    }
}
