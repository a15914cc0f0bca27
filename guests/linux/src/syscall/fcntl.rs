//! fcntl(2).

use crate::flags::{Bits, FcntlCommand, Fd};
use crate::reply::Reply;
use crate::syscall::file::duplicate;
use crate::syscall::lock::{self, Asked, Owner};
use crate::task::Task;
use abi::Addr;
use abi::structs::file::{Flock, Flock64};
use vfs::Errno;
use vfs::node::Kind;
use vfs::pipe::End;

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
        // F_GETOWN, F_SETOWN
        23 | 24 => 0,
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

    fn try_from(Asked { kind, whence, start, length, pid }: Asked) -> Result<Flock, Errno> {
        let fit = |value: i64| i32::try_from(value).map_err(|_| Errno::EOVERFLOW);
        let (l_start, l_len) = (fit(start)?, fit(length)?);
        Ok(Flock { l_type: kind, l_whence: whence, l_start, l_len, l_pid: pid, ..Flock::default() })
    }
}
