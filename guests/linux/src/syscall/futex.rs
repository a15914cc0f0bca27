//! Futexes: words of memory that threads wait for (futex(2)), and those of threads that end.

use crate::flags::FutexOp;
use crate::futex::Key;
use crate::reply::{Interrupted, Reply, Wait};
use crate::syscall::time::{Span, after};
use crate::task::{Resume, Task};
use crate::thread::Thread;
use abi::structs::time::{Timespec, Timespec64};
use abi::{Addr, BadAddress, Guest};
use vfs::{Errno, Result};

/// FUTEX_CLOCK_REALTIME
const CLOCK_REALTIME: u32 = 256;

/// futex(2)
pub(super) fn futex(
    task: &mut Task<'_, '_>,
    at: Addr,
    op: FutexOp,
    value: u32,
    timeout: Addr,
    other: Addr,
    third: u32,
) -> Reply<u32> {
    let span = |task: &Task<'_, '_>| Ok(Span::from(task.guest.read::<Timespec>(timeout)?));
    perform(task, &Words { at, value, timeout, other, third }, op, span)
}

/// futex_time64(2)
pub(super) fn futex_time64(
    task: &mut Task<'_, '_>,
    at: Addr,
    op: FutexOp,
    value: u32,
    timeout: Addr,
    other: Addr,
    third: u32,
) -> Reply<u32> {
    let span = |task: &Task<'_, '_>| Ok(Span::from(task.guest.read::<Timespec64>(timeout)?));
    perform(task, &Words { at, value, timeout, other, third }, op, span)
}

/// `FUTEX_*` without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME.
const OPERATION: u32 = 0x7f;
const WAIT: u32 = 0;
const WAKE: u32 = 1;
const REQUEUE: u32 = 3;
const CMP_REQUEUE: u32 = 4;
const WAKE_OP: u32 = 5;
const WAIT_BITSET: u32 = 9;
const WAKE_BITSET: u32 = 10;

/// The word's operands: `timeout` is a time or a number, by operation.
struct Words {
    at: Addr,
    value: u32,
    timeout: Addr,
    other: Addr,
    third: u32,
}

fn perform(
    task: &mut Task<'_, '_>,
    words: &Words,
    op: FutexOp,
    span: impl Fn(&Task<'_, '_>) -> Reply<Span>,
) -> Reply<u32> {
    let Words { at, value, timeout, other, third } = *words;
    if !at.0.is_multiple_of(4) {
        return Err(Errno::EINVAL.into());
    }
    let (most, moved_most) = (value, timeout.0);
    match op.0 & OPERATION {
        WAIT => wait(task, words, op, u32::MAX, span),
        WAIT_BITSET if third == 0 => Err(Errno::EINVAL.into()),
        WAIT_BITSET => wait(task, words, op, third, span),
        WAKE => Ok(wake(task, at, most, u32::MAX)?),
        WAKE_BITSET if third == 0 => Err(Errno::EINVAL.into()),
        WAKE_BITSET => Ok(wake(task, at, most, third)?),
        CMP_REQUEUE if task.guest.read::<u32>(at)? != third => Err(Errno::EAGAIN.into()),
        REQUEUE | CMP_REQUEUE => {
            let woken = wake(task, at, most, u32::MAX)?;
            let (from, to) = (key(task.thread, at), key(task.thread, other));
            Ok(woken + task.kernel.futexes.lock().requeue(from, to, moved_most))
        }
        WAKE_OP => {
            let is_true = change(task, other, third)?;
            let woken = wake(task, at, most, u32::MAX)?;
            Ok(woken + if is_true { wake(task, other, moved_most, u32::MAX)? } else { 0 })
        }
        _ => Err(Errno::ENOSYS.into()),
    }
}

fn key(thread: &Thread, at: Addr) -> Key {
    Key::of(&thread.memory, at)
}

fn wait(
    task: &mut Task<'_, '_>,
    words: &Words,
    op: FutexOp,
    bits: u32,
    span: impl Fn(&Task<'_, '_>) -> Reply<Span>,
) -> Reply<u32> {
    let Words { at, value, timeout, .. } = *words;
    let tid = task.tid;
    if task.is_again() && task.kernel.futexes.lock().take_woken(tid) {
        return Ok(0);
    }
    let span = if timeout.is_null() { None } else { Some(span(task)?.ns()?) };
    if !task.is_again() && task.guest.read::<u32>(at)? != value {
        return Err(Errno::EAGAIN.into());
    }
    let realtime = u64::try_from(task.clocks.realtime().0).unwrap_or(0);
    // FUTEX_WAIT_BITSET takes a time on a clock, FUTEX_WAIT one from now.
    let is_absolute = op.0 & OPERATION == WAIT_BITSET;
    let until_ns = task.deadline(|now| {
        let shown = if op.0 & CLOCK_REALTIME != 0 { realtime } else { now };
        span.map(|span| after(now, if is_absolute { span.saturating_sub(shown) } else { span }))
    });
    if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) {
        return Err(Errno::ETIMEDOUT.into());
    }
    if !task.is_again() {
        let key = key(task.thread, at);
        task.kernel.futexes.lock().wait(key, tid, bits);
        task.resume = Some(Resume { is_futex: true, ..Resume::default() });
    }
    // One with a timeout is never begun again after a handler.
    let interrupted = if until_ns.is_some() { Interrupted::Fails } else { Interrupted::Restarts };
    task.block(Wait::until(until_ns), interrupted)
}

fn wake(task: &mut Task<'_, '_>, at: Addr, most: u32, bits: u32) -> Result<u32> {
    let key = key(task.thread, at);
    Ok(wake_key(task.thread, key, most, bits))
}

fn wake_key(thread: &Thread, key: Key, most: u32, bits: u32) -> u32 {
    let kernel = &thread.kernel;
    kernel.futexes.lock().wake(key, most, bits, |tid| kernel.table.lock().wake(tid))
}

/// FUTEX_WAKE_OP: changes a word as `operation` says, and compares what it was.
fn change(task: &mut Task<'_, '_>, at: Addr, operation: u32) -> Reply<bool> {
    if !at.0.is_multiple_of(4) {
        return Err(Errno::EINVAL.into());
    }
    let signed = |shift: u32| (operation << (20 - shift)).cast_signed() >> 20;
    let (operand, compared) = (signed(12), signed(0));
    let is_shift = operation >> 28 & 8 != 0;
    let operand = if is_shift { 1_i32.wrapping_shl(operand.cast_unsigned()) } else { operand };
    let old = task.guest.read::<u32>(at)?.cast_signed();
    let new = match operation >> 28 & 7 {
        0 => operand,
        1 => old.wrapping_add(operand),
        2 => old | operand,
        3 => old & !operand,
        4 => old ^ operand,
        _ => return Err(Errno::ENOSYS.into()),
    };
    task.guest.write(at, &new.cast_unsigned())?;
    Ok(match operation >> 24 & 15 {
        0 => old == compared,
        1 => old != compared,
        2 => old < compared,
        3 => old <= compared,
        4 => old > compared,
        5 => old >= compared,
        _ => return Err(Errno::ENOSYS.into()),
    })
}

/// Words of robust locks that one thread may leave (ROBUST_LIST_LIMIT).
const ROBUST_MAX: u32 = 2048;
/// The parts of a robust lock's word (linux/futex.h).
const WAITERS: u32 = 0x8000_0000;
const OWNER_DIED: u32 = 0x4000_0000;
const TID_MASK: u32 = 0x3fff_ffff;

impl Thread {
    /// Says in memory that the thread is over: its robust locks are left (get_robust_list(2)), and the word of its number is
    /// cleared (set_tid_address(2)). Pointers that lead nowhere end it, as in Linux.
    pub(crate) fn release_words(&mut self, guest: &mut Guest<'_>) {
        // A list that makes no sense is its owner's problem.
        let _ = self.release_robust(guest);
        if self.clear_tid != Addr::NULL && guest.write(self.clear_tid, &0_u32).is_ok() {
            let key = key(self, self.clear_tid);
            wake_key(self, key, 1, u32::MAX);
        }
    }

    fn release_robust(&mut self, guest: &mut Guest<'_>) -> core::result::Result<(), BadAddress> {
        let (head, _) = self.robust_list;
        if head == Addr::NULL {
            return Ok(());
        }
        let [first, offset, pending]: [u32; 3] = guest.read(head)?;
        let mut entry = first;
        for _ in 0..ROBUST_MAX {
            // The lowest bit says that it inherits priorities.
            let at = entry & !1;
            if at == head.0 {
                break;
            }
            let next: u32 = guest.read(Addr(at))?;
            if at != pending & !1 {
                self.leave_lock(guest, Addr(at.wrapping_add(offset)))?;
            }
            entry = next;
        }
        if pending & !1 != 0 {
            self.leave_lock(guest, Addr((pending & !1).wrapping_add(offset)))?;
        }
        Ok(())
    }

    /// The owner of a lock is over: whoever comes next is told.
    fn leave_lock(&mut self, guest: &mut Guest<'_>, at: Addr) -> core::result::Result<(), BadAddress> {
        let word: u32 = guest.read(at)?;
        if word & TID_MASK == self.tid {
            guest.write(at, &(word & WAITERS | OWNER_DIED))?;
            if word & WAITERS != 0 {
                let key = key(self, at);
                wake_key(self, key, 1, u32::MAX);
            }
        }
        Ok(())
    }
}
