//! The bytes of a file in memory: [`Contents`], pages that exist only where something was written.
//!
//! Up to `below` bytes, a page that is missing shows the file beneath (copy-on-write, page by page); elsewhere it is a
//! hole of zeros. `below` only ever shrinks, so that a page fetched without a lock is still right when it is put in.

use super::{PAGE_BYTES, Shared};
use crate::errno::Errno;
use crate::node::Result;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec::Vec;

/// A file's largest length (2^63 - 1).
pub(crate) const BYTES_MAX: u64 = i64::MAX as u64;
const PAGE: u64 = PAGE_BYTES as u64;

/// One page of contents.
pub(crate) type Page = [u8; PAGE_BYTES];

/// Bytes of a file.
pub(crate) struct Contents {
    size: u64,
    below: u64,
    /// By page number. Bytes behind the end are zero.
    pages: BTreeMap<u64, Box<Page>>,
}

/// The next stretch of a read.
pub(crate) enum Stretch {
    /// So many bytes were filled in.
    Filled(usize),
    /// So many bytes are to be read from the file beneath.
    Below(usize),
}

impl Contents {
    /// Contents of that length that show a file beneath; of length 0, an empty file.
    pub(crate) fn over(size: u64) -> Contents {
        Contents { size, below: size, pages: BTreeMap::new() }
    }

    /// Contents as they were.
    pub(crate) fn restored(
        size: u64,
        below: u64,
        pages: BTreeMap<u64, Box<Page>>,
        shared: &Shared,
    ) -> Result<Contents> {
        for taken in 0..pages.len() {
            shared.take_page().inspect_err(|_| shared.give_pages(taken))?;
        }
        Ok(Contents { size, below, pages })
    }

    /// The pages that it has, by number.
    pub(crate) fn pages(&self) -> impl Iterator<Item = (u64, &Page)> {
        self.pages.iter().map(|(number, page)| (*number, &**page))
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Space taken, in pages.
    pub(crate) fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// Bytes up to which the file beneath may show.
    pub(crate) fn below(&self) -> u64 {
        self.below
    }

    /// Fills `into` as far as it goes without asking the file beneath.
    pub(crate) fn read(&self, offset: u64, into: &mut [u8]) -> Stretch {
        let left = self.size.saturating_sub(offset).min(into.len() as u64) as usize;
        let mut done = 0;
        while done < left {
            let at = offset + done as u64;
            let (page, start) = (at / PAGE, (at % PAGE) as usize);
            let count = (PAGE_BYTES - start).min(left - done);
            match self.pages.get(&page) {
                Some(bytes) => into[done..done + count].copy_from_slice(&bytes[start..start + count]),
                None if at < self.below && done == 0 => return Stretch::Below(self.below_run(at, left)),
                None if at < self.below => break,
                None => into[done..done + count].fill(0),
            }
            done += count;
        }
        Stretch::Filled(done)
    }

    /// Bytes from `at`, at most `max`, that only the file beneath has.
    fn below_run(&self, at: u64, max: usize) -> usize {
        let next_page = self.pages.range(at / PAGE..).next().map_or(u64::MAX, |(page, _)| page * PAGE);
        (next_page.min(self.below) - at).min(max as u64) as usize
    }

    /// A page to be fetched from beneath before `count` bytes at `offset` can be written, as only part of it is.
    pub(crate) fn wanted(&self, offset: u64, count: usize) -> Option<u64> {
        let end = offset + count as u64;
        let is_wanted = |page: u64| {
            if page * PAGE >= self.below || self.pages.contains_key(&page) {
                return false;
            }
            offset > page * PAGE || end < ((page + 1) * PAGE).min(self.below)
        };
        let (first, last) = (offset / PAGE, end.saturating_sub(1) / PAGE);
        [first, last].into_iter().find(|&page| count > 0 && is_wanted(page))
    }

    /// Puts a fetched page in, unless somebody was faster or has cut it off.
    pub(crate) fn put(&mut self, page: u64, mut bytes: Box<Page>, shared: &Shared) -> Result<()> {
        let Some(shown) = self.below.checked_sub(page * PAGE).filter(|&shown| shown > 0) else { return Ok(()) };
        if let Entry::Vacant(vacant) = self.pages.entry(page) {
            shared.take_page()?;
            bytes[shown.min(PAGE) as usize..].fill(0);
            vacant.insert(bytes);
        }
        Ok(())
    }

    /// Writes within [`BYTES_MAX`]; less than all of `from` when space runs out.
    ///
    /// Pages that [`Contents::wanted`] named must have been put in.
    pub(crate) fn write(&mut self, offset: u64, from: &[u8], shared: &Shared) -> Result<usize> {
        let mut done = 0;
        while done < from.len() {
            let at = offset + done as u64;
            let (page, start) = (at / PAGE, (at % PAGE) as usize);
            let count = (PAGE_BYTES - start).min(from.len() - done);
            let bytes = match self.pages.entry(page) {
                Entry::Occupied(bytes) => bytes.into_mut(),
                Entry::Vacant(vacant) => match shared.take_page() {
                    Err(errno) if done == 0 => return Err(errno),
                    Err(_) => break,
                    Ok(()) => vacant.insert(Box::new([0; PAGE_BYTES])),
                },
            };
            bytes[start..start + count].copy_from_slice(&from[done..done + count]);
            done += count;
        }
        if done > 0 {
            self.size = self.size.max(offset + done as u64);
        }
        Ok(done)
    }

    /// Cuts or lengthens with zeros.
    pub(crate) fn resize(&mut self, size: u64, shared: &Shared) -> Result<()> {
        if size > BYTES_MAX {
            return Err(Errno::EFBIG);
        }
        if size < self.size {
            let cut = self.pages.split_off(&size.div_ceil(PAGE));
            shared.give_pages(cut.len());
            if let Some(bytes) = self.pages.get_mut(&(size / PAGE)) {
                bytes[(size % PAGE) as usize..].fill(0);
            }
            self.below = self.below.min(size);
        }
        self.size = size;
        Ok(())
    }

    /// Makes whole pages zeros: holes, but where the file beneath would show through.
    pub(crate) fn punch(&mut self, first: u64, end: u64, shared: &Shared) -> Result<()> {
        let covered = self.below.div_ceil(PAGE).clamp(first, end);
        for page in first..covered {
            self.zero(page, shared)?;
        }
        let gone: Vec<u64> = self.pages.range(covered..end).map(|(page, _)| *page).collect();
        gone.iter().for_each(|page| _ = self.pages.remove(page));
        shared.give_pages(gone.len());
        Ok(())
    }

    fn zero(&mut self, page: u64, shared: &Shared) -> Result<()> {
        match self.pages.entry(page) {
            Entry::Occupied(mut bytes) => bytes.get_mut().fill(0),
            Entry::Vacant(vacant) => {
                shared.take_page()?;
                vacant.insert(Box::new([0; PAGE_BYTES]));
            }
        }
        Ok(())
    }

    /// Start of the next data or hole at or after `offset` (lseek(2)).
    pub(crate) fn seek_data(&self, offset: u64, data: bool) -> Result<u64> {
        if offset >= self.size {
            return Err(Errno::ENXIO);
        }
        if data && offset >= self.below {
            let next = self.pages.range(offset / PAGE..).next().ok_or(Errno::ENXIO)?;
            return Some((next.0 * PAGE).max(offset)).filter(|&at| at < self.size).ok_or(Errno::ENXIO);
        }
        if data {
            return Ok(offset);
        }
        let mut at = offset.max(self.below);
        while at < self.size && self.pages.contains_key(&(at / PAGE)) {
            at = (at / PAGE + 1) * PAGE;
        }
        Ok(at.min(self.size))
    }
}
