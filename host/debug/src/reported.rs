//! Why a process stopped or ended, in gdb's words.

use crate::signals;
use gdbstub::common::{Signal as Theirs, Tid};
use gdbstub::stub::MultiThreadStopReason;
use gdbstub::target::ext::breakpoints::WatchKind;
use linux::ExitStatus;
use run::{Reason, Watch};

/// What gdb is told of a thread that stopped.
pub(crate) fn stop(tid: u32, reason: Reason) -> MultiThreadStopReason<u32> {
    let tid = number(tid);
    let signal = match reason {
        Reason::Breakpoint => return MultiThreadStopReason::SwBreak(tid),
        Reason::Watchpoint(addr, kind) => {
            let kind = match kind {
                Watch::Read => WatchKind::Read,
                Watch::Write => WatchKind::Write,
                Watch::Access => WatchKind::ReadWrite,
            };
            return MultiThreadStopReason::Watch { tid, kind, addr };
        }
        Reason::Asked => Theirs::SIGINT,
        Reason::Signal(signal) => signals::theirs(signal),
        // As a program that ptrace(2) follows is stopped by SIGTRAP.
        Reason::Start | Reason::Step | Reason::Exec => Theirs::SIGTRAP,
    };
    MultiThreadStopReason::SignalWithThread { tid, signal }
}

/// What gdb is told of how the process ended.
pub(crate) fn end(status: ExitStatus) -> MultiThreadStopReason<u32> {
    match status {
        ExitStatus::Code(code) => MultiThreadStopReason::Exited(code),
        ExitStatus::Killed(signal) => MultiThreadStopReason::Terminated(signals::theirs(signal)),
    }
}

/// A thread's number, which is never zero.
pub(crate) fn number(tid: u32) -> Tid {
    Tid::new(tid as usize).unwrap_or(Tid::MIN)
}
