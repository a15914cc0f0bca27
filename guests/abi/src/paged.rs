//! A pure address space: pages of a flat table, made when first written. The interpreter runs on it, in a browser too.
//!
//! A page table entry holds protection and the page's place in one arena; place 0 is a page of zeros shared by all
//! pages never written, so that a load needs no other case.

use crate::memory::{Addr, AddressSpace, BadAddress, OutOfMemory, PAGE_BYTES, Prot, USER_END};
use alloc::vec;
use alloc::vec::Vec;

const PAGE: usize = PAGE_BYTES as usize;
const PAGES: usize = (USER_END / PAGE_BYTES) as usize;

/// Pages there is room for before the arena moves.
const ARENA_PAGES: usize = 1024;

/// Why a load, store or fetch was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Nothing is mapped there.
    Unmapped,
    /// The page is mapped, but not for this.
    Protected,
}

/// What stopped an access, and where: the first byte that could not be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The first such byte.
    pub at: u32,
    /// Why.
    pub why: Refused,
}

/// A page table entry: protection, whether mapped, place in the arena.
#[derive(Clone, Copy)]
struct Entry(u32);

impl Entry {
    const NONE: Entry = Entry(0);
    const MAPPED: u32 = 8;

    fn new(place: u32, prot: Prot) -> Entry {
        Entry(place << 4 | Entry::MAPPED | u32::from(prot.bits()))
    }
    fn place(self) -> usize {
        (self.0 >> 4) as usize
    }
    fn is_mapped(self) -> bool {
        self.0 & Entry::MAPPED != 0
    }
    fn allows(self, prot: Prot) -> bool {
        self.0 & u32::from(prot.bits()) != 0
    }
    fn with(self, prot: Prot) -> Entry {
        Entry(self.0 & !7 | u32::from(prot.bits()))
    }
}

/// An address space made of pages on demand.
pub struct PagedSpace {
    /// Entries as words, for the allocator hands out zero words without touching them.
    table: Vec<u32>,
    arena: Vec<[u8; PAGE]>,
    free: Vec<u32>,
    pages_max: usize,
    changed: Vec<(Addr, u32)>,
}

impl PagedSpace {
    /// An empty space that holds at most `pages_max` written pages.
    pub fn new(pages_max: usize) -> PagedSpace {
        let mut arena = Vec::with_capacity(ARENA_PAGES.min(pages_max + 1));
        arena.push([0; PAGE]);
        PagedSpace { table: vec![0; PAGES], arena, free: Vec::new(), pages_max, changed: Vec::new() }
    }

    /// A copy of all pages.
    pub fn fork(&self) -> Result<PagedSpace, OutOfMemory> {
        let (mut table, mut arena) = (Vec::new(), Vec::new());
        table.try_reserve_exact(self.table.len()).map_err(|_| OutOfMemory)?;
        arena.try_reserve_exact(self.arena.len()).map_err(|_| OutOfMemory)?;
        table.extend_from_slice(&self.table);
        arena.extend_from_slice(&self.arena);
        Ok(PagedSpace { table, arena, free: self.free.clone(), pages_max: self.pages_max, changed: Vec::new() })
    }

    /// Most pages that may be written.
    pub fn pages_max(&self) -> usize {
        self.pages_max
    }

    /// The ranges of code that may have changed since this was last asked.
    pub fn take_changed(&mut self) -> Vec<(Addr, u32)> {
        core::mem::take(&mut self.changed)
    }

    /// Whether [`PagedSpace::take_changed`] has something to tell.
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Pages that take up memory.
    pub fn pages_written(&self) -> usize {
        self.arena.len() - 1 - self.free.len()
    }

    fn entry(&self, at: u32) -> Entry {
        self.table.get((at / PAGE_BYTES) as usize).map_or(Entry::NONE, |word| Entry(*word))
    }

    fn refuse(&self, at: u32) -> Refusal {
        let why = if self.entry(at).is_mapped() { Refused::Protected } else { Refused::Unmapped };
        Refusal { at, why }
    }

    /// `N` bytes at `at`, which need not be aligned. `need` is READ for data, EXEC for instructions.
    #[inline]
    pub fn load<const N: usize>(&self, at: u32, need: Prot) -> Result<[u8; N], Refusal> {
        let within = (at % PAGE_BYTES) as usize;
        if within + N <= PAGE
            && let Some(entry) = self.table.get((at / PAGE_BYTES) as usize).map(|word| Entry(*word))
            && entry.allows(need)
            && let Some(bytes) = self.arena[entry.place()][within..].first_chunk()
        {
            return Ok(*bytes);
        }
        self.load_across(at, need)
    }

    #[cold]
    fn load_across<const N: usize>(&self, at: u32, need: Prot) -> Result<[u8; N], Refusal> {
        let mut bytes = [0; N];
        for (byte, at) in bytes.iter_mut().zip((0..).map(|i| at.wrapping_add(i))) {
            let entry = self.entry(at);
            if !entry.allows(need) {
                return Err(self.refuse(at));
            }
            *byte = self.arena[entry.place()][at as usize % PAGE];
        }
        Ok(bytes)
    }

    /// Stores `N` bytes at `at`, which need not be aligned; all or none.
    #[inline]
    pub fn store<const N: usize>(&mut self, at: u32, bytes: [u8; N]) -> Result<(), Refusal> {
        let within = (at % PAGE_BYTES) as usize;
        if within + N <= PAGE
            && let Some(entry) = self.table.get((at / PAGE_BYTES) as usize).map(|word| Entry(*word))
            && entry.allows(Prot::WRITE)
            && entry.place() != 0
            && let Some(into) = self.arena[entry.place()][within..].first_chunk_mut()
        {
            *into = bytes;
            return Ok(());
        }
        self.store_slow(at, &bytes)
    }

    #[cold]
    fn store_slow(&mut self, at: u32, bytes: &[u8]) -> Result<(), Refusal> {
        let addresses = || (0..bytes.len() as u32).map(|i| at.wrapping_add(i));
        if let Some(denied) = addresses().find(|at| !self.entry(*at).allows(Prot::WRITE)) {
            return Err(self.refuse(denied));
        }
        for (at, byte) in addresses().zip(bytes) {
            // No page left looks like no page there: the guest overcommitted.
            let page = self.page((at / PAGE_BYTES) as usize).map_err(|_| Refusal { at, why: Refused::Unmapped })?;
            page[at as usize % PAGE] = *byte;
        }
        Ok(())
    }

    /// The page of its own that `index` has, made if it still shares the zeros.
    fn page(&mut self, index: usize) -> Result<&mut [u8; PAGE], OutOfMemory> {
        let entry = Entry(self.table[index]);
        if entry.place() != 0 {
            return Ok(&mut self.arena[entry.place()]);
        }
        let place = match self.free.pop() {
            Some(place) => {
                self.arena[place as usize] = [0; PAGE];
                place
            }
            None if self.arena.len() <= self.pages_max => {
                self.arena.try_reserve(1).map_err(|_| OutOfMemory)?;
                self.arena.push([0; PAGE]);
                self.arena.len() as u32 - 1
            }
            None => return Err(OutOfMemory),
        };
        self.table[index] = entry.0 | place << 4;
        Ok(&mut self.arena[place as usize])
    }

    fn indices(at: Addr, bytes: u32) -> core::ops::Range<usize> {
        let end = at.0.saturating_add(bytes).min(USER_END) / PAGE_BYTES;
        (at.0 / PAGE_BYTES).min(end) as usize..end as usize
    }

    fn release(&mut self, index: usize) {
        let entry = Entry(core::mem::take(&mut self.table[index]));
        if entry.place() != 0 {
            self.free.push(entry.0 >> 4);
        }
    }

    /// Notes that code in the range is void, if any of it was executable.
    fn note_code(&mut self, at: Addr, bytes: u32) {
        if self.table[Self::indices(at, bytes)].iter().any(|word| Entry(*word).allows(Prot::EXEC)) {
            self.changed.push((at, bytes));
        }
    }

    /// Splits a range at page boundaries: address, and the part of the buffer.
    fn pieces(at: Addr, length: usize) -> impl Iterator<Item = (u32, core::ops::Range<usize>)> {
        let mut done = 0;
        core::iter::from_fn(move || {
            let from = at.0.wrapping_add(done as u32);
            let piece = (PAGE - from as usize % PAGE).min(length - done);
            let range = done..done + piece;
            done += piece;
            (piece > 0).then_some((from, range))
        })
    }
}

impl AddressSpace for PagedSpace {
    fn map(&mut self, at: Addr, bytes: u32, prot: Prot) -> Result<(), OutOfMemory> {
        self.note_code(at, bytes);
        for index in Self::indices(at, bytes) {
            self.release(index);
            self.table[index] = Entry::new(0, prot).0;
        }
        Ok(())
    }

    fn unmap(&mut self, at: Addr, bytes: u32) {
        self.note_code(at, bytes);
        Self::indices(at, bytes).for_each(|index| self.release(index));
    }

    fn protect(&mut self, at: Addr, bytes: u32, prot: Prot) {
        self.note_code(at, bytes);
        for word in &mut self.table[Self::indices(at, bytes)] {
            if Entry(*word).is_mapped() {
                *word = Entry(*word).with(prot).0;
            }
        }
    }

    fn relocate(&mut self, from: Addr, to: Addr, bytes: u32) -> Result<(), OutOfMemory> {
        self.note_code(from, bytes);
        self.note_code(to, bytes);
        for (from, to) in Self::indices(from, bytes).zip(Self::indices(to, bytes)) {
            self.release(to);
            self.table[to] = core::mem::take(&mut self.table[from]);
        }
        Ok(())
    }

    fn read(&self, at: Addr, into: &mut [u8]) -> Result<(), BadAddress> {
        for (at, range) in Self::pieces(at, into.len()) {
            let entry = self.entry(at);
            if !entry.allows(Prot::READ) {
                return Err(BadAddress(Addr(at)));
            }
            let within = at as usize % PAGE;
            let piece = &self.arena[entry.place()][within..within + range.len()];
            into[range].copy_from_slice(piece);
        }
        Ok(())
    }

    fn write(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        for (at, range) in Self::pieces(at, from.len()) {
            if !self.entry(at).allows(Prot::WRITE) {
                return Err(BadAddress(Addr(at)));
            }
            self.fill(Addr(at), &from[range])?;
        }
        Ok(())
    }

    fn fill(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        for (at, range) in Self::pieces(at, from.len()) {
            if !self.entry(at).is_mapped() {
                return Err(BadAddress(Addr(at)));
            }
            let page = self.page((at / PAGE_BYTES) as usize).map_err(|_| BadAddress(Addr(at)))?;
            let within = at as usize % PAGE;
            page[within..within + range.len()].copy_from_slice(&from[range]);
        }
        Ok(())
    }

    fn code_changed(&mut self, at: Addr, bytes: u32) {
        self.changed.push((at, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> PagedSpace {
        let mut space = PagedSpace::new(64);
        space.map(Addr(0x1000), 0x3000, Prot::READ | Prot::WRITE).unwrap();
        space
    }

    #[test]
    fn zeros_until_written_then_across_pages() {
        let mut space = space();
        assert_eq!(space.load::<4>(0x1ffe, Prot::READ), Ok([0; 4]));
        assert_eq!(space.pages_written(), 0);
        space.store(0x1ffe, [1, 2, 3, 4]).unwrap();
        assert_eq!(space.load::<2>(0x2000, Prot::READ), Ok([3, 4]));
        assert_eq!(space.pages_written(), 2);
    }

    #[test]
    fn refusals_name_the_first_byte() {
        let mut space = space();
        assert_eq!(space.store(0x3ffe, [0; 4]), Err(Refusal { at: 0x4000, why: Refused::Unmapped }));
        space.protect(Addr(0x2000), 0x1000, Prot::READ);
        assert_eq!(space.store(0x1ffe, [9; 4]), Err(Refusal { at: 0x2000, why: Refused::Protected }));
        // All or none.
        assert_eq!(space.load::<2>(0x1ffe, Prot::READ), Ok([0, 0]));
        assert_eq!(space.load::<4>(0xffff_fffe, Prot::READ), Err(Refusal { at: 0xffff_fffe, why: Refused::Unmapped }));
        assert_eq!(space.write(Addr(0x2000), &[1]), Err(BadAddress(Addr(0x2000))));
        assert_eq!(space.fill(Addr(0x2000), &[1]), Ok(()));
    }

    #[test]
    fn relocation_moves_contents_and_remapping_clears_them() {
        let mut space = space();
        space.store(0x1000, [7]).unwrap();
        space.relocate(Addr(0x1000), Addr(0x9000), 0x1000).unwrap();
        assert_eq!(space.load::<1>(0x9000, Prot::READ), Ok([7]));
        assert!(space.load::<1>(0x1000, Prot::READ).is_err());
        space.map(Addr(0x9000), 0x1000, Prot::READ).unwrap();
        assert_eq!(space.load::<1>(0x9000, Prot::READ), Ok([0]));
    }
}
