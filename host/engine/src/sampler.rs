//! Asks translated code from time to time what it is busy with.

use crate::cpu::CpuMemory;
use crate::mapping::Mapping;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Time between two questions.
const INTERVAL: Duration = Duration::from_millis(1);

/// A thread that sets a CPU's sample word while its code runs.
pub(crate) struct Sampler {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Whether translated code runs.
    is_running: AtomicBool,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Sampler {
    pub(crate) fn start(cpu: Arc<Mapping>) -> Sampler {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        thread::spawn(move || ask(&theirs, &cpu));
        Sampler { shared }
    }

    /// Says whether translated code runs: nobody else is asked.
    pub(crate) fn set_running(&self, is_running: bool) {
        self.shared.is_running.store(is_running, Ordering::Relaxed);
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        *self.shared.is_over.lock().expect("nothing panics while it is locked") = true;
        self.shared.over.notify_one();
    }
}

fn ask(shared: &Shared, cpu: &Mapping) {
    let mut is_over = shared.is_over.lock().expect("nothing panics while it is locked");
    while !*is_over {
        is_over = shared.over.wait_timeout(is_over, INTERVAL).expect("nothing panics while it is locked").0;
        if shared.is_running.load(Ordering::Relaxed) {
            CpuMemory::sample(cpu).store(1, Ordering::Relaxed);
        }
    }
}
