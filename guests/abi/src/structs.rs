//! The structs that cross the o32 system-call border, one table row a field. Sizes are checked as they compile.

pub mod event;
pub mod file;
pub mod ipc;
pub mod process;
pub mod signal;
pub mod socket;
pub mod system;
pub mod terminal;
pub mod time;
