//! The Linux system-call personality: [`Thread`] answers the system calls and exceptions of one MIPS o32 program.
//!
//! Calls are declared once, in `syscall/table.rs`; their handlers are in the files beside it, by group. What a process
//! may reach is its [`World`]; nothing here names a host, and no handler waits: it returns [`Outcome::Block`].

#![no_std]

extern crate alloc;

mod access;
mod anonymous;
mod clone;
mod commons;
mod crash;
mod debugged;
mod description;
mod errno;
mod event;
mod exec;
mod fdtable;
mod flags;
mod futex;
mod ipc;
mod kernel;
mod limits;
mod lock;
mod mm;
mod mqueue;
mod notify;
mod paths;
mod pidfd;
mod proc;
mod process;
mod program;
mod ready;
mod reply;
mod segments;
mod signal;
pub mod snapshot;
mod socket;
mod stack;
mod syscall;
mod syslog;
mod task;
mod terminals;
#[cfg(test)]
mod tests;
mod thread;
mod timer;
mod trace;
mod world;

pub use clone::Child;
pub use crash::Crash;
pub use exec::{Exec, base};
pub use kernel::Kernel;
pub use program::{LinkerError, Program, StartError};
pub use reply::{ExitStatus, Outcome, Wait};
pub use signal::Signal;
pub use socket::{GUEST, Link, Network, Plug, ROUTER};
pub use syscall::{page, table};
pub use thread::{Made, Thread};
pub use world::{Clocks, Ids, Names, Random, Stream, TraceSink, World};
