//! The terminal as far as WASI knows one: [`Kept`]. It is there, and what it is set to is only remembered.
//!
//! So echo stays on, and lines come whole, whatever a guest asks for. A refusal would say so, but programs are not written
//! for it: bash 5.2 aborts when `read -n` or `read -s` meets one.

use std::sync::{Mutex, MutexGuard, PoisonError};
use vfs::node::{Job, SetWhen, Termios, WindowSize};
use vfs::{Errno, Result, Terminal};

/// The settings that Linux gives a new terminal (`tty_std_termios`, drivers/tty/tty_io.c).
const NEW: Termios = Termios {
    // ICRNL | IXON
    input: 0x500,
    // OPOST | ONLCR
    output: 0x5,
    // B38400 | CS8 | CREAD
    control: 0xbf,
    // ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN
    local: 0x8a3b,
    line: 0,
    chars: [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0],
};

/// There is one, behind all standard streams that are a terminal.
static SETTINGS: Mutex<Termios> = Mutex::new(NEW);

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
