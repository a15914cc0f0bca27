//! A pipe and its ends as data.

use super::{ATOMIC_BYTES, CAPACITY_BYTES_MAX, End, Pipe, PipeNode};
use crate::memfs::{Body, MemNode};
use crate::node::{Edges, File, Metadata, NodeRef};
use alloc::boxed::Box;
use alloc::sync::Arc;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use spin::Mutex;

/// What is in a pipe. Its ends are told apart.
#[derive(Serialize, Deserialize)]
pub struct SavedPipe {
    bytes: ByteBuf,
    capacity: usize,
    readers_ever: u64,
    writers_ever: u64,
    edges: Edges,
}

/// One open end.
#[derive(Serialize, Deserialize)]
pub struct SavedEnd {
    reads: bool,
    writes: bool,
    waits_past: Option<u64>,
    writers_before: u64,
}

impl Pipe {
    /// The pipe that a node stands for, with a name or without.
    #[must_use]
    pub fn of(node: &NodeRef) -> Option<Arc<Pipe>> {
        let any = node.as_any();
        if let Some(node) = any.downcast_ref::<PipeNode>() {
            return Some(node.pipe.clone());
        }
        match &any.downcast_ref::<MemNode>()?.body {
            Body::Fifo(pipe) => Some(pipe.clone()),
            _ => None,
        }
    }

    /// As data.
    #[must_use]
    pub fn save(&self) -> SavedPipe {
        let state = self.state.lock();
        let bytes = state.bytes.iter().copied().collect::<alloc::vec::Vec<u8>>().into();
        let (readers_ever, writers_ever, edges) = (state.readers_ever, state.writers_ever, state.edges);
        SavedPipe { bytes, capacity: state.capacity, readers_ever, writers_ever, edges }
    }

    /// Puts in what there was, before any end is there; false if that is more than there can have been.
    #[must_use]
    pub fn restore(&self, saved: SavedPipe) -> bool {
        let mut state = self.state.lock();
        let fits = (ATOMIC_BYTES..=CAPACITY_BYTES_MAX).contains(&saved.capacity) && saved.bytes.len() <= saved.capacity;
        let is_new = state.readers_ever == 0 && state.writers_ever == 0;
        if !fits || !is_new {
            return false;
        }
        state.capacity = saved.capacity;
        state.bytes.extend(saved.bytes);
        (state.readers_ever, state.writers_ever, state.edges) = (saved.readers_ever, saved.writers_ever, saved.edges);
        true
    }

    /// An end as it was.
    #[must_use]
    pub fn restore_end(self: &Arc<Self>, saved: &SavedEnd) -> Box<dyn File> {
        let SavedEnd { reads, writes, waits_past, writers_before } = *saved;
        let mut state = self.state.lock();
        state.readers += usize::from(reads);
        state.writers += usize::from(writes);
        drop(state);
        Box::new(End { pipe: self.clone(), reads, writes, waits_past, writers_before })
    }
}

impl End {
    /// The pipe.
    #[must_use]
    pub fn pipe(&self) -> &Arc<Pipe> {
        &self.pipe
    }

    /// As data.
    #[must_use]
    pub fn save(&self) -> SavedEnd {
        let End { reads, writes, waits_past, writers_before, .. } = *self;
        SavedEnd { reads, writes, waits_past, writers_before }
    }
}

impl PipeNode {
    /// One with such metadata, and an empty pipe.
    #[must_use]
    pub fn restored(metadata: Metadata) -> PipeNode {
        PipeNode { pipe: Pipe::new(), metadata: Mutex::new(metadata) }
    }
}
