//! System calls: the table, dispatch and page that come from it, and the handlers by group.

mod dispatch;
pub mod page;
pub mod table;

mod ancillary;
mod attribute;
mod clone;
mod dir;
mod epoll;
mod eventfd;
mod execve;
mod fcntl;
mod file;
mod futex;
mod identity;
mod inotify;
mod ioctl;
mod limit;
mod link;
mod lock;
mod memory;
mod message;
mod metadata;
mod move_data;
mod open;
mod poll;
mod process;
mod queue;
mod schedule;
mod select;
mod semaphore;
mod signal;
mod signal_wait;
mod signalfd;
mod socket;
mod sockopt;
mod space;
mod splice;
mod system;
mod terminal;
mod time;
mod timer;
mod timerfd;
mod timestamps;
mod wait;

pub(crate) use dispatch::{Pair, perform, show};
