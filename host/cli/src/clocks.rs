//! Time and signals as a guest and its runner have them from this host.

use engine::{Alarm, Signals};
use hostio::clock;
use linux::{Clocks, ExitStatus, Signal, Wait};
use std::time::Duration;
use vfs::node::TimeNs;

/// The host's clocks.
pub(crate) struct HostClocks;

impl Clocks for HostClocks {
    fn realtime(&self) -> TimeNs {
        TimeNs(clock::realtime_ns())
    }
    fn monotonic_ns(&self) -> u64 {
        clock::monotonic_ns()
    }
    fn cpu_ns(&self) -> u64 {
        clock::process_cpu_ns()
    }
}

/// Waits for a guest, and ends it when its time is up.
pub(crate) struct Waiter {
    alarm: Alarm,
    signals: Signals,
    /// When the guest must end, by the monotonic clock.
    limit_ns: Option<u64>,
    /// Whether it did.
    pub(crate) is_time_up: bool,
}

/// What a time limit exits with, as timeout(1) does.
const TIMED_OUT: u8 = 124;

impl Waiter {
    pub(crate) fn new(alarm: Alarm, signals: Signals, limit: Option<Duration>) -> Waiter {
        let limit_ns = limit
            .map(|limit| clock::monotonic_ns().saturating_add(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX)));
        let mut waiter = Waiter { alarm, signals, limit_ns, is_time_up: false };
        waiter.set(None);
        waiter
    }

    /// From now until `at_ns` or the limit, whichever is sooner.
    fn left(&self, at_ns: Option<u64>) -> Option<Duration> {
        let soonest = at_ns.into_iter().chain(self.limit_ns).min()?;
        Some(Duration::from_nanos(soonest.saturating_sub(clock::monotonic_ns())))
    }

    fn set(&mut self, at_ns: Option<u64>) {
        let left = self.left(at_ns);
        self.alarm.set(left);
    }
}

impl run::Host for Waiter {
    fn set_alarm(&mut self, at_ns: Option<u64>) {
        self.set(at_ns);
    }
    fn wait(&mut self, wait: &Wait) {
        let mut descriptors = wait.descriptors.clone();
        descriptors.push((self.signals.descriptor(), true, false));
        engine::wait(self.left(wait.until_ns), &descriptors);
        self.signals.drain();
    }
    fn signal(&mut self) -> Option<Signal> {
        core::iter::from_fn(|| self.signals.take()).find_map(Signal::from_generic)
    }
    fn ended(&mut self) -> Option<ExitStatus> {
        let limit_ns = self.limit_ns?;
        self.is_time_up = clock::monotonic_ns() >= limit_ns;
        self.is_time_up.then_some(ExitStatus::Code(TIMED_OUT))
    }
}
