//! Metadata blocks, 8 KiB each and compressed one by one, read as if they were one run of bytes: [`Cursor`].

use super::{Image, cache};
use std::sync::Arc;
use vfs::{Errno, Result};

/// Bytes of a full metadata block.
const BLOCK_BYTES: usize = 8192;

/// Little-endian numbers from bytes.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Errno::EUCLEAN)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| Errno::EUCLEAN)
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
}

/// A place in metadata.
pub(super) struct Cursor<'a> {
    image: &'a Image,
    block: Arc<[u8]>,
    offset: usize,
    /// Where the next block is.
    next: u64,
}

impl<'a> Cursor<'a> {
    /// `offset` bytes into the block at `at`.
    pub(super) fn new(image: &'a Image, at: u64, offset: usize) -> Result<Cursor<'a>> {
        let (block, next) = image.metadata(at)?;
        if offset > block.len() {
            return Err(Errno::EUCLEAN);
        }
        Ok(Cursor { image, block, offset, next })
    }

    /// The next `count` bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            if self.offset == self.block.len() {
                (self.block, self.next) = self.image.metadata(self.next)?;
                self.offset = 0;
                if self.block.is_empty() {
                    return Err(Errno::EUCLEAN);
                }
            }
            let here = (count - bytes.len()).min(self.block.len() - self.offset);
            bytes.extend_from_slice(&self.block[self.offset..self.offset + here]);
            self.offset += here;
        }
        Ok(bytes)
    }
}

impl Image {
    /// The metadata block at an offset of the file, and where the next one is.
    fn metadata(&self, at: u64) -> Result<(Arc<[u8]>, u64)> {
        if at >= self.superblock.bytes {
            return Err(Errno::EUCLEAN);
        }
        if let Some(known) = cache::locked(&self.metadata).get(at) {
            return Ok(known);
        }
        let mut head = [0; 2];
        self.bytes(at, &mut head)?;
        let head = u16::from_le_bytes(head);
        let mut packed = vec![0; usize::from(head & 0x7fff)];
        self.bytes(at + 2, &mut packed)?;
        let next = at + 2 + packed.len() as u64;
        let block: Arc<[u8]> = match head & 0x8000 {
            0 => self.superblock.compressor.unpack(&packed, BLOCK_BYTES)?.into(),
            _ => packed.into(),
        };
        if block.len() > BLOCK_BYTES {
            return Err(Errno::EUCLEAN);
        }
        cache::locked(&self.metadata).put(at, (block.clone(), next), block.len());
        Ok((block, next))
    }

    /// An entry of a table whose blocks are listed at `table`; each has `BLOCK_BYTES / N` entries.
    pub(super) fn entry<const N: usize>(&self, table: u64, index: u64) -> Result<[u8; N]> {
        let entries = (BLOCK_BYTES / N) as u64;
        let mut pointer = [0; 8];
        let at = (index / entries).checked_mul(8).and_then(|at| table.checked_add(at)).ok_or(Errno::EUCLEAN)?;
        self.bytes(at, &mut pointer)?;
        let offset = (index % entries) as usize * N;
        let bytes = Cursor::new(self, u64::from_le_bytes(pointer), offset)?.bytes(N)?;
        bytes.try_into().map_err(|_| Errno::EUCLEAN)
    }
}
