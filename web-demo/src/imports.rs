//! What JavaScript gives: time and randomness, as module `host`.

#![expect(unsafe_code, reason = "declares functions that JavaScript brings")]

use linux::Clocks;
use namespace::Host;
use std::sync::Arc;
use vfs::node::TimeNs;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Nanoseconds since the Unix epoch.
    safe fn now_realtime_ns() -> i64;
    /// Nanoseconds of a clock that never goes back.
    safe fn now_monotonic_ns() -> i64;
    /// Fills `bytes` bytes of this memory at `at` with random ones.
    fn random(at: *mut u8, bytes: usize);
}

struct PageClocks;

impl Clocks for PageClocks {
    fn realtime(&self) -> TimeNs {
        TimeNs(now_realtime_ns())
    }
    fn monotonic_ns(&self) -> u64 {
        u64::try_from(now_monotonic_ns()).unwrap_or(0)
    }
    fn cpu_ns(&self) -> u64 {
        // A page is not told what it used of the processor; while a guest runs, time passes about as fast.
        self.monotonic_ns()
    }
}

fn fill(into: &mut [u8]) {
    // SAFETY: JavaScript writes to exactly this slice, which is borrowed for that.
    unsafe { random(into.as_mut_ptr(), into.len()) };
}

/// What a page gives every world.
pub(crate) fn host() -> Host {
    Host {
        clocks: Arc::new(PageClocks),
        time_of_day: Arc::new(|| TimeNs(now_realtime_ns())),
        random: Arc::new(fill),
        processors: 1,
    }
}
