//! What a debugger asks of a [`Thread`] that has stopped, and what becomes of its signals.
//!
//! A process that is debugged gets no signal before its debugger was asked: [`Outcome::Signal`](crate::Outcome::Signal). How it
//! is stopped and stepped is the business of whoever runs it.

use crate::flags::{AtFlags, DirFd};
use crate::kernel::Kernel;
use crate::signal::{Info, Signal};
use crate::thread::Thread;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use vfs::{NodeRef, Result};

impl Thread {
    /// A debugger is asked before its process gets signals, from now on or no more.
    pub fn set_debugged(&self, is_debugged: bool) {
        self.process.is_debugged.store(is_debugged, Ordering::Relaxed);
    }

    /// The signal that a debugger is to be asked about, if one is due.
    pub(crate) fn hold(&mut self) -> Option<Signal> {
        self.signals.is_debugged = self.process.is_debugged.load(Ordering::Relaxed);
        if self.signals.is_debugged { self.signals.hold() } else { None }
    }

    /// The signal that a debugger was asked about, if it was.
    pub fn held(&self) -> Option<Signal> {
        self.signals.held.map(|info| info.signal)
    }

    /// The address that made it stop, if a memory access did.
    pub fn held_address(&self) -> Option<u32> {
        let info = self.signals.held?;
        [Signal::SEGV, Signal::BUS].contains(&info.signal).then_some(info.words[0])
    }

    /// What is delivered in place of the signal that was held, if anything.
    pub fn decide(&mut self, signal: Option<Signal>) {
        let held = self.signals.held.take();
        self.signals.approved = signal.map(|signal| {
            let own = Info { signal, code: Info::USER, words: [self.process.pid, self.credentials.user.real, 0] };
            held.filter(|info| info.signal == signal).unwrap_or(own)
        });
    }

    /// Its registers were set as a whole: a call that it waits in is not made again.
    pub fn forget_call(&mut self) {
        self.forget_wait();
    }

    /// The path of its program.
    pub fn program(&self) -> Vec<u8> {
        self.process.program.lock().path.clone()
    }

    /// The auxiliary vector that its program was started with, as it lies in memory.
    pub fn auxiliary_vector(&self) -> Vec<u8> {
        self.process.program.lock().auxiliary_vector()
    }

    /// What a path leads to, as it sees files; of a symbolic link at its end, the link itself if `keeps_link`.
    pub fn look_for(&self, path: &[u8], keeps_link: bool) -> Result<NodeRef> {
        let flags = if keeps_link { AtFlags::NOFOLLOW } else { AtFlags::NONE };
        Ok(self.resolve(DirFd::CURRENT, path, flags)?.node().clone())
    }
}

impl Kernel {
    /// Has the threads of the first process look up.
    pub fn prod_first(&self) {
        let mut table = self.table.lock();
        let first = table.first;
        table.wake_process(first);
    }
}
