//! fcntl(2).

use crate::flags::{Bits, FcntlCommand, Fd};
use crate::reply::Reply;
use crate::syscall::file::duplicate;
use crate::task::Task;
use abi::structs::file::{Flock, Flock64};
use abi::{Addr, InOut};
use vfs::Errno;
use vfs::node::Kind;

/// F_UNLCK: nobody else holds a lock.
const F_UNLCK: i16 = 2;

/// FD_CLOEXEC.
const FD_CLOEXEC: u32 = 1;

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
        // F_SETLK, F_SETLKW and their like: there is nobody to exclude.
        6 | 7 => {
            task.guest.read::<Flock>(Addr(argument))?;
            0
        }
        34 | 35 | 37 | 38 => {
            task.guest.read::<Flock64>(Addr(argument))?;
            0
        }
        // F_GETLK, F_GETLK64, F_OFD_GETLK
        14 => {
            let lock: InOut<Flock> = InOut::new(Addr(argument));
            let held = lock.read(task.guest)?;
            lock.write(task.guest, &Flock { l_type: F_UNLCK, ..held })?;
            0
        }
        33 | 36 => {
            let lock: InOut<Flock64> = InOut::new(Addr(argument));
            let held = lock.read(task.guest)?;
            lock.write(task.guest, &Flock64 { l_type: F_UNLCK, ..held })?;
            0
        }
        // F_GETOWN, F_SETOWN
        23 | 24 => 0,
        // F_SETPIPE_SZ, F_GETPIPE_SZ
        1031 | 1032 if description.node().kind()? == Kind::Fifo => {
            u32::try_from(vfs::pipe::CAPACITY_BYTES).unwrap_or(0)
        }
        _ => return Err(Errno::EINVAL.into()),
    })
}
