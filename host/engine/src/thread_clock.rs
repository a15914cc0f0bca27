//! Processor time of threads of the host.

#![expect(unsafe_code, reason = "asks for clocks that have no names of their own")]

use std::mem::MaybeUninit;

/// The number of this thread (gettid(2)).
#[must_use]
pub fn thread() -> u32 {
    thread_local!(static NUMBER: u32 = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs());
    NUMBER.with(|number| *number)
}

/// Processor time that a thread of this process used, in nanoseconds; none if it is gone.
#[must_use]
pub fn processor_time_of(thread: u32) -> Option<u64> {
    // As pthread_getcpuclockid(3) makes them (CPUCLOCK_PERTHREAD_MASK and CPUCLOCK_SCHED of linux/posix-timers.h).
    let clock = (!thread << 3 | 6).cast_signed();
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the pointer is to a `timespec`, which the call writes if it succeeds.
    let done = unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) };
    // SAFETY: as above.
    let time = (done == 0).then(|| unsafe { time.assume_init() })?;
    Some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::time::Duration;

    #[test]
    fn other_threads_use_time_too() {
        let (is_over, number) = (AtomicBool::new(false), AtomicU32::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                number.store(thread(), Ordering::SeqCst);
                while !is_over.load(Ordering::SeqCst) {
                    std::hint::spin_loop();
                }
            });
            std::thread::sleep(Duration::from_millis(50));
            let other = number.load(Ordering::SeqCst);
            assert!(other != thread() && processor_time_of(other).is_some_and(|used| used > 1_000_000));
            is_over.store(true, Ordering::SeqCst);
        });
        assert!(processor_time_of(thread()).is_some() && processor_time_of(1 << 24).is_none());
    }
}
