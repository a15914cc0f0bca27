//! A squashfs image, version 4.0, as a tree (Documentation/filesystems/squashfs.rst): [`squashfs`].
//!
//! Nothing is unpacked ahead: inodes, directories and blocks are read when they are asked for, and the last ones are kept.
//! Whatever the image says is checked where it is used; what cannot be gives `EUCLEAN`, and costs no more than a block and
//! a list of blocks.

mod block;
mod cache;
mod directory;
mod file;
mod inode;
mod lzo;
mod metadata;
mod node;
mod superblock;
mod xattr;

use crate::read::ReadError;
use cache::Cache;
use directory::Listing;
use inode::{Inode, Reference};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};
use superblock::Superblock;
use vfs::node::new_device;
use vfs::{Errno, NodeRef, Result};

/// What the file begins with.
pub(crate) const MAGIC: &[u8] = b"hsqs";
/// What such a file of a big-endian machine begins with; those had versions up to 3.
pub(crate) const MAGIC_BIG: &[u8] = b"sqsh";

/// Bytes of data blocks that are kept.
const DATA_KEPT: usize = 16 << 20;
/// Bytes of metadata blocks that are kept, each up to 8 KiB.
const METADATA_KEPT: usize = 4 << 20;
/// Names of directories that are kept.
const NAMES_KEPT: usize = 1 << 16;

/// An image, and what was read of it last.
struct Image {
    file: File,
    superblock: Superblock,
    device: u64,
    metadata: Mutex<Cache<(Arc<[u8]>, u64)>>,
    data: Mutex<Cache<Arc<[u8]>>>,
    listings: Mutex<Cache<Arc<Listing>>>,
}

/// The root directory of an image.
pub fn squashfs(file: File) -> std::result::Result<NodeRef, ReadError> {
    let superblock = Superblock::read(&file)?;
    let image = Arc::new(Image {
        file,
        superblock,
        device: new_device(),
        metadata: Mutex::new(Cache::new(METADATA_KEPT)),
        data: Mutex::new(Cache::new(DATA_KEPT)),
        listings: Mutex::new(Cache::new(NAMES_KEPT)),
    });
    let root = Inode::read(&image, Reference(image.superblock.root));
    let damaged = |_| {
        io::Error::new(io::ErrorKind::InvalidData, "its root directory is damaged, or compressed in an unknown way")
    };
    let root =
        root.and_then(|root| if root.is_directory() { Ok(root) } else { Err(Errno::EUCLEAN) }).map_err(damaged)?;
    Ok(node::root(image, root))
}

impl Image {
    /// Bytes of the file; `EUCLEAN` where it has ended.
    fn bytes(&self, at: u64, into: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(into, at).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => Errno::EUCLEAN,
            _ => Errno::EIO,
        })
    }

    /// A block of data; `word` is its length, and whether it is compressed.
    fn data(&self, at: u64, word: u32) -> Result<Arc<[u8]>> {
        if let Some(known) = cache::locked(&self.data).get(at) {
            return Ok(known);
        }
        let limit = self.superblock.block_bytes as usize;
        let length = (word & 0xff_ffff) as usize;
        if length > limit {
            return Err(Errno::EUCLEAN);
        }
        let mut packed = vec![0; length];
        self.bytes(at, &mut packed)?;
        let bytes: Arc<[u8]> = match word & 1 << 24 {
            0 => self.superblock.compressor.unpack(&packed, limit)?.into(),
            _ => packed.into(),
        };
        cache::locked(&self.data).put(at, bytes.clone(), bytes.len());
        Ok(bytes)
    }
}
