//! A pipe (pipe(7)): [`Pipe`] holds the bytes, its ends are open files, [`PipeNode`] is one without a name.
//!
//! Nothing here waits: `EAGAIN` says that it would, and the caller decides how. SIGPIPE is the personality's.

mod saved;

pub use saved::{SavedEnd, SavedPipe};

use crate::errno::Errno;
use crate::node::{At, Change, Clock, Edges, File, FileSystemInfo, Kind, Metadata, Node, Open, Ready, Result};
use crate::watch::{Watcher, Watchers};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use spin::Mutex;

/// Bytes a pipe holds, unless it is told to hold more or less.
pub const CAPACITY_BYTES: usize = 65_536;
/// Most bytes that a pipe can be told to hold.
pub const CAPACITY_BYTES_MAX: usize = 1 << 20;
/// Writes of at most so many bytes are never torn apart.
pub const ATOMIC_BYTES: usize = 4_096;
/// File system magic of pipes without a name (statfs(2)).
const PIPEFS_MAGIC: u32 = 0x5049_5045;

/// A buffer between writers and readers.
#[derive(Default)]
pub struct Pipe {
    state: Mutex<State>,
    /// Told whenever bytes or ends come or go.
    watchers: Watchers,
}

struct State {
    bytes: VecDeque<u8>,
    /// Most bytes that it holds.
    capacity: usize,
    readers: usize,
    writers: usize,
    /// How many ends of each sort were ever opened: a waiting open is over when the other's count has moved or is not zero.
    readers_ever: u64,
    writers_ever: u64,
    /// Writes and ends of writing; reads from a full pipe and ends of reading.
    edges: Edges,
}

impl Default for State {
    fn default() -> State {
        State {
            bytes: VecDeque::new(),
            capacity: CAPACITY_BYTES,
            readers: 0,
            writers: 0,
            readers_ever: 0,
            writers_ever: 0,
            edges: Edges::default(),
        }
    }
}

impl State {
    /// Bytes that fit in.
    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.bytes.len())
    }
}

impl Pipe {
    /// An empty pipe without ends.
    #[must_use]
    pub fn new() -> Arc<Pipe> {
        Arc::default()
    }

    /// Opens an end, or both; `ENXIO` for a writer that will not wait for a reader (fifo(7)).
    pub fn open(self: &Arc<Self>, how: Open) -> Result<Box<dyn File>> {
        if how.write && !how.read && how.nonblocking && self.state.lock().readers == 0 {
            return Err(Errno::ENXIO);
        }
        Ok(self.end(how, !how.nonblocking && how.read != how.write))
    }

    /// One more end; `waits` says that open(2) returns only once the other one is there.
    fn end(self: &Arc<Self>, how: Open, waits: bool) -> Box<dyn File> {
        let mut state = self.state.lock();
        let waits_past = match (waits, how.read) {
            (true, true) if state.writers == 0 => Some(state.writers_ever),
            (true, false) if state.readers == 0 => Some(state.readers_ever),
            _ => None,
        };
        state.readers += usize::from(how.read);
        state.writers += usize::from(how.write);
        state.readers_ever += u64::from(how.read);
        state.writers_ever += u64::from(how.write);
        let writers_before = state.writers_ever - u64::from(state.writers > 0);
        drop(state);
        self.watchers.notice();
        let (reads, writes) = (how.read, how.write);
        Box::new(End { pipe: self.clone(), reads, writes, waits_past, writers_before })
    }
}

/// One open end.
pub struct End {
    pipe: Arc<Pipe>,
    reads: bool,
    writes: bool,
    /// The other side's count of ends ever opened that must be passed before open(2) returns.
    waits_past: Option<u64>,
    /// A reader sees no hang-up before a writer has come.
    writers_before: u64,
}

/// What splice(2) and tee(2) do with a pipe beyond reading and writing.
impl End {
    /// The end of a pipe that a file is, if it is one.
    #[must_use]
    pub fn of(file: &dyn File) -> Option<&End> {
        file.as_any()?.downcast_ref()
    }

    /// Whether both are ends of one pipe.
    #[must_use]
    pub fn is_same_pipe(&self, other: &End) -> bool {
        Arc::ptr_eq(&self.pipe, &other.pipe)
    }

    /// Bytes that can be written now, at least one; EPIPE if nobody will read them.
    pub fn room(&self) -> Result<usize> {
        let state = self.pipe.state.lock();
        match state.room() {
            _ if state.readers == 0 => Err(Errno::EPIPE),
            0 => Err(Errno::EAGAIN),
            room => Ok(room),
        }
    }

    /// Most bytes that the pipe holds (F_GETPIPE_SZ).
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.pipe.state.lock().capacity
    }

    /// Has the pipe hold at least so many bytes, and no more than whole pages need (F_SETPIPE_SZ). EBUSY if more are in there;
    /// EPERM if that is more than any pipe may hold.
    pub fn set_capacity(&self, bytes: usize) -> Result<()> {
        if bytes > CAPACITY_BYTES_MAX {
            return Err(Errno::EPERM);
        }
        let bytes = bytes.max(ATOMIC_BYTES).next_power_of_two();
        let mut state = self.pipe.state.lock();
        if state.bytes.len() > bytes {
            return Err(Errno::EBUSY);
        }
        state.edges.writable += u64::from(bytes > state.capacity);
        state.capacity = bytes;
        drop(state);
        self.pipe.watchers.notice();
        Ok(())
    }

    /// Takes up to `most` bytes; none at the end.
    pub fn take(&self, most: usize) -> Result<Vec<u8>> {
        let mut bytes = self.peek(most)?;
        let taken = self.read(At::Stream, &mut bytes)?;
        bytes.truncate(taken);
        Ok(bytes)
    }

    /// Up to `most` bytes, which stay; none at the end.
    pub fn peek(&self, most: usize) -> Result<Vec<u8>> {
        let state = self.pipe.state.lock();
        if state.bytes.is_empty() && state.writers > 0 {
            return Err(Errno::EAGAIN);
        }
        Ok(state.bytes.iter().take(most).copied().collect())
    }

    /// Puts bytes back that were taken and could not be passed on.
    pub fn put_back(&self, bytes: &[u8]) {
        let mut state = self.pipe.state.lock();
        bytes.iter().rev().for_each(|byte| state.bytes.push_front(*byte));
        state.edges.readable += u64::from(!bytes.is_empty());
        drop(state);
        self.pipe.watchers.notice();
    }

    /// Writes bytes for which there was [`End::room`], though others may have taken it meanwhile.
    pub fn put(&self, bytes: &[u8]) {
        let mut state = self.pipe.state.lock();
        state.bytes.extend(bytes);
        state.edges.readable += u64::from(!bytes.is_empty());
        drop(state);
        self.pipe.watchers.notice();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.pipe.state.lock();
        state.readers -= usize::from(self.reads);
        state.writers -= usize::from(self.writes);
        state.edges.readable += u64::from(self.writes);
        state.edges.writable += u64::from(self.reads);
        if state.readers == 0 && state.writers == 0 {
            state.bytes = VecDeque::new();
        }
        drop(state);
        self.pipe.watchers.notice();
    }
}

impl File for End {
    fn read(&self, _at: At, into: &mut [u8]) -> Result<usize> {
        if !self.reads {
            return Err(Errno::EBADF);
        }
        let mut state = self.pipe.state.lock();
        if state.bytes.is_empty() && !into.is_empty() {
            return if state.writers == 0 { Ok(0) } else { Err(Errno::EAGAIN) };
        }
        let was_full = state.room() < ATOMIC_BYTES;
        let count = into.len().min(state.bytes.len());
        let (first, second) = state.bytes.as_slices();
        let from_first = count.min(first.len());
        into[..from_first].copy_from_slice(&first[..from_first]);
        into[from_first..count].copy_from_slice(&second[..count - from_first]);
        state.bytes.drain(..count);
        state.edges.writable += u64::from(was_full && count > 0);
        drop(state);
        self.pipe.watchers.notice();
        Ok(count)
    }

    fn write(&self, _at: At, from: &[u8]) -> Result<usize> {
        if !self.writes {
            return Err(Errno::EBADF);
        }
        let mut state = self.pipe.state.lock();
        if state.readers == 0 {
            return Err(Errno::EPIPE);
        }
        let room = state.room();
        if from.len() <= ATOMIC_BYTES && from.len() > room || room == 0 && !from.is_empty() {
            return Err(Errno::EAGAIN);
        }
        let count = from.len().min(room);
        state.bytes.extend(&from[..count]);
        state.edges.readable += u64::from(count > 0);
        drop(state);
        self.pipe.watchers.notice();
        Ok(count)
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        let state = self.pipe.state.lock();
        Ready {
            readable: self.reads && !state.bytes.is_empty(),
            writable: self.writes && state.room() >= ATOMIC_BYTES,
            hangup: self.reads && state.writers == 0 && state.writers_ever > self.writers_before,
            error: self.writes && state.readers == 0,
            ..Ready::default()
        }
    }

    fn edges(&self) -> Option<Edges> {
        Some(self.pipe.state.lock().edges)
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.pipe.watchers.add(watcher);
    }

    fn is_opening(&self) -> bool {
        let state = self.pipe.state.lock();
        match self.waits_past {
            Some(past) if self.reads => state.writers_ever <= past,
            Some(past) => state.readers_ever <= past,
            None => false,
        }
    }

    fn pending(&self) -> Result<usize> {
        Ok(self.pipe.state.lock().bytes.len())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// A pipe as a node without a name: what pipe2(2) makes, so that `/proc/self/fd` can open it again.
pub struct PipeNode {
    pipe: Arc<Pipe>,
    metadata: Mutex<Metadata>,
}

impl PipeNode {
    /// A new pipe with that identity and owner.
    #[must_use]
    pub fn new(inode: u64, uid: u32, gid: u32, clock: &Clock) -> PipeNode {
        let now = clock();
        let metadata = Metadata {
            kind: Kind::Fifo,
            mode: 0o600,
            device: crate::node::PIPE_DEVICE,
            inode,
            links: 1,
            uid,
            gid,
            size: 0,
            blocks: 0,
            accessed: now,
            modified: now,
            changed: now,
        };
        PipeNode { pipe: Pipe::new(), metadata: Mutex::new(metadata) }
    }
}

impl Node for PipeNode {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.metadata.lock().clone())
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        if change.size.is_some() {
            return Err(Errno::EINVAL);
        }
        change.apply(&mut self.metadata.lock());
        Ok(())
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        // Who opens one without a name, by way of /proc, waits for nobody.
        Ok(self.pipe.end(how, false))
    }

    fn kind(&self) -> Result<Kind> {
        Ok(Kind::Fifo)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn file_system(&self) -> FileSystemInfo {
        FileSystemInfo { magic: PIPEFS_MAGIC, block_bytes: 4096, ..FileSystemInfo::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Open = Open { read: true, write: false, append: false, nonblocking: true };
    const WRITE: Open = Open { read: false, write: true, append: false, nonblocking: true };

    #[test]
    fn bytes_pass_in_order_and_ends_are_noticed() {
        let pipe = Pipe::new();
        assert!(matches!(pipe.open(WRITE), Err(Errno::ENXIO)));
        let reader = pipe.open(READ).unwrap();
        assert!(!reader.ready().hangup);
        let writer = pipe.open(WRITE).unwrap();
        let mut bytes = [0; 8];
        assert_eq!(reader.read(At::Stream, &mut bytes), Err(Errno::EAGAIN));
        assert_eq!(writer.write(At::Stream, b"hello"), Ok(5));
        assert_eq!(reader.read(At::Stream, &mut bytes[..2]), Ok(2));
        assert_eq!(reader.pending(), Ok(3));
        drop(writer);
        assert_eq!(reader.read(At::Stream, &mut bytes), Ok(3));
        assert_eq!(&bytes[..3], b"llo");
        assert_eq!(reader.read(At::Stream, &mut bytes), Ok(0));
        assert!(reader.ready().hangup);
    }

    #[test]
    fn a_full_pipe_waits_and_small_writes_stay_whole() {
        let pipe = Pipe::new();
        let reader = pipe.open(READ).unwrap();
        let writer = pipe.open(WRITE).unwrap();
        assert_eq!(writer.write(At::Stream, &[1; 70_000]), Ok(CAPACITY_BYTES));
        assert_eq!(writer.write(At::Stream, &[2]), Err(Errno::EAGAIN));
        assert_eq!(reader.read(At::Stream, &mut [0; 100]), Ok(100));
        assert_eq!(writer.write(At::Stream, &[2; 101]), Err(Errno::EAGAIN));
        assert_eq!(writer.write(At::Stream, &[2; 100]), Ok(100));
        drop(reader);
        assert_eq!(writer.write(At::Stream, &[2]), Err(Errno::EPIPE));
        assert!(writer.ready().error);
    }

    #[test]
    fn it_holds_what_it_is_told_to() {
        let pipe = Pipe::new();
        let _reader = pipe.open(READ).unwrap();
        let file = pipe.open(WRITE).unwrap();
        let writer = End::of(&*file).unwrap();
        assert_eq!((writer.capacity(), writer.set_capacity(5_000), writer.capacity()), (CAPACITY_BYTES, Ok(()), 8_192));
        assert_eq!(file.write(At::Stream, &[1; 70_000]), Ok(8_192));
        assert_eq!((writer.set_capacity(1), writer.set_capacity(1 << 21)), (Err(Errno::EBUSY), Err(Errno::EPERM)));
        assert_eq!((writer.set_capacity(1 << 20), file.write(At::Stream, &[1; 70_000])), (Ok(()), Ok(70_000)));
    }

    #[test]
    fn one_without_a_name_is_opened_at_once() {
        let clock: Clock = Arc::new(|| crate::node::TimeNs(0));
        let node = PipeNode::new(1, 0, 0, &clock);
        drop(node.open(Open { nonblocking: false, ..WRITE }).unwrap());
        let reader = node.open(Open { nonblocking: false, ..READ }).unwrap();
        assert!(!reader.is_opening());
        assert_eq!(reader.read(At::Stream, &mut [0]), Ok(0));
    }

    #[test]
    fn waiting_opens_meet() {
        let pipe = Pipe::new();
        let reader = pipe.open(Open { nonblocking: false, ..READ }).unwrap();
        assert!(reader.is_opening());
        let writer = pipe.open(Open { nonblocking: false, ..WRITE }).unwrap();
        assert!(!reader.is_opening() && !writer.is_opening());
    }
}
