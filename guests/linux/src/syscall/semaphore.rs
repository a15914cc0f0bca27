//! System V semaphores.

use crate::flags::{IpcFlags, SemaphoreCommand};
use crate::ipc::{
    Caller, NO_WAIT, OBJECTS_MAX, OPERATIONS_MAX, Object, Operation, Permission, SEMAPHORES_MAX, SET_MAX, Semaphores,
    VALUE_MAX,
};
use crate::reply::{Interrupted, Reply, Wait};
use crate::syscall::time::{Span, after};
use crate::task::Task;
use abi::structs::file::Mode;
use abi::structs::ipc::{IpcPerm, Sembuf, Semid, Seminfo};
use abi::structs::time::Timespec64;
use abi::{Addr, In, InList, Layout, Out};
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::{Errno, Result};

/// IPC_64, which libraries add to commands for ipc(2).
pub(super) const IPC_64: u32 = 0x100;

/// Seconds since 1970.
pub(super) fn now(task: &Task<'_, '_>) -> u64 {
    u64::try_from(task.clocks.realtime().0).unwrap_or(0) / 1_000_000_000
}

/// This process, as permissions see it.
pub(super) fn caller(task: &Task<'_, '_>) -> Caller {
    Caller::new(task.pid(), &task.credentials)
}

/// `struct ipc64_perm` of an object.
pub(super) fn perm(permission: &Permission, id: i32) -> IpcPerm {
    IpcPerm {
        key: permission.key,
        uid: permission.uid,
        gid: permission.gid,
        cuid: permission.creator_uid,
        cgid: permission.creator_gid,
        mode: Mode(permission.mode),
        seq: u16::try_from(id >> 15).unwrap_or(0),
        ..IpcPerm::default()
    }
}

/// An object that is gone while a call waited for it is EIDRM.
pub(super) fn still<T>(task: &Task<'_, '_>, found: Result<T>) -> Result<T> {
    found.map_err(|errno| if errno == Errno::EINVAL && task.is_again() { Errno::EIDRM } else { errno })
}

/// semget(2)
pub(super) fn semget(task: &mut Task<'_, '_>, key: i32, count: i32, flags: IpcFlags) -> Reply<u32> {
    let count = u32::try_from(count).ok().filter(|count| *count <= SET_MAX).ok_or(Errno::EINVAL)? as usize;
    let sets = &task.kernel.commons.semaphores;
    let there: usize = sets.all().iter().map(|set| set.state.lock().list.len()).sum();
    let time = now(task);
    let check = |set: &Semaphores| if count > set.list.len() { Err(Errno::EINVAL) } else { Ok(()) };
    let make = |_, permission| match count {
        0 => Err(Errno::EINVAL),
        _ if there + count > SEMAPHORES_MAX => Err(Errno::ENOSPC),
        _ => Ok(Semaphores::new(permission, count, time)),
    };
    Ok(sets.get(key, flags.0, &caller(task), |set| &set.permission, check, make)?.cast_unsigned())
}

/// semtimedop(2), with `__kernel_timespec`.
pub(super) fn semtimedop_time64(
    task: &mut Task<'_, '_>,
    id: i32,
    operations: InList<Sembuf>,
    count: u32,
    timeout: In<Timespec64>,
) -> Reply<()> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    operate(task, id, operations, count, timeout)
}

/// Does operations, and waits until it can.
pub(super) fn operate(
    task: &mut Task<'_, '_>,
    id: i32,
    operations: InList<Sembuf>,
    count: u32,
    timeout: Option<Span>,
) -> Reply<()> {
    if count == 0 {
        return Err(Errno::EINVAL.into());
    }
    if count > OPERATIONS_MAX {
        return Err(Errno::E2BIG.into());
    }
    let operations: Vec<Operation> = operations
        .read(task.guest, count)?
        .iter()
        .map(|operation| Operation { index: operation.sem_num, change: operation.sem_op, flags: operation.sem_flg })
        .collect();
    let timeout_ns = timeout.map(Span::ns).transpose()?;
    let set = still(task, task.kernel.commons.semaphores.find(id))?;
    let (caller, time) = (caller(task), now(task));
    let attempt = || {
        let mut state = set.state.lock();
        if operations.iter().any(|operation| usize::from(operation.index) >= state.list.len()) {
            return Err((Errno::EFBIG, false));
        }
        let alters = operations.iter().any(|operation| operation.change != 0);
        state.permission.check(&caller, if alters { 2 } else { 4 }).map_err(|errno| (errno, false))?;
        state.operate(&operations, caller.pid, time)
    };
    let done = match attempt() {
        Err((Errno::EAGAIN, false)) => {
            set.watchers.add(&task.watcher);
            attempt()
        }
        done => done,
    };
    match done {
        Ok(()) => {
            set.watchers.notice();
            Ok(())
        }
        Err((Errno::EAGAIN, false)) => {
            let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
            if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) {
                return Err(Errno::EAGAIN.into());
            }
            // Never made again behind a handler (signal(7)).
            task.block_by(until_ns, Wait::default(), Interrupted::Fails)
        }
        Err((errno, _)) => Err(errno.into()),
    }
}

/// semctl(2)
pub(super) fn semctl(
    task: &mut Task<'_, '_>,
    id: i32,
    index: i32,
    command: SemaphoreCommand,
    argument: Addr,
) -> Reply<u32> {
    let sets = &task.kernel.commons.semaphores;
    match command.0 & !IPC_64 {
        // IPC_INFO, SEM_INFO
        info @ (3 | 19) => {
            let all = sets.all();
            let count: usize = all.iter().map(|set| set.state.lock().list.len()).sum();
            let told = |now: usize, most: u32| if info == 19 { u32::try_from(now).unwrap_or(0) } else { most };
            let value = Seminfo {
                semmap: 1024,
                semmni: OBJECTS_MAX as u32,
                semmns: SEMAPHORES_MAX as u32,
                semmnu: SEMAPHORES_MAX as u32,
                semmsl: SET_MAX,
                semopm: OPERATIONS_MAX,
                semume: OPERATIONS_MAX,
                semusz: told(all.len(), 20),
                semvmx: VALUE_MAX.cast_unsigned(),
                semaem: told(count, VALUE_MAX.cast_unsigned()),
            };
            let last = sets.last_place();
            Out::new(argument).write(task.guest, &value)?;
            Ok(last)
        }
        // SEM_STAT, SEM_STAT_ANY
        stat @ (18 | 20) => {
            let set = sets.at(id)?;
            status(task, &set, argument, stat == 20)?;
            Ok(set.id.cast_unsigned())
        }
        command => {
            let set = sets.find(id)?;
            one(task, &set, index, command, argument)
        }
    }
}

fn status(task: &mut Task<'_, '_>, set: &Object<Semaphores>, at: Addr, any: bool) -> Reply<()> {
    let value = {
        let state = set.state.lock();
        if !any {
            state.permission.check(&caller(task), 4)?;
        }
        #[allow(clippy::cast_possible_truncation, reason = "the halves are told apart")]
        Semid {
            sem_perm: perm(&state.permission, set.id),
            sem_otime: state.operated as u32,
            sem_ctime: state.changed as u32,
            sem_nsems: u32::try_from(state.list.len()).unwrap_or(0),
            sem_otime_high: (state.operated >> 32) as u32,
            sem_ctime_high: (state.changed >> 32) as u32,
        }
    };
    Ok(Out::new(at).write(task.guest, &value)?)
}

/// Commands for one set.
fn one(task: &mut Task<'_, '_>, set: &Arc<Object<Semaphores>>, index: i32, command: u32, argument: Addr) -> Reply<u32> {
    let (caller, time) = (caller(task), now(task));
    match command {
        // IPC_RMID
        0 => {
            set.state.lock().permission.check_owner(&caller)?;
            task.kernel.commons.semaphores.remove(set);
        }
        // IPC_SET
        1 => {
            let Semid { sem_perm, .. } = task.guest.read(argument)?;
            let mut state = set.state.lock();
            state.permission.check_owner(&caller)?;
            state.permission.set(sem_perm.uid, sem_perm.gid, sem_perm.mode.0);
            state.changed = time;
        }
        // IPC_STAT
        2 => status(task, set, argument, false)?,
        // GETPID, GETVAL, GETNCNT, GETZCNT: who waits is not counted.
        11 | 12 | 14 | 15 => {
            let state = set.state.lock();
            state.permission.check(&caller, 4)?;
            let index = usize::try_from(index).map_err(|_| Errno::EINVAL)?;
            let semaphore = state.list.get(index).ok_or(Errno::EINVAL)?;
            return Ok(match command {
                11 => semaphore.pid,
                12 => semaphore.value.cast_unsigned(),
                _ => 0,
            });
        }
        // GETALL
        13 => {
            let values: Vec<u16> = {
                let state = set.state.lock();
                state.permission.check(&caller, 4)?;
                state.list.iter().map(|semaphore| u16::try_from(semaphore.value).unwrap_or(0)).collect()
            };
            for (place, value) in (0..).zip(values) {
                task.guest.write(argument + place * u16::BYTES, &value)?;
            }
        }
        // SETVAL, SETALL
        16 => set_one(task, set, index, argument.0.cast_signed())?,
        17 => set_all(task, set, argument)?,
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

fn set_one(task: &Task<'_, '_>, set: &Object<Semaphores>, index: i32, value: i32) -> Result<()> {
    let (caller, time) = (caller(task), now(task));
    let mut state = set.state.lock();
    let index = usize::try_from(index).map_err(|_| Errno::EINVAL)?;
    if !(0..=VALUE_MAX).contains(&value) {
        return Err(Errno::ERANGE);
    }
    state.permission.check(&caller, 2)?;
    state.set(index, value, caller.pid, time)?;
    drop(state);
    set.watchers.notice();
    Ok(())
}

fn set_all(task: &Task<'_, '_>, set: &Object<Semaphores>, at: Addr) -> Reply<()> {
    let (caller, time) = (caller(task), now(task));
    let count = {
        let state = set.state.lock();
        state.permission.check(&caller, 2)?;
        u32::try_from(state.list.len()).unwrap_or(0)
    };
    let values: Vec<u16> = InList::new(at).read(task.guest, count)?;
    if values.iter().any(|value| i32::from(*value) > VALUE_MAX) {
        return Err(Errno::ERANGE.into());
    }
    let mut state = set.state.lock();
    for (index, value) in values.into_iter().enumerate() {
        state.set(index, i32::from(value), caller.pid, time)?;
    }
    drop(state);
    set.watchers.notice();
    Ok(())
}

/// Whether a call with these flags must not wait.
pub(super) fn never_waits(flags: u32) -> bool {
    flags & NO_WAIT != 0
}
