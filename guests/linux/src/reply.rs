//! How a system call ends: [`Reply`] for its handler, [`Outcome`] for whoever runs the process.

use crate::clone::Child;
use crate::exec::Exec;
use crate::signal::Signal;
use abi::BadAddress;
use alloc::boxed::Box;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use vfs::Errno;

/// What a handler returns.
pub(crate) type Reply<T> = Result<T, Stop>;

/// Why a call gives no result. Two words, so that it is returned in registers.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed.
    Errno(Errno),
    /// It must wait; the same call is made again when the wait is over.
    Block(Box<Wait>, Interrupted),
    /// The thread is over.
    Exit(ExitStatus),
    /// The process is over.
    ExitAll(ExitStatus),
    /// Another thread or process is to be made: clone(2).
    Clone(Box<Child>),
    /// Another program takes the place of this one: execve(2).
    Exec(Box<Exec>),
    /// The registers have been set as a whole: sigreturn(2).
    Registers,
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Stop {
        Stop::Errno(errno)
    }
}

impl From<BadAddress> for Stop {
    fn from(_: BadAddress) -> Stop {
        Stop::Errno(Errno::EFAULT)
    }
}

/// What a handler that runs while a call waits makes of the call (signal(7)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Interrupted {
    /// Made again if the handler has SA_RESTART, else EINTR.
    Restarts,
    /// EINTR always: sleeping, polling, waiting for signals.
    Fails,
    /// Made again always: who takes a lock that is handed over knows no other outcome (ERESTARTNOINTR).
    Insists,
}

/// What a thread waits for, beside what wakes it ([`crate::Kernel::take_woken`]).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wait {
    /// At the latest until this time of the monotonic clock.
    pub until_ns: Option<u64>,
    /// Any of these: a descriptor of the host, to be readable, to be writable.
    pub descriptors: Vec<(i32, bool, bool)>,
}

impl Wait {
    /// Nothing but time, or a signal if `None`.
    pub fn until(until_ns: Option<u64>) -> Wait {
        Wait { until_ns, descriptors: Vec::new() }
    }
}

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ExitStatus {
    /// By exit(2), with the low eight bits of its argument.
    Code(u8),
    /// By a signal.
    Killed(Signal),
}

/// What becomes of a thread after a system call or an exception.
#[derive(Debug)]
pub enum Outcome {
    /// It goes on at `state.pc`.
    Continue,
    /// It waits; then it polls, and if `state` is at a SYSCALL instruction the same call is made again.
    Block(Wait),
    /// It is over, and others of its process go on.
    ExitThread,
    /// Its process is to be over, all threads included: whoever is the last of them to run ends it ([`crate::Thread::exit`]).
    Over(ExitStatus),
    /// A signal would be delivered to it: its debugger says what becomes of that ([`crate::Thread::decide`]), then it polls.
    Signal(Signal),
    /// Another thread is to be made; then [`crate::Thread::cloned`] has it go on.
    Clone(Box<Child>),
    /// It is to have a new address space, and what else is in the old one of its process is over; then
    /// [`crate::Thread::exec`] loads its program there.
    Exec(Box<Exec>),
}

impl Outcome {
    /// Whether nothing is to be done.
    pub fn is_calm(&self) -> bool {
        matches!(self, Outcome::Continue)
    }
}
