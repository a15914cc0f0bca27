//! [`Workers`]: threads of the host that run a world's threads, one for each processor at most, and one that watches: it sleeps
//! until descriptors are ready, times have come, or signals arrive, and sees to it that everybody has their turn.

use crate::event::{Event, quietly};
use crate::native::Native;
use crate::patience::Patience;
use crate::signals::Signals;
use linux::snapshot::{Given, Unsaved};
use linux::{ExitStatus, Kernel, Signal, Wait};
use run::{Bell, Host, InPlace, Over, Scheduler, Team};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a team runs while others wait for a processor.
const SLICE: Duration = Duration::from_millis(4);

/// What a time limit exits with, as timeout(1) does.
const TIMED_OUT: u8 = 124;

/// Has the thread that watches a world look up.
#[derive(Clone)]
pub struct Alarm(Arc<Event>);

impl Alarm {
    /// One for a world yet to run. The error is the host's.
    pub fn new() -> std::io::Result<Alarm> {
        Event::new().map(Alarm)
    }

    /// From any thread.
    pub fn ring(&self) {
        self.0.ring();
    }
}

/// What the threads share.
struct Shared {
    state: Mutex<State>,
    /// A team is ready, or the world is over.
    work: Condvar,
    /// Wakes the one that watches.
    watch: Arc<Event>,
    /// Threads that run teams, at most.
    most: usize,
    kernel: Arc<Kernel>,
}

struct State {
    scheduler: Scheduler<Native>,
    /// Threads that run teams, and how many of them sleep for want of one.
    workers: usize,
    idle: usize,
    /// What the one that watches was last told to look after: when it is wanted, how many descriptors, and whether turns are to
    /// end; and as of which version of the scheduler's waits.
    watched: (Option<u64>, usize, bool),
    version: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has done whatever follows from what the scheduler now has.
    fn follow(self: &Arc<Self>, state: &mut State) {
        if state.scheduler.over().is_some() {
            self.work.notify_all();
            self.watch.ring();
            return;
        }
        if state.scheduler.has_ready() {
            if state.idle > 0 {
                self.work.notify_one();
            } else if state.workers < self.most && self.start() {
                state.workers += 1;
            } else if !state.scheduler.ring_waiting() {
                state.scheduler.give_way();
            }
        } else if state.scheduler.wants_turns() {
            state.scheduler.give_way();
        }
        let scheduler = &state.scheduler;
        let wants_turns = scheduler.wants_turns() || scheduler.has_ready() && state.idle == 0;
        if (scheduler.version(), wants_turns) == (state.version, state.watched.2) {
            return;
        }
        let watched = (scheduler.deadline_ns(), scheduler.descriptors().count(), wants_turns);
        state.version = scheduler.version();
        if watched != state.watched {
            let is_later = watched == (None, 0, false);
            state.watched = watched;
            if !is_later {
                self.watch.ring();
            }
        }
    }

    /// Starts one more thread that runs teams; false if the host has none to give.
    fn start(self: &Arc<Self>) -> bool {
        let Ok(event) = Event::new() else { return false };
        let theirs = self.clone();
        thread::Builder::new().name("worker".into()).spawn(move || work(&theirs, event)).is_ok()
    }
}

/// A team's host.
struct Worker {
    shared: Arc<Shared>,
    event: Arc<Event>,
    patience: Patience,
}

impl Host<Native> for Worker {
    fn locked(&mut self, work: &mut dyn FnMut(&mut Scheduler<Native>)) {
        quietly(|| {
            let mut state = self.shared.lock();
            work(&mut state.scheduler);
            self.shared.follow(&mut state);
        });
    }

    fn wait(&mut self, tid: u32, waits: &Wait) -> bool {
        let _ = self.event.take();
        match self.shared.lock().scheduler.begin_wait(tid, self.event.clone()) {
            InPlace::Sleep => {}
            InPlace::Woken => return true,
            InPlace::Leave => return false,
        }
        let begun = self.shared.kernel.monotonic_ns();
        let left = waits.until_ns.map(|until| Duration::from_nanos(until.saturating_sub(begun)));
        if !waits.descriptors.is_empty() {
            self.event.sleep(left, &waits.descriptors);
        } else if !self.patience.look(&self.event, left) {
            self.event.sleep(left, &[]);
            let took = self.shared.kernel.monotonic_ns().saturating_sub(begun);
            self.patience.learn(Duration::from_nanos(took));
        }
        self.shared.lock().scheduler.end_wait(tid)
    }

    fn is_turn_over(&mut self, _: u64) -> bool {
        let state = self.shared.lock();
        let wants_turns = state.scheduler.has_ready() || state.scheduler.wants_turns();
        wants_turns || state.scheduler.is_frozen() || state.scheduler.over().is_some()
    }
}

/// Runs teams until the world is over.
fn work(shared: &Arc<Shared>, event: Arc<Event>) {
    let mut worker = Worker { shared: shared.clone(), event, patience: Patience::default() };
    let mut state = shared.lock();
    while state.scheduler.over().is_none() {
        state.scheduler.settle();
        if let Some(mut runner) = state.scheduler.take() {
            shared.follow(&mut state);
            drop(state);
            runner.run(&mut worker);
            state = shared.lock();
            let gone = state.scheduler.put(runner);
            if state.scheduler.is_still() {
                shared.watch.ring();
            }
            if gone.is_some() {
                drop(state);
                drop(gone);
                state = shared.lock();
            }
            continue;
        }
        state.idle += 1;
        shared.follow(&mut state);
        state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
    }
    state.workers -= 1;
    shared.work.notify_all();
}

/// When a world is made a snapshot of, and what becomes of that.
pub struct Snapshots {
    /// The signal of the host that asks for one, by its number there. The guest does not get it.
    pub signal: u8,
    /// What it says of itself.
    pub given: Box<dyn Fn() -> Result<Given, Unsaved> + Send>,
    /// Takes the file; whether the world goes on.
    pub take: Box<dyn FnMut(Result<Vec<u8>, Unsaved>) -> bool + Send>,
}

impl Snapshots {
    /// Makes one of a world that stands still, which then goes on or is over.
    fn make(&mut self, scheduler: &mut Scheduler<Native>) {
        let saved = (self.given)().and_then(|given| scheduler.save(given));
        if (self.take)(saved) {
            scheduler.thaw();
        } else {
            let status = ExitStatus::Code(128_u8.saturating_add(self.signal));
            scheduler.end(Over { status, crash: None });
        }
    }
}

/// What comes to a world from networks.
pub trait Arrivals: Send + Sync {
    /// A descriptor of the host that is readable when something came.
    fn descriptor(&self) -> i32;
    /// Brings what came, while nobody else is in the kernel; when it wants to be asked again, whether something comes or not.
    fn attend(&self, kernel: &Kernel) -> Option<Duration>;
}

/// What a world meets from outside while it runs.
#[derive(Default)]
pub struct Outside {
    /// Its end, by its monotonic clock.
    pub limit_ns: Option<u64>,
    /// Whether snapshots are made of it.
    pub snapshots: Option<Snapshots>,
    /// What comes from networks, if it has any.
    pub arrivals: Option<Arc<dyn Arrivals>>,
}

/// Watches until the world is over.
fn watch(shared: &Arc<Shared>, signals: &Signals, outside: Outside) {
    let Outside { limit_ns, mut snapshots, arrivals } = outside;
    let (mut slice_ends, mut asks_again) = (None, None);
    loop {
        let mut state = shared.lock();
        let now = shared.kernel.monotonic_ns();
        while let Some(signal) = signals.take() {
            if snapshots.as_ref().is_some_and(|snapshots| snapshots.signal == signal) {
                state.scheduler.freeze();
            } else if let Some(signal) = Signal::from_generic(signal)
                && !state.scheduler.kernel().raise(signal)
            {
                Signals::stop();
            }
        }
        if let Some(arrivals) = &arrivals {
            asks_again = arrivals.attend(&shared.kernel).map(|again| now.saturating_add(again.as_nanos() as u64));
        }
        state.scheduler.settle();
        state.scheduler.expire(now);
        if limit_ns.is_some_and(|limit| limit <= now) {
            state.scheduler.end(Over { status: ExitStatus::Code(TIMED_OUT), crash: None });
        }
        if let Some(snapshots) = snapshots.as_mut().filter(|_| state.scheduler.is_still()) {
            snapshots.make(&mut state.scheduler);
        }
        if slice_ends.is_some_and(|end| end <= now) {
            state.scheduler.ring_all();
            slice_ends = None;
        }
        shared.follow(&mut state);
        if state.scheduler.over().is_some() {
            return;
        }
        let (deadline_ns, _, wants_turns) = state.watched;
        slice_ends = slice_ends.or(Some(now + SLICE.as_nanos() as u64)).filter(|_| wants_turns);
        let waits: Vec<_> = state.scheduler.descriptors().collect();
        drop(state);
        let mut descriptors: Vec<(i32, bool, bool)> = waits.iter().map(|(_, descriptor)| *descriptor).collect();
        descriptors.push((signals.descriptor(), true, false));
        descriptors.extend(arrivals.iter().map(|arrivals| (arrivals.descriptor(), true, false)));
        let until = [deadline_ns, limit_ns, slice_ends, asks_again].into_iter().flatten().min();
        let left = until.map(|until| Duration::from_nanos(until.saturating_sub(now)));
        let ready = shared.watch.sleep(left, &descriptors);
        let _ = shared.watch.take();
        signals.drain();
        if ready.iter().take(waits.len()).any(|ready| *ready) {
            let mut state = shared.lock();
            for ((tid, _), ready) in waits.iter().zip(ready) {
                if ready {
                    state.scheduler.descriptor_ready(*tid);
                }
            }
        }
    }
}

/// How a world ended.
pub struct Ended {
    /// How.
    pub over: Over,
    /// Whether its time was up.
    pub is_time_up: bool,
    /// What was left of it.
    pub scheduler: Scheduler<Native>,
}

/// Runs the teams of `scheduler` until their world is over, on as many threads as the host has processors, the calling one among
/// them. `alarm` has them see what was sent from outside. The error is the host's.
pub fn run(
    mut scheduler: Scheduler<Native>,
    signals: Signals,
    alarm: Alarm,
    outside: Outside,
) -> std::io::Result<Ended> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let most = processors + usize::from(scheduler.is_debugged());
    scheduler.cpus_max = processors;
    let kernel = scheduler.kernel().clone();
    let state = State { scheduler, workers: 1, idle: 0, watched: (None, 0, false), version: 0 };
    let shared = Arc::new(Shared { state: Mutex::new(state), work: Condvar::new(), watch: alarm.0, most, kernel });
    let event = Event::new()?;
    let (theirs, limit_ns) = (shared.clone(), outside.limit_ns);
    let watcher = thread::Builder::new().name("watch".into()).spawn(move || watch(&theirs, &signals, outside))?;
    work(&shared, event);
    // Its signals do from now on what they do to any process.
    drop(watcher.join());
    let mut state = shared.lock();
    while state.workers > 0 {
        state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    drop(state);
    let mut state = shared.lock();
    let mut teams = state.scheduler.clear();
    teams.iter_mut().for_each(Team::finish);
    let scheduler = std::mem::replace(&mut state.scheduler, Scheduler::new(shared.kernel.clone()));
    let over = scheduler.over().expect("workers end with the world");
    let is_time_up = over.status == ExitStatus::Code(TIMED_OUT)
        && limit_ns.is_some_and(|limit| limit <= shared.kernel.monotonic_ns());
    Ok(Ended { over, is_time_up, scheduler })
}
