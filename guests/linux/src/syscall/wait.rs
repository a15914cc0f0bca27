//! Waiting for children: wait4, waitpid and waitid.

use crate::flags::{Bits, Fd};
use crate::pidfd::PidFd;
use crate::process::{Event, Events, Which};
use crate::reply::{ExitStatus, Interrupted, Reply, Wait};
use crate::signal::{Info, Signal};
use crate::syscall::time::timeval;
use crate::task::Task;
use abi::structs::signal::Siginfo;
use abi::structs::system::Rusage;
use abi::{Addr, Out};
use vfs::Errno;

/// Options of wait4(2) and waitid(2).
const WNOHANG: u32 = 1;
const WSTOPPED: u32 = 2;
const WEXITED: u32 = 4;
const WCONTINUED: u32 = 8;
const WNOWAIT: u32 = 0x0100_0000;
/// `__WNOTHREAD`, `__WALL` and `__WCLONE`: threads wait for the children of all of them, whatever those send at their end.
const IGNORED: u32 = 0xe000_0000;

/// Codes of SIGCHLD (sigaction(2)).
const CLD_EXITED: i32 = 1;
const CLD_KILLED: i32 = 2;
const CLD_STOPPED: i32 = 5;
const CLD_CONTINUED: i32 = 6;

/// waitpid(2)
pub(super) fn waitpid(task: &mut Task<'_, '_>, pid: i32, status: Out<u32>, options: Bits) -> Reply<u32> {
    wait4(task, pid, status, options, Out::new(Addr::NULL))
}

/// wait4(2)
pub(super) fn wait4(
    task: &mut Task<'_, '_>,
    pid: i32,
    status: Out<u32>,
    options: Bits,
    usage: Out<Rusage>,
) -> Reply<u32> {
    if options.0 & !(WNOHANG | WSTOPPED | WCONTINUED | IGNORED) != 0 {
        return Err(Errno::EINVAL.into());
    }
    let which = match pid {
        -1 => Which::Any,
        0 => Which::Group(own_group(task)),
        i32::MIN => return Err(Errno::ESRCH.into()),
        -0x7fff_ffff..=-2 => Which::Group(pid.unsigned_abs()),
        _ => Which::Process(pid.cast_unsigned()),
    };
    let events = Events {
        ended: true,
        stopped: options.0 & WSTOPPED != 0,
        continued: options.0 & WCONTINUED != 0,
        keeps: false,
    };
    let Some((pid, event)) = wait(task, which, events, options)? else { return Ok(0) };
    status.optional(task.guest, &status_word(event))?;
    usage.optional(task.guest, &rusage(event))?;
    Ok(pid)
}

/// waitid(2)
pub(super) fn waitid(
    task: &mut Task<'_, '_>,
    kind: u32,
    id: u32,
    info: Out<Siginfo>,
    options: Bits,
    usage: Out<Rusage>,
) -> Reply<()> {
    let has_unknown = options.0 & !(WNOHANG | WSTOPPED | WEXITED | WCONTINUED | WNOWAIT | IGNORED) != 0;
    if has_unknown || options.0 & (WSTOPPED | WEXITED | WCONTINUED) == 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut options = options;
    let which = match kind {
        0 => Which::Any,
        1 if id > 0 => Which::Process(id),
        2 => Which::Group(if id == 0 { own_group(task) } else { id }),
        3 => {
            let description = task.description(Fd(id.cast_signed()))?;
            if description.flags().is_nonblocking() {
                options.0 |= WNOHANG;
            }
            Which::Process(PidFd::pid_of(&description)?)
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    let events = Events {
        ended: options.0 & WEXITED != 0,
        stopped: options.0 & WSTOPPED != 0,
        continued: options.0 & WCONTINUED != 0,
        keeps: options.0 & WNOWAIT != 0,
    };
    let Some((pid, event)) = wait(task, which, events, options)? else {
        // Number and signal are zero where nothing has happened.
        info.optional(task.guest, &Siginfo::default())?;
        return Ok(());
    };
    let (code, value) = match event {
        Event::Ended(ExitStatus::Code(code), _) => (CLD_EXITED, u32::from(code)),
        Event::Ended(ExitStatus::Killed(signal), _) => (CLD_KILLED, u32::from(signal.number())),
        Event::Stopped(signal) => (CLD_STOPPED, u32::from(signal.number())),
        Event::Continued => (CLD_CONTINUED, u32::from(Signal::CONT.number())),
    };
    let user = task.credentials.user.real;
    info.optional(task.guest, &Info { signal: Signal::CHLD, code, words: [pid, user, value] }.siginfo())?;
    usage.optional(task.guest, &rusage(event))?;
    Ok(())
}

fn own_group(task: &Task<'_, '_>) -> u32 {
    task.kernel.table.lock().get(task.process.pid).map_or(0, |member| member.group)
}

/// What happened, or waits for it.
fn wait(task: &mut Task<'_, '_>, which: Which, events: Events, options: Bits) -> Reply<Option<(u32, Event)>> {
    let happened = task.kernel.table.lock().wait(task.process.pid, which, events)?;
    if happened.is_some() || options.0 & WNOHANG != 0 {
        return Ok(happened);
    }
    task.block(Wait::default(), Interrupted::Restarts)
}

/// The status that WIFEXITED(3) and its like take apart.
fn status_word(event: Event) -> u32 {
    match event {
        Event::Ended(ExitStatus::Code(code), _) => u32::from(code) << 8,
        Event::Ended(ExitStatus::Killed(signal), _) => u32::from(signal.number()),
        Event::Stopped(signal) => u32::from(signal.number()) << 8 | 0x7f,
        Event::Continued => 0xffff,
    }
}

fn rusage(event: Event) -> Rusage {
    let used_ns = if let Event::Ended(_, used_ns) = event { used_ns } else { 0 };
    Rusage { ru_utime: timeval(used_ns), ..Rusage::default() }
}
