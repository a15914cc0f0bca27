//! mremap(2).

use crate::mm::{Area, Backing, FLOOR, FileBacking, Memory, filemap, page_range, round_up};
use abi::{Addr, AddressSpace, PAGE_BYTES};
use vfs::{Errno, Result};

/// What mremap(2) asks for. Lengths are in bytes, not rounded.
pub(crate) struct RemapRequest {
    pub(crate) at: Addr,
    pub(crate) old_bytes: u32,
    pub(crate) new_bytes: u32,
    /// MREMAP_MAYMOVE.
    pub(crate) may_move: bool,
    /// MREMAP_FIXED: where to.
    pub(crate) to: Option<Addr>,
}

impl Memory {
    /// Changes an area's length, moving it if it must and may; returns where it is then.
    pub(crate) fn remap(&mut self, space: &mut dyn AddressSpace, request: &RemapRequest) -> Result<Addr> {
        let old = round_up(request.old_bytes).ok_or(Errno::EINVAL)?;
        let new = round_up(request.new_bytes).filter(|bytes| *bytes > 0).ok_or(Errno::EINVAL)?;
        let at = request.at;
        if !at.0.is_multiple_of(PAGE_BYTES) || old == 0 || request.to.is_some() && !request.may_move {
            return Err(Errno::EINVAL);
        }
        let end = page_range(at, old)?.1;
        let (start, area) = self.areas.at(at).ok_or(Errno::EFAULT)?;
        if area.end < end {
            return Err(Errno::EFAULT);
        }
        let area = area.tail(at.0 - start.0);
        if let Some(to) = request.to {
            let (to, to_end) = page_range(to, new)?;
            if to < end && at < to_end || to.0 < FLOOR {
                return Err(Errno::EINVAL);
            }
            let _ = self.unmap(space, to, new);
            return self.relocate(space, (at, old.min(new), old), (to, new), area);
        }
        if new <= old {
            if new < old {
                self.unmap(space, at + new, old - new)?;
            }
            return Ok(at);
        }
        self.check_room(new - old, 0)?;
        let grown_end = at.0.checked_add(new).map(Addr);
        if let Some(grown_end) = grown_end
            && area.end == end
            && grown_end <= self.top
            && self.areas.mapped_bytes(end, grown_end) == 0
        {
            self.extend(space, end, grown_end, &area.tail(old))?;
            return Ok(at);
        }
        if !request.may_move {
            return Err(Errno::ENOMEM);
        }
        let to = self.place(new)?;
        self.relocate(space, (at, old, old), (to, new), area)
    }

    /// Moves pages and their area, lengthened where `new` is more than is moved.
    fn relocate(
        &mut self,
        space: &mut dyn AddressSpace,
        (at, moved, old): (Addr, u32, u32),
        (to, new): (Addr, u32),
        area: Area,
    ) -> Result<Addr> {
        self.check_room(new, u64::from(old))?;
        let loaded = (area.loaded_end(at).0 - at.0).min(moved);
        let is_shared = match &area.backing {
            Backing::File(file) => file.pages.is_some(),
            _ => area.shared_pages().is_some(),
        };
        if is_shared {
            // A copy would be nobody else's.
            filemap::place(space, to, loaded, &area)?;
            space.unmap(at, loaded);
        } else {
            space.relocate(at, to, loaded).map_err(|_| Errno::ENOMEM)?;
        }
        self.areas.remove(at, at + moved);
        if old > moved {
            self.unmap(space, at + moved, old - moved)?;
        }
        let rest = area.tail(moved);
        self.areas.insert(to, Area { end: to + moved, ..area });
        if new > moved {
            self.extend(space, to + moved, to + new, &rest)?;
        }
        Ok(to)
    }

    /// Maps more of an area, from its end on.
    fn extend(&mut self, space: &mut dyn AddressSpace, from: Addr, to: Addr, like: &Area) -> Result<()> {
        let mut area = Area { end: to, ..like.clone() };
        if let Backing::File(FileBacking { description: Some(description), offset, held, .. }) = &mut area.backing {
            *held = description.node().metadata()?.size.saturating_sub(*offset);
        }
        let loaded = area.loaded_end(from).0 - from.0;
        if loaded > 0 {
            filemap::place(space, from, loaded, &area)?;
        }
        self.areas.insert(from, area);
        Ok(())
    }
}
