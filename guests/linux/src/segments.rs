//! Putting an ELF file's segments into memory (fs/binfmt_elf.c).

use crate::mm::{Area, Backing, FileBacking, Memory, STACK_END};
use crate::program::{Program, StartError};
use abi::{Addr, AddressSpace, PAGE_BYTES, Prot};
use alloc::sync::Arc;
use alloc::vec;
use image::{Image, Segment};

/// Bytes of the stack. It is mapped whole, with nothing mapped below it.
pub(crate) const STACK_BYTES: u32 = 8 << 20;

/// Bytes copied at a time from a file that cannot be mapped.
const CHUNK_BYTES: u32 = 256 << 10;

/// Loads a program's segments, with `base` added to their addresses.
pub(crate) fn load(
    memory: &mut Memory,
    space: &mut dyn AddressSpace,
    program: &Program,
    base: u32,
) -> Result<(), StartError> {
    for segment in &program.image.segments {
        load_segment(memory, space, program, segment, base)?;
    }
    protect(memory, space, &program.image, base);
    let file = program.code_file();
    for segment in program.image.segments.iter().filter(|segment| segment.exec && segment.file_bytes > 0) {
        let Some((from, _)) = pages(segment, base) else { continue };
        let lead = segment.at.wrapping_add(base) - from.0;
        if segment.file_offset >= lead {
            let bytes = (lead + segment.file_bytes).next_multiple_of(PAGE_BYTES);
            space.code_of(from, bytes, &file, u64::from(segment.file_offset - lead));
        }
    }
    Ok(())
}

/// Bits of a segment's protection.
fn prot_of(segment: &Segment) -> Prot {
    let mut prot = Prot::empty();
    prot.set(Prot::READ, segment.read);
    prot.set(Prot::WRITE, segment.write);
    prot.set(Prot::EXEC, segment.exec);
    prot
}

/// The pages a segment lies in.
fn pages(segment: &Segment, base: u32) -> Option<(Addr, Addr)> {
    let at = segment.at.checked_add(base)?;
    let end = at.checked_add(segment.memory_bytes)?.checked_next_multiple_of(PAGE_BYTES)?;
    let at = at - at % PAGE_BYTES;
    // Page 0 stays empty, so that null pointers are noticed; the end is the stack's.
    (at >= PAGE_BYTES && end <= STACK_END - STACK_BYTES).then_some((Addr(at), Addr(end)))
}

/// Maps a segment's pages that no earlier one has, and fills in its bytes.
fn load_segment(
    memory: &mut Memory,
    space: &mut dyn AddressSpace,
    program: &Program,
    segment: &Segment,
    base: u32,
) -> Result<(), StartError> {
    let (from, end) = pages(segment, base).ok_or(StartError::Segment(segment.at))?;
    // Segments are sorted: only the first page can be shared with the one before.
    let shared = memory.areas.within(from, end).map(|(_, area)| area.end).max();
    let first = shared.unwrap_or(from);
    let backing = backing(program, segment, first, base);
    if shared.is_none() {
        memory.check_room(end.0 - from.0, 0).map_err(|_| StartError::Memory)?;
        if map_segment(space, program, segment, (from, end), base)? {
            memory
                .areas
                .insert(from, Area { end, prot: prot_of(segment), is_shared: false, was_writable: true, backing });
            return Ok(());
        }
    }
    if first < end {
        fresh(memory, space, first, end.0 - first.0, Prot::READ | Prot::WRITE, backing)?;
    }
    // The file's bytes before the segment in its first page are there too: it is the page that is mapped.
    let start = segment.at.wrapping_add(base);
    let lead = if shared.is_none() { (start - from.0).min(segment.file_offset) } else { 0 };
    let held = lead + segment.file_bytes;
    let bytes = if segment.file_bytes == segment.memory_bytes { held.max(end.0 - (start - lead)) } else { held };
    copy(space, program, Addr(start - lead), u64::from(segment.file_offset - lead), bytes)
}

/// Maps a segment's pages from its file, if its host and its layout allow that.
fn map_segment(
    space: &mut dyn AddressSpace,
    program: &Program,
    segment: &Segment,
    (from, end): (Addr, Addr),
    base: u32,
) -> Result<bool, StartError> {
    let start = segment.at.wrapping_add(base);
    let lead = start - from.0;
    let Some(file) = program.file.mappable() else { return Ok(false) };
    if segment.file_bytes == 0 || segment.file_offset % PAGE_BYTES != lead {
        return Ok(false);
    }
    let held_end = Addr(start + segment.file_bytes);
    // It is below `end`, which is a multiple as well.
    let file_end = Addr(held_end.0.next_multiple_of(PAGE_BYTES));
    let (prot, offset) = (prot_of(segment), u64::from(segment.file_offset - lead));
    if space.map_file(from, file_end.0 - from.0, prot, &file, offset).is_err() {
        return Ok(false);
    }
    if file_end < end {
        space.map(file_end, end.0 - file_end.0, prot).map_err(|_| StartError::Memory)?;
    }
    if segment.file_bytes < segment.memory_bytes {
        let zeros = [0; PAGE_BYTES as usize];
        let tail = &zeros[..(file_end.0 - held_end.0) as usize];
        space.fill(held_end, tail).map_err(|_| StartError::Memory)?;
    }
    Ok(true)
}

/// Copies up to `bytes` bytes of the program's file into pages that are mapped.
fn copy(space: &mut dyn AddressSpace, program: &Program, at: Addr, offset: u64, bytes: u32) -> Result<(), StartError> {
    let mut chunk = vec![0; CHUNK_BYTES.min(bytes) as usize];
    let mut done = 0;
    while done < bytes {
        let wanted = (bytes - done).min(CHUNK_BYTES) as usize;
        let read = program.file.read_full(offset + u64::from(done), &mut chunk[..wanted]).map_err(StartError::File)?;
        space.fill(at + done, &chunk[..read]).map_err(|_| StartError::Memory)?;
        if read < wanted {
            break;
        }
        done += read as u32;
    }
    Ok(())
}

/// What /proc/self/maps says of a segment: the file, or nothing for pages that hold only zeros.
fn backing(program: &Program, segment: &Segment, first: Addr, base: u32) -> Backing {
    let start = segment.at.wrapping_add(base);
    if segment.file_bytes == 0 || first.0 >= start.saturating_add(segment.file_bytes) {
        return Backing::Anonymous;
    }
    let offset = segment.file_offset.wrapping_sub(start.wrapping_sub(first.0));
    let metadata = program.node.as_ref().and_then(|node| node.metadata().ok());
    Backing::File(FileBacking {
        description: None,
        path: Arc::new(program.path.clone()),
        identity: metadata.map_or((0, 0), |metadata| (metadata.device, metadata.inode)),
        offset: u64::from(offset),
        // Its zeros at the end are there, whatever the file's length.
        held: u64::MAX,
        is_writable: false,
        pages: None,
    })
}

/// Gives every page the protection of the segments in it.
fn protect(memory: &mut Memory, space: &mut dyn AddressSpace, image: &Image, base: u32) {
    let mut last: Option<(Addr, Prot)> = None;
    for segment in &image.segments {
        let Some((from, end)) = pages(segment, base) else { continue };
        let prot = prot_of(segment);
        // Loaded just now, so protecting cannot fail.
        let _ = memory.protect(space, from, end.0 - from.0, prot);
        if let Some((last_end, last_prot)) = last
            && from < last_end
        {
            let _ = memory.protect(space, from, last_end.0 - from.0, prot | last_prot);
        }
        if prot.contains(Prot::EXEC) {
            space.code_changed(from, end.0 - from.0);
        }
        last = Some((end, prot));
    }
}

/// Maps zeros where nothing is.
pub(crate) fn fresh(
    memory: &mut Memory,
    space: &mut dyn AddressSpace,
    at: Addr,
    bytes: u32,
    prot: Prot,
    backing: Backing,
) -> Result<(), StartError> {
    memory.check_room(bytes, 0).map_err(|_| StartError::Memory)?;
    space.map(at, bytes, prot).map_err(|_| StartError::Memory)?;
    memory.areas.insert(at, Area { end: at + bytes, prot, is_shared: false, was_writable: true, backing });
    Ok(())
}
