//! From an overlay's changes to something that keeps them: [`commit`].

use std::io;
use thiserror::Error;
use vfs::changes::{Changed, changes};
use vfs::layers::{OPAQUE, WHITEOUT};
use vfs::node::{At, File, Kind, Node, Open};
use vfs::{Errno, NodeRef};

/// Why changes could not be written.
#[derive(Debug, Error)]
pub enum CommitError {
    /// What the guest left cannot be read.
    #[error("what the guest changed cannot be read: {}", .0.text())]
    Guest(Errno),
    /// The host did not take it.
    #[error(transparent)]
    Host(#[from] io::Error),
}

impl From<Errno> for CommitError {
    fn from(errno: Errno) -> CommitError {
        CommitError::Guest(errno)
    }
}

/// Takes changes one after the other; directories come before what is in them. The empty path is the root.
pub trait Sink {
    /// All of a node. What is lost of it, if anything is.
    fn node(&mut self, path: &[u8], node: &dyn Node) -> Result<Option<&'static str>, CommitError>;
    /// Another name.
    fn link(&mut self, path: &[u8], of: &[u8]) -> Result<(), CommitError>;
    /// An empty file that means something by its name.
    fn mark(&mut self, path: &[u8]) -> Result<(), CommitError>;
}

/// Writes what was changed in the overlay `root`, but for what is at the paths `apart`. Gives what could not be kept,
/// in words.
pub fn commit(root: &NodeRef, apart: &[&[u8]], sink: &mut impl Sink) -> Result<Vec<String>, CommitError> {
    let mut lost = Vec::new();
    let mut lose = |path: &[u8], what: &str| lost.push(format!("/{}: {what}", String::from_utf8_lossy(path)));
    changes(root, apart, &mut |changed| {
        let path = match changed {
            Changed::Node { path, .. }
            | Changed::Link { path, .. }
            | Changed::Gone { path }
            | Changed::Opaque { path } => path,
        };
        if path.split(|byte| *byte == b'/').any(|name| name.starts_with(WHITEOUT)) {
            lose(path, "a name that begins with .wh. would mean that something is gone");
            return Ok(());
        }
        match changed {
            Changed::Node { path, node } => {
                if let Some(what) = sink.node(path, node)? {
                    lose(path, what);
                }
                Ok(())
            }
            Changed::Link { path, of } => sink.link(path, of),
            Changed::Gone { path } => {
                let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
                sink.mark(&[&path[..name], WHITEOUT, &path[name..]].concat())
            }
            Changed::Opaque { path: b"" } => sink.mark(OPAQUE),
            Changed::Opaque { path } => sink.mark(&[path, b"/", OPAQUE].concat()),
        }
    })?;
    Ok(lost)
}

/// The stretches of a file that are not holes: offset and length.
pub(crate) fn stretches(file: &dyn File, size: u64) -> Result<Vec<(u64, u64)>, Errno> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < size {
        let start = match file.seek_data(at, true) {
            Ok(start) => start.max(at),
            Err(Errno::ENXIO) => break,
            // Nobody can tell.
            Err(Errno::EINVAL | Errno::EOPNOTSUPP) => return Ok(vec![(0, size)]),
            Err(errno) => return Err(errno),
        };
        let end = file.seek_data(start, false).unwrap_or(size).clamp(start, size);
        if end == start {
            break;
        }
        found.push((start, end - start));
        at = end;
    }
    Ok(found)
}

/// Opens a regular file's bytes.
pub(crate) fn open(node: &dyn Node) -> Result<Box<dyn File>, Errno> {
    debug_assert_eq!(node.kind(), Ok(Kind::File));
    node.open(Open { read: true, ..Open::default() })
}

/// Hands a stretch of a file on, piece by piece; zeros where it has become shorter.
pub(crate) fn copy(
    file: &dyn File,
    (start, length): (u64, u64),
    put: &mut dyn FnMut(u64, &[u8]) -> io::Result<()>,
) -> Result<(), CommitError> {
    let mut piece = vec![0; 64 << 10];
    let mut done = 0;
    while done < length {
        let count = usize::try_from(length - done).map_or(piece.len(), |left| left.min(piece.len()));
        let piece = &mut piece[..count];
        let read = match file.read(At::Offset(start + done), piece)? {
            0 => {
                piece.fill(0);
                count
            }
            read => read.min(count),
        };
        put(start + done, &piece[..read])?;
        done += read as u64;
    }
    Ok(())
}
