//! Terminal ioctls (ioctl_tty(2)), and terminals being opened. Requests as MIPS numbers them (asm/ioctls.h).

mod job;
mod master;
mod read;
mod speed;
mod termios;

use crate::description::Description;
use crate::flags::OpenFlags;
use crate::reply::Reply;
use crate::signal::Signal;
use crate::task::Task;
use abi::Addr;
use abi::structs::terminal::Winsize;
use alloc::boxed::Box;
use vfs::Errno;
use vfs::devpts::PTMX;
use vfs::mount::Place;
use vfs::node::{Change, File, Kind};
use vfs::terminal::{Flow, Flush, SetWhen, Terminal};
use vfs::termios::{TOSTOP, WindowSize};

pub(super) use read::read;

/// /dev/tty: whatever controls the session of who opens it (tty(4)).
const TTY: Kind = Kind::CharDevice(5, 0);

/// The three ways of setting a terminal, in the order of their requests.
const WAYS: [SetWhen; 3] = [SetWhen::Now, SetWhen::Drain, SetWhen::Flush];

/// The requests that only a terminal answers; ENOTTY for everything else.
pub(super) fn ioctl(task: &mut Task<'_, '_>, description: &Description, request: u32, argument: Addr) -> Reply<u32> {
    let terminal: &dyn Terminal = description.file()?.terminal().ok_or(Errno::ENOTTY)?;
    match request {
        // TCGETS
        0x540d => task.guest.write(argument, &termios::to_mips(&terminal.termios()?))?,
        // TCSETS, TCSETSW, TCSETSF
        0x540e..=0x5410 => {
            let when = WAYS[(request - 0x540e) as usize];
            job::check(task, terminal, Signal::TTOU)?;
            let settings = task.guest.read(argument)?;
            terminal.set_termios(&termios::to_generic(&settings, terminal.termios()?.speeds), when)?;
        }
        // TCGETS2; TCSETS2, TCSETSW2, TCSETSF2
        0x4030_542a => task.guest.write(argument, &termios::to_mips2(&terminal.termios()?))?,
        0x8030_542b..=0x8030_542d => {
            let when = WAYS[(request - 0x8030_542b) as usize];
            job::check(task, terminal, Signal::TTOU)?;
            terminal.set_termios(&termios::of_mips2(&task.guest.read(argument)?), when)?;
        }
        // TCSBRK, TCSBRKP: nothing is left to send, and there is no line to break.
        0x5405 | 0x5486 => job::check(task, terminal, Signal::TTOU)?,
        // TCXONC
        0x5406 => {
            job::check(task, terminal, Signal::TTOU)?;
            let ways = [Flow::Hold, Flow::Release, Flow::SendStop, Flow::SendStart];
            terminal.flow(*ways.get(argument.0 as usize).ok_or(Errno::EINVAL)?)?;
        }
        // TCFLSH
        0x5407 => {
            job::check(task, terminal, Signal::TTOU)?;
            let queues = [Flush::Input, Flush::Output, Flush::Both];
            terminal.flush(*queues.get(argument.0 as usize).ok_or(Errno::EINVAL)?)?;
        }
        // TIOCOUTQ
        0x7472 => {
            let unsent = i32::try_from(terminal.unsent()?).unwrap_or(i32::MAX);
            task.guest.write(argument, &unsent)?;
        }
        // TIOCSTI: whoever could type into another's terminal would be that user.
        0x5472 => {
            if !job::controls(task, terminal) && !task.credentials.is_privileged() {
                return Err(Errno::EPERM.into());
            }
            terminal.type_in(task.guest.read(argument)?)?;
        }
        // TIOCEXCL, TIOCNXCL, TIOCGEXCL
        0x740d | 0x740e => terminal.set_exclusive(request == 0x740d)?,
        0x4004_5440 => task.guest.write(argument, &u32::from(terminal.is_exclusive()))?,
        // TIOCGETD: N_TTY; TIOCSETD
        0x7400 => task.guest.write(argument, &0_u32)?,
        0x7401 if task.guest.read::<u32>(argument)? == 0 => {}
        0x7401 => return Err(Errno::EINVAL.into()),
        // TIOCGWINSZ, TIOCSWINSZ
        0x4008_7468 => task.guest.write(argument, &winsize(terminal.window_size()?))?,
        0x8008_7467 => terminal.set_window_size(window_size(task.guest.read(argument)?))?,
        _ => return job::ioctl(task, description, request, argument),
    }
    Ok(0)
}

fn winsize(size: WindowSize) -> Winsize {
    Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: size.x_pixels, ws_ypixel: size.y_pixels }
}

fn window_size(size: Winsize) -> WindowSize {
    WindowSize { rows: size.ws_row, columns: size.ws_col, x_pixels: size.ws_xpixel, y_pixels: size.ws_ypixel }
}

/// Opens what is at a place, and if it is a terminal, does what Linux does then: /dev/tty leads to the caller's own, one
/// that is taken exclusively is refused, a new slave becomes the caller's, and a session leader without a terminal gets
/// this one.
pub(super) fn open(task: &Task<'_, '_>, place: &Place, kind: Kind, flags: OpenFlags) -> vfs::Result<Box<dyn File>> {
    let file = if kind == TTY { job::open_own(task, place, flags)? } else { place.node().open(flags.how())? };
    let Some(terminal) = file.terminal() else { return Ok(file) };
    if terminal.is_exclusive() && !task.credentials.is_privileged() {
        return Err(Errno::EBUSY);
    }
    if let Some(slave) = terminal.master().filter(|_| kind == PTMX).and_then(|master| master.slave()) {
        let uid = Some(task.credentials.user.file_system);
        slave.set_metadata(&Change { uid, ..Change::default() })?;
    } else if flags.reads() && !flags.keeps_terminal() {
        job::opened(task, terminal);
    }
    Ok(file)
}

/// Before a write: output of background processes may stop them.
pub(super) fn check_write(task: &mut Task<'_, '_>, description: &Description) -> Reply<()> {
    let Some(terminal) = description.file()?.terminal() else { return Ok(()) };
    // A terminal that was hung up says so itself.
    let stops = job::controls(task, terminal) && terminal.termios().is_ok_and(|termios| termios.has_local(TOSTOP));
    if stops { job::check(task, terminal, Signal::TTOU) } else { Ok(()) }
}
