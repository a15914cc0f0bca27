//! Signals: numbers, sets, what a process does about them, what is pending, and their delivery.

mod action;
mod deliver;
mod fault;
mod number;
mod pending;
mod set;

pub use number::Signal;

pub(crate) use action::{Action, Disposition, Flags};
pub(crate) use deliver::{Delivered, deliver};
pub(crate) use fault::of_exception;
pub(crate) use pending::{Info, Pending, SavedSignals, Shared, SharedActions, Signals};
pub(crate) use set::SignalSet;
