//! A pseudoterminal (pty(7)): [`Pair`] is master and slave, each of which is opened as a file.
//!
//! Nothing here waits: `EAGAIN` says that it would, and [`crate::terminal::Patience`] for how long. The slave's discipline
//! edits, echoes and raises signals; the master's passes bytes on.

mod master;
mod saved;
mod slave;

pub use saved::{End, SavedPair};

use crate::errno::Errno;
use crate::node::{File, Node, NodeRef, Result};
use crate::terminal::{Control, Flow, Flush, Job, SetWhen, TtySignal, Whom};
use crate::termios::{Termios, VSTART, VSTOP, WindowSize};
use crate::tty::Tty;
use crate::watch::Watchers;
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::Ordering;
use spin::{Mutex, Once};

/// Who is told of signals; set once, by the personality.
pub type ControlSlot = Once<Arc<dyn Control>>;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Master,
    Slave,
}

/// Master and slave.
pub struct Pair {
    number: u32,
    slave: Once<Weak<dyn Node>>,
    /// Called with the number once the master is closed.
    on_close: Box<dyn Fn(u32) + Send + Sync>,
    control: Arc<ControlSlot>,
    job: Job,
    state: Mutex<State>,
    /// Told whenever either end may be ready for more.
    watchers: Watchers,
}

struct State {
    tty: Tty,
    size: WindowSize,
    /// Open files of the slave.
    slaves: usize,
    /// The slave was open, and is no longer.
    is_left: bool,
    /// The master was closed.
    is_hung_up: bool,
    is_locked: bool,
    is_packet: bool,
    /// tcflow(3) holds what the master writes.
    is_master_held: bool,
    /// TIOCEXCL, of master and slave.
    is_exclusive: [bool; 2],
}

impl Pair {
    /// A pair that is locked, and its master. `on_close` is called when that is closed.
    pub fn open(
        number: u32,
        control: Arc<ControlSlot>,
        on_close: impl Fn(u32) + Send + Sync + 'static,
    ) -> (Arc<Pair>, Box<dyn File>) {
        let state = State {
            tty: Tty::new(Termios::NEW),
            size: WindowSize::default(),
            slaves: 0,
            is_left: false,
            is_hung_up: false,
            is_locked: true,
            is_packet: false,
            is_master_held: false,
            is_exclusive: [false; 2],
        };
        let pair = Arc::new(Pair {
            number,
            slave: Once::new(),
            on_close: Box::new(on_close),
            control,
            job: Job::new(),
            state: Mutex::new(state),
            watchers: Watchers::default(),
        });
        let file = Box::new(master::Open(pair.clone()));
        (pair, file)
    }

    /// The slave's name in /dev/pts.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The node that leads to the slave, as long as somebody holds it.
    #[must_use]
    pub fn slave(&self) -> Option<NodeRef> {
        self.slave.get().and_then(Weak::upgrade)
    }

    /// Says which node leads to the slave.
    pub fn set_slave(&self, node: &NodeRef) {
        self.slave.call_once(|| Arc::downgrade(node));
    }

    /// Who has it.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Takes it away from the session that has it: its foreground is told by SIGHUP, and if the session only gave it up,
    /// by SIGCONT, too (TIOCNOTTY in ioctl_tty(2)).
    pub fn leave(&self, is_over: bool) {
        let (_, foreground) = self.job.take();
        self.raise(Whom::Group(foreground), TtySignal::Hangup);
        if !is_over {
            self.raise(Whom::Group(foreground), TtySignal::Continue);
        }
    }

    fn raise(&self, whom: Whom, what: TtySignal) {
        if let (Whom::Group(1..) | Whom::Leader(1..), Some(control)) = (whom, self.control.get()) {
            control.raise(whom, what);
        }
    }

    fn raise_in_foreground(&self, what: TtySignal) {
        self.raise(Whom::Group(self.job.foreground.load(Ordering::Relaxed)), what);
    }

    /// Changes the state, then sends the signals that this raised, and tells who waits. What failed changed nothing: to
    /// tell of that, too, would keep those who wait awake for ever.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.state.lock();
        let result = change(&mut state);
        let signals = state.tty.take_signals();
        drop(state);
        signals.into_iter().for_each(|signal| self.raise_in_foreground(signal));
        if result.is_ok() {
            self.watchers.notice();
        }
        result
    }

    /// The state, of which the slave sees nothing once the master is closed.
    fn look<T>(&self, side: Side, look: impl FnOnce(&State) -> T) -> Result<T> {
        let state = self.state.lock();
        state.check(side)?;
        Ok(look(&state))
    }

    fn set_termios(&self, side: Side, termios: &Termios, when: SetWhen) -> Result<()> {
        self.change(|state| {
            state.check(side)?;
            // What was written has been sent, so there is nothing to drain.
            if when == SetWhen::Flush {
                state.tty.flush_input(false);
            }
            state.tty.set_termios(termios);
            Ok(())
        })
    }

    fn set_window_size(&self, side: Side, size: WindowSize) -> Result<()> {
        let was = self.change(|state| {
            state.check(side)?;
            Ok(core::mem::replace(&mut state.size, size))
        })?;
        if was != size {
            self.raise_in_foreground(TtySignal::WindowChanged);
        }
        Ok(())
    }

    fn flush(&self, side: Side, what: Flush) -> Result<()> {
        self.change(|state| {
            state.check(side)?;
            if what != Flush::Output {
                match side {
                    Side::Slave => state.tty.flush_input(true),
                    Side::Master => state.tty.flush_sent(),
                }
            }
            if what != Flush::Input {
                match side {
                    Side::Slave => state.tty.flush_output(),
                    Side::Master => state.tty.flush_arriving(),
                }
            }
            Ok(())
        })
    }

    fn flow(&self, side: Side, what: Flow) -> Result<()> {
        self.change(|state| {
            state.check(side)?;
            match (side, what) {
                (Side::Slave, what) => state.tty.flow(what),
                (Side::Master, Flow::Hold) => state.is_master_held = true,
                (Side::Master, Flow::Release) => state.is_master_held = false,
                (Side::Master, Flow::SendStop) => state.type_char(VSTOP),
                (Side::Master, Flow::SendStart) => state.type_char(VSTART),
            }
            Ok(())
        })
    }

    /// The master is closed: the session that has the terminal loses it, and whoever reads or writes the slave is told.
    fn hang_up(&self) {
        self.state.lock().is_hung_up = true;
        self.watchers.notice();
        let (session, _) = self.job.take();
        self.raise(Whom::Leader(session), TtySignal::Hangup);
        self.raise(Whom::Leader(session), TtySignal::Continue);
        (self.on_close)(self.number);
    }
}

impl State {
    fn check(&self, side: Side) -> Result<()> {
        if side == Side::Slave && self.is_hung_up { Err(Errno::EIO) } else { Ok(()) }
    }

    /// The master sends the slave a character of its own settings, which are a new terminal's.
    fn type_char(&mut self, place: usize) {
        self.tty.receive(&[Termios::RAW.chars[place]]);
    }
}
