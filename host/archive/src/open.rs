//! A file that has a root file system in it, whatever its form: [`open`].

use crate::read::{ReadError, tar};
use crate::squashfs::{MAGIC, MAGIC_BIG, squashfs};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use vfs::NodeRef;

/// Compressed files by their first bytes, and what takes that off.
const COMPRESSED: &[(&[u8], &str)] =
    &[(b"\x1f\x8b", "gunzip"), (b"\xfd7zXZ\0", "unxz"), (b"\x28\xb5\x2f\xfd", "unzstd"), (b"BZh", "bunzip2")];

/// The root directory in a file, which is only read.
pub fn open(file: File) -> Result<NodeRef, ReadError> {
    let mut magic = [0; 6];
    let read = file.read_at(&mut magic, 0)?;
    let magic = &magic[..read];
    if let Some((_, program)) = COMPRESSED.iter().find(|(begin, _)| magic.starts_with(begin)) {
        return Err(ReadError::Compressed(program));
    }
    if magic.starts_with(MAGIC) {
        return squashfs(file);
    }
    if magic.starts_with(MAGIC_BIG) {
        let what = "a squashfs of a version before 4.0; unpack it with unsquashfs, and give the directory";
        return Err(io::Error::new(io::ErrorKind::InvalidData, what).into());
    }
    tar(file)
}
