//! [`Counter`]: what eventfd(2) makes. Reads take the count, writes add to it.

use abi::Endian;
use alloc::sync::Arc;
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::node::{At, Edges, File, Ready};
use vfs::{Errno, Result, Watcher, Watchers};

/// The highest count there is; a write that would pass it waits.
const COUNT_MAX: u64 = u64::MAX - 1;

/// A count.
pub(crate) struct Counter {
    state: Mutex<State>,
    /// EFD_SEMAPHORE: a read takes one, not all.
    is_semaphore: bool,
    endian: Endian,
    watchers: Watchers,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    count: u64,
    edges: Edges,
}

impl Counter {
    pub(crate) fn new(count: u64, is_semaphore: bool, endian: Endian) -> Counter {
        let state = State { count, ..State::default() };
        Counter { state: Mutex::new(state), is_semaphore, endian, watchers: Watchers::default() }
    }
}

/// A count as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedCounter {
    state: State,
    is_semaphore: bool,
    endian: Endian,
}

impl Counter {
    /// As data.
    pub(crate) fn save(&self) -> SavedCounter {
        SavedCounter { state: self.state.lock().clone(), is_semaphore: self.is_semaphore, endian: self.endian }
    }
}

impl SavedCounter {
    /// The counter.
    pub(crate) fn restore(self) -> Counter {
        let SavedCounter { mut state, is_semaphore, endian } = self;
        state.count = state.count.min(COUNT_MAX);
        Counter { state: Mutex::new(state), is_semaphore, endian, watchers: Watchers::default() }
    }
}

impl File for Counter {
    fn read(&self, _at: At, into: &mut [u8]) -> Result<usize> {
        let Some(into) = into.first_chunk_mut::<8>() else { return Err(Errno::EINVAL) };
        let mut state = self.state.lock();
        if state.count == 0 {
            return Err(Errno::EAGAIN);
        }
        let taken = if self.is_semaphore { 1 } else { state.count };
        state.count -= taken;
        state.edges.writable += 1;
        drop(state);
        self.watchers.notice();
        *into = self.endian.bytes64(taken);
        Ok(into.len())
    }

    fn write(&self, _at: At, from: &[u8]) -> Result<usize> {
        let Some(from) = from.first_chunk::<8>() else { return Err(Errno::EINVAL) };
        let added = self.endian.u64(*from);
        if added == u64::MAX {
            return Err(Errno::EINVAL);
        }
        let mut state = self.state.lock();
        if added > COUNT_MAX - state.count {
            return Err(Errno::EAGAIN);
        }
        state.count += added;
        state.edges.readable += 1;
        drop(state);
        self.watchers.notice();
        Ok(from.len())
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        let count = self.state.lock().count;
        Ready { readable: count > 0, writable: count < COUNT_MAX, ..Ready::default() }
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.watchers.add(watcher);
    }

    fn edges(&self) -> Option<Edges> {
        Some(self.state.lock().edges)
    }

    fn as_any(&self) -> Option<&dyn core::any::Any> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_are_taken() {
        let counter = Counter::new(3, false, Endian::Big);
        let mut bytes = [0; 8];
        assert_eq!(counter.write(At::Stream, &4_u64.to_be_bytes()), Ok(8));
        assert_eq!(counter.read(At::Stream, &mut bytes), Ok(8));
        assert_eq!(u64::from_be_bytes(bytes), 7);
        assert_eq!(counter.read(At::Stream, &mut bytes), Err(Errno::EAGAIN));
        assert_eq!(counter.read(At::Stream, &mut bytes[..7]), Err(Errno::EINVAL));
        assert_eq!(counter.write(At::Stream, &u64::MAX.to_be_bytes()), Err(Errno::EINVAL));
        assert_eq!(counter.write(At::Stream, &COUNT_MAX.to_be_bytes()), Ok(8));
        assert_eq!(counter.write(At::Stream, &1_u64.to_be_bytes()), Err(Errno::EAGAIN));
        assert_eq!(counter.ready(), Ready { readable: true, ..Ready::default() });
    }
}
