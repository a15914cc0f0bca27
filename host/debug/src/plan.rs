//! [`Plan`]: how the threads of the process are to go on.

use crate::signals;
use crate::target::{Target, number};
use gdbstub::common::{Signal as Theirs, Tid};
use gdbstub::target::ext::base::multithread::{
    MultiThreadRangeStepping, MultiThreadRangeSteppingOps, MultiThreadResume, MultiThreadSchedulerLocking,
    MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use run::{Go, Resume};
use std::convert::Infallible;

/// What gdb has said so far of how threads go on.
#[derive(Default)]
pub(crate) struct Plan {
    go: Go,
    /// The thread that was named last.
    named: Option<u32>,
}

impl Plan {
    /// A thread goes on, and with a signal if one is given.
    fn name(&mut self, tid: Tid, signal: Option<Theirs>) {
        self.named = Some(number(tid));
        if let Some(signal) = signal.and_then(signals::ours) {
            self.go.signals.insert(number(tid), signal);
        }
    }
}

impl MultiThreadResume for Target {
    fn resume(&mut self) -> Result<(), Infallible> {
        self.link.resume(Resume::Go(std::mem::take(&mut self.plan.go)));
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), Infallible> {
        self.plan = Plan::default();
        Ok(())
    }

    fn set_resume_action_continue(&mut self, tid: Tid, signal: Option<Theirs>) -> Result<(), Infallible> {
        self.plan.name(tid, signal);
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_range_step(&mut self) -> Option<MultiThreadRangeSteppingOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        Some(self)
    }
}

impl MultiThreadSingleStep for Target {
    fn set_resume_action_step(&mut self, tid: Tid, signal: Option<Theirs>) -> Result<(), Infallible> {
        self.plan.name(tid, signal);
        self.plan.go.step = Some((number(tid), 0..0));
        Ok(())
    }
}

impl MultiThreadRangeStepping for Target {
    fn set_resume_action_range_step(&mut self, tid: Tid, start: u32, end: u32) -> Result<(), Infallible> {
        self.plan.name(tid, None);
        self.plan.go.step = Some((number(tid), start..end));
        Ok(())
    }
}

impl MultiThreadSchedulerLocking for Target {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), Infallible> {
        self.plan.go.only = self.plan.named;
        Ok(())
    }
}
