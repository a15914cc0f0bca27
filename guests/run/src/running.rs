//! [`Running`]: a thread that has a CPU, as the scheduler knows it.

use crate::scheduler::Bell;
use alloc::sync::Arc;
use linux::ExitStatus;

/// A thread that runs, or waits in place.
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) team: u32,
    pub(crate) bell: Arc<dyn Bell>,
    /// Whether it has something to look at.
    pub(crate) is_noticed: bool,
    /// When it wants to be rung for its timers.
    pub(crate) alarm_ns: Option<u64>,
    /// Who rings for it while it waits in place, and since when it does.
    pub(crate) in_place: Option<(Arc<dyn Bell>, u64)>,
    /// When its turn was due, and when it began; later by what it waited in place.
    pub(crate) since: (u64, u64),
    /// Whether it was asked to give way to another one.
    pub(crate) gives_way: bool,
}

impl Running {
    pub(crate) fn ring(&self) {
        self.in_place.as_ref().map_or(&self.bell, |(bell, _)| bell).ring();
    }

    /// When its turn would be due that comes after this one, were this one over.
    pub(crate) fn next_due(&self, now_ns: u64) -> u64 {
        let until = self.in_place.as_ref().map_or(now_ns, |(_, since)| *since);
        self.since.0 + until.saturating_sub(self.since.1)
    }
}

/// Whether a thread may wait in place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InPlace {
    /// It may; [`crate::Scheduler::end_wait`] ends that.
    Sleep,
    /// It need not: it has been woken since it looked.
    Woken,
    /// Somebody else could run instead.
    Leave,
}

/// Whether a thread may go on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It may.
    Lives,
    /// Its process is over, in this way.
    Ends(ExitStatus),
    /// It is over, because another thread of its process executes another program.
    MakesWay,
}
