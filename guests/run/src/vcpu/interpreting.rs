//! The virtual CPU as it interprets: stretches, single instructions, and what translated code left undone.

use super::translating::is_computed_call;
use super::{Exit, Vcpu, Why};
use crate::engine::Engine;
use crate::fetched::Fetched;
use crate::tier::Tier;
use crate::watched::Watched;
use mips::cells::Cells;
use mips::reading::effects::{always_runs_slot, written};
use mips::reading::emit::Options;
use mips::reading::interp::{Interp, Stop};
use mips::region::insn_at;

/// The most instructions until a cell that code does not care for is written: translated code sees to it that it is far
/// fewer, and if it did not, nobody should wait for ever.
const FRESHEN_MAX: u32 = 1 << 20;

impl<E: Engine> Vcpu<E> {
    /// Interprets until the cells that translated code did not care for any more are written. It never did so past
    /// anything that could be noticed, so what else may stop this is a fatal fault.
    pub(super) fn freshen(&mut self) -> Exit {
        let mut stale = {
            let state = self.engine.parts().0;
            let [low, high] = core::mem::take(&mut state.stale);
            Cells::from_bits(u128::from(high) << 64 | u128::from(low))
        };
        for _ in 0..FRESHEN_MAX {
            if stale.is_empty() {
                break;
            }
            let (state, space) = self.engine.parts();
            let (pc, fr) = (state.pc, state.fpu.fr);
            let code = Fetched::new(space, &self.barred);
            let first = insn_at(&code, pc).flatten();
            let slot_at = first.filter(|insn| always_runs_slot(*insn)).map(|insn| pc.wrapping_add(insn.bytes()));
            let slot = slot_at.and_then(|at| insn_at(&code, at).flatten());
            let certain = [first, slot].into_iter().flatten().fold(Cells::NONE, |all, insn| all | written(insn, fr));
            if let Some(Exit::Exception(exception)) = self.interpret_and_see(1) {
                return Exit::Exception(exception);
            }
            stale = stale.without(certain);
        }
        Exit::Poll
    }

    pub(super) fn single_step(&mut self) -> Option<Exit> {
        self.statistics.single_steps += 1;
        self.interpret_and_see(1).filter(|exit| *exit != Exit::Poll)
    }

    /// Interprets, which may have met the first use of floating-point flags.
    pub(super) fn interpret_and_see(&mut self, budget: u32) -> Option<Exit> {
        let exit = self.interpret(budget);
        let fpu = self.engine.parts().0.fpu;
        self.assume(Options { fpu, ..self.options });
        exit
    }

    pub(super) fn interpret(&mut self, budget: u32) -> Option<Exit> {
        self.statistics.stretches += u64::from(budget > 1);
        let begun = self.now();
        let (state, space) = self.engine.parts();
        let watches = self.tier == Tier::Auto;
        let mut bus = Watched {
            space,
            heat: &mut self.seen.heat,
            watches,
            frame: Watched::<E::Space>::EVERYWHERE,
            barred: &self.barred,
        };
        let mut interp = Interp::new(state, &mut bus, &mut self.decoded);
        let stop = interp.run(budget);
        self.statistics.interpreted += interp.done;
        self.statistics.interpreting_ns += self.now() - begun;
        self.ask_if_long();
        match stop {
            Stop::Exception(exception) => Some(Exit::Exception(exception)),
            Stop::Budget => Some(Exit::Poll),
            Stop::Entered(called_by) => {
                let pc = self.engine.parts().0.pc;
                if let Some(site) = called_by {
                    let Vcpu { engine, seen, barred, .. } = &mut *self;
                    seen.interpreted_call(site, pc, || is_computed_call(engine.parts().1, barred, site));
                }
                if !self.engine.has_code(pc) {
                    self.compile(pc, Why::Hot);
                }
                None
            }
        }
    }
}
