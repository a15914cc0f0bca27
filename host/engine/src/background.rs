//! [`Background`]: threads that compile while the guest runs on.

use crate::native::processor_time;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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

/// What the threads have to do.
#[derive(Default)]
struct Work {
    jobs: VecDeque<Job>,
    /// Jobs with a lower number are not wanted any more.
    wanted_from: u64,
    /// How many modules threads are at.
    begun: usize,
    /// Whether there will be no more.
    ends: bool,
}

/// The work, and the news that there is some.
#[derive(Default)]
struct Queue {
    work: Mutex<Work>,
    news: Condvar,
}

impl Queue {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next job; none when there will be no more.
    fn next(&self) -> Option<Job> {
        let is_idle = |work: &mut Work| work.jobs.is_empty() && !work.ends;
        let mut work = self.news.wait_while(self.work(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let job = work.jobs.pop_front()?;
        work.begun += 1;
        Some(job)
    }
}

/// The threads, as who gives them work sees them. They end with this.
pub(crate) struct Background {
    engine: Engine,
    queue: Arc<Queue>,
    /// What the threads are given to answer with.
    give: Option<Sender<Done>>,
    done: Receiver<Done>,
    /// How many there are, and may be.
    threads: usize,
    threads_max: usize,
    /// The number of the next job.
    next: u64,
}

impl Background {
    /// So many threads at most, none of which runs yet.
    pub(crate) fn new(engine: &Engine, threads_max: usize) -> Background {
        let (give, done) = channel();
        let (engine, queue) = (engine.clone(), Arc::default());
        Background { engine, queue, give: Some(give), done, threads: 0, threads_max, next: 0 }
    }

    /// Has a module compiled; its number. None if the host has no thread to give.
    pub(crate) fn begin(&mut self, wasm: &[u8]) -> Option<u64> {
        let work = self.queue.work();
        let is_enough = work.begun + work.jobs.len() < self.threads;
        drop(work);
        if !is_enough && self.threads < self.threads_max && self.start().is_some() {
            self.threads += 1;
        }
        if self.threads == 0 {
            return None;
        }
        let number = self.next;
        self.next += 1;
        self.queue.work().jobs.push_back(Job { number, wasm: wasm.to_vec() });
        self.queue.news.notify_one();
        Some(number)
    }

    /// Starts one more.
    fn start(&self) -> Option<()> {
        let (engine, queue, give) = (self.engine.clone(), self.queue.clone(), self.give.clone()?);
        let work = move || {
            while let Some(Job { number, wasm }) = queue.next() {
                let begun = processor_time();
                let module = Module::new(&engine, &wasm);
                let time_us = processor_time() - begun;
                queue.work().begun -= 1;
                if give.send(Done { number, module, time_us }).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("compiler".into()).spawn(work).ok().map(drop)
    }

    /// The next module that is done, if one is. One that was cancelled is not.
    pub(crate) fn take(&mut self) -> Option<Done> {
        let wanted_from = self.queue.work().wanted_from;
        self.done.try_iter().find(|done| done.number >= wanted_from)
    }

    /// Wants nothing of what was begun.
    pub(crate) fn cancel(&mut self) {
        let mut work = self.queue.work();
        work.jobs.clear();
        work.wanted_from = self.next;
    }

    /// Ends it: what is done, and what it is at or was to begin with, but nothing else that waits.
    pub(crate) fn finish(mut self) -> Vec<Done> {
        let wanted_from = self.end(1);
        self.give = None;
        self.done.iter().filter(|done| done.number >= wanted_from).collect()
    }

    /// Has the threads end, with so many modules at least if there are; from what number on jobs are wanted.
    fn end(&self, least: usize) -> u64 {
        let mut work = self.queue.work();
        let waiting = least.saturating_sub(work.begun);
        work.jobs.truncate(waiting);
        work.ends = true;
        self.queue.news.notify_all();
        work.wanted_from
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end(0);
    }
}
