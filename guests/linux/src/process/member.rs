//! [`Member`]: a process as the others see it.

use crate::proc::Scene;
use crate::process::{Process, Schedule};
use crate::reply::ExitStatus;
use crate::signal::{Info, Signal, SignalSet};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::Watchers;

/// Signals that may wait until their receiver looks.
const INBOX_MAX: usize = 4096;

/// How a process stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Standing {
    /// It runs or waits.
    Alive,
    /// A signal stopped it.
    Stopped,
    /// It is over, and nobody has asked yet how it ended.
    Dead(ExitStatus),
}

/// What wait(2) tells of a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    /// It is over, and used so many nanoseconds of processor time, those of its own children included.
    Ended(ExitStatus, u64),
    /// A signal stopped it.
    Stopped(Signal),
    /// It goes on.
    Continued,
}

/// What a thread and others tell each other: that it has something to look at, a signal or that its process stopped.
#[derive(Default)]
pub(crate) struct Notice {
    is_set: AtomicBool,
    /// Its [`crate::signal::Signals::own_sets`] when it last made a call, for /proc.
    pub(crate) signals: Mutex<[SignalSet; 2]>,
}

impl Notice {
    pub(crate) fn set(&self) {
        self.is_set.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub(crate) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// Whether it has, since this was last asked.
    pub(crate) fn take(&self) -> bool {
        // Mostly there is nothing, and to look is cheaper than to write.
        self.is_set() && self.is_set.swap(false, Ordering::Relaxed)
    }
}

/// A thread, as others see it.
pub(crate) struct ThreadEntry {
    pub(crate) notice: Arc<Notice>,
    /// What it is called (PR_SET_NAME).
    pub(crate) name: Vec<u8>,
    pub(crate) schedule: Schedule,
}

/// A process, as others see it.
pub(crate) struct Member {
    pub(crate) parent: u32,
    pub(crate) group: u32,
    pub(crate) session: u32,
    pub(crate) standing: Standing,
    /// What its parent is sent when it ends.
    pub(crate) exit_signal: Option<Signal>,
    /// What it wants to be sent when its parent ends (PR_SET_PDEATHSIG).
    pub(crate) parent_death_signal: Option<Signal>,
    /// What happened to it that its parent has not asked for.
    pub(crate) news: Option<Event>,
    /// By number.
    pub(crate) threads: BTreeMap<u32, ThreadEntry>,
    /// Signals that others sent, to one thread or to whichever takes them.
    pub(super) inbox: Vec<(Option<u32>, Info)>,
    /// Real and saved user: who may send it signals.
    pub(crate) users: (u32, u32),
    /// It has run another program since it was made: its parent no longer puts it in a group.
    pub(crate) has_executed: bool,
    /// It does not want to know how its children end (SIGCHLD ignored, SA_NOCLDWAIT).
    pub(crate) disowns: bool,
    /// It does not want to be told when they stop (SA_NOCLDSTOP).
    pub(crate) ignores_stops: bool,
    /// The thread that waits until it runs another program or ends (vfork(2)).
    pub(crate) vfork_parent: Option<u32>,
    /// Processor time of children that were waited for.
    pub(crate) children_ns: u64,
    /// Its own and that, once it is over.
    pub(crate) used_ns: u64,
    /// Told when it is over: pidfd_open(2).
    pub(crate) watchers: Watchers,
    pub(crate) process: Arc<Process>,
    /// What /proc shows of it; nothing once it is over.
    pub(crate) scene: Option<Arc<Scene>>,
}

impl Member {
    /// Alone in its group and session.
    pub(crate) fn first(process: Arc<Process>, parent: u32, user: u32) -> Member {
        let pid = process.pid;
        let threads = BTreeMap::from([(
            pid,
            ThreadEntry { notice: Arc::default(), name: Vec::new(), schedule: Schedule::default() },
        )]);
        Member {
            parent,
            group: pid,
            session: pid,
            standing: Standing::Alive,
            exit_signal: None,
            parent_death_signal: None,
            news: None,
            threads,
            inbox: Vec::new(),
            users: (user, user),
            has_executed: false,
            disowns: false,
            ignores_stops: false,
            vfork_parent: None,
            children_ns: 0,
            used_ns: 0,
            watchers: Watchers::default(),
            process,
            scene: None,
        }
    }

    /// Another in the same group and session, with no thread yet.
    pub(crate) fn child(&self, process: Arc<Process>, parent: u32, exit_signal: Option<Signal>) -> Member {
        let child = Member::first(process, parent, 0);
        let Member { group, session, users, disowns, ignores_stops, .. } = *self;
        Member { group, session, users, disowns, ignores_stops, exit_signal, threads: BTreeMap::new(), ..child }
    }

    /// Takes a signal; false if it is over or has too many.
    pub(crate) fn receive(&mut self, thread: Option<u32>, info: Info) -> bool {
        if matches!(self.standing, Standing::Dead(_)) || self.inbox.len() >= INBOX_MAX {
            return false;
        }
        self.inbox.push((thread, info));
        self.notify();
        true
    }

    /// Has all threads look.
    pub(crate) fn notify(&self) {
        self.threads.values().for_each(|thread| thread.notice.set());
    }

    /// Signals for a thread: its own, and those for whichever takes them.
    pub(crate) fn take_inbox(&mut self, tid: u32) -> Vec<(Option<u32>, Info)> {
        let (mine, others) = core::mem::take(&mut self.inbox)
            .into_iter()
            .partition(|(thread, _)| thread.is_none_or(|thread| thread == tid));
        self.inbox = others;
        mine
    }

    /// Forgets all signals that nobody took.
    pub(crate) fn empty_inbox(&mut self) {
        self.inbox.clear();
    }
}
