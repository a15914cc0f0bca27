//! The terminals of a world: [`Terminals`] knows which controls a session, and takes in the signals that they raise.

use crate::signal::Signal;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use spin::Mutex;
use vfs::NodeRef;
use vfs::devpts::Devpts;
use vfs::node::File;
use vfs::terminal::{Control, TtySignal, Whom};

/// Pseudoterminals, and the host's terminal if a standard stream is one.
pub(crate) struct Terminals {
    devpts: Arc<Devpts>,
    console: Option<Arc<dyn File>>,
    raised: Arc<Raised>,
}

/// What controls a session.
pub(crate) enum Controlling {
    /// A slave.
    Pseudo(NodeRef),
    /// The host's terminal.
    Console,
}

/// Signals that were raised and are yet to be sent.
#[derive(Default)]
struct Raised(Mutex<Vec<(Whom, TtySignal)>>);

impl Control for Raised {
    fn raise(&self, whom: Whom, what: TtySignal) {
        self.0.lock().push((whom, what));
    }
}

impl Terminals {
    /// The host's terminal is the first session's, whose only group has its foreground.
    pub(crate) fn new(devpts: Arc<Devpts>, console: Option<Arc<dyn File>>, session: u32) -> Terminals {
        let raised: Arc<Raised> = Arc::default();
        devpts.set_control(raised.clone());
        if let Some(terminal) = console.as_ref().and_then(|file| file.terminal()) {
            terminal.job().give(session, session);
        }
        Terminals { devpts, console, raised }
    }

    /// The terminal that controls a session.
    pub(crate) fn of_session(&self, session: u32) -> Option<Controlling> {
        if let Some(node) = self.devpts.of_session(session) {
            return Some(Controlling::Pseudo(node));
        }
        let job = self.console.as_ref()?.terminal()?.job();
        (session != 0 && job.session.load(Ordering::Relaxed) == session).then_some(Controlling::Console)
    }

    /// A session gives its terminal up (TIOCNOTTY), or is over with its leader.
    pub(crate) fn leave(&self, session: u32, is_over: bool) {
        match self.of_session(session) {
            Some(Controlling::Pseudo(_)) => self.devpts.leave(session, is_over),
            Some(Controlling::Console) => {
                if let Some(terminal) = self.console.as_ref().and_then(|file| file.terminal()) {
                    terminal.job().take();
                }
            }
            None => {}
        }
    }

    /// The signals that were raised since this was last asked.
    pub(crate) fn take_raised(&self) -> Vec<(Whom, Signal)> {
        let raised = core::mem::take(&mut *self.raised.0.lock());
        raised.into_iter().map(|(whom, what)| (whom, signal(what))).collect()
    }
}

/// The signal by its MIPS number.
fn signal(what: TtySignal) -> Signal {
    match what {
        TtySignal::Interrupt => Signal::INT,
        TtySignal::Quit => Signal::QUIT,
        TtySignal::Suspend => Signal::TSTP,
        TtySignal::Hangup => Signal::HUP,
        TtySignal::Continue => Signal::CONT,
        TtySignal::WindowChanged => Signal::WINCH,
    }
}
