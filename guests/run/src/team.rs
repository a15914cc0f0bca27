//! [`Team`]: threads that share an address space, and the one CPU that they take turns on.

mod debugged;
mod stopped;

use crate::debugger::Reason;
use crate::engine::Engine;
use crate::kernel::{Door, Served, finish, serve};
use crate::scheduler::{Bell, Over, Scheduler};
use crate::statistics::Statistics;
use crate::vcpu::{Exit, Vcpu};
use abi::{Addr, AddressSpace};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use debugged::{Attended, Debugged};
use linux::snapshot::{Saving, Unsaved};
use linux::{Child, Crash, Exec, ExitStatus, Outcome, Signal, Thread, Wait};
use mips::{Exception, State};

/// What a team needs of its host.
pub trait Host<E: Engine> {
    /// Has `work` done while nobody else has the scheduler.
    fn locked(&mut self, work: &mut dyn FnMut(&mut Scheduler<E>));
    /// Sleeps until what a thread waits for may have happened, as long as nobody else could run meanwhile; false if the
    /// thread should leave the CPU.
    fn wait(&mut self, tid: u32, wait: &Wait) -> bool;
    /// Whether the team shall be put back, though it could go on. It interpreted so many instructions since it was last asked;
    /// what ends a stretch is one too, so that a guest which does nothing but system calls gets on.
    fn is_turn_over(&mut self, instructions: u64) -> bool;
}

/// How a turn ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// All threads wait.
    Parked,
    /// Some could go on.
    Preempted,
    /// No thread is left.
    Empty,
}

/// A thread that does not run, and its registers.
struct Resting {
    thread: Thread,
    state: State,
}

/// Threads that share an address space.
pub struct Team<E: Engine> {
    pub(crate) id: u32,
    cpu: Vcpu<E>,
    bell: Arc<dyn Bell>,
    /// Whose registers the CPU has.
    current: Option<Thread>,
    ready: VecDeque<Resting>,
    waiting: BTreeMap<u32, Resting>,
    /// What the scheduler was told last in this turn.
    noted: Option<(Option<u64>, bool)>,
    /// Instructions interpreted that the host was told of.
    counted: u64,
    /// Who debugs a process of its, if somebody does.
    debugged: Option<Box<Debugged>>,
}

/// Instructions interpreted until the host is asked whether others shall have their turn: a thread that makes system calls all
/// the time would never be interrupted.
const BUDGET: u64 = 200_000;

/// A thread's way into the kernel.
struct HostDoor<'a, E: Engine> {
    host: &'a mut dyn Host<E>,
    tid: u32,
    /// Whether it may wait in place: while somebody debugs it, whatever wakes it is looked at outside.
    may_wait: bool,
}

impl<E: Engine> Door for HostDoor<'_, E> {
    fn enter(&mut self, work: &mut dyn FnMut() -> Outcome) -> Outcome {
        let (mut outcome, tid) = (Outcome::Continue, self.tid);
        self.host.locked(&mut |scheduler| {
            outcome = work();
            scheduler.settle_for(tid);
        });
        outcome
    }

    fn wait(&mut self, wait: &Wait) -> bool {
        self.may_wait && self.host.wait(self.tid, wait)
    }
}

impl<E: Engine> Team<E> {
    /// One thread, whose registers and memory the CPU has.
    pub fn new(cpu: Vcpu<E>, thread: Thread) -> Team<E> {
        let bell = cpu.engine.bell();
        let (ready, waiting) = (VecDeque::new(), BTreeMap::new());
        Team { id: 0, cpu, bell, current: Some(thread), ready, waiting, noted: None, counted: 0, debugged: None }
    }

    /// Threads that were others before, with their registers; the CPU has their memory.
    pub fn resumed(cpu: Vcpu<E>, threads: Vec<(Thread, State)>) -> Team<E> {
        let bell = cpu.engine.bell();
        let ready = threads.into_iter().map(|(thread, state)| Resting { thread, state }).collect();
        Team {
            id: 0,
            cpu,
            bell,
            current: None,
            ready,
            waiting: BTreeMap::new(),
            noted: None,
            counted: 0,
            debugged: None,
        }
    }

    /// Adds its threads and their memory to a snapshot.
    pub(crate) fn save(&mut self, saving: &mut Saving) -> Result<(), Unsaved> {
        let (state, space) = self.cpu.engine.parts();
        let resting = self.ready.iter().chain(self.waiting.values()).map(|resting| (&resting.thread, &resting.state));
        let threads: Vec<(&Thread, &State)> =
            self.current.iter().map(|thread| (thread, &*state)).chain(resting).collect();
        saving.team(&threads, space)
    }

    /// The CPU.
    pub fn cpu(&mut self) -> &mut Vcpu<E> {
        &mut self.cpu
    }

    /// What ran where.
    pub(crate) fn statistics(&self) -> Statistics {
        self.cpu.statistics
    }

    pub(crate) fn take_refusal(&mut self) -> Option<String> {
        self.cpu.take_refusal()
    }

    pub(crate) fn bell(&self) -> Arc<dyn Bell> {
        self.bell.clone()
    }

    /// The numbers of its threads.
    pub(crate) fn tids(&self) -> impl Iterator<Item = u32> {
        let current = self.current.iter().map(Thread::tid);
        let ready = self.ready.iter().map(|resting| resting.thread.tid());
        current.chain(ready).chain(self.waiting.keys().copied())
    }

    /// Whether a thread can run.
    pub(crate) fn is_ready(&self) -> bool {
        self.current.is_some() || self.next_ready().is_some()
    }

    /// Whether more than one can.
    pub(crate) fn has_more(&self) -> bool {
        !self.ready.is_empty()
    }

    /// A thread's wait is over.
    pub(crate) fn make_ready(&mut self, tid: u32) {
        self.ready.extend(self.waiting.remove(&tid));
    }

    /// Writes back what its processes share with files: they will not run again.
    pub fn finish(&mut self) {
        let space = self.cpu.engine.parts().1;
        let threads = self.current.iter().chain(self.ready.iter().map(|resting| &resting.thread));
        let waiting = self.waiting.values().map(|resting| &resting.thread);
        threads.chain(waiting).for_each(|thread| thread.sync(space));
    }

    /// Runs its threads until none can go on, or others shall have their turn.
    pub fn run(&mut self, host: &mut dyn Host<E>) -> Turn {
        self.count_time(true);
        self.noted = None;
        let turn = self.run_all(host);
        self.count_time(false);
        turn
    }

    /// Processor time counts for the current thread from now on, or for none.
    fn count_time(&mut self, is_running: bool) {
        self.current.iter_mut().for_each(|thread| thread.set_running(is_running));
    }

    fn run_all(&mut self, host: &mut dyn Host<E>) -> Turn {
        loop {
            let is_idle = self.current.is_none() && !self.next(host);
            match self.attend(host) {
                Attended::Over => return self.turn(),
                Attended::Resumed => continue,
                Attended::Nothing if is_idle => return self.turn(),
                Attended::Nothing => {}
            }
            // A thread may sleep in place only if none of the others is ready, which the scheduler has to know.
            self.note(host);
            let (outcome, has_polled) = self.step(host);
            self.settle(outcome, host);
            let instructions = self.interpreted();
            if has_polled || instructions >= BUDGET {
                self.counted += instructions;
                if host.is_turn_over(instructions) {
                    return self.turn();
                }
                self.rotate(host);
            }
        }
    }

    /// How a turn ends that need not have.
    fn turn(&self) -> Turn {
        match (self.is_ready(), self.waiting.is_empty()) {
            (true, _) => Turn::Preempted,
            (false, false) => Turn::Parked,
            (false, true) => Turn::Empty,
        }
    }

    /// Instructions interpreted since they were last counted.
    fn interpreted(&self) -> u64 {
        self.cpu.statistics.interpreted + self.cpu.statistics.stretches - self.counted
    }

    /// Tells the scheduler when timers want this team, and whether threads wait for their turn.
    fn note(&mut self, host: &mut dyn Host<E>) {
        let alarm_ns = self.current.as_ref().and_then(Thread::next_timer_ns);
        let noted = (alarm_ns, self.has_more());
        if self.noted != Some(noted) {
            self.noted = Some(noted);
            host.locked(&mut |scheduler| scheduler.note(self.id, noted.0, noted.1));
        }
    }

    /// Takes up those whose wait is over.
    fn take_noticed(&mut self, host: &mut dyn Host<E>) {
        let mut noticed = Default::default();
        host.locked(&mut |scheduler| noticed = scheduler.take_noticed(self.id));
        noticed.into_iter().for_each(|tid| self.make_ready(tid));
    }

    /// Gives the CPU to the next thread that is ready; false if there is none.
    fn next(&mut self, host: &mut dyn Host<E>) -> bool {
        if self.ready.is_empty() {
            self.take_noticed(host);
        }
        let next = self.next_ready().and_then(|index| self.ready.remove(index));
        let Some(Resting { mut thread, state }) = next else { return false };
        let registers = self.cpu.engine.parts().0;
        *registers = State { poll: 0, leave: 0, stale: [0; 2], ..state };
        registers.break_link();
        thread.set_running(true);
        self.current = Some(thread);
        // Whoever waited, or did not run for a while, looks up first; so does whoever is rung for from here on.
        let _ = self.bell.take();
        let outcome = self.poll(host);
        self.settle(outcome, host);
        self.current.is_some() || self.next(host)
    }

    /// The current thread rests.
    fn rest(&mut self) -> Option<Resting> {
        let mut thread = self.current.take()?;
        thread.set_running(false);
        let state = self.cpu.engine.parts().0.clone();
        Some(Resting { thread, state })
    }

    /// Lets the other threads have their turn.
    fn rotate(&mut self, host: &mut dyn Host<E>) {
        self.take_noticed(host);
        if self.has_more()
            && let Some(resting) = self.rest()
        {
            self.ready.push_back(resting);
        }
    }

    /// Runs the current thread until the CPU stops, and makes the call or delivers the exception that it stopped for. Also
    /// says whether it was told to look up, or a budget is spent.
    fn step(&mut self, host: &mut dyn Host<E>) -> (Outcome, bool) {
        let (is_debugged, is_stepping) = self.is_debugged();
        let Some(thread) = &mut self.current else { return (Outcome::Continue, false) };
        let mut door = HostDoor { host, tid: thread.tid(), may_wait: self.debugged.is_none() };
        // Who debugs wants to see all registers where a fault is.
        self.cpu.refresh(thread.handles_faults() || self.debugged.is_some());
        if self.bell.take() {
            let (state, space) = self.cpu.engine.parts();
            state.poll = 0;
            return (door.enter(&mut || thread.poll(state, space)), true);
        }
        let mut made = None;
        let mut kernel = |state: &mut State, space: &mut E::Space| {
            let (served, outcome) = serve(thread, state, space, &mut door);
            if served == Served::Elsewhere {
                made = Some(outcome);
            }
            served
        };
        let mut exit = if is_stepping { self.cpu.step_one(true) } else { self.cpu.run(&mut kernel) };
        // Breakpoints are for one process, and others may have its memory.
        if matches!(exit, Exit::Stopped(_)) && !is_debugged {
            exit = self.cpu.step_one(false);
        }
        let (state, space) = self.cpu.engine.parts();
        let outcome = match exit {
            Exit::Moved => made.unwrap_or(Outcome::Continue),
            Exit::Exception(Exception::Syscall) => finish(thread, state, space, &mut door),
            Exit::Exception(Exception::CodeChanged { at, bytes }) => {
                space.code_changed(Addr(at), bytes);
                state.pc = state.next_pc;
                Outcome::Continue
            }
            Exit::Exception(exception) => door.enter(&mut || thread.exception(exception, state, space)),
            Exit::Poll => {
                state.poll = 0;
                let _ = self.bell.take();
                door.enter(&mut || thread.poll(state, space))
            }
            Exit::Stopped(_) => Outcome::Continue,
        };
        if is_debugged {
            self.stepped(exit, &outcome);
        }
        (outcome, exit == Exit::Poll)
    }

    fn poll(&mut self, host: &mut dyn Host<E>) -> Outcome {
        let Some(thread) = &mut self.current else { return Outcome::Continue };
        let mut door = HostDoor { host, tid: thread.tid(), may_wait: false };
        let (state, space) = self.cpu.engine.parts();
        door.enter(&mut || thread.poll(state, space))
    }

    /// Does what an outcome asks for.
    fn settle(&mut self, outcome: Outcome, host: &mut dyn Host<E>) {
        match outcome {
            Outcome::Continue => {}
            Outcome::Block(wait) => {
                if let Some(resting) = self.rest() {
                    let tid = resting.thread.tid();
                    self.waiting.insert(tid, resting);
                    let mut wait = Some(wait);
                    host.locked(&mut |scheduler| scheduler.wait(tid, wait.take().unwrap_or_default()));
                }
            }
            Outcome::ExitThread => {
                if let Some(resting) = self.rest() {
                    let tid = resting.thread.tid();
                    drop(resting);
                    self.debugged.iter_mut().for_each(|debugged| debugged.forget(tid));
                    host.locked(&mut |scheduler| scheduler.forget(tid));
                }
            }
            Outcome::Exit(status) => self.exit(status, host),
            Outcome::Signal(signal) => self.stop(Reason::Signal(signal)),
            Outcome::Clone(child) => self.clone(child, host),
            Outcome::Exec(exec) => self.exec(*exec, host),
        }
    }

    /// The current thread's process is over.
    fn exit(&mut self, status: ExitStatus, host: &mut dyn Host<E>) {
        let crash = self.crash(status);
        let Some(resting) = self.rest() else { return };
        let (pid, is_first) = (resting.thread.pid(), resting.thread.is_first());
        self.drop_threads(pid, host);
        // What it had open is closed, which others may wait for.
        let mut resting = Some(resting);
        host.locked(&mut |scheduler| {
            if let Some(resting) = resting.take() {
                scheduler.forget(resting.thread.tid());
                drop(resting);
            }
            scheduler.settle();
            if is_first {
                scheduler.end(Over { status, crash: crash.clone() });
            }
        });
    }

    /// What the world's first process was doing, if that killed it.
    fn crash(&mut self, status: ExitStatus) -> Option<Box<Crash>> {
        let ExitStatus::Killed(signal) = status else { return None };
        let thread = self.current.as_ref().filter(|thread| thread.is_first())?;
        thread.crash(signal, self.cpu.has_registers(), self.cpu.engine.parts().0)
    }

    /// The threads of a process that do not run are over.
    fn drop_threads(&mut self, pid: u32, host: &mut dyn Host<E>) {
        let is_its = |resting: &Resting| resting.thread.pid() == pid;
        let (gone, left): (VecDeque<Resting>, _) = core::mem::take(&mut self.ready).into_iter().partition(is_its);
        self.ready = left;
        let waited: Vec<Resting> =
            self.waiting.extract_if(.., |_, resting| is_its(resting)).map(|(_, it)| it).collect();
        let mut gone: Vec<Resting> = gone.into_iter().chain(waited).collect();
        host.locked(&mut |scheduler| {
            gone.iter().for_each(|resting| scheduler.forget(resting.thread.tid()));
            gone.clear();
            scheduler.settle();
        });
    }

    /// Makes a thread or a process.
    fn clone(&mut self, mut child: Box<Child>, host: &mut dyn Host<E>) {
        let Some(thread) = &mut self.current else { return };
        let forked = if child.shares_memory { Ok(None) } else { self.cpu.fork().map(Some) };
        if let Err(why) = &forked {
            tracing::warn!("a process could not be made, and whoever wanted it gets ENOMEM: {why}");
        }
        let (state, space) = self.cpu.engine.parts();
        let mut went = None;
        host.locked(&mut |_| went = Some(thread.cloned(&mut child, forked.is_ok(), state, space)));
        let Some((outcome, child_state)) = went else { return };
        match forked {
            Ok(None) => {
                child.begin(space);
                let tid = child.thread.tid();
                self.ready.push_back(Resting { thread: child.thread, state: child_state });
                host.locked(&mut |scheduler| scheduler.settle_in(tid, self.id));
            }
            Ok(Some(mut cpu)) => {
                let (registers, space) = cpu.engine.parts();
                *registers = child_state;
                child.begin(space);
                let mut team = Some(Team::new(cpu, child.thread));
                host.locked(&mut |scheduler| team.take().into_iter().for_each(|team| scheduler.add(team)));
            }
            Err(_) => {}
        }
        self.settle(outcome, host);
    }

    /// Gives the current thread an address space of its own, with a program in it.
    fn exec(&mut self, exec: Exec, host: &mut dyn Host<E>) {
        let Some(mut thread) = self.current.take() else { return };
        let tid = thread.tid();
        self.drop_threads(thread.pid(), host);
        let mut cpu = match self.cpu.fresh(exec.is_big_endian()) {
            Ok(cpu) => cpu,
            Err(why) => {
                tracing::warn!("a program could not be given memory, and is killed: {why}");
                let space = self.cpu.engine.parts().1;
                let mut status = ExitStatus::Killed(Signal::KILL);
                host.locked(&mut |_| {
                    if let Outcome::Exit(ended) = thread.kill(space) {
                        status = ended;
                    }
                });
                self.current = Some(thread);
                return self.exit(status, host);
            }
        };
        let (state, space) = cpu.engine.parts();
        let mut outcome = Outcome::Continue;
        host.locked(&mut |scheduler| {
            outcome = thread.exec(&exec, state, space);
            scheduler.forget(tid);
            scheduler.settle();
        });
        drop(exec);
        if self.ready.is_empty() && self.waiting.is_empty() {
            cpu.statistics.add(&self.cpu.statistics);
            self.bell = cpu.engine.bell();
            self.cpu = cpu;
            let tid = thread.tid();
            self.current = Some(thread);
            self.executed();
            let (id, bell) = (self.id, &self.bell);
            host.locked(&mut |scheduler| {
                scheduler.move_bell(id, bell.clone());
                scheduler.settle_in(tid, id);
            });
            return self.settle(outcome, host);
        }
        let mut team = Team::new(cpu, thread);
        team.debugged = self.debugged.take_if(|debugged| team.current.iter().any(|thread| debugged.is_of(thread)));
        team.executed();
        team.settle(outcome, host);
        let mut team = Some(team);
        host.locked(&mut |scheduler| team.take().into_iter().for_each(|team| scheduler.add(team)));
    }
}
