//! System calls made in place: translated code calls the kernel, and mostly goes on behind as after any call.

use crate::engine::Space;
use abi::AddressSpace;
use linux::{Made, Outcome, Thread, Wait};
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

/// How a thread gets into the kernel, and how it waits there.
pub(crate) trait Door {
    /// Has it make its call, or poll, while nobody else does.
    fn enter(&mut self, work: &mut dyn FnMut() -> Outcome) -> Outcome;
    /// Lets those know whom a call woke that was made outside.
    fn settle(&mut self);
    /// Sleeps in place until what `wait` names may have happened; false if it should leave instead.
    fn wait(&mut self, wait: &Wait) -> bool;
}

/// Makes the system call at `state.pc`, and says whether everything that translated code and its host take for granted is as
/// it was before: registers, code, timers, handlers of faults.
pub(crate) fn serve<S: Space>(
    thread: &mut Thread,
    state: &mut State,
    space: &mut S,
    door: &mut dyn Door,
) -> (Served, Outcome) {
    let made = if state.poll == 0 { thread.syscall_apart(state, space) } else { Made::Not };
    match made {
        Made::Not => {}
        Made::Alone => return (way_on(space), Outcome::Continue),
        Made::Woke => {
            door.settle();
            return (way_on(space), Outcome::Continue);
        }
        Made::Due => return (Served::Elsewhere, door.enter(&mut || thread.poll(state, space))),
    }
    let before = cfg!(debug_assertions).then(|| state.clone());
    let settings = (thread.handles_faults(), thread.next_timer_ns());
    let _ = thread.take_jump();
    space.set_running(false);
    let outcome = finish(thread, state, space, door);
    space.set_running(true);
    let has_jumped = thread.take_jump();
    let is_calm = outcome.is_calm()
        && state.poll == 0
        && !space.has_changed()
        && !has_jumped
        && settings == (thread.handles_faults(), thread.next_timer_ns());
    debug_assert!(
        !is_calm || before.is_none_or(|before| *state == behind(before, state)),
        "a call changes results only"
    );
    (if is_calm { Served::Behind } else { Served::Elsewhere }, outcome)
}

/// How code goes on behind a call that may have changed nothing but memory.
fn way_on<S: Space>(space: &S) -> Served {
    if space.has_changed() { Served::Elsewhere } else { Served::Behind }
}

/// Makes the system call at `state.pc`, and waits with it for as long as nothing else is to be done.
pub(crate) fn finish(
    thread: &mut Thread,
    state: &mut State,
    space: &mut dyn AddressSpace,
    door: &mut dyn Door,
) -> Outcome {
    loop {
        let outcome = door.enter(&mut || thread.syscall(state, space));
        let Outcome::Block(wait) = &outcome else { return outcome };
        // What stops it, or has its memory, is not the call's business.
        if !thread.is_in_call() || !door.wait(wait) {
            return outcome;
        }
        // Then whoever looks up makes it again.
        if state.poll != 0 {
            return Outcome::Continue;
        }
        let polled = door.enter(&mut || thread.poll(state, space));
        if !polled.is_calm() {
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
