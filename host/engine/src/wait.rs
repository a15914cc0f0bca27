//! Sleeping until a time comes or descriptors of the host are ready.

#![expect(unsafe_code, reason = "borrows descriptors by number, as open files hand them out")]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Sleeps `most` at most (`None`: without end), or until a descriptor is readable (first flag) or writable (second),
/// or a signal of the host arrives.
pub fn wait(most: Option<Duration>, descriptors: &[(i32, bool, bool)]) {
    let mut polled: Vec<PollFd<'_>> = descriptors
        .iter()
        .filter(|(number, ..)| *number >= 0)
        .map(|(number, read, write)| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, *read);
            flags.set(PollFlags::OUT, *write);
            // SAFETY: the guest's open file holds the descriptor while its process waits; at worst poll says NVAL.
            let descriptor = unsafe { BorrowedFd::borrow_raw(*number) };
            PollFd::from_borrowed_fd(descriptor, flags)
        })
        .collect();
    let timeout = most.map(|most| Timespec {
        tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(most.subsec_nanos()),
    });
    // Interrupted or refused, the caller looks again either way.
    let _ = poll(&mut polled, timeout.as_ref());
}
