//! Terminals: [`Terminal`] is one, real or emulated; [`Job`] says who has it, [`Control`] who is told of its signals.

use crate::errno::Errno;
use crate::node::{NodeRef, Result};
use crate::termios::{ICANON, Termios, VMIN, VTIME, WindowSize};
use core::sync::atomic::{AtomicU32, Ordering};
use serde::{Deserialize, Serialize};

/// Who has a terminal (credentials(7)); 0 is nobody.
#[derive(Default)]
pub struct Job {
    /// The session that it controls.
    pub session: AtomicU32,
    /// The group of processes in its foreground.
    pub foreground: AtomicU32,
}

impl Job {
    /// Nobody's.
    #[must_use]
    pub const fn new() -> Job {
        Job { session: AtomicU32::new(0), foreground: AtomicU32::new(0) }
    }

    /// Gives it to a session, with that group in the foreground.
    pub fn give(&self, session: u32, foreground: u32) {
        self.session.store(session, Ordering::Relaxed);
        self.foreground.store(foreground, Ordering::Relaxed);
    }

    /// Takes it away; tells whose it was and who was in the foreground.
    pub fn take(&self) -> (u32, u32) {
        (self.session.swap(0, Ordering::Relaxed), self.foreground.swap(0, Ordering::Relaxed))
    }
}

/// A signal that a terminal raises (signal(7), tty_ioctl(4)).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum TtySignal {
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGTSTP.
    Suspend,
    /// SIGHUP.
    Hangup,
    /// SIGCONT.
    Continue,
    /// SIGWINCH.
    WindowChanged,
}

/// Whom a terminal's signal is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whom {
    /// All processes of a group.
    Group(u32),
    /// The leader of a session, whose number it has.
    Leader(u32),
}

/// Sends the signals of terminals: the personality does. It is called without a lock of theirs.
pub trait Control: Send + Sync {
    /// Sends one.
    fn raise(&self, whom: Whom, what: TtySignal);
}

/// When new terminal settings take effect (tcsetattr(3)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetWhen {
    /// TCSANOW.
    Now,
    /// TCSADRAIN.
    Drain,
    /// TCSAFLUSH.
    Flush,
}

/// What tcflush(3) discards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flush {
    /// TCIFLUSH: what was received and not read.
    Input,
    /// TCOFLUSH: what was written and not sent.
    Output,
    /// TCIOFLUSH.
    Both,
}

/// What tcflow(3) does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// TCOOFF: holds output.
    Hold,
    /// TCOON: releases it.
    Release,
    /// TCIOFF: sends STOP.
    SendStop,
    /// TCION: sends START.
    SendStart,
}

/// How long a read waits for how much (termios(3), VMIN and VTIME).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Bytes that end it, unless less are wanted.
    pub bytes: usize,
    /// How long for the first byte; forever if none.
    pub first_ns: Option<u64>,
    /// How long for the next one, each time; forever if none.
    pub next_ns: Option<u64>,
}

impl Patience {
    /// That of settings.
    #[must_use]
    pub fn of(termios: &Termios) -> Patience {
        if termios.has_local(ICANON) {
            return Patience { bytes: 1, first_ns: None, next_ns: None };
        }
        let time_ns = u64::from(termios.chars[VTIME]) * 100_000_000;
        match termios.chars[VMIN] {
            0 => Patience { bytes: 1, first_ns: Some(time_ns), next_ns: None },
            bytes => Patience { bytes: bytes.into(), first_ns: None, next_ns: (time_ns > 0).then_some(time_ns) },
        }
    }
}

/// A terminal, real or emulated.
pub trait Terminal {
    /// Who has it.
    fn job(&self) -> &Job;
    /// tcgetattr(3).
    fn termios(&self) -> Result<Termios>;
    /// tcsetattr(3): now, after output has drained, or that and input flushed.
    fn set_termios(&self, termios: &Termios, when: SetWhen) -> Result<()>;
    /// TIOCGWINSZ.
    fn window_size(&self) -> Result<WindowSize>;
    /// TIOCSWINSZ.
    fn set_window_size(&self, size: WindowSize) -> Result<()>;

    /// How long a read here waits, which `EAGAIN` does not tell.
    fn patience(&self) -> Result<Patience> {
        Ok(Patience::of(&self.termios()?))
    }
    /// tcflush(3).
    fn flush(&self, _what: Flush) -> Result<()> {
        Err(Errno::ENOTTY)
    }
    /// tcflow(3).
    fn flow(&self, _what: Flow) -> Result<()> {
        Err(Errno::ENOTTY)
    }
    /// Bytes written and not yet sent (TIOCOUTQ).
    fn unsent(&self) -> Result<usize> {
        Ok(0)
    }
    /// Whether nobody else may open it (TIOCGEXCL).
    fn is_exclusive(&self) -> bool {
        false
    }
    /// TIOCEXCL, TIOCNXCL.
    fn set_exclusive(&self, _is_exclusive: bool) -> Result<()> {
        Err(Errno::ENOTTY)
    }
    /// Puts a byte in as if it had been typed (TIOCSTI).
    fn type_in(&self, _byte: u8) -> Result<()> {
        Err(Errno::EIO)
    }
    /// What only a pseudoterminal's master is asked.
    fn master(&self) -> Option<&dyn Master> {
        None
    }
}

/// The master's side of a pseudoterminal (pty(7), ioctl_tty(2)).
pub trait Master {
    /// The slave's name in /dev/pts (TIOCGPTN).
    fn number(&self) -> u32;
    /// The slave's node; none where nothing leads to it.
    fn slave(&self) -> Option<NodeRef>;
    /// Whether the slave cannot be opened (TIOCGPTLCK).
    fn is_locked(&self) -> bool;
    /// TIOCSPTLCK.
    fn set_locked(&self, is_locked: bool);
    /// Whether reads here say what was done to the slave (TIOCGPKT).
    fn is_packet(&self) -> bool;
    /// TIOCPKT.
    fn set_packet(&self, is_packet: bool);
    /// Raises a signal in the slave's foreground (TIOCSIG).
    fn raise(&self, what: TtySignal);
}
