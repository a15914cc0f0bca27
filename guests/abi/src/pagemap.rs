//! [`PageMap`]: what may be done with each page of a guest, for hosts that keep its bytes in one piece.

use crate::memory::{Addr, PAGE_BYTES, Prot, USER_END};
use crate::{Access, Denied};
use alloc::sync::Arc;
use alloc::vec::Vec;
use bytemuck::zeroed_vec;
use core::iter;
use core::ops::Range;
use core::sync::atomic::{AtomicU8, Ordering};

const PAGES: usize = (USER_END / PAGE_BYTES) as usize;

/// A page that is mapped, beside the bits of its `Prot`.
const MAPPED: u8 = 8;

/// A byte for each page of the user half. Clones are the same map: threads of a guest look at it while one of them changes it,
/// and each sees a page as it was before or is afterwards.
#[derive(Clone)]
pub struct PageMap {
    pages: Arc<Vec<AtomicU8>>,
}

impl Default for PageMap {
    fn default() -> PageMap {
        PageMap { pages: Arc::new(zeroed_vec(PAGES)) }
    }
}

/// What MIPS makes of a protection: whatever may be written or executed may be read.
fn effective(prot: Prot) -> Prot {
    if prot.is_empty() { prot } else { prot | Prot::READ }
}

impl PageMap {
    /// The pages of a range, as indices; those at or above the user segment's end are left out.
    fn range(at: Addr, bytes: u32) -> Range<usize> {
        let start = (at.0 / PAGE_BYTES) as usize;
        start.min(PAGES)..(start + bytes.div_ceil(PAGE_BYTES) as usize).min(PAGES)
    }

    /// What is known of the page of that index; none if it has none.
    #[inline(always)]
    fn page(&self, index: usize) -> Option<u8> {
        self.pages.get(index).map(|page| page.load(Ordering::Relaxed))
    }

    /// What is known of the pages of a range.
    fn all(&self, at: Addr, bytes: u32) -> impl Iterator<Item = u8> + '_ {
        self.pages[PageMap::range(at, bytes)].iter().map(|page| page.load(Ordering::Relaxed))
    }

    fn set(&self, at: Addr, bytes: u32, new: u8) {
        self.pages[PageMap::range(at, bytes)].iter().for_each(|page| page.store(new, Ordering::Relaxed));
    }

    /// Whether `at` may be accessed so; `need` is one bit.
    #[inline(always)]
    pub fn allows(&self, at: u32, need: Prot) -> bool {
        self.page((at / PAGE_BYTES) as usize).is_some_and(|page| page & need.bits() != 0)
    }

    /// What an access to `at` is refused for, if it is.
    pub fn denied(&self, at: u32, access: Access) -> Option<Denied> {
        let need = match access {
            Access::Load => Prot::READ,
            Access::Store => Prot::WRITE,
            Access::Fetch => Prot::EXEC,
        };
        match self.page((at / PAGE_BYTES) as usize) {
            None => Some(if at >= 0x8000_0000 { Denied::Privileged } else { Denied::Unmapped }),
            Some(0) => Some(Denied::Unmapped),
            Some(page) if page & need.bits() == 0 => Some(Denied::Protected),
            Some(_) => None,
        }
    }

    /// The pages of a range are mapped with this protection.
    pub fn map(&self, at: Addr, bytes: u32, prot: Prot) {
        self.set(at, bytes, MAPPED | effective(prot).bits());
    }

    /// The pages of a range are not mapped any more.
    pub fn unmap(&self, at: Addr, bytes: u32) {
        self.set(at, bytes, 0);
    }

    /// Those pages of a range that are mapped have this protection.
    pub fn protect(&self, at: Addr, bytes: u32, prot: Prot) {
        let new = MAPPED | effective(prot).bits();
        for page in &self.pages[PageMap::range(at, bytes)] {
            if page.load(Ordering::Relaxed) != 0 {
                page.store(new, Ordering::Relaxed);
            }
        }
    }

    /// Whether all pages of a range are mapped with this protection.
    pub fn is_all(&self, at: Addr, bytes: u32, prot: Prot) -> bool {
        let wanted = MAPPED | effective(prot).bits();
        self.all(at, bytes).all(|page| page == wanted)
    }

    /// Whether any page of a range may hold code.
    pub fn may_hold_code(&self, at: Addr, bytes: u32) -> bool {
        self.all(at, bytes).any(|page| page & Prot::EXEC.bits() != 0)
    }

    /// The protection of the page that holds `at`.
    pub fn prot(&self, at: Addr) -> Prot {
        let page = self.page((at.0 / PAGE_BYTES) as usize).unwrap_or(0);
        Prot::from_bits_truncate(page)
    }

    /// Runs of pages of a range that have the same protection: how many bytes, and which.
    pub fn runs(&self, at: Addr, bytes: u32) -> impl Iterator<Item = (u32, Prot)> + '_ {
        self.alike(PageMap::range(at, bytes)).map(|(bytes, page)| (bytes, Prot::from_bits_truncate(page)))
    }

    /// Runs of pages of the whole user half that are alike: how many bytes, their protection, and whether they are mapped.
    pub fn all_runs(&self) -> impl Iterator<Item = (u32, Prot, bool)> + '_ {
        self.alike(0..PAGES).map(|(bytes, page)| (bytes, Prot::from_bits_truncate(page), page & MAPPED != 0))
    }

    /// Runs of pages that are alike: how many bytes, and what is known of each.
    fn alike(&self, range: Range<usize>) -> impl Iterator<Item = (u32, u8)> + '_ {
        let mut left = self.pages[range].iter().map(|page| page.load(Ordering::Relaxed)).peekable();
        iter::from_fn(move || {
            let first = left.next()?;
            let mut pages = 1;
            while left.next_if_eq(&first).is_some() {
                pages += 1;
            }
            Some((pages * PAGE_BYTES, first))
        })
    }

    /// The first byte of a range that is not mapped.
    pub fn first_unmapped(&self, at: Addr, bytes: usize) -> Option<Addr> {
        self.first_with_none_of(at, bytes, MAPPED)
    }

    /// The first byte of a range that is not mapped with `need`.
    pub fn first_without(&self, at: Addr, bytes: usize, need: Prot) -> Option<Addr> {
        self.first_with_none_of(at, bytes, need.bits())
    }

    fn first_with_none_of(&self, at: Addr, bytes: usize, bits: u8) -> Option<Addr> {
        if bytes == 0 {
            return None;
        }
        let last = u64::from(at.0) + bytes as u64 - 1;
        let mut pages = u64::from(at.0) / u64::from(PAGE_BYTES)..=last / u64::from(PAGE_BYTES);
        let bad = pages.find(|page| self.page(*page as usize).is_none_or(|page| page & bits == 0))?;
        Some(Addr(at.0.max((bad * u64::from(PAGE_BYTES)) as u32)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_as_they_were_last_said_to_be() {
        let map = PageMap::default();
        let at = Addr(0x1_0000);
        map.map(at, 3 * PAGE_BYTES, Prot::READ);
        map.protect(Addr(0x1_1000), PAGE_BYTES, Prot::WRITE);
        assert!(map.allows(0x1_1fff, Prot::READ) && map.allows(0x1_1000, Prot::WRITE));
        assert_eq!(map.denied(0x1_0000, Access::Store), Some(Denied::Protected));
        assert_eq!(map.first_without(at, 0x3000, Prot::WRITE), Some(at));
        assert_eq!(map.first_without(Addr(0x1_1800), 0x1000, Prot::WRITE), Some(Addr(0x1_2000)));
        map.unmap(Addr(0x1_2000), PAGE_BYTES);
        map.protect(Addr(0x1_2000), PAGE_BYTES, Prot::READ);
        assert_eq!(map.denied(0x1_2000, Access::Load), Some(Denied::Unmapped));
        assert_eq!(map.first_unmapped(at, 0x3000), Some(Addr(0x1_2000)));
        assert_eq!(map.denied(0x8000_0000, Access::Load), Some(Denied::Privileged));
        map.map(Addr(USER_END - PAGE_BYTES), PAGE_BYTES, Prot::READ);
        assert_eq!(map.first_unmapped(Addr(USER_END - 1), 2), Some(Addr(USER_END)));
        assert_eq!(map.runs(at, 3 * PAGE_BYTES).count(), 3);
    }
}
