//! The memory of a process: [`Memory`], a list of areas over an [`AddressSpace`], and what moves them.
//!
//! A private file mapping, and a shared one of a file that is open for reading only, is mapped where the host can, and
//! else a copy made at once. A shared one that may be written is the host's file where there is one, and else pages that stand
//! for the file: see `shared.rs`.

mod area;
mod areas;
mod brk;
pub(crate) mod filemap;
mod map;
mod remap;
mod segment;
mod shared;

pub(crate) use area::{Area, Backing, FileBacking, Pages, SegmentBacking};
pub(crate) use areas::Areas;
pub(crate) use map::MapRequest;
pub(crate) use remap::RemapRequest;
pub(crate) use segment::SEGMENT_ALIGNMENT;
pub(crate) use shared::{SharedFile, SharedFiles};

use abi::{Addr, AddressSpace, PAGE_BYTES, Prot, USER_END};
use vfs::{Errno, Result};

/// Nothing is placed below this unless asked for (vm.mmap_min_addr).
pub(crate) const FLOOR: u32 = 0x1_0000;

/// The end of the stack; the page after it up to [`USER_END`] holds the signal trampoline.
pub(crate) const STACK_END: u32 = 0x7fff_8000;

/// The page of the signal trampoline.
pub(crate) const TRAMPOLINE_PAGE: Addr = Addr(0x7fff_c000);

/// The memory of a process.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) areas: Areas,
    /// Where the heap starts.
    pub(crate) heap: Addr,
    /// Where it ends: what brk(2) returns.
    pub(crate) heap_end: Addr,
    /// Areas are placed below this, downward.
    pub(crate) top: Addr,
    /// Most bytes that may be mapped: RLIMIT_AS and the world's own limit.
    pub(crate) bytes_max: u64,
    /// Most that was ever mapped.
    pub(crate) bytes_peak: u64,
}

impl Memory {
    /// Nothing mapped.
    pub(crate) fn new(bytes_max: u64) -> Memory {
        Memory {
            areas: Areas::default(),
            heap: Addr::NULL,
            heap_end: Addr::NULL,
            top: Addr(STACK_END),
            bytes_max,
            bytes_peak: 0,
        }
    }

    /// munmap(2).
    pub(crate) fn unmap(&mut self, space: &mut dyn AddressSpace, at: Addr, bytes: u32) -> Result<()> {
        let range = page_range(at, bytes)?;
        let written = self.sync(space, at, bytes);
        for (from, area) in self.areas.remove(range.0, range.1) {
            space.unmap(from, area.end.0 - from.0);
        }
        written
    }

    /// mprotect(2). Areas before a gap, or one that may not be so, are changed, as Linux does.
    pub(crate) fn protect(&mut self, space: &mut dyn AddressSpace, at: Addr, bytes: u32, prot: Prot) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        let (from, to) = page_range(at, bytes)?;
        let (mut next, mut result) = (from, Ok(()));
        for (start, area) in self.areas.within(from, to) {
            if start > next {
                break;
            }
            if prot.contains(Prot::WRITE) && !area.may_write() {
                result = Err(Errno::EACCES);
                break;
            }
            next = area.end;
        }
        let end = next.min(to);
        if result.is_ok() && end < to {
            result = Err(Errno::ENOMEM);
        }
        if from < end {
            self.areas.split(from);
            self.areas.split(end);
            for (start, area) in self.areas.within_mut(from, end) {
                area.protect(prot);
                space.protect(start, area.loaded_end(start).0 - start.0, effective(prot));
            }
        }
        result
    }

    /// Whether every byte of a range is mapped.
    pub(crate) fn is_mapped(&self, at: Addr, bytes: u32) -> Result<bool> {
        let (from, to) = page_range(at, bytes)?;
        let mut next = from;
        for (start, area) in self.areas.within(from, to) {
            if start > next {
                return Ok(false);
            }
            next = area.end;
        }
        Ok(next >= to)
    }

    /// Whether `more` bytes may be mapped, counting what `replaced` takes away.
    pub(crate) fn check_room(&mut self, more: u32, replaced: u64) -> Result<()> {
        let total = self.areas.bytes() - replaced + u64::from(more);
        if total > self.bytes_max {
            return Err(Errno::ENOMEM);
        }
        self.bytes_peak = self.bytes_peak.max(total);
        Ok(())
    }

    /// The highest free range of `bytes` bytes.
    pub(crate) fn place(&self, bytes: u32) -> Result<Addr> {
        self.areas.gap_below(self.top, bytes).filter(|at| at.0 >= FLOOR).ok_or(Errno::ENOMEM)
    }
}

/// A range in whole pages, if it starts at one and lies below [`USER_END`].
pub(crate) fn page_range(at: Addr, bytes: u32) -> Result<(Addr, Addr)> {
    let bytes = round_up(bytes).ok_or(Errno::EINVAL)?;
    let end = at.0.checked_add(bytes).filter(|end| *end <= USER_END).ok_or(Errno::EINVAL)?;
    if !at.0.is_multiple_of(PAGE_BYTES) || bytes == 0 {
        return Err(Errno::EINVAL);
    }
    Ok((at, Addr(end)))
}

/// Up to a whole page.
pub(crate) fn round_up(bytes: u32) -> Option<u32> {
    bytes.checked_next_multiple_of(PAGE_BYTES)
}

/// What the processor lets one do: it cannot write or run what it cannot read.
pub(crate) fn effective(prot: Prot) -> Prot {
    if prot.is_empty() { prot } else { prot | Prot::READ }
}

#[cfg(test)]
mod tests;
