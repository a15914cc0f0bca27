//! System calls made in place: translated code calls the kernel, and mostly goes on behind as after any call.

use crate::engine::Space;
use crate::process::Host;
use abi::AddressSpace;
use linux::{Outcome, Process};
use mips::State;
use mips::reading::emit::SYSTEM_RESULTS;

/// What became of a system call that translated code made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Served {
    /// Nobody made it: it is still to be made.
    Refused,
    /// It was made, and code may go on behind it: only the registers for results changed, and memory.
    Behind,
    /// It was made, and the CPU must stop to see what came of it.
    Elsewhere,
}

/// Makes the system call at the register file's `pc`.
pub type Kernel<'a, S> = dyn FnMut(&mut State, &mut S) -> Served + 'a;

/// Makes the system call at `state.pc`, if need be with somebody to wait by, and says whether everything that translated
/// code and its host take for granted is as it was before: registers, code, timers, handlers of faults.
pub(crate) fn serve<S: Space>(
    process: &mut Process,
    state: &mut State,
    space: &mut S,
    host: Option<&mut dyn Host>,
) -> (Served, Outcome) {
    let before = state.clone();
    let settings = (process.handles_faults(), process.next_timer_ns());
    let outcome = finish(process, state, space, host);
    let is_calm = outcome == Outcome::Continue
        && state.poll == 0
        && !space.has_changed()
        && settings == (process.handles_faults(), process.next_timer_ns())
        && *state == behind(before, state);
    (if is_calm { Served::Behind } else { Served::Elsewhere }, outcome)
}

/// Makes the system call at `state.pc`, and waits with it for as long as nothing else is to be done.
fn finish(
    process: &mut Process,
    state: &mut State,
    space: &mut dyn AddressSpace,
    mut host: Option<&mut dyn Host>,
) -> Outcome {
    loop {
        let outcome = process.syscall(state, space);
        let (Outcome::Block(wait), Some(host)) = (&outcome, &mut host) else { return outcome };
        host.wait(wait);
        // Then whoever looks up makes it again.
        if state.poll != 0 || host.ended().is_some() {
            return Outcome::Continue;
        }
        let polled = process.poll(state, space);
        if polled != Outcome::Continue {
            return polled;
        }
    }
}

/// What a system call makes of `before` if it does nothing but give the results that `after` has.
fn behind(before: State, after: &State) -> State {
    let mut gpr = before.gpr;
    for reg in SYSTEM_RESULTS {
        gpr[reg.index()] = after.gpr[reg.index()];
    }
    let pc = before.next_pc;
    let State { next_pc, user_local, link_at, link_value, poll, .. } = *after;
    State { gpr, pc, next_pc, user_local, link_at, link_value, poll, ..before }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_and_the_way_on_may_differ() {
        let mut before = State { pc: 0x40_0000, next_pc: 0x40_0004, ..State::default() };
        before.gpr[16] = 5;
        let mut after = State { pc: 0x40_0004, user_local: 7, ..before.clone() };
        SYSTEM_RESULTS.iter().for_each(|reg| after.gpr[reg.index()] = 9);
        assert_eq!(after, behind(before.clone(), &after));
        let moved = State { pc: 0x40_0010, ..after.clone() };
        assert_ne!(moved, behind(before.clone(), &moved));
        after.gpr[16] = 6;
        assert_ne!(after, behind(before, &after));
    }
}
