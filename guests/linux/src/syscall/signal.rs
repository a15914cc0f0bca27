//! Signals: actions, masks, sending, returning from handlers.

use crate::flags::{SigHow, SigNum};
use crate::reply::{Reply, Stop};
use crate::signal::{Action, Disposition, Flags, Info, Signal, SignalSet};
use crate::syscall::process::check_self;
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
        task.signals.set_action(signal, new);
    }
    Ok(old.optional(task.guest, &before.into())?)
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
    task.signals.set_action(signal, action);
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

/// Sends a signal to this process; signal 0 only asks whether it is there.
fn send(task: &mut Task<'_, '_>, signal: SigNum, code: i32) -> Reply<()> {
    if signal.0 == 0 {
        return Ok(());
    }
    let signal = signal_of(signal)?;
    let words = [task.pid, task.credentials.user.real, 0];
    if task.signals.send(Info { signal, code, words }) { Ok(()) } else { Err(Errno::EAGAIN.into()) }
}

/// kill(2)
pub(super) fn kill(task: &mut Task<'_, '_>, pid: i32, signal: SigNum) -> Reply<()> {
    if signal.0 != 0 {
        signal_of(signal)?;
    }
    let group = task.credentials.process_group.cast_signed();
    let is_self = pid == 0 || pid == task.pid.cast_signed() || pid == -group;
    if is_self { send(task, signal, Info::USER) } else { Err(Errno::ESRCH.into()) }
}

/// tkill(2)
pub(super) fn tkill(task: &mut Task<'_, '_>, tid: i32, signal: SigNum) -> Reply<()> {
    tgkill(task, tid, tid, signal)
}

/// tgkill(2)
pub(super) fn tgkill(task: &mut Task<'_, '_>, pid: i32, tid: i32, signal: SigNum) -> Reply<()> {
    if pid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    check_self(task, pid)?;
    check_self(task, tid)?;
    send(task, signal, Info::TKILL)
}

/// rt_sigqueueinfo(2)
pub(super) fn rt_sigqueueinfo(task: &mut Task<'_, '_>, pid: i32, signal: SigNum, info: In<Siginfo>) -> Reply<()> {
    check_self(task, pid)?;
    if pid == 0 {
        return Err(Errno::ESRCH.into());
    }
    queue(task, signal, info)
}

/// rt_tgsigqueueinfo(2)
pub(super) fn rt_tgsigqueueinfo(
    task: &mut Task<'_, '_>,
    pid: i32,
    tid: i32,
    signal: SigNum,
    info: In<Siginfo>,
) -> Reply<()> {
    if pid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    check_self(task, pid)?;
    check_self(task, tid)?;
    queue(task, signal, info)
}

fn queue(task: &mut Task<'_, '_>, signal: SigNum, info: In<Siginfo>) -> Reply<()> {
    let info = info.read(task.guest)?;
    if signal.0 == 0 {
        return Ok(());
    }
    let signal = signal_of(signal)?;
    let info = Info { signal, code: info.si_code.0, words: [info.first.0, info.second.0, info.third.0] };
    if task.signals.send(info) { Ok(()) } else { Err(Errno::EAGAIN.into()) }
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
