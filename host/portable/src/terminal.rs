//! The terminal as far as WASI knows one: [`Kept`]. It is there, and what it is set to is only remembered.
//!
//! So echo stays on, and lines come whole, whatever a guest asks for. A refusal would say so, but programs are not written
//! for it: bash 5.2 aborts when `read -n` or `read -s` meets one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use vfs::terminal::{Flow, Flush, Job, SetWhen};
use vfs::termios::{Termios, WindowSize};
use vfs::{Errno, Result, Terminal};

/// There is one, behind all standard streams that are a terminal.
static SETTINGS: Mutex<Termios> = Mutex::new(Termios::NEW);

fn settings() -> MutexGuard<'static, Termios> {
    SETTINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal behind a standard stream.
pub(crate) struct Kept;

impl Terminal for Kept {
    fn job(&self) -> &Job {
        static JOB: Job = Job::new();
        &JOB
    }

    fn termios(&self) -> Result<Termios> {
        Ok(*settings())
    }

    fn set_termios(&self, termios: &Termios, _: SetWhen) -> Result<()> {
        *settings() = *termios;
        Ok(())
    }

    /// There is nothing between it and the guest that could be discarded.
    fn flush(&self, _: Flush) -> Result<()> {
        Ok(())
    }

    fn flow(&self, _: Flow) -> Result<()> {
        Ok(())
    }

    /// Zeros: unknown, as on a serial line.
    fn window_size(&self) -> Result<WindowSize> {
        Ok(WindowSize::default())
    }

    fn set_window_size(&self, _: WindowSize) -> Result<()> {
        Err(Errno::EINVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_remembered() {
        let settings = Kept.termios().unwrap();
        let without_echo = Termios { local: settings.local & !0o10, ..settings };
        assert_eq!(Kept.set_termios(&without_echo, SetWhen::Flush), Ok(()));
        assert_eq!((Kept.termios(), Kept.window_size()), (Ok(without_echo), Ok(WindowSize::default())));
    }
}
