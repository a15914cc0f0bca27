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

/// Semaphores in a set (SEMMSL).
pub(crate) const SET_MAX: u32 = 32_000;
/// Operations in one call (SEMOPM).
pub(crate) const OPERATIONS_MAX: u32 = 500;
/// Semaphores there may be in all sets together (SEMMNS): every process can have something to undo for each.
pub(crate) const SEMAPHORES_MAX: usize = 1 << 16;
/// IPC_PRIVATE
pub(crate) const PRIVATE: i32 = 0;
/// IPC_CREAT
pub(crate) const CREATE: u32 = 0o1000;
/// IPC_EXCL
pub(crate) const EXCLUSIVE: u32 = 0o2000;
/// IPC_NOWAIT
pub(crate) const NO_WAIT: u32 = 0o4000;
