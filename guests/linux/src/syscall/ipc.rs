//! ipc(2), by which most libraries make all System V calls.

use crate::flags::{AttachFlags, IpcCall, IpcFlags, MessageCommand, QueueFlags, SegmentCommand, SemaphoreCommand};
use crate::reply::Reply;
use crate::syscall::queue::{msgctl, msgget, msgrcv, msgsnd};
use crate::syscall::segment::{shmat, shmctl, shmdt, shmget};
use crate::syscall::semaphore::{IPC_64, operate, semctl, semget};
use crate::syscall::time::Span;
use crate::task::Task;
use abi::structs::time::Timespec;
use abi::{Addr, InList};
use vfs::Errno;

/// ipc(2): the calls of System V by number, with the arguments that all of them have. Commands say with IPC_64 that they
/// mean the newer structs; the older ones are EINVAL.
pub(super) fn ipc(
    task: &mut Task<'_, '_>,
    call: IpcCall,
    first: i32,
    second: i32,
    third: i32,
    at: Addr,
    fifth: i32,
) -> Reply<u32> {
    let has_structs = |command: u32| command & IPC_64 != 0 || !matches!(command, 1 | 2 | 11 | 13 | 18 | 20);
    let is_old_segment = |command: u32| command & IPC_64 == 0 && matches!(command, 1 | 2 | 3 | 13 | 15);
    match call.0 & 0xffff {
        // SEMOP, SEMTIMEDOP
        1 => operate(task, first, InList::new(at), second.cast_unsigned(), None).map(|()| 0),
        4 => {
            let timeout = Addr(fifth.cast_unsigned());
            let timeout = if timeout.is_null() { None } else { Some(task.guest.read::<Timespec>(timeout)?.into()) };
            operate(task, first, InList::new(at), second.cast_unsigned(), timeout.map(|time: Span| time)).map(|()| 0)
        }
        // SEMGET, SEMCTL: the fourth argument is behind the pointer.
        2 => semget(task, first, second, IpcFlags(third.cast_unsigned())),
        3 if at.is_null() => Err(Errno::EINVAL.into()),
        3 => {
            let command = third.cast_unsigned();
            // Of semctl(2), 11 and 13 are numbers, not structs.
            if !has_structs(command) && !matches!(command, 11 | 13) {
                return Err(Errno::EINVAL.into());
            }
            let argument = task.guest.read(at)?;
            semctl(task, first, second, SemaphoreCommand(command), argument)
        }
        // MSGSND, MSGRCV, MSGGET, MSGCTL
        11 => msgsnd(task, first, at, second.cast_unsigned(), QueueFlags(third.cast_unsigned())).map(|()| 0),
        12 => {
            // Old callers put buffer and kind where the pointer leads.
            let (at, kind) = if call.0 >> 16 == 0 {
                let [at, kind]: [u32; 2] = task.guest.read(at)?;
                (Addr(at), kind.cast_signed())
            } else {
                (at, fifth)
            };
            msgrcv(task, first, at, second.cast_unsigned(), kind, QueueFlags(third.cast_unsigned()))
        }
        13 => msgget(task, first, IpcFlags(second.cast_unsigned())),
        14 if !has_structs(second.cast_unsigned()) => Err(Errno::EINVAL.into()),
        14 => msgctl(task, first, MessageCommand(second.cast_unsigned()), at),
        // SHMAT: where it is, is told in memory. iBCS2 has it otherwise.
        21 if call.0 >> 16 == 1 => Err(Errno::EINVAL.into()),
        21 => {
            let placed = shmat(task, first, at, AttachFlags(second.cast_unsigned()))?;
            task.guest.write(Addr(third.cast_unsigned()), &placed.0)?;
            Ok(0)
        }
        // SHMDT, SHMGET, SHMCTL
        22 => shmdt(task, at).map(|()| 0),
        23 => shmget(task, first, second.cast_unsigned(), IpcFlags(third.cast_unsigned())),
        24 if is_old_segment(second.cast_unsigned()) => Err(Errno::EINVAL.into()),
        24 => shmctl(task, first, SegmentCommand(second.cast_unsigned()), at),
        _ => Err(Errno::ENOSYS.into()),
    }
}
