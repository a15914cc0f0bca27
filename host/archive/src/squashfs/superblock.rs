//! Where an image says what it is and where its tables are: [`Superblock`].

use super::block::Compressor;
use super::metadata::Bytes;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// What the first 96 bytes tell.
pub(super) struct Superblock {
    pub(super) inodes: u32,
    pub(super) block_bytes: u32,
    pub(super) fragments: u32,
    pub(super) compressor: Compressor,
    pub(super) ids: u16,
    /// Reference to the root's inode.
    pub(super) root: u64,
    pub(super) bytes: u64,
    pub(super) id_table: u64,
    /// All ones if there is none.
    pub(super) xattr_table: u64,
    pub(super) inode_table: u64,
    pub(super) directory_table: u64,
    pub(super) fragment_table: u64,
}

/// Smallest and largest block (mksquashfs(1), -b).
const BLOCK_BYTES: std::ops::RangeInclusive<u32> = 4096..=1 << 20;

impl Superblock {
    pub(super) fn read(file: &File) -> io::Result<Superblock> {
        let wrong = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
        let mut bytes = [0; 96];
        file.read_exact_at(&mut bytes, 0).map_err(|_| wrong(String::from("it is cut off")))?;
        let short = |_| wrong(String::from("it is cut off"));
        let mut from = Bytes(&bytes[4..]);
        let inodes = from.u32().map_err(short)?;
        from.u32().map_err(short)?;
        let block_bytes = from.u32().map_err(short)?;
        let fragments = from.u32().map_err(short)?;
        let compressor = from.u16().map_err(short)?;
        from.take(4).map_err(short)?;
        let ids = from.u16().map_err(short)?;
        let version = (from.u16().map_err(short)?, from.u16().map_err(short)?);
        if version != (4, 0) {
            return Err(wrong(format!("a squashfs of version {}.{}; only 4.0 is read", version.0, version.1)));
        }
        let compressor = Compressor::of(compressor)
            .ok_or_else(|| wrong(format!("a squashfs compressed by a method {compressor} that is not known")))?;
        if !BLOCK_BYTES.contains(&block_bytes) || !block_bytes.is_power_of_two() {
            return Err(wrong(format!("a squashfs with blocks of {block_bytes} bytes")));
        }
        let mut word = || from.u64().map_err(short);
        Ok(Superblock {
            inodes,
            block_bytes,
            fragments,
            compressor,
            ids,
            root: word()?,
            bytes: word()?,
            id_table: word()?,
            xattr_table: word()?,
            inode_table: word()?,
            directory_table: word()?,
            fragment_table: word()?,
        })
    }
}
