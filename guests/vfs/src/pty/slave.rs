//! The slave of a pseudoterminal, open: what programs take for their terminal.

use super::{Pair, Side};
use crate::errno::Errno;
use crate::node::{At, File, Open as How, Ready, Result};
use crate::terminal::{Flow, Flush, Job, Patience, SetWhen, Terminal};
use crate::termios::{Termios, WindowSize};
use crate::watch::Watcher;
use alloc::boxed::Box;
use alloc::sync::Arc;

/// The slave, open.
pub(super) struct Open {
    pub(super) pair: Arc<Pair>,
    pub(super) how: How,
}

impl Pair {
    /// Opens the slave; `EIO` while it is locked, and once the master is closed.
    pub fn open_slave(self: &Arc<Self>, how: How) -> Result<Box<dyn File>> {
        self.change(|state| {
            if state.is_locked || state.is_hung_up {
                return Err(Errno::EIO);
            }
            state.slaves += 1;
            state.is_left = false;
            Ok(())
        })?;
        Ok(Box::new(Open { pair: self.clone(), how }))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.pair.state.lock();
        state.slaves -= 1;
        state.is_left = state.slaves == 0;
        drop(state);
        self.pair.watchers.notice();
    }
}

impl File for Open {
    fn read(&self, _at: At, into: &mut [u8]) -> Result<usize> {
        if !self.how.read {
            return Err(Errno::EBADF);
        }
        if into.is_empty() {
            return Ok(0);
        }
        self.pair.change(|state| {
            if state.is_hung_up {
                return Ok(0);
            }
            if state.tty.is_readable(false) {
                return Ok(state.tty.read(into));
            }
            let is_hasty = Patience::of(state.tty.termios()).first_ns == Some(0);
            if is_hasty { Ok(0) } else { Err(Errno::EAGAIN) }
        })
    }

    fn write(&self, _at: At, from: &[u8]) -> Result<usize> {
        if !self.how.write {
            return Err(Errno::EBADF);
        }
        self.pair.change(|state| {
            state.check(Side::Slave)?;
            match state.tty.write(from) {
                0 if !from.is_empty() => Err(Errno::EAGAIN),
                count => Ok(count),
            }
        })
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn as_any(&self) -> Option<&dyn core::any::Any> {
        Some(self)
    }

    fn ready(&self) -> Ready {
        let state = self.pair.state.lock();
        let is_over = state.is_hung_up;
        Ready {
            readable: self.how.read && (is_over || state.tty.is_readable(true)),
            writable: self.how.write && (is_over || state.tty.is_writable()),
            hangup: is_over,
            error: is_over,
            ..Ready::default()
        }
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.pair.watchers.add(watcher);
    }

    fn pending(&self) -> Result<usize> {
        self.pair.look(Side::Slave, |state| state.tty.readable_bytes())
    }

    fn terminal(&self) -> Option<&dyn Terminal> {
        Some(self)
    }
}

impl Terminal for Open {
    fn job(&self) -> &Job {
        &self.pair.job
    }

    fn termios(&self) -> Result<Termios> {
        self.pair.look(Side::Slave, |state| *state.tty.termios())
    }

    fn set_termios(&self, termios: &Termios, when: SetWhen) -> Result<()> {
        self.pair.set_termios(Side::Slave, termios, when)
    }

    fn window_size(&self) -> Result<WindowSize> {
        self.pair.look(Side::Slave, |state| state.size)
    }

    fn set_window_size(&self, size: WindowSize) -> Result<()> {
        self.pair.set_window_size(Side::Slave, size)
    }

    fn flush(&self, what: Flush) -> Result<()> {
        self.pair.flush(Side::Slave, what)
    }

    fn flow(&self, what: Flow) -> Result<()> {
        self.pair.flow(Side::Slave, what)
    }

    fn is_exclusive(&self) -> bool {
        self.pair.state.lock().is_exclusive[1]
    }

    fn set_exclusive(&self, is_exclusive: bool) -> Result<()> {
        self.pair.look(Side::Slave, |_| ())?;
        self.pair.state.lock().is_exclusive[1] = is_exclusive;
        Ok(())
    }

    fn type_in(&self, byte: u8) -> Result<()> {
        self.pair.change(|state| {
            state.check(Side::Slave)?;
            state.tty.type_in(byte);
            Ok(())
        })
    }
}
