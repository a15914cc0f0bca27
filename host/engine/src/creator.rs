//! Hands our mappings to wasmtime as Wasm memories.

#![expect(unsafe_code, reason = "promises wasmtime that the mappings are as large as it was told")]

use crate::mapping::{ADDRESSABLE, GUARD, Mapping};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// A mapping that is to be a memory, and how many bytes of it may be accessed.
pub(crate) type Offer = (Arc<Mapping>, usize);

/// Who is asked for memories.
#[derive(Default)]
pub(crate) struct Creator {
    /// Held while a module is instantiated.
    turn: Mutex<()>,
    next: Mutex<VecDeque<Offer>>,
}

impl Creator {
    /// Instantiates a module, whose memories shall be those on offer, in their order.
    pub(crate) fn offering<T>(&self, offer: &[Offer], instantiate: impl FnOnce() -> T) -> T {
        let _turn = self.turn.lock().expect("nothing panics while it is locked");
        *self.next() = offer.to_vec().into();
        let made = instantiate();
        self.next().clear();
        made
    }

    fn next(&self) -> MutexGuard<'_, VecDeque<Offer>> {
        self.next.lock().expect("nothing panics while it is locked")
    }
}

// SAFETY: every mapping reserves a whole 32-bit memory and `GUARD` bytes behind it, checked against what is asked.
unsafe impl MemoryCreator for Creator {
    fn new_memory(
        &self,
        _: MemoryType,
        _: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved.is_some_and(|reserved| reserved > ADDRESSABLE) || guard > GUARD {
            return Err(format!("a reservation of {reserved:?} bytes and {guard} of guard is more than a mapping has"));
        }
        let (mapping, bytes) = self.next().pop_front().ok_or("no mapping was offered for this memory")?;
        Ok(Box::new(Memory { mapping, bytes }))
    }
}

struct Memory {
    mapping: Arc<Mapping>,
    bytes: usize,
}

// SAFETY: the mapping stays at its address while this value holds it, and never grows.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.bytes
    }
    fn byte_capacity(&self) -> usize {
        self.bytes
    }
    fn grow_to(&mut self, _: usize) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg("a mapping does not grow"))
    }
    fn as_ptr(&self) -> *mut u8 {
        self.mapping.base()
    }
}
