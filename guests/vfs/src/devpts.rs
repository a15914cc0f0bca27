//! /dev/pts: [`Devpts`] makes a pseudoterminal whenever its `ptmx` is opened, and names the slave by a number (pts(4)).
//!
//! A name is there as long as its master is open. Slaves belong to root until the personality, which knows who opened the
//! master, says otherwise.

use crate::errno::Errno;
use crate::node::{Change, Clock, Entry, File, Kind, Metadata, NodeRef, Result};
use crate::procfs::{Generator, Identity, Listing};
use crate::pty::{ControlSlot, Pair, SavedPair};
use crate::terminal::Control;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use spin::Mutex;

/// File system magic of /dev/pts (statfs(2), `DEVPTS_SUPER_MAGIC`).
const MAGIC: u32 = 0x1cd1;
/// Inode number of `ptmx`.
const PTMX_INODE: u64 = 2;
/// Inode number of the slave 0.
const FIRST_INODE: u64 = 3;
/// What multiplexes masters (ptmx(4)).
pub const PTMX: Kind = Kind::CharDevice(5, 2);
/// Major number of slaves.
const SLAVE_MAJOR: u32 = 136;

/// The pseudoterminals of a namespace.
pub struct Devpts {
    make: Generator,
    /// Most pairs at a time.
    pairs_max: u32,
    /// Group of slaves.
    group: u32,
    pairs: Mutex<BTreeMap<u32, Named>>,
    control: Arc<ControlSlot>,
    this: Weak<Devpts>,
}

#[derive(Clone)]
struct Named {
    node: NodeRef,
    pair: Arc<Pair>,
}

impl Devpts {
    /// None yet, and never more than `pairs_max` at a time; slaves are of that group.
    #[must_use]
    pub fn new(clock: Clock, pairs_max: u32, group: u32) -> Arc<Devpts> {
        Arc::new_cyclic(|this| Devpts {
            make: Generator::new(clock, MAGIC),
            pairs_max,
            group,
            pairs: Mutex::default(),
            control: Arc::default(),
            this: this.clone(),
        })
    }

    /// Has signals of all terminals sent there. The first who asks stays.
    pub fn set_control(&self, control: Arc<dyn Control>) {
        self.control.call_once(|| control);
    }

    /// The directory.
    #[must_use]
    pub fn root(self: &Arc<Self>) -> NodeRef {
        let devpts = self.clone();
        let is = Identity::mode(0o666).inode(PTMX_INODE);
        let ptmx = self.make.device(PTMX, is, move |_| devpts.open());
        self.make.directory(Identity::mode(0o755).inode(1), Names { devpts: self.clone(), ptmx })
    }

    /// Opens a new master; `ENOSPC` if there are as many as there may be.
    pub fn open(&self) -> Result<Box<dyn File>> {
        let mut pairs = self.pairs.lock();
        let number = (0..self.pairs_max).find(|number| !pairs.contains_key(number)).ok_or(Errno::ENOSPC)?;
        let (pair, master) = Pair::open(number, self.control.clone(), self.forgetting());
        pairs.insert(number, self.name(pair));
        Ok(master)
    }

    /// What a pair calls once its master is closed.
    fn forgetting(&self) -> impl Fn(u32) + Send + Sync + use<> {
        let this = self.this.clone();
        move |number| {
            if let Some(devpts) = this.upgrade() {
                devpts.forget(number);
            }
        }
    }

    /// Makes the node that leads to a slave.
    fn name(&self, pair: Arc<Pair>) -> Named {
        let (opened, number) = (pair.clone(), pair.number());
        let is = Identity::mode(0o620).owner(0, self.group).inode(FIRST_INODE + u64::from(number));
        let node = self.make.device(Kind::CharDevice(SLAVE_MAJOR, number), is, move |how| opened.open_slave(how));
        pair.set_slave(&node);
        Named { node, pair }
    }

    /// A pair as it was, and the slave's node with that owner and mode; none if its number is taken, or the data contradict
    /// themselves.
    pub fn restore(&self, saved: SavedPair, metadata: Option<&Metadata>) -> Option<Arc<Pair>> {
        let (number, has_name) = (saved.number, !saved.is_hung_up);
        let mut pairs = self.pairs.lock();
        if has_name && (number >= self.pairs_max || pairs.contains_key(&number)) {
            return None;
        }
        let pair = Pair::restore(saved, self.control.clone(), self.forgetting())?;
        if has_name {
            let named = self.name(pair.clone());
            if let Some(Metadata { mode, uid, gid, .. }) = metadata {
                let change = Change { mode: Some(*mode), uid: Some(*uid), gid: Some(*gid), ..Change::default() };
                named.node.set_metadata(&change).ok()?;
            }
            pairs.insert(number, named);
        }
        Some(pair)
    }

    fn forget(&self, number: u32) {
        let gone = self.pairs.lock().remove(&number);
        drop(gone);
    }

    fn find(&self, is_it: impl Fn(&Named) -> bool) -> Option<Named> {
        self.pairs.lock().values().find(|named| is_it(named)).cloned()
    }

    /// The terminal that controls a session: where /dev/tty leads in its processes.
    #[must_use]
    pub fn of_session(&self, session: u32) -> Option<NodeRef> {
        self.held_by(session).map(|named| named.node)
    }

    /// A session gives its terminal up, or is over with its leader ([`Pair::leave`]).
    pub fn leave(&self, session: u32, is_over: bool) {
        if let Some(named) = self.held_by(session) {
            named.pair.leave(is_over);
        }
    }

    fn held_by(&self, session: u32) -> Option<Named> {
        self.find(|named| session != 0 && named.pair.job().session.load(Ordering::Relaxed) == session)
    }
}

struct Names {
    devpts: Arc<Devpts>,
    ptmx: NodeRef,
}

impl Listing for Names {
    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        if name == b"ptmx" {
            return Ok(self.ptmx.clone());
        }
        let number = core::str::from_utf8(name).ok().and_then(|name| name.parse::<u32>().ok());
        // No other spelling of a number is a name.
        let number = number.filter(|number| number.to_string().as_bytes() == name).ok_or(Errno::ENOENT)?;
        self.devpts.pairs.lock().get(&number).map(|named| named.node.clone()).ok_or(Errno::ENOENT)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let ptmx = Entry { name: b"ptmx".to_vec(), inode: PTMX_INODE, kind: PTMX };
        let slave = |number: &u32| Entry {
            name: number.to_string().into_bytes(),
            inode: FIRST_INODE + u64::from(*number),
            kind: Kind::CharDevice(SLAVE_MAJOR, *number),
        };
        Ok([ptmx].into_iter().chain(self.devpts.pairs.lock().keys().map(slave)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{At, Open, TimeNs};

    const BOTH: Open = Open { read: true, write: true, append: false, nonblocking: false };

    fn devpts() -> Arc<Devpts> {
        Devpts::new(Arc::new(|| TimeNs(0)), 2, 5)
    }

    #[test]
    fn names_come_and_go_with_masters() {
        let devpts = devpts();
        let root = devpts.root();
        let names = || root.entries().unwrap().into_iter().map(|entry| entry.name).collect::<Vec<_>>();
        let open = || root.lookup(b"ptmx").unwrap().open(BOTH);
        let (first, second) = (open().unwrap(), open().unwrap());
        assert_eq!(open().err(), Some(Errno::ENOSPC));
        assert_eq!(names(), [b"ptmx".to_vec(), b"0".to_vec(), b"1".to_vec()]);
        let metadata = root.lookup(b"1").unwrap().metadata().unwrap();
        assert_eq!((metadata.kind, metadata.mode, metadata.gid), (Kind::CharDevice(136, 1), 0o620, 5));
        drop(first);
        assert_eq!(names(), [b"ptmx".to_vec(), b"1".to_vec()]);
        assert_eq!(root.lookup(b"01").err(), Some(Errno::ENOENT));
        let third = open().unwrap();
        let number = |file: &dyn File| file.terminal().unwrap().master().unwrap().number();
        assert_eq!((number(&*second), number(&*third)), (1, 0));
    }

    #[test]
    fn a_slave_opens_once_unlocked_and_is_hung_up_with_its_master() {
        let devpts = devpts();
        let master = devpts.open().unwrap();
        let end = master.terminal().unwrap().master().unwrap();
        let node = devpts.root().lookup(b"0").unwrap();
        assert!(Arc::ptr_eq(&node, &end.slave().unwrap()));
        assert_eq!(node.open(BOTH).err(), Some(Errno::EIO));
        end.set_locked(false);
        let slave = node.open(BOTH).unwrap();
        slave.terminal().unwrap().job().give(7, 8);
        assert!(Arc::ptr_eq(&node, &devpts.of_session(7).unwrap()));
        drop(master);
        let mut bytes = [0; 4];
        assert_eq!((slave.read(At::Stream, &mut bytes), slave.write(At::Stream, b"x")), (Ok(0), Err(Errno::EIO)));
        assert_eq!((slave.pending(), node.open(BOTH).err()), (Err(Errno::EIO), Some(Errno::EIO)));
        assert!(slave.ready().hangup && slave.ready().readable && devpts.of_session(7).is_none());
    }
}
