//! Locks of files: flock(2), and those of fcntl(2), which calls what is here.

use crate::description::Description;
use crate::flags::{Bits, Fd};
use crate::lock::{FileId, Holder, Lock};
use crate::reply::{Interrupted, Reply, Wait};
use crate::task::{Resume, Task};
use alloc::sync::Arc;
use vfs::node::Kind;
use vfs::{Errno, Result};

/// Kinds of lock (fcntl.h).
const F_RDLCK: i16 = 0;
const F_WRLCK: i16 = 1;
const F_UNLCK: i16 = 2;

/// Whose a lock is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Owner {
    /// The process's: F_SETLK.
    Process,
    /// The open file description's: F_OFD_SETLK.
    Description,
}

/// A `struct flock`, of either width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) kind: i16,
    pub(super) whence: i16,
    pub(super) start: i64,
    pub(super) length: i64,
    pub(super) pid: i32,
}

/// The file of a description.
pub(crate) fn file_id(description: &Description) -> Result<FileId> {
    let metadata = description.node().metadata()?;
    Ok((metadata.device, metadata.inode))
}

fn identity(description: &Arc<Description>) -> usize {
    Arc::as_ptr(description).addr()
}

fn holder(task: &Task<'_, '_>, description: &Arc<Description>, owner: Owner) -> Holder {
    match owner {
        Owner::Process => Holder::Process(task.process.pid),
        Owner::Description => Holder::Description(identity(description)),
    }
}

/// The range that is asked for: its first byte, and the first one behind it.
fn range(description: &Description, asked: &Asked) -> Result<(u64, u64)> {
    let base = match asked.whence {
        0 => 0,
        1 => description.offset()?.cast_signed(),
        2 => description.node().metadata()?.size.cast_signed(),
        _ => return Err(Errno::EINVAL),
    };
    let start = base.checked_add(asked.start).ok_or(Errno::EOVERFLOW)?;
    let (from, end) = match asked.length {
        0 => (start, i64::MAX),
        length @ 1.. => (start, start.checked_add(length).ok_or(Errno::EOVERFLOW)?),
        length => (start.checked_add(length).ok_or(Errno::EINVAL)?, start),
    };
    let from = u64::try_from(from).map_err(|_| Errno::EINVAL)?;
    Ok((from, if asked.length == 0 { u64::MAX } else { end.cast_unsigned() }))
}

/// F_GETLK: the lock that is in the way, or F_UNLCK.
pub(super) fn get(task: &Task<'_, '_>, fd: Fd, asked: Asked, owner: Owner) -> Reply<Asked> {
    let description = task.description(fd)?;
    let (from, end) = range(&description, &asked)?;
    if owner == Owner::Description && asked.pid != 0 || ![F_RDLCK, F_WRLCK].contains(&asked.kind) {
        return Err(Errno::EINVAL.into());
    }
    let wanted = Lock { holder: holder(task, &description, owner), from, end, is_write: asked.kind == F_WRLCK };
    let found = task.kernel.locks.lock().conflict(file_id(&description)?, &wanted);
    let Some(held) = found else { return Ok(Asked { kind: F_UNLCK, ..asked }) };
    Ok(Asked {
        kind: if held.is_write { F_WRLCK } else { F_RDLCK },
        whence: 0,
        start: held.from.cast_signed(),
        length: if held.end == u64::MAX { 0 } else { (held.end - held.from).cast_signed() },
        pid: if let Holder::Process(pid) = held.holder { pid.cast_signed() } else { -1 },
    })
}

/// F_SETLK and F_SETLKW.
pub(super) fn set(task: &mut Task<'_, '_>, fd: Fd, asked: Asked, owner: Owner, waits: bool) -> Reply<()> {
    let description = task.description(fd)?;
    let (from, end) = range(&description, &asked)?;
    if owner == Owner::Description && asked.pid != 0 {
        return Err(Errno::EINVAL.into());
    }
    let holder = holder(task, &description, owner);
    let is_write = match asked.kind {
        F_UNLCK => {
            task.kernel.locks.lock().clear(file_id(&description)?, holder, from, end);
            return Ok(());
        }
        F_RDLCK if !description.flags().reads() => return Err(Errno::EBADF.into()),
        F_WRLCK if !description.flags().writes() => return Err(Errno::EBADF.into()),
        F_RDLCK | F_WRLCK => asked.kind == F_WRLCK,
        _ => return Err(Errno::EINVAL.into()),
    };
    take(task, &description, Lock { holder, from, end, is_write }, waits)
}

/// flock(2)
pub(super) fn flock(task: &mut Task<'_, '_>, fd: Fd, operation: Bits) -> Reply<()> {
    const LOCK_SH: u32 = 1;
    const LOCK_EX: u32 = 2;
    const LOCK_NB: u32 = 4;
    const LOCK_UN: u32 = 8;
    let description = task.description(fd)?;
    description.file()?;
    let holder = Holder::Whole(identity(&description));
    match operation.0 & !LOCK_NB {
        LOCK_UN => {
            task.kernel.locks.lock().release(Some(file_id(&description)?), holder);
            Ok(())
        }
        kind @ (LOCK_SH | LOCK_EX) => {
            let lock = Lock { holder, from: 0, end: u64::MAX, is_write: kind == LOCK_EX };
            take(task, &description, lock, operation.0 & LOCK_NB == 0)
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Takes a lock, or waits for it.
fn take(task: &mut Task<'_, '_>, description: &Arc<Description>, lock: Lock, waits: bool) -> Reply<()> {
    if description.node().kind()? == Kind::Fifo && !matches!(lock.holder, Holder::Whole(_)) {
        return Err(Errno::EINVAL.into());
    }
    let file = file_id(description)?;
    let mut locks = task.kernel.locks.lock();
    let Some(other) = locks.conflict(file, &lock) else {
        if !matches!(lock.holder, Holder::Process(_)) {
            description.release_with(&task.kernel);
        }
        locks.set(file, lock);
        return Ok(());
    };
    if !waits {
        return Err(Errno::EAGAIN.into());
    }
    if !locks.wait(lock.holder, other.holder, &task.watcher) {
        return Err(Errno::EDEADLK.into());
    }
    drop(locks);
    task.thread.resume = Some(Resume { locks: Some(lock.holder), ..Resume::default() });
    task.block(Wait::default(), Interrupted::Restarts)
}

/// A descriptor of this process was closed: its locks of that file go, whoever else has it open, and so does what it is to be told
/// of a queue.
pub(super) fn closed(task: &Task<'_, '_>, description: &Description) {
    super::mqueue::closed(task.pid(), description);
    let mut locks = task.kernel.locks.lock();
    if !locks.is_empty()
        && let Ok(file) = file_id(description)
    {
        locks.release(Some(file), Holder::Process(task.process.pid));
    }
}
