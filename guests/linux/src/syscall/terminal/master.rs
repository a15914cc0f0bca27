//! What only the master of a pseudoterminal is asked (pty(7), ioctl_tty(2)).

use crate::description::Description;
use crate::flags::{AtFlags, DirFd, OpenFlags};
use crate::reply::Reply;
use crate::signal::Signal;
use crate::task::Task;
use abi::Addr;
use alloc::format;
use alloc::sync::Arc;
use vfs::mount::Place;
use vfs::node::NodeRef;
use vfs::terminal::{Master, TtySignal};
use vfs::{Errno, Result};

/// TIOCGPTPEER.
const PEER: u32 = 0x2000_5441;

pub(super) fn ioctl(task: &mut Task<'_, '_>, description: &Description, request: u32, argument: Addr) -> Reply<u32> {
    let terminal = description.file()?.terminal().ok_or(Errno::ENOTTY)?;
    let Some(master) = terminal.master() else {
        return Err(if request == PEER { Errno::EIO } else { Errno::ENOTTY }.into());
    };
    match request {
        // TIOCGPTN
        0x4004_5430 => task.guest.write(argument, &master.number())?,
        // TIOCSPTLCK, TIOCGPTLCK
        0x8004_5431 => master.set_locked(task.guest.read::<u32>(argument)? != 0),
        0x4004_5439 => task.guest.write(argument, &u32::from(master.is_locked()))?,
        // TIOCPKT, TIOCGPKT
        0x5470 => master.set_packet(task.guest.read::<u32>(argument)? != 0),
        0x4004_5438 => task.guest.write(argument, &u32::from(master.is_packet()))?,
        // TIOCSIG: the signal is the argument itself.
        0x8004_5436 => master.raise(signal(argument.0)?),
        PEER => return peer(task, master, OpenFlags(argument.0)),
        _ => return Err(Errno::ENOTTY.into()),
    }
    Ok(0)
}

fn signal(number: u32) -> Result<TtySignal> {
    match Signal::from_number(number) {
        Some(Signal::INT) => Ok(TtySignal::Interrupt),
        Some(Signal::QUIT) => Ok(TtySignal::Quit),
        Some(Signal::TSTP) => Ok(TtySignal::Suspend),
        _ => Err(Errno::EINVAL),
    }
}

/// Opens the slave, wherever /dev/pts is.
fn peer(task: &mut Task<'_, '_>, master: &dyn Master, flags: OpenFlags) -> Reply<u32> {
    let slave = master.slave().ok_or(Errno::EIO)?;
    let place = named(task, master.number(), &slave).unwrap_or_else(|| Place::detached(slave));
    let file = super::open(task, &place, place.node().kind()?, flags)?;
    let fd = task.install(Description::new(place, Some(file), flags.kept()), flags)?;
    Ok(fd.0.cast_unsigned())
}

/// The slave as its name leads to it.
fn named(task: &Task<'_, '_>, number: u32, slave: &NodeRef) -> Option<Place> {
    let path = format!("/dev/pts/{number}");
    let place = task.resolve(DirFd::CURRENT, path.as_bytes(), AtFlags::NONE).ok()?;
    Arc::ptr_eq(place.node(), slave).then_some(place)
}
