//! Signals: actions, masks, sending, returning from handlers.

use crate::flags::{SigHow, SigNum};
use crate::process::{Sender, Target};
use crate::reply::{Reply, Stop};
use crate::signal::{Action, Disposition, Flags, Info, Signal, SignalSet};
use crate::task::Task;
use abi::structs::signal::{Handler, Sigaction, Siginfo, Sigset, Stack};
use abi::{Addr, In, Layout, Out, frame, o32};
use vfs::Errno;

/// Bytes of a kernel signal set on MIPS.
const SET_BYTES: u32 = Sigset::BYTES;

/// MINSIGSTKSZ
const STACK_BYTES_MIN: u32 = 2048;
/// SS_ONSTACK, SS_DISABLE, SS_AUTODISARM.
const SS_ONSTACK: u32 = 1;
const SS_DISABLE: u32 = 2;
const SS_AUTODISARM: u32 = 1 << 31;

fn check_size(size: u32) -> Reply<()> {
    if size == SET_BYTES { Ok(()) } else { Err(Errno::EINVAL.into()) }
}

fn signal_of(number: SigNum) -> Reply<Signal> {
    Signal::from_number(number.0).ok_or(Stop::Errno(Errno::EINVAL))
}

/// rt_sigaction(2)
pub(super) fn rt_sigaction(
    task: &mut Task<'_, '_>,
    signal: SigNum,
    action: In<Sigaction>,
    old: Out<Sigaction>,
    size: u32,
) -> Reply<()> {
    check_size(size)?;
    set_action(task, signal, action, old, u128::MAX)
}

/// sigaction(2), whose mask is one word.
pub(super) fn sigaction(
    task: &mut Task<'_, '_>,
    signal: SigNum,
    action: In<Sigaction>,
    old: Out<Sigaction>,
) -> Reply<()> {
    set_action(task, signal, action, old, u128::from(u32::MAX))
}

fn set_action(
    task: &mut Task<'_, '_>,
    signal: SigNum,
    action: In<Sigaction>,
    old: Out<Sigaction>,
    mask: u128,
) -> Reply<()> {
    let signal = signal_of(signal)?;
    let new = action.optional(task.guest)?.map(Action::from);
    if new.is_some() && signal.is_unblockable() {
        return Err(Errno::EINVAL.into());
    }
    let before = task.signals.action(signal);
    if let Some(mut new) = new {
        new.mask = SignalSet(new.mask.0 & mask);
        arrange(task, signal, new);
    }
    Ok(old.optional(task.guest, &before.into())?)
}

/// Arranges what to do. Children look at what is done about SIGCHLD.
fn arrange(task: &mut Task<'_, '_>, signal: Signal, action: Action) {
    let handled = task.signals.handles_faults();
    task.signals.set_action(signal, action);
    if handled != task.signals.handles_faults() {
        // What other threads run takes that for granted: they come out of it before this call is over.
        task.guest.space.code_changed(Addr::NULL, 0);
    }
    if signal == Signal::CHLD
        && let Some(member) = task.kernel.table.lock().get_mut(task.process.pid)
    {
        member.disowns = action.disposition == Disposition::Ignore || action.flags.has(Flags::NOCLDWAIT);
        member.ignores_stops = action.flags.has(Flags::NOCLDSTOP);
    }
}

/// signal(2): as System V had it.
pub(super) fn signal(task: &mut Task<'_, '_>, signal: SigNum, handler: Addr) -> Reply<Addr> {
    let signal = signal_of(signal)?;
    if signal.is_unblockable() {
        return Err(Errno::EINVAL.into());
    }
    let before = Sigaction::from(task.signals.action(signal)).sa_handler;
    let mut action = Action::from(Sigaction { sa_handler: Handler(handler.0), ..Sigaction::default() });
    if let Disposition::Handler(_) = action.disposition {
        action.flags = Flags::ONE_SHOT;
    }
    arrange(task, signal, action);
    Ok(Addr(before.0))
}

/// Changes the mask as `how` says, which counts from 1 on MIPS.
fn change_mask(task: &mut Task<'_, '_>, how: SigHow, set: SignalSet) -> Reply<()> {
    let mask = task.signals.mask;
    task.signals.mask = match how.0 {
        1 => mask.with(set),
        2 => mask.without(set),
        3 => set,
        _ => return Err(Errno::EINVAL.into()),
    }
    .as_mask();
    Ok(())
}

/// rt_sigprocmask(2)
pub(super) fn rt_sigprocmask(
    task: &mut Task<'_, '_>,
    how: SigHow,
    set: In<Sigset>,
    old: Out<Sigset>,
    size: u32,
) -> Reply<()> {
    check_size(size)?;
    let before = task.signals.mask;
    if let Some(set) = set.optional(task.guest)? {
        change_mask(task, how, set.into())?;
    }
    Ok(old.optional(task.guest, &before.into())?)
}

/// sigprocmask(2): the first 32 signals only.
pub(super) fn sigprocmask(task: &mut Task<'_, '_>, how: SigHow, set: In<u32>, old: Out<u32>) -> Reply<()> {
    let before = task.signals.mask;
    if let Some(set) = set.optional(task.guest)? {
        let rest = if how.0 == 3 { before.0 & !u128::from(u32::MAX) } else { 0 };
        change_mask(task, how, SignalSet(u128::from(set) | rest))?;
    }
    Ok(old.optional(task.guest, &low_word(before))?)
}

#[allow(clippy::cast_possible_truncation, reason = "old calls know 32 signals")]
fn low_word(set: SignalSet) -> u32 {
    set.0 as u32
}

/// sgetmask(2)
pub(super) fn sgetmask(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(low_word(task.signals.mask))
}

/// ssetmask(2)
pub(super) fn ssetmask(task: &mut Task<'_, '_>, mask: u32) -> Reply<u32> {
    let before = low_word(task.signals.mask);
    task.signals.mask = SignalSet(u128::from(mask)).as_mask();
    Ok(before)
}

/// What is pending and blocked.
fn pending(task: &Task<'_, '_>) -> SignalSet {
    SignalSet(task.signals.pending().0 & task.signals.mask.0)
}

/// rt_sigpending(2)
pub(super) fn rt_sigpending(task: &mut Task<'_, '_>, set: Out<Sigset>, size: u32) -> Reply<()> {
    if size > SET_BYTES {
        return Err(Errno::EINVAL.into());
    }
    let pending = pending(task);
    Ok(set.write(task.guest, &pending.into())?)
}

/// sigpending(2)
pub(super) fn sigpending(task: &mut Task<'_, '_>, set: Out<u32>) -> Reply<()> {
    let pending = low_word(pending(task));
    Ok(set.write(task.guest, &pending)?)
}

/// Sends a signal; signal 0 only asks whether there is anybody to send it to.
fn send(task: &mut Task<'_, '_>, target: Target, signal: SigNum, code: i32) -> Reply<()> {
    let signal = if signal.0 == 0 { None } else { Some(signal_of(signal)?) };
    let words = [task.process.pid, task.credentials.user.real, 0];
    send_info(task, target, signal.map(|signal| Info { signal, code, words }))
}

fn send_info(task: &mut Task<'_, '_>, target: Target, info: Option<Info>) -> Reply<()> {
    let user = task.credentials.user;
    let is_privileged = task.credentials.is_privileged();
    let sender = Sender { pid: task.process.pid, users: (user.real, user.effective), is_privileged };
    Ok(task.kernel.table.lock().send(sender, target, info)?)
}

/// Sends a signal with what the guest says of it, or as kill(2) does where it says nothing.
pub(super) fn send_with(task: &mut Task<'_, '_>, target: Target, signal: SigNum, info: In<Siginfo>) -> Reply<()> {
    if info.is_null() {
        return send(task, target, signal, Info::USER);
    }
    let info = info.read(task.guest)?;
    let signal = if signal.0 == 0 { None } else { Some(signal_of(signal)?) };
    let is_self = match target {
        Target::Process(pid) | Target::Thread(Some(pid), _) => pid == task.process.pid,
        _ => false,
    };
    // What the kernel and kill(2) say cannot be said by others of others.
    if !is_self && (info.si_code.0 >= 0 || info.si_code.0 == Info::TKILL) {
        return Err(Errno::EPERM.into());
    }
    let words = [info.first.0, info.second.0, info.third.0];
    send_info(task, target, signal.map(|signal| Info { signal, code: info.si_code.0, words }))
}

/// kill(2)
pub(super) fn kill(task: &mut Task<'_, '_>, pid: i32, signal: SigNum) -> Reply<()> {
    let target = match pid {
        0 => Target::Group(super::process::member(task, 0, |member| member.group)?),
        -1 => Target::All,
        i32::MIN => return Err(Errno::ESRCH.into()),
        -0x7fff_ffff..=-2 => Target::Group(pid.unsigned_abs()),
        _ => Target::Process(pid.cast_unsigned()),
    };
    send(task, target, signal, Info::USER)
}

/// tkill(2)
pub(super) fn tkill(task: &mut Task<'_, '_>, tid: i32, signal: SigNum) -> Reply<()> {
    if tid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    send(task, Target::Thread(None, tid.cast_unsigned()), signal, Info::TKILL)
}

/// tgkill(2)
pub(super) fn tgkill(task: &mut Task<'_, '_>, pid: i32, tid: i32, signal: SigNum) -> Reply<()> {
    send(task, thread(pid, tid)?, signal, Info::TKILL)
}

fn thread(pid: i32, tid: i32) -> Reply<Target> {
    if pid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    Ok(Target::Thread(Some(pid.cast_unsigned()), tid.cast_unsigned()))
}

/// rt_sigqueueinfo(2)
pub(super) fn rt_sigqueueinfo(task: &mut Task<'_, '_>, pid: i32, signal: SigNum, info: In<Siginfo>) -> Reply<()> {
    if pid <= 0 {
        return Err(Errno::ESRCH.into());
    }
    send_with(task, Target::Process(pid.cast_unsigned()), signal, info)
}

/// rt_tgsigqueueinfo(2)
pub(super) fn rt_tgsigqueueinfo(
    task: &mut Task<'_, '_>,
    pid: i32,
    tid: i32,
    signal: SigNum,
    info: In<Siginfo>,
) -> Reply<()> {
    send_with(task, thread(pid, tid)?, signal, info)
}

/// sigaltstack(2)
pub(super) fn sigaltstack(task: &mut Task<'_, '_>, stack: In<Stack>, old: Out<Stack>) -> Reply<()> {
    let sp = o32::stack_pointer(task.state);
    let before = task.signals.stack_at(sp);
    if let Some(new) = stack.optional(task.guest)? {
        if task.signals.is_on_stack(sp) {
            return Err(Errno::EPERM.into());
        }
        let mode = new.ss_flags & !SS_AUTODISARM;
        task.signals.stack = match mode {
            SS_DISABLE => Stack { ss_flags: new.ss_flags, ..Stack::default() },
            0 | SS_ONSTACK if new.ss_size < STACK_BYTES_MIN => return Err(Errno::ENOMEM.into()),
            0 | SS_ONSTACK => Stack { ss_flags: new.ss_flags & SS_AUTODISARM, ..new },
            _ => return Err(Errno::EINVAL.into()),
        };
    }
    Ok(old.optional(task.guest, &before)?)
}

/// A frame that cannot be read kills (SIGSEGV).
fn returned(task: &mut Task<'_, '_>, restored: Result<frame::Restored, abi::BadAddress>) -> Reply<()> {
    match restored {
        Ok(restored) => {
            task.signals.mask = SignalSet::from(restored.mask).as_mask();
            if let Some(stack) = restored.stack {
                let has_room = stack.ss_flags & SS_DISABLE != 0 || stack.ss_size >= STACK_BYTES_MIN;
                if has_room && !task.signals.is_on_stack(o32::stack_pointer(task.state)) {
                    task.signals.stack = Stack { ss_flags: stack.ss_flags & !SS_ONSTACK, ..stack };
                }
            }
        }
        Err(_) => task.signals.force(Info::kernel(Signal::SEGV)),
    }
    Err(Stop::Registers)
}

/// sigreturn(2)
pub(super) fn sigreturn(task: &mut Task<'_, '_>) -> Reply<()> {
    let restored = frame::pop(task.state, task.guest);
    returned(task, restored)
}

/// rt_sigreturn(2)
pub(super) fn rt_sigreturn(task: &mut Task<'_, '_>) -> Reply<()> {
    let restored = frame::pop_rt(task.state, task.guest);
    returned(task, restored)
}
