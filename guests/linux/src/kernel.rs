//! [`Kernel`]: what all processes of a world share.

use crate::commons::Commons;
use crate::futex::Futexes;
use crate::lock::Locks;
use crate::mm::SharedFiles;
use crate::process::Table;
use crate::signal::{Info, Signal};
use crate::socket::Network;
use crate::terminals::Terminals;
use crate::world::{Clocks, Names, Random, TraceSink};
use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use spin::Mutex;
use vfs::mount::Mounts;
use vfs::{NodeRef, Watcher};

/// What all processes of a world share. Whoever runs threads at the same time lets one of them in at a time, but for what
/// [`Thread::syscall_apart`](crate::Thread::syscall_apart) does.
pub struct Kernel {
    pub(crate) mounts: Arc<Mounts>,
    clocks: Arc<dyn Clocks>,
    pub(crate) random: Random,
    pub(crate) names: Mutex<Names>,
    pub(crate) processors: u32,
    /// Threads that there may be at once.
    pub(crate) threads_max: u64,
    pub(crate) trace: Option<Mutex<TraceSink>>,
    pub(crate) table: Mutex<Table>,
    pub(crate) futexes: Mutex<Futexes>,
    pub(crate) locks: Mutex<Locks>,
    /// Sockets, queues, and who watches files.
    pub(crate) commons: Arc<Commons>,
    pub(crate) shared: Mutex<SharedFiles>,
    pub(crate) terminals: Terminals,
    /// The nodes of the standard streams.
    pub(crate) streams: [Option<NodeRef>; 3],
    /// The process and thread that makes a call just now: `/proc/self` is about them.
    current: (AtomicU32, AtomicU32),
    /// Inode numbers given to pipes so far.
    pipes: AtomicU32,
    /// Whether threads could run and wait for a processor: whoever yields has them have it.
    is_crowded: AtomicBool,
    /// Calls that were said not to be there.
    warned: Mutex<BTreeSet<u32>>,
}

/// What of a world its kernel keeps.
pub(crate) struct Parts {
    pub(crate) mounts: Arc<Mounts>,
    pub(crate) clocks: Arc<dyn Clocks>,
    pub(crate) random: Random,
    pub(crate) names: Names,
    pub(crate) processors: u32,
    pub(crate) threads_max: u64,
    pub(crate) trace: Option<TraceSink>,
    pub(crate) terminals: Terminals,
    pub(crate) streams: [Option<NodeRef>; 3],
    pub(crate) network: Option<Arc<dyn Network>>,
}

impl Kernel {
    /// One with those processes.
    pub(crate) fn new(parts: Parts, table: Table) -> Arc<Kernel> {
        let current = (AtomicU32::new(table.first), AtomicU32::new(table.first));
        let kernel = Arc::new(Kernel {
            mounts: parts.mounts,
            clocks: parts.clocks,
            random: parts.random,
            names: Mutex::new(parts.names),
            processors: parts.processors.max(1),
            threads_max: parts.threads_max,
            trace: parts.trace.map(Mutex::new),
            table: Mutex::new(table),
            futexes: Mutex::default(),
            locks: Mutex::default(),
            commons: Arc::new(Commons::new(parts.network)),
            shared: Mutex::default(),
            terminals: parts.terminals,
            streams: parts.streams,
            current,
            pipes: AtomicU32::new(0),
            is_crowded: AtomicBool::new(false),
            warned: Mutex::default(),
        });
        kernel.terminals.attend(&kernel);
        kernel
    }

    /// Threads that have something to look at, since this was last asked: those that wait shall look whether their wait is
    /// over, and those that run shall poll.
    pub fn take_woken(&self) -> Vec<u32> {
        self.table.lock().take_woken()
    }

    /// Whether there are some.
    pub(crate) fn has_woken(&self) -> bool {
        self.table.lock().has_woken()
    }

    /// Sends the first process a signal from outside. What a terminal sends goes to the group in its foreground, or where
    /// there is no terminal to the first process's. False if it is SIGTSTP for that one, which nobody in here could end.
    pub fn raise(&self, signal: Signal) -> bool {
        let foreground = self.terminals.foreground();
        let mut table = self.table.lock();
        let first = table.first;
        let own = table.get(first).map(|member| member.group);
        let is_there = |group: &u32| table.iter().any(|(_, member)| member.group == *group);
        let group = foreground.filter(is_there).or(own);
        let is_for_all = [Signal::INT, Signal::QUIT, Signal::WINCH, Signal::TSTP].contains(&signal);
        match group.filter(|_| is_for_all) {
            Some(_) if signal == Signal::TSTP && group == own => return false,
            Some(group) => table.deliver_to_group(group, Info::user(signal)),
            None => _ = table.deliver(first, None, Info::user(signal)),
        }
        true
    }

    /// Sends all processes of a group a signal from outside.
    pub(crate) fn raise_in(&self, group: u32, signal: Signal) {
        self.table.lock().deliver_to_group(group, Info::user(signal));
    }

    /// The monotonic clock, by which threads wait, in nanoseconds.
    pub fn monotonic_ns(&self) -> u64 {
        self.clocks.monotonic_ns()
    }

    /// Threads could run and wait for a processor, or none does.
    pub fn set_crowded(&self, is_crowded: bool) {
        self.is_crowded.store(is_crowded, Ordering::Relaxed);
    }

    /// Whether some do.
    pub(crate) fn is_crowded(&self) -> bool {
        self.is_crowded.load(Ordering::Relaxed)
    }

    /// The process and the thread that make a call just now.
    pub(crate) fn current(&self) -> (u32, u32) {
        (self.current.0.load(Ordering::Relaxed), self.current.1.load(Ordering::Relaxed))
    }

    /// They make a call.
    pub(crate) fn enter(&self, pid: u32, tid: u32) {
        self.current.0.store(pid, Ordering::Relaxed);
        self.current.1.store(tid, Ordering::Relaxed);
    }

    /// Inode numbers given to pipes so far.
    pub(crate) fn pipes(&self) -> u32 {
        self.pipes.load(Ordering::Relaxed)
    }

    /// Those were given before.
    pub(crate) fn set_pipes(&self, pipes: u32) {
        self.pipes.store(pipes, Ordering::Relaxed);
    }

    /// An inode number for a pipe.
    pub(crate) fn next_pipe(&self) -> u64 {
        u64::from(self.pipes.fetch_add(1, Ordering::Relaxed)) + 1
    }

    /// Says once that a call is not there.
    pub(crate) fn warn_absent(&self, number: u32, name: &str) {
        if self.warned.lock().insert(number) {
            tracing::warn!("the program calls {name} ({number}), which is not there yet: it gets ENOSYS");
        }
    }
}

/// Wakes a thread when a file that it waits for may be ready.
pub(crate) struct Waker {
    pub(crate) kernel: alloc::sync::Weak<Kernel>,
    pub(crate) tid: u32,
}

impl Watcher for Waker {
    fn notice(&self) {
        if let Some(kernel) = self.kernel.upgrade() {
            kernel.table.lock().wake(self.tid);
        }
    }
}
