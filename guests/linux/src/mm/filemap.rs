//! Mapped files: filling areas from them and writing shared ones back.

use crate::mm::{Area, Backing, FileBacking, Memory, page_range};
use abi::{Addr, AddressSpace, Prot};
use alloc::vec;
use vfs::node::At;
use vfs::{Errno, Result};

/// Bytes moved at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Makes the pages of an area that starts at `at` and is not there yet: mapped where the host can, or else copied.
pub(crate) fn place(space: &mut dyn AddressSpace, at: Addr, bytes: u32, area: &Area) -> Result<()> {
    let prot = super::effective(area.prot);
    if let Some((pages, offset)) = area.shared_pages() {
        return space.map_shared(at, bytes, prot, pages, offset).map_err(|_| Errno::ENOMEM);
    }
    let Backing::File(file) = &area.backing else {
        return space.map(at, bytes, prot).map_err(|_| Errno::ENOMEM);
    };
    if let Some(pages) = &file.pages {
        return space.map_shared(at, bytes, prot, pages.mappable(), file.offset).map_err(|_| Errno::ENOMEM);
    }
    // What is written back must not show what others write in the meantime on some pages and not on others.
    if area.written_back().is_none()
        && let Some(description) = &file.description
        && let Some(mappable) = description.file()?.mappable()
        && space.map_file(at, bytes, prot, &mappable, file.offset).is_ok()
    {
        return Ok(());
    }
    space.map(at, bytes, prot).map_err(|_| Errno::ENOMEM)?;
    load(space, at, bytes, file).inspect_err(|_| space.unmap(at, bytes))
}

/// Copies a file's bytes into the pages of an area that starts at `at`.
fn load(space: &mut dyn AddressSpace, at: Addr, bytes: u32, file: &FileBacking) -> Result<()> {
    let Some(description) = &file.description else { return Ok(()) };
    let mut left = u64::from(bytes).min(file.held);
    let mut chunk = vec![0; CHUNK_BYTES.min(usize::try_from(left).unwrap_or(CHUNK_BYTES))];
    let (mut at, mut offset) = (at, file.offset);
    while left > 0 {
        let length = chunk.len().min(usize::try_from(left).unwrap_or(CHUNK_BYTES));
        let read = description.file()?.read(At::Offset(offset), &mut chunk[..length])?;
        if read == 0 {
            break;
        }
        // The area was mapped by our caller.
        let _ = space.fill(at, &chunk[..read]);
        at = at + u32::try_from(read).unwrap_or(0);
        offset += read as u64;
        left -= read as u64;
    }
    Ok(())
}

/// Writes an area's bytes back to its file, no further than the file reaches.
fn store(space: &mut dyn AddressSpace, at: Addr, to: Addr, area: &Area, area_at: Addr) -> Result<()> {
    let Some((description, file)) = area.written_back() else { return Ok(()) };
    let size = description.node().metadata()?.size;
    let within = u64::from(at.0 - area_at.0);
    let offset = file.offset + within;
    let mut left = u64::from(to.0 - at.0).min(size.saturating_sub(offset)).min(file.held.saturating_sub(within));
    // Pages that the guest may not read are ours to read all the same.
    let is_hidden = !area.prot.intersects(Prot::READ | Prot::WRITE | Prot::EXEC);
    if is_hidden {
        space.protect(area_at, area.loaded_end(area_at).0 - area_at.0, Prot::READ);
    }
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut at, mut offset) = (at, offset);
    let mut result = Ok(());
    while left > 0 && result.is_ok() {
        let length = CHUNK_BYTES.min(usize::try_from(left).unwrap_or(CHUNK_BYTES));
        if space.read(at, &mut chunk[..length]).is_err() {
            break;
        }
        result = description.file()?.write(At::Offset(offset), &chunk[..length]).map(|_| ());
        at = at + u32::try_from(length).unwrap_or(0);
        offset += length as u64;
        left -= length as u64;
    }
    if is_hidden {
        space.protect(area_at, area.loaded_end(area_at).0 - area_at.0, area.prot);
    }
    result
}

impl Memory {
    /// Writes shared file mappings of a range back (msync(2)).
    pub(crate) fn sync(&mut self, space: &mut dyn AddressSpace, at: Addr, bytes: u32) -> Result<()> {
        let (from, to) = page_range(at, bytes)?;
        let mut result = Ok(());
        for (start, area) in self.areas.within(from, to) {
            let written = store(space, start.max(from), area.end.min(to), area, start);
            result = result.and(written);
        }
        result
    }

    /// Writes all of them back: at exit.
    pub(crate) fn sync_all(&mut self, space: &mut dyn AddressSpace) {
        for (start, area) in self.areas.iter() {
            // There is nobody left to tell.
            let _ = store(space, start, area.end, area, start);
        }
    }

    /// Gives pages of a range back, so that they read as at first (madvise(2) MADV_DONTNEED).
    pub(crate) fn discard(&mut self, space: &mut dyn AddressSpace, at: Addr, bytes: u32) -> Result<()> {
        let (from, to) = page_range(at, bytes)?;
        self.sync(space, at, bytes)?;
        for (start, area) in self.areas.within(from, to) {
            let first = start.max(from);
            let end = area.end.min(to).min(area.loaded_end(start));
            if area.is_shared && !matches!(area.backing, Backing::File(_)) || end <= first {
                continue;
            }
            let bytes = end.0 - first.0;
            place(space, first, bytes, &area.tail(first.0 - start.0))?;
        }
        Ok(())
    }
}
