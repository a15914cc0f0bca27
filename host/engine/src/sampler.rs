//! Asks translated code from time to time, as [`Question`] says.

use crate::cpu::CpuMemory;
use crate::mapping::Mapping;
use mips::State;
use run::Question;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Time between two questions.
const INTERVAL: Duration = Duration::from_millis(1);
/// Questions that nobody was there for until it sleeps.
const IDLE_MAX: u32 = 10;

/// A thread that asks a CPU while its code runs.
pub(crate) struct Sampler {
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

impl Sampler {
    pub(crate) fn start(cpu: Arc<Mapping>, question: Question) -> Sampler {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        thread::spawn(move || ask(&theirs, &cpu, question));
        Sampler { shared }
    }

    /// Says whether translated code runs: nobody else is asked.
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

impl Drop for Sampler {
    fn drop(&mut self) {
        *self.shared.is_over.lock().expect("nothing panics while it is locked") = true;
        self.shared.wake.notify_one();
    }
}

fn ask(shared: &Shared, cpu: &Mapping, question: Question) {
    let mut is_over = shared.is_over.lock().expect("nothing panics while it is locked");
    let mut idle = 0;
    while !*is_over {
        is_over = shared.wake.wait_timeout(is_over, INTERVAL).expect("nothing panics while it is locked").0;
        if shared.is_running.load(Ordering::Relaxed) {
            idle = 0;
            match question {
                Question::Sample => CpuMemory::sample(cpu).store(1, Ordering::Relaxed),
                Question::Poll => CpuMemory::poll(cpu).store(State::POLL_NOW, Ordering::Relaxed),
            }
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
