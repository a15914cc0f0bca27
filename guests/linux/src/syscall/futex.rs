//! Futexes: words of memory that threads wait for (futex(2)), and those of threads that end.

use crate::flags::{Bits, ClockId, FutexOp};
use crate::futex::{For, Key};
use crate::reply::{Interrupted, Reply, Wait};
use crate::syscall::time::{Span, after};
use crate::task::{Resume, Task};
use crate::thread::Thread;
use abi::structs::system::FutexWaitv;
use abi::structs::time::{Timespec, Timespec64};
use abi::{Addr, BadAddress, Guest, In, InList};
use alloc::vec::Vec;
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
const LOCK_PI: u32 = 6;
const UNLOCK_PI: u32 = 7;
const TRYLOCK_PI: u32 = 8;
const WAIT_BITSET: u32 = 9;
const WAKE_BITSET: u32 = 10;
const WAIT_REQUEUE_PI: u32 = 11;
const CMP_REQUEUE_PI: u32 = 12;
const LOCK_PI2: u32 = 13;

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
        WAIT => wait(task, words, op, For::Bits(u32::MAX), span),
        WAIT_BITSET if third == 0 => Err(Errno::EINVAL.into()),
        WAIT_BITSET => wait(task, words, op, For::Bits(third), span),
        WAIT_REQUEUE_PI | CMP_REQUEUE_PI if at == other || !other.0.is_multiple_of(4) => Err(Errno::EINVAL.into()),
        WAIT_REQUEUE_PI => {
            let lock = key(task.thread, other);
            wait(task, words, op, For::Requeue(lock), span)
        }
        CMP_REQUEUE_PI => requeue_lock(task, words),
        // Who waits to be given a lock cannot be woken without it.
        WAKE | WAKE_BITSET if most > 0 && task.kernel.futexes.lock().needs_lock(key(task.thread, at)) => {
            Err(Errno::EINVAL.into())
        }
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
        LOCK_PI | LOCK_PI2 | TRYLOCK_PI => lock(task, words, op, span),
        UNLOCK_PI => unlock(task, at),
        _ => Err(Errno::ENOSYS.into()),
    }
}

fn key(thread: &Thread, at: Addr) -> Key {
    Key::of(&thread.memory, at)
}

/// When a wait ends at the latest; an error if that has come.
fn until(
    task: &mut Task<'_, '_>,
    timeout: Addr,
    op: FutexOp,
    span: impl Fn(&Task<'_, '_>) -> Reply<Span>,
) -> Reply<Option<u64>> {
    let span = if timeout.is_null() { None } else { Some(span(task)?.ns()?) };
    let realtime = u64::try_from(task.clocks.realtime().0).unwrap_or(0);
    // FUTEX_WAIT takes a time from now, all others one on a clock.
    let is_relative = op.0 & OPERATION == WAIT;
    let is_realtime = op.0 & CLOCK_REALTIME != 0 || op.0 & OPERATION == LOCK_PI;
    let until_ns = task.deadline(|now| {
        let shown = if is_realtime { realtime } else { now };
        span.map(|span| after(now, if is_relative { span } else { span.saturating_sub(shown) }))
    });
    if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) {
        return Err(Errno::ETIMEDOUT.into());
    }
    Ok(until_ns)
}

fn wait(
    task: &mut Task<'_, '_>,
    words: &Words,
    op: FutexOp,
    what: For,
    span: impl Fn(&Task<'_, '_>) -> Reply<Span>,
) -> Reply<u32> {
    let Words { at, value, timeout, .. } = *words;
    let tid = task.tid;
    if task.is_again() && task.kernel.futexes.lock().take_woken(tid).is_some() {
        return Ok(0);
    }
    let is_requeue = matches!(what, For::Requeue(_));
    // Who waits for the lock by now cannot begin anew: the word is another.
    if is_requeue && task.is_again() && task.signals.is_due() && task.kernel.futexes.lock().waits_for_lock(tid) {
        return Err(Errno::EAGAIN.into());
    }
    if !task.is_again() && task.guest.read::<u32>(at)? != value {
        return Err(Errno::EAGAIN.into());
    }
    let until_ns = until(task, timeout, op, span)?;
    if !task.is_again() {
        let key = key(task.thread, at);
        task.kernel.futexes.lock().wait(key, tid, what);
        task.resume = Some(Resume { is_futex: true, ..Resume::default() });
    }
    let interrupted = match until_ns {
        _ if is_requeue => Interrupted::Insists,
        // One with a timeout is never begun again after a handler.
        Some(_) => Interrupted::Fails,
        None => Interrupted::Restarts,
    };
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
    let new = |old: i32| match operation >> 28 & 7 {
        0 => Some(operand),
        1 => Some(old.wrapping_add(operand)),
        2 => Some(old | operand),
        3 => Some(old & !operand),
        4 => Some(old ^ operand),
        _ => None,
    };
    if new(0).is_none() {
        return Err(Errno::ENOSYS.into());
    }
    let old = task.guest.update(at, |old| new(old.cast_signed()).map(i32::cast_unsigned))?.cast_signed();
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

/// FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_TRYLOCK_PI: a lock whose word is its owner's number, and which is handed over. There are no
/// priorities to inherit, as all threads have the same.
fn lock(
    task: &mut Task<'_, '_>,
    words: &Words,
    op: FutexOp,
    span: impl Fn(&Task<'_, '_>) -> Reply<Span>,
) -> Reply<u32> {
    let Words { at, timeout, .. } = *words;
    let (tid, is_try) = (task.tid, op.0 & OPERATION == TRYLOCK_PI);
    if task.is_again() && task.kernel.futexes.lock().take_woken(tid).is_some() {
        return Ok(0);
    }
    if !task.is_again() {
        let was = task.guest.update(at, |word| match word & TID_MASK {
            0 => Some(word | tid),
            owner if owner == tid || is_try => None,
            _ => Some(word | WAITERS),
        })?;
        match was & TID_MASK {
            0 => return Ok(0),
            owner if owner == tid => return Err(Errno::EDEADLK.into()),
            _ if is_try => return Err(Errno::EAGAIN.into()),
            owner if task.kernel.table.lock().of_thread(owner).is_none() => return Err(Errno::ESRCH.into()),
            _ => {}
        }
    }
    let until_ns = until(task, timeout, op, span)?;
    if !task.is_again() {
        let key = key(task.thread, at);
        task.kernel.futexes.lock().wait(key, tid, For::Lock);
        task.resume = Some(Resume { is_futex: true, ..Resume::default() });
    }
    task.block(Wait::until(until_ns), Interrupted::Insists)
}

/// FUTEX_CMP_REQUEUE_PI: gives the first that waits (FUTEX_WAIT_REQUEUE_PI) a lock if that is nobody's, and has the others wait
/// for it.
fn requeue_lock(task: &mut Task<'_, '_>, words: &Words) -> Reply<u32> {
    let Words { at, value, timeout, other, third } = *words;
    if value != 1 {
        return Err(Errno::EINVAL.into());
    }
    if task.guest.read::<u32>(at)? != third {
        return Err(Errno::EAGAIN.into());
    }
    let (from, to) = (key(task.thread, at), key(task.thread, other));
    let Some(first) = task.kernel.futexes.lock().first_to_lock(from, to)? else { return Ok(0) };
    let most = timeout.0;
    let waiters = if most > 0 { WAITERS } else { 0 };
    let was = task.guest.update(other, |word| match word & TID_MASK {
        0 => Some(word | first | waiters),
        owner if owner == first => None,
        _ => Some(word | WAITERS),
    })?;
    let mut woken = 0;
    match was & TID_MASK {
        0 => {
            task.kernel.futexes.lock().give_lock(from);
            task.kernel.table.lock().wake(first);
            woken = 1;
        }
        owner if owner == first => return Err(Errno::EDEADLK.into()),
        owner if task.kernel.table.lock().of_thread(owner).is_none() => return Err(Errno::ESRCH.into()),
        _ => {}
    }
    // The one that would have been woken is moved beside as many as may be.
    let moved = most.saturating_add(1 - woken);
    Ok(woken + task.kernel.futexes.lock().requeue_lock(from, to, moved)?)
}

/// Words that futex_waitv(2) waits for (FUTEX_WAITV_MAX).
const WORDS_MAX: u32 = 128;
/// FUTEX_32, FUTEX_PRIVATE_FLAG
const IS_WORD: u32 = 2;
const IS_PRIVATE: u32 = 128;

/// futex_waitv(2): waits for any of several words; which it was.
pub(super) fn futex_waitv(
    task: &mut Task<'_, '_>,
    words: InList<FutexWaitv>,
    count: u32,
    flags: Bits,
    timeout: In<Timespec64>,
    clock: ClockId,
) -> Reply<u32> {
    if flags.0 != 0 || !(1..=WORDS_MAX).contains(&count) || words.0.is_null() {
        return Err(Errno::EINVAL.into());
    }
    let timeout_ns = timeout.optional(task.guest)?.map(|time| Span::from(time).ns()).transpose()?;
    if timeout_ns.is_some() && clock.0 > 1 {
        return Err(Errno::EINVAL.into());
    }
    let tid = task.tid;
    if task.is_again()
        && let Some(index) = task.kernel.futexes.lock().take_woken(tid)
    {
        return Ok(index);
    }
    let realtime = u64::try_from(task.clocks.realtime().0).unwrap_or(0);
    let until_ns = task.deadline(|now| {
        let shown = if clock.0 == 0 { realtime } else { now };
        timeout_ns.map(|timeout| after(now, timeout.saturating_sub(shown)))
    });
    if !task.is_again() {
        let mut keys = Vec::new();
        for word in words.read(task.guest, count)? {
            let at = u32::try_from(word.uaddr).map(Addr).map_err(|_| Errno::EFAULT)?;
            let wanted = u32::try_from(word.val);
            if word.flags & !IS_PRIVATE != IS_WORD || word.reserved != 0 || wanted.is_err() || !at.0.is_multiple_of(4) {
                return Err(Errno::EINVAL.into());
            }
            keys.push((at, wanted.unwrap_or(0)));
        }
        for (at, wanted) in &keys {
            if task.guest.read::<u32>(*at)? != *wanted {
                return Err(Errno::EAGAIN.into());
            }
        }
        let mut futexes = task.kernel.futexes.lock();
        for (index, (at, _)) in (0..).zip(&keys) {
            let key = key(task.thread, *at);
            if index == 0 {
                futexes.wait(key, tid, For::Bits(u32::MAX));
            } else {
                futexes.wait_also(key, tid, index);
            }
        }
        drop(futexes);
        task.resume = Some(Resume { is_futex: true, ..Resume::default() });
    }
    if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) {
        return Err(Errno::ETIMEDOUT.into());
    }
    task.block_by(until_ns, Wait::default(), Interrupted::Restarts)
}

/// FUTEX_UNLOCK_PI
fn unlock(task: &mut Task<'_, '_>, at: Addr) -> Reply<u32> {
    if task.guest.read::<u32>(at)? & TID_MASK != task.tid {
        return Err(Errno::EPERM.into());
    }
    hand_over(task.thread, task.guest, at, 0)?;
    Ok(0)
}

/// A lock is the next one's who waits for it, or nobody's; its word has these bits besides.
fn hand_over(thread: &Thread, guest: &mut Guest<'_>, at: Addr, bits: u32) -> core::result::Result<(), BadAddress> {
    let next = thread.kernel.futexes.lock().hand_over(key(thread, at));
    let word = next.map_or(0, |(tid, is_more)| tid | if is_more { WAITERS } else { 0 });
    guest.update(at, |_| Some(word | bits))?;
    if let Some((tid, _)) = next {
        thread.kernel.table.lock().wake(tid);
    }
    Ok(())
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
            let at = entry & !1;
            if at == head.0 {
                break;
            }
            let next: u32 = guest.read(Addr(at))?;
            if at != pending & !1 {
                self.leave_lock(guest, Addr(at.wrapping_add(offset)), entry & 1 != 0)?;
            }
            entry = next;
        }
        if pending & !1 != 0 {
            self.leave_lock(guest, Addr((pending & !1).wrapping_add(offset)), pending & 1 != 0)?;
        }
        Ok(())
    }

    /// The owner of a lock is over: whoever comes next is told, or is given it if it is one that is handed over.
    fn leave_lock(
        &mut self,
        guest: &mut Guest<'_>,
        at: Addr,
        is_handed_over: bool,
    ) -> core::result::Result<(), BadAddress> {
        if !at.0.is_multiple_of(4) {
            return Err(BadAddress(at));
        }
        let is_own = |word: u32| word & TID_MASK == self.tid;
        if is_handed_over {
            return if is_own(guest.read(at)?) { hand_over(self, guest, at, OWNER_DIED) } else { Ok(()) };
        }
        let word = guest.update(at, |word| is_own(word).then_some(word & WAITERS | OWNER_DIED))?;
        if is_own(word) && word & WAITERS != 0 {
            let key = key(self, at);
            wake_key(self, key, 1, u32::MAX);
        }
        Ok(())
    }
}
