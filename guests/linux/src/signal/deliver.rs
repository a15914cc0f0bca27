//! Delivery: what happens to pending signals when a process is about to go on (signal(7), arch/mips/kernel/signal.c).

use crate::reply::{ExitStatus, Interrupted};
use crate::signal::number::Default as DefaultAction;
use crate::signal::{Action, Disposition, Flags, Info, Signal, SignalSet, Signals};
use abi::frame::{self, Delivery};
use abi::o32;
use abi::{Addr, Guest, State};

/// SS_AUTODISARM: the alternate stack is forgotten while a handler runs on it.
const SS_AUTODISARM: u32 = 1 << 31;
/// SS_DISABLE.
const SS_DISABLE: u32 = 2;

/// What delivery came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Delivered {
    /// No signal had any effect.
    Nothing,
    /// A handler was entered.
    Handler,
    /// A debugger is asked first.
    Held(Signal),
    /// The process is to stop.
    Stopped(Signal),
    /// The process is over.
    Over(ExitStatus),
}

/// Delivers every signal that is due. `waiting` says that the call at `state.pc` waits, and what a handler makes of it;
/// `eintr` is the number it then fails with.
pub(crate) fn deliver(
    signals: &mut Signals,
    state: &mut State,
    guest: &mut Guest<'_>,
    trampoline: Addr,
    mut waiting: Option<(Interrupted, u32)>,
) -> Delivered {
    let mut delivered = Delivered::Nothing;
    while let Some(info) = signals.next() {
        let action = signals.action(info.signal);
        let handler = match action.disposition {
            Disposition::Ignore => continue,
            Disposition::Default if info.signal.default() == DefaultAction::Ignore => continue,
            Disposition::Default if info.signal.default() == DefaultAction::Stop => {
                if delivered == Delivered::Handler {
                    // The handler runs once it goes on.
                    signals.send(info);
                    return delivered;
                }
                return Delivered::Stopped(info.signal);
            }
            Disposition::Default => {
                signals.fatal = Some(info);
                return Delivered::Over(ExitStatus::Killed(info.signal));
            }
            Disposition::Handler(at) => at,
        };
        if let Some((interrupted, eintr)) = waiting.take()
            && match interrupted {
                Interrupted::Fails => true,
                Interrupted::Restarts => !action.flags.has(Flags::RESTART),
                Interrupted::Insists => false,
            }
        {
            o32::fail(state, eintr);
        }
        if enter(signals, state, guest, trampoline, (info, action, handler)) {
            delivered = Delivered::Handler;
        } else if info.signal == Signal::SEGV {
            return Delivered::Over(ExitStatus::Killed(Signal::SEGV));
        } else {
            signals.force(Info::kernel(Signal::SEGV));
        }
    }
    if delivered == Delivered::Nothing
        && waiting.is_none()
        && let Some(mask) = signals.saved_mask.take()
    {
        signals.mask = mask;
    }
    delivered
}

/// Enters a handler; `false` if its stack cannot hold the frame.
fn enter(
    signals: &mut Signals,
    state: &mut State,
    guest: &mut Guest<'_>,
    trampoline: Addr,
    (info, action, handler): (Info, Action, Addr),
) -> bool {
    let sp = o32::stack_pointer(state);
    let switches = action.flags.has(Flags::ONSTACK) && signals.has_stack() && !signals.is_on_stack(sp);
    let delivery = Delivery {
        signal: u32::from(info.signal.number()),
        handler,
        trampoline,
        info: action.flags.has(Flags::SIGINFO).then(|| info.siginfo()),
        mask: signals.saved_mask.unwrap_or(signals.mask).into(),
        switch_to: switches.then(|| signals.stack.ss_sp + signals.stack.ss_size),
        stack: signals.stack,
    };
    if frame::push(state, guest, &delivery).is_err() {
        return false;
    }
    signals.saved_mask = None;
    if signals.stack.ss_flags & SS_AUTODISARM != 0 {
        signals.stack = abi::structs::signal::Stack { ss_flags: SS_DISABLE, ..Default::default() };
    }
    let own = if action.flags.has(Flags::NODEFER) { SignalSet::EMPTY } else { SignalSet::of(info.signal) };
    signals.mask = signals.mask.with(action.mask).with(own).as_mask();
    if action.flags.has(Flags::RESETHAND) {
        signals.set_action(info.signal, Action { disposition: Disposition::Default, ..action });
    }
    true
}
