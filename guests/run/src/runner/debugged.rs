//! A team whose process somebody debugs: when it stops, and how it goes on.

use super::stopped::Stopped;
use super::{Host, Runner};
use crate::debugger::{Debugger, Go, Reason, Resume, Stops};
use crate::engine::Engine;
use crate::over::Over;
use crate::vcpu::Exit;
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux::{ExitStatus, Outcome, Signal, Thread};

/// Who debugs a process of a team, and what was arranged.
pub(crate) struct Debugged {
    debugger: Arc<dyn Debugger>,
    pid: u32,
    stops: Stops,
    /// Who stopped, and why, until the debugger is told.
    stopped: Option<(u32, Reason)>,
    go: Go,
}

impl Debugged {
    /// The process of that thread is debugged from now on.
    pub(crate) fn new(debugger: Arc<dyn Debugger>, thread: &Thread) -> Debugged {
        thread.set_debugged(true);
        let (pid, stopped) = (thread.pid(), Some((thread.tid(), Reason::Start)));
        Debugged { debugger, pid, stops: Stops::default(), stopped, go: Go::default() }
    }

    pub(crate) fn debugger(&self) -> Arc<dyn Debugger> {
        self.debugger.clone()
    }

    /// Whether it is about that process.
    pub(super) fn is_of(&self, pid: u32) -> bool {
        self.pid == pid
    }

    /// Whether the debugger is yet to be told that somebody stopped.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// A thread is no more.
    pub(super) fn forget(&mut self, tid: u32) {
        if self.go.only == Some(tid) || self.go.step.as_ref().is_some_and(|step| step.0 == tid) {
            self.go = Go::default();
        }
    }

    /// Its process is about to begin another program, in which nothing was arranged.
    pub(super) fn executed(&mut self, tid: u32) {
        self.stops = Stops::default();
        self.stopped = Some((tid, Reason::Exec));
    }
}

/// What came of asking whether the debugger is to be told something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Attended {
    /// There was nothing to tell.
    Nothing,
    /// It was told, and had all go on.
    Resumed,
    /// It was told, and ended the world.
    Over,
}

impl<E: Engine> Runner<E> {
    /// Whether the thread's process is debugged, and whether the thread takes a step.
    pub(super) fn is_debugged(&self) -> (bool, bool) {
        let (Some(debugged), Some(thread)) = (&self.debugged, &self.current) else { return (false, false) };
        let is_stepping = debugged.go.step.as_ref().is_some_and(|step| step.0 == thread.tid());
        (debugged.is_of(thread.pid()), is_stepping)
    }

    /// The thread stops, as soon as the debugger can be told.
    pub(super) fn stop(&mut self, reason: Reason) {
        if let (Some(debugged), Some(thread)) = (&mut self.debugged, &self.current) {
            debugged.stopped = Some((thread.tid(), reason));
        }
    }

    /// The thread came so far, which may be as far as it was to go.
    pub(super) fn stepped(&mut self, exit: Exit, outcome: &Outcome) {
        if let Exit::Stopped(reason) = exit {
            return self.stop(reason);
        }
        let is_done = matches!(outcome, Outcome::Continue | Outcome::Clone(_));
        let pc = self.cpu.engine.parts().0.pc;
        let Some(debugged) = self.debugged.as_ref().filter(|_| is_done && self.is_debugged().1) else { return };
        let goes_on = debugged.go.step.as_ref().is_some_and(|step| step.1.contains(&(pc & !1)));
        if !goes_on || debugged.stops.breakpoints.contains(&(pc & !1)) {
            self.stop(Reason::Step);
        }
    }

    /// Tells the debugger if it is to be told something, and does what it wants.
    pub(super) fn attend(&mut self, host: &mut dyn Host<E>) -> Attended {
        let Some(mut debugged) = self.debugged.take() else { return Attended::Nothing };
        let stopped = debugged.stopped.take().or_else(|| {
            let (pid, tid) = self.number()?;
            (debugged.is_of(pid) && debugged.debugger.wants_stop()).then_some((tid, Reason::Asked))
        });
        let Some((tid, reason)) = stopped else {
            self.debugged = Some(debugged);
            return Attended::Nothing;
        };
        self.count_time(false);
        host.locked(&mut |scheduler| self.others = scheduler.lend(self.team));
        let mut subject = Stopped { runner: self, host, tid, pid: debugged.pid, stops: &mut debugged.stops };
        let resume = debugged.debugger.stopped(tid, reason, &mut subject);
        self.count_time(true);
        let (mut first, mut only) = (None, None);
        let is_concerned = match resume {
            Resume::Go(mut go) => {
                (first, only) = (go.step.as_ref().map(|step| step.0).or(go.only), go.only);
                let signals = core::mem::take(&mut go.signals);
                debugged.go = go;
                self.arrange(&debugged);
                self.debugged = Some(debugged);
                self.decide(|thread| signals.get(&thread.tid()).copied())
            }
            Resume::Detach => {
                host.locked(&mut |scheduler| scheduler.undebugged());
                self.cpu.set_stops(&Default::default(), &[]);
                let threads = self.threads().filter(|thread| debugged.is_of(thread.pid()));
                threads.for_each(|thread| thread.set_debugged(false));
                self.decide(Thread::held)
            }
            Resume::Kill => {
                let status = ExitStatus::Killed(Signal::KILL);
                host.locked(&mut |scheduler| scheduler.end(Over { status, crash: None }));
                self.give_back(None, None, host);
                return Attended::Over;
            }
        };
        self.give_back(first, only, host);
        if is_concerned {
            self.poll_decided(host);
        }
        Attended::Resumed
    }

    /// Gives the other threads of the team back to the scheduler. One may be the first to run, and the only one.
    fn give_back(&mut self, first: Option<u32>, only: Option<u32>, host: &mut dyn Host<E>) {
        let mut others = core::mem::take(&mut self.others);
        first.into_iter().for_each(|first| others.ready.put_first(|resting| resting.thread.tid() == first));
        let own = self.number().map(|(_, tid)| tid);
        let mut resting = if first.is_some() && own != first { self.rest() } else { None };
        let mut others = Some(others);
        host.locked(&mut |scheduler| {
            others.take().into_iter().for_each(|others| scheduler.take_back(self.team, others, only));
            resting.take().into_iter().for_each(|resting| scheduler.preempt(resting));
        });
    }

    /// The thread gets the signal that the debugger decided on. To enter a handler is a step.
    fn poll_decided(&mut self, host: &mut dyn Host<E>) {
        let before = self.cpu.engine.parts().0.pc;
        let outcome = self.poll(host);
        self.settle(outcome, host);
        if self.is_debugged().1 && self.cpu.engine.parts().0.pc != before {
            self.stop(Reason::Step);
        }
    }

    /// Processor time counts for the thread from now on, or not.
    fn count_time(&mut self, is_running: bool) {
        self.current.iter_mut().for_each(|thread| thread.set_running(is_running));
    }

    /// All of the team's threads, those of other processes included.
    pub(super) fn threads(&self) -> impl Iterator<Item = &Thread> {
        self.current.iter().chain(self.others.iter().map(|resting| &resting.thread))
    }

    /// Has the CPU stop where the debugger wants.
    fn arrange(&mut self, debugged: &Debugged) {
        let Debugged { stops, go, .. } = debugged;
        let watchpoints: Vec<_> = stops.watchpoints.iter().copied().collect();
        // Who steps past a breakpoint takes it away for that; it had better not be forgotten what is translated.
        if go.step.is_none() || go.only.is_none() {
            self.cpu.set_stops(&stops.breakpoints, &watchpoints);
        } else {
            self.cpu.set_watchpoints(&watchpoints);
        }
    }

    /// Settles what becomes of signals that threads were about to get, or get from the debugger; whether that concerns the one
    /// that runs. The others poll when it is their turn.
    fn decide(&mut self, wanted: impl Fn(&Thread) -> Option<Signal>) -> bool {
        let decide = |thread: &mut Thread| {
            let wanted = wanted(thread);
            let is_concerned = wanted.is_some() || thread.held().is_some();
            if is_concerned {
                thread.decide(wanted);
            }
            is_concerned
        };
        self.others.ready.iter_mut().for_each(|resting| _ = decide(&mut resting.thread));
        let waiting = self.others.waiting.values_mut();
        let woken: Vec<u32> =
            waiting.filter_map(|resting| decide(&mut resting.thread).then(|| resting.thread.tid())).collect();
        woken.into_iter().for_each(|tid| _ = self.others.make_ready(tid, 0));
        self.current.as_mut().is_some_and(decide)
    }
}
