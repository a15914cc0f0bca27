//! Scheduling: one thread of ordinary priority.

use crate::flags::Bits;
use crate::reply::Reply;
use crate::syscall::process::check_thread;
use crate::task::Task;
use abi::structs::system::SchedParam;
use abi::structs::time::{Timespec, Timespec64};
use abi::{Addr, In, Out, OutBytes};
use alloc::vec;
use vfs::Errno;

/// SCHED_FIFO and SCHED_RR.
const REALTIME: [u32; 2] = [1, 2];

/// nice(2): returns the new value.
pub(super) fn nice(_task: &mut Task<'_, '_>, increment: i32) -> Reply<u32> {
    if increment < 0 { Err(Errno::EPERM.into()) } else { Ok(0) }
}

/// getpriority(2): the system call returns 20 less the value, which is 0.
pub(super) fn getpriority(task: &mut Task<'_, '_>, which: u32, who: u32) -> Reply<u32> {
    check_who(task, which, who)?;
    Ok(20)
}

/// setpriority(2)
pub(super) fn setpriority(task: &mut Task<'_, '_>, which: u32, who: u32, priority: i32) -> Reply<()> {
    check_who(task, which, who)?;
    if priority < 0 && !task.credentials.is_privileged() { Err(Errno::EACCES.into()) } else { Ok(()) }
}

fn check_who(task: &Task<'_, '_>, which: u32, who: u32) -> Reply<()> {
    match which {
        0 | 1 => check_thread(task, who.cast_signed()),
        2 => Ok(()),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// sched_setparam(2)
pub(super) fn sched_setparam(task: &mut Task<'_, '_>, pid: i32, param: In<SchedParam>) -> Reply<()> {
    sched_setscheduler(task, pid, 0, param)
}

/// sched_getparam(2)
pub(super) fn sched_getparam(task: &mut Task<'_, '_>, pid: i32, param: Out<SchedParam>) -> Reply<()> {
    check_thread(task, pid)?;
    Ok(param.write(task.guest, &SchedParam { sched_priority: 0 })?)
}

/// sched_setscheduler(2)
pub(super) fn sched_setscheduler(task: &mut Task<'_, '_>, pid: i32, policy: u32, param: In<SchedParam>) -> Reply<()> {
    check_thread(task, pid)?;
    let priority = param.read(task.guest)?.sched_priority;
    match policy & !0x4000_0000 {
        0 | 3 | 5 if priority == 0 => Ok(()),
        policy if REALTIME.contains(&policy) => Err(Errno::EPERM.into()),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// sched_getscheduler(2)
pub(super) fn sched_getscheduler(task: &mut Task<'_, '_>, pid: i32) -> Reply<u32> {
    check_thread(task, pid)?;
    Ok(0)
}

/// sched_yield(2)
pub(super) fn sched_yield(_task: &mut Task<'_, '_>) -> Reply<()> {
    Ok(())
}

/// sched_get_priority_max(2)
pub(super) fn sched_get_priority_max(_task: &mut Task<'_, '_>, policy: u32) -> Reply<u32> {
    match policy {
        0 | 3 | 5 => Ok(0),
        policy if REALTIME.contains(&policy) => Ok(99),
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

/// sched_setaffinity(2)
pub(super) fn sched_setaffinity(task: &mut Task<'_, '_>, pid: i32, length: u32, mask: Addr) -> Reply<()> {
    check_thread(task, pid)?;
    let bytes = task.guest.bytes(mask, length.min(128))?;
    if bytes.iter().all(|byte| *byte == 0) { Err(Errno::EINVAL.into()) } else { Ok(()) }
}

/// sched_getaffinity(2): returns the bytes of the mask.
pub(super) fn sched_getaffinity(task: &mut Task<'_, '_>, pid: i32, length: u32, mask: OutBytes) -> Reply<u32> {
    check_thread(task, pid)?;
    let words = task.kernel.processors.div_ceil(32);
    let bytes = 4 * words;
    if length < bytes || !length.is_multiple_of(4) {
        return Err(Errno::EINVAL.into());
    }
    let mut bits = vec![0_u32; words as usize];
    for processor in 0..task.kernel.processors {
        bits[(processor / 32) as usize] |= 1 << (processor % 32);
    }
    let endian = task.guest.endian;
    let bits: alloc::vec::Vec<u8> = bits.iter().flat_map(|word| endian.bytes32(*word)).collect();
    mask.write(task.guest, &bits)?;
    Ok(bytes)
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
