//! The signals of a thread and its process: actions, mask, alternate stack, and what is pending.

use crate::signal::number::Default as DefaultAction;
use crate::signal::{Action, Disposition, Signal, SignalSet};
use abi::Addr;
use abi::structs::file::Hex;
use abi::structs::signal::{Siginfo, SignalCode, SignalNumber, Stack};
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::numbered::Numbered;

/// SS_ONSTACK: the stack is in use.
const SS_ONSTACK: u32 = 1;
/// SS_DISABLE: there is none.
const SS_DISABLE: u32 = 2;
/// No alternate stack.
const NO_STACK: Stack = Stack { ss_sp: Addr(0), ss_flags: SS_DISABLE, ss_size: 0 };
/// Realtime signals that may wait (RLIMIT_SIGPENDING's usual order of magnitude).
const QUEUE_MAX: usize = 4096;

/// A signal that was sent, with what its handler is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Info {
    pub(crate) signal: Signal,
    /// SI_* or the signal's own code.
    pub(crate) code: i32,
    /// The union's first three words: process, address or timer; user or overrun; value or status.
    pub(crate) words: [u32; 3],
}

impl Info {
    /// SI_USER: kill(2).
    pub(crate) const USER: i32 = 0;
    /// SI_KERNEL.
    pub(crate) const KERNEL: i32 = 0x80;
    /// SI_TIMER, which is -3 on MIPS.
    pub(crate) const TIMER: i32 = -3;
    /// SI_TKILL.
    pub(crate) const TKILL: i32 = -6;

    /// Sent by the system itself, for no particular reason.
    pub(crate) fn kernel(signal: Signal) -> Info {
        Info { signal, code: Info::KERNEL, words: [0; 3] }
    }

    /// Sent from outside, by nobody in particular.
    pub(crate) fn user(signal: Signal) -> Info {
        Info { signal, code: Info::USER, words: [0; 3] }
    }

    /// `siginfo_t`.
    pub(crate) fn siginfo(&self) -> Siginfo {
        Siginfo {
            si_signo: SignalNumber(i32::from(self.signal.number())),
            si_code: SignalCode(self.code),
            first: Hex(self.words[0]),
            second: Hex(self.words[1]),
            third: Hex(self.words[2]),
            ..Siginfo::default()
        }
    }
}

/// Signals that wait to be delivered.
#[derive(Default)]
pub(crate) struct Pending {
    set: SignalSet,
    queue: VecDeque<Info>,
}

impl Pending {
    /// Adds one; a second standard signal is the same as one. `false` if the queue is full.
    fn add(&mut self, info: Info) -> bool {
        if !info.signal.is_realtime() && self.set.contains(info.signal) {
            return true;
        }
        if self.queue.len() >= QUEUE_MAX {
            return false;
        }
        self.set = self.set.with(SignalSet::of(info.signal));
        self.queue.push_back(info);
        true
    }

    /// Takes the lowest signal of `wanted`, the oldest of its number.
    fn take(&mut self, wanted: SignalSet) -> Option<Info> {
        let signal = SignalSet(self.set.0 & wanted.0).first()?;
        let index = self.queue.iter().position(|info| info.signal == signal)?;
        let info = self.queue.remove(index)?;
        if !self.queue.iter().any(|info| info.signal == signal) {
            self.set = self.set.without(SignalSet::of(signal));
        }
        Some(info)
    }

    /// Forgets those of `gone`.
    fn forget(&mut self, gone: SignalSet) {
        while self.take(gone).is_some() {}
    }
}

/// What a process does about each signal.
pub(crate) type Actions = [Action; Signal::MAX as usize];

/// Those, shared by threads. Whether faults are handled is known without the lock: each system call asks that.
pub(crate) struct SharedActions {
    actions: Mutex<Actions>,
    handles_faults: AtomicBool,
}

impl SharedActions {
    pub(crate) fn new(actions: Actions) -> Arc<SharedActions> {
        let shared = SharedActions { actions: Mutex::new(actions), handles_faults: AtomicBool::new(false) };
        shared.change(|_| ());
        Arc::new(shared)
    }

    /// What is done about each signal.
    pub(crate) fn all(&self) -> Actions {
        *self.actions.lock()
    }

    fn of(&self, signal: Signal) -> Action {
        self.actions.lock()[usize::from(signal.number()) - 1]
    }

    fn change(&self, change: impl FnOnce(&mut Actions)) {
        let mut actions = self.actions.lock();
        change(&mut actions);
        let is_handled =
            |signal: Signal| matches!(actions[usize::from(signal.number()) - 1].disposition, Disposition::Handler(_));
        let faults = [Signal::SEGV, Signal::BUS, Signal::FPE, Signal::ILL, Signal::TRAP];
        self.handles_faults.store(faults.into_iter().any(is_handled), Ordering::Release);
    }

    /// Whether a handler is installed for a signal that an instruction can cause.
    fn handles_faults(&self) -> bool {
        self.handles_faults.load(Ordering::Acquire)
    }
}

/// The signals of a thread, and those that it shares with the other threads of its process.
pub(crate) struct Signals {
    actions: Arc<SharedActions>,
    /// Blocked now.
    pub(crate) mask: SignalSet,
    /// To restore once a handler that interrupted sigsuspend(2) or ppoll(2) was entered.
    pub(crate) saved_mask: Option<SignalSet>,
    /// The alternate stack's settings, without SS_ONSTACK.
    pub(crate) stack: Stack,
    /// What was delivered and is yet to be traced; kept only if `is_traced`.
    pub(crate) delivered: Vec<Info>,
    pub(crate) is_traced: bool,
    /// The one that ended the process.
    pub(crate) fatal: Option<Info>,
    /// The one that a debugger is asked about, and the one that it wants delivered.
    pub(crate) held: Option<Info>,
    pub(crate) approved: Option<Info>,
    /// Whether only what is approved is delivered.
    pub(crate) is_debugged: bool,
    /// For this thread alone.
    own: Pending,
    /// For whichever thread takes them.
    shared: Arc<Mutex<Pending>>,
}

/// What the threads of a process share of their signals, for /proc.
pub(crate) struct Shared {
    actions: Weak<SharedActions>,
    pending: Weak<Mutex<Pending>>,
}

impl Shared {
    /// What is pending for the process, what it ignores, and what it handles; nothing once it is over.
    pub(crate) fn sets(&self) -> [SignalSet; 3] {
        let pending = self.pending.upgrade().map(|pending| pending.lock().set).unwrap_or_default();
        let (mut ignored, mut handled) = (SignalSet::EMPTY, SignalSet::EMPTY);
        let actions = self.actions.upgrade().map(|actions| actions.all());
        for (number, action) in (1..).zip(actions.iter().flatten()) {
            let signal = Signal::from_number(number).map(SignalSet::of).unwrap_or_default();
            match action.disposition {
                Disposition::Default => {}
                Disposition::Ignore => ignored = ignored.with(signal),
                Disposition::Handler(_) => handled = handled.with(signal),
            }
        }
        [pending, ignored, handled]
    }
}

impl Default for Signals {
    fn default() -> Signals {
        Signals {
            actions: SharedActions::new([Action::default(); Signal::MAX as usize]),
            mask: SignalSet::EMPTY,
            saved_mask: None,
            stack: NO_STACK,
            delivered: Vec::new(),
            is_traced: false,
            fatal: None,
            held: None,
            approved: None,
            is_debugged: false,
            own: Pending::default(),
            shared: Arc::default(),
        }
    }
}

impl Signals {
    /// Those of a new process.
    pub(crate) fn new(is_traced: bool) -> Signals {
        Signals { is_traced, ..Signals::default() }
    }

    /// Those of another thread of the same process.
    pub(crate) fn of_thread(&self) -> Signals {
        Signals {
            actions: self.actions.clone(),
            mask: self.mask,
            is_traced: self.is_traced,
            shared: self.shared.clone(),
            ..Signals::default()
        }
    }

    /// Those of a child: nothing is pending. `shares` the actions from now on, or has a copy; a copy of the stack goes with one
    /// of the memory.
    pub(crate) fn of_child(&self, shares: bool, keeps_stack: bool) -> Signals {
        let actions = if shares { self.actions.clone() } else { SharedActions::new(self.actions.all()) };
        let stack = if keeps_stack { self.stack } else { NO_STACK };
        Signals { actions, mask: self.mask, stack, is_traced: self.is_traced, ..Signals::default() }
    }

    /// What it shares with the other threads of its process.
    pub(crate) fn shared(&self) -> Shared {
        Shared { actions: Arc::downgrade(&self.actions), pending: Arc::downgrade(&self.shared) }
    }

    /// What is pending for this thread alone, and what it blocks.
    pub(crate) fn own_sets(&self) -> [SignalSet; 2] {
        [self.own.set, self.mask]
    }

    pub(crate) fn action(&self, signal: Signal) -> Action {
        self.actions.of(signal)
    }

    /// Arranges what to do; a pending signal that is now ignored is forgotten.
    pub(crate) fn set_action(&mut self, signal: Signal, action: Action) {
        self.actions.change(|actions| actions[usize::from(signal.number()) - 1] = action);
        if self.ignores(signal) {
            self.forget(SignalSet::of(signal));
        }
    }

    /// What execve(2) keeps: ignored stays ignored, handlers are gone, and nobody shares them.
    pub(crate) fn reset_handlers(&mut self) {
        let mut actions = self.actions.all();
        for action in &mut actions {
            let is_ignored = action.disposition == Disposition::Ignore;
            let disposition = if is_ignored { Disposition::Ignore } else { Disposition::Default };
            *action = Action { disposition, ..Action::default() };
        }
        self.actions = SharedActions::new(actions);
        self.stack = NO_STACK;
    }

    /// Has the default action for all signals, as CLONE_CLEAR_SIGHAND wants it, but for what is ignored.
    pub(crate) fn clear_handlers(&mut self) {
        let stack = self.stack;
        self.reset_handlers();
        self.stack = stack;
    }

    /// Whether delivery would do nothing.
    pub(crate) fn ignores(&self, signal: Signal) -> bool {
        match self.action(signal).disposition {
            Disposition::Ignore => true,
            Disposition::Default => signal.default() == DefaultAction::Ignore,
            Disposition::Handler(_) => false,
        }
    }

    /// Makes a signal pending for this thread. One that is ignored and not blocked is forgotten at once; `false` if the queue
    /// is full.
    pub(crate) fn send(&mut self, info: Info) -> bool {
        self.forget_opposite(info.signal);
        self.ignores(info.signal) && !self.mask.contains(info.signal) || self.own.add(info)
    }

    /// The same for whichever thread of the process takes it.
    pub(crate) fn send_to_process(&mut self, info: Info) -> bool {
        self.forget_opposite(info.signal);
        self.ignores(info.signal) && !self.mask.contains(info.signal) || self.shared.lock().add(info)
    }

    /// What stops takes back what continues, and the other way round.
    fn forget_opposite(&mut self, signal: Signal) {
        if signal == Signal::CONT {
            self.forget(SignalSet::STOPPING);
        } else if SignalSet::STOPPING.contains(signal) {
            self.forget(SignalSet::of(Signal::CONT));
        }
    }

    fn forget(&mut self, gone: SignalSet) {
        self.own.forget(gone);
        self.shared.lock().forget(gone);
    }

    /// A signal that an instruction caused: it cannot wait. If it is blocked or ignored, it kills.
    pub(crate) fn force(&mut self, info: Info) {
        let signal = info.signal;
        let is_ignored = self.action(signal).disposition == Disposition::Ignore;
        if is_ignored || self.mask.contains(signal) {
            self.set_action(signal, Action::default());
            self.mask = self.mask.without(SignalSet::of(signal));
        }
        self.own.forget(SignalSet::of(signal));
        self.own.set = self.own.set.with(SignalSet::of(signal));
        self.own.queue.push_front(info);
    }

    /// What is pending.
    pub(crate) fn pending(&self) -> SignalSet {
        self.own.set.with(self.shared.lock().set)
    }

    /// Whether a signal waits to be delivered.
    pub(crate) fn is_due(&self) -> bool {
        self.approved.is_some() || self.pending().without(self.mask) != SignalSet::EMPTY
    }

    /// Takes the next signal to deliver, for a debugger to say what becomes of it; none as long as one is approved, and none
    /// of one that is being killed.
    pub(crate) fn hold(&mut self) -> Option<Signal> {
        if self.approved.is_some() || self.pending().contains(Signal::KILL) {
            return None;
        }
        self.held = self.held.or_else(|| self.take_due());
        self.held.map(|info| info.signal)
    }

    /// Takes the next signal to deliver: one that an instruction caused, else the lowest.
    pub(crate) fn next(&mut self) -> Option<Info> {
        let is_held_back = self.is_debugged && !self.pending().contains(Signal::KILL);
        let info = self.approved.take().or_else(|| if is_held_back { None } else { self.take_due() })?;
        if self.is_traced {
            self.delivered.push(info);
        }
        Some(info)
    }

    fn take_due(&mut self) -> Option<Info> {
        let due = self.pending().without(self.mask);
        let faults = [Signal::SEGV, Signal::BUS, Signal::ILL, Signal::TRAP, Signal::FPE, Signal::SYS];
        let faults = faults.into_iter().fold(SignalSet::EMPTY, |set, signal| set.with(SignalSet::of(signal)));
        self.take(SignalSet(due.0 & faults.0)).or_else(|| self.take(due))
    }

    /// Takes the lowest pending signal of `wanted`, this thread's own first.
    pub(crate) fn take(&mut self, wanted: SignalSet) -> Option<Info> {
        self.own.take(wanted).or_else(|| self.shared.lock().take(wanted))
    }

    /// Whether a handler is installed for a signal that an instruction can cause.
    pub(crate) fn handles_faults(&self) -> bool {
        self.actions.handles_faults()
    }

    /// Whether the alternate stack is in use.
    pub(crate) fn is_on_stack(&self, sp: Addr) -> bool {
        let (from, bytes) = (self.stack.ss_sp.0, self.stack.ss_size);
        self.has_stack() && sp.0 > from && sp.0 - from <= bytes
    }

    /// Whether there is an alternate stack.
    pub(crate) fn has_stack(&self) -> bool {
        self.stack.ss_flags & SS_DISABLE == 0
    }

    /// The alternate stack as sigaltstack(2) tells it.
    pub(crate) fn stack_at(&self, sp: Addr) -> Stack {
        let in_use = if self.is_on_stack(sp) { SS_ONSTACK } else { 0 };
        Stack { ss_flags: self.stack.ss_flags | in_use, ..self.stack }
    }
}

/// The signals of a thread as data; what it shares with others by numbers.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedSignals {
    actions: u32,
    mask: SignalSet,
    saved_mask: Option<SignalSet>,
    /// `ss_sp`, `ss_flags` and `ss_size`.
    stack: (Addr, u32, u32),
    own: Vec<Info>,
    shared: u32,
}

impl Pending {
    /// Those that wait, in order.
    pub(crate) fn list(&self) -> Vec<Info> {
        self.queue.iter().copied().collect()
    }

    /// Those that waited.
    pub(crate) fn restored(list: Vec<Info>) -> Pending {
        let mut pending = Pending::default();
        // There were never more than there may be.
        list.into_iter().for_each(|info| _ = pending.add(info));
        pending
    }
}

impl Signals {
    /// As data; what it shares gets numbers.
    pub(crate) fn save(
        &self,
        actions: &mut Numbered<SharedActions>,
        shared: &mut Numbered<Mutex<Pending>>,
    ) -> SavedSignals {
        SavedSignals {
            actions: actions.number(&self.actions),
            mask: self.mask,
            saved_mask: self.saved_mask,
            stack: (self.stack.ss_sp, self.stack.ss_flags, self.stack.ss_size),
            own: self.own.list(),
            shared: shared.number(&self.shared),
        }
    }

    /// As they were; none where a number means nothing.
    pub(crate) fn restored(
        saved: SavedSignals,
        actions: &[Arc<SharedActions>],
        shared: &[Arc<Mutex<Pending>>],
        is_traced: bool,
    ) -> Option<Signals> {
        let (ss_sp, ss_flags, ss_size) = saved.stack;
        Some(Signals {
            actions: actions.get(saved.actions as usize)?.clone(),
            mask: saved.mask.as_mask(),
            saved_mask: saved.saved_mask,
            stack: Stack { ss_sp, ss_flags, ss_size },
            own: Pending::restored(saved.own),
            shared: shared.get(saved.shared as usize)?.clone(),
            is_traced,
            ..Signals::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_signals_merge_and_realtime_ones_queue() {
        let mut signals = Signals::default();
        let realtime = Signal::from_number(40).unwrap();
        for value in 0..3 {
            signals.send(Info { signal: realtime, code: -1, words: [0, 0, value] });
            signals.send(Info::kernel(Signal::USR1));
        }
        signals.send(Info::kernel(Signal::CHLD));
        assert_eq!(signals.next().unwrap().signal, Signal::USR1);
        let values: alloc::vec::Vec<u32> = core::iter::from_fn(|| signals.next()).map(|info| info.words[2]).collect();
        assert_eq!(values, [0, 1, 2]);
    }

    #[test]
    fn a_blocked_fault_loses_its_handler() {
        let mut signals = Signals { mask: SignalSet::of(Signal::SEGV), ..Signals::default() };
        let action = Action { disposition: Disposition::Handler(Addr(0x400000)), ..Action::default() };
        signals.set_action(Signal::SEGV, action);
        signals.force(Info::kernel(Signal::SEGV));
        assert!(signals.is_due() && signals.action(Signal::SEGV).disposition == Disposition::Default);
    }
}
