//! A team whose process somebody debugs: when it stops, and how it goes on.

use super::{Host, Resting, Team};
use crate::debugger::{Debugger, Go, Reason, Resume, Stops};
use crate::engine::Engine;
use crate::scheduler::Over;
use crate::team::stopped::Stopped;
use crate::vcpu::Exit;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux::{ExitStatus, Outcome, Signal, Thread};

/// Who debugs a process of a team, and what was arranged.
pub(super) struct Debugged {
    debugger: Arc<dyn Debugger>,
    pid: u32,
    stops: Stops,
    /// Who stopped, and why, until the debugger is told.
    stopped: Option<(u32, Reason)>,
    go: Go,
}

impl Debugged {
    /// Whether it is about this thread, too.
    pub(super) fn is_of(&self, thread: &Thread) -> bool {
        thread.pid() == self.pid
    }

    /// A thread is no more.
    pub(super) fn forget(&mut self, tid: u32) {
        if self.go.only == Some(tid) || self.go.step.as_ref().is_some_and(|step| step.0 == tid) {
            self.go = Go::default();
        }
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

impl<E: Engine> Team<E> {
    /// Has `debugger` debug the process of the thread that has the CPU, from before its next instruction on.
    pub fn debug(&mut self, debugger: Arc<dyn Debugger>) {
        let Some(thread) = &self.current else { return };
        thread.set_debugged(true);
        let (pid, stopped) = (thread.pid(), Some((thread.tid(), Reason::Start)));
        let (stops, go) = Default::default();
        self.debugged = Some(Box::new(Debugged { debugger, pid, stops, stopped, go }));
    }

    /// Who debugs a process of its.
    pub(crate) fn debugger(&self) -> Option<Arc<dyn Debugger>> {
        self.debugged.as_ref().map(|debugged| debugged.debugger.clone())
    }

    /// Whether the current thread's process is debugged, and whether that thread takes a step.
    pub(super) fn is_debugged(&self) -> (bool, bool) {
        let (Some(debugged), Some(thread)) = (&self.debugged, &self.current) else { return (false, false) };
        let is_stepping = debugged.go.step.as_ref().is_some_and(|step| step.0 == thread.tid());
        (debugged.is_of(thread), is_stepping)
    }

    /// Which of the threads that are ready is the next.
    pub(super) fn next_ready(&self) -> Option<usize> {
        let only = self.debugged.as_ref().and_then(|debugged| debugged.go.only);
        let may_run = |resting: &Resting| only.is_none_or(|only| resting.thread.tid() == only);
        self.ready.iter().position(may_run)
    }

    /// The current thread stops, as soon as the debugger can be told.
    pub(super) fn stop(&mut self, reason: Reason) {
        if let (Some(debugged), Some(thread)) = (&mut self.debugged, &self.current) {
            debugged.stopped = Some((thread.tid(), reason));
        }
    }

    /// The current thread came so far, which may be as far as it was to go.
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

    /// The current thread is about to begin another program, in which nothing was arranged.
    pub(super) fn executed(&mut self) {
        if self.is_debugged().0 {
            self.debugged.iter_mut().for_each(|debugged| debugged.stops = Stops::default());
            self.stop(Reason::Exec);
        }
    }

    /// Tells the debugger if it is to be told something, and does what it wants.
    pub(super) fn attend(&mut self, host: &mut dyn Host<E>) -> Attended {
        let Some(mut debugged) = self.debugged.take() else { return Attended::Nothing };
        let stopped = debugged.stopped.take().or_else(|| {
            let someone = self.threads().find(|thread| debugged.is_of(thread))?.tid();
            debugged.debugger.wants_stop().then_some((someone, Reason::Asked))
        });
        let Some((tid, reason)) = stopped else {
            self.debugged = Some(debugged);
            return Attended::Nothing;
        };
        self.count_time(false);
        let mut subject = Stopped { team: self, host, tid, pid: debugged.pid, stops: &mut debugged.stops };
        let resume = debugged.debugger.stopped(tid, reason, &mut subject);
        self.count_time(true);
        match resume {
            Resume::Go(go) => {
                debugged.go = go;
                self.debugged = Some(debugged);
                self.go_on(host);
            }
            Resume::Detach => self.detach(&debugged, host),
            Resume::Kill => {
                let status = ExitStatus::Killed(Signal::KILL);
                host.locked(&mut |scheduler| scheduler.end(Over { status, crash: None }));
                return Attended::Over;
            }
        }
        Attended::Resumed
    }

    /// All of its threads, those of other processes included.
    pub(super) fn threads(&self) -> impl Iterator<Item = &Thread> {
        let ready = self.ready.iter().map(|resting| &resting.thread);
        self.current.iter().chain(ready).chain(self.waiting.values().map(|resting| &resting.thread))
    }

    /// The process goes on as if nobody had looked.
    fn detach(&mut self, debugged: &Debugged, host: &mut dyn Host<E>) {
        host.locked(&mut |scheduler| scheduler.undebugged());
        self.cpu.set_stops(&Default::default(), &[]);
        self.threads().filter(|thread| debugged.is_of(thread)).for_each(|thread| thread.set_debugged(false));
        self.decide(host, |thread| thread.held());
    }

    /// The process goes on as the debugger wants.
    fn go_on(&mut self, host: &mut dyn Host<E>) {
        let Some(debugged) = &mut self.debugged else { return };
        let (step, only) = (debugged.go.step.as_ref().map(|step| step.0), debugged.go.only);
        let watchpoints: Vec<_> = debugged.stops.watchpoints.iter().copied().collect();
        // Who steps past a breakpoint takes it away for that; it had better not be forgotten what is translated.
        if step.is_none() || only.is_none() {
            self.cpu.set_stops(&debugged.stops.breakpoints, &watchpoints);
        } else {
            self.cpu.set_watchpoints(&watchpoints);
        }
        let signals = core::mem::take(&mut debugged.go.signals);
        let before = self.cpu.engine.parts().0.pc;
        self.decide(host, |thread| signals.get(&thread.tid()).copied());
        let Some(first) = step.or(only) else { return };
        let current = self.current.as_ref().map(Thread::tid);
        if current == Some(first) {
            // A handler was entered, and that is a step.
            if step == current && self.cpu.engine.parts().0.pc != before {
                self.stop(Reason::Step);
            }
        } else if current.is_some() {
            let resting = self.rest();
            self.ready.extend(resting);
        }
        if let Some(index) = self.ready.iter().position(|resting| resting.thread.tid() == first) {
            self.ready.swap(0, index);
        }
    }

    /// Settles what becomes of signals that threads were about to get, or get from the debugger.
    fn decide(&mut self, host: &mut dyn Host<E>, wanted: impl Fn(&Thread) -> Option<Signal>) {
        let decide = |thread: &mut Thread| {
            let wanted = wanted(thread);
            let is_concerned = wanted.is_some() || thread.held().is_some();
            if is_concerned {
                thread.decide(wanted);
            }
            is_concerned
        };
        // Those that are ready poll when it is their turn.
        self.ready.iter_mut().for_each(|resting| _ = decide(&mut resting.thread));
        let waiting = self.waiting.values_mut();
        let woken: Vec<u32> =
            waiting.filter_map(|resting| decide(&mut resting.thread).then(|| resting.thread.tid())).collect();
        woken.into_iter().for_each(|tid| self.make_ready(tid));
        if self.current.as_mut().is_some_and(decide) {
            let outcome = self.poll(host);
            self.settle(outcome, host);
        }
    }
}
