//! The file around a snapshot: magic, version, lengths, digest, and the compressed data.

use super::save::Unsaved;
use super::world::SavedWorld;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use sha2::{Digest, Sha256};

/// What a file begins with.
const MAGIC: [u8; 16] = *b"strata snapshot\n";
/// The version of what [`SavedWorld`] is made of, all parts included.
const VERSION: u32 = 4;
/// Bytes before the data: magic, version, length of the data before it was compressed, digest.
const HEADER_BYTES: usize = 16 + 4 + 8 + 32;
/// How hard to compress: what is quick.
const LEVEL: u8 = 3;
/// Deflate makes at most so many bytes of one.
const RATIO_MAX: u64 = 1032;

/// Why a file is no snapshot that can be resumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadError {
    /// It is something else.
    NoSnapshot,
    /// Another version of Strata made it.
    Version(u32),
    /// It is not what was written.
    Damaged,
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NoSnapshot => write!(out, "not a snapshot: give a file that `strata run --snapshot-on` wrote"),
            ReadError::Version(version) => write!(
                out,
                "a snapshot of format {version}, and this is a Strata for format {VERSION}: resume it with the version that made it"
            ),
            ReadError::Damaged => write!(out, "the snapshot is damaged: its digest does not fit; copy or make it anew"),
        }
    }
}

impl core::error::Error for ReadError {}

/// The file of a world.
pub(super) fn write(world: &SavedWorld) -> Result<Vec<u8>, Unsaved> {
    let data = postcard::to_allocvec(world).map_err(|error| Unsaved(format!("it cannot be written: {error}")))?;
    let mut file = Vec::from(MAGIC);
    file.extend(VERSION.to_le_bytes());
    file.extend((data.len() as u64).to_le_bytes());
    file.extend([0; 32]);
    file.extend(compress_to_vec(&data, LEVEL));
    let digest = digest(&file);
    file[HEADER_BYTES - 32..HEADER_BYTES].copy_from_slice(&digest);
    Ok(file)
}

/// Of all but the digest itself.
fn digest(file: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(&file[..HEADER_BYTES - 32]);
    digest.update(&file[HEADER_BYTES..]);
    digest.finalize().into()
}

/// The world of a file.
pub(super) fn read(file: &[u8]) -> Result<SavedWorld, ReadError> {
    let rest = file.strip_prefix(&MAGIC).ok_or(ReadError::NoSnapshot)?;
    let (version, rest) = rest.split_first_chunk().ok_or(ReadError::Damaged)?;
    let version = u32::from_le_bytes(*version);
    if version != VERSION {
        return Err(ReadError::Version(version));
    }
    let (length, rest) = rest.split_first_chunk().ok_or(ReadError::Damaged)?;
    let (told, compressed) = rest.split_first_chunk::<32>().ok_or(ReadError::Damaged)?;
    let length = u64::from_le_bytes(*length);
    if *told != digest(file) || length > RATIO_MAX.saturating_mul(compressed.len() as u64) {
        return Err(ReadError::Damaged);
    }
    let length = usize::try_from(length).map_err(|_| ReadError::Damaged)?;
    let data = decompress_to_vec_with_limit(compressed, length).map_err(|_| ReadError::Damaged)?;
    postcard::from_bytes(&data).map_err(|_| ReadError::Damaged)
}
