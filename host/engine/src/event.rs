//! [`Event`]: wakes a thread of the host that sleeps until descriptors are ready.
//!
//! To ring for one that is awake costs no system call. While a thread has the world locked its rings wait until it has not
//! ([`quietly`]): who is woken would only wait for the lock, and the others for the ring.

use crate::wait::wait;
use run::Bell;
use rustix::event::{EventfdFlags, eventfd};
use rustix::io;
use std::cell::RefCell;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Awake, and nobody rang.
const QUIET: u8 = 0;
/// Somebody rang.
const RUNG: u8 = 1;
/// Asleep, or about to be.
const ASLEEP: u8 = 2;

thread_local! {
    /// Sleepers that this thread is to wake once it may, if it must not just now.
    static LATER: RefCell<Option<Vec<Arc<Event>>>> = const { RefCell::new(None) };
}

/// Does what may ring, and wakes whom that rang for when `work` and what it returns are over: a lock's guard goes with it.
pub(crate) fn quietly<R>(work: impl FnOnce() -> R) -> R {
    let before = LATER.replace(Some(Vec::new()));
    let result = work();
    let rung = LATER.replace(before).unwrap_or_default();
    rung.iter().for_each(|event| event.wake());
    result
}

/// A thread that sleeps now and then, and its bell.
pub(crate) struct Event {
    own: Weak<Event>,
    descriptor: OwnedFd,
    state: AtomicU8,
}

impl Event {
    /// One for a thread that is awake. The error is the host's.
    pub(crate) fn new() -> std::io::Result<Arc<Event>> {
        let descriptor = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Arc::new_cyclic(|own| Event { own: own.clone(), descriptor, state: AtomicU8::new(QUIET) }))
    }

    fn wake(&self) {
        // Full, it is readable already.
        let _ = io::write(&self.descriptor, &1_u64.to_ne_bytes());
    }

    /// Whether it was rung since somebody last asked; it can still be asked.
    pub(crate) fn is_rung(&self) -> bool {
        self.state.load(Ordering::Acquire) == RUNG
    }

    /// Sleeps `most` at most (`None`: without end), until a descriptor is readable (first flag) or writable (second), or this
    /// is rung: not at all if it was since somebody last asked. The answer is which descriptors may be ready.
    pub(crate) fn sleep(&self, most: Option<Duration>, descriptors: &[(i32, bool, bool)]) -> Vec<bool> {
        let is_asleep = self.state.compare_exchange(QUIET, ASLEEP, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if !is_asleep && descriptors.is_empty() {
            return Vec::new();
        }
        let mut all = descriptors.to_vec();
        all.push((self.descriptor.as_raw_fd(), true, false));
        let mut ready = wait(if is_asleep { most } else { Some(Duration::ZERO) }, &all);
        // Whoever rang too late for this sleep cuts the next one short.
        if ready.pop() == Some(true) {
            let _ = io::read(&self.descriptor, &mut [0; 8]);
        }
        let _ = self.state.compare_exchange(ASLEEP, QUIET, Ordering::SeqCst, Ordering::SeqCst);
        ready
    }
}

impl Bell for Event {
    fn ring(&self) {
        if self.state.swap(RUNG, Ordering::SeqCst) != ASLEEP {
            return;
        }
        let is_for_later = LATER.with_borrow_mut(|later| match (later, self.own.upgrade()) {
            (Some(later), Some(own)) => {
                later.push(own);
                true
            }
            _ => false,
        });
        if !is_for_later {
            self.wake();
        }
    }

    fn take(&self) -> bool {
        self.state.swap(QUIET, Ordering::SeqCst) == RUNG
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::thread;
    use std::time::Instant;

    /// Whatever ring is being taken meanwhile, one that comes after wakes who sleeps.
    #[test]
    fn a_ring_is_never_lost() {
        let event = Event::new().expect("descriptors are left");
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    event.ring();
                }
            });
            let long = Duration::from_secs(2);
            let is_woken = || {
                let _ = event.take();
                let begun = Instant::now();
                event.sleep(Some(long), &[]);
                begun.elapsed() < long
            };
            let lost = (0..2_000).find(|_| !is_woken());
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(lost, None);
        });
    }

    #[test]
    fn a_quiet_ring_wakes_when_work_is_over() {
        let event = Event::new().expect("descriptors are left");
        thread::scope(|scope| {
            let sleeper = scope.spawn(|| event.sleep(None, &[]));
            while event.state.load(Ordering::SeqCst) != ASLEEP {
                thread::yield_now();
            }
            quietly(|| {
                event.ring();
                thread::sleep(Duration::from_millis(20));
                assert!(!sleeper.is_finished());
            });
            sleeper.join().expect("it was woken");
        });
        assert!(event.take() && !event.take());
    }
}
