//! An open file of an image: [`SquashFile`].

use super::Image;
use super::inode::{Body, FileBody, Inode, NONE};
use std::sync::Arc;
use vfs::node::{At, File};
use vfs::{Errno, Result};

/// One position is kept for so many blocks; those between are added up.
const STRIDE: usize = 64;

/// A regular file that is open.
pub(super) struct SquashFile {
    image: Arc<Image>,
    body: FileBody,
    size: u64,
    /// Lengths of the blocks.
    blocks: Vec<u32>,
    /// Where each [`STRIDE`]th block is.
    starts: Vec<u64>,
}

/// The length of a block in the file, without the bit that says how it is stored.
fn length(word: u32) -> u64 {
    u64::from(word & 0xff_ffff)
}

impl SquashFile {
    pub(super) fn open(image: &Arc<Image>, inode: &Inode) -> Result<SquashFile> {
        let Body::File(body) = &inode.body else { return Err(Errno::EINVAL) };
        let blocks = inode.blocks(image)?;
        let (mut starts, mut at) = (Vec::new(), body.start);
        for stretch in blocks.chunks(STRIDE) {
            starts.push(at);
            let bytes: u64 = stretch.iter().map(|word| length(*word)).sum();
            at = at.checked_add(bytes).ok_or(Errno::EUCLEAN)?;
        }
        Ok(SquashFile { image: image.clone(), body: body.clone(), size: inode.metadata.size, blocks, starts })
    }

    fn block_bytes(&self) -> u64 {
        self.image.superblock.block_bytes.into()
    }

    /// The bytes of a block; none if it is a hole.
    fn block(&self, index: usize) -> Result<Option<Arc<[u8]>>> {
        let Some(word) = self.blocks.get(index).copied() else { return self.tail().map(Some) };
        if word == 0 {
            return Ok(None);
        }
        let first = index / STRIDE;
        let before: u64 = self.blocks[first * STRIDE..index].iter().map(|word| length(*word)).sum();
        let at = self.starts.get(first).and_then(|start| start.checked_add(before)).ok_or(Errno::EUCLEAN)?;
        self.image.data(at, word).map(Some)
    }

    /// What does not fill a block, and shares one with the ends of other files.
    fn tail(&self) -> Result<Arc<[u8]>> {
        let FileBody { fragment, offset, .. } = self.body;
        if fragment == NONE || fragment >= self.image.superblock.fragments {
            return Err(Errno::EUCLEAN);
        }
        let entry: [u8; 16] = self.image.entry(self.image.superblock.fragment_table, fragment.into())?;
        let mut entry = super::metadata::Bytes(&entry);
        let block = self.image.data(entry.u64()?, entry.u32()?)?;
        let count = (self.size % self.block_bytes()) as usize;
        let from = offset as usize;
        Ok(block.get(from..from + count).ok_or(Errno::EUCLEAN)?.into())
    }
}

impl File for SquashFile {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        let At::Offset(offset) = at else { return Err(Errno::EINVAL) };
        if offset >= self.size || into.is_empty() {
            return Ok(0);
        }
        let block_bytes = self.block_bytes();
        let index = usize::try_from(offset / block_bytes).map_err(|_| Errno::EUCLEAN)?;
        let within = (offset % block_bytes) as usize;
        let there = (self.size - offset).min(block_bytes - within as u64) as usize;
        let into = &mut into[..];
        let count = there.min(into.len());
        match self.block(index)? {
            None => into[..count].fill(0),
            // A block that is shorter than it should be is damaged.
            Some(bytes) => {
                into[..count].copy_from_slice(bytes.get(within..within + count).ok_or(Errno::EUCLEAN)?);
            }
        }
        Ok(count)
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn seek_data(&self, offset: u64, data: bool) -> Result<u64> {
        if offset >= self.size {
            return Err(Errno::ENXIO);
        }
        let block_bytes = self.block_bytes();
        let first = usize::try_from(offset / block_bytes).map_err(|_| Errno::EUCLEAN)?;
        let is_wanted = |index: usize| self.blocks.get(index).is_none_or(|word| (*word != 0) == data);
        let found = (first..self.blocks.len()).find(|index| is_wanted(*index)).unwrap_or(self.blocks.len());
        let at = (found as u64 * block_bytes).max(offset);
        // The tail, if there is one, is data; behind the end is a hole.
        let has_tail = self.body.fragment != NONE && !self.size.is_multiple_of(block_bytes);
        match (at < self.size, data) {
            (true, false) if found == self.blocks.len() && has_tail => Ok(self.size),
            (true, _) => Ok(at),
            (false, true) => Err(Errno::ENXIO),
            (false, false) => Ok(self.size),
        }
    }
}
