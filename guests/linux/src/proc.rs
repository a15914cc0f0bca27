//! /proc: what a process can read of itself and of its system. The mechanism is `vfs::procfs`; the contents are here.

mod maps;
mod own;
mod system;

use crate::fdtable::FdTable;
use crate::mm::Memory;
use crate::process::{About, Process};
use crate::task::Task;
use crate::world::{Clocks, Names};
use alloc::format;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use spin::Mutex;
use vfs::mount::{Mount, Mounts, Place};
use vfs::node::Clock;
use vfs::procfs::{Generator, Identity, PROC_MAGIC};

/// What the files of /proc look at. Held by them, so it must not hold them: descriptors are reached weakly.
#[derive(Clone)]
pub(crate) struct Scene {
    program: Arc<Mutex<About>>,
    memory: Arc<Mutex<Memory>>,
    files: Weak<Mutex<FdTable>>,
    directory: Weak<Mutex<Place>>,
    mounts: Weak<Mounts>,
    names: Arc<Mutex<Names>>,
    clocks: Arc<dyn Clocks>,
    random: crate::world::Random,
    memory_bytes: u64,
    processors: u32,
    started_ns: u64,
    pid: u32,
    parent: u32,
    uid: u32,
    gid: u32,
}

/// Memory and time, for sysinfo(2) and /proc.
pub(crate) struct MemoryInfo {
    pub(crate) total: u64,
    pub(crate) free: u64,
    pub(crate) uptime_ns: u64,
}

/// What a guest is told of memory without limit.
const TOTAL_MAX: u64 = 2 << 30;

impl Scene {
    fn memory_info(&self) -> MemoryInfo {
        let total = self.memory_bytes.min(TOTAL_MAX);
        let free = total.saturating_sub(self.memory.lock().areas.bytes());
        MemoryInfo { total, free, uptime_ns: self.clocks.monotonic_ns() }
    }
}

impl Task<'_, '_> {
    /// Memory and time, for sysinfo(2).
    pub(crate) fn memory_info(&self) -> MemoryInfo {
        scene(self.process).memory_info()
    }
}

fn scene(process: &Process) -> Scene {
    Scene {
        program: process.program.clone(),
        memory: process.memory.clone(),
        files: Arc::downgrade(&process.files),
        directory: Arc::downgrade(&process.directory),
        mounts: Arc::downgrade(&process.mounts),
        names: process.names.clone(),
        clocks: process.clocks.clone(),
        random: process.random.clone(),
        memory_bytes: process.limits.memory_bytes_max(),
        processors: process.processors,
        started_ns: process.started_ns,
        pid: process.pid,
        parent: process.parent,
        uid: process.credentials.user.real,
        gid: process.credentials.group.real,
    }
}

/// Mounts /proc. A world whose root cannot have it does without.
pub(crate) fn mount(process: &Process) {
    let scene = scene(process);
    let clocks = scene.clocks.clone();
    let clock: Clock = Arc::new(move || clocks.realtime());
    let make = Arc::new(Generator::new(clock, PROC_MAGIC));
    let pid = scene.pid;
    let number = format!("{pid}");
    let link = |target: String| make.link(Identity::mode(0o777), move || Ok(target.clone().into_bytes()));
    let mut names = Vec::from([
        (&*number, own::directory(&make, &scene)),
        ("self", link(number.clone())),
        ("thread-self", link(format!("{pid}/task/{pid}"))),
        ("mounts", link(String::from("self/mounts"))),
    ]);
    names.extend(system::files(&make, &scene));
    let root = make.table(Identity::mode(0o555), names);
    if process.mounts.mount_making(b"/proc", Mount::new(root, "proc")).is_err() {
        tracing::warn!("/proc could not be mounted: the root has no place for it");
    }
}
