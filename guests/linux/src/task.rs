//! [`Task`]: what a handler is given.

use crate::description::Description;
use crate::fdtable::Slot;
use crate::flags::{Fd, OpenFlags};
use crate::lock::Holder;
use crate::ready;
use crate::reply::{Interrupted, Reply, Stop, Wait};
use crate::thread::Thread;
use abi::{Guest, Path, State};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use vfs::{Errno, Result};

/// A thread in the middle of a system call, with its memory and registers.
pub(crate) struct Task<'a, 'g> {
    pub(crate) thread: &'a mut Thread,
    pub(crate) guest: &'a mut Guest<'g>,
    pub(crate) state: &'a mut State,
}

/// What a call that waits remembers until it is made again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Resume {
    /// When it gives up.
    pub(crate) until_ns: Option<u64>,
    /// Bytes it has moved, or messages: its result if a signal interrupts it.
    pub(crate) moved: u32,
    /// Bytes it has moved of the message after those.
    pub(crate) within: u32,
    /// Whether it is among [`crate::futex::Futexes`].
    pub(crate) is_futex: bool,
    /// Who waits for a lock of a file.
    pub(crate) locks: Option<Holder>,
}

/// The earlier of two times, if there are.
pub(crate) fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Deref for Task<'_, '_> {
    type Target = Thread;
    fn deref(&self) -> &Thread {
        self.thread
    }
}

impl DerefMut for Task<'_, '_> {
    fn deref_mut(&mut self) -> &mut Thread {
        self.thread
    }
}

impl Task<'_, '_> {
    /// Reads a path.
    pub(crate) fn path(&self, path: Path) -> Result<Vec<u8>> {
        let path = path.read(self.guest).map_err(|_| Errno::EFAULT)?;
        path.ok_or(Errno::ENAMETOOLONG)
    }

    /// Gives a description the lowest free descriptor.
    pub(crate) fn install(&self, description: Description, flags: OpenFlags) -> Result<Fd> {
        let slot = Slot { description: Arc::new(description), closes_on_exec: flags.closes_on_exec() };
        self.files.lock().add(slot, 0, self.process.limits.lock().descriptors()).map(Fd)
    }

    /// Whether this is a call that waited and is made again.
    pub(crate) fn is_again(&self) -> bool {
        self.resume.is_some()
    }

    /// The time until which the call waits: worked out the first time, then remembered.
    pub(crate) fn deadline(&mut self, first: impl FnOnce(u64) -> Option<u64>) -> Option<u64> {
        match self.resume {
            Some(resume) => resume.until_ns,
            None => first(self.clocks.monotonic_ns()),
        }
    }

    /// Waits until `until_ns` or for the descriptors.
    pub(crate) fn block<T>(&mut self, wait: Wait, interrupted: Interrupted) -> Reply<T> {
        self.block_by(wait.until_ns, wait, interrupted)
    }

    /// Waits for what `wait` names, to look again; the call as a whole gives up at `deadline_ns`.
    pub(crate) fn block_by<T>(
        &mut self,
        deadline_ns: Option<u64>,
        mut wait: Wait,
        interrupted: Interrupted,
    ) -> Reply<T> {
        let resume = self.resume.unwrap_or_default();
        self.resume = Some(Resume { until_ns: deadline_ns, ..resume });
        wait.until_ns = earlier(deadline_ns, wait.until_ns);
        Err(Stop::Block(Box::new(wait), interrupted))
    }

    /// Waits until an open file is ready, unless it was opened not to wait. For EAGAIN of a read or write, after
    /// [`Task::attempt`].
    pub(crate) fn block_on<T>(&mut self, description: &Description, is_write: bool) -> Reply<T> {
        self.block_until(description, is_write, None)
    }

    /// The same, but no longer than until `until_ns`.
    pub(crate) fn block_until<T>(
        &mut self,
        description: &Description,
        is_write: bool,
        until_ns: Option<u64>,
    ) -> Reply<T> {
        if description.flags().is_nonblocking() {
            return Err(Errno::EAGAIN.into());
        }
        let file = description.file()?;
        let mut wait = Wait::until(until_ns);
        ready::wait_for(file, if is_write { ready::OUT } else { ready::IN }, &mut wait);
        self.block_by(until_ns, wait, Interrupted::Restarts)
    }

    /// Does what may have to wait. A file that says EAGAIN is asked again once it knows whom to tell of changes, so that
    /// none is missed between asking and waiting.
    pub(crate) fn attempt<T>(&self, description: &Description, mut call: impl FnMut() -> Result<T>) -> Result<T> {
        match call() {
            Err(Errno::EAGAIN) if !description.flags().is_nonblocking() => {
                description.file()?.watch(&self.watcher);
                call()
            }
            result => result,
        }
    }
}
