//! The CPU memory: register file, directory and entry tables, laid out as `mips::border` says.

#![expect(unsafe_code, reason = "overlays the register file and entry tables on raw memory")]

use crate::mapping::Mapping;
use mips::State;
use mips::border::{ENTRIES_BYTES, NO_ENTRIES_AT, STATE_AT, TABLES_AT, directory_at, entry_offset};
use rustix::io;
use rustix::mm::ProtFlags;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// Bytes of CPU memory: the directory, and entry tables for every page of code a guest is likely to have (64 MiB).
pub(crate) const CPU_BYTES: usize = TABLES_AT as usize + (64 << 20) / 4096 * ENTRIES_BYTES as usize;

/// One CPU's memory.
pub(crate) struct CpuMemory {
    mapping: Arc<Mapping>,
    /// Where the next entry table goes.
    tables_end: u32,
}

impl CpuMemory {
    pub(crate) fn new(mapping: Arc<Mapping>) -> io::Result<CpuMemory> {
        mapping.commit(0, CPU_BYTES, ProtFlags::READ | ProtFlags::WRITE)?;
        let mut memory = CpuMemory { mapping, tables_end: TABLES_AT };
        *memory.state() = State::default();
        Ok(memory)
    }

    /// The register file.
    pub(crate) fn state(&mut self) -> &mut State {
        // SAFETY: the page is committed and aligned, its bytes are a `State` since `new` (zeros before, which is one too:
        // integers and booleans), and translated code, the only other user, runs only while no `State` is borrowed.
        // Booleans in it are written by Rust alone.
        unsafe { &mut *self.mapping.base().add(STATE_AT as usize).cast::<State>() }
    }

    /// The sample word, for other threads.
    pub(crate) fn sample(mapping: &Mapping) -> &AtomicU32 {
        // SAFETY: as for the poll word.
        unsafe { &*mapping.base().add((STATE_AT + State::SAMPLE) as usize).cast::<AtomicU32>() }
    }

    /// The poll word, for other threads.
    pub(crate) fn poll(mapping: &Mapping) -> &AtomicU32 {
        // SAFETY: committed, aligned, and accessed as an atomic by translated code and by every other thread.
        unsafe { &*mapping.base().add((STATE_AT + State::POLL) as usize).cast::<AtomicU32>() }
    }

    fn word(&self, at: u32) -> *mut u32 {
        assert!(at as usize + 4 <= CPU_BYTES && at.is_multiple_of(4), "no word at {at:#x} of the CPU memory");
        // SAFETY: inside the committed range, as just checked.
        unsafe { self.mapping.base().add(at as usize).cast() }
    }

    fn get(&self, at: u32) -> u32 {
        // SAFETY: `word` gives a valid aligned pointer.
        unsafe { self.word(at).read() }
    }

    fn put(&mut self, at: u32, value: u32) {
        // SAFETY: `word` gives a valid aligned pointer.
        unsafe { self.word(at).write(value) };
    }

    /// The entry of `pc`; zero if there is no code for it.
    pub(crate) fn entry(&self, pc: u32) -> u32 {
        if pc >= 0x8000_0000 {
            return 0;
        }
        self.get(self.get(directory_at(pc)) + entry_offset(pc))
    }

    /// Sets the entry of `pc`; false if there is no room for another page's entries.
    pub(crate) fn set_entry(&mut self, pc: u32, entry: u32) -> bool {
        let directory = directory_at(pc);
        if self.get(directory) == NO_ENTRIES_AT {
            if self.tables_end as usize + ENTRIES_BYTES as usize > CPU_BYTES {
                return false;
            }
            self.put(directory, self.tables_end);
            self.tables_end += ENTRIES_BYTES;
        }
        self.put(self.get(directory) + entry_offset(pc), entry);
        true
    }
}
