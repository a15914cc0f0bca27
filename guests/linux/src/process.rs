//! [`Process`]: what the threads of one process share, whatever clone(2) was told, and the table of all processes.

mod member;
mod saved;
mod schedule;
mod table;

pub(crate) use member::{Event, Member, Notice, Standing, ThreadEntry};
pub(crate) use saved::SavedTable;
pub(crate) use schedule::Schedule;
pub(crate) use table::{Events, Sender, Table, Target, Which};

use crate::limits::Limits;
use crate::reply::ExitStatus;
use crate::timer::TimerLock;
use crate::world::Clocks;
use abi::Endian;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::AtomicBool;
use spin::Mutex;
use vfs::NodeRef;
use vfs::node::TimeNs;

/// A process: threads with one number to the outside.
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) program: Mutex<About>,
    pub(crate) timers: TimerLock,
    pub(crate) limits: Mutex<Limits>,
    /// prctl(2) PR_SET_DUMPABLE and PR_SET_NO_NEW_PRIVS.
    pub(crate) settings: Mutex<[u32; 2]>,
    /// Its clocks: the processor time is its own.
    pub(crate) clocks: Arc<OwnClocks>,
    pub(crate) started_ns: u64,
    /// What the thread that it began with gave exit(2), while others go on.
    pub(crate) first_status: Mutex<Option<ExitStatus>>,
    /// Whether a debugger is asked before it gets a signal.
    pub(crate) is_debugged: AtomicBool,
}

impl Process {
    pub(crate) fn new(pid: u32, limits: Limits, clocks: Arc<dyn Clocks>) -> Arc<Process> {
        let started_ns = clocks.monotonic_ns();
        Arc::new(Process {
            pid,
            program: Mutex::default(),
            timers: TimerLock::default(),
            limits: Mutex::new(limits),
            settings: Mutex::new([1, 0]),
            clocks: Arc::new(OwnClocks { host: clocks, usage: Mutex::default() }),
            started_ns,
            first_status: Mutex::new(None),
            is_debugged: AtomicBool::new(false),
        })
    }

    /// A child of it, which inherits what fork(2) says.
    pub(crate) fn child(&self, pid: u32) -> Arc<Process> {
        let child = Process::new(pid, self.limits.lock().clone(), self.clocks.host.clone());
        *child.program.lock() = self.program.lock().clone();
        *child.settings.lock() = *self.settings.lock();
        child
    }
}

/// What /proc tells of a program.
#[derive(Clone)]
pub(crate) struct About {
    pub(crate) path: Vec<u8>,
    pub(crate) node: Option<NodeRef>,
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) environment: Vec<Vec<u8>>,
    pub(crate) auxiliary: Vec<(u32, u32)>,
    /// Start of the stack, for /proc/self/stat.
    pub(crate) stack: u32,
    pub(crate) entry: u32,
    pub(crate) endian: Endian,
}

impl About {
    /// The auxiliary vector as it lies in memory.
    pub(crate) fn auxiliary_vector(&self) -> Vec<u8> {
        let words = self.auxiliary.iter().flat_map(|(kind, value)| [*kind, *value]);
        words.flat_map(|word| self.endian.bytes32(word)).collect()
    }
}

impl Default for About {
    fn default() -> About {
        About {
            path: Vec::new(),
            node: None,
            arguments: Vec::new(),
            environment: Vec::new(),
            auxiliary: Vec::new(),
            stack: 0,
            entry: 0,
            endian: Endian::Little,
        }
    }
}

/// The host's clocks, with a process's own processor time.
pub(crate) struct OwnClocks {
    host: Arc<dyn Clocks>,
    usage: Mutex<Usage>,
}

/// Processor time, in nanoseconds.
#[derive(Default)]
struct Usage {
    /// What threads used that do not run any more, and others before they ran last.
    total_ns: u64,
    /// The host's threads that run some of the process, and what each had used when it began.
    running: BTreeMap<u32, u64>,
}

impl OwnClocks {
    /// A thread of the host runs one of the process from now on, or not any more. What it has used so far.
    pub(crate) fn set_running(&self, is_running: bool) -> u64 {
        let (now, own) = (self.host.cpu_ns(), self.host.host_thread());
        let mut usage = self.usage.lock();
        if let Some(since) = usage.running.remove(&own) {
            usage.total_ns += now.saturating_sub(since);
        }
        if is_running {
            usage.running.insert(own, now);
        }
        now
    }

    /// So much was used before.
    pub(crate) fn add_ns(&self, used_ns: u64) {
        self.usage.lock().total_ns += used_ns;
    }

    /// Processor time that the thread of the host's used which asks.
    pub(crate) fn thread_ns(&self) -> u64 {
        self.host.cpu_ns()
    }
}

impl Clocks for OwnClocks {
    fn realtime(&self) -> TimeNs {
        self.host.realtime()
    }
    fn monotonic_ns(&self) -> u64 {
        self.host.monotonic_ns()
    }
    /// That of the whole process.
    fn cpu_ns(&self) -> u64 {
        let own = self.host.host_thread();
        let usage = self.usage.lock();
        let used = |(thread, since): (&u32, &u64)| {
            let now = if *thread == own { Some(self.host.cpu_ns()) } else { self.host.cpu_ns_of(*thread) };
            now.map_or(0, |now| now.saturating_sub(*since))
        };
        usage.total_ns + usage.running.iter().map(used).sum::<u64>()
    }
    fn host_thread(&self) -> u32 {
        self.host.host_thread()
    }
    fn cpu_ns_of(&self, host_thread: u32) -> Option<u64> {
        self.host.cpu_ns_of(host_thread)
    }
}
