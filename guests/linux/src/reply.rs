//! How a system call ends: [`Reply`] for its handler, [`Outcome`] for whoever runs the process.

use crate::signal::Signal;
use abi::BadAddress;
use alloc::vec::Vec;
use vfs::Errno;

/// What a handler returns.
pub(crate) type Reply<T> = Result<T, Stop>;

/// Why a call gives no result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It failed.
    Errno(Errno),
    /// It must wait; the same call is made again when the wait is over.
    Block(Wait, Interrupted),
    /// The process is over.
    Exit(ExitStatus),
    /// The registers have been set as a whole: sigreturn(2), execve(2).
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
}

/// What a process waits for.
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitStatus {
    /// By exit(2), with the low eight bits of its argument.
    Code(u8),
    /// By a signal.
    Killed(Signal),
}

/// What becomes of a process after a system call or an exception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It goes on at `state.pc`.
    Continue,
    /// It waits; then the same call is made again: `state` is at the SYSCALL instruction.
    Block(Wait),
    /// It is over.
    Exit(ExitStatus),
}
