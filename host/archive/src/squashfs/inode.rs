//! What there is to know of a file: [`Inode`].

use super::Image;
use super::metadata::{Bytes, Cursor};
use vfs::node::{Kind, Metadata, TimeNs};
use vfs::{Errno, Result};

/// Where an inode is: its metadata block in the inode table, and the offset in that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reference(pub(super) u64);

/// Number of what there is none of.
pub(super) const NONE: u32 = u32::MAX;
/// Bytes of what all inodes begin with.
const HEAD_BYTES: usize = 16;
/// Blocks of the largest file that is opened: 128 GiB in blocks of the usual size.
const BLOCKS_MAX: u64 = 1 << 20;

/// An inode, without the list of a file's blocks.
#[derive(Clone)]
pub(super) struct Inode {
    pub(super) reference: Reference,
    pub(super) metadata: Metadata,
    /// Index of its extended attributes.
    pub(super) xattr: u32,
    pub(super) body: Body,
}

/// What the kinds have.
#[derive(Clone)]
pub(super) enum Body {
    /// Where the names are: block in the directory table, offset, length; and the inode number of the directory above.
    Directory {
        block: u32,
        offset: u16,
        bytes: u32,
        parent: u32,
    },
    File(FileBody),
    Symlink(Vec<u8>),
    Other,
}

/// Where a file's bytes are.
#[derive(Clone)]
pub(super) struct FileBody {
    /// The first block, in the image's file.
    pub(super) start: u64,
    pub(super) fragment: u32,
    /// Where in the fragment its tail is.
    pub(super) offset: u32,
    /// How many bytes before the list of blocks the inode has.
    list_at: usize,
}

impl Inode {
    pub(super) fn read(image: &Image, reference: Reference) -> Result<Inode> {
        let mut cursor = image.inode_at(reference)?;
        let head = cursor.bytes(HEAD_BYTES)?;
        let mut head = Bytes(&head);
        let (number, mode) = (head.u16()?, head.u16()?);
        let (uid, gid) = (image.id(head.u16()?)?, image.id(head.u16()?)?);
        let (seconds, inode) = (head.u32()?, head.u32()?);
        let mut found = rest(&mut cursor, number)?;
        if inode == 0 || inode > image.superblock.inodes {
            return Err(Errno::EUCLEAN);
        }
        let time = TimeNs(i64::from(seconds) * 1_000_000_000);
        found.reference = reference;
        found.metadata = Metadata {
            mode: u32::from(mode) & 0o7777,
            device: image.device,
            inode: inode.into(),
            uid,
            gid,
            blocks: found.metadata.size.div_ceil(512),
            accessed: time,
            modified: time,
            changed: time,
            ..found.metadata
        };
        Ok(found)
    }

    pub(super) fn is_directory(&self) -> bool {
        self.metadata.kind.is_directory()
    }

    /// The lengths of a file's blocks.
    pub(super) fn blocks(&self, image: &Image) -> Result<Vec<u32>> {
        let Body::File(body) = &self.body else { return Err(Errno::EINVAL) };
        let block_bytes = u64::from(image.superblock.block_bytes);
        let size = self.metadata.size;
        let count = if body.fragment == NONE { size.div_ceil(block_bytes) } else { size / block_bytes };
        if count > BLOCKS_MAX {
            return Err(Errno::EFBIG);
        }
        let mut cursor = image.inode_at(self.reference)?;
        cursor.bytes(body.list_at)?;
        let list = cursor.bytes(count as usize * 4)?;
        Ok(list.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect())
    }
}

/// What follows the head, which is the same for all. Numbers above 7 are of inodes that have more to say.
fn rest(cursor: &mut Cursor<'_>, number: u16) -> Result<Inode> {
    let is_extended = number > 7;
    match if is_extended { number - 7 } else { number } {
        1 => directory(cursor, is_extended),
        2 => file(cursor, is_extended),
        3 => symlink(cursor, is_extended),
        which @ 4..=7 => special(cursor, which, is_extended),
        _ => Err(Errno::EUCLEAN),
    }
}

fn directory(cursor: &mut Cursor<'_>, is_extended: bool) -> Result<Inode> {
    let bytes = cursor.bytes(if is_extended { 24 } else { 16 })?;
    let mut from = Bytes(&bytes);
    let (links, length, block, parent, offset);
    let mut xattr = NONE;
    if is_extended {
        (links, length, block, parent) = (from.u32()?, from.u32()?, from.u32()?, from.u32()?);
        from.u16()?;
        (offset, xattr) = (from.u16()?, from.u32()?);
    } else {
        (block, links, length, offset) = (from.u32()?, from.u32()?, from.u16()?.into(), from.u16()?);
        parent = from.u32()?;
    }
    // `.` and `..` count three bytes, and are not there.
    let body = Body::Directory { block, offset, bytes: length.saturating_sub(3), parent };
    Ok(blank(Kind::Directory, links, length.into(), xattr, body))
}

fn file(cursor: &mut Cursor<'_>, is_extended: bool) -> Result<Inode> {
    let bytes = cursor.bytes(if is_extended { 40 } else { 16 })?;
    let mut from = Bytes(&bytes);
    let (start, size, fragment, offset): (u64, u64, u32, u32);
    let (mut links, mut xattr) = (1, NONE);
    if is_extended {
        (start, size) = (from.u64()?, from.u64()?);
        from.u64()?;
        (links, fragment, offset, xattr) = (from.u32()?, from.u32()?, from.u32()?, from.u32()?);
    } else {
        (start, fragment, offset, size) = (from.u32()?.into(), from.u32()?, from.u32()?, from.u32()?.into());
    }
    if size > i64::MAX as u64 {
        return Err(Errno::EUCLEAN);
    }
    let list_at = HEAD_BYTES + bytes.len();
    Ok(blank(Kind::File, links, size, xattr, Body::File(FileBody { start, fragment, offset, list_at })))
}

fn symlink(cursor: &mut Cursor<'_>, is_extended: bool) -> Result<Inode> {
    let bytes = cursor.bytes(8)?;
    let mut from = Bytes(&bytes);
    let (links, length) = (from.u32()?, from.u32()?);
    if !(1..4096).contains(&length) {
        return Err(Errno::EUCLEAN);
    }
    let target = cursor.bytes(length as usize)?;
    let xattr = if is_extended { Bytes(&cursor.bytes(4)?).u32()? } else { NONE };
    Ok(blank(Kind::Symlink, links, length.into(), xattr, Body::Symlink(target)))
}

/// Devices, fifos and sockets.
fn special(cursor: &mut Cursor<'_>, which: u16, is_extended: bool) -> Result<Inode> {
    let bytes = cursor.bytes(if which < 6 { 8 } else { 4 } + if is_extended { 4 } else { 0 })?;
    let mut from = Bytes(&bytes);
    let links = from.u32()?;
    let device = if which < 6 { from.u32()? } else { 0 };
    let xattr = if is_extended { from.u32()? } else { NONE };
    // new_encode_dev (linux/kdev_t.h).
    let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xf_ff00);
    let kind = match which {
        4 => Kind::BlockDevice(major, minor),
        5 => Kind::CharDevice(major, minor),
        6 => Kind::Fifo,
        _ => Kind::Socket,
    };
    Ok(blank(kind, links, 0, xattr, Body::Other))
}

/// An inode; what its head says is filled in.
fn blank(kind: Kind, links: u32, size: u64, xattr: u32, body: Body) -> Inode {
    let never = TimeNs(0);
    let metadata = Metadata {
        kind,
        mode: 0,
        device: 0,
        inode: 0,
        links,
        uid: 0,
        gid: 0,
        size,
        blocks: 0,
        accessed: never,
        modified: never,
        changed: never,
    };
    Inode { reference: Reference(0), metadata, xattr, body }
}

impl Image {
    fn inode_at(&self, Reference(reference): Reference) -> Result<Cursor<'_>> {
        let at = self.superblock.inode_table.checked_add(reference >> 16).ok_or(Errno::EUCLEAN)?;
        Cursor::new(self, at, (reference & 0xffff) as usize)
    }

    /// A user or group by its index.
    fn id(&self, index: u16) -> Result<u32> {
        if index >= self.superblock.ids {
            return Err(Errno::EUCLEAN);
        }
        Ok(u32::from_le_bytes(self.entry(self.superblock.id_table, index.into())?))
    }
}
