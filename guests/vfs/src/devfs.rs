//! /dev: [`Devices`] says what there is, [`Devices::root`] makes the directory.
//!
//! Randomness and terminals are handed in. `shm` and `pts` are empty directories for somebody to mount on.

use crate::devpts::{Devpts, PTMX};
use crate::errno::Errno;
use crate::node::{At, Clock, File, Kind, NodeRef, Result};
use crate::procfs::{Generator, Identity};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// File system magic of /dev, which Linux keeps in memory (statfs(2), `TMPFS_MAGIC`).
const MAGIC: u32 = 0x0102_1994;

/// Fills a buffer with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// What /dev is made of.
pub struct Devices {
    /// Tells the time stamps.
    pub clock: Clock,
    /// Behind /dev/random and /dev/urandom.
    pub random: Random,
    /// Behind /dev/tty; opening it gives `ENXIO` if there is none.
    pub tty: Option<NodeRef>,
    /// Owner of /dev/tty.
    pub tty_owner: (u32, u32),
    /// Behind /dev/ptmx; to be mounted on /dev/pts.
    pub terminals: Arc<Devpts>,
}

impl Devices {
    /// Makes the directory.
    #[must_use]
    pub fn root(self) -> NodeRef {
        let make = Generator::new(self.clock, MAGIC);
        let everybody = Identity::mode(0o666);
        let memory = |minor: u32, what: Memory| {
            make.device(Kind::CharDevice(1, minor), everybody, move |_| Ok(Box::new(what.clone())))
        };
        let link = |target: &'static str| make.link(Identity::mode(0o777), move || Ok(target.as_bytes().to_vec()));
        let (tty, terminals) = (self.tty, self.terminals);
        let (uid, gid) = self.tty_owner;
        let open_tty = move |how| tty.as_ref().map_or(Err(Errno::ENXIO), |tty| tty.open(how));
        let names: Vec<(&str, NodeRef)> = alloc::vec![
            ("fd", link("/proc/self/fd")),
            ("full", memory(7, Memory::Full)),
            ("null", memory(3, Memory::Null)),
            ("ptmx", make.device(PTMX, everybody, move |_| terminals.open())),
            ("pts", make.table(Identity::mode(0o755), Vec::new())),
            ("random", memory(8, Memory::Random(self.random.clone()))),
            ("shm", make.table(Identity::mode(0o1777), Vec::new())),
            ("stderr", link("/proc/self/fd/2")),
            ("stdin", link("/proc/self/fd/0")),
            ("stdout", link("/proc/self/fd/1")),
            ("tty", make.device(Kind::CharDevice(5, 0), everybody.owner(uid, gid), open_tty)),
            ("urandom", memory(9, Memory::Random(self.random))),
            ("zero", memory(5, Memory::Zero)),
        ];
        make.table(Identity::mode(0o755), names)
    }
}

/// The memory devices (mem(4), null(4), random(4)).
#[derive(Clone)]
enum Memory {
    Null,
    Zero,
    Full,
    Random(Random),
}

impl File for Memory {
    fn read(&self, _at: At, into: &mut [u8]) -> Result<usize> {
        match self {
            Memory::Null => return Ok(0),
            Memory::Zero | Memory::Full => into.fill(0),
            Memory::Random(random) => random(into),
        }
        Ok(into.len())
    }

    fn write(&self, _at: At, from: &[u8]) -> Result<usize> {
        if matches!(self, Memory::Full) { Err(Errno::ENOSPC) } else { Ok(from.len()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Open, TimeNs};

    #[test]
    fn the_memory_devices() {
        let random: Random = Arc::new(|into| into.fill(7));
        let clock: Clock = Arc::new(|| TimeNs(0));
        let terminals = Devpts::new(clock.clone(), 1, 5);
        let devices = Devices { clock, random, tty: None, tty_owner: (0, 5), terminals };
        let root = devices.root();
        let open = |name: &[u8]| {
            root.lookup(name).unwrap().open(Open { read: true, write: true, ..Open::default() }).map_err(Errno::name)
        };
        for (name, read, wrote) in [
            (&b"null"[..], Ok(0), Ok(4)),
            (b"zero", Ok(4), Ok(4)),
            (b"full", Ok(4), Err(Errno::ENOSPC)),
            (b"urandom", Ok(4), Ok(4)),
        ] {
            let file = open(name).unwrap();
            let mut bytes = [1; 4];
            assert_eq!((file.read(At::Offset(0), &mut bytes), file.write(At::Offset(0), b"wxyz")), (read, wrote));
            let filled = match name {
                b"null" => 1,
                b"urandom" => 7,
                _ => 0,
            };
            assert_eq!(bytes, [filled; 4]);
        }
        assert_eq!(open(b"tty").err(), Some("ENXIO"));
        assert_eq!(root.lookup(b"null").unwrap().kind(), Ok(Kind::CharDevice(1, 3)));
        assert_eq!(root.lookup(b"stdin").unwrap().readlink(), Ok(b"/proc/self/fd/0".to_vec()));
    }
}
