//! Runs a guest: the virtual-CPU contract, the policy of tiers, and the loop between a process and its host.
//!
//! [`Vcpu::run`] executes until something stops it, and then the whole CPU state is in the register file and the PC is
//! exact. How code is compiled and memory is mapped is the [`Engine`]'s; what a system call means is the personality's;
//! how one waits is the [`Host`]'s. Pure: the browser runs the same code.

#![no_std]

extern crate alloc;

mod chance;
mod engine;
mod fetched;
mod heat;
mod interpreted;
mod kernel;
mod paged;
mod process;
mod seen;
mod statistics;
mod tier;
mod vcpu;
mod watched;

pub use engine::{Drive, Engine, Finished, Interpret, Made, Recalled, Space};
pub use interpreted::Interpreted;
pub use kernel::{Kernel, Served};
pub use paged::Paged;
pub use process::{Host, Step, run, step, wake};
pub use statistics::Statistics;
pub use tier::Tier;
pub use vcpu::{Exit, Vcpu};
