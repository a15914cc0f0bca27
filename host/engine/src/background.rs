//! [`Background`]: a thread that compiles while the guest runs on.

use crate::native::processor_time;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use wasmtime::{Engine, Module, Result};

/// A module to compile.
struct Job {
    number: u64,
    wasm: Vec<u8>,
}

/// A module that is compiled.
pub(crate) struct Done {
    /// The number that [`Background::begin`] gave.
    pub(crate) number: u64,
    pub(crate) module: Result<Module>,
    /// Processor time that it took, in microseconds.
    pub(crate) time_us: u64,
}

/// The thread, as who gives it work sees it. It ends when nobody does any more.
pub(crate) struct Background {
    jobs: Option<Sender<Job>>,
    done: Receiver<Done>,
    /// The number of the next job.
    next: u64,
    /// Jobs with a lower number are not wanted any more.
    wanted_from: Arc<AtomicU64>,
}

impl Background {
    /// Starts it; none if the host has no thread to give.
    pub(crate) fn start(engine: &Engine) -> Option<Background> {
        let (jobs, to_do) = channel::<Job>();
        let (give, done) = channel();
        let wanted_from = Arc::new(AtomicU64::new(0));
        let (engine, wanted) = (engine.clone(), wanted_from.clone());
        let work = move || {
            for Job { number, wasm } in to_do {
                if number < wanted.load(Ordering::Relaxed) {
                    continue;
                }
                let begun = processor_time();
                let module = Module::new(&engine, &wasm);
                let time_us = processor_time() - begun;
                if give.send(Done { number, module, time_us }).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("compiler".into()).spawn(work).ok()?;
        Some(Background { jobs: Some(jobs), done, next: 0, wanted_from })
    }

    /// Has a module compiled; its number.
    pub(crate) fn begin(&mut self, wasm: &[u8]) -> u64 {
        let number = self.next;
        self.next += 1;
        if let Some(jobs) = &self.jobs {
            // If the thread is gone, nothing is ever done, and the guest is interpreted.
            let _ = jobs.send(Job { number, wasm: wasm.to_vec() });
        }
        number
    }

    /// The next module that is done, if one is, or when it is. One that was cancelled is not.
    pub(crate) fn take(&mut self, waits: bool) -> Option<Done> {
        let wanted_from = self.wanted_from.load(Ordering::Relaxed);
        let is_wanted = |done: &Done| done.number >= wanted_from;
        if waits { self.done.iter().find(is_wanted) } else { self.done.try_iter().find(is_wanted) }
    }

    /// Wants nothing of what was begun.
    pub(crate) fn cancel(&mut self) {
        self.wanted_from.store(self.next, Ordering::Relaxed);
    }

    /// Ends it: what is done, and what it is at, but nothing that waits.
    pub(crate) fn finish(mut self) -> Vec<Done> {
        let wanted_from = self.wanted_from.swap(u64::MAX, Ordering::Relaxed);
        self.jobs = None;
        self.done.iter().filter(|done| done.number >= wanted_from).collect()
    }
}
