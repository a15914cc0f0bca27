//! Job control: whose a terminal is, and what processes in the background may do with it.
//!
//! POSIX.1-2017, XBD chapter 11.1; setpgid(2), credentials(7); drivers/tty/tty_jobctrl.c for the errors.

use crate::description::Description;
use crate::flags::OpenFlags;
use crate::reply::{Interrupted, Reply, Stop, Wait};
use crate::signal::{Disposition, Info, Signal};
use crate::task::Task;
use crate::terminals::Controlling;
use abi::Addr;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use vfs::mount::Place;
use vfs::node::File;
use vfs::terminal::Terminal;
use vfs::{Errno, Result};

/// Where the caller stands among processes.
struct Own {
    session: u32,
    group: u32,
    is_leader: bool,
}

// What the rules below ask about processes.

fn own(task: &Task<'_, '_>) -> Own {
    let pid = task.process.pid;
    let table = task.kernel.table.lock();
    let (session, group) = table.get(pid).map_or((0, 0), |member| (member.session, member.group));
    Own { session, group, is_leader: session == pid }
}

/// The session of a group; none if there is no such group.
fn session_of(task: &Task<'_, '_>, group: u32) -> Option<u32> {
    let table = task.kernel.table.lock();
    table.iter().find(|(_, member)| member.group == group).map(|(_, member)| member.session)
}

/// Sends the caller's group a signal, of which the caller itself knows at once.
fn signal_group(task: &mut Task<'_, '_>, group: u32, signal: Signal) {
    let own = task.process.pid;
    let mut table = task.kernel.table.lock();
    let others = table.iter().filter(|(pid, member)| *pid != own && member.group == group);
    let others: Vec<u32> = others.map(|(pid, _)| pid).collect();
    for pid in others {
        table.deliver(pid, None, Info::kernel(signal));
    }
    drop(table);
    task.signals.send_to_process(Info::kernel(signal));
}

/// Whether the caller would not notice a signal.
fn is_deaf_to(task: &Task<'_, '_>, signal: Signal) -> bool {
    task.signals.mask.contains(signal) || task.signals.action(signal).disposition == Disposition::Ignore
}

/// The requests about whose a terminal is.
pub(super) fn ioctl(task: &mut Task<'_, '_>, description: &Description, request: u32, argument: Addr) -> Reply<u32> {
    let terminal = description.file()?.terminal().ok_or(Errno::ENOTTY)?;
    match request {
        // TIOCGPGRP, TIOCSPGRP
        0x4004_7477 => {
            let group = foreground(task, terminal)?;
            task.guest.write(argument, &group)?;
        }
        0x8004_7476 => set_foreground(task, terminal, argument)?,
        // TIOCGSID
        0x7416 => {
            let session = session(task, terminal)?;
            task.guest.write(argument, &session)?;
        }
        // TIOCSCTTY, TIOCNOTTY
        0x5480 => take(task, terminal, argument.0 == 1, description.flags().reads())?,
        0x5471 => give_up(task, terminal)?,
        _ => return super::master::ioctl(task, description, request, argument),
    }
    Ok(0)
}

/// Whether a terminal controls the caller's session.
pub(super) fn controls(task: &Task<'_, '_>, terminal: &dyn Terminal) -> bool {
    let session = own(task).session;
    session != 0 && terminal.job().session.load(Ordering::Relaxed) == session
}

/// Refuses what only the foreground may do: the caller's group gets `signal`, and the call is made again once it goes on.
pub(super) fn check(task: &mut Task<'_, '_>, terminal: &dyn Terminal, signal: Signal) -> Reply<()> {
    let foreground = terminal.job().foreground.load(Ordering::Relaxed);
    let group = own(task).group;
    if !controls(task, terminal) || [0, group].contains(&foreground) {
        return Ok(());
    }
    if is_deaf_to(task, signal) {
        return if signal == Signal::TTIN { Err(Errno::EIO.into()) } else { Ok(()) };
    }
    let is_orphaned = task.kernel.table.lock().is_orphaned(group);
    if is_orphaned {
        return Err(Errno::EIO.into());
    }
    signal_group(task, group, signal);
    task.block(Wait::default(), Interrupted::Restarts)
}

/// tcgetpgrp(3). A master tells of its slave to anybody.
fn foreground(task: &Task<'_, '_>, terminal: &dyn Terminal) -> Result<u32> {
    if terminal.master().is_none() && !controls(task, terminal) {
        return Err(Errno::ENOTTY);
    }
    Ok(terminal.job().foreground.load(Ordering::Relaxed))
}

/// tcgetsid(3)
fn session(task: &Task<'_, '_>, terminal: &dyn Terminal) -> Result<u32> {
    let session = terminal.job().session.load(Ordering::Relaxed);
    if session == 0 || terminal.master().is_none() && !controls(task, terminal) {
        return Err(Errno::ENOTTY);
    }
    Ok(session)
}

/// tcsetpgrp(3): a group of the session that the terminal controls.
fn set_foreground(task: &mut Task<'_, '_>, terminal: &dyn Terminal, argument: Addr) -> Reply<()> {
    check(task, terminal, Signal::TTOU).map_err(|stop| match stop {
        Stop::Errno(Errno::EIO) => Errno::ENOTTY.into(),
        stop => stop,
    })?;
    let group = task.guest.read::<i32>(argument)?;
    let group = u32::try_from(group).map_err(|_| Errno::EINVAL)?;
    if !controls(task, terminal) {
        return Err(Errno::ENOTTY.into());
    }
    match session_of(task, group) {
        None => Err(Errno::ESRCH.into()),
        Some(session) if session != own(task).session => Err(Errno::EPERM.into()),
        Some(_) => {
            terminal.job().foreground.store(group, Ordering::Relaxed);
            Ok(())
        }
    }
}

/// TIOCSCTTY: for a session leader without a terminal; from another session only if root asks to steal it.
fn take(task: &Task<'_, '_>, terminal: &dyn Terminal, steals: bool, reads: bool) -> Result<()> {
    let own = own(task);
    let is_privileged = task.credentials.is_privileged();
    if own.is_leader && controls(task, terminal) {
        return Ok(());
    }
    let is_taken = terminal.job().session.load(Ordering::Relaxed) != 0;
    let may = own.is_leader
        && task.kernel.terminals.of_session(own.session).is_none()
        && (!is_taken || steals && is_privileged)
        && (reads || is_privileged);
    if !may {
        return Err(Errno::EPERM);
    }
    terminal.job().give(own.session, own.group);
    Ok(())
}

/// TIOCNOTTY: with its leader, the whole session loses its terminal. Others keep it, for a session has one or none.
fn give_up(task: &Task<'_, '_>, terminal: &dyn Terminal) -> Result<()> {
    if terminal.master().is_some() || !controls(task, terminal) {
        return Err(Errno::ENOTTY);
    }
    let own = own(task);
    if own.is_leader {
        task.kernel.terminals.leave(own.session, false);
    }
    Ok(())
}

/// A session leader without a terminal has opened one that is nobody's.
pub(super) fn opened(task: &Task<'_, '_>, terminal: &dyn Terminal) {
    let (own, job) = (own(task), terminal.job());
    let is_free = terminal.master().is_none() && job.session.load(Ordering::Relaxed) == 0;
    if own.is_leader && is_free && task.kernel.terminals.of_session(own.session).is_none() {
        job.give(own.session, own.group);
    }
}

/// Opens the terminal that controls the caller; ENXIO if there is none. What /dev/tty itself leads to is the host's
/// terminal, which is the session's that had it first.
pub(super) fn open_own(task: &Task<'_, '_>, place: &Place, flags: OpenFlags) -> Result<Box<dyn File>> {
    if let Some(Controlling::Pseudo(node)) = task.kernel.terminals.of_session(own(task).session) {
        return node.open(flags.how());
    }
    let file = place.node().open(flags.how())?;
    if let Some(terminal) = file.terminal() {
        opened(task, terminal);
        if !controls(task, terminal) {
            return Err(Errno::ENXIO);
        }
    }
    Ok(file)
}
