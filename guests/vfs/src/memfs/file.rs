//! An open file of a memory file system: [`MemFile`]. What lies beneath is read without a lock held.

use super::contents::{BYTES_MAX, Page, Stretch};
use super::{MemNode, PAGE_BYTES};
use crate::errno::Errno;
use crate::node::{At, File, Mappable, Node, Open, Result};
use alloc::boxed::Box;
use alloc::sync::Arc;

/// A regular file that is open.
pub(crate) struct MemFile {
    pub(crate) node: Arc<MemNode>,
    pub(crate) how: Open,
    /// The file beneath, as long as any of it can show.
    pub(crate) below: Option<Box<dyn File>>,
}

impl MemFile {
    /// Reads from beneath; zeros where that has become shorter than it was.
    fn read_below(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while let Some(below) = self.below.as_deref().filter(|_| done < into.len()) {
            match below.read(At::Offset(offset + done as u64), &mut into[done..])? {
                0 => break,
                count => done += count.min(into.len() - done),
            }
        }
        into[done..].fill(0);
        Ok(())
    }

    fn write_all(&self, mut at: u64, mut from: &[u8]) -> Result<()> {
        while !from.is_empty() {
            let done = self.write(At::Offset(at), from)?;
            (at, from) = (at + done as u64, &from[done..]);
        }
        Ok(())
    }
}

impl File for MemFile {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        if !self.how.read {
            return Err(Errno::EBADF);
        }
        let At::Offset(offset) = at else { return Err(Errno::EINVAL) };
        let mut done = 0;
        while done < into.len() {
            let at = offset.checked_add(done as u64).ok_or(Errno::EINVAL)?;
            let rest = &mut into[done..];
            // Decided under the lock, read outside it.
            let stretch = match self.node.contents()?.read().as_ref() {
                Some(contents) => contents.read(at, rest),
                None => Stretch::Below(0),
            };
            match stretch {
                Stretch::Filled(0) => break,
                Stretch::Filled(count) => done += count,
                Stretch::Below(0) => {
                    let below = self.below.as_deref().ok_or(Errno::EIO)?;
                    return Ok(done + below.read(At::Offset(at), rest)?);
                }
                Stretch::Below(count) => {
                    self.read_below(at, &mut rest[..count])?;
                    done += count;
                }
            }
        }
        self.node.was_read();
        Ok(done)
    }

    fn write(&self, at: At, from: &[u8]) -> Result<usize> {
        if !self.how.write {
            return Err(Errno::EBADF);
        }
        loop {
            let mut guard = self.node.contents()?.write();
            let contents = guard.as_mut().expect("a file opened for writing has contents of its own");
            let offset = match at {
                At::Offset(offset) => offset,
                At::End => contents.size(),
                At::Stream => return Err(Errno::EINVAL),
            };
            if offset >= BYTES_MAX && !from.is_empty() {
                return Err(Errno::EFBIG);
            }
            let count = from.len().min(usize::try_from(BYTES_MAX.saturating_sub(offset)).unwrap_or(usize::MAX));
            let Some(page) = contents.wanted(offset, count) else {
                let done = contents.write(offset, &from[..count], &self.node.fs)?;
                drop(guard);
                if done > 0 {
                    self.node.was_written();
                }
                return Ok(done);
            };
            drop(guard);
            let mut bytes: Box<Page> = Box::new([0; PAGE_BYTES]);
            self.read_below(page * PAGE_BYTES as u64, &mut bytes[..])?;
            if let Some(contents) = self.node.contents()?.write().as_mut() {
                contents.put(page, bytes, &self.node.fs)?;
            }
        }
    }

    fn punch_hole(&self, offset: u64, length: u64) -> Result<()> {
        if !self.how.write {
            return Err(Errno::EBADF);
        }
        const PAGE: u64 = PAGE_BYTES as u64;
        let size = self.node.metadata()?.size;
        let end = offset.checked_add(length).ok_or(Errno::EFBIG)?.min(size);
        if offset >= end {
            return Ok(());
        }
        // What of the last page lies behind the end is zeros already.
        let (first, last) = (offset.div_ceil(PAGE), if end == size { end.div_ceil(PAGE) } else { end / PAGE });
        let zeros = |from: u64, to: u64| self.write_all(from, &[0; PAGE_BYTES][..(to - from) as usize]);
        if first > last {
            return zeros(offset, end);
        }
        zeros(offset, (first * PAGE).min(end))?;
        zeros((last * PAGE).min(end), end)?;
        if let Some(contents) = self.node.contents()?.write().as_mut() {
            contents.punch(first, last, &self.node.fs)?;
        }
        self.node.was_written();
        Ok(())
    }

    fn mappable(&self) -> Option<Mappable> {
        // Untouched, it is the file beneath. What is written later is written here, and a private mapping need not show it.
        match self.node.contents().ok()?.read().as_ref() {
            None => self.below.as_deref()?.mappable().filter(|_| self.how.read),
            Some(_) => None,
        }
    }

    fn seek_data(&self, offset: u64, data: bool) -> Result<u64> {
        let contents = self.node.contents()?.read();
        match (contents.as_ref(), self.below.as_deref()) {
            (Some(contents), _) => contents.seek_data(offset, data),
            (None, Some(below)) => {
                drop(contents);
                below.seek_data(offset, data)
            }
            (None, None) => Err(Errno::EIO),
        }
    }
}
