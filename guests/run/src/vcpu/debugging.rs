//! The virtual CPU as a debugger wants it: it stops before certain instructions and accesses, and goes one instruction at a time.
//!
//! What a breakpoint is set on cannot be fetched, for the interpreter and for translators; so whatever way of executing comes
//! there leaves, and nothing is ever written into the guest's memory. A branch and its delay slot are one instruction.

use super::{Exit, Vcpu};
use crate::debugger::{Reason, Watchpoint};
use crate::engine::Engine;
use crate::observed::Observed;
use abi::{Addr, AddressSpace};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Range;
use mips::Exception;
use mips::exception::Access;
use mips::reading::emit::Options;
use mips::reading::interp::{Interp, Stop};

/// Bytes of a branch and its slot.
const UNIT_BYTES: u32 = 8;

impl<E: Engine> Vcpu<E> {
    /// Stops before the instructions at these addresses from now on, and at these accesses, and no others.
    pub(crate) fn set_stops(&mut self, barred: &BTreeSet<u32>, watchpoints: &[Watchpoint]) {
        let changed: Vec<u32> = self.barred.symmetric_difference(barred).copied().collect();
        let space = self.engine.parts().1;
        changed.iter().for_each(|at| space.code_changed(Addr(at & !3), 4));
        self.barred.clone_from(barred);
        self.set_watchpoints(watchpoints);
    }

    /// Stops before these accesses from now on, and no others.
    pub(crate) fn set_watchpoints(&mut self, watchpoints: &[Watchpoint]) {
        self.watchpoints = watchpoints.to_vec();
    }

    /// Carries out one instruction, whatever breakpoint is set on it; and whatever it accesses, if it is no business of the
    /// debugger's.
    pub(crate) fn step_one(&mut self, is_watched: bool) -> Exit {
        let pc = self.engine.parts().0.pc & !1;
        let end = pc.saturating_add(UNIT_BYTES);
        let watchpoints = core::mem::take(&mut self.watchpoints);
        let exit = self.look_through(1, if is_watched { &watchpoints } else { &[] }, pc..end);
        self.watchpoints = watchpoints;
        if self.barred.range(pc..end).next().is_some() {
            self.decoded.forget(pc, UNIT_BYTES);
        }
        exit
    }

    /// Interprets, on the look-out for what is watched.
    pub(super) fn observe(&mut self, budget: u32) -> Exit {
        let watchpoints = core::mem::take(&mut self.watchpoints);
        let exit = self.look_through(budget, &watchpoints, 0..0);
        self.watchpoints = watchpoints;
        exit
    }

    fn look_through(&mut self, budget: u32, watchpoints: &[Watchpoint], passes: Range<u32>) -> Exit {
        if !E::DEBUGS {
            return Exit::Poll;
        }
        self.statistics.stretches += 1;
        let (state, space) = self.engine.parts();
        let mut bus = Observed { space, watchpoints, hit: None, barred: &self.barred, passes };
        let mut interp = Interp::new(state, &mut bus, &mut self.decoded);
        let stop = interp.run(budget);
        self.statistics.interpreted += interp.done;
        let hit = bus.hit;
        let fpu = self.engine.parts().0.fpu;
        self.assume(Options { fpu, ..self.options });
        match (stop, hit) {
            (Stop::Exception(_), Some((at, watchpoint))) => Exit::Stopped(Reason::Watchpoint(at, watchpoint.kind)),
            (Stop::Exception(exception), None) => Exit::Exception(exception),
            (Stop::Budget | Stop::Entered(_), _) => Exit::Poll,
        }
    }

    /// A fetch that a breakpoint stopped is a stop; but not in a delay slot, which a debugger never sees: that is passed.
    pub(super) fn unless_slot(&mut self, exit: Exit) -> Option<Exit> {
        let Exit::Exception(Exception::Memory(fault)) = exit else { return Some(exit) };
        if !E::DEBUGS || fault.access != Access::Fetch || !self.barred.contains(&fault.at) {
            return Some(exit);
        }
        if self.engine.parts().0.pc & !1 == fault.at {
            return Some(Exit::Stopped(Reason::Breakpoint));
        }
        Some(self.step_one(true)).filter(|exit| *exit != Exit::Poll)
    }
}
