//! Readiness: what a file is ready for in the eyes of who asks, and what ends a wait for it.

use crate::event::{Epoll, SignalFile};
use crate::reply::Wait;
use crate::signal::SignalSet;
use crate::task::{Task, earlier};
use vfs::node::{File, Ready};

/// POLLIN
pub(crate) const IN: u16 = 0x001;
/// POLLPRI
pub(crate) const PRI: u16 = 0x002;
/// POLLOUT, which is POLLWRNORM on MIPS.
pub(crate) const OUT: u16 = 0x004;
/// POLLERR
pub(crate) const ERR: u16 = 0x008;
/// POLLHUP
pub(crate) const HUP: u16 = 0x010;
/// POLLNVAL
pub(crate) const NVAL: u16 = 0x020;
/// POLLRDNORM
pub(crate) const RDNORM: u16 = 0x040;
/// POLLRDHUP
pub(crate) const RDHUP: u16 = 0x2000;

/// Who asks, as far as the answer depends on it: signalfd(2) tells of the asker's own signals.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asker {
    /// Signals that wait to be taken.
    pub(crate) pending: SignalSet,
}

impl Task<'_, '_> {
    /// This process, asking what files are ready for.
    pub(crate) fn asker(&self) -> Asker {
        Asker { pending: self.signals.pending() }
    }
}

/// The personality's own kind of file that `file` is, if it is of that kind.
pub(crate) fn special<T: 'static>(file: &dyn File) -> Option<&T> {
    file.as_any()?.downcast_ref()
}

/// What a file is ready for.
pub(crate) fn ready(file: &dyn File, asker: Asker) -> Ready {
    if let Some(signals) = special::<SignalFile>(file) {
        return signals.ready_for(asker);
    }
    match special::<Epoll>(file) {
        Some(epoll) => epoll.ready_for(asker),
        None => file.ready(),
    }
}

/// The conditions that poll(2) shows of what a file is ready for.
pub(crate) fn conditions(ready: Ready) -> u16 {
    let mut bits = 0;
    for (holds, bit) in [
        (ready.readable, IN | RDNORM),
        (ready.writable, OUT),
        (ready.hangup, HUP),
        (ready.error, ERR),
        (ready.read_hangup, RDHUP),
        (ready.urgent, PRI),
    ] {
        bits |= if holds { bit } else { 0 };
    }
    bits
}

/// Adds to `wait` what nobody will tell of the file: times, and descriptors of the host. The rest is [`File::watch`]'s.
pub(crate) fn wait_for(file: &dyn File, events: u16, wait: &mut Wait) {
    if let Some(epoll) = special::<Epoll>(file) {
        return epoll.wait_for(wait);
    }
    if let Some(host) = file.host_descriptor() {
        wait.descriptors.push((host, events & (IN | RDNORM) != 0, events & OUT != 0));
    }
    wait.until_ns = earlier(wait.until_ns, file.due_ns());
}
