//! Our pseudoterminal.

use super::{Peer, ready, show};
use std::sync::Arc;
use vfs::Errno;
use vfs::devpts::Devpts;
use vfs::node::{At, File, NodeRef, Open, TimeNs};
use vfs::terminal::{Flow, Flush, SetWhen, Terminal};
use vfs::termios::Termios;

const BOTH: Open = Open { read: true, write: true, append: false, nonblocking: true };

pub(crate) struct Emulated {
    node: NodeRef,
    master: Option<Box<dyn File>>,
    slave: Option<Box<dyn File>>,
}

impl Emulated {
    pub(crate) fn open() -> Emulated {
        let devpts = Devpts::new(Arc::new(|| TimeNs(0)), 1, 5);
        let master = devpts.open().unwrap();
        let end = master.terminal().unwrap().master().unwrap();
        end.set_locked(false);
        let node = end.slave().unwrap();
        let slave = node.open(BOTH).unwrap();
        Emulated { node, master: Some(master), slave: Some(slave) }
    }

    pub(crate) fn settings(&self) -> Termios {
        self.terminal().termios().unwrap()
    }

    fn slave(&self) -> &dyn File {
        self.slave.as_deref().unwrap()
    }

    fn master(&self) -> &dyn File {
        self.master.as_deref().unwrap()
    }

    fn terminal(&self) -> &dyn Terminal {
        self.slave().terminal().unwrap()
    }
}

fn read(file: &dyn File, count: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; count];
    let count = file.read(At::Stream, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

fn ready_for(what: &str, file: &dyn File) -> String {
    let found = file.ready();
    ready(what, [(found.readable, "in"), (found.writable, "out"), (found.hangup, "hup"), (found.error, "err")])
}

impl Peer for Emulated {
    fn set(&mut self, settings: &Termios, when: SetWhen) {
        self.terminal().set_termios(settings, when).unwrap();
    }

    fn flush(&mut self, what: Flush) {
        self.terminal().flush(what).unwrap();
    }

    fn flow(&mut self, what: Flow) {
        self.terminal().flow(what).unwrap();
    }

    fn reopen(&mut self) -> String {
        self.slave = None;
        let left = format!("{}, {}", self.shown(), ready_for("master", self.master()));
        self.slave = Some(self.node.open(BOTH).unwrap());
        left
    }

    fn write(&mut self, bytes: &[u8]) -> Option<usize> {
        self.slave().write(At::Stream, bytes).ok()
    }

    fn read(&mut self, count: usize) -> String {
        show(read(self.slave(), count).map_err(Errno::name))
    }

    fn type_in(&mut self, bytes: &[u8]) {
        assert_eq!(self.master().write(At::Stream, bytes), Ok(bytes.len()));
    }

    fn shown(&mut self) -> String {
        let mut all = Vec::new();
        loop {
            match read(self.master(), 64) {
                Ok(bytes) => all.extend(bytes),
                Err(errno) => return show(Ok(all)) + errno.name(),
            }
        }
    }

    fn state(&mut self) -> String {
        let pending = self.slave().pending().unwrap();
        ready_for("slave", self.slave()) + &ready_for("master", self.master()) + &format!("pending {pending}")
    }

    fn hang_up(&mut self) -> String {
        self.master = None;
        let written = self.write(b"x");
        ready_for("slave", self.slave()) + &format!("{written:?} ") + &self.read(10)
    }
}
