//! System V message queues.

use crate::flags::{IpcFlags, MessageCommand, QueueFlags};
use crate::ipc::{MESSAGE_BYTES_MAX, Message, Messages, OBJECTS_MAX, Object, QUEUE_BYTES, Wanted};
use crate::reply::{Interrupted, Reply, Wait};
use crate::syscall::semaphore::{IPC_64, caller, never_waits, now, perm, still};
use crate::task::Task;
use abi::structs::ipc::{Msginfo, Msqid};
use abi::{Addr, Out};
use alloc::sync::Arc;
use vfs::Errno;

/// MSG_NOERROR
const NO_ERROR: u32 = 0o10000;
/// MSG_EXCEPT
const EXCEPT: u32 = 0o20000;
/// MSG_COPY
const COPY: u32 = 0o40000;

/// msgget(2)
pub(super) fn msgget(task: &mut Task<'_, '_>, key: i32, flags: IpcFlags) -> Reply<u32> {
    let time = now(task);
    let make = |_, permission| Ok(Messages::new(permission, time));
    let queues = &task.kernel.commons.messages;
    Ok(queues.get(key, flags.0, &caller(task), |queue| &queue.permission, |_| Ok(()), make)?.cast_unsigned())
}

/// Waits for a queue to change.
fn wait<T>(task: &mut Task<'_, '_>) -> Reply<T> {
    // Never made again behind a handler (signal(7)).
    task.block(Wait::default(), Interrupted::Fails)
}

/// msgsnd(2)
pub(super) fn msgsnd(task: &mut Task<'_, '_>, id: i32, at: Addr, length: u32, flags: QueueFlags) -> Reply<()> {
    let kind: i32 = task.guest.read(at)?;
    if length > MESSAGE_BYTES_MAX || id < 0 || kind < 1 {
        return Err(Errno::EINVAL.into());
    }
    let message = Message { kind, text: task.guest.bytes(at + 4, length)? };
    let queue = still(task, task.kernel.commons.messages.find(id))?;
    let (caller, time) = (caller(task), now(task));
    queue.state.lock().permission.check(&caller, 2)?;
    let attempt = || queue.state.lock().send(message.clone(), caller.pid, time);
    let sent = match attempt() {
        Err(Errno::EAGAIN) if !never_waits(flags.0) => {
            queue.watchers.add(&task.watcher);
            attempt()
        }
        sent => sent,
    };
    match sent {
        Ok(()) => {
            queue.watchers.notice();
            Ok(())
        }
        Err(Errno::EAGAIN) if !never_waits(flags.0) => wait(task),
        Err(errno) => Err(errno.into()),
    }
}

/// Which message msgrcv(2) wants.
fn wanted(kind: i32, flags: u32) -> Result<Wanted, Errno> {
    match kind {
        _ if flags & COPY != 0 => {
            if flags & EXCEPT != 0 || !never_waits(flags) {
                return Err(Errno::EINVAL);
            }
            usize::try_from(kind).map(Wanted::Copy).map_err(|_| Errno::ENOMSG)
        }
        0 => Ok(Wanted::Any),
        1.. if flags & EXCEPT != 0 => Ok(Wanted::Other(kind)),
        1.. => Ok(Wanted::Kind(kind)),
        _ => Ok(Wanted::UpTo(kind.checked_neg().unwrap_or(i32::MAX))),
    }
}

/// msgrcv(2)
pub(super) fn msgrcv(
    task: &mut Task<'_, '_>,
    id: i32,
    at: Addr,
    size: u32,
    kind: i32,
    flags: QueueFlags,
) -> Reply<u32> {
    if id < 0 || size > 0x7fff_ffff {
        return Err(Errno::EINVAL.into());
    }
    let wanted = wanted(kind, flags.0)?;
    let queue = still(task, task.kernel.commons.messages.find(id))?;
    let (caller, time) = (caller(task), now(task));
    queue.state.lock().permission.check(&caller, 4)?;
    let may_cut = flags.0 & NO_ERROR != 0;
    let attempt = || queue.state.lock().receive(wanted, size as usize, may_cut, caller.pid, time);
    let received = match attempt() {
        Err(Errno::ENOMSG) if !never_waits(flags.0) => {
            queue.watchers.add(&task.watcher);
            attempt()
        }
        received => received,
    };
    let message = match received {
        Err(Errno::ENOMSG) if !never_waits(flags.0) => return wait(task),
        received => received?,
    };
    queue.watchers.notice();
    task.guest.write(at, &message.kind)?;
    task.guest.space.write(at + 4, &message.text)?;
    Ok(u32::try_from(message.text.len()).unwrap_or(0))
}

/// msgctl(2)
pub(super) fn msgctl(task: &mut Task<'_, '_>, id: i32, command: MessageCommand, at: Addr) -> Reply<u32> {
    let queues = &task.kernel.commons.messages;
    match command.0 & !IPC_64 {
        // IPC_INFO, MSG_INFO
        info @ (3 | 12) => {
            let all = queues.all();
            let sum = |of: &dyn Fn(&Messages) -> usize| all.iter().map(|queue| of(&queue.state.lock())).sum::<usize>();
            let told = |now: usize| if info == 12 { u32::try_from(now).unwrap_or(0) } else { 0 };
            let value = Msginfo {
                msgpool: told(all.len()),
                msgmap: told(sum(&|queue| queue.list.len())),
                msgmax: MESSAGE_BYTES_MAX,
                msgmnb: QUEUE_BYTES as u32,
                msgmni: OBJECTS_MAX as u32,
                msgssz: 16,
                msgtql: told(sum(&Messages::bytes)),
                msgseg: u16::MAX,
                ..Msginfo::default()
            };
            let last = queues.last_place();
            Out::new(at).write(task.guest, &value)?;
            Ok(last)
        }
        // MSG_STAT, MSG_STAT_ANY
        stat @ (11 | 13) => {
            let queue = queues.at(id)?;
            status(task, &queue, at, stat == 13)?;
            Ok(queue.id.cast_unsigned())
        }
        command => {
            let queue = queues.find(id)?;
            one(task, &queue, command, at)?;
            Ok(0)
        }
    }
}

fn status(task: &mut Task<'_, '_>, queue: &Object<Messages>, at: Addr, any: bool) -> Reply<()> {
    let value = {
        let state = queue.state.lock();
        if !any {
            state.permission.check(&caller(task), 4)?;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Msqid {
            msg_perm: perm(&state.permission, queue.id),
            msg_stime: state.sent,
            msg_rtime: state.received,
            msg_ctime: state.changed,
            msg_cbytes: number(state.bytes()),
            msg_qnum: number(state.list.len()),
            msg_qbytes: number(state.bytes_max),
            msg_lspid: state.sender,
            msg_lrpid: state.receiver,
            ..Msqid::default()
        }
    };
    Ok(Out::new(at).write(task.guest, &value)?)
}

/// Commands for one queue.
fn one(task: &mut Task<'_, '_>, queue: &Arc<Object<Messages>>, command: u32, at: Addr) -> Reply<()> {
    let caller = caller(task);
    match command {
        // IPC_RMID
        0 => {
            queue.state.lock().permission.check_owner(&caller)?;
            task.kernel.commons.messages.remove(queue);
            Ok(())
        }
        // IPC_SET
        1 => {
            let Msqid { msg_perm, msg_qbytes, .. } = task.guest.read(at)?;
            let mut state = queue.state.lock();
            state.permission.check_owner(&caller)?;
            // A queue is the host's memory: not even root makes it greater than it was.
            if msg_qbytes as usize > QUEUE_BYTES {
                return Err(Errno::EPERM.into());
            }
            state.permission.set(msg_perm.uid, msg_perm.gid, msg_perm.mode.0);
            (state.bytes_max, state.changed) = (msg_qbytes as usize, now(task));
            drop(state);
            queue.watchers.notice();
            Ok(())
        }
        // IPC_STAT
        2 => status(task, queue, at, false),
        _ => Err(Errno::EINVAL.into()),
    }
}
