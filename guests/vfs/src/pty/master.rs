//! The master of a pseudoterminal, open. Closing it hangs the slave up.

use super::{Pair, Side};
use crate::errno::Errno;
use crate::node::{At, File, NodeRef, Ready, Result};
use crate::terminal::{Flow, Flush, Job, Master, Patience, SetWhen, Terminal, TtySignal};
use crate::termios::{Termios, WindowSize};
use crate::watch::Watcher;
use alloc::sync::Arc;

/// The open master. There is one: opening /dev/ptmx again makes another pair.
pub(super) struct Open(pub(super) Arc<Pair>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.hang_up();
    }
}

impl File for Open {
    /// In packet mode, what happened to the slave, or a zero and what was written.
    fn read(&self, _at: At, into: &mut [u8]) -> Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        self.0.change(|state| {
            let bytes = state.tty.sent_bytes();
            if state.is_packet && (bytes > 0 || state.tty.has_status()) {
                into[0] = state.tty.take_status();
                return Ok(if into[0] == 0 { 1 + state.tty.take_sent(&mut into[1..]) } else { 1 });
            }
            match bytes {
                0 if state.is_left => Err(Errno::EIO),
                0 => Err(Errno::EAGAIN),
                _ => Ok(state.tty.take_sent(into)),
            }
        })
    }

    fn write(&self, _at: At, from: &[u8]) -> Result<usize> {
        if from.is_empty() {
            return Ok(0);
        }
        self.0.change(|state| match state.is_master_held {
            true => Err(Errno::EAGAIN),
            false => match state.tty.receive(from) {
                0 => Err(Errno::EAGAIN),
                count => Ok(count),
            },
        })
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn as_any(&self) -> Option<&dyn core::any::Any> {
        Some(self)
    }

    fn ready(&self) -> Ready {
        let state = self.0.state.lock();
        Ready {
            readable: state.tty.sent_bytes() > 0 || state.is_packet && state.tty.has_status(),
            writable: state.tty.has_room() && !state.is_master_held,
            hangup: state.is_left,
            error: false,
            ..Ready::default()
        }
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.0.watchers.add(watcher);
    }

    fn pending(&self) -> Result<usize> {
        Ok(self.0.state.lock().tty.sent_bytes())
    }

    fn terminal(&self) -> Option<&dyn Terminal> {
        Some(self)
    }
}

/// What is asked of the master about settings, size and job is the slave's (tty_ioctl(4)).
impl Terminal for Open {
    fn job(&self) -> &Job {
        &self.0.job
    }

    fn termios(&self) -> Result<Termios> {
        self.0.look(Side::Master, |state| *state.tty.termios())
    }

    fn set_termios(&self, termios: &Termios, when: SetWhen) -> Result<()> {
        self.0.set_termios(Side::Master, termios, when)
    }

    fn window_size(&self) -> Result<WindowSize> {
        self.0.look(Side::Master, |state| state.size)
    }

    fn set_window_size(&self, size: WindowSize) -> Result<()> {
        self.0.set_window_size(Side::Master, size)
    }

    /// Its own settings, not the slave's, say how long it waits.
    fn patience(&self) -> Result<Patience> {
        Ok(Patience::of(&Termios::RAW))
    }

    fn flush(&self, what: Flush) -> Result<()> {
        self.0.flush(Side::Master, what)
    }

    fn flow(&self, what: Flow) -> Result<()> {
        self.0.flow(Side::Master, what)
    }

    fn is_exclusive(&self) -> bool {
        self.0.state.lock().is_exclusive[0]
    }

    fn set_exclusive(&self, is_exclusive: bool) -> Result<()> {
        self.0.state.lock().is_exclusive[0] = is_exclusive;
        Ok(())
    }

    /// What is typed at the master is what it reads.
    fn type_in(&self, byte: u8) -> Result<()> {
        self.0.change(|state| {
            state.tty.send(byte);
            Ok(())
        })
    }

    fn master(&self) -> Option<&dyn Master> {
        Some(self)
    }
}

impl Master for Open {
    fn number(&self) -> u32 {
        self.0.number
    }

    fn slave(&self) -> Option<NodeRef> {
        self.0.slave.get()?.upgrade()
    }

    fn is_locked(&self) -> bool {
        self.0.state.lock().is_locked
    }

    fn set_locked(&self, is_locked: bool) {
        self.0.state.lock().is_locked = is_locked;
    }

    fn is_packet(&self) -> bool {
        self.0.state.lock().is_packet
    }

    fn set_packet(&self, is_packet: bool) {
        let mut state = self.0.state.lock();
        if !core::mem::replace(&mut state.is_packet, is_packet) {
            state.tty.take_status();
        }
    }

    fn raise(&self, what: TtySignal) {
        self.0.raise_in_foreground(what);
    }
}
