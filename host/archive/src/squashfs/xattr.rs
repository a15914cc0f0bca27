//! Extended attributes of an image.

use super::Image;
use super::inode::{Inode, NONE};
use super::metadata::{Bytes, Cursor};
use std::collections::BTreeMap;
use vfs::{Errno, Result};

/// What the type of a name stands for, without the bit that says that the value is elsewhere.
const PREFIXES: [&[u8]; 3] = [b"user.", b"trusted.", b"security."];
/// The value is elsewhere.
const ELSEWHERE: u16 = 0x100;
/// Largest value, and the most that one inode has (XATTR_SIZE_MAX).
const VALUE_BYTES_MAX: u32 = 65536;
const COUNT_MAX: u32 = 1 << 12;
const BYTES_MAX: usize = 1 << 20;

impl Image {
    /// All of an inode, by name.
    pub(super) fn xattrs(&self, inode: &Inode) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
        let mut found = BTreeMap::new();
        if inode.xattr == NONE || self.superblock.xattr_table == u64::MAX {
            return Ok(found);
        }
        let mut head = [0; 16];
        self.bytes(self.superblock.xattr_table, &mut head)?;
        let mut head = Bytes(&head);
        let (table, ids) = (head.u64()?, head.u32()?);
        if inode.xattr >= ids {
            return Err(Errno::EUCLEAN);
        }
        let list = self.superblock.xattr_table.checked_add(16).ok_or(Errno::EUCLEAN)?;
        let entry: [u8; 16] = self.entry(list, inode.xattr.into())?;
        let mut entry = Bytes(&entry);
        let (reference, count) = (entry.u64()?, entry.u32()?);
        if count > COUNT_MAX {
            return Err(Errno::EUCLEAN);
        }
        let mut cursor = self.xattr_at(table, reference)?;
        let mut bytes = 0;
        for _ in 0..count {
            let head = cursor.bytes(4)?;
            let mut head = Bytes(&head);
            let (kind, length) = (head.u16()?, head.u16()?);
            let name = cursor.bytes(length.into())?;
            let mut value = sized(&mut cursor)?;
            if kind & ELSEWHERE != 0 {
                let reference = Bytes(&value).u64()?;
                value = sized(&mut self.xattr_at(table, reference)?)?;
            }
            bytes += name.len() + value.len();
            if bytes > BYTES_MAX {
                return Err(Errno::EUCLEAN);
            }
            if let Some(prefix) = PREFIXES.get(usize::from(kind & 0xff)) {
                found.insert([prefix, &name[..]].concat(), value);
            }
        }
        Ok(found)
    }

    fn xattr_at(&self, table: u64, reference: u64) -> Result<Cursor<'_>> {
        let at = table.checked_add(reference >> 16).ok_or(Errno::EUCLEAN)?;
        Cursor::new(self, at, (reference & 0xffff) as usize)
    }
}

/// Bytes behind their length.
fn sized(cursor: &mut Cursor<'_>) -> Result<Vec<u8>> {
    let length = Bytes(&cursor.bytes(4)?).u32()?;
    if length > VALUE_BYTES_MAX {
        return Err(Errno::EUCLEAN);
    }
    cursor.bytes(length as usize)
}
