//! Grants to a [`World`].

use crate::grant::Grant;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux::{Clocks, Ids, Names, Random, World};
use thiserror::Error;
use vfs::devfs::Devices;
use vfs::devpts::Devpts;
use vfs::node::{Clock, NodeRef};
use vfs::overlay::overlay;
use vfs::{Errno, MemFs, Mount, Mounts};

/// What every world needs of its host.
pub struct Host {
    /// Time, for the process.
    pub clocks: Arc<dyn Clocks>,
    /// The time of day, for file systems.
    pub time_of_day: Clock,
    /// Randomness.
    pub random: Random,
    /// Processors the guest is told of.
    pub processors: u32,
}

/// What a guest may use up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of address space.
    pub memory_bytes: u64,
    /// Bytes of files it keeps in memory: each of its root's changes, /tmp and /dev/shm.
    pub files_bytes: u64,
    /// Descriptors that a process may have.
    pub descriptors: u32,
    /// Processes and threads at once.
    pub threads: u32,
}

impl Limits {
    /// Descriptors and threads that a guest may have where nobody said anything.
    pub const DESCRIPTORS: u32 = 1 << 16;
    /// The same of threads.
    pub const THREADS: u32 = 4096;
}

/// Why a world could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// A mount failed.
    #[error("{path} cannot be made in the guest: {why}; give another guest path")]
    Mount {
        /// The guest path.
        path: String,
        /// What the file system said.
        why: &'static str,
    },
}

/// Nodes of file systems in memory, a bound on what a guest makes us remember.
const FILES_MAX: u64 = 1 << 20;

/// Group of terminals, as Debian numbers it.
const TTY_GROUP: u32 = 5;

/// Pseudoterminals at a time, as many as Linux has where nobody says otherwise (pty(7), `/proc/sys/kernel/pty/max`).
const TERMINALS_MAX: u32 = 4096;
/// A file system in memory within the limits.
fn memory(time_of_day: Clock, limits: Limits, mode: u32) -> MemFs {
    MemFs { bytes_max: Some(limits.files_bytes), files_max: Some(FILES_MAX), mode, ..MemFs::new(time_of_day) }
}

/// A root for [`Grant::CopyOnWrite`]: `lower` is only read, and what is changed is kept in memory.
pub fn copy_on_write(lower: NodeRef, time_of_day: Clock, limits: Limits) -> Result<NodeRef, BuildError> {
    overlay(lower, &memory(time_of_day, limits, 0o755)).map_err(failed(b"/"))
}

/// Builds the world that `grants` open. The process itself mounts /proc.
pub fn world(grants: Vec<Grant>, host: Host, limits: Limits) -> Result<World, BuildError> {
    let memory = |mode| memory(host.time_of_day.clone(), limits, mode);
    let (mut over, mut root, mut host_root, mut tty) = (None, None, None, None);
    let (mut ids, mut umask) = (Ids::default(), 0o022);
    let (mut streams, mut network) = ([None, None, None], None);
    let mut mounted: Vec<(Vec<u8>, Mount)> = Vec::new();
    for grant in grants {
        match grant {
            Grant::CopyOnWrite(node) => over = Some(node),
            Grant::Root(lower) => root = Some(lower),
            Grant::HostRoot(node) => host_root = Some(node),
            Grant::User(user, mask) => (ids, umask) = (user, mask),
            Grant::Directory { node, at, is_read_only } => {
                let mount = Mount::new(node, "host");
                mounted.push((at, if is_read_only { mount.read_only() } else { mount }));
            }
            Grant::File { node, at } => mounted.push((at, Mount::new(node, "host").read_only())),
            Grant::Stream(number, stream) => streams[number] = Some(stream),
            Grant::Terminal(node) => tty = Some(node),
            Grant::Network(way) => network = Some(way),
        }
    }
    let is_host = host_root.is_some();
    let mounts = Mounts::new(match (host_root, over, root) {
        (Some(node), ..) => Mount::new(node, "host"),
        (None, Some(node), _) => Mount::new(node, "overlay"),
        (None, None, Some(lower)) => Mount::new(overlay(lower, &memory(0o755)).map_err(failed(b"/"))?, "overlay"),
        (None, None, None) => Mount::new(memory(0o755).root(), "tmpfs"),
    });
    let terminals = Devpts::new(host.time_of_day.clone(), TERMINALS_MAX, TTY_GROUP);
    let devices = Devices {
        clock: host.time_of_day.clone(),
        random: host.random.clone(),
        tty,
        tty_owner: (ids.uid, TTY_GROUP),
        terminals: terminals.clone(),
    };
    let private = [
        (b"/dev".to_vec(), Mount::new(devices.root(), "devtmpfs")),
        (b"/dev/pts".to_vec(), Mount::new(terminals.root(), "devpts")),
        (b"/dev/shm".to_vec(), Mount::new(memory(0o1777).root(), "tmpfs")),
        (b"/tmp".to_vec(), Mount::new(memory(0o1777).root(), "tmpfs")),
        (b"/proc".to_vec(), Mount::new(empty(&host), "tmpfs")),
    ];
    mount_private(&mounts, is_host, private)?;
    for (at, mount) in mounted {
        mounts.mount_making(&at, mount).map_err(failed(&at))?;
    }
    Ok(World {
        mounts: Arc::new(mounts),
        directory: b"/".to_vec(),
        streams,
        clocks: host.clocks,
        random: host.random,
        names: Names::default(),
        ids,
        umask,
        memory_bytes_max: limits.memory_bytes,
        descriptors_max: limits.descriptors,
        threads_max: limits.threads,
        trace: None,
        processors: host.processors,
        terminals,
        network,
    })
}

/// Mounts what every guest has for itself. Nothing is made on the host for the guest's sake.
fn mount_private(mounts: &Mounts, is_host: bool, private: [(Vec<u8>, Mount); 5]) -> Result<(), BuildError> {
    for (at, mount) in private {
        if !is_host {
            mounts.mount_making(&at, mount).map_err(failed(&at))?;
        } else if at != b"/tmp" {
            mounts.mount(&at, mount).or_else(is_missing).map_err(failed(&at))?;
        }
    }
    Ok(())
}

/// A place for the process to mount /proc on, where the root has none.
fn empty(host: &Host) -> NodeRef {
    MemFs::new(host.time_of_day.clone()).root()
}

/// What is not there need not be covered.
fn is_missing(errno: Errno) -> Result<(), Errno> {
    if errno == Errno::ENOENT { Ok(()) } else { Err(errno) }
}

fn failed(path: &[u8]) -> impl Fn(Errno) -> BuildError {
    let path = String::from_utf8_lossy(path).into_owned();
    move |errno| BuildError::Mount { path: path.clone(), why: errno.text() }
}
