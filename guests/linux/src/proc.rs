//! /proc: what a process can read of processes and of its system. The mechanism is `vfs::procfs`; the contents are here.

mod maps;
mod net;
mod own;
mod root;
mod sys;
mod system;
mod sysv;

pub(crate) use own::process_of;

use crate::fdtable::FdTable;
use crate::kernel::Kernel;
use crate::mm::Memory;
use crate::process::Process;
use crate::signal::Shared;
use crate::task::Task;
use crate::thread::{Thread, Whereabouts};
use crate::world::Clocks;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use spin::Mutex;
use vfs::mount::Mount;
use vfs::node::Clock;
use vfs::procfs::{Generator, PROC_MAGIC};
use vfs::{Errno, Result};

/// What the files of /proc/PID look at. The process table holds it, so it holds nothing itself.
pub(crate) struct Scene {
    process: Weak<Process>,
    memory: Weak<Mutex<Memory>>,
    files: Weak<Mutex<FdTable>>,
    whereabouts: Weak<Mutex<Whereabouts>>,
    signals: Shared,
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

/// Memory and time, for sysinfo(2) and /proc.
pub(crate) struct MemoryInfo {
    pub(crate) total: u64,
    pub(crate) free: u64,
    pub(crate) uptime_ns: u64,
}

/// What a guest is told of memory without limit.
const TOTAL_MAX: u64 = 2 << 30;

impl Kernel {
    /// What /proc shows of a process; ESRCH if it is over.
    fn scene(&self, pid: u32) -> Result<Arc<Scene>> {
        self.table.lock().get(pid).and_then(|member| member.scene.clone()).ok_or(Errno::ESRCH)
    }

    /// Memory and time.
    pub(crate) fn memory_info(&self) -> MemoryInfo {
        let table = self.table.lock();
        let scenes: Vec<Arc<Scene>> = table.iter().filter_map(|(_, member)| member.scene.clone()).collect();
        let first = table.get(table.first).map(|member| member.process.clone());
        drop(table);
        let memories = scenes.iter().filter_map(|scene| scene.memory.upgrade());
        let used: u64 = memories.map(|memory| memory.lock().areas.bytes()).sum();
        let most = first.as_ref().map_or(0, |first| first.limits.lock().memory_bytes_max());
        let total = most.min(TOTAL_MAX);
        let uptime_ns = first.map_or(0, |first| first.clocks.monotonic_ns());
        MemoryInfo { total, free: total.saturating_sub(used), uptime_ns }
    }
}

impl Task<'_, '_> {
    /// Memory and time, for sysinfo(2).
    pub(crate) fn memory_info(&self) -> MemoryInfo {
        self.kernel.memory_info()
    }
}

impl Thread {
    /// Has /proc show what its process is now.
    pub(crate) fn show_in_proc(&self) {
        let scene = Scene {
            process: Arc::downgrade(&self.process),
            memory: Arc::downgrade(&self.memory),
            files: Arc::downgrade(&self.files),
            whereabouts: Arc::downgrade(&self.whereabouts),
            signals: self.signals.shared(),
            uid: self.credentials.user.effective,
            gid: self.credentials.group.effective,
            groups: self.credentials.groups.clone(),
        };
        if let Some(member) = self.kernel.table.lock().get_mut(self.process.pid) {
            member.users = (self.credentials.user.real, self.credentials.user.saved);
            member.scene = Some(Arc::new(scene));
        }
    }

    /// What the thread is called (PR_GET_NAME).
    pub fn name(&self) -> Vec<u8> {
        let table = self.kernel.table.lock();
        let thread = table.get(self.process.pid).and_then(|member| member.threads.get(&self.tid));
        thread.map(|thread| thread.name.clone()).unwrap_or_default()
    }

    /// Calls the thread something, with at most 15 bytes.
    pub(crate) fn set_name(&self, name: &[u8]) {
        let mut table = self.kernel.table.lock();
        let member = table.get_mut(self.process.pid);
        if let Some(thread) = member.and_then(|member| member.threads.get_mut(&self.tid)) {
            thread.name = name[..name.len().min(15)].to_vec();
        }
    }
}

/// Mounts /proc. A world whose root cannot have it does without.
pub(crate) fn mount(kernel: &Arc<Kernel>) {
    let clocks = kernel.table.lock().iter().next().map(|(_, member)| member.process.clocks.clone());
    let clock: Clock = Arc::new(move || clocks.as_ref().map_or_else(Default::default, |clocks| clocks.realtime()));
    let make = Arc::new(Generator::new(clock, PROC_MAGIC));
    let root = root::directory(&make, &Arc::downgrade(kernel));
    if kernel.mounts.mount_making(b"/proc", Mount::new(root, "proc")).is_err() {
        tracing::warn!("/proc could not be mounted: the root has no place for it");
    }
}
