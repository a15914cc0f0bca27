//! fcntl(2).

use crate::description::Description;
use crate::flags::{Bits, FcntlCommand, Fd};
use crate::process::Member;
use crate::reply::Reply;
use crate::socket::Owner as SocketOwner;
use crate::syscall::file::duplicate;
use crate::syscall::lock::{self, Asked, Owner};
use crate::syscall::socket::socket_of;
use crate::task::Task;
use abi::Addr;
use abi::structs::file::{Flock, Flock64};
use vfs::node::Kind;
use vfs::pipe::End;
use vfs::{Errno, Result};

/// FD_CLOEXEC.
const FD_CLOEXEC: u32 = 1;

/// The flag of F_NOTIFY that names no event.
const DN_MULTISHOT: u32 = 0x8000_0000;

/// fcntl64(2)
pub(super) fn fcntl64(task: &mut Task<'_, '_>, fd: Fd, command: FcntlCommand, argument: Bits) -> Reply<u32> {
    fcntl(task, fd, command, argument)
}

/// fcntl(2), commands as MIPS numbers them.
pub(super) fn fcntl(task: &mut Task<'_, '_>, fd: Fd, command: FcntlCommand, argument: Bits) -> Reply<u32> {
    let description = task.description(fd)?;
    let argument = argument.0;
    Ok(match command.0 {
        // F_DUPFD, F_DUPFD_CLOEXEC
        0 | 1030 => duplicate(task, fd, argument, command.0 == 1030)?.0.cast_unsigned(),
        // F_GETFD, F_SETFD
        1 => u32::from(task.files.lock().slot(fd.0)?.closes_on_exec),
        2 => {
            task.files.lock().slot_mut(fd.0)?.closes_on_exec = argument & FD_CLOEXEC != 0;
            0
        }
        // F_GETFL
        3 => description.flags().0,
        _ if description.flags().is_path() => return Err(Errno::EBADF.into()),
        // F_SETFL
        4 => {
            description.set_flags(description.flags().with_status(argument));
            0
        }
        // F_SETLK, F_SETLKW
        6 | 7 => {
            let asked = task.guest.read::<Flock>(Addr(argument))?.into();
            lock::set(task, fd, asked, Owner::Process, command.0 == 7)?;
            0
        }
        // F_SETLK64, F_SETLKW64, F_OFD_SETLK, F_OFD_SETLKW
        34 | 35 | 37 | 38 => {
            let asked = task.guest.read::<Flock64>(Addr(argument))?.into();
            let owner = if command.0 < 36 { Owner::Process } else { Owner::Description };
            lock::set(task, fd, asked, owner, matches!(command.0, 35 | 38))?;
            0
        }
        // F_GETLK
        14 => {
            let asked = task.guest.read::<Flock>(Addr(argument))?.into();
            let found = Flock::try_from(lock::get(task, fd, asked, Owner::Process)?)?;
            task.guest.write(Addr(argument), &found)?;
            0
        }
        // F_GETLK64, F_OFD_GETLK
        33 | 36 => {
            let asked = task.guest.read::<Flock64>(Addr(argument))?.into();
            let owner = if command.0 == 33 { Owner::Process } else { Owner::Description };
            let found = Flock64::from(lock::get(task, fd, asked, owner)?);
            task.guest.write(Addr(argument), &found)?;
            0
        }
        // F_NOTIFY: to end it, where there is none.
        1026 if description.node().kind()? != Kind::Directory => return Err(Errno::ENOTDIR.into()),
        1026 if argument & !DN_MULTISHOT == 0 => 0,
        // F_SETOWN_EX, F_GETOWN_EX, F_GETOWN, F_SETOWN
        15 | 16 | 23 | 24 => own(task, &description, command.0, argument)?,
        // F_SETPIPE_SZ, F_GETPIPE_SZ
        1031 | 1032 => {
            let pipe = End::of(description.file()?).ok_or(Errno::EBADF)?;
            if command.0 == 1031 {
                pipe.set_capacity(argument as usize)?;
            }
            u32::try_from(pipe.capacity()).unwrap_or(u32::MAX)
        }
        _ => return Err(Errno::EINVAL.into()),
    })
}

/// Who is sent SIGURG for a socket. Of other files nobody is told anything.
pub(super) fn owner(description: &Description) -> Option<SocketOwner> {
    socket_of(description).ok()?.endpoint.options.lock().owner
}

/// It as a number: that of a process, or less than 0 of a group (F_GETOWN).
pub(super) fn number_of(owner: Option<SocketOwner>) -> i32 {
    owner.map_or(0, |owner| owner.id)
}

/// `struct f_owner_ex`: F_OWNER_TID, F_OWNER_PID or F_OWNER_PGRP, and the number.
fn kind_of(owner: Option<SocketOwner>) -> [i32; 2] {
    match owner {
        Some(SocketOwner { id, is_thread: true, .. }) => [0, id],
        Some(SocketOwner { id: id @ ..0, .. }) => [2, -id],
        owner => [1, number_of(owner)],
    }
}

/// F_SETOWN, F_SETOWN_EX, F_GETOWN_EX, and else F_GETOWN.
fn own(task: &mut Task<'_, '_>, description: &Description, command: u32, argument: u32) -> Reply<u32> {
    Ok(match command {
        24 => set_owner(task, description, argument.cast_signed(), false)?,
        15 => {
            let [kind, id]: [i32; 2] = task.guest.read(Addr(argument))?;
            set_owner_of(task, description, kind, id)?
        }
        16 => {
            task.guest.write(Addr(argument), &kind_of(owner(description)))?;
            0
        }
        _ => number_of(owner(description)).cast_unsigned(),
    })
}

fn set_owner_of(task: &Task<'_, '_>, description: &Description, kind: i32, id: i32) -> Result<u32> {
    match kind {
        0..=2 if id < 0 => Err(Errno::EINVAL),
        0 | 1 => set_owner(task, description, id, kind == 0),
        2 => set_owner(task, description, -id, false),
        _ => Err(Errno::EINVAL),
    }
}

/// Sets who that is (F_SETOWN); 0 is nobody.
pub(super) fn set_owner(task: &Task<'_, '_>, description: &Description, id: i32, is_thread: bool) -> Result<u32> {
    if id == i32::MIN {
        return Err(Errno::EINVAL);
    }
    let number = id.unsigned_abs();
    let is_there = {
        let table = task.kernel.table.lock();
        let is_it = |(pid, member): (u32, &Member)| match id {
            ..0 => member.group == number,
            _ if is_thread => member.threads.contains_key(&number),
            _ => pid == number,
        };
        id == 0 || table.iter().any(is_it)
    };
    if !is_there {
        return Err(Errno::ESRCH);
    }
    let users = (task.credentials.user.real, task.credentials.user.effective);
    if let Ok(socket) = socket_of(description) {
        socket.endpoint.options.lock().owner = (id != 0).then_some(SocketOwner { id, is_thread, users });
    }
    Ok(0)
}

impl From<Flock> for Asked {
    fn from(Flock { l_type, l_whence, l_start, l_len, l_pid, .. }: Flock) -> Asked {
        let (start, length) = (i64::from(l_start), i64::from(l_len));
        Asked { kind: l_type, whence: l_whence, start, length, pid: l_pid }
    }
}

impl From<Flock64> for Asked {
    fn from(Flock64 { l_type, l_whence, l_start, l_len, l_pid, .. }: Flock64) -> Asked {
        Asked { kind: l_type, whence: l_whence, start: l_start, length: l_len, pid: l_pid }
    }
}

impl From<Asked> for Flock64 {
    fn from(Asked { kind, whence, start, length, pid }: Asked) -> Flock64 {
        Flock64 { l_type: kind, l_whence: whence, l_start: start, l_len: length, l_pid: pid, ..Flock64::default() }
    }
}

impl TryFrom<Asked> for Flock {
    type Error = Errno;

    fn try_from(Asked { kind, whence, start, length, pid }: Asked) -> Result<Flock> {
        let fit = |value: i64| i32::try_from(value).map_err(|_| Errno::EOVERFLOW);
        let (l_start, l_len) = (fit(start)?, fit(length)?);
        Ok(Flock { l_type: kind, l_whence: whence, l_start, l_len, l_pid: pid, ..Flock::default() })
    }
}
