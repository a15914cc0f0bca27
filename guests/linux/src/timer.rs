//! Timers that send signals: alarm(2), setitimer(2), timer_create(2).

use crate::signal::{Info, Signal};
use crate::world::Clocks;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};
use serde::{Deserialize, Serialize};
use spin::{Mutex, MutexGuard};

const MILLISECOND_NS: u64 = 1_000_000;

/// Which clock a timer runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum TimerClock {
    /// Time of day: absolute times move with it.
    Real,
    /// Time that passes.
    Monotonic,
    /// Processor time.
    Cpu,
}

impl TimerClock {
    /// The time now.
    pub(crate) fn now_ns(self, clocks: &dyn Clocks) -> u64 {
        match self {
            TimerClock::Real => u64::try_from(clocks.realtime().0).unwrap_or(0),
            TimerClock::Monotonic => clocks.monotonic_ns(),
            TimerClock::Cpu => clocks.cpu_ns(),
        }
    }
}

/// A timer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Timer {
    pub(crate) clock: TimerClock,
    /// When it is due on its clock; `None` if it is not set.
    pub(crate) due_ns: Option<u64>,
    /// 0: once.
    pub(crate) period_ns: u64,
    /// What it sends.
    pub(crate) signal: Option<Info>,
    /// The thread that it sends that to (SIGEV_THREAD_ID); if none, the process.
    pub(crate) thread: Option<u32>,
    /// Periods that passed while its signal was pending.
    pub(crate) overrun: u32,
}

impl Timer {
    /// Not set.
    pub(crate) fn new(clock: TimerClock, signal: Option<Info>) -> Timer {
        Timer { clock, due_ns: None, period_ns: 0, signal, thread: None, overrun: 0 }
    }

    /// Time left and period. A timer that is due has a nanosecond left, for 0 means that it is not set.
    pub(crate) fn left_ns(&self, clocks: &dyn Clocks) -> (u64, u64) {
        let left = self.due_ns.map_or(0, |due| due.saturating_sub(self.clock.now_ns(clocks)).max(1));
        (left, self.period_ns)
    }

    /// Sets it `in_ns` from now, 0 to stop it.
    pub(crate) fn set(&mut self, clocks: &dyn Clocks, in_ns: u64, period_ns: u64) {
        let now = self.clock.now_ns(clocks);
        self.due_ns = (in_ns > 0).then(|| now.saturating_add(in_ns));
        self.period_ns = period_ns;
    }

    /// What it sends if it is due.
    fn expire(&mut self, clocks: &dyn Clocks) -> Option<(Option<u32>, Info)> {
        let now = self.clock.now_ns(clocks);
        let due = self.due_ns.filter(|due| *due <= now)?;
        let missed = (now - due).checked_div(self.period_ns);
        self.due_ns = missed.map(|missed| due.saturating_add((missed + 1).saturating_mul(self.period_ns)));
        self.overrun = u32::try_from(missed.unwrap_or(0)).unwrap_or(u32::MAX);
        Some((self.thread, self.signal?))
    }

    /// When it is due on the monotonic clock. For processor time this is the earliest that it can be, if so many threads run at
    /// the same time, but for the last millisecond, which nobody measures so closely.
    fn monotonic_ns(&self, clocks: &dyn Clocks, threads: impl Fn() -> u64) -> Option<u64> {
        let mut left = self.due_ns?.saturating_sub(self.clock.now_ns(clocks));
        if self.clock == TimerClock::Cpu {
            left = (left / threads().max(1)).max(left.min(MILLISECOND_NS));
        }
        Some(clocks.monotonic_ns().saturating_add(left))
    }
}

/// The timers of a process.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Timers {
    /// ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF.
    pub(crate) intervals: [Timer; 3],
    /// timer_create(2)'s.
    pub(crate) posix: BTreeMap<u32, Timer>,
    pub(crate) next: u32,
}

impl Default for Timers {
    fn default() -> Timers {
        let interval = |clock, signal| Timer::new(clock, Some(Info::kernel(signal)));
        Timers {
            intervals: [
                interval(TimerClock::Monotonic, Signal::ALRM),
                interval(TimerClock::Cpu, Signal::VTALRM),
                interval(TimerClock::Cpu, Signal::PROF),
            ],
            posix: BTreeMap::new(),
            next: 0,
        }
    }
}

impl Timers {
    fn all(&self) -> impl Iterator<Item = &Timer> {
        self.intervals.iter().chain(self.posix.values())
    }

    /// The signals of those that are due, and for which thread each is.
    pub(crate) fn expire(&mut self, clocks: &dyn Clocks) -> Vec<(Option<u32>, Info)> {
        let set = self.intervals.iter_mut().chain(self.posix.values_mut()).filter(|timer| timer.due_ns.is_some());
        set.filter_map(|timer| timer.expire(clocks)).collect()
    }

    /// When the next one is due, on the monotonic clock; `threads` says how many may run at the same time.
    pub(crate) fn next_ns(&self, clocks: &dyn Clocks, threads: impl Fn() -> u64) -> Option<u64> {
        self.all().filter_map(|timer| timer.monotonic_ns(clocks, &threads)).min()
    }
}

/// The timers of a process, behind a lock. Whether any is set is known without it: each system call asks that.
#[derive(Default)]
pub(crate) struct TimerLock {
    timers: Mutex<Timers>,
    are_set: AtomicBool,
}

impl TimerLock {
    /// The timers, while nobody else has them.
    pub(crate) fn lock(&self) -> TimerGuard<'_> {
        TimerGuard { timers: self.timers.lock(), are_set: &self.are_set }
    }

    /// Whether one of them is set.
    pub(crate) fn are_set(&self) -> bool {
        self.are_set.load(Ordering::Acquire)
    }
}

/// The timers of a process, locked.
pub(crate) struct TimerGuard<'a> {
    timers: MutexGuard<'a, Timers>,
    are_set: &'a AtomicBool,
}

impl Deref for TimerGuard<'_> {
    type Target = Timers;
    fn deref(&self) -> &Timers {
        &self.timers
    }
}

impl DerefMut for TimerGuard<'_> {
    fn deref_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Drop for TimerGuard<'_> {
    fn drop(&mut self) {
        self.are_set.store(self.timers.all().any(|timer| timer.due_ns.is_some()), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::AtomicU64;
    use vfs::node::TimeNs;

    struct Fake(AtomicU64);

    impl Clocks for Fake {
        fn realtime(&self) -> TimeNs {
            TimeNs(0)
        }
        fn monotonic_ns(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
        fn cpu_ns(&self) -> u64 {
            0
        }
    }

    #[test]
    fn a_period_goes_on_and_counts_what_it_missed() {
        let clocks = Fake(AtomicU64::new(100));
        let mut timers = Timers::default();
        timers.intervals[0].set(&clocks, 10, 5);
        assert_eq!(timers.next_ns(&clocks, || 1), Some(110));
        clocks.0.store(122, Ordering::Relaxed);
        let sent = timers.expire(&clocks);
        assert_eq!(
            sent.iter().map(|(thread, info)| (*thread, info.signal)).collect::<Vec<_>>(),
            [(None, Signal::ALRM)]
        );
        assert_eq!((timers.next_ns(&clocks, || 1), timers.intervals[0].overrun), (Some(125), 2));
        timers.intervals[0].set(&clocks, 0, 0);
        assert_eq!(timers.next_ns(&clocks, || 1), None);
    }
}
