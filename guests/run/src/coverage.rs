//! [`Coverage`]: which guest code is known to have run, because translations were made of it.

use alloc::collections::BTreeMap;
use mips::border::PAGE_BYTES;

/// Words of a page, as bits.
type Words = [u64; PAGE_BYTES as usize / 4 / 64];

/// Guest code, by page.
#[derive(Default)]
pub(crate) struct Coverage(BTreeMap<u32, Words>);

impl Coverage {
    /// All of the code between these addresses, whole words, has run.
    pub(crate) fn add(&mut self, (from, end): (u32, u32)) {
        let mut at = from;
        while at < end {
            let words = self.0.entry(at / PAGE_BYTES).or_default();
            let page_end = (at | (PAGE_BYTES - 1)).saturating_add(1).min(end);
            for word in at % PAGE_BYTES / 4..(page_end - at).div_ceil(4) + at % PAGE_BYTES / 4 {
                words[word as usize / 64] |= 1 << (word % 64);
            }
            at = page_end;
        }
    }

    /// Whether the code at `pc` is known to have run.
    pub(crate) fn has(&self, pc: u32) -> bool {
        let word = pc % PAGE_BYTES / 4;
        self.0.get(&(pc / PAGE_BYTES)).is_some_and(|words| words[word as usize / 64] >> (word % 64) & 1 != 0)
    }

    /// Forgets the pages with any of `bytes` bytes at `at`.
    pub(crate) fn forget(&mut self, at: u32, bytes: u32) {
        let end = at.saturating_add(bytes.max(1) - 1);
        self.0.retain(|page, _| !(at / PAGE_BYTES..=end / PAGE_BYTES).contains(page));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_covered_across_pages() {
        let mut coverage = Coverage::default();
        coverage.add((0x1ff8, 0x3004));
        let covered = [0x1ff4, 0x1ff8, 0x1ffc, 0x2000, 0x2ffd, 0x3000, 0x3004].map(|pc| coverage.has(pc));
        assert_eq!(covered, [false, true, true, true, true, true, false]);
        coverage.forget(0x2000, 1);
        assert_eq!([0x1ff8, 0x2000, 0x3000].map(|pc| coverage.has(pc)), [true, false, true]);
        coverage.add((0xffff_fff8, 0xffff_fffc));
        assert!(coverage.has(0xffff_fff8) && !coverage.has(0xffff_fffc));
    }
}
