//! mmap(2).

use crate::mm::{Area, Backing, FLOOR, Memory, filemap, page_range, round_up};
use abi::{Addr, AddressSpace, PAGE_BYTES, Prot, USER_END};
use vfs::{Errno, Result};

/// Where shared objects are placed: from, to, and what their addresses are a multiple of. The biggest page that MIPS has is
/// as big, and nothing is linked for less.
const OBJECTS: (u32, u32) = (0x6000_0000, 0x7700_0000);
const OBJECT_BYTES: u32 = 64 << 10;

/// Areas a process may have (vm.max_map_count).
const AREAS_MAX: usize = 65_530;

/// What mmap(2) asks for.
pub(crate) struct MapRequest {
    /// Where; a hint unless fixed.
    pub(crate) at: Addr,
    /// Bytes, not rounded.
    pub(crate) bytes: u32,
    pub(crate) prot: Prot,
    pub(crate) is_shared: bool,
    /// MAP_FIXED.
    pub(crate) is_fixed: bool,
    /// MAP_FIXED_NOREPLACE.
    pub(crate) keeps: bool,
    pub(crate) backing: Backing,
}

impl Memory {
    /// Maps an area; returns where.
    pub(crate) fn map(&mut self, space: &mut dyn AddressSpace, request: MapRequest) -> Result<Addr> {
        if request.bytes == 0 {
            return Err(Errno::EINVAL);
        }
        let bytes = round_up(request.bytes).filter(|bytes| *bytes <= USER_END).ok_or(Errno::ENOMEM)?;
        let at = self.choose(&request, bytes)?;
        let end = at + bytes;
        let replaced = self.areas.mapped_bytes(at, end);
        self.check_room(bytes, replaced)?;
        if self.areas.len() >= AREAS_MAX {
            return Err(Errno::ENOMEM);
        }
        if replaced > 0 {
            // Other threads find the old pages or the new ones, and nothing else in between.
            self.sync(space, at, bytes)?;
            drop(self.areas.remove(at, end));
        }
        let MapRequest { prot, is_shared, backing, .. } = request;
        let area = Area { end, prot, is_shared, was_writable: prot.contains(Prot::WRITE), backing };
        let loaded = area.loaded_end(at).0 - at.0;
        if replaced > 0 && loaded < bytes {
            space.unmap(at + loaded, bytes - loaded);
        }
        if loaded > 0 {
            filemap::place(space, at, loaded, &area).inspect_err(|_| {
                if replaced > 0 {
                    space.unmap(at, loaded);
                }
            })?;
            if area.prot.contains(Prot::EXEC) {
                space.code_changed(at, loaded);
                if let Some((file, offset)) = area.code_file() {
                    space.code_of(at, loaded, &file, offset);
                }
            }
        }
        self.areas.insert(at, area);
        Ok(at)
    }

    fn choose(&self, request: &MapRequest, bytes: u32) -> Result<Addr> {
        if request.is_fixed || request.keeps {
            let (from, to) = page_range(request.at, bytes).map_err(|errno| {
                // Past the end is a matter of memory, not of alignment.
                if request.at.0.is_multiple_of(PAGE_BYTES) { Errno::ENOMEM } else { errno }
            })?;
            if from.0 < FLOOR {
                return Err(Errno::EPERM);
            }
            if request.keeps && self.areas.mapped_bytes(from, to) > 0 {
                return Err(Errno::EEXIST);
            }
            return Ok(from);
        }
        let hint = Addr(request.at.0.checked_next_multiple_of(PAGE_BYTES).unwrap_or(0));
        if hint.0 >= FLOOR
            && let Ok((from, to)) = page_range(hint, bytes)
            && to <= self.top
            && self.areas.mapped_bytes(from, to) == 0
        {
            return Ok(hint);
        }
        match &request.backing {
            Backing::File(file) if request.prot.contains(Prot::EXEC) && !request.is_shared => {
                self.place_object(&file.path, bytes)
            }
            _ => self.place(bytes),
        }
    }

    /// Where a shared object belongs: its path chooses the place, so that all processes have it at the same address, and what
    /// was translated for one fits the others. Where that is taken, the next one that is free.
    pub(crate) fn place_object(&self, path: &[u8], bytes: u32) -> Result<Addr> {
        let (from, to) = OBJECTS;
        // FNV-1a
        let hash = path.iter().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
        let first = from + hash % ((to - from) / OBJECT_BYTES) * OBJECT_BYTES;
        let free_from = |mut at: u32| loop {
            let end = at.checked_add(bytes).filter(|end| *end <= to)?;
            let Some((_, area)) = self.areas.within(Addr(at), Addr(end)).last() else { return Some(Addr(at)) };
            at = area.end.0.next_multiple_of(OBJECT_BYTES);
        };
        free_from(first).or_else(|| free_from(from)).map_or_else(|| self.place(bytes), Ok)
    }
}
