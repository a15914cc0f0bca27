//! System V semaphores, message queues and shared memory (sysvipc(7)): [`Objects`] holds those of one kind, by number and key.

mod messages;
mod objects;
mod permission;
mod segments;
mod semaphores;

pub(crate) use messages::{MESSAGE_BYTES_MAX, Message, Messages, QUEUE_BYTES, Wanted};
pub(crate) use objects::{OBJECTS_MAX, Object, Objects, SavedObjects};
pub(crate) use permission::{Caller, Permission};
pub(crate) use segments::{Attached, SEGMENT_BYTES_MAX, SavedSegments, Segment};
pub(crate) use semaphores::{Operation, Semaphores, VALUE_MAX};

/// IPC_PRIVATE
pub(crate) const PRIVATE: i32 = 0;
/// IPC_CREAT
pub(crate) const CREATE: u32 = 0o1000;
/// IPC_EXCL
pub(crate) const EXCLUSIVE: u32 = 0o2000;
/// IPC_NOWAIT
pub(crate) const NO_WAIT: u32 = 0o4000;
