//! [`SharedFile`]: the pages of a file that stand for it while processes map it shared, where the host cannot map the file itself.
//!
//! What is written to them reaches the file at msync(2), munmap(2) and exit, and before somebody reads it; what is written to
//! the file reaches them at once.

use crate::description::Description;
use crate::lock::FileId;
use crate::mm::Pages;
use abi::{AddressSpace, Mappable};
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec;
use spin::Mutex;
use vfs::node::At;
use vfs::{Errno, Result};

/// Bytes moved at a time.
const CHUNK_BYTES: u64 = 64 * 1024;

/// The pages of a file.
pub(crate) struct SharedFile {
    pub(crate) pages: Mappable,
    /// Somebody who may write the file, once anybody maps it who may.
    writer: Mutex<Option<Arc<Description>>>,
    /// How many of the file's bytes are in them.
    loaded: Mutex<u64>,
}

/// All that are mapped.
#[derive(Default)]
pub(crate) struct SharedFiles(BTreeMap<FileId, Weak<SharedFile>>);

impl SharedFiles {
    /// The pages of a file, if somebody maps it.
    pub(crate) fn get(&self, file: FileId) -> Option<Arc<SharedFile>> {
        self.0.get(&file).and_then(Weak::upgrade)
    }

    /// Whether nobody maps anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pages of a file of `size` bytes for a mapping that others shall see, if there are such.
    pub(crate) fn pages(
        &mut self,
        space: &mut dyn AddressSpace,
        id: FileId,
        description: &Arc<Description>,
        size: u64,
    ) -> Result<Option<Pages>> {
        let file = description.file()?;
        if file.is_shareable() {
            return Ok(file.mappable().map(Pages::Host));
        }
        if self.get(id).is_none() && !description.flags().writes() {
            return Ok(None);
        }
        Ok(self.of(space, id, description, size)?.map(Pages::Own))
    }

    /// The pages of a file that has `size` bytes, with all of them; none where the host has no such thing.
    fn of(
        &mut self,
        space: &mut dyn AddressSpace,
        id: FileId,
        description: &Arc<Description>,
        size: u64,
    ) -> Result<Option<Arc<SharedFile>>> {
        self.0.retain(|_, file| file.strong_count() > 0);
        let file = match self.get(id) {
            Some(file) => file,
            None => {
                let Ok(pages) = space.make_shared(size) else { return Ok(None) };
                let file = Arc::new(SharedFile { pages, writer: Mutex::new(None), loaded: Mutex::new(0) });
                self.0.insert(id, Arc::downgrade(&file));
                file
            }
        };
        if description.flags().writes() {
            file.writer.lock().get_or_insert_with(|| description.clone());
        }
        file.load(space, description, size)?;
        Ok(Some(file))
    }
}

impl SharedFile {
    /// Takes in what the file has beyond what was there before.
    fn load(&self, space: &mut dyn AddressSpace, description: &Description, size: u64) -> Result<()> {
        let mut loaded = self.loaded.lock();
        let mut chunk = vec![0; usize::try_from(CHUNK_BYTES.min(size.saturating_sub(*loaded))).unwrap_or(0)];
        while *loaded < size {
            let length = usize::try_from(CHUNK_BYTES.min(size - *loaded)).unwrap_or(0);
            let read = description.file()?.read(At::Offset(*loaded), &mut chunk[..length])?;
            if read == 0 {
                break;
            }
            if !space.write_shared(&self.pages, *loaded, &chunk[..read]) {
                return Err(Errno::ENOMEM);
            }
            *loaded += read as u64;
        }
        Ok(())
    }

    /// Brings the file up to date in a range that somebody is about to read.
    pub(crate) fn store(&self, space: &dyn AddressSpace, from: u64, bytes: u64) {
        let Some(writer) = self.writer.lock().clone() else { return };
        let end = from.saturating_add(bytes).min(*self.loaded.lock());
        let mut at = from;
        while at < end {
            let mut chunk = vec![0; usize::try_from(CHUNK_BYTES.min(end - at)).unwrap_or(0)];
            if !space.read_shared(&self.pages, at, &mut chunk) {
                return;
            }
            // Who reads must not fail because what others wrote cannot be kept.
            let Ok(file) = writer.file() else { return };
            if file.write(At::Offset(at), &chunk).is_err() {
                return;
            }
            at += chunk.len() as u64;
        }
    }

    /// Somebody wrote to the file.
    pub(crate) fn take(&self, space: &mut dyn AddressSpace, at: u64, bytes: &[u8]) {
        let mut loaded = self.loaded.lock();
        if at <= *loaded && space.write_shared(&self.pages, at, bytes) {
            *loaded = (*loaded).max(at + bytes.len() as u64);
        }
    }
}
