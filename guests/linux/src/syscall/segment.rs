//! System V shared memory.

use crate::flags::{AttachFlags, IpcFlags, SegmentCommand};
use crate::ipc::{OBJECTS_MAX, Object, SEGMENT_BYTES_MAX, Segment};
use crate::kernel::Kernel;
use crate::limits::resource;
use crate::mm::{SEGMENT_ALIGNMENT, SegmentBacking};
use crate::reply::Reply;
use crate::syscall::semaphore::{IPC_64, caller, now, perm};
use crate::task::Task;
use crate::thread::Thread;
use abi::structs::file::Mode;
use abi::structs::ipc::{ShmInfo, Shmid, Shminfo};
use abi::{Addr, Out, Prot};
use alloc::sync::Arc;
use vfs::Errno;

/// SHM_HUGETLB
const HUGE: u32 = 0o4000;
/// SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC
const READ_ONLY: u32 = 0o10000;
const ROUND: u32 = 0o20000;
const REPLACE: u32 = 0o40000;
const EXECUTE: u32 = 0o100000;

impl Thread {
    /// Takes note of segments that this process has just attached or detached, whatever by.
    pub(crate) fn settle_segments(&self) {
        let now = || u64::try_from(self.clocks.realtime().0).unwrap_or(0) / 1_000_000_000;
        self.kernel.commons.segments.settle(self.process.pid, now);
    }
}

impl Kernel {
    /// Pages of 4096 bytes that all segments together may have (SHMALL): as much as a process may map.
    pub(crate) fn segment_pages_max(&self) -> u64 {
        let table = self.table.lock();
        let bytes = table.get(table.first).map_or(0, |first| first.process.limits.lock().memory_bytes_max());
        (bytes / 4096).min(u64::from(SEGMENT_BYTES_MAX))
    }
}

/// shmget(2)
pub(super) fn shmget(task: &mut Task<'_, '_>, key: i32, size: u32, flags: IpcFlags) -> Reply<u32> {
    task.thread.settle_segments();
    let (caller, time) = (caller(task), now(task));
    let kernel = task.thread.kernel.clone();
    let segments = &kernel.commons.segments;
    let there = segments.page_count();
    let most = kernel.segment_pages_max();
    let space = &mut *task.guest.space;
    let check = |segment: &Segment| if size > segment.about.bytes { Err(Errno::EINVAL) } else { Ok(()) };
    let make = |id, permission| match size {
        0 => Err(Errno::EINVAL),
        _ if size > SEGMENT_BYTES_MAX => Err(Errno::EINVAL),
        _ if there + u64::from(size).div_ceil(4096) > most => Err(Errno::ENOSPC),
        // There are no large pages.
        _ if flags.0 & HUGE != 0 => Err(Errno::ENOMEM),
        _ => {
            let pages = space.make_shared(u64::from(size).next_multiple_of(4096)).map_err(|_| Errno::ENOMEM)?;
            Ok(Segment::new(id, permission, size, pages, caller.pid, time))
        }
    };
    Ok(segments.get(key, flags.0, &caller, |segment| &segment.about.permission, check, make)?.cast_unsigned())
}

/// shmat(2)
pub(super) fn shmat(task: &mut Task<'_, '_>, id: i32, at: Addr, flags: AttachFlags) -> Reply<Addr> {
    let has = |flag: u32| flags.0 & flag != 0;
    task.thread.settle_segments();
    let at = match at.0 % SEGMENT_ALIGNMENT {
        _ if at.is_null() && has(REPLACE) => return Err(Errno::EINVAL.into()),
        _ if at.is_null() => None,
        0 => Some(at),
        _ if !has(ROUND) => return Err(Errno::EINVAL.into()),
        over if over == at.0 && has(REPLACE) => return Err(Errno::EINVAL.into()),
        over => Some(Addr(at.0 - over)),
    };
    let (mut prot, mut wish) = (Prot::READ, 4);
    if !has(READ_ONLY) {
        (prot, wish) = (prot | Prot::WRITE, wish | 2);
    }
    if has(EXECUTE) {
        (prot, wish) = (prot | Prot::EXEC, wish | 1);
    }
    let segment = task.kernel.commons.segments.find(id)?;
    let Segment { about, attached } = segment.state.lock().clone();
    about.permission.check(&caller(task), wish)?;
    let backing = SegmentBacking { attached, offset: 0, is_writable: !has(READ_ONLY) };
    let memory = &task.thread.memory;
    let placed = memory.lock().attach(task.guest.space, at, about.bytes, prot, has(REPLACE), backing);
    task.thread.settle_segments();
    Ok(placed?)
}

/// shmdt(2)
pub(super) fn shmdt(task: &mut Task<'_, '_>, at: Addr) -> Reply<()> {
    if !at.0.is_multiple_of(4096) {
        return Err(Errno::EINVAL.into());
    }
    task.thread.settle_segments();
    let detached = task.thread.memory.lock().detach(task.guest.space, at);
    task.thread.settle_segments();
    Ok(detached?)
}

/// shmctl(2)
pub(super) fn shmctl(task: &mut Task<'_, '_>, id: i32, command: SegmentCommand, at: Addr) -> Reply<u32> {
    task.thread.settle_segments();
    let segments = &task.kernel.commons.segments;
    let last = segments.last_place();
    match command.0 & !IPC_64 {
        _ if id < 0 => Err(Errno::EINVAL.into()),
        // IPC_INFO
        3 => {
            let pages = task.kernel.segment_pages_max();
            let most = OBJECTS_MAX as u32;
            let value = Shminfo {
                shmmax: SEGMENT_BYTES_MAX,
                shmmin: 1,
                shmmni: most,
                shmseg: most,
                shmall: u32::try_from(pages).unwrap_or(u32::MAX),
                ..Shminfo::default()
            };
            Out::new(at).write(task.guest, &value)?;
            Ok(last)
        }
        // SHM_INFO
        14 => {
            // Pages are counted as if all were there: which ones are is the host's to know.
            let pages = u32::try_from(segments.page_count()).unwrap_or(u32::MAX);
            let used = u32::try_from(segments.all().len()).unwrap_or(0);
            let value = ShmInfo { used_ids: used, shm_tot: pages, shm_rss: pages, ..ShmInfo::default() };
            Out::new(at).write(task.guest, &value)?;
            Ok(last)
        }
        // SHM_STAT, SHM_STAT_ANY
        stat @ (13 | 15) => {
            let segment = segments.at(id)?;
            status(task, &segment, at, stat == 15)?;
            Ok(segment.id.cast_unsigned())
        }
        command => {
            let segment = segments.find(id)?;
            one(task, &segment, command, at)?;
            Ok(0)
        }
    }
}

fn status(task: &mut Task<'_, '_>, segment: &Object<Segment>, at: Addr, any: bool) -> Reply<()> {
    let value = {
        let state = segment.state.lock();
        let about = &state.about;
        if !any {
            about.permission.check(&caller(task), 4)?;
        }
        let mut shm_perm = perm(&about.permission, segment.id);
        shm_perm.mode = Mode(about.mode());
        #[allow(clippy::cast_possible_truncation, reason = "the halves are told apart")]
        let halves = |time: u64| (time as u32, (time >> 32) as u16);
        let [attached, detached, changed] = [about.attached_at, about.detached_at, about.changed_at].map(halves);
        Shmid {
            shm_perm,
            shm_segsz: about.bytes,
            shm_atime: attached.0,
            shm_dtime: detached.0,
            shm_ctime: changed.0,
            shm_cpid: about.creator,
            shm_lpid: about.last,
            shm_nattch: u32::try_from(state.count()).unwrap_or(u32::MAX),
            shm_atime_high: attached.1,
            shm_dtime_high: detached.1,
            shm_ctime_high: changed.1,
            ..Shmid::default()
        }
    };
    Ok(Out::new(at).write(task.guest, &value)?)
}

/// Commands for one segment.
fn one(task: &mut Task<'_, '_>, segment: &Arc<Object<Segment>>, command: u32, at: Addr) -> Reply<()> {
    let (caller, time) = (caller(task), now(task));
    match command {
        // IPC_RMID: nobody finds it by its key any more; it ends now, or with its last area.
        0 => {
            let is_attached = {
                let mut state = segment.state.lock();
                state.about.permission.check_owner(&caller)?;
                state.about.permission.key = crate::ipc::PRIVATE;
                state.about.is_doomed = true;
                state.count() > 0
            };
            if !is_attached {
                task.kernel.commons.segments.remove(segment);
            }
            Ok(())
        }
        // IPC_SET
        1 => {
            let Shmid { shm_perm, .. } = task.guest.read(at)?;
            let mut state = segment.state.lock();
            state.about.permission.check_owner(&caller)?;
            state.about.permission.set(shm_perm.uid, shm_perm.gid, shm_perm.mode.0);
            state.about.changed_at = time;
            Ok(())
        }
        // IPC_STAT
        2 => status(task, segment, at, false),
        // SHM_LOCK, SHM_UNLOCK: memory stays where it is anyhow.
        11 | 12 => {
            let mut state = segment.state.lock();
            state.about.permission.check_owner(&caller)?;
            let limit = task.process.limits.lock().get(resource::MEMLOCK).map_or(0, |limit| limit.0);
            if command == 11 && limit == 0 && !caller.is_privileged() {
                return Err(Errno::EPERM.into());
            }
            state.about.is_locked = command == 11;
            Ok(())
        }
        _ => Err(Errno::EINVAL.into()),
    }
}
