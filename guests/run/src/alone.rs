//! [`Alone`]: a world on one thread of the host, as a page or a runtime without threads has it.

use crate::engine::Engine;
use crate::over::Over;
use crate::runner::Host;
use crate::scheduler::Scheduler;
use crate::team::Team;
use crate::vcpu::Vcpu;
use alloc::vec::Vec;
use linux::{Thread, Wait};

/// How one waits there, and knows what time it is.
pub trait Sleep {
    /// Sleeps until what `wait` names may have happened; false if it does not sleep, as a page must not.
    fn sleep(&mut self, wait: &Wait) -> bool;
    /// The monotonic clock, in nanoseconds.
    fn now_ns(&self) -> u64;
    /// Whether a slice is over, after which whoever runs it wants to look at something else; so many instructions were
    /// interpreted since this was last asked.
    fn is_slice_over(&mut self, _instructions: u64) -> bool {
        false
    }
}

/// How a world stands after a slice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It wants another slice.
    Running,
    /// It wants another slice at this time of the monotonic clock, in nanoseconds; if none, somebody must send it something.
    Waiting(Option<u64>),
    /// It is over.
    Over(Over),
}

/// A world, run by whoever has it.
pub struct Alone<E: Engine> {
    /// Who runs, and who waits.
    pub scheduler: Scheduler<E>,
    /// Instructions interpreted.
    instructions: u64,
    is_slice_over: bool,
}

struct OneThread<'a, E: Engine> {
    scheduler: &'a mut Scheduler<E>,
    sleep: &'a mut dyn Sleep,
    is_slice_over: &'a mut bool,
    instructions: &'a mut u64,
}

impl<E: Engine> Host<E> for OneThread<'_, E> {
    fn locked(&mut self, work: &mut dyn FnMut(&mut Scheduler<E>)) {
        work(self.scheduler);
    }

    fn wait(&mut self, _tid: u32, wait: &Wait) -> bool {
        // Nobody else would wake a thread that sleeps in place, so it does so only if there is nobody else.
        !self.scheduler.is_crowded() && self.sleep.sleep(wait)
    }

    fn is_turn_over(&mut self, instructions: u64) -> bool {
        *self.instructions += instructions;
        *self.is_slice_over |= self.sleep.is_slice_over(instructions);
        let wants_turns = self.scheduler.has_ready() || self.scheduler.wants_turns();
        *self.is_slice_over || wants_turns || self.scheduler.is_frozen()
    }
}

impl<E: Engine> Alone<E> {
    /// A world with its first thread, whose registers and memory the CPU has.
    pub fn new(cpu: Vcpu<E>, thread: Thread) -> Alone<E> {
        let mut scheduler = Scheduler::new(thread.kernel().clone());
        scheduler.add(Team::new(cpu, thread));
        Alone { scheduler, instructions: 0, is_slice_over: false }
    }

    /// The CPU of a team that is ready or waits, if there is one: for whoever looks into it.
    pub fn cpu(&mut self) -> Option<&mut Vcpu<E>> {
        self.scheduler.any_cpu()
    }

    /// Instructions interpreted so far; a branch and its slot are one.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// Runs it until it is over, or waits and `sleep` does not, or a slice is over.
    pub fn run(&mut self, sleep: &mut dyn Sleep) -> Standing {
        loop {
            if let Some(over) = self.scheduler.over() {
                self.scheduler.clear().iter_mut().for_each(Team::finish);
                return Standing::Over(over);
            }
            self.scheduler.settle();
            self.scheduler.expire(sleep.now_ns());
            let Some(mut runner) = self.scheduler.take() else {
                let until_ns = self.scheduler.deadline_ns();
                let waits: Vec<_> = self.scheduler.descriptors().collect();
                let descriptors = waits.iter().map(|(_, descriptor)| *descriptor).collect();
                if !sleep.sleep(&Wait { until_ns, descriptors }) {
                    return Standing::Waiting(until_ns);
                }
                // Which of them is ready is for those to find out who wait for it.
                waits.iter().for_each(|(tid, _)| self.scheduler.descriptor_ready(*tid));
                continue;
            };
            let Alone { scheduler, instructions, is_slice_over } = self;
            runner.run(&mut OneThread { scheduler, sleep, is_slice_over, instructions });
            drop(self.scheduler.put(runner));
            if core::mem::take(&mut self.is_slice_over) && self.scheduler.over().is_none() {
                return Standing::Running;
            }
        }
    }
}
