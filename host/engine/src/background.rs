//! [`Workshop`]: what the engines of a run share, the threads that compile beside their guests among it; [`Background`] is one
//! engine's part in that.

use crate::modules::{Modules, Purpose};
use crate::native::processor_time;
use crate::place::Places;
use cache::{Published, StoreError};
use mips::translate::Unit;
use run::Made;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use wasmtime::{Module, Result};

/// Threads that compile beside the guests, on a host with more processors than that.
const COMPILERS_MAX: usize = 4;
/// How long a run that is over waits for them: what is given up, the next run begins again, and the one after that.
const PATIENCE: Duration = Duration::from_secs(1);

/// A module to compile.
struct Job {
    /// Whose it is, and its number there.
    owner: u64,
    number: u64,
    wasm: Vec<u8>,
    made: Made,
    units: Arc<[Unit]>,
    /// Whom it is for, beside its owner.
    purpose: Option<Purpose>,
    give: Sender<Done>,
    waiting: Arc<AtomicU64>,
}

/// A module that is compiled.
pub(crate) struct Done {
    /// The number that [`Background::begin`] gave.
    number: u64,
    pub(crate) made: Made,
    pub(crate) units: Arc<[Unit]>,
    /// Bytes of Wasm that it was made of.
    pub(crate) wasm_bytes: usize,
    pub(crate) module: Result<Module>,
    /// Processor time that it took, in microseconds.
    pub(crate) time_us: u64,
}

/// What the threads have to do.
#[derive(Default)]
struct Work {
    jobs: VecDeque<Job>,
    /// How many modules threads are at.
    begun: usize,
    /// Whether there will be no more.
    ends: bool,
    threads: Vec<JoinHandle<()>>,
}

/// What the engines of a run share.
pub(crate) struct Workshop {
    modules: Mutex<Modules>,
    work: Mutex<Work>,
    /// There is work, or there will be no more; or less of it is being done.
    news: Condvar,
    threads_max: usize,
    owners: AtomicU64,
    /// Where processes of the run were that are over.
    pub(crate) places: Places,
}

impl Workshop {
    pub(crate) fn new() -> Arc<Workshop> {
        let threads_max = thread::available_parallelism().map_or(0, |all| (all.get() - 1).min(COMPILERS_MAX));
        Arc::new(Workshop {
            modules: Mutex::default(),
            work: Mutex::default(),
            news: Condvar::new(),
            threads_max,
            owners: AtomicU64::new(0),
            places: Places::default(),
        })
    }

    /// What was compiled, and the compiler.
    pub(crate) fn modules(&self) -> MutexGuard<'_, Modules> {
        self.modules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a thread begin with what there is to do, if they are all busy and may be more; false if there is none.
    fn wake_thread(self: &Arc<Self>) -> bool {
        let mut work = self.work();
        let is_enough = work.begun + work.jobs.len() <= work.threads.len();
        if !is_enough && work.threads.len() < self.threads_max {
            let theirs = self.clone();
            let thread = thread::Builder::new().name("compiler".into()).spawn(move || theirs.compile_all());
            work.threads.extend(thread.ok());
        }
        self.news.notify_one();
        !work.threads.is_empty()
    }

    /// Waits for the next job; none when there will be no more.
    fn next(&self) -> Option<Job> {
        let is_idle = |work: &mut Work| work.jobs.is_empty() && !work.ends;
        let mut work = self.news.wait_while(self.work(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let job = work.jobs.pop_front()?;
        work.begun += 1;
        Some(job)
    }

    /// What each thread does.
    fn compile_all(&self) {
        while let Some(Job { owner, number, wasm, made, units, purpose, give, waiting }) = self.next() {
            let begun = processor_time();
            let compiler = self.modules().compiler().cloned();
            let compiled = compiler.and_then(|compiler| {
                let artifact = compiler.compile(&wasm)?;
                Ok((compiler.load(&artifact)?, artifact))
            });
            let module = compiled.map(|(module, artifact)| {
                if let Some(purpose) = purpose {
                    self.modules().add((&module, artifact), &units, made, purpose, owner);
                }
                module
            });
            let time_us = processor_time() - begun;
            self.work().begun -= 1;
            self.news.notify_all();
            // Whoever wanted it may be gone.
            let _ = give.send(Done { number, made, units, wasm_bytes: wasm.len(), module, time_us });
            waiting.fetch_add(1, Ordering::Release);
        }
    }

    /// Leaves what was compiled for the next run. What waits to be compiled is dropped, but for what comes next, so that each
    /// run leaves something; and nobody waits long for what is being compiled.
    pub(crate) fn publish(&self) -> Result<Option<Published>, StoreError> {
        let keeps = self.modules().keeps();
        let (least, patience) = if keeps { (1_usize, PATIENCE) } else { (0, Duration::ZERO) };
        let mut work = self.work();
        let waiting = least.saturating_sub(work.begun);
        work.jobs.truncate(waiting);
        work.ends = true;
        self.news.notify_all();
        let is_busy = |work: &mut Work| work.begun > 0 || !work.jobs.is_empty();
        let waited = self.news.wait_timeout_while(work, patience, is_busy).unwrap_or_else(PoisonError::into_inner);
        let (mut work, waited) = waited;
        work.jobs.clear();
        let threads = std::mem::take(&mut work.threads);
        drop(work);
        if !waited.timed_out() {
            // One that panicked has said so.
            threads.into_iter().for_each(|thread| drop(thread.join()));
        }
        self.modules().publish()
    }
}

/// What one engine has compiled beside its guest.
pub(crate) struct Background {
    /// How many of its modules are done and not taken.
    waiting: Arc<AtomicU64>,
    pub(crate) workshop: Arc<Workshop>,
    /// This engine, among all that share the workshop.
    pub(crate) owner: u64,
    give: Sender<Done>,
    done: Receiver<Done>,
    /// The number of the next job, and the lowest one that is still wanted.
    next: u64,
    wanted_from: u64,
}

impl Background {
    pub(crate) fn new(workshop: Arc<Workshop>) -> Background {
        let (give, done) = channel();
        let owner = workshop.owners.fetch_add(1, Ordering::Relaxed);
        Background { waiting: Arc::default(), workshop, owner, give, done, next: 0, wanted_from: 0 }
    }

    /// Has a module compiled; false if the host has no thread to give.
    pub(crate) fn begin(&mut self, wasm: &[u8], made: Made, units: Arc<[Unit]>, purpose: Option<Purpose>) -> bool {
        if self.workshop.threads_max == 0 {
            return false;
        }
        let (owner, number, give, waiting) = (self.owner, self.next, self.give.clone(), self.waiting.clone());
        let job = Job { owner, number, wasm: wasm.to_vec(), made, units, purpose, give, waiting };
        self.workshop.work().jobs.push_back(job);
        if !self.workshop.wake_thread() {
            self.workshop.work().jobs.retain(|job| (job.owner, job.number) != (owner, number));
            return false;
        }
        self.next += 1;
        true
    }

    /// The next module that is done, if one is. One that was cancelled is not.
    pub(crate) fn take(&mut self) -> Option<Done> {
        self.waiting.store(0, Ordering::Relaxed);
        self.done.try_iter().find(|done| done.number >= self.wanted_from)
    }

    /// Whether one is, perhaps.
    pub(crate) fn has_done(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Wants nothing of what was begun.
    pub(crate) fn cancel(&mut self) {
        self.workshop.work().jobs.retain(|job| job.owner != self.owner);
        self.wanted_from = self.next;
    }
}
