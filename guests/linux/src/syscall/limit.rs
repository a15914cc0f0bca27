//! Resource limits.

use crate::flags::Resource;
use crate::limits::INFINITY;
use crate::process::Process;
use crate::reply::Reply;
use crate::syscall::process::member;
use crate::task::Task;
use abi::structs::system::{Rlimit, Rlimit64};
use abi::{In, Out};
use vfs::{Errno, Result};

/// RLIM_INFINITY of o32.
const INFINITY_32: u32 = 0x7fff_ffff;

fn get(process: &Process, resource: Resource) -> Result<(u64, u64)> {
    process.limits.lock().get(resource.0 as usize).ok_or(Errno::EINVAL)
}

fn set(task: &mut Task<'_, '_>, process: &Process, resource: Resource, (soft, hard): (u64, u64)) -> Reply<()> {
    let (_, old_hard) = get(process, resource)?;
    if soft > hard {
        return Err(Errno::EINVAL.into());
    }
    if hard > old_hard && !task.credentials.is_privileged() {
        return Err(Errno::EPERM.into());
    }
    let mut limits = process.limits.lock();
    limits.set(resource.0 as usize, (soft, hard));
    if process.pid == task.process.pid {
        task.memory.lock().bytes_max = limits.address_space();
    }
    Ok(())
}

/// getrlimit(2)
pub(super) fn getrlimit(task: &mut Task<'_, '_>, resource: Resource, limit: Out<Rlimit>) -> Reply<()> {
    let fit = |limit: u64| u32::try_from(limit).map_or(INFINITY_32, |limit| limit.min(INFINITY_32));
    let (soft, hard) = get(&task.process, resource)?;
    Ok(limit.write(task.guest, &Rlimit { rlim_cur: fit(soft), rlim_max: fit(hard) })?)
}

/// setrlimit(2)
pub(super) fn setrlimit(task: &mut Task<'_, '_>, resource: Resource, limit: In<Rlimit>) -> Reply<()> {
    let widen = |limit: u32| if limit >= INFINITY_32 { INFINITY } else { u64::from(limit) };
    let limit = limit.read(task.guest)?;
    let process = task.process.clone();
    set(task, &process, resource, (widen(limit.rlim_cur), widen(limit.rlim_max)))
}

/// prlimit64(2)
pub(super) fn prlimit64(
    task: &mut Task<'_, '_>,
    pid: i32,
    resource: Resource,
    new: In<Rlimit64>,
    old: Out<Rlimit64>,
) -> Reply<()> {
    let process = member(task, pid, |member| member.process.clone())?;
    let (rlim_cur, rlim_max) = get(&process, resource)?;
    if let Some(new) = new.optional(task.guest)? {
        set(task, &process, resource, (new.rlim_cur, new.rlim_max))?;
    }
    Ok(old.optional(task.guest, &Rlimit64 { rlim_cur, rlim_max })?)
}
