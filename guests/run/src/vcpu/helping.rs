//! The virtual CPU as it helps translated code: single instructions, system calls, and code that is not there.

use super::translating::is_computed_call;
use super::{LEFT_SHARE, MIXED_STRETCH, STRETCH, Vcpu};
use crate::chance::Chance;
use crate::engine::{Call, Drive, Engine, Space};
use crate::kernel::{Kernel, Served};
use crate::seen::Seen;
use crate::statistics::Statistics;
use crate::tier::Tier;
use crate::watched::Watched;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use mips::border::{CALLED, CALLS, LEFT, Leave};
use mips::reading::interp::{Decoded, Interp, Stop};
use mips::reg::Gpr;
use mips::{Exception, State};

/// Samples that somebody should look at: to leave for each would take down the stack each time.
const SAMPLES: usize = 64;

/// Who helps while translated code runs: all of a [`Vcpu`] but its engine, and the kernel.
struct Helper<'a, 'k, S> {
    tier: Tier,
    /// Whether there is nothing to be asked of earlier runs first.
    has_asked: bool,
    seen: &'a mut Seen,
    decoded: &'a mut Decoded,
    statistics: &'a mut Statistics,
    barred: &'a BTreeSet<u32>,
    chance: &'a mut Chance,
    clock: Option<fn() -> u64>,
    kernel: &'a mut Kernel<'k, S>,
    samples: &'a mut Vec<(u32, u32)>,
    /// Nanoseconds that it interpreted.
    took_ns: u64,
}

impl<E: Engine> Vcpu<E> {
    /// Runs translated code, and helps it; how it came back, and how many nanoseconds were interpreted for it.
    pub(super) fn drive(&mut self, kernel: &mut Kernel<'_, E::Space>) -> (Drive, u64) {
        let Vcpu { engine, decoded, seen, statistics, barred, chance, samples, .. } = self;
        let (tier, has_asked, clock) = (self.tier, self.has_asked, self.clock);
        let mut helper =
            Helper { tier, has_asked, seen, decoded, statistics, barred, chance, clock, kernel, samples, took_ns: 0 };
        let drive = engine.drive(&mut |state, space, call| match call {
            Call::Interpret { pc } => helper.interpret(state, space, pc).into(),
            Call::Sample { pc } => helper.sample(state, pc).into(),
            Call::Stretch { pc, back, sp, is_first } => match helper.stands_in(pc, is_first) {
                true => helper.go_on(state, space, pc, (back, sp)),
                false => pc.into(),
            },
        });
        (drive, helper.took_ns)
    }
}

impl<S: Space> Helper<'_, '_, S> {
    /// Does one instruction, or makes a system call; whether code goes on behind.
    fn interpret(&mut self, state: &mut State, space: &mut S, pc: u32) -> bool {
        state.pc = pc;
        let mut bus = Watched {
            space,
            heat: &mut self.seen.heat,
            watches: false,
            frame: Watched::<S>::EVERYWHERE,
            barred: self.barred,
        };
        let served = match Interp::new(state, &mut bus, self.decoded).run(1) {
            Stop::Budget => {
                self.statistics.in_place += 1;
                return true;
            }
            Stop::Exception(Exception::Syscall) => (self.kernel)(state, bus.space),
            _ => Served::Refused,
        };
        self.statistics.served += u64::from(served != Served::Refused);
        if served != Served::Behind {
            state.leave = why(served).code();
        }
        served == Served::Behind
    }

    /// Stands in for missing code at `pc`, up to where there is some or should be, or to behind `frame`; where that is.
    fn go_on(&mut self, state: &mut State, space: &mut S, pc: u32, frame: (u32, u32)) -> u64 {
        state.pc = pc;
        match self.stretch(state, space, frame) {
            Ok(how) => how | u64::from(state.pc),
            Err(why) => {
                state.leave = why.code();
                u64::from(state.pc | LEFT)
            }
        }
    }

    /// Notes that code is on its way to `pc` from another module; where it goes on, or leaves.
    fn sample(&mut self, state: &mut State, pc: u32) -> u32 {
        self.statistics.samples += 1;
        self.samples.push((pc, state.gpr[Gpr::RA.index()]));
        if self.samples.len() < if self.tier == Tier::Auto { SAMPLES } else { 1 } {
            return pc;
        }
        state.leave = Leave::Sampled.code();
        pc | LEFT
    }

    /// Whether to stand in for missing code at `pc`, or to leave to where it may be made.
    fn stands_in(&mut self, pc: u32, is_first: bool) -> bool {
        match self.tier {
            // Each call of it counts, and not what it calls itself.
            Tier::Auto if self.has_asked => {
                if is_first {
                    self.seen.heat.visit(pc);
                }
                self.seen.heat.visits(pc) < self.seen.heat.threshold() / LEFT_SHARE
            }
            Tier::Mixed => self.chance.below(2) == 0,
            _ => false,
        }
    }

    /// Interprets as long as code is missing, and counts that; the upper half of the answer, or why it must leave.
    fn stretch(&mut self, state: &mut State, space: &mut S, frame: (u32, u32)) -> Result<u64, Leave> {
        let begun = self.now();
        let fpu = state.fpu;
        let stop = self.interpret_on(state, space, frame);
        let took_ns = self.now() - begun;
        self.took_ns += took_ns;
        self.statistics.interpreting_ns += took_ns;
        self.statistics.stretches += 1;
        if state.fpu == fpu { stop } else { stop.and(Err(Leave::Interpret)) }
    }

    /// The same without counting.
    fn interpret_on(&mut self, state: &mut State, space: &mut S, frame: (u32, u32)) -> Result<u64, Leave> {
        let is_mixed = self.tier == Tier::Mixed;
        let mut bus = Watched { space, heat: &mut self.seen.heat, watches: !is_mixed, frame, barred: self.barred };
        loop {
            let budget = if is_mixed { 1 + self.chance.below(MIXED_STRETCH) } else { STRETCH };
            let mut interp = Interp::new(state, &mut bus, self.decoded);
            let stop = interp.run(budget);
            self.statistics.interpreted += interp.done;
            let calls = if bus.frame == frame { 0 } else { CALLS };
            match stop {
                Stop::Entered(called_by) => {
                    let pc = state.pc;
                    let is_hot = bus.heat.is_hot(pc);
                    if let Some(site) = called_by.filter(|_| is_hot) {
                        let (space, barred) = (&mut *space, self.barred);
                        self.seen.interpreted_call(site, pc, || is_computed_call(space, barred, site));
                    }
                    return Ok(calls | if called_by.is_some() { CALLED } else { 0 });
                }
                Stop::Budget if state.poll != 0 => return Err(Leave::Poll),
                Stop::Budget if is_mixed => return Ok(calls),
                Stop::Budget => {}
                Stop::Exception(exception) => {
                    let is_call = exception == Exception::Syscall;
                    let served = if is_call { (self.kernel)(state, bus.space) } else { Served::Refused };
                    self.statistics.served += u64::from(served != Served::Refused);
                    if served != Served::Behind {
                        return Err(why(served));
                    }
                }
            }
        }
    }

    fn now(&self) -> u64 {
        self.clock.map_or(0, |clock| clock())
    }
}

/// Why code leaves after that.
fn why(served: Served) -> Leave {
    if served == Served::Refused { Leave::Interpret } else { Leave::Moved }
}
