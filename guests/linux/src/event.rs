//! Event descriptors: files that hold a count, a timer, a view of signals, or other files that are waited for.

mod alarm;
mod counter;
mod entry;
mod epoll;
mod signals;

pub(crate) use alarm::{Alarm, SavedAlarm};
pub(crate) use counter::{Counter, SavedCounter};
pub(crate) use entry::{Events, Found};
pub(crate) use epoll::{Epoll, SavedEntry};
pub(crate) use signals::SignalFile;
