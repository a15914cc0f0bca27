//! Taking the compression off a block: [`Compressor`].

use std::io::Read;
use vfs::{Errno, Result};

/// The methods, as the superblock numbers them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compressor {
    Gzip,
    Lzma,
    Lzo,
    Xz,
    Lz4,
    Zstd,
}

/// Largest dictionary: blocks have at most 1 MiB, and need no more.
const DICTIONARY_MAX: u32 = 1 << 20;

impl Compressor {
    pub(super) fn of(number: u16) -> Option<Compressor> {
        use Compressor::{Gzip, Lz4, Lzma, Lzo, Xz, Zstd};
        let index = usize::from(number).checked_sub(1)?;
        [Gzip, Lzma, Lzo, Xz, Lz4, Zstd].get(index).copied()
    }

    /// The bytes, at most `limit`.
    pub(super) fn unpack(self, packed: &[u8], limit: usize) -> Result<Vec<u8>> {
        let damaged = Errno::EUCLEAN;
        match self {
            Compressor::Gzip => {
                miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, limit).map_err(|_| damaged)
            }
            Compressor::Lzma => {
                let mut header = packed.get(..13).ok_or(damaged)?.to_vec();
                let dictionary = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
                header[1..5].copy_from_slice(&dictionary.min(DICTIONARY_MAX).to_le_bytes());
                let all = header.chain(packed.get(13..).unwrap_or_default());
                let reader = lzma_rust2::LzmaReader::new_mem_limit(all, 16 << 10, None);
                read(reader.map_err(|_| damaged)?, limit)
            }
            Compressor::Lzo => super::lzo::unpack(packed, limit).ok_or(damaged),
            Compressor::Xz => {
                let (data, dictionary) = xz(packed).ok_or(damaged)?;
                read(lzma_rust2::Lzma2Reader::new(data, dictionary.min(DICTIONARY_MAX), None), limit)
            }
            Compressor::Lz4 => {
                let mut bytes = vec![0; limit];
                let count = lz4_flex::block::decompress_into(packed, &mut bytes).map_err(|_| damaged)?;
                bytes.truncate(count);
                Ok(bytes)
            }
            Compressor::Zstd => {
                let reader = ruzstd::decoding::StreamingDecoder::new(packed);
                read(reader.map_err(|_| damaged)?, limit)
            }
        }
    }
}

fn read(reader: impl Read, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|_| Errno::EUCLEAN)?;
    if bytes.len() <= limit { Ok(bytes) } else { Err(Errno::EUCLEAN) }
}

/// The LZMA2 data of the first block of an xz stream, and its dictionary's size (The .xz File Format, 3.1 and 5.3.1).
///
/// Blocks with other filters, which are for code of other machines than MIPS, are not read. Checksums are not compared:
/// the image as a whole has none, either.
fn xz(packed: &[u8]) -> Option<(&[u8], u32)> {
    const STREAM_HEADER: usize = 12;
    packed.starts_with(b"\xfd7zXZ\0").then_some(())?;
    let header = packed.get(STREAM_HEADER..)?;
    let length = (usize::from(*header.first()?) + 1) * 4;
    let (header, data) = header.split_at_checked(length)?;
    let flags = *header.get(1)?;
    let mut at = 2;
    let mut number = || {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = *header.get(at)?;
            at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    };
    for present in [0x40, 0x80] {
        if flags & present != 0 {
            number()?;
        }
    }
    let (filter, properties) = (number()?, number()?);
    if flags & 0x3f != 0 || (filter, properties) != (0x21, 1) {
        return None;
    }
    let bits = u32::from(*header.get(at)? & 0x3f);
    let dictionary = if bits < 40 { u64::from(2 | bits & 1) << (bits / 2 + 11) } else { u64::from(u32::MAX) };
    Some((data, u32::try_from(dictionary).unwrap_or(u32::MAX)))
}
