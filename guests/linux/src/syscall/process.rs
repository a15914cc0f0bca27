//! The process itself: identity in the tree, ending, settings.

use crate::flags::{Bits, Fd, SigNum};
use crate::pidfd::PidFd;
use crate::proc::process_of;
use crate::process::{Member, Target};
use crate::reply::{ExitStatus, Reply, Stop};
use crate::signal::Signal;
use crate::syscall::memory::all_code_changed;
use crate::task::Task;
use abi::layout::Text;
use abi::structs::signal::Siginfo;
use abi::{Addr, In, Out, o32};
use vfs::Errno;

/// exit(2): of this thread.
pub(super) fn exit(_task: &mut Task<'_, '_>, status: i32) -> Reply<()> {
    Err(Stop::Exit(ExitStatus::Code((status & 0xff) as u8)))
}

/// exit_group(2)
pub(super) fn exit_group(_task: &mut Task<'_, '_>, status: i32) -> Reply<()> {
    Err(Stop::ExitAll(ExitStatus::Code((status & 0xff) as u8)))
}

/// getpid(2)
pub(super) fn getpid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.process.pid)
}

/// gettid(2)
pub(super) fn gettid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.tid)
}

/// getppid(2)
pub(super) fn getppid(task: &mut Task<'_, '_>) -> Reply<u32> {
    member(task, 0, |member| member.parent)
}

/// Looks at a process; 0 is the caller's. ESRCH if there is none.
pub(super) fn member<T>(task: &Task<'_, '_>, pid: i32, look: impl FnOnce(&mut Member) -> T) -> Reply<T> {
    let pid = if pid == 0 { task.process.pid } else { pid.cast_unsigned() };
    task.kernel.table.lock().get_mut(pid).map(look).ok_or(Stop::Errno(Errno::ESRCH))
}

/// Whether there is such a thread; 0 is the caller.
pub(super) fn check_thread(task: &Task<'_, '_>, tid: i32) -> Reply<()> {
    if tid == 0 || tid.cast_unsigned() == task.tid {
        return Ok(());
    }
    let is_there = task.kernel.table.lock().of_thread(tid.cast_unsigned()).is_some();
    if is_there { Ok(()) } else { Err(Errno::ESRCH.into()) }
}

/// getpgrp(2)
pub(super) fn getpgrp(task: &mut Task<'_, '_>) -> Reply<u32> {
    getpgid(task, 0)
}

/// getpgid(2)
pub(super) fn getpgid(task: &mut Task<'_, '_>, pid: i32) -> Reply<u32> {
    member(task, pid, |member| member.group)
}

/// setpgid(2)
pub(super) fn setpgid(task: &mut Task<'_, '_>, pid: i32, group: i32) -> Reply<()> {
    if pid < 0 || group < 0 {
        return Err(Errno::EINVAL.into());
    }
    let own = task.process.pid;
    let pid = if pid == 0 { own } else { pid.cast_unsigned() };
    let group = if group == 0 { pid } else { group.cast_unsigned() };
    let mut table = task.kernel.table.lock();
    let session = table.get(own).map_or(0, |member| member.session);
    let member = table.get(pid).filter(|member| pid == own || member.parent == own).ok_or(Errno::ESRCH)?;
    if member.session != session || member.session == pid {
        return Err(Errno::EPERM.into());
    }
    if pid != own && member.has_executed {
        return Err(Errno::EACCES.into());
    }
    let is_known = group == pid || table.iter().any(|(_, member)| member.group == group && member.session == session);
    if !is_known {
        return Err(Errno::EPERM.into());
    }
    if let Some(member) = table.get_mut(pid) {
        member.group = group;
    }
    Ok(())
}

/// getsid(2)
pub(super) fn getsid(task: &mut Task<'_, '_>, pid: i32) -> Reply<u32> {
    member(task, pid, |member| member.session)
}

/// setsid(2)
pub(super) fn setsid(task: &mut Task<'_, '_>) -> Reply<u32> {
    let pid = task.process.pid;
    let mut table = task.kernel.table.lock();
    if table.iter().any(|(_, member)| member.group == pid) {
        return Err(Errno::EPERM.into());
    }
    if let Some(member) = table.get_mut(pid) {
        (member.session, member.group) = (pid, pid);
    }
    Ok(pid)
}

/// personality(2)
pub(super) fn personality(_task: &mut Task<'_, '_>, persona: Bits) -> Reply<u32> {
    if persona.0 == 0 || persona.0 == u32::MAX { Ok(0) } else { Err(Errno::EINVAL.into()) }
}

/// set_tid_address(2)
pub(super) fn set_tid_address(task: &mut Task<'_, '_>, at: Addr) -> Reply<u32> {
    task.clear_tid = at;
    Ok(task.tid)
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
    if pid != 0 && pid.cast_unsigned() != task.tid {
        check_thread(task, pid)?;
        return Err(Errno::EPERM.into());
    }
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
            Ok(task.guest.update(at, |_| Some(second.0))?)
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
        // PR_SET_PDEATHSIG, PR_GET_PDEATHSIG
        1 if first.0 <= 128 => {
            let signal = Signal::from_number(first.0);
            member(task, 0, |member| member.parent_death_signal = signal)?;
            Ok(0)
        }
        2 => {
            let signal = member(task, 0, |member| member.parent_death_signal)?;
            let number = signal.map_or(0, |signal| u32::from(signal.number()));
            task.guest.write(Addr(first.0), &number)?;
            Ok(0)
        }
        // PR_GET_DUMPABLE, PR_SET_DUMPABLE
        3 => Ok(task.process.settings.lock()[0]),
        4 if first.0 <= 1 => {
            task.process.settings.lock()[0] = first.0;
            Ok(0)
        }
        // PR_GET_KEEPCAPS, PR_SET_KEEPCAPS
        7 | 8 => Ok(0),
        // PR_SET_NAME, PR_GET_NAME
        15 => {
            let name = task.guest.space.read_string(Addr(first.0), 4095)?.unwrap_or_default();
            task.set_name(&name);
            Ok(0)
        }
        16 => {
            let name: Text<NAME_BYTES> = Text::new(&task.name());
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
            task.process.settings.lock()[1] = 1;
            Ok(0)
        }
        39 if (first.0, second.0, third.0, fourth.0) == (0, 0, 0, 0) => Ok(task.process.settings.lock()[1]),
        // PR_SET_FP_MODE, PR_GET_FP_MODE: the mode of the file stays.
        45 if first.0 == u32::from(o32::has_fr1(task.state)) => Ok(0),
        45 => Err(Errno::EOPNOTSUPP.into()),
        46 => Ok(u32::from(o32::has_fr1(task.state))),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// pidfd_open(2)
pub(super) fn pidfd_open(task: &mut Task<'_, '_>, pid: i32, flags: Bits) -> Reply<Fd> {
    /// PIDFD_NONBLOCK
    const NONBLOCK: u32 = 0x80;
    if pid <= 0 || flags.0 & !NONBLOCK != 0 {
        return Err(Errno::EINVAL.into());
    }
    member(task, pid, |_| ())?;
    Ok(PidFd::open(task, pid.cast_unsigned(), flags.0 & NONBLOCK != 0)?)
}

/// pidfd_send_signal(2)
pub(super) fn pidfd_send_signal(
    task: &mut Task<'_, '_>,
    fd: Fd,
    signal: SigNum,
    info: In<Siginfo>,
    flags: Bits,
) -> Reply<()> {
    if flags.0 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let description = task.description(fd)?;
    // The directory of a process in /proc does as well.
    description.file()?;
    let pid = PidFd::pid_of(&description).or_else(|errno| process_of(description.node()).ok_or(errno))?;
    super::signal::send_with(task, Target::Process(pid), signal, info)
}
