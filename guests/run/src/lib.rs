//! Runs a world: the virtual-CPU contract, the policy of tiers, and who of its threads runs when.
//!
//! [`Vcpu::run`] executes until something stops it, and then the whole CPU state is in the register file and the PC is
//! exact. How code is compiled and memory is mapped is the [`Engine`]'s; what a system call means is the personality's;
//! how many threads of the host there are, and how they wait, is the [`Host`]'s. Pure: the browser runs the same code.

#![no_std]

extern crate alloc;

mod alone;
mod chance;
mod coverage;
mod debugger;
mod engine;
mod fetched;
mod heat;
mod interpreted;
mod kernel;
mod observed;
mod over;
mod paged;
mod runner;
mod running;
mod scheduler;
mod seen;
mod statistics;
mod team;
mod tier;
mod traffic;
mod turns;
mod vcpu;
mod watched;

pub use alone::{Alone, Sleep, Standing};
pub use debugger::{Debugger, Go, Reason, Resume, Stops, Subject, Watch, Watchpoint};
pub use engine::{Call, Drive, Engine, Finished, Help, Made, Recalled, Space};
pub use interpreted::Interpreted;
pub use kernel::{Kernel, Served};
pub use over::Over;
pub use paged::Paged;
pub use runner::{Host, Runner};
pub use running::InPlace;
pub use scheduler::{Bell, Scheduler};
pub use statistics::Statistics;
pub use team::Team;
pub use tier::Tier;
pub use vcpu::{Exit, Vcpu};
