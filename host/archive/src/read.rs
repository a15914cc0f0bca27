//! A tar file as a tree: [`tar`]. Its headers are read once, bytes of files when they are wanted.
//!
//! What GNU tar, bsdtar and [`crate::Tape`] write: ustar, GNU and pax headers, extended attributes (`SCHILY.xattr.`), and
//! sparse files in GNU's old form and in version 1.0 of the pax form.

use crate::tree::{Extent, Inode, Tree};
use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::FileExt;
use tar::{Archive, Entry, EntryType};
use thiserror::Error;
use vfs::node::{Kind, TimeNs};
use vfs::{Errno, NodeRef};

const BLOCK: u64 = 512;
/// Longest map of a sparse file, in bytes.
const MAP_BYTES_MAX: u64 = 1 << 24;

/// Why a tar file is none.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The host cannot read it, or it is none.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is compressed, so that nothing in it can be found without reading all before it.
    #[error("it is compressed; {0} it first")]
    Compressed(&'static str),
    /// It has something that cannot be.
    #[error("{path} in it {what}")]
    Entry {
        /// Whose entry.
        path: String,
        /// What is wrong.
        what: &'static str,
    },
}

/// The root directory of a tar file that is not compressed.
pub fn tar(file: File) -> Result<NodeRef, ReadError> {
    let mut tree = Tree::new(file.try_clone()?);
    let length = file.metadata()?.len();
    let mut archive = Archive::new(BufReader::new(file.try_clone()?));
    for entry in archive.entries_with_seek()? {
        let mut entry = entry?;
        let path = entry.path_bytes().into_owned();
        let wrong = |what| ReadError::Entry { path: String::from_utf8_lossy(&path).into_owned(), what };
        add(&mut tree, &mut entry, &file, length).map_err(|error| match error {
            Refusal::Io(error) => ReadError::Io(error),
            Refusal::What(what) => wrong(what),
        })?;
    }
    Ok(tree.root())
}

enum Refusal {
    Io(io::Error),
    What(&'static str),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Io(error)
    }
}

impl From<&'static str> for Refusal {
    fn from(what: &'static str) -> Refusal {
        Refusal::What(what)
    }
}

impl From<Errno> for Refusal {
    fn from(_: Errno) -> Refusal {
        Refusal::What("is one too many")
    }
}

/// What the records of an extended header say that the header does not.
#[derive(Default)]
struct Records {
    attributes: Vec<(Vec<u8>, Vec<u8>)>,
    modified: Option<TimeNs>,
    owner: [Option<u32>; 2],
    sparse_name: Option<Vec<u8>>,
    sparse_size: Option<u64>,
    is_sparse: bool,
}

impl Records {
    fn of<R: io::Read>(entry: &mut Entry<'_, R>) -> Result<Records, Refusal> {
        let mut records = Records::default();
        let Some(extensions) = entry.pax_extensions()? else { return Ok(records) };
        for record in extensions {
            let record = record?;
            let (key, value) = (record.key_bytes(), record.value_bytes());
            let number = || std::str::from_utf8(value).ok()?.parse::<u64>().ok();
            match key {
                b"mtime" => records.modified = time(value),
                b"uid" => records.owner[0] = number().and_then(|id| u32::try_from(id).ok()),
                b"gid" => records.owner[1] = number().and_then(|id| u32::try_from(id).ok()),
                b"GNU.sparse.major" if value != b"1" => return Err("is sparse in another form than GNU's 1.0".into()),
                b"GNU.sparse.major" => records.is_sparse = true,
                b"GNU.sparse.map" | b"GNU.sparse.numblocks" => {
                    return Err("is sparse in an older form than GNU's 1.0".into());
                }
                b"GNU.sparse.name" => records.sparse_name = Some(value.to_vec()),
                b"GNU.sparse.realsize" => records.sparse_size = number(),
                _ => {
                    if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                        records.attributes.push((name.to_vec(), value.to_vec()));
                    }
                }
            }
        }
        Ok(records)
    }
}

/// Seconds with a fraction, as pax writes them.
fn time(text: &[u8]) -> Option<TimeNs> {
    let text = std::str::from_utf8(text).ok()?;
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    let (seconds, nanoseconds) = (seconds.parse::<i64>().ok()?, digits.parse::<i64>().ok()?);
    Some(TimeNs(seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)? * sign))
}

fn add<R: io::Read>(tree: &mut Tree, entry: &mut Entry<'_, R>, file: &File, length: u64) -> Result<(), Refusal> {
    let records = Records::of(entry)?;
    let path = records.sparse_name.clone().unwrap_or_else(|| entry.path_bytes().into_owned());
    let names = names(&path)?;
    let kind = match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Symlink,
        EntryType::Fifo => Kind::Fifo,
        EntryType::Char => {
            Kind::CharDevice(device(entry.header().device_major()?)?, device(entry.header().device_minor()?)?)
        }
        EntryType::Block => {
            Kind::BlockDevice(device(entry.header().device_major()?)?, device(entry.header().device_minor()?)?)
        }
        EntryType::Link => return link(tree, entry, &names),
        EntryType::XGlobalHeader => return Ok(()),
        _ => return Err("is of a kind that is not known".into()),
    };
    let mut inode = Inode::new(kind, entry.header().mode()? & 0o7777);
    let seconds = i64::try_from(entry.header().mtime()?).unwrap_or(i64::MAX);
    let modified = records.modified.unwrap_or(TimeNs(seconds.saturating_mul(1_000_000_000)));
    let owner = |id: u64| u32::try_from(id).unwrap_or(u32::MAX);
    inode.metadata.uid = records.owner[0].map_or_else(|| entry.header().uid().map(owner), Ok)?;
    inode.metadata.gid = records.owner[1].map_or_else(|| entry.header().gid().map(owner), Ok)?;
    (inode.metadata.modified, inode.metadata.accessed) = (modified, modified);
    inode.attributes = records.attributes.iter().cloned().collect();
    match kind {
        Kind::File => bytes(&mut inode, entry, &records, file, length)?,
        Kind::Symlink => {
            inode.target = entry.link_name_bytes().ok_or("is a link to nothing")?.into_owned();
            inode.metadata.size = inode.target.len() as u64;
        }
        _ => {}
    }
    put(tree, &names, inode)
}

fn device(number: Option<u32>) -> Result<u32, Refusal> {
    number.ok_or(Refusal::What("is a device without a number"))
}

/// The names of a path, which must not lead out.
fn names(path: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
    let names: Vec<Vec<u8>> =
        path.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b".")).map(<[u8]>::to_vec).collect();
    match names.iter().any(|name| name == b".." || name.len() > 255 || name.contains(&0)) {
        true => Err("has a name that cannot be".into()),
        false => Ok(names),
    }
}

/// Goes down to a directory, making those that were not told of.
fn descend(tree: &mut Tree, names: &[Vec<u8>]) -> Result<usize, Refusal> {
    let mut at = 0;
    for name in names {
        at = match tree.child(at, name) {
            Some(child) => child,
            None => {
                let child = tree.add(Inode::new(Kind::Directory, 0o755))?;
                name_it(tree, at, name, child)?;
                child
            }
        };
        if tree.kind(at) != Some(Kind::Directory) {
            return Err("lies in something that is no directory".into());
        }
    }
    Ok(at)
}

fn name_it(tree: &mut Tree, directory: usize, name: &[u8], child: usize) -> Result<(), Refusal> {
    let is_directory = tree.kind(child) == Some(Kind::Directory);
    let directory = tree.inode(directory).ok_or("lies nowhere")?;
    directory.names.insert(name.into(), child);
    directory.metadata.links += u32::from(is_directory);
    Ok(())
}

/// Hangs a node in; what was told of the same path before is replaced, but for what is in a directory.
fn put(tree: &mut Tree, names: &[Vec<u8>], inode: Inode) -> Result<(), Refusal> {
    let (last, above) = match names.split_last() {
        Some((last, above)) => (Some(last), above),
        None => (None, names),
    };
    let directory = descend(tree, above)?;
    let old = last.map_or(Some(0), |name| tree.child(directory, name));
    if let Some(old) = old.filter(|old| tree.kind(*old) == Some(Kind::Directory)) {
        if inode.metadata.kind != Kind::Directory {
            return Err("takes a directory's place".into());
        }
        let there = tree.inode(old).ok_or("lies nowhere")?;
        let (device, number, links) = (there.metadata.device, there.metadata.inode, there.metadata.links);
        there.metadata = inode.metadata;
        (there.metadata.device, there.metadata.inode, there.metadata.links) = (device, number, links);
        there.metadata.changed = there.metadata.modified;
        there.attributes = inode.attributes;
        return Ok(());
    }
    let child = tree.add(inode)?;
    match last {
        Some(name) => name_it(tree, directory, name, child),
        None => Err("takes the root's place".into()),
    }
}

fn link<R: io::Read>(tree: &mut Tree, entry: &Entry<'_, R>, path: &[Vec<u8>]) -> Result<(), Refusal> {
    let target = entry.link_name_bytes().ok_or("is a link to nothing")?.into_owned();
    let target = names(&target)?.iter().try_fold(0, |at, name| tree.child(at, name));
    let target = target.ok_or("is a link to what does not come before it")?;
    let Some((last, above)) = path.split_last() else { return Err("takes the root's place".into()) };
    let directory = descend(tree, above)?;
    let is_taken = tree.child(directory, last).is_some_and(|old| tree.kind(old) == Some(Kind::Directory));
    if is_taken || tree.kind(target) == Some(Kind::Directory) {
        return Err("is a link to or over a directory".into());
    }
    if let Some(inode) = tree.inode(target) {
        inode.metadata.links = inode.metadata.links.saturating_add(1);
    }
    name_it(tree, directory, last, target)
}

/// Where a file's bytes are.
fn bytes<R: io::Read>(
    inode: &mut Inode,
    entry: &Entry<'_, R>,
    records: &Records,
    file: &File,
    length: u64,
) -> Result<(), Refusal> {
    let (mut from, mut left) = (entry.raw_file_position(), entry.header().entry_size()?);
    let mut extents = Vec::new();
    let size;
    if let (Some(gnu), true) = (entry.header().as_gnu(), entry.header().entry_type() == EntryType::GNUSparse) {
        size = gnu.real_size()?;
        let mut at = entry.raw_header_position() + BLOCK;
        let mut found: Vec<(u64, u64)> = Vec::new();
        let mut slots = |sparse: &[tar::GnuSparseHeader]| -> Result<(), Refusal> {
            for slot in sparse.iter().filter(|slot| !slot.is_empty()) {
                found.push((slot.offset()?, slot.length()?));
            }
            Ok(())
        };
        slots(&gnu.sparse)?;
        let mut is_extended = gnu.is_extended();
        while is_extended {
            let mut more = tar::GnuExtSparseHeader::new();
            file.read_exact_at(more.as_mut_bytes(), at)?;
            slots(more.sparse())?;
            (at, is_extended) = (at + BLOCK, more.is_extended());
        }
        (from, extents) = (at, found);
    } else if records.is_sparse {
        size = records.sparse_size.ok_or("is sparse and has no size")?;
        left = entry.size();
        let (map, read) = map(file, from, left)?;
        (from, left, extents) = (from + read, left - read, map);
    } else {
        size = entry.size();
        left = size;
        extents.push((0, size));
    }
    let end = from.checked_add(left).filter(|end| *end <= length).ok_or("is cut off")?;
    let mut after = 0;
    for (at, bytes) in extents.into_iter().filter(|(_, bytes)| *bytes > 0) {
        let last = at.checked_add(bytes).filter(|last| at >= after && *last <= size).ok_or("has a bad map")?;
        if end - from < bytes {
            return Err("is cut off".into());
        }
        inode.extents.push(Extent { at, bytes, from });
        (after, from) = (last, from + bytes);
    }
    if size > i64::MAX as u64 {
        return Err("is larger than a file can be".into());
    }
    inode.metadata.size = size;
    inode.metadata.blocks = inode.extents.iter().map(|extent| extent.bytes.div_ceil(BLOCK)).sum();
    Ok(())
}

/// The map at the start of a sparse file's data, and how long it is: decimal numbers, one a line, up to a whole block.
fn map(file: &File, from: u64, left: u64) -> Result<(Vec<(u64, u64)>, u64), Refusal> {
    let (mut read, mut digits) = (0, String::new());
    let mut numbers: Vec<u64> = Vec::new();
    loop {
        let wanted = numbers.first().map(|count| count.saturating_mul(2).saturating_add(1));
        if wanted.is_some_and(|wanted| numbers.len() as u64 == wanted) {
            let pairs = numbers[1..].chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            return Ok((pairs, read));
        }
        if read >= left.min(MAP_BYTES_MAX) {
            return Err("has a bad map".into());
        }
        let mut block = [0; BLOCK as usize];
        file.read_exact_at(&mut block, from + read)?;
        read += BLOCK;
        for byte in block {
            let wanted = numbers.first().map_or(u64::MAX, |count| count.saturating_mul(2).saturating_add(1));
            match byte {
                _ if numbers.len() as u64 == wanted => break,
                b'0'..=b'9' if digits.len() < 20 => digits.push(char::from(byte)),
                b'\n' => {
                    numbers.push(digits.parse().map_err(|_| "has a bad map")?);
                    digits.clear();
                }
                _ => return Err("has a bad map".into()),
            }
        }
    }
}
