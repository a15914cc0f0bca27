//! Guest memory as the personality sees it: ranges with protection, and copies that may fault.

use alloc::sync::Arc;
use alloc::vec::Vec;
use bitflags::bitflags;
use core::any::Any;
use serde::{Deserialize, Serialize};

/// A guest address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default, Serialize, Deserialize)]
pub struct Addr(pub u32);

/// Bytes in a page of the guest.
pub const PAGE_BYTES: u32 = 4096;

/// The end of the user segment: nothing can be mapped at or above it (kuseg, less the page below it as Linux keeps free).
pub const USER_END: u32 = 0x7fff_f000;

bitflags! {
    /// What may be done with a page (mmap(2) PROT_*).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
    pub struct Prot: u8 {
        /// May be read.
        const READ = 1;
        /// May be written.
        const WRITE = 2;
        /// May be executed.
        const EXEC = 4;
    }
}

/// A guest address that could not be reached: EFAULT to a system call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadAddress(pub Addr);

/// The host has no memory left for the guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfMemory;

/// What a host's open file gave to be mapped; other hosts and their files do not know each other.
pub type Mappable = Arc<dyn Any + Send + Sync>;

/// A file cannot be mapped here: its bytes must be copied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unmappable;

/// Reads a file's bytes from an offset; false where it has not so many.
pub type ReadFile = Arc<dyn Fn(u64, &mut [u8]) -> bool + Send + Sync>;

/// A file whose code is mapped, as far as it matters to who keeps translations from run to run.
#[derive(Clone)]
pub struct CodeFile {
    /// Its path in the guest.
    pub path: Arc<Vec<u8>>,
    /// Its length in bytes, when it was mapped.
    pub bytes: u64,
    /// How to read it, whatever the guest makes of its memory.
    pub read: ReadFile,
}

/// One guest address space. Ranges are page-aligned; `bytes` is a multiple of [`PAGE_BYTES`]; [`USER_END`] bounds them.
pub trait AddressSpace {
    /// Maps fresh zero pages, replacing what was there.
    fn map(&mut self, at: Addr, bytes: u32, prot: Prot) -> Result<(), OutOfMemory>;
    /// Takes pages away.
    fn unmap(&mut self, at: Addr, bytes: u32);
    /// Changes what may be done with pages that are mapped.
    fn protect(&mut self, at: Addr, bytes: u32, prot: Prot);
    /// Moves pages, protection included, to a free range (mremap(2)).
    fn relocate(&mut self, from: Addr, to: Addr, bytes: u32) -> Result<(), OutOfMemory>;
    /// Reads, if every byte may be read.
    fn read(&self, at: Addr, into: &mut [u8]) -> Result<(), BadAddress>;
    /// Writes, if every byte may be written.
    fn write(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress>;
    /// Writes `new` over four bytes, if they are `old`; whether they were. `at` is a multiple of four, and other threads that have
    /// the memory see both at once. Here nobody else has it.
    fn compare_exchange(&mut self, at: Addr, old: [u8; 4], new: [u8; 4]) -> Result<bool, BadAddress> {
        let mut was = [0; 4];
        self.read(at, &mut was)?;
        if was == old {
            self.write(at, &new)?;
        }
        Ok(was == old)
    }
    /// Writes whatever the protection, if mapped: loaders and file mappings.
    fn fill(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress>;
    /// Says that code in this range may have changed: cacheflush(2), and every unmap or protect of executable pages.
    fn code_changed(&mut self, at: Addr, bytes: u32);

    /// Maps pages that are a private copy, made as they are written, of a file's bytes from `offset` on, which is a
    /// multiple of [`PAGE_BYTES`]. Every page must begin within the file; the last one is zero behind the file's end.
    /// After an error nothing may be mapped there.
    fn map_file(
        &mut self,
        _at: Addr,
        _bytes: u32,
        _prot: Prot,
        _file: &Mappable,
        _offset: u64,
    ) -> Result<(), Unmappable> {
        Err(Unmappable)
    }

    /// Makes `bytes` bytes of zeros that several address spaces can map, as they need: an error where there is only one.
    fn make_shared(&mut self, _bytes: u64) -> Result<Mappable, OutOfMemory> {
        Err(OutOfMemory)
    }

    /// Maps such pages from `offset` on, or those of a file of the host's, so that all who have them see what any of them
    /// writes. After an error nothing may be mapped there.
    fn map_shared(
        &mut self,
        _at: Addr,
        _bytes: u32,
        _prot: Prot,
        _pages: &Mappable,
        _offset: u64,
    ) -> Result<(), Unmappable> {
        Err(Unmappable)
    }

    /// Reads from shared pages; false if they have not so many bytes.
    fn read_shared(&self, _pages: &Mappable, _offset: u64, _into: &mut [u8]) -> bool {
        false
    }

    /// Writes to shared pages; false if that failed.
    fn write_shared(&mut self, _pages: &Mappable, _offset: u64, _from: &[u8]) -> bool {
        false
    }

    /// Says that the pages at `at`, which were just mapped and may be executed, hold what `file` has from `offset` on.
    fn code_of(&mut self, _at: Addr, _bytes: u32, _file: &CodeFile, _offset: u64) {}

    /// A NUL-terminated string of at most `max` bytes without its NUL; `None` if none ends there.
    fn read_string(&self, at: Addr, max: usize) -> Result<Option<Vec<u8>>, BadAddress> {
        let mut string = Vec::new();
        let mut from = at.0;
        while string.len() <= max {
            // Up to the page's end, so that a string before an unmapped page is read whole.
            let mut chunk = [0; 256];
            let length = (PAGE_BYTES - from % PAGE_BYTES).min(256) as usize;
            self.read(Addr(from), &mut chunk[..length])?;
            if let Some(end) = chunk[..length].iter().position(|byte| *byte == 0) {
                string.extend_from_slice(&chunk[..end]);
                return Ok((string.len() <= max).then_some(string));
            }
            string.extend_from_slice(&chunk[..length]);
            from = from.wrapping_add(length as u32);
        }
        Ok(None)
    }
}
