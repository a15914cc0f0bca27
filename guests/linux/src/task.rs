//! [`Task`]: what a handler is given.

use crate::description::Description;
use crate::fdtable::Slot;
use crate::flags::{Fd, OpenFlags};
use crate::lock::Holder;
use crate::reply::{Interrupted, Reply, Stop, Wait};
use crate::thread::Thread;
use abi::{Guest, Path, State};
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
    /// Bytes it has moved.
    pub(crate) moved: u32,
    /// Whether it is among [`crate::futex::Futexes`].
    pub(crate) is_futex: bool,
    /// Who waits for a lock of a file.
    pub(crate) locks: Option<Holder>,
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
        let resume = self.resume.unwrap_or_default();
        self.resume = Some(Resume { until_ns: wait.until_ns, ..resume });
        Err(Stop::Block(wait, interrupted))
    }

    /// Waits until an open file is ready, unless it was opened not to wait. For EAGAIN of a read or write.
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
        file.watch(&self.watcher);
        let descriptor = file.host_descriptor();
        let descriptors = descriptor.map(|fd| (fd, !is_write, is_write)).into_iter().collect();
        self.block(Wait { until_ns, descriptors }, Interrupted::Restarts)
    }
}
