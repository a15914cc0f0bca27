//! [`SignalFile`]: what signalfd(2) makes, a view of the signals of whoever reads it.

use crate::ready::Asker;
use crate::signal::SignalSet;
use alloc::sync::Arc;
use spin::Mutex;
use vfs::node::{At, File, Ready};
use vfs::{Errno, Result, Watcher, Watchers};

/// The signals that a descriptor takes. It holds none: they are their process's.
pub(crate) struct SignalFile {
    set: Mutex<SignalSet>,
    /// Told when the set changes. Who is sent a signal wakes by that.
    watchers: Watchers,
}

impl SignalFile {
    pub(crate) fn new(set: SignalSet) -> SignalFile {
        SignalFile { set: Mutex::new(set), watchers: Watchers::default() }
    }

    /// What it takes.
    pub(crate) fn set(&self) -> SignalSet {
        *self.set.lock()
    }

    /// Takes others from now on.
    pub(crate) fn replace(&self, set: SignalSet) {
        *self.set.lock() = set;
        self.watchers.notice();
    }

    /// Whether the asker has a signal of the set.
    pub(crate) fn ready_for(&self, asker: Asker) -> Ready {
        Ready { readable: self.set().0 & asker.pending.0 != 0, ..Ready::default() }
    }
}

impl File for SignalFile {
    /// Who reads is needed, so read(2) goes another way (`syscall::signalfd::read`).
    fn read(&self, _at: At, _into: &mut [u8]) -> Result<usize> {
        Err(Errno::EAGAIN)
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        Ready::default()
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.watchers.add(watcher);
    }

    fn as_any(&self) -> Option<&dyn core::any::Any> {
        Some(self)
    }
}
