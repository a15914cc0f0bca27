//! The host's clocks, in nanoseconds.

use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use std::sync::Arc;
use vfs::node::{Clock, TimeNs};

const SECOND_NS: i64 = 1_000_000_000;

/// Nanoseconds since the Unix epoch.
#[must_use]
pub fn realtime_ns() -> i64 {
    ns(clock_gettime(ClockId::Realtime))
}

/// Nanoseconds since some point in the past, without leaps.
#[must_use]
pub fn monotonic_ns() -> u64 {
    unsigned(clock_gettime(ClockId::Monotonic))
}

/// As [`monotonic_ns`], counting the time that the host slept.
#[must_use]
pub fn boot_ns() -> u64 {
    unsigned(clock_gettime(ClockId::Boottime))
}

/// Processor time of this process.
#[must_use]
pub fn process_cpu_ns() -> u64 {
    unsigned(clock_gettime(ClockId::ProcessCPUTime))
}

/// Processor time of this thread.
#[must_use]
pub fn thread_cpu_ns() -> u64 {
    unsigned(clock_gettime(ClockId::ThreadCPUTime))
}

/// The smallest step of the monotonic clock.
#[must_use]
pub fn resolution_ns() -> u64 {
    unsigned(clock_getres(ClockId::Monotonic))
}

/// The time of day, for file systems.
#[must_use]
pub fn time_of_day() -> Clock {
    Arc::new(|| TimeNs(realtime_ns()))
}

pub(crate) fn ns(time: Timespec) -> i64 {
    time.tv_sec.saturating_mul(SECOND_NS).saturating_add(time.tv_nsec)
}

pub(crate) fn timespec(time: TimeNs) -> Timespec {
    Timespec { tv_sec: time.0.div_euclid(SECOND_NS), tv_nsec: time.0.rem_euclid(SECOND_NS) }
}

fn unsigned(time: Timespec) -> u64 {
    ns(time).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_way_there_and_back() {
        for time in [0, 1, -1, SECOND_NS, -SECOND_NS - 5, realtime_ns()] {
            assert_eq!(ns(timespec(TimeNs(time))), time);
        }
        let (before, after) = (monotonic_ns(), monotonic_ns());
        assert!(before <= after && before > 0);
    }
}
