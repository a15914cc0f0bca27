//! The process itself: identity in the tree, ending, settings, and the calls that threads would need.

use crate::flags::Bits;
use crate::reply::{ExitStatus, Reply, Stop};
use crate::syscall::memory::all_code_changed;
use crate::task::Task;
use abi::layout::Text;
use abi::{Addr, Out, o32};
use vfs::Errno;

/// exit(2): the one thread is the process.
pub(super) fn exit(task: &mut Task<'_, '_>, status: i32) -> Reply<()> {
    exit_group(task, status)
}

/// exit_group(2)
pub(super) fn exit_group(_task: &mut Task<'_, '_>, status: i32) -> Reply<()> {
    Err(Stop::Exit(ExitStatus::Code((status & 0xff) as u8)))
}

/// getpid(2)
pub(super) fn getpid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.pid)
}

/// gettid(2)
pub(super) fn gettid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.pid)
}

/// getppid(2)
pub(super) fn getppid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.parent)
}

/// Refuses a process that is not this one.
pub(super) fn check_self(task: &Task<'_, '_>, pid: i32) -> Reply<()> {
    if pid == 0 || pid.cast_unsigned() == task.pid { Ok(()) } else { Err(Errno::ESRCH.into()) }
}

/// getpgrp(2)
pub(super) fn getpgrp(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.credentials.process_group)
}

/// getpgid(2)
pub(super) fn getpgid(task: &mut Task<'_, '_>, pid: i32) -> Reply<u32> {
    check_self(task, pid)?;
    Ok(task.credentials.process_group)
}

/// setpgid(2)
pub(super) fn setpgid(task: &mut Task<'_, '_>, pid: i32, group: i32) -> Reply<()> {
    if group < 0 {
        return Err(Errno::EINVAL.into());
    }
    check_self(task, pid)?;
    let group = if group == 0 { task.pid } else { group.cast_unsigned() };
    // A session leader stays in its group, and there is no other group to join.
    if task.credentials.session == task.pid || group != task.pid {
        return Err(Errno::EPERM.into());
    }
    task.credentials.process_group = group;
    Ok(())
}

/// getsid(2)
pub(super) fn getsid(task: &mut Task<'_, '_>, pid: i32) -> Reply<u32> {
    check_self(task, pid)?;
    Ok(task.credentials.session)
}

/// setsid(2)
pub(super) fn setsid(task: &mut Task<'_, '_>) -> Reply<u32> {
    if task.credentials.process_group == task.pid {
        return Err(Errno::EPERM.into());
    }
    (task.credentials.session, task.credentials.process_group) = (task.pid, task.pid);
    Ok(task.pid)
}

/// waitpid(2)
pub(super) fn waitpid(_task: &mut Task<'_, '_>, _pid: i32, _status: Addr, _options: Bits) -> Reply<u32> {
    Err(Errno::ECHILD.into())
}

/// wait4(2)
pub(super) fn wait4(_task: &mut Task<'_, '_>, _pid: i32, _status: Addr, _options: Bits, _usage: Addr) -> Reply<u32> {
    Err(Errno::ECHILD.into())
}

/// waitid(2)
pub(super) fn waitid(
    _task: &mut Task<'_, '_>,
    kind: u32,
    _id: u32,
    _info: Addr,
    options: Bits,
    _usage: Addr,
) -> Reply<()> {
    // WEXITED, WSTOPPED or WCONTINUED must be asked for.
    if kind > 3 || options.0 & 0xe == 0 { Err(Errno::EINVAL.into()) } else { Err(Errno::ECHILD.into()) }
}

/// personality(2)
pub(super) fn personality(_task: &mut Task<'_, '_>, persona: Bits) -> Reply<u32> {
    if persona.0 == 0 || persona.0 == u32::MAX { Ok(0) } else { Err(Errno::EINVAL.into()) }
}

/// set_tid_address(2)
pub(super) fn set_tid_address(task: &mut Task<'_, '_>, at: Addr) -> Reply<u32> {
    task.clear_tid = at;
    Ok(task.pid)
}

/// set_thread_area(2): the thread pointer, which RDHWR $29 reads.
pub(super) fn set_thread_area(task: &mut Task<'_, '_>, at: Addr) -> Reply<()> {
    o32::set_thread_pointer(task.state, at);
    Ok(())
}

/// Bytes of `struct robust_list_head`.
const ROBUST_LIST_BYTES: u32 = 12;

/// set_robust_list(2)
pub(super) fn set_robust_list(task: &mut Task<'_, '_>, head: Addr, length: u32) -> Reply<()> {
    if length != ROBUST_LIST_BYTES {
        return Err(Errno::EINVAL.into());
    }
    task.robust_list = (head, length);
    Ok(())
}

/// get_robust_list(2)
pub(super) fn get_robust_list(task: &mut Task<'_, '_>, pid: i32, head: Out<Addr>, length: Out<u32>) -> Reply<()> {
    check_self(task, pid)?;
    let list = task.robust_list.0;
    length.write(task.guest, &ROBUST_LIST_BYTES)?;
    Ok(head.write(task.guest, &list)?)
}

/// rseq(2)
pub(super) fn rseq(_task: &mut Task<'_, '_>, _area: Addr, _length: u32, _flags: Bits, _signature: Bits) -> Reply<()> {
    Err(Errno::ENOSYS.into())
}

/// sysmips(2) (asm/sysmips.h)
pub(super) fn sysmips(task: &mut Task<'_, '_>, command: u32, first: Bits, second: Bits, _third: Bits) -> Reply<u32> {
    match command {
        // MIPS_ATOMIC_SET: returns what was there, an error flag never.
        2001 => {
            let at = Addr(first.0);
            if !at.0.is_multiple_of(4) {
                return Err(Errno::EINVAL.into());
            }
            let old: u32 = task.guest.read(at)?;
            task.guest.write(at, &second.0)?;
            Ok(old)
        }
        // MIPS_FIXADE: unaligned accesses are mended; that cannot be turned off.
        7 if first.0 & !3 == 0 => Ok(0),
        // FLUSH_CACHE
        3 => {
            all_code_changed(task);
            Ok(0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

/// prctl(2)
pub(super) fn prctl(
    task: &mut Task<'_, '_>,
    option: u32,
    first: Bits,
    second: Bits,
    third: Bits,
    fourth: Bits,
) -> Reply<u32> {
    /// Longest name of a thread, with its NUL.
    const NAME_BYTES: usize = 16;
    match option {
        // PR_SET_PDEATHSIG
        1 if first.0 <= 128 => Ok(0),
        // PR_GET_PDEATHSIG, PR_GET_KEEPCAPS' neighbours answer into memory or with zero.
        2 => task.guest.write(Addr(first.0), &0_u32).map(|()| 0).map_err(Stop::from),
        // PR_GET_DUMPABLE, PR_SET_DUMPABLE
        3 => Ok(task.settings[0]),
        4 if first.0 <= 1 => {
            task.settings[0] = first.0;
            Ok(0)
        }
        // PR_GET_KEEPCAPS, PR_SET_KEEPCAPS
        7 | 8 => Ok(0),
        // PR_SET_NAME, PR_GET_NAME
        15 => {
            let name = task.guest.space.read_string(Addr(first.0), 4095)?.unwrap_or_default();
            task.program.lock().name = name[..name.len().min(NAME_BYTES - 1)].to_vec();
            Ok(0)
        }
        16 => {
            let name: Text<NAME_BYTES> = Text::new(&task.program.lock().name);
            task.guest.write(Addr(first.0), &name)?;
            Ok(0)
        }
        // PR_GET_SECCOMP, PR_CAPBSET_READ, PR_GET_TIMERSLACK, PR_SET_TIMERSLACK
        21 => Ok(0),
        23 => {
            if first.0 <= 40 {
                Ok(1)
            } else {
                Err(Errno::EINVAL.into())
            }
        }
        29 => Ok(0),
        30 => Ok(50_000),
        // PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS
        38 if (first.0, second.0, third.0, fourth.0) == (1, 0, 0, 0) => {
            task.settings[1] = 1;
            Ok(0)
        }
        39 if (first.0, second.0, third.0, fourth.0) == (0, 0, 0, 0) => Ok(task.settings[1]),
        // PR_SET_FP_MODE, PR_GET_FP_MODE: the mode of the file stays.
        45 if first.0 == u32::from(o32::has_fr1(task.state)) => Ok(0),
        45 => Err(Errno::EOPNOTSUPP.into()),
        46 => Ok(u32::from(o32::has_fr1(task.state))),
        _ => Err(Errno::EINVAL.into()),
    }
}
