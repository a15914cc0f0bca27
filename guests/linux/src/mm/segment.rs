//! Segments of System V shared memory in an address space (shmop(2)).

use crate::mm::{Area, Backing, MapRequest, Memory, SegmentBacking, round_up};
use abi::{Addr, AddressSpace, Prot, USER_END};
use alloc::sync::Arc;
use vfs::{Errno, Result};

/// What addresses of segments are a multiple of (SHMLBA of MIPS).
pub(crate) const SEGMENT_ALIGNMENT: u32 = 0x4_0000;

impl Memory {
    /// Attaches a segment of `bytes` bytes at `at`, or anywhere; where nothing is unless it `replaces` that (SHM_REMAP).
    pub(crate) fn attach(
        &mut self,
        space: &mut dyn AddressSpace,
        at: Option<Addr>,
        bytes: u32,
        prot: Prot,
        replaces: bool,
        segment: SegmentBacking,
    ) -> Result<Addr> {
        let whole = round_up(bytes).ok_or(Errno::ENOMEM)?;
        let at = match at {
            Some(at) => {
                let end = at.0.checked_add(whole).filter(|end| *end <= USER_END).ok_or(Errno::EINVAL)?;
                if !replaces && self.areas.mapped_bytes(at, Addr(end)) > 0 {
                    return Err(Errno::EINVAL);
                }
                at
            }
            None => {
                let room = whole.checked_add(SEGMENT_ALIGNMENT).ok_or(Errno::ENOMEM)?;
                Addr(self.place(room)?.0.next_multiple_of(SEGMENT_ALIGNMENT))
            }
        };
        let (is_fixed, keeps, backing) = (true, false, Backing::Segment(segment));
        self.map(space, MapRequest { at, bytes, prot, is_shared: true, is_fixed, keeps, backing })
    }

    /// Detaches the segment that was attached at `at`: all of its areas that are where that put them. EINVAL if there is none.
    pub(crate) fn detach(&mut self, space: &mut dyn AddressSpace, at: Addr) -> Result<()> {
        let own = |start: Addr, area: &Area| match &area.backing {
            Backing::Segment(own) if u64::from(start.0.wrapping_sub(at.0)) == own.offset => Some(own.attached.clone()),
            _ => None,
        };
        if at.0 >= USER_END {
            return Err(Errno::EINVAL);
        }
        let first = self.areas.within(at, Addr(USER_END)).find_map(|(start, area)| own(start, area));
        let attached = first.ok_or(Errno::EINVAL)?;
        let is_its = |(start, area): &(Addr, &Area)| own(*start, area).is_some_and(|own| Arc::ptr_eq(&own, &attached));
        let ranges: alloc::vec::Vec<(Addr, Addr)> =
            self.areas.within(at, Addr(USER_END)).filter(is_its).map(|(start, area)| (start, area.end)).collect();
        for (start, end) in ranges {
            self.unmap(space, start, end.0 - start.0)?;
        }
        Ok(())
    }
}
