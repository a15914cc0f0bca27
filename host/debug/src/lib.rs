//! gdb's remote serial protocol, by the crate `gdbstub`, over what a [`run::Debugger`] may do.
//!
//! A [`Session`] has two threads: one reads what gdb sends, the other answers. The thread that runs the process asks neither:
//! where that stops, it does what it is sent, until it is told to go on ([`link::Link`]).

mod description;
mod files;
mod link;
mod plan;
mod registers;
mod reported;
mod session;
mod signals;
mod stops;
mod target;
mod told;
mod wire;

pub use session::Session;
