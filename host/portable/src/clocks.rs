//! Time and randomness as a guest has them from its runtime.

use crate::wasi;
use linux::Clocks;
use namespace::Host;
use std::sync::Arc;
use vfs::node::TimeNs;

/// The runtime's clocks. One that it does not have stands at 0.
struct WasiClocks;

impl Clocks for WasiClocks {
    fn realtime(&self) -> TimeNs {
        time_of_day()
    }
    fn monotonic_ns(&self) -> u64 {
        monotonic_ns()
    }
    fn cpu_ns(&self) -> u64 {
        // Not every runtime tells; while a guest runs, time passes about as fast.
        wasi::clock_time_get(wasi::CLOCKID_PROCESS_CPUTIME_ID).unwrap_or_else(|_| monotonic_ns())
    }
}

fn time_of_day() -> TimeNs {
    let ns = wasi::clock_time_get(wasi::CLOCKID_REALTIME).unwrap_or(0);
    TimeNs(i64::try_from(ns).unwrap_or(i64::MAX))
}

pub(crate) fn monotonic_ns() -> u64 {
    wasi::clock_time_get(wasi::CLOCKID_MONOTONIC).unwrap_or(0)
}

fn fill(into: &mut [u8]) {
    if let Err(errno) = wasi::random_get(into) {
        // Going on without randomness would be worse than not going on: guests make keys of it.
        wasi::say(&format!("the runtime has no randomness: random_get says {errno}; use another runtime"));
        wasi::proc_exit(crate::guest::FAILED);
    }
}

/// What a runtime gives every world.
pub(crate) fn host() -> Host {
    Host { clocks: Arc::new(WasiClocks), time_of_day: Arc::new(time_of_day), random: Arc::new(fill), processors: 1 }
}
