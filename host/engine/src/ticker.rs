//! [`Ticker`]: interrupts translated code from time to time, as a test of all that may happen then.

use crate::cpu::CpuMemory;
use crate::mapping::Mapping;
use mips::State;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Time between two interruptions.
const INTERVAL: Duration = Duration::from_millis(1);
/// Interruptions that nobody was there for until it sleeps.
const IDLE_MAX: u32 = 10;

/// A thread that sets a CPU's poll word while its code runs.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Whether translated code runs.
    is_running: AtomicBool,
    /// Whether the thread sleeps until somebody wakes it.
    is_asleep: AtomicBool,
    is_over: Mutex<bool>,
    wake: Condvar,
}

impl Ticker {
    pub(crate) fn start(cpu: Arc<Mapping>) -> Ticker {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        thread::spawn(move || tick(&theirs, &cpu));
        Ticker { shared }
    }

    /// Says whether translated code runs: nobody else is interrupted.
    pub(crate) fn set_running(&self, is_running: bool) {
        if !is_running {
            return self.shared.is_running.store(false, Ordering::Relaxed);
        }
        // Either the thread sees that code runs before it sleeps, or this sees that it sleeps.
        self.shared.is_running.store(true, Ordering::SeqCst);
        if self.shared.is_asleep.load(Ordering::SeqCst) {
            let _over = self.shared.is_over.lock().expect("nothing panics while it is locked");
            self.shared.wake.notify_one();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        *self.shared.is_over.lock().expect("nothing panics while it is locked") = true;
        self.shared.wake.notify_one();
    }
}

fn tick(shared: &Shared, cpu: &Mapping) {
    let mut is_over = shared.is_over.lock().expect("nothing panics while it is locked");
    let mut idle = 0;
    while !*is_over {
        is_over = shared.wake.wait_timeout(is_over, INTERVAL).expect("nothing panics while it is locked").0;
        if shared.is_running.load(Ordering::Relaxed) {
            idle = 0;
            CpuMemory::poll(cpu).store(State::POLL_NOW, Ordering::Relaxed);
            continue;
        }
        idle += 1;
        if idle >= IDLE_MAX {
            shared.is_asleep.store(true, Ordering::SeqCst);
            while !*is_over && !shared.is_running.load(Ordering::SeqCst) {
                is_over = shared.wake.wait(is_over).expect("nothing panics while it is locked");
            }
            shared.is_asleep.store(false, Ordering::SeqCst);
            idle = 0;
        }
    }
}
