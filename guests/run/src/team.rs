//! [`Team`]: threads that share an address space, and the CPUs that they run on.

use crate::debugger::Debugger;
use crate::engine::Engine;
use crate::runner::Debugged;
use crate::statistics::Statistics;
use crate::turns::{Due, Place, Turns};
use crate::vcpu::Vcpu;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux::Thread;
use linux::snapshot::{Saving, Unsaved};
use mips::State;

/// A thread that does not run, and its registers.
pub(crate) struct Resting {
    pub(crate) thread: Thread,
    pub(crate) state: State,
    /// When its turn is due ([`crate::turns`]), in nanoseconds.
    pub(crate) due: u64,
}

impl Due for Resting {
    fn due_ns(&self) -> u64 {
        self.due
    }
    fn set_due_ns(&mut self, due_ns: u64) {
        self.due = due_ns;
    }
}

/// Those of a team's threads that do not run.
#[derive(Default)]
pub(crate) struct AtRest {
    /// In the order of their turns.
    pub(crate) ready: Turns<Resting>,
    pub(crate) waiting: BTreeMap<u32, Resting>,
}

impl AtRest {
    /// A thread's wait is over, if it waits; its turn is due at `least` at the earliest. Whether it waited.
    pub(crate) fn make_ready(&mut self, tid: u32, least: u64) -> bool {
        let waited = self.waiting.remove(&tid);
        let has_waited = waited.is_some();
        waited.into_iter().for_each(|resting| self.ready.add(Resting { due: resting.due.max(least), ..resting }));
        has_waited
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Resting> {
        self.ready.iter().chain(self.waiting.values())
    }

    /// All of them, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Resting> {
        self.ready.iter_mut().chain(self.waiting.values_mut())
    }

    /// Takes those that `is_meant` says.
    fn take(&mut self, is_meant: impl Fn(&Thread) -> bool) -> Vec<Resting> {
        let mut taken: Vec<Resting> = self.ready.extract(|resting| is_meant(&resting.thread)).collect();
        taken.extend(self.waiting.extract_if(.., |_, resting| is_meant(&resting.thread)).map(|(_, resting)| resting));
        taken
    }
}

/// Threads that share an address space.
pub struct Team<E: Engine> {
    /// CPUs that no thread has just now.
    pub(crate) cpus: Vec<Vcpu<E>>,
    /// How many there are with those that threads have.
    pub(crate) cpu_count: usize,
    pub(crate) at_rest: AtRest,
    /// Who debugs a process of it, if somebody does; a team that is debugged has one CPU, and this goes with that.
    pub(crate) debugged: Option<Box<Debugged>>,
    /// The only thread that may run, as its debugger wants.
    pub(crate) only: Option<u32>,
    /// While the debugger has all threads: those whose wait was over meanwhile.
    missed: Option<BTreeSet<u32>>,
    /// When its turn is due among all teams, if one of its threads can have one.
    pub(crate) turn: Option<u64>,
}

impl<E: Engine> Team<E> {
    /// One thread, whose registers and memory the CPU has.
    pub fn new(mut cpu: Vcpu<E>, thread: Thread) -> Team<E> {
        let state = cpu.engine.parts().0.clone();
        Team::resumed(cpu, [(thread, state)].into())
    }

    /// Threads that were others before, with their registers; the CPU has their memory.
    pub fn resumed(cpu: Vcpu<E>, threads: Vec<(Thread, State)>) -> Team<E> {
        let mut ready = Turns::default();
        threads.into_iter().for_each(|(thread, state)| ready.add(Resting { thread, state, due: 0 }));
        Team {
            cpus: [cpu].into(),
            cpu_count: 1,
            at_rest: AtRest { ready, waiting: BTreeMap::new() },
            debugged: None,
            only: None,
            missed: None,
            turn: None,
        }
    }

    /// Has `debugger` debug the process of the first thread, from before its next instruction on.
    pub fn debug(&mut self, debugger: Arc<dyn Debugger>) {
        self.debugged = self.at_rest.ready.iter().next().map(|first| Box::new(Debugged::new(debugger, &first.thread)));
    }

    /// Who debugs a process of its.
    pub(crate) fn debugger(&self) -> Option<Arc<dyn Debugger>> {
        self.debugged.as_ref().map(|debugged| debugged.debugger())
    }

    /// Adds its threads and their memory to a snapshot.
    pub(crate) fn save(&mut self, saving: &mut Saving) -> Result<(), Unsaved> {
        let Some(cpu) = self.cpus.first_mut() else { return Ok(()) };
        let threads: Vec<(&Thread, &State)> =
            self.at_rest.iter().map(|resting| (&resting.thread, &resting.state)).collect();
        saving.team(&threads, cpu.engine.parts().1)
    }

    /// What ran where, as far as threads have no CPU.
    pub(crate) fn statistics(&self) -> Statistics {
        let mut all = Statistics::default();
        self.cpus.iter().for_each(|cpu| all.add(&cpu.statistics));
        all
    }

    /// Why a region was left to the interpreter, if one was.
    pub(crate) fn take_refusal(&mut self) -> Option<String> {
        self.cpus.iter_mut().find_map(Vcpu::take_refusal)
    }

    /// Writes back what its processes share with files: they will not run again.
    pub fn finish(&mut self) {
        let Some(cpu) = self.cpus.first_mut() else { return };
        let space = cpu.engine.parts().1;
        self.at_rest.iter().for_each(|resting| resting.thread.sync(space));
    }

    /// When the turn of the next thread is due that is ready and may run, if there is one.
    pub(crate) fn next_due(&self) -> Option<u64> {
        self.next_ready().map(|(due, _)| due)
    }

    /// Whether no thread is left.
    pub(crate) fn is_over(&self) -> bool {
        self.cpus.len() == self.cpu_count && self.at_rest.iter().next().is_none()
    }

    /// Which of those that are ready is the next.
    fn next_ready(&self) -> Option<Place> {
        self.at_rest.ready.first(|resting| self.only.is_none_or(|only| resting.thread.tid() == only))
    }

    /// The thread that is the next.
    pub(crate) fn next(&self) -> Option<&Resting> {
        self.at_rest.ready.get(self.next_ready()?)
    }

    /// A CPU, and who is to have it; none if there is no CPU or nobody is ready.
    pub(crate) fn take(&mut self) -> Option<(Vcpu<E>, Resting)> {
        let next = self.next_ready()?;
        Some((self.cpus.pop()?, self.at_rest.ready.remove(next)?))
    }

    /// Takes the threads of a process that do not run.
    pub(crate) fn take_process(&mut self, pid: u32) -> Vec<Resting> {
        self.at_rest.take(|thread| thread.pid() == pid)
    }

    /// A thread's wait is over, as [`AtRest::make_ready`].
    pub(crate) fn make_ready(&mut self, tid: u32, least: u64) -> bool {
        match &mut self.missed {
            Some(missed) => {
                missed.insert(tid);
                false
            }
            None => self.at_rest.make_ready(tid, least),
        }
    }

    /// Gives all threads that do not run to a debugger.
    pub(crate) fn lend(&mut self) -> AtRest {
        self.missed = Some(BTreeSet::new());
        core::mem::take(&mut self.at_rest)
    }

    /// Takes them back.
    pub(crate) fn take_back(&mut self, at_rest: AtRest, only: Option<u32>) {
        self.at_rest = at_rest;
        self.only = only;
        self.missed.take().into_iter().flatten().for_each(|tid| _ = self.at_rest.make_ready(tid, 0));
    }
}
