//! Scheduling: what threads ask for is remembered ([`Schedule`]), and nobody goes by it.

use crate::flags::Bits;
use crate::process::Schedule;
use crate::reply::Reply;
use crate::syscall::process::check_thread;
use crate::task::Task;
use abi::structs::system::SchedParam;
use abi::structs::time::{Timespec, Timespec64};
use abi::{Addr, In, Out, OutBytes, State};
use alloc::vec;
use alloc::vec::Vec;
use vfs::Errno;

/// Whom getpriority(2) is about.
const PRIO_PROCESS: u32 = 0;
const PRIO_PGRP: u32 = 1;
const PRIO_USER: u32 = 2;

/// The lowest and the highest nice value.
const NICE: (i32, i32) = (-20, 19);

/// A flag beside the policy.
const SCHED_RESET_ON_FORK: u32 = 0x4000_0000;

/// Processors in a word of a mask.
const WORD_BITS: u32 = 32;

/// nice(2): 0; what the value became is for getpriority(2) to tell.
pub(super) fn nice(task: &mut Task<'_, '_>, increment: i32) -> Reply<()> {
    let least = least_nice(task);
    of_whom(task, PRIO_PROCESS, 0, |_, schedule| {
        let wanted = schedule.nice.saturating_add(increment).clamp(NICE.0, NICE.1);
        if wanted < schedule.nice && wanted < least {
            return Err(Errno::EPERM);
        }
        schedule.nice = wanted;
        Ok(())
    })
}

/// getpriority(2): the system call returns 20 less the lowest value.
pub(super) fn getpriority(task: &mut Task<'_, '_>, which: u32, who: u32) -> Reply<u32> {
    let mut lowest = NICE.1;
    of_whom(task, which, who, |_, schedule| {
        lowest = lowest.min(schedule.nice);
        Ok(())
    })?;
    Ok((20 - lowest).cast_unsigned())
}

/// setpriority(2)
pub(super) fn setpriority(task: &mut Task<'_, '_>, which: u32, who: u32, priority: i32) -> Reply<()> {
    let wanted = priority.clamp(NICE.0, NICE.1);
    let (least, user) = (least_nice(task), task.credentials.user);
    let is_privileged = task.credentials.is_privileged();
    of_whom(task, which, who, |owner, schedule| {
        if !is_privileged && owner != user.real && owner != user.effective {
            return Err(Errno::EPERM);
        }
        if wanted < schedule.nice && wanted < least {
            return Err(Errno::EACCES);
        }
        schedule.nice = wanted;
        Ok(())
    })
}

/// The lowest nice value that a process may give itself (RLIMIT_NICE).
fn least_nice(task: &Task<'_, '_>) -> i32 {
    let limit = task.process.limits.lock().nice();
    if task.credentials.is_privileged() { NICE.0 } else { 20 - i32::try_from(limit).unwrap_or(40) }
}

/// Looks at the schedule, and the user, of each thread that getpriority(2) means. ESRCH if there is none.
fn of_whom(
    task: &Task<'_, '_>,
    which: u32,
    who: u32,
    mut look: impl FnMut(u32, &mut Schedule) -> Result<(), Errno>,
) -> Reply<()> {
    let mut table = task.kernel.table.lock();
    let own = match which {
        PRIO_PROCESS => task.tid,
        PRIO_PGRP => table.get(task.process.pid).map_or(0, |member| member.group),
        PRIO_USER => task.credentials.user.real,
        _ => return Err(Errno::EINVAL.into()),
    };
    let wanted = if who == 0 { own } else { who };
    let mut outcome = Err(Errno::ESRCH);
    for member in table.iter_mut() {
        let (group, user) = (member.group, member.users.0);
        for (tid, thread) in &mut member.threads {
            if wanted == [*tid, group, user][which as usize] {
                // As on Linux, the last refusal is the outcome.
                let done = look(user, &mut thread.schedule);
                outcome = if outcome == Err(Errno::ESRCH) { done } else { done.and(outcome) };
            }
        }
    }
    Ok(outcome?)
}

fn check_who(task: &Task<'_, '_>, which: u32, who: u32) -> Reply<()> {
    of_whom(task, which, who, |_, _| Ok(()))
}

/// Looks at a thread's schedule; 0 is the caller. ESRCH if there is none.
fn of_thread<T>(task: &Task<'_, '_>, tid: i32, look: impl FnOnce(&mut Schedule) -> T) -> Reply<T> {
    let tid = if tid == 0 { task.tid } else { tid.cast_unsigned() };
    let mut table = task.kernel.table.lock();
    Ok(table.thread_mut(tid).map(|thread| look(&mut thread.schedule)).ok_or(Errno::ESRCH)?)
}

/// sched_setparam(2)
pub(super) fn sched_setparam(task: &mut Task<'_, '_>, tid: i32, param: In<SchedParam>) -> Reply<()> {
    let policy = sched_getscheduler(task, tid)?;
    sched_setscheduler(task, tid, policy, param)
}

/// sched_getparam(2)
pub(super) fn sched_getparam(task: &mut Task<'_, '_>, tid: i32, param: Out<SchedParam>) -> Reply<()> {
    let sched_priority = of_thread(task, tid, |schedule| schedule.priority)?;
    Ok(param.write(task.guest, &SchedParam { sched_priority })?)
}

/// sched_setscheduler(2)
pub(super) fn sched_setscheduler(task: &mut Task<'_, '_>, tid: i32, policy: u32, param: In<SchedParam>) -> Reply<()> {
    let (resets, policy) = (policy & SCHED_RESET_ON_FORK != 0, policy & !SCHED_RESET_ON_FORK);
    let priority = param.read(task.guest)?.sched_priority;
    let most = sched_get_priority_max(task, policy)?.cast_signed();
    if priority < most.min(1) || priority > most {
        return Err(Errno::EINVAL.into());
    }
    let limit = i32::try_from(task.process.limits.lock().priority()).unwrap_or(i32::MAX);
    let may = task.credentials.is_privileged() || priority <= limit;
    of_thread(task, tid, |schedule| {
        if !may && priority > schedule.priority {
            return Err(Errno::EPERM.into());
        }
        (schedule.policy, schedule.priority, schedule.resets) = (policy, priority, resets);
        Ok(())
    })?
}

/// sched_getscheduler(2)
pub(super) fn sched_getscheduler(task: &mut Task<'_, '_>, tid: i32) -> Reply<u32> {
    of_thread(task, tid, |schedule| schedule.policy | if schedule.resets { SCHED_RESET_ON_FORK } else { 0 })
}

/// sched_yield(2)
pub(super) fn sched_yield(task: &mut Task<'_, '_>) -> Reply<()> {
    if task.kernel.is_crowded() {
        task.state.poll = State::POLL_NOW;
        task.has_yielded = true;
    }
    Ok(())
}

/// sched_get_priority_max(2)
pub(super) fn sched_get_priority_max(_task: &mut Task<'_, '_>, policy: u32) -> Reply<u32> {
    match policy {
        0 | 3 | 5 => Ok(0),
        policy if Schedule::is_realtime(policy) => Ok(99),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// sched_get_priority_min(2)
pub(super) fn sched_get_priority_min(task: &mut Task<'_, '_>, policy: u32) -> Reply<u32> {
    Ok(sched_get_priority_max(task, policy)?.min(1))
}

/// sched_rr_get_interval(2)
pub(super) fn sched_rr_get_interval(task: &mut Task<'_, '_>, pid: i32, interval: Out<Timespec>) -> Reply<()> {
    check_thread(task, pid)?;
    Ok(interval.write(task.guest, &Timespec::default())?)
}

/// sched_rr_get_interval_time64(2)
pub(super) fn sched_rr_get_interval_time64(task: &mut Task<'_, '_>, pid: i32, interval: Out<Timespec64>) -> Reply<()> {
    check_thread(task, pid)?;
    Ok(interval.write(task.guest, &Timespec64::default())?)
}

/// The processors that there are, as bits of words.
fn processors(task: &Task<'_, '_>) -> Vec<u32> {
    let mut words = vec![0; task.kernel.processors.div_ceil(WORD_BITS) as usize];
    for processor in 0..task.kernel.processors {
        words[(processor / WORD_BITS) as usize] |= 1 << (processor % WORD_BITS);
    }
    words
}

/// sched_setaffinity(2): of the mask, only processors that there are count.
pub(super) fn sched_setaffinity(task: &mut Task<'_, '_>, tid: i32, length: u32, mask: Addr) -> Reply<()> {
    let mut wanted = processors(task);
    let mut bytes = task.guest.bytes(mask, length.min(4 * u32::try_from(wanted.len()).unwrap_or(u32::MAX)))?.to_vec();
    bytes.resize(4 * wanted.len(), 0);
    let endian = task.guest.endian;
    for (word, bytes) in wanted.iter_mut().zip(bytes.chunks_exact(4)) {
        *word &= endian.u32([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    let is_empty = wanted.iter().all(|word| *word == 0);
    of_thread(task, tid, |schedule| {
        if is_empty {
            return Err(Errno::EINVAL.into());
        }
        schedule.affinity = wanted;
        Ok(())
    })?
}

/// sched_getaffinity(2): returns the bytes of the mask.
pub(super) fn sched_getaffinity(task: &mut Task<'_, '_>, tid: i32, length: u32, mask: OutBytes) -> Reply<u32> {
    let mut words = of_thread(task, tid, |schedule| schedule.affinity.clone())?;
    if words.is_empty() {
        words = processors(task);
    }
    let endian = task.guest.endian;
    let bytes: Vec<u8> = words.iter().flat_map(|word| endian.bytes32(*word)).collect();
    let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    if length < count || !length.is_multiple_of(4) {
        return Err(Errno::EINVAL.into());
    }
    mask.write(task.guest, &bytes)?;
    Ok(count)
}

/// getcpu(2)
pub(super) fn getcpu(task: &mut Task<'_, '_>, cpu: Out<u32>, node: Out<u32>, _unused: Addr) -> Reply<()> {
    cpu.optional(task.guest, &0)?;
    Ok(node.optional(task.guest, &0)?)
}

/// ioprio_set(2)
pub(super) fn ioprio_set(task: &mut Task<'_, '_>, which: u32, who: u32, _priority: Bits) -> Reply<()> {
    check_who(task, which.wrapping_sub(1), who)
}

/// ioprio_get(2)
pub(super) fn ioprio_get(task: &mut Task<'_, '_>, which: u32, who: u32) -> Reply<u32> {
    check_who(task, which.wrapping_sub(1), who)?;
    Ok(0)
}
