//! Sets the poll word at a time: one thread, started when first asked.

use crate::cpu::CpuMemory;
use crate::mapping::Mapping;
use mips::State;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Rings a CPU's poll word.
pub struct Alarm {
    cpu: Arc<Mapping>,
    shared: Option<Arc<Shared>>,
}

#[derive(Default)]
struct Shared {
    plan: Mutex<Plan>,
    changed: Condvar,
}

#[derive(Default)]
struct Plan {
    at: Option<Instant>,
    is_over: bool,
}

impl Alarm {
    pub(crate) fn new(cpu: Arc<Mapping>) -> Alarm {
        Alarm { cpu, shared: None }
    }

    /// Rings after `delay`, instead of any time set before; `None` never.
    pub fn set(&mut self, delay: Option<Duration>) {
        if delay == Some(Duration::ZERO) {
            CpuMemory::poll(&self.cpu).store(State::POLL_NOW, Ordering::Relaxed);
        }
        if self.shared.is_none() && delay.is_none() {
            return;
        }
        let shared = self.shared.get_or_insert_with(|| start(self.cpu.clone()));
        shared.plan.lock().expect("nothing panics while it is locked").at = delay.map(|delay| Instant::now() + delay);
        shared.changed.notify_one();
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.plan.lock().expect("nothing panics while it is locked").is_over = true;
            shared.changed.notify_one();
        }
    }
}

fn start(cpu: Arc<Mapping>) -> Arc<Shared> {
    let shared = Arc::new(Shared::default());
    let theirs = shared.clone();
    thread::spawn(move || ring(&theirs, &cpu));
    shared
}

fn ring(shared: &Shared, cpu: &Mapping) {
    let mut plan = shared.plan.lock().expect("nothing panics while it is locked");
    while !plan.is_over {
        let left = plan.at.map(|at| at.saturating_duration_since(Instant::now()));
        plan = match left {
            Some(Duration::ZERO) => {
                CpuMemory::poll(cpu).store(State::POLL_NOW, Ordering::Relaxed);
                plan.at = None;
                plan
            }
            Some(left) => shared.changed.wait_timeout(plan, left).expect("nothing panics while it is locked").0,
            None => shared.changed.wait(plan).expect("nothing panics while it is locked"),
        };
    }
}
