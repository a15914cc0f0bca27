//! The names in a directory: [`Listing`].

use super::inode::{Body, Inode, Reference};
use super::metadata::{Bytes, Cursor};
use super::{Image, cache};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use vfs::node::Kind;
use vfs::{Errno, Result};

/// Most names of one directory.
const NAMES_MAX: usize = 1 << 20;

/// What a directory says of a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    pub(super) reference: Reference,
    pub(super) inode: u32,
    pub(super) kind: Kind,
}

/// All names of a directory.
pub(super) type Listing = BTreeMap<Box<[u8]>, Named>;

impl Image {
    pub(super) fn listing(&self, directory: &Inode) -> Result<Arc<Listing>> {
        let Reference(key) = directory.reference;
        if let Some(known) = cache::locked(&self.listings).get(key) {
            return Ok(known);
        }
        let listing = Arc::new(self.read_listing(directory)?);
        cache::locked(&self.listings).put(key, listing.clone(), listing.len());
        Ok(listing)
    }

    fn read_listing(&self, directory: &Inode) -> Result<Listing> {
        let Body::Directory { block, offset, bytes, .. } = directory.body else { return Err(Errno::ENOTDIR) };
        let (mut listing, mut directories) = (Listing::new(), BTreeSet::new());
        let mut left = bytes as usize;
        if left == 0 {
            return Ok(listing);
        }
        let at = self.superblock.directory_table.checked_add(block.into()).ok_or(Errno::EUCLEAN)?;
        let mut cursor = Cursor::new(self, at, offset.into())?;
        let mut take = |count: usize| {
            left = left.checked_sub(count).ok_or(Errno::EUCLEAN)?;
            Ok::<_, Errno>((cursor.bytes(count)?, left))
        };
        loop {
            let (head, _) = take(12)?;
            let mut head = Bytes(&head);
            let (count, block, base) = (head.u32()?, head.u32()?, head.u32()?);
            if count >= 256 {
                return Err(Errno::EUCLEAN);
            }
            let mut rest = 0;
            for _ in 0..=count {
                let (entry, _) = take(8)?;
                let mut entry = Bytes(&entry);
                let (offset, delta, kind, length) = (entry.u16()?, entry.u16()?, entry.u16()?, entry.u16()?);
                let (name, left) = take(usize::from(length) + 1)?;
                rest = left;
                let inode = base.wrapping_add_signed(delta.cast_signed().into());
                let named = Named {
                    reference: Reference(u64::from(block) << 16 | u64::from(offset)),
                    inode,
                    kind: kind_of(kind)?,
                };
                // A directory that could be found twice would make trees without end.
                let is_twice = named.kind.is_directory() && !directories.insert(inode);
                if is_twice || !is_name(&name) || listing.len() >= NAMES_MAX {
                    return Err(Errno::EUCLEAN);
                }
                listing.insert(name.into(), named);
            }
            if rest == 0 {
                return Ok(listing);
            }
        }
    }

    /// The inode behind a name. A directory must know the one above it, so that nothing lies in itself.
    pub(super) fn child(&self, directory: &Inode, named: Named) -> Result<Inode> {
        let inode = Inode::read(self, named.reference)?;
        let is_child = match inode.body {
            Body::Directory { parent, .. } => u64::from(parent) == directory.metadata.inode,
            _ => true,
        };
        let is_it = inode.metadata.inode == u64::from(named.inode)
            && std::mem::discriminant(&inode.metadata.kind) == std::mem::discriminant(&named.kind);
        if is_child && is_it { Ok(inode) } else { Err(Errno::EUCLEAN) }
    }
}

/// Devices have their numbers in the inode only.
fn kind_of(number: u16) -> Result<Kind> {
    Ok(match number {
        1 => Kind::Directory,
        2 => Kind::File,
        3 => Kind::Symlink,
        4 => Kind::BlockDevice(0, 0),
        5 => Kind::CharDevice(0, 0),
        6 => Kind::Fifo,
        7 => Kind::Socket,
        _ => return Err(Errno::EUCLEAN),
    })
}

fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"." | b"..") && name.len() <= 255 && !name.contains(&b'/') && !name.contains(&0)
}
