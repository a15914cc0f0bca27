//! The memory of processes: its areas, and those of its pages that are not what the areas' files have.

use super::base::Base;
use super::pages::BYTES;
use super::{Resuming, Saving, Unresumed, Unsaved};
use crate::ipc::SavedSegments;
use crate::mm::{Area, Areas, Backing, FileBacking, Memory, SegmentBacking, effective, filemap};
use crate::program::code_file;
use abi::{Addr, AddressSpace, Endian, Mappable, PAGE_BYTES, Prot, USER_END};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use vfs::File;

/// Bytes compared at a time.
const CHUNK_BYTES: u32 = 64 << 10;

/// An address space.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedSpace {
    pub(super) endian: Endian,
    areas: Vec<SavedArea>,
    heap: Addr,
    heap_end: Addr,
    top: Addr,
    bytes_peak: u64,
    /// Addresses, and the numbers of pages.
    pages: Vec<(Addr, u32)>,
}

#[derive(Serialize, Deserialize)]
struct SavedArea {
    start: Addr,
    end: Addr,
    prot: u8,
    is_shared: bool,
    was_writable: bool,
    backing: SavedBacking,
}

#[derive(Serialize, Deserialize)]
enum SavedBacking {
    Anonymous,
    Named(String),
    Shared(u32, u64),
    /// A segment's number, and where in it.
    Segment {
        id: i32,
        offset: u64,
        is_writable: bool,
    },
    File {
        description: Option<u32>,
        base: Option<u32>,
        path: ByteBuf,
        offset: u64,
        held: u64,
        is_writable: bool,
    },
}

/// Pages that processes share and that are no file's.
#[derive(Serialize, Deserialize, Default)]
pub(super) struct SavedShared {
    bytes: u64,
    /// Offsets, and the numbers of pages.
    pages: BTreeMap<u64, u32>,
}

/// What areas are called that are no file's.
const NAMES: [&str; 3] = ["[heap]", "[stack]", "[vdso]"];

impl Saving {
    /// An address space as data.
    pub(super) fn space(
        &mut self,
        memory: &Memory,
        endian: Endian,
        space: &mut dyn AddressSpace,
    ) -> Result<SavedSpace, Unsaved> {
        let (mut areas, mut pages) = (Vec::new(), Vec::new());
        for (start, area) in memory.areas.iter() {
            let (backing, base) = self.backing(area, space)?;
            if let Some((shared, offset)) = area.shared_pages() {
                self.shared_pages(shared, offset, u64::from(area.end.0 - start.0), space);
            } else if !(area.is_shared && matches!(area.backing, Backing::File(_))) {
                let file = base.as_ref().map(|base| (&*base.file, base.offset));
                changed(space, start, area, file, &mut |at, page| pages.push((at, self.pages.number(page))))?;
            }
            let Area { end, is_shared, was_writable, .. } = *area;
            areas.push(SavedArea { start, end, prot: area.prot.bits(), is_shared, was_writable, backing });
        }
        let Memory { heap, heap_end, top, bytes_peak, .. } = *memory;
        Ok(SavedSpace { endian, areas, heap, heap_end, top, bytes_peak, pages })
    }

    /// Where an area's bytes come from, and the file that they can be compared with.
    fn backing(
        &mut self,
        area: &Area,
        space: &mut dyn AddressSpace,
    ) -> Result<(SavedBacking, Option<Compared>), Unsaved> {
        let file = match &area.backing {
            Backing::Anonymous => return Ok((SavedBacking::Anonymous, None)),
            Backing::Named(name) => return Ok((SavedBacking::Named((*name).into()), None)),
            Backing::Shared(shared, offset) => {
                return Ok((SavedBacking::Shared(self.shared.number(shared), *offset), None));
            }
            Backing::Segment(SegmentBacking { attached, offset, is_writable }) => {
                let (id, offset, is_writable) = (attached.id, *offset, *is_writable);
                return Ok((SavedBacking::Segment { id, offset, is_writable }, None));
            }
            Backing::File(file) => file,
        };
        if let Some(crate::mm::Pages::Own(pages)) = &file.pages {
            pages.store(space, 0, u64::MAX);
        }
        let base = if area.is_shared { None } else { self.base(file)? };
        let description = file.description.as_ref().map(|description| self.descriptions.number(description));
        let FileBacking { offset, held, is_writable, .. } = *file;
        let path = ByteBuf::from(file.path.to_vec());
        let number = base.as_ref().map(|base| base.number);
        let saved = SavedBacking::File { description, base: number, path, offset, held, is_writable };
        Ok((saved, base.map(|base| Compared { file: base.file.clone(), offset })))
    }

    /// Keeps what segments of System V shared memory hold, attached or not.
    pub(super) fn segments(&mut self, space: &dyn AddressSpace) {
        for (pages, bytes) in self.kernel.clone().commons.segments.pages() {
            self.shared_pages(&pages, 0, u64::from(bytes).next_multiple_of(BYTES as u64), space);
        }
    }

    /// Keeps what shared pages hold in a range.
    fn shared_pages(&mut self, shared: &Mappable, offset: u64, bytes: u64, space: &dyn AddressSpace) {
        let number = self.shared.number(shared) as usize;
        if self.shared_contents.len() <= number {
            self.shared_contents.resize_with(number + 1, SavedShared::default);
        }
        let contents = &mut self.shared_contents[number];
        contents.bytes = contents.bytes.max(offset + bytes);
        let mut page = [0; BYTES];
        for at in (offset..offset + bytes).step_by(BYTES) {
            if !contents.pages.contains_key(&at) && space.read_shared(shared, at, &mut page) && page != [0; BYTES] {
                contents.pages.insert(at, self.pages.number(&page));
            }
        }
    }
}

/// A file that an area began as a copy of, and from where on.
struct Compared {
    file: Arc<dyn File>,
    offset: u64,
}

/// Tells of the pages of an area that are not what its file has there, or not zero.
fn changed(
    space: &mut dyn AddressSpace,
    start: Addr,
    area: &Area,
    file: Option<(&dyn File, u64)>,
    tell: &mut dyn FnMut(Addr, &[u8]),
) -> Result<(), Unsaved> {
    let end = area.loaded_end(start);
    if start == end {
        return Ok(());
    }
    // Pages that the guest may not read are kept all the same.
    let is_hidden = !area.prot.intersects(Prot::READ | Prot::WRITE | Prot::EXEC);
    if is_hidden {
        space.protect(start, end.0 - start.0, Prot::READ);
    }
    let compared = compare(space, (start, end), file, tell);
    if is_hidden {
        space.protect(start, end.0 - start.0, area.prot);
    }
    compared
}

/// Tells of the pages of a range, all of which can be read, that are not what a file has there, or not zero.
fn compare(
    space: &dyn AddressSpace,
    (start, end): (Addr, Addr),
    file: Option<(&dyn File, u64)>,
    tell: &mut dyn FnMut(Addr, &[u8]),
) -> Result<(), Unsaved> {
    let (mut bytes, mut expected) = (vec![0; CHUNK_BYTES as usize], vec![0; CHUNK_BYTES as usize]);
    let mut at = start;
    while at < end {
        let length = (end.0 - at.0).min(CHUNK_BYTES) as usize;
        expected.fill(0);
        if let Some((file, offset)) = file {
            // What cannot be read is not there where it is resumed, either.
            let _ = file.read_full(offset + u64::from(at.0 - start.0), &mut expected[..length]);
        }
        space
            .read(at, &mut bytes[..length])
            .map_err(|bad| Unsaved(format!("memory at {:#010x} cannot be read", bad.0.0)))?;
        for ((page, expected), number) in bytes[..length].chunks(BYTES).zip(expected.chunks(BYTES)).zip(0..) {
            if page != expected {
                tell(at + number * PAGE_BYTES, page);
            }
        }
        at = at + length as u32;
    }
    Ok(())
}

impl Resuming {
    /// Puts what there was into an empty address space.
    pub(super) fn memory(&mut self, saved: &SavedSpace, space: &mut dyn AddressSpace) -> Result<Memory, Unresumed> {
        let bytes = saved.areas.iter().map(|area| u64::from(area.end.0.saturating_sub(area.start.0)));
        if bytes.sum::<u64>() > self.memory_bytes_max {
            return Err(Unresumed::Memory);
        }
        let mut areas = Areas::default();
        let mut floor = PAGE_BYTES;
        for saved in &saved.areas {
            let is_sound = [saved.start, saved.end].iter().all(|at| at.0.is_multiple_of(PAGE_BYTES))
                && saved.start.0 >= floor
                && saved.start < saved.end
                && saved.end.0 <= USER_END + PAGE_BYTES;
            if !is_sound {
                return Err(Unresumed::Malformed);
            }
            floor = saved.end.0;
            let area = self.area(saved, space)?;
            areas.insert(saved.start, area);
        }
        for (at, number) in &saved.pages {
            let page = self.pages.get(*number).ok_or(Unresumed::Malformed)?;
            space.fill(*at, page).map_err(|_| Unresumed::Malformed)?;
        }
        let SavedSpace { heap, heap_end, top, bytes_peak, .. } = *saved;
        Ok(Memory { areas, heap, heap_end, top, bytes_max: self.memory_bytes_max, bytes_peak })
    }

    /// An area, with its pages as they are before anybody writes to them.
    fn area(&mut self, saved: &SavedArea, space: &mut dyn AddressSpace) -> Result<Area, Unresumed> {
        let base = match saved.backing {
            SavedBacking::File { base: Some(base), .. } => Some(self.bases.get(base).ok_or(Unresumed::Malformed)?),
            _ => None,
        };
        let backing = match &saved.backing {
            SavedBacking::Anonymous => Backing::Anonymous,
            SavedBacking::Named(name) => {
                Backing::Named(NAMES.into_iter().find(|known| known == name).ok_or(Unresumed::Malformed)?)
            }
            SavedBacking::Shared(number, offset) => Backing::Shared(self.shared(*number, space)?, *offset),
            SavedBacking::Segment { id, offset, is_writable } => {
                let segment = self.kernel.commons.segments.find(*id).map_err(|_| Unresumed::Malformed)?;
                let attached = segment.state.lock().attached.clone();
                Backing::Segment(SegmentBacking { attached, offset: *offset, is_writable: *is_writable })
            }
            SavedBacking::File { description, path, offset, held, is_writable, .. } => {
                let find = |number: &u32| self.descriptions.get(*number as usize).cloned().ok_or(Unresumed::Malformed);
                let description = description.as_ref().map(find).transpose()?;
                let node = description.as_ref().map(|description| description.node().clone());
                let metadata = node.and_then(|node| node.metadata().ok());
                let mapped = metadata.map(|metadata| ((metadata.device, metadata.inode), metadata.size));
                let identity = mapped.map_or_else(|| base.as_ref().map_or((0, 0), |base| base.identity), |it| it.0);
                let pages = match (&description, mapped) {
                    (Some(description), Some((identity, size))) if saved.is_shared => {
                        let mut shared = self.kernel.shared.lock();
                        shared.pages(space, identity, description, size).map_err(|_| Unresumed::Memory)?
                    }
                    _ => None,
                };
                let path = Arc::new(path.to_vec());
                let (offset, held, is_writable) = (*offset, *held, *is_writable);
                Backing::File(FileBacking { description, path, identity, offset, held, is_writable, pages })
            }
        };
        let SavedArea { start, end, is_shared, was_writable, .. } = *saved;
        let prot = Prot::from_bits_truncate(saved.prot);
        let area = Area { end, prot, is_shared, was_writable, backing };
        let bytes = area.loaded_end(start).0 - start.0;
        if bytes > 0 {
            match (&area.backing, base) {
                (Backing::File(FileBacking { description: None, offset, path, .. }), Some(base)) => {
                    program_pages(space, start, &area, &base, *offset, path)?;
                }
                _ => {
                    filemap::place(space, start, bytes, &area).map_err(|_| Unresumed::Memory)?;
                    if let (true, Some((file, offset))) = (prot.contains(Prot::EXEC), area.code_file()) {
                        space.code_of(start, bytes, &file, offset);
                    }
                }
            }
        }
        Ok(area)
    }

    /// Segments of System V shared memory, whoever attaches them.
    pub(super) fn segments(&mut self, saved: SavedSegments, space: &mut dyn AddressSpace) -> Result<(), Unresumed> {
        let kernel = self.kernel.clone();
        if !saved.all(|_| true) {
            return Err(Unresumed::Malformed);
        }
        kernel.commons.segments.restore_with(saved, |number| self.shared(number, space))
    }

    /// Pages that processes share.
    fn shared(&mut self, number: u32, space: &mut dyn AddressSpace) -> Result<Mappable, Unresumed> {
        let number = number as usize;
        if let Some(shared) = self.shared.get(number).cloned().flatten() {
            return Ok(shared);
        }
        let saved = self.shared_contents.get(number).ok_or(Unresumed::Malformed)?;
        let shared = space.make_shared(saved.bytes).map_err(|_| Unresumed::Memory)?;
        for (at, page) in &saved.pages {
            let page = self.pages.get(*page).ok_or(Unresumed::Malformed)?;
            if *at >= saved.bytes || !space.write_shared(&shared, *at, page) {
                return Err(Unresumed::Malformed);
            }
        }
        if self.shared.len() <= number {
            self.shared.resize(number + 1, None);
        }
        self.shared[number] = Some(shared.clone());
        Ok(shared)
    }
}

/// Maps what a program's file has of an area, and zeros behind its end.
fn program_pages(
    space: &mut dyn AddressSpace,
    start: Addr,
    area: &Area,
    base: &Base,
    offset: u64,
    path: &Arc<Vec<u8>>,
) -> Result<(), Unresumed> {
    let (prot, bytes) = (effective(area.prot), area.end.0 - start.0);
    let held = base.bytes.saturating_sub(offset).next_multiple_of(u64::from(PAGE_BYTES)).min(u64::from(bytes)) as u32;
    let mappable = base.file.mappable().filter(|_| held > 0 && offset.is_multiple_of(u64::from(PAGE_BYTES)));
    let is_mapped = mappable.is_some_and(|file| space.map_file(start, held, prot, &file, offset).is_ok());
    let from = if is_mapped { start + held } else { start };
    if from < area.end {
        space.map(from, area.end.0 - from.0, prot).map_err(|_| Unresumed::Memory)?;
    }
    if !is_mapped {
        let mut contents = vec![0; held as usize];
        let read = base.file.read_full(offset, &mut contents).map_err(|_| Unresumed::Memory)?;
        space.fill(start, &contents[..read]).map_err(|_| Unresumed::Memory)?;
    }
    if area.prot.contains(Prot::EXEC) && held > 0 {
        space.code_changed(start, bytes);
        space.code_of(start, held, &code_file(base.file.clone(), base.bytes, path.clone()), offset);
    }
    Ok(())
}
