//! [`Pieces`]: a file of which only what is asked for is read, and kept.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::ops::Range;
use object::read::ReadRef;

/// Bytes read at least: a program's headers lie together at its start.
const PIECE_BYTES: u64 = 4096;
/// Longest piece. What describes a program is shorter: 64 KiB of program headers, 65,535 sections of 40 bytes.
const PIECE_BYTES_MAX: u64 = 4 << 20;

type Read<'r> = dyn Fn(u64, &mut [u8]) -> bool + 'r;

/// A file, read by a function that fills a buffer from an offset.
pub(crate) struct Pieces<'r> {
    bytes: u64,
    read: &'r Read<'r>,
    first: OnceCell<Box<Piece>>,
}

struct Piece {
    at: u64,
    bytes: Vec<u8>,
    next: OnceCell<Box<Piece>>,
}

impl<'r> Pieces<'r> {
    pub(crate) fn new(bytes: u64, read: &'r Read<'r>) -> Pieces<'r> {
        Pieces { bytes, read, first: OnceCell::new() }
    }

    fn read_piece(&self, at: u64, bytes: u64) -> Option<Box<Piece>> {
        let bytes = bytes.max(PIECE_BYTES).min(self.bytes - at).min(PIECE_BYTES_MAX);
        let mut piece = vec![0; usize::try_from(bytes).ok()?];
        (self.read)(at, &mut piece).then(|| Box::new(Piece { at, bytes: piece, next: OnceCell::new() }))
    }
}

impl Piece {
    fn part(&self, at: u64, bytes: u64) -> Option<&[u8]> {
        let from = usize::try_from(at.checked_sub(self.at)?).ok()?;
        self.bytes.get(from..from.checked_add(usize::try_from(bytes).ok()?)?)
    }
}

impl<'a> ReadRef<'a> for &'a Pieces<'_> {
    fn len(self) -> Result<u64, ()> {
        Ok(self.bytes)
    }

    fn read_bytes_at(self, at: u64, bytes: u64) -> Result<&'a [u8], ()> {
        if bytes == 0 {
            return Ok(&[]);
        }
        if bytes > PIECE_BYTES_MAX || at.checked_add(bytes).is_none_or(|end| end > self.bytes) {
            return Err(());
        }
        let mut place = &self.first;
        loop {
            if place.get().is_none() {
                let piece = self.read_piece(at, bytes).ok_or(())?;
                let _ = place.set(piece);
            }
            let piece = place.get().ok_or(())?;
            if let Some(part) = piece.part(at, bytes) {
                return Ok(part);
            }
            place = &piece.next;
        }
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'a [u8], ()> {
        let bytes = self.read_bytes_at(range.start, range.end.checked_sub(range.start).ok_or(())?)?;
        let end = bytes.iter().position(|byte| *byte == delimiter).ok_or(())?;
        Ok(&bytes[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[test]
    fn reads_what_is_asked_for_once() {
        let file: Vec<u8> = (0..20_000u32).map(|byte| byte as u8).collect();
        let reads = Cell::new(0);
        let read = |at: u64, into: &mut [u8]| {
            reads.set(reads.get() + 1);
            into.copy_from_slice(&file[at as usize..at as usize + into.len()]);
            true
        };
        let pieces = Pieces::new(20_000, &read);
        for (at, bytes, reads_so_far) in [(0, 52, 1), (100, 3000, 1), (19_990, 10, 2), (4000, 9000, 3), (5000, 10, 3)] {
            let expected = &file[at as usize..(at + bytes) as usize];
            assert_eq!(((&pieces).read_bytes_at(at, bytes), reads.get()), (Ok(expected), reads_so_far));
        }
        assert_eq!((&pieces).read_bytes_at(19_999, 2), Err(()));
        assert_eq!((&pieces).read_bytes_at(u64::MAX, 2), Err(()));
        assert_eq!(Pieces::new(10, &|_, _| false).read_bytes_at(0, 1), Err(()));
        assert_eq!((&pieces).read_bytes_at_until(0..20, 7), Ok(&file[..7]));
    }
}
