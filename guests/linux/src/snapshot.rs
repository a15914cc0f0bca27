//! Snapshots: a world as data that another host can go on with. [`Saving`] makes the data, [`Snapshot`] reads them, and
//! [`Resuming`] makes a world of them.
//!
//! What a snapshot holds: registers, memory as far as it is not what a file has there, open files, pipes, sockets and
//! terminals with what is in them, file systems in memory, processes with signals and timers, locks and who waits for what.
//! What it does not hold is the host's: granted directories, the tree beneath a copy-on-write root, and the streams at the
//! other end of which somebody else is. These are granted anew, and files that are mapped must be the same. The form is
//! what `postcard` makes of the types here; ARCHITECTURE.md says what surrounds it.

mod base;
mod container;
mod file;
mod memory;
mod pages;
mod place;
mod resume;
mod save;
mod thread;
mod world;

pub use container::ReadError;
pub use resume::{Resuming, Unresumed};
pub use save::{Saving, Unsaved};
pub use world::{Given, Snapshot};
