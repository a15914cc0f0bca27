//! eventfd(2).

use crate::event::Counter;
use crate::flags::{CounterFlags, Fd, OpenFlags, has_others};
use crate::reply::Reply;
use crate::task::Task;
use alloc::boxed::Box;
use vfs::Errno;

/// EFD_SEMAPHORE
const SEMAPHORE: u32 = 1;

/// eventfd(2), as it first was: without flags.
pub(super) fn eventfd(task: &mut Task<'_, '_>, count: u32) -> Reply<Fd> {
    eventfd2(task, count, CounterFlags(0))
}

/// eventfd2(2)
pub(super) fn eventfd2(task: &mut Task<'_, '_>, count: u32, flags: CounterFlags) -> Reply<Fd> {
    if has_others(flags.0, SEMAPHORE) {
        return Err(Errno::EINVAL.into());
    }
    let counter = Counter::new(u64::from(count), flags.0 & SEMAPHORE != 0, task.guest.endian);
    Ok(task.install_anonymous("[eventfd]", Box::new(counter), OpenFlags::read_write(flags.0))?)
}
