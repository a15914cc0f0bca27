//! An open file description: what open(2) makes and descriptors share.

use crate::commons::Commons;
use crate::flags::OpenFlags;
use crate::kernel::Kernel;
use crate::lock::Holder;
use crate::notify::Opened;
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use spin::Mutex;
use vfs::mount::Place;
use vfs::node::{At, Entry, File, Kind, NodeRef};
use vfs::{Errno, Result};

/// A file that is open, with its offset and flags.
pub(crate) struct Description {
    place: Place,
    /// None of one opened with O_PATH.
    file: Option<Arc<dyn File>>,
    /// What /proc/self/fd calls a file without a name.
    title: Option<Vec<u8>>,
    is_seekable: bool,
    is_directory: bool,
    offset: Mutex<u64>,
    flags: AtomicU32,
    /// A directory's names, as they were when it was read from the start.
    entries: Mutex<Option<Arc<Vec<Entry>>>>,
    /// Tells that it was closed, when it is dropped; none of what has no name.
    _opened: Option<Opened>,
    /// Who keeps locks of its own, once there are any.
    locks: Mutex<Weak<Kernel>>,
}

impl Description {
    pub(crate) fn new(place: Place, file: Option<Box<dyn File>>, flags: OpenFlags) -> Description {
        let is_directory = place.node().kind().is_ok_and(Kind::is_directory);
        let is_seekable = file.as_ref().is_some_and(|file| file.is_seekable());
        Description {
            place,
            file: file.map(Arc::from),
            title: None,
            is_seekable,
            is_directory,
            offset: Mutex::new(0),
            flags: AtomicU32::new(flags.0),
            entries: Mutex::new(None),
            _opened: None,
            locks: Mutex::default(),
        }
    }

    /// The same, telling when it is closed.
    pub(crate) fn telling(mut self, opened: Opened) -> Description {
        self._opened = Some(opened);
        self
    }

    /// The same, under a title: memfd_create(2).
    pub(crate) fn titled(mut self, title: Vec<u8>) -> Description {
        self.title = Some(title);
        self
    }

    pub(crate) fn title(&self) -> Option<&[u8]> {
        self.title.as_deref()
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn node(&self) -> &NodeRef {
        self.place.node()
    }

    /// The file; EBADF if only the path was opened.
    pub(crate) fn file(&self) -> Result<&dyn File> {
        self.file.as_deref().ok_or(Errno::EBADF)
    }

    /// The file, to outlive its descriptors.
    pub(crate) fn shared_file(&self) -> Option<Arc<dyn File>> {
        self.file.clone()
    }

    pub(crate) fn flags(&self) -> OpenFlags {
        OpenFlags(self.flags.load(Ordering::Relaxed))
    }

    /// Changes what fcntl(2) F_SETFL may change.
    pub(crate) fn set_flags(&self, flags: OpenFlags) {
        self.flags.store(flags.0, Ordering::Relaxed);
    }

    pub(crate) fn is_seekable(&self) -> bool {
        self.is_seekable
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.is_directory
    }

    /// The file, for reading its contents.
    pub(crate) fn readable(&self) -> Result<&dyn File> {
        if !self.flags().reads() {
            return Err(Errno::EBADF);
        }
        if self.is_directory { Err(Errno::EISDIR) } else { self.file() }
    }

    /// The file, for writing.
    pub(crate) fn writable(&self) -> Result<&dyn File> {
        if self.flags().writes() { self.file() } else { Err(Errno::EBADF) }
    }

    /// Reads where the offset stands, and moves it.
    pub(crate) fn read(&self, into: &mut [u8]) -> Result<usize> {
        let file = self.readable()?;
        if !self.is_seekable || file.shared_offset().is_some() {
            return file.read(At::Stream, into);
        }
        let mut offset = self.offset.lock();
        let read = file.read(At::Offset(*offset), into)?;
        *offset += read as u64;
        Ok(read)
    }

    /// Writes where the offset stands, or at the end with O_APPEND, and moves it.
    pub(crate) fn write(&self, from: &[u8]) -> Result<usize> {
        let file = self.writable()?;
        if !self.has_own_offset() {
            return file.write(At::Stream, from);
        }
        if file.shared_offset().is_some() {
            return file.write(if self.flags().appends() { At::End } else { At::Stream }, from);
        }
        let mut offset = self.offset.lock();
        if self.flags().appends() {
            let written = file.write(At::End, from)?;
            *offset = self.node().metadata().map_or(*offset + written as u64, |metadata| metadata.size);
            return Ok(written);
        }
        let written = file.write(At::Offset(*offset), from)?;
        *offset += written as u64;
        Ok(written)
    }

    /// Reads at an offset of the caller's.
    pub(crate) fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<usize> {
        let file = self.readable()?;
        if self.is_seekable { file.read(At::Offset(offset), into) } else { Err(Errno::ESPIPE) }
    }

    /// Writes at an offset of the caller's; with O_APPEND at the end all the same, as Linux does.
    pub(crate) fn write_at(&self, offset: u64, from: &[u8]) -> Result<usize> {
        let file = self.writable()?;
        if !self.is_seekable {
            return Err(Errno::ESPIPE);
        }
        file.write(if self.flags().appends() { At::End } else { At::Offset(offset) }, from)
    }

    /// Whether the offset is kept here: not of streams, nor of a file whose offset processes of the host share.
    fn has_own_offset(&self) -> bool {
        self.is_seekable && self.file.as_ref().is_none_or(|file| file.shared_offset().is_none())
    }

    /// Where it stands.
    pub(crate) fn offset(&self) -> Result<u64> {
        match self.file.as_ref().and_then(|file| file.shared_offset()) {
            Some(shared) => shared.get(),
            None => Ok(*self.offset.lock()),
        }
    }

    /// Moves it.
    pub(crate) fn set_offset(&self, offset: u64) -> Result<()> {
        if let Some(shared) = self.file.as_ref().and_then(|file| file.shared_offset()) {
            return shared.set(offset);
        }
        *self.offset.lock() = offset;
        if offset == 0 {
            *self.entries.lock() = None;
        }
        Ok(())
    }

    /// Locks that it holds go with it.
    pub(crate) fn release_with(&self, kernel: &Arc<Kernel>) {
        *self.locks.lock() = Arc::downgrade(kernel);
    }

    /// A directory's names, the same list until it is read from the start again. Deleting while reading skips nothing.
    pub(crate) fn entries(&self) -> Result<Arc<Vec<Entry>>> {
        let kept = self.entries.lock().clone();
        if let Some(entries) = kept {
            return Ok(entries);
        }
        let entries = Arc::new(self.node().entries()?);
        *self.entries.lock() = Some(entries.clone());
        Ok(entries)
    }
}

/// What there is to a description beside its place and its file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    title: Option<ByteBuf>,
    offset: u64,
    flags: u32,
    entries: Option<Vec<Entry>>,
    tells: bool,
}

impl Kept {
    /// How it was opened.
    pub(crate) fn flags(&self) -> OpenFlags {
        OpenFlags(self.flags)
    }
}

impl Description {
    /// What there is to it beside its place and its file.
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            title: self.title.clone().map(ByteBuf::from),
            offset: *self.offset.lock(),
            flags: self.flags().0,
            entries: self.entries.lock().as_ref().map(|entries| entries.to_vec()),
            tells: self._opened.is_some(),
        }
    }

    /// One as it was.
    pub(crate) fn restored(
        place: Place,
        file: Option<Box<dyn File>>,
        kept: Kept,
        commons: &Arc<Commons>,
    ) -> Description {
        let mut description = Description::new(place, file, OpenFlags(kept.flags));
        description.title = kept.title.map(ByteBuf::into_vec);
        description.offset = Mutex::new(kept.offset);
        description.entries = Mutex::new(kept.entries.map(Arc::new));
        match description.node().metadata() {
            Ok(metadata) if kept.tells => {
                let opened = Opened::new(commons, description.place(), &metadata, description.flags().writes());
                description.telling(opened)
            }
            _ => description,
        }
    }
}

impl Drop for Description {
    fn drop(&mut self) {
        if let Some(kernel) = self.locks.lock().upgrade() {
            // What it is called there is where it was (`Arc::as_ptr`).
            let identity = core::ptr::from_ref(self).addr();
            let mut locks = kernel.locks.lock();
            locks.release(None, Holder::Description(identity));
            locks.release(None, Holder::Whole(identity));
        }
    }
}
