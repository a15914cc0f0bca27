//! [`World`]: every authority a process has. What is not here, it cannot reach.

use crate::socket::Network;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::devpts::Devpts;
use vfs::mount::Mounts;
use vfs::node::{File, NodeRef, Open, TimeNs};

/// The time of day and the time that passes.
pub trait Clocks: Send + Sync {
    /// Since the Unix epoch.
    fn realtime(&self) -> TimeNs;
    /// Nanoseconds of a clock that never goes back: the clock of [`crate::Wait`].
    fn monotonic_ns(&self) -> u64;
    /// Nanoseconds of processor time that the thread of the host's used which asks.
    fn cpu_ns(&self) -> u64;
    /// The number of that thread.
    fn host_thread(&self) -> u32 {
        0
    }
    /// What another one used; none if nobody can tell.
    fn cpu_ns_of(&self, _host_thread: u32) -> Option<u64> {
        None
    }
}

/// Fills a buffer with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Takes lines of strace text, without their newline.
pub type TraceSink = Box<dyn FnMut(&str) + Send>;

/// A standard stream.
pub struct Stream {
    /// What it is.
    pub node: NodeRef,
    /// It, open.
    pub file: Box<dyn File>,
    /// How it was opened.
    pub how: Open,
}

/// What uname(2) tells.
#[derive(Clone, Debug)]
pub struct Names {
    /// Host name.
    pub host: Vec<u8>,
    /// NIS domain.
    pub domain: Vec<u8>,
    /// Kernel release.
    pub release: Vec<u8>,
    /// Kernel version.
    pub version: Vec<u8>,
    /// Machine.
    pub machine: Vec<u8>,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            host: b"strata".to_vec(),
            domain: b"(none)".to_vec(),
            release: b"6.1.0-strata".to_vec(),
            version: b"#1 SMP Strata".to_vec(),
            machine: b"mips".to_vec(),
        }
    }
}

/// Who the process is.
#[derive(Clone, Debug)]
pub struct Ids {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Process.
    pub pid: u32,
    /// Parent process.
    pub parent: u32,
}

impl Default for Ids {
    fn default() -> Ids {
        Ids { uid: 0, gid: 0, groups: Vec::new(), pid: 1, parent: 0 }
    }
}

/// Every authority a process has.
pub struct World {
    /// The files it can name. A process mounts its own /proc here.
    pub mounts: Arc<Mounts>,
    /// Working directory, absolute.
    pub directory: Vec<u8>,
    /// Standard input, output and error.
    pub streams: [Option<Stream>; 3],
    /// Time.
    pub clocks: Arc<dyn Clocks>,
    /// Randomness.
    pub random: Random,
    /// What uname(2) tells.
    pub names: Names,
    /// Who it is.
    pub ids: Ids,
    /// umask(2).
    pub umask: u32,
    /// Most bytes that a process may map.
    pub memory_bytes_max: u64,
    /// Descriptors of a process are below this.
    pub descriptors_max: u32,
    /// Most processes and threads at once.
    pub threads_max: u32,
    /// Takes strace text.
    pub trace: Option<TraceSink>,
    /// Processors it is told of.
    pub processors: u32,
    /// Its pseudoterminals, mounted on /dev/pts.
    pub terminals: Arc<Devpts>,
    /// What it may use of networks beyond its own loopback interface.
    pub network: Option<Arc<dyn Network>>,
}
