//! The CPU memory: register file and map of entries, laid out as `mips::border` says.

#![expect(unsafe_code, reason = "overlays the register file and the map of entries on raw memory")]

use crate::mapping::Mapping;
use mips::State;
use mips::border::{self, MAP_AT, PAGE_BYTES, STATE_AT};
use mips::translate::Unit;
use rustix::io;
use rustix::mm::ProtFlags;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// Bytes of CPU memory.
pub(crate) const CPU_BYTES: usize = border::CPU_BYTES as usize;

/// One CPU's memory.
pub(crate) struct CpuMemory {
    mapping: Arc<Mapping>,
}

impl CpuMemory {
    /// Makes a mapping one that a CPU's memory can be in.
    pub(crate) fn commit(mapping: &Mapping) -> io::Result<()> {
        mapping.commit(0, CPU_BYTES, ProtFlags::READ | ProtFlags::WRITE)?;
        mapping.stay_small(0, CPU_BYTES);
        Ok(())
    }

    /// The memory of a CPU in a mapping that [`CpuMemory::commit`] made one for it, and that has no entries.
    pub(crate) fn new(mapping: Arc<Mapping>) -> CpuMemory {
        let mut memory = CpuMemory { mapping };
        *memory.state() = State::default();
        memory.set_calls(border::CALLS_A_SAMPLE);
        memory
    }

    /// The register file.
    pub(crate) fn state(&mut self) -> &mut State {
        // SAFETY: the page is committed and aligned, its bytes are a `State` (zeros at first, which is one too: integers
        // and booleans), and translated code, the only other user, runs only while no `State` is borrowed.
        // Booleans in it are written by Rust alone.
        unsafe { &mut *self.mapping.base().add(STATE_AT as usize).cast::<State>() }
    }

    /// The poll word, for other threads.
    pub(crate) fn poll(mapping: &Mapping) -> &AtomicU32 {
        // SAFETY: committed, aligned, and accessed as an atomic by translated code and by every other thread.
        unsafe { &*mapping.base().add((STATE_AT + State::POLL) as usize).cast::<AtomicU32>() }
    }

    /// Sets how many times code goes from module to module until that is a sample.
    pub(crate) fn set_calls(&mut self, calls: u32) {
        // SAFETY: committed, aligned, and behind the register file, so that nobody else has it.
        unsafe { self.mapping.base().add(border::CALLS_AT as usize).cast::<u32>().write(calls) };
    }

    /// The place in the map for `pc`, if it can have one.
    fn place(&self, pc: u32) -> Option<*mut u32> {
        // SAFETY: the map has a word for each of the lower half, so this is inside the committed range.
        border::place(pc).map(|place| unsafe { self.mapping.base().add((MAP_AT + place) as usize).cast() })
    }

    /// The entry of `pc`; zero if there is no code for it.
    pub(crate) fn entry(&self, pc: u32) -> u32 {
        // SAFETY: `place` gives a valid aligned pointer.
        self.place(pc).map_or(0, |place| border::entry_in(unsafe { place.read() }, pc))
    }

    /// Makes room for entries of many functions at once, if they lie close enough together for that to be faster.
    pub(crate) fn expect_entries(&mut self, functions: &[Unit]) {
        let entries = || functions.iter().flat_map(|unit| unit.entries.iter()).filter_map(|pc| border::place(*pc));
        let (Some(first), Some(last)) = (entries().min(), entries().max()) else { return };
        let from = (MAP_AT + first) as usize & !(PAGE_BYTES as usize - 1);
        let bytes = (MAP_AT + last) as usize + 4 - from;
        if bytes / (PAGE_BYTES as usize) < functions.len() {
            self.mapping.populate(from, bytes.next_multiple_of(PAGE_BYTES as usize));
        }
    }

    /// Sets the entry of `pc`, which code can begin at, unless its word has that of another PC.
    pub(crate) fn set_entry(&mut self, pc: u32, entry: u32) {
        let Some(place) = self.place(pc) else { return };
        // SAFETY: `place` gives a valid aligned pointer.
        let is_free = unsafe { place.read() } == 0 || self.entry(pc) != 0;
        if is_free {
            // SAFETY: as before.
            unsafe { place.write(entry | border::tag(pc)) };
        }
    }

    /// Takes away the entry of `pc`, if there is one.
    pub(crate) fn clear_entry(&mut self, pc: u32) {
        if let Some(place) = self.place(pc).filter(|_| self.entry(pc) != 0) {
            // SAFETY: `place` gives a valid aligned pointer.
            unsafe { place.write(0) };
        }
    }
}
