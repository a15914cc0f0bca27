//! Time as a guest has it from this host.

use hostio::clock;
use linux::Clocks;
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
        clock::thread_cpu_ns()
    }
    fn host_thread(&self) -> u32 {
        engine::thread()
    }
    fn cpu_ns_of(&self, host_thread: u32) -> Option<u64> {
        engine::processor_time_of(host_thread)
    }
}
