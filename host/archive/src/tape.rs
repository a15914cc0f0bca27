//! Changes as a tar file in the pax format (POSIX.1-2001): [`Tape`].
//!
//! Names of any length, times to the nanosecond, extended attributes (`SCHILY.xattr.`), and sparse files as GNU tar writes
//! them (`GNU.sparse`, version 1.0).

use crate::commit::{CommitError, Sink, copy, open, stretches};
use std::io::{self, Cursor, Read, Write};
use tar::{Builder, EntryType, Header};
use vfs::node::{Kind, Metadata, Node, TimeNs};

/// Bytes of a block.
const BLOCK: u64 = 512;
/// Largest length and owner that the header itself can hold.
const SIZE_MAX: u64 = 0o777_7777_7777;
const OWNER_MAX: u32 = 0o777_7777;

/// A tar file being written.
pub struct Tape<W: Write> {
    builder: Builder<W>,
}

impl<W: Write> Tape<W> {
    /// Writes to `to`.
    pub fn new(to: W) -> Tape<W> {
        Tape { builder: Builder::new(to) }
    }

    /// Ends it.
    pub fn finish(self) -> io::Result<W> {
        self.builder.into_inner()
    }

    /// Writes an entry, whose extended records precede it.
    fn entry(&mut self, mut header: Header, mut records: Records, body: &mut dyn Read) -> Result<(), CommitError> {
        if let Ok(size) = header.entry_size()
            && size > SIZE_MAX
        {
            records.put("size", size.to_string().as_bytes());
        }
        let records = records.0.iter().map(|(key, value)| (key.as_str(), value.as_slice()));
        self.builder.append_pax_extensions(records)?;
        header.set_cksum();
        Ok(self.builder.append(&header, body)?)
    }
}

/// Records of the extended header.
#[derive(Default)]
struct Records(Vec<(String, Vec<u8>)>);

impl Records {
    fn put(&mut self, key: &str, value: &[u8]) {
        self.0.push((key.to_owned(), value.to_vec()));
    }

    /// A path, in the header if it fits there.
    fn path(&mut self, header: &mut Header, key: &str, path: &[u8]) {
        let field = &mut header.as_old_mut();
        let field = if key == "path" { &mut field.name } else { &mut field.linkname };
        let count = path.len().min(field.len());
        field[..count].copy_from_slice(&path[..count]);
        if path.len() > field.len() || path.iter().any(|byte| !byte.is_ascii()) {
            self.put(key, path);
        }
    }

    fn time(&mut self, header: &mut Header, time: TimeNs) {
        let (seconds, nanoseconds) = (time.0.div_euclid(1_000_000_000), time.0.rem_euclid(1_000_000_000));
        header.set_mtime(u64::try_from(seconds).unwrap_or(0));
        if nanoseconds != 0 || !(0..1 << 33).contains(&seconds) {
            // Before 1970 the fraction counts downward, too.
            let text = match (seconds, nanoseconds) {
                (0.., _) | (_, 0) => format!("{seconds}.{nanoseconds:09}"),
                _ => format!("-{}.{:09}", -(seconds + 1), 1_000_000_000 - nanoseconds),
            };
            self.put("mtime", text.trim_end_matches('0').trim_end_matches('.').as_bytes());
        }
    }

    /// Extended attributes; whether all have names that can be written.
    fn attributes(&mut self, node: &dyn Node) -> Result<bool, CommitError> {
        let mut all = true;
        for name in node.xattrs()? {
            match std::str::from_utf8(&name) {
                Ok(text) if !text.contains('=') => self.put(&format!("SCHILY.xattr.{text}"), &node.xattr(&name)?),
                _ => all = false,
            }
        }
        Ok(all)
    }
}

/// The header of an entry that is nobody's in particular.
fn plain(entry_type: EntryType, mode: u32) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(entry_type);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header.set_mtime(0);
    header
}

fn header(metadata: &Metadata, records: &mut Records) -> Header {
    let mut header = Header::new_ustar();
    header.set_mode(metadata.mode);
    header.set_size(0);
    for (key, owner) in [("uid", metadata.uid), ("gid", metadata.gid)] {
        let short = if owner > OWNER_MAX { 0 } else { owner };
        if key == "uid" {
            header.set_uid(short.into())
        } else {
            header.set_gid(short.into())
        }
        if owner > OWNER_MAX {
            records.put(key, owner.to_string().as_bytes());
        }
    }
    records.time(&mut header, metadata.modified);
    header
}

impl<W: Write> Sink for Tape<W> {
    fn node(&mut self, path: &[u8], node: &dyn Node) -> Result<Option<&'static str>, CommitError> {
        let metadata = node.metadata()?;
        let mut records = Records::default();
        let mut header = header(&metadata, &mut records);
        let entry_type = match metadata.kind {
            Kind::File => EntryType::Regular,
            Kind::Directory => EntryType::Directory,
            Kind::Symlink => EntryType::Symlink,
            Kind::CharDevice(..) => EntryType::Char,
            Kind::BlockDevice(..) => EntryType::Block,
            Kind::Fifo => EntryType::Fifo,
            Kind::Socket => return Ok(Some("a socket; tar files have none")),
            Kind::Anonymous => return Ok(Some("what no directory can hold")),
        };
        header.set_entry_type(entry_type);
        if let Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) = metadata.kind {
            header.set_device_major(major)?;
            header.set_device_minor(minor)?;
        }
        if metadata.kind == Kind::Symlink {
            records.path(&mut header, "linkpath", &node.readlink()?);
        }
        let all = records.attributes(node)?;
        let path = if metadata.kind == Kind::Directory { [b"./", path, b"/"].concat() } else { [b"./", path].concat() };
        let path = if path == b"." || path == b".//" { b"./".to_vec() } else { path };
        if metadata.kind == Kind::File {
            self.file(&path, node, metadata.size, header, records)?;
        } else {
            records.path(&mut header, "path", &path);
            self.entry(header, records, &mut io::empty())?;
        }
        Ok((!all).then_some("an extended attribute whose name tar files cannot hold"))
    }

    fn link(&mut self, path: &[u8], of: &[u8]) -> Result<(), CommitError> {
        let mut records = Records::default();
        let mut header = plain(EntryType::Link, 0o644);
        records.path(&mut header, "linkpath", &[b"./", of].concat());
        records.path(&mut header, "path", &[b"./", path].concat());
        self.entry(header, records, &mut io::empty())
    }

    fn mark(&mut self, path: &[u8]) -> Result<(), CommitError> {
        let mut records = Records::default();
        let mut header = plain(EntryType::Regular, 0);
        records.path(&mut header, "path", &[b"./", path].concat());
        self.entry(header, records, &mut io::empty())
    }
}

impl<W: Write> Tape<W> {
    fn file(
        &mut self,
        path: &[u8],
        node: &dyn Node,
        size: u64,
        mut header: Header,
        mut records: Records,
    ) -> Result<(), CommitError> {
        let file = open(node)?;
        let mut stretches = stretches(&*file, size)?;
        let is_whole = stretches.iter().map(|(_, length)| length).sum::<u64>() == size;
        let mut map = Vec::new();
        if is_whole {
            records.path(&mut header, "path", path);
        } else {
            // By this GNU tar knows where the file ends.
            stretches.push((size, 0));
            records.put("GNU.sparse.major", b"1");
            records.put("GNU.sparse.minor", b"0");
            records.put("GNU.sparse.name", path);
            records.put("GNU.sparse.realsize", size.to_string().as_bytes());
            records.path(&mut header, "path", b"GNUSparseFile.0/file");
            writeln!(map, "{}", stretches.len())?;
            for (start, length) in &stretches {
                write!(map, "{start}\n{length}\n")?;
            }
            map.resize(map.len().next_multiple_of(BLOCK as usize), 0);
        }
        let bytes = map.len() as u64 + stretches.iter().map(|(_, length)| length).sum::<u64>();
        header.set_size(bytes);
        let mut body = Body { file: &*file, stretches: &stretches, done: 0, error: None };
        let written = self.entry(header, records, &mut Cursor::new(map).chain(&mut body));
        match body.error {
            Some(error) => Err(error),
            None => written,
        }
    }
}

/// The stretches of a file, one after the other.
struct Body<'a> {
    file: &'a dyn vfs::File,
    stretches: &'a [(u64, u64)],
    /// How much of the first one is done.
    done: u64,
    error: Option<CommitError>,
}

impl Read for &mut Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some((start, length)) = self.stretches.first().copied() {
            let left = length - self.done;
            let count = usize::try_from(left).map_or(into.len(), |left| left.min(into.len()));
            if left == 0 {
                (self.stretches, self.done) = (&self.stretches[1..], 0);
                continue;
            }
            let mut filled = 0;
            let stretch = (start + self.done, count as u64);
            let copied = copy(self.file, stretch, &mut |_, piece| {
                into[filled..filled + piece.len()].copy_from_slice(piece);
                filled += piece.len();
                Ok(())
            });
            if let Err(error) = copied {
                self.error = Some(error);
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.done += filled as u64;
            return Ok(filled);
        }
        Ok(0)
    }
}
