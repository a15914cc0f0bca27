//! [`Runner`]: a thread with a CPU of its team, for as long as a thread of the host runs it.

mod debugged;
mod stopped;

pub(crate) use debugged::Debugged;

use crate::debugger::Reason;
use crate::engine::Engine;
use crate::kernel::{Door, Served, finish, serve};
use crate::over::Over;
use crate::running::Fate;
use crate::scheduler::{Bell, Scheduler};
use crate::team::{AtRest, Resting, Team};
use crate::vcpu::{Exit, Vcpu};
use abi::{Addr, AddressSpace};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use debugged::Attended;
use linux::{Child, Crash, Exec, ExitStatus, Outcome, Signal, Thread, Wait};
use mips::{Exception, State};

/// What a runner needs of its host.
pub trait Host<E: Engine> {
    /// Has `work` done while nobody else has the scheduler.
    fn locked(&mut self, work: &mut dyn FnMut(&mut Scheduler<E>));
    /// Sleeps until what a thread waits for may have happened, as long as nobody else could run meanwhile; false if the
    /// thread should leave the CPU.
    fn wait(&mut self, tid: u32, wait: &Wait) -> bool;
    /// Whether the CPU shall be put back, though the thread could go on. It interpreted so many instructions since it was last
    /// asked; what ends a stretch is one too, so that a guest which does nothing but system calls gets on.
    fn is_turn_over(&mut self, instructions: u64) -> bool;
}

/// Instructions interpreted until the host is asked whether others shall have their turn: a thread that makes system calls all
/// the time would never be interrupted.
const BUDGET: u64 = 200_000;

/// A thread that has a CPU of its team.
pub struct Runner<E: Engine> {
    team: u32,
    cpu: Vcpu<E>,
    bell: Arc<dyn Bell>,
    /// Whose registers the CPU has, until it waits or is over.
    current: Option<Thread>,
    /// What the scheduler was told last of its timers.
    alarm_ns: Option<u64>,
    /// Instructions interpreted that the host was told of.
    counted: u64,
    /// Who debugs a process of the team, if somebody does.
    debugged: Option<Box<Debugged>>,
    /// The other threads of the team, while a debugger looks at them.
    others: AtRest,
}

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
            outcome = match scheduler.fate(tid) {
                Fate::Lives => work(),
                Fate::Ends(status) => Outcome::Over(status),
                Fate::MakesWay => Outcome::ExitThread,
            };
            scheduler.settle_for(tid, matches!(outcome, Outcome::Block(_)));
        });
        outcome
    }

    fn settle(&mut self) {
        self.host.locked(&mut |scheduler| scheduler.settle());
    }

    fn wait(&mut self, wait: &Wait) -> bool {
        self.may_wait && self.host.wait(self.tid, wait)
    }
}

impl<E: Engine> Runner<E> {
    pub(crate) fn new(team: u32, mut cpu: Vcpu<E>, resting: Resting, debugged: Option<Box<Debugged>>) -> Runner<E> {
        let Resting { mut thread, state, .. } = resting;
        let (bell, is_exact) = (cpu.engine.bell(), cpu.is_exact());
        let registers = cpu.engine.parts().0;
        *registers = State { poll: 0, leave: 0, stale: [0; 2], ..state };
        registers.break_link();
        // Threads take turns here: what one of them looks at is kept exactly for all, or each turn would drop all code.
        registers.fpu.exact |= is_exact;
        thread.set_running(true);
        let counted = cpu.statistics.interpreted + cpu.statistics.stretches;
        // Whoever waited, or did not run for a while, looks up first; so does whoever is rung for from here on.
        let _ = bell.take();
        let (current, others) = (Some(thread), AtRest::default());
        Runner { team, cpu, bell, current, alarm_ns: None, counted, debugged, others }
    }

    /// The thread's process and own number.
    pub(crate) fn number(&self) -> Option<(u32, u32)> {
        self.current.as_ref().map(|thread| (thread.pid(), thread.tid()))
    }

    pub(crate) fn bell(&self) -> Arc<dyn Bell> {
        self.bell.clone()
    }

    /// The team, its CPU, the thread if it can go on, and who debugs it.
    pub(crate) fn parts(mut self) -> (u32, Vcpu<E>, Option<Resting>, Option<Box<Debugged>>) {
        let resting = self.rest();
        (self.team, self.cpu, resting, self.debugged)
    }

    /// Runs the thread until it cannot go on, or others shall have their turn.
    pub fn run(&mut self, host: &mut dyn Host<E>) {
        let mut looks_up = true;
        while self.current.is_some() {
            match self.attend(host) {
                Attended::Over => return,
                Attended::Resumed => continue,
                Attended::Nothing => {}
            }
            if core::mem::take(&mut looks_up) {
                let outcome = self.poll(host);
                self.settle(outcome, host);
                continue;
            }
            self.note(host);
            let (outcome, has_polled) = self.step(host);
            self.settle(outcome, host);
            let instructions = self.interpreted();
            if has_polled || instructions >= BUDGET {
                self.counted += instructions;
                if host.is_turn_over(instructions) {
                    return;
                }
            }
        }
        // It may have come as far as it was to go with the call that it waits in.
        if self.debugged.as_ref().is_some_and(|debugged| debugged.has_stopped()) {
            self.attend(host);
        }
    }

    /// Instructions interpreted since they were last counted.
    fn interpreted(&self) -> u64 {
        self.cpu.statistics.interpreted + self.cpu.statistics.stretches - self.counted
    }

    /// Tells the scheduler when the thread's timers want it.
    fn note(&mut self, host: &mut dyn Host<E>) {
        let Some(thread) = &self.current else { return };
        let (tid, alarm_ns) = (thread.tid(), thread.next_timer_ns());
        if self.alarm_ns != alarm_ns {
            self.alarm_ns = alarm_ns;
            host.locked(&mut |scheduler| scheduler.set_alarm(tid, alarm_ns));
        }
    }

    /// The thread rests.
    fn rest(&mut self) -> Option<Resting> {
        let mut thread = self.current.take()?;
        thread.set_running(false);
        let state = self.cpu.engine.parts().0.clone();
        // When its next turn is due is for the scheduler to say.
        Some(Resting { thread, state, due: 0 })
    }

    /// Runs the thread until the CPU stops, and makes the call or delivers the exception that it stopped for. Also says whether
    /// it was told to look up, or a budget is spent.
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
                let mut waits = self.rest().map(|resting| (resting, wait));
                host.locked(&mut |scheduler| {
                    waits.take().into_iter().for_each(|(resting, wait)| scheduler.rest(resting, wait));
                });
            }
            Outcome::ExitThread => self.exit_thread(host),
            Outcome::Over(status) => self.over(status, host),
            Outcome::Signal(signal) => self.stop(Reason::Signal(signal)),
            Outcome::Clone(child) => self.clone(child, host),
            Outcome::Exec(exec) => self.exec(*exec, host),
        }
    }

    /// The thread is over.
    fn exit_thread(&mut self, host: &mut dyn Host<E>) {
        if let Some((_, tid)) = self.number() {
            self.debugged.iter_mut().for_each(|debugged| debugged.forget(tid));
        }
        self.vanish(None, host);
    }

    /// The thread's process is to be over: it is when none of its threads runs.
    fn over(&mut self, status: ExitStatus, host: &mut dyn Host<E>) {
        let over = Over { status, crash: self.crash(status) };
        self.vanish(Some(over), host);
    }

    /// The thread is no more, and its process ends if it is the last one. What it had open may be closed with it, which others
    /// may wait for.
    fn vanish(&mut self, over: Option<Over>, host: &mut dyn Host<E>) {
        let Some((pid, tid)) = self.number() else { return };
        let (mut resting, mut ending) = (self.rest(), None);
        host.locked(&mut |scheduler| {
            if let Some(over) = &over {
                scheduler.end_process(self.team, pid, tid, over.clone());
            }
            ending = scheduler.forget(pid, tid);
            if ending.is_none() {
                drop(resting.take());
            }
            scheduler.settle();
        });
        if let (Some(over), Some(resting)) = (ending, resting) {
            self.exit(resting.thread, &over, host);
        }
    }

    /// A thread is the last one of its process, which is over.
    fn exit(&mut self, thread: Thread, over: &Over, host: &mut dyn Host<E>) {
        let mut thread = Some(thread);
        let space = self.cpu.engine.parts().1;
        host.locked(&mut |scheduler| {
            if let Some(mut thread) = thread.take() {
                let is_first = thread.is_first();
                scheduler.drop_process(self.team, thread.pid());
                thread.exit(over.status, space);
                drop(thread);
                scheduler.settle();
                if is_first {
                    scheduler.end(over.clone());
                }
            }
        });
    }

    /// What the world's first process was doing, if that killed it.
    fn crash(&mut self, status: ExitStatus) -> Option<Box<Crash>> {
        let ExitStatus::Killed(signal) = status else { return None };
        let thread = self.current.as_ref().filter(|thread| thread.is_first())?;
        thread.crash(signal, self.cpu.has_registers(), self.cpu.engine.parts().0)
    }

    /// Makes a thread or a process.
    fn clone(&mut self, mut child: Box<Child>, host: &mut dyn Host<E>) {
        if child.shares_memory {
            return self.clone_thread(child, host);
        }
        let mut forked = None;
        // Others of the team map and unmap while they have the scheduler.
        host.locked(&mut |scheduler| forked = scheduler.is_parallel(self.team).then(|| self.cpu.fork()));
        let forked = forked.unwrap_or_else(|| self.cpu.fork());
        if let Err(why) = &forked {
            tracing::warn!("a process could not be made, and whoever wanted it gets ENOMEM: {why}");
        }
        let Some((outcome, child_state)) = self.cloned(&mut child, forked.is_ok(), host) else { return };
        if let Ok(mut cpu) = forked {
            let (registers, space) = cpu.engine.parts();
            *registers = child_state;
            child.begin(space);
            let mut team = Some(Team::new(cpu, child.thread));
            host.locked(&mut |scheduler| team.take().into_iter().for_each(|team| scheduler.add(team)));
        }
        self.settle(outcome, host);
    }

    /// Makes a thread, or a process that has the memory of this one.
    fn clone_thread(&mut self, mut child: Box<Child>, host: &mut dyn Host<E>) {
        let mut may_grow = child.runs_beside();
        host.locked(&mut |scheduler| may_grow &= scheduler.may_grow(self.team));
        let sibling = may_grow.then(|| self.cpu.sibling());
        let mut cpu = sibling.and_then(|made| {
            made.inspect_err(|why| tracing::debug!("threads take turns on the CPUs that there are: {why}")).ok()
        });
        let Some((outcome, state)) = self.cloned(&mut child, true, host) else { return };
        let space = self.cpu.engine.parts().1;
        let mut child = Some(child);
        host.locked(&mut |scheduler| {
            if let Some(child) = child.take() {
                child.begin(space);
                let resting = Resting { thread: child.thread, state: state.clone(), due: 0 };
                scheduler.add_thread(self.team, resting, cpu.take());
            }
        });
        self.settle(outcome, host);
    }

    /// Has both go on after clone(2): how the parent does, and the registers that the child begins with.
    fn cloned(&mut self, child: &mut Child, is_made: bool, host: &mut dyn Host<E>) -> Option<(Outcome, State)> {
        let thread = self.current.as_mut()?;
        let (state, space) = self.cpu.engine.parts();
        let mut went = None;
        host.locked(&mut |_| went = Some(thread.cloned(child, is_made, state, space)));
        went
    }

    /// Gives the thread an address space of its own, with a program in it. If other threads of its process run, they are told to
    /// end, and it makes its call again when they have.
    fn exec(&mut self, exec: Exec, host: &mut dyn Host<E>) {
        let Some((pid, tid)) = self.number() else { return };
        let (mut fate, mut must_wait) = (Fate::Lives, false);
        host.locked(&mut |scheduler| {
            fate = scheduler.fate(tid);
            if fate == Fate::Lives {
                must_wait = scheduler.make_way(self.team, pid, tid);
                scheduler.settle();
            }
        });
        match fate {
            Fate::Lives if must_wait => return self.settle(Outcome::Block(Wait::default()), host),
            Fate::Lives => {}
            Fate::Ends(status) => return self.over(status, host),
            Fate::MakesWay => return self.exit_thread(host),
        }
        let Ok(mut cpu) = self.fresh(exec.is_big_endian()) else {
            return self.over(ExitStatus::Killed(Signal::KILL), host);
        };
        let Some(mut thread) = self.current.take() else { return };
        let (state, space) = cpu.engine.parts();
        let mut outcome = Outcome::Continue;
        host.locked(&mut |scheduler| {
            scheduler.forget(pid, tid);
            outcome = thread.exec(&exec, state, space);
            scheduler.settle();
        });
        drop(exec);
        if !outcome.is_calm() {
            self.current = Some(thread);
            return self.settle(outcome, host);
        }
        thread.set_running(false);
        let tid = thread.tid();
        let mut team = Team::new(cpu, thread);
        team.debugged = self.debugged.take_if(|debugged| debugged.is_of(pid));
        team.debugged.iter_mut().for_each(|debugged| debugged.executed(tid));
        let mut team = Some(team);
        host.locked(&mut |scheduler| team.take().into_iter().for_each(|team| scheduler.add(team)));
    }

    /// A CPU with an empty address space.
    fn fresh(&self, is_big_endian: bool) -> Result<Vcpu<E>, String> {
        self.cpu.fresh(is_big_endian).inspect_err(|why| {
            tracing::warn!("a program could not be given memory, and is killed: {why}");
        })
    }
}
