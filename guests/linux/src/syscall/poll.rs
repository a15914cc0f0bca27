//! Waiting for files: poll and ppoll.

use crate::description::Description;
use crate::ready::{ERR, HUP, NVAL, conditions, ready, wait_for};
use crate::reply::{Interrupted, Reply, Stop, Wait};
use crate::signal::SignalSet;
use crate::syscall::time::{Span, after, timespec, timespec64};
use crate::task::Task;
use abi::structs::file::{Conditions, Pollfd};
use abi::structs::signal::Sigset;
use abi::structs::time::{Timespec, Timespec64};
use abi::{In, InOut, Layout, OutList};
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::Errno;

/// What a call that waits for files looks at: descriptors of the guest with the conditions wanted of each.
pub(super) struct Watch {
    wanted: Vec<(i32, u16)>,
}

impl Watch {
    pub(super) fn new(wanted: Vec<(i32, u16)>) -> Watch {
        Watch { wanted }
    }

    /// The conditions that hold, each with POLLNVAL where there is no such descriptor; and what to wait for. If none
    /// holds and the call `waits`, it looks again once the files know whom to tell.
    pub(super) fn look(&self, task: &Task<'_, '_>, waits: bool) -> (Vec<u16>, Wait) {
        let asker = task.asker();
        let files: Vec<_> = self.wanted.iter().map(|&(fd, _)| task.files.lock().get(fd).ok()).collect();
        let look = || -> Vec<u16> {
            let look = |(&(fd, events), description): (&(i32, u16), &Option<Arc<Description>>)| {
                let Some(file) = description.as_ref().and_then(|description| description.file().ok()) else {
                    return if fd < 0 { 0 } else { NVAL };
                };
                conditions(ready(file, asker)) & (events | ERR | HUP)
            };
            self.wanted.iter().zip(&files).map(look).collect()
        };
        let found = look();
        let mut wait = Wait::default();
        if !waits || found.iter().any(|bits| *bits != 0) {
            return (found, wait);
        }
        let watcher = task.watcher.clone();
        for ((_, events), description) in self.wanted.iter().zip(&files) {
            if let Some(file) = description.as_ref().and_then(|description| description.file().ok()) {
                file.watch(&watcher);
                wait_for(file, *events, &mut wait);
            }
        }
        (look(), wait)
    }
}

/// poll(2)
pub(super) fn poll(task: &mut Task<'_, '_>, list: OutList<Pollfd>, count: u32, timeout_ms: i32) -> Reply<u32> {
    let timeout_ns = u64::try_from(timeout_ms).ok().map(|timeout| timeout * 1_000_000);
    wait(task, list, count, timeout_ns)
}

/// Looks, and waits if nothing is ready.
fn wait(task: &mut Task<'_, '_>, list: OutList<Pollfd>, count: u32, timeout_ns: Option<u64>) -> Reply<u32> {
    if count > task.process.limits.lock().descriptors() {
        return Err(Errno::EINVAL.into());
    }
    let mut items = list.read(task.guest, count)?;
    let watch = Watch::new(items.iter().map(|item| (item.fd, item.events.0)).collect());
    let (found, wait) = watch.look(task, timeout_ns != Some(0));
    let ready = found.iter().filter(|bits| **bits != 0).count();
    let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    if ready == 0 && until_ns.is_none_or(|until| until > task.clocks.monotonic_ns()) {
        return task.block_by(until_ns, wait, Interrupted::Fails);
    }
    for (item, bits) in items.iter_mut().zip(found) {
        item.revents = Conditions(bits);
    }
    list.write(task.guest, &items)?;
    Ok(u32::try_from(ready).unwrap_or(0))
}

/// Runs a call under another mask, which is in force while it waits.
pub(super) fn masked<T>(
    task: &mut Task<'_, '_>,
    mask: Option<SignalSet>,
    call: impl FnOnce(&mut Task<'_, '_>) -> Reply<T>,
) -> Reply<T> {
    if let Some(mask) = mask
        && task.signals.saved_mask.is_none()
    {
        let before = core::mem::replace(&mut task.signals.mask, mask.as_mask());
        task.signals.saved_mask = Some(before);
    }
    let reply = call(task);
    if !matches!(reply, Err(Stop::Block(..)))
        && let Some(before) = task.signals.saved_mask.take()
    {
        task.signals.mask = before;
    }
    reply
}

/// The time left until a deadline, if there is one.
pub(super) fn left_ns(task: &Task<'_, '_>, until_ns: Option<u64>) -> u64 {
    until_ns.map_or(0, |until| until.saturating_sub(task.clocks.monotonic_ns()))
}

/// The mask to wait under, if there is one.
pub(super) fn mask_of(task: &Task<'_, '_>, mask: In<Sigset>, size: u32) -> Reply<Option<SignalSet>> {
    match mask.optional(task.guest)? {
        Some(_) if size != Sigset::BYTES => Err(Errno::EINVAL.into()),
        mask => Ok(mask.map(SignalSet::from)),
    }
}

/// ppoll(2): the timeout is told what was left.
pub(super) fn ppoll(
    task: &mut Task<'_, '_>,
    list: OutList<Pollfd>,
    count: u32,
    timeout: InOut<Timespec>,
    mask: In<Sigset>,
    size: u32,
) -> Reply<u32> {
    let mask = mask_of(task, mask, size)?;
    let timeout_ns = if timeout.is_null() { None } else { Some(Span::from(timeout.read(task.guest)?).ns()?) };
    let until = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    let ready = masked(task, mask, |task| wait(task, list, count, timeout_ns))?;
    if !timeout.is_null() {
        let left = left_ns(task, until);
        timeout.write(task.guest, &timespec(left))?;
    }
    Ok(ready)
}

/// ppoll_time64(2)
pub(super) fn ppoll_time64(
    task: &mut Task<'_, '_>,
    list: OutList<Pollfd>,
    count: u32,
    timeout: InOut<Timespec64>,
    mask: In<Sigset>,
    size: u32,
) -> Reply<u32> {
    let mask = mask_of(task, mask, size)?;
    let timeout_ns = if timeout.is_null() { None } else { Some(Span::from(timeout.read(task.guest)?).ns()?) };
    let until = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    let ready = masked(task, mask, |task| wait(task, list, count, timeout_ns))?;
    if !timeout.is_null() {
        let left = left_ns(task, until);
        timeout.write(task.guest, &timespec64(left))?;
    }
    Ok(ready)
}
