//! The files that memory is mapped from: what is still as it is in them is not kept, so they must be the same files where a
//! snapshot is resumed.

use super::place::{Nodes, SavedPlace};
use super::{Saving, Unresumed, Unsaved};
use crate::mm::FileBacking;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vfs::mount::Place;
use vfs::node::Open;
use vfs::{File, Walk};

/// Bytes digested at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// A file.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedBase {
    place: SavedPlace,
    bytes: u64,
    digest: [u8; 32],
}

/// A file that is mapped, open.
pub(super) struct Base {
    pub(super) number: u32,
    pub(super) file: Arc<dyn File>,
    pub(super) bytes: u64,
    /// Device and inode.
    pub(super) identity: (u64, u64),
}

/// All of them, by number.
#[derive(Default)]
pub(super) struct Bases(Vec<Arc<Base>>);

impl Bases {
    /// The file of a number.
    pub(super) fn get(&self, number: u32) -> Option<Arc<Base>> {
        self.0.get(number as usize).cloned()
    }

    fn find(&self, identity: (u64, u64)) -> Option<Arc<Base>> {
        self.0.iter().find(|base| base.identity == identity).cloned()
    }
}

impl Saving {
    /// The file that an area began as a copy of, if it is still to be found.
    pub(super) fn base(&mut self, file: &FileBacking) -> Result<Option<Arc<Base>>, Unsaved> {
        if let Some(known) = self.bases.find(file.identity) {
            return Ok(Some(known));
        }
        let place = match &file.description {
            Some(description) => Some(description.place().clone()),
            None => Walk::new(&self.kernel.mounts).resolve(&file.path).ok(),
        };
        let is_it = |place: &Place| {
            let metadata = place.node().metadata();
            metadata.is_ok_and(|metadata| (metadata.device, metadata.inode) == file.identity)
        };
        // What no path leads to may not be found again.
        let Some(place) = place.filter(|place| place.way().is_some() && is_it(place)) else { return Ok(None) };
        let Ok(opened) = open(&place) else { return Ok(None) };
        let failed = |errno: vfs::Errno| Unsaved(format!("{}: {}", String::from_utf8_lossy(&file.path), errno.text()));
        let (bytes, digest) = digest(&*opened).map_err(failed)?;
        let number = u32::try_from(self.bases.0.len()).unwrap_or(u32::MAX);
        let base = Arc::new(Base { number, file: opened, bytes, identity: file.identity });
        self.bases.0.push(base.clone());
        let place = self.systems.place(&place);
        self.saved_bases.push(SavedBase { place, bytes, digest });
        Ok(Some(base))
    }
}

fn open(place: &Place) -> vfs::Result<Arc<dyn File>> {
    Ok(Arc::from(place.node().open(Open { read: true, ..Open::default() })?))
}

/// A file's length, and the digest of its bytes.
fn digest(file: &dyn File) -> vfs::Result<(u64, [u8; 32])> {
    let (mut digest, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK_BYTES]);
    loop {
        let read = file.read_full(bytes, &mut chunk)?;
        digest.update(&chunk[..read]);
        bytes += read as u64;
        if read < chunk.len() {
            return Ok((bytes, digest.finalize().into()));
        }
    }
}

/// Opens the files again, which must be what they were.
pub(super) fn restore(saved: &[SavedBase], nodes: &Nodes) -> Result<Bases, Unresumed> {
    let mut bases = Bases::default();
    for (number, saved) in (0..).zip(saved) {
        let place = nodes.place(&saved.place).map_err(Unresumed::Missing)?;
        let name = || place.path(nodes.mounts.root()).unwrap_or_default();
        let file = open(&place).map_err(|_| Unresumed::Missing(name()))?;
        let metadata = place.node().metadata().map_err(|_| Unresumed::Missing(name()))?;
        if digest(&*file).ok() != Some((saved.bytes, saved.digest)) {
            return Err(Unresumed::Changed(name()));
        }
        let identity = (metadata.device, metadata.inode);
        bases.0.push(Arc::new(Base { number, file, bytes: saved.bytes, identity }));
    }
    Ok(bases)
}
