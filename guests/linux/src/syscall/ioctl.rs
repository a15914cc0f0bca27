//! ioctl(2): requests as MIPS numbers them (asm/ioctls.h).

use crate::description::Description;
use crate::flags::{Fd, IoctlRequest};
use crate::reply::Reply;
use crate::syscall::fcntl::{number_of, owner, set_owner};
use crate::syscall::socket::socket_of;
use crate::syscall::{interface, terminal};
use crate::task::Task;
use abi::Addr;
use vfs::Errno;
use vfs::node::Kind;

/// ioctl(2)
pub(super) fn ioctl(task: &mut Task<'_, '_>, fd: Fd, request: IoctlRequest, argument: Addr) -> Reply<u32> {
    let description = task.description(fd)?;
    match request.0 {
        // FIOCLEX, FIONCLEX
        0x6601 | 0x6602 => {
            task.files.lock().slot_mut(fd.0)?.closes_on_exec = request.0 == 0x6601;
            Ok(0)
        }
        _ if description.flags().is_path() => Err(Errno::EBADF.into()),
        // FIONBIO
        0x667e => {
            let is_nonblocking = task.guest.read::<i32>(argument)? != 0;
            description.set_flags(description.flags().with_nonblocking(is_nonblocking));
            Ok(0)
        }
        // FIOASYNC
        0x667d => {
            task.guest.read::<i32>(argument)?;
            Ok(0)
        }
        // FIONREAD
        0x467f => {
            let pending = pending(&description)?;
            task.guest.write(argument, &pending)?;
            Ok(0)
        }
        // FIGETBSZ
        0x2000_0002 if description.node().kind()? != Kind::Fifo => {
            let block = description.node().file_system().block_bytes;
            task.guest.write(argument, &block)?;
            Ok(0)
        }
        // SIOCATMARK
        0x4004_7307 if socket_of(&description).is_ok_and(|socket| socket.endpoint.is_tcp()) => {
            let is_at_mark = socket_of(&description)?.endpoint.is_at_mark();
            task.guest.write(argument, &u32::from(is_at_mark))?;
            Ok(0)
        }
        // SIOCSPGRP, FIOSETOWN
        0x8004_7308 | 0x8004_667c if socket_of(&description).is_ok() => {
            let id = task.guest.read::<i32>(argument)?;
            Ok(set_owner(task, &description, id, false)?)
        }
        // SIOCGPGRP, FIOGETOWN
        0x4004_7309 | 0x4004_667b if socket_of(&description).is_ok() => {
            task.guest.write(argument, &number_of(owner(&description)))?;
            Ok(0)
        }
        request if interface::is_about(request) && socket_of(&description).is_ok() => {
            interface::ioctl(task, request, argument)
        }
        request => terminal::ioctl(task, &description, request, argument),
    }
}

/// Bytes that can be read at once.
fn pending(description: &Description) -> Reply<i32> {
    let file = description.file()?;
    let bytes = match file.pending() {
        Err(Errno::ENOTTY) if description.node().kind()? == Kind::File => {
            description.node().metadata()?.size.saturating_sub(description.offset()?)
        }
        result => result? as u64,
    };
    Ok(i32::try_from(bytes).unwrap_or(i32::MAX))
}
