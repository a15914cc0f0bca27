//! Making processes and threads: fork and clone.

use crate::clone::{CloneFlags, Request};
use crate::flags::Bits;
use crate::pidfd::PidFd;
use crate::reply::{Reply, Stop};
use crate::signal::Signal;
use crate::task::Task;
use abi::layout::Layout;
use abi::structs::process::CloneArgs;
use abi::{Addr, In};
use vfs::Errno;

/// The part of clone(2)'s flags that is the exit signal (CSIGNAL).
const SIGNAL_MASK: u32 = 0xff;

/// fork(2)
pub(super) fn fork(task: &mut Task<'_, '_>) -> Reply<u32> {
    make(task, Request::FORK)
}

/// clone(2), whose last argument but one is the thread pointer on MIPS (CONFIG_CLONE_BACKWARDS).
pub(super) fn clone(
    task: &mut Task<'_, '_>,
    flags: Bits,
    stack: Addr,
    parent_tid: Addr,
    tls: Addr,
    child_tid: Addr,
) -> Reply<u32> {
    let exit_signal = signal(u64::from(flags.0 & SIGNAL_MASK))?;
    let flags = CloneFlags(u64::from(flags.0 & !SIGNAL_MASK));
    // The descriptor goes where the parent's thread number would.
    if flags.has(CloneFlags::PIDFD) && flags.has(CloneFlags::PARENT_SETTID) {
        return Err(Errno::EINVAL.into());
    }
    make(task, Request { flags, exit_signal, stack, parent_tid, child_tid, pidfd: parent_tid, tls })
}

/// clone3(2)
pub(super) fn clone3(task: &mut Task<'_, '_>, arguments: In<CloneArgs>, size: u32) -> Reply<u32> {
    if size < CloneArgs::BYTES {
        return Err(Errno::EINVAL.into());
    }
    // What later versions have behind it must be unset.
    if size > abi::PAGE_BYTES
        || task.guest.bytes(arguments.addr(), size)?[CloneArgs::BYTES as usize..].iter().any(|byte| *byte != 0)
    {
        return Err(Errno::E2BIG.into());
    }
    let arguments = arguments.read(task.guest)?;
    let pointer = |value: u64| u32::try_from(value).map(Addr).map_err(|_| Errno::EINVAL);
    let has_stack = arguments.stack != 0;
    if has_stack != (arguments.stack_size != 0) {
        return Err(Errno::EINVAL.into());
    }
    let flags = CloneFlags(arguments.flags);
    let is_thread = flags.has(CloneFlags::THREAD) || flags.has(CloneFlags::PARENT);
    if flags.has(CloneFlags::DETACHED) || arguments.flags & u64::from(SIGNAL_MASK) != 0 {
        return Err(Errno::EINVAL.into());
    }
    if is_thread && arguments.exit_signal != 0 {
        return Err(Errno::EINVAL.into());
    }
    let request = Request {
        flags,
        exit_signal: signal(arguments.exit_signal)?,
        stack: pointer(arguments.stack.checked_add(arguments.stack_size).ok_or(Errno::EINVAL)?)?,
        parent_tid: pointer(arguments.parent_tid)?,
        child_tid: pointer(arguments.child_tid)?,
        pidfd: pointer(arguments.pidfd)?,
        tls: pointer(arguments.tls)?,
    };
    make(task, request)
}

fn signal(number: u64) -> Reply<Option<Signal>> {
    if number == 0 {
        return Ok(None);
    }
    let number = u32::try_from(number).map_err(|_| Errno::EINVAL)?;
    Signal::from_number(number).map(Some).ok_or(Stop::Errno(Errno::EINVAL))
}

fn make(task: &mut Task<'_, '_>, request: Request) -> Reply<u32> {
    let mut child = task.begin_child(request)?;
    if request.flags.has(CloneFlags::PIDFD) {
        let fd = PidFd::open(task, child.thread.pid(), false)?;
        child.set_pidfd(fd.0);
    }
    Err(Stop::Clone(child))
}
