//! The terminals of a world: [`Terminals`] knows which controls a session, and sends the signals that they raise.

use crate::kernel::Kernel;
use crate::signal::{Info, Signal};
use alloc::sync::{Arc, Weak};
use core::sync::atomic::Ordering;
use vfs::NodeRef;
use vfs::devpts::Devpts;
use vfs::node::File;
use vfs::terminal::{Control, TtySignal, Whom};

/// Pseudoterminals, and the host's terminal if a standard stream is one.
pub(crate) struct Terminals {
    devpts: Arc<Devpts>,
    console: Option<Arc<dyn File>>,
}

/// What controls a session.
pub(crate) enum Controlling {
    /// A slave.
    Pseudo(NodeRef),
    /// The host's terminal.
    Console,
}

/// Sends the signals of terminals to the processes they are for.
struct Sender(Weak<Kernel>);

impl Control for Sender {
    fn raise(&self, whom: Whom, what: TtySignal) {
        let Some(kernel) = self.0.upgrade() else { return };
        let mut table = kernel.table.lock();
        let info = Info::kernel(signal(what));
        match whom {
            Whom::Group(group) => table.deliver_to_group(group, info),
            Whom::Leader(session) => _ = table.deliver(session, None, info),
        }
    }
}

impl Terminals {
    /// The host's terminal is the first session's, whose only group has its foreground.
    pub(crate) fn new(devpts: Arc<Devpts>, console: Option<Arc<dyn File>>, session: u32) -> Terminals {
        if let Some(terminal) = console.as_ref().and_then(|file| file.terminal()) {
            terminal.job().give(session, session);
        }
        Terminals { devpts, console }
    }

    /// Has signals sent to that kernel's processes. No lock of its table may be held where terminals are used or closed.
    pub(crate) fn attend(&self, kernel: &Arc<Kernel>) {
        self.devpts.set_control(Arc::new(Sender(Arc::downgrade(kernel))));
    }

    /// The host's terminal, if a standard stream is one.
    pub(crate) fn console(&self) -> Option<&Arc<dyn File>> {
        self.console.as_ref()
    }

    /// The group in the foreground of the host's terminal.
    pub(crate) fn foreground(&self) -> Option<u32> {
        let job = self.console.as_ref()?.terminal()?.job();
        Some(job.foreground.load(Ordering::Relaxed)).filter(|group| *group != 0)
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
