//! Sleeping until a time comes or descriptors of the host are ready.

#![expect(unsafe_code, reason = "borrows descriptors by number, as open files hand them out")]

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Sleeps `most` at most (`None`: without end), or until a descriptor is readable (first flag) or writable (second),
/// or a signal of the host arrives. The answer is which of them may be ready.
pub(crate) fn wait(most: Option<Duration>, descriptors: &[(i32, bool, bool)]) -> Vec<bool> {
    let mut polled: Vec<PollFd<'_>> = descriptors
        .iter()
        .map(|(number, read, write)| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, *read);
            flags.set(PollFlags::OUT, *write);
            // SAFETY: the guest's open file holds the descriptor while its process waits; at worst poll says NVAL. Open files
            // have no negative ones, of which there must not be one.
            let descriptor = unsafe { BorrowedFd::borrow_raw((*number).max(0)) };
            PollFd::from_borrowed_fd(descriptor, flags)
        })
        .collect();
    let timeout = most.map(|most| Timespec {
        tv_sec: i64::try_from(most.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(most.subsec_nanos()),
    });
    match poll(&mut polled, timeout.as_ref()) {
        Ok(_) => polled.iter().map(|polled| !polled.revents().is_empty()).collect(),
        // Interrupted or refused, the caller looks again either way.
        Err(_) => vec![false; descriptors.len()],
    }
}
