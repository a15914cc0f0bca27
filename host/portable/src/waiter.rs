//! [`Waiter`]: how a guest waits in a runtime.

use crate::clocks::monotonic_ns;
use crate::wasi::{self, Wanted};
use linux::Wait;

/// How long a guest sleeps at a time that waits for nothing that will ever come.
const FOREVER_NS: u64 = 3_600_000_000_000;

/// Waits for a guest. Nobody sends it signals, and nothing ends it from outside but the runtime's own end. Code that runs cannot
/// be interrupted; it looks up by itself.
pub(crate) struct Waiter;

impl run::Sleep for Waiter {
    fn sleep(&mut self, wait: &Wait) -> bool {
        let left_ns = wait.until_ns.map(|until| until.saturating_sub(monotonic_ns()));
        let mut wanted = Vec::new();
        for &(descriptor, reads, writes) in &wait.descriptors {
            let Ok(fd) = wasi::Fd::try_from(descriptor) else { continue };
            wanted.extend(reads.then_some((fd, Wanted::Read)));
            wanted.extend(writes.then_some((fd, Wanted::Write)));
        }
        let timeout_ns = if wanted.is_empty() { left_ns.or(Some(FOREVER_NS)) } else { left_ns };
        if wasi::poll_oneoff(&wanted, timeout_ns).is_err() {
            // A runtime that cannot poll these: whoever waits asks again, and reads in place.
            wasi::sched_yield();
        }
        true
    }

    fn now_ns(&self) -> u64 {
        monotonic_ns()
    }
}
