//! Guest memory: a mapping whose pages the guest's address is the offset of, and what may be done with each page.

#![expect(unsafe_code, reason = "reads and writes guest pages through raw pointers")]

use crate::codes::Codes;
use crate::filemaps::{Backing, FileMaps};
use crate::mapping::Mapping;
use crate::own_pages::OwnPages;
use abi::{Addr, AddressSpace, BadAddress, CodeFile, Mappable, OutOfMemory, PAGE_BYTES, PageMap, Prot, Unmappable};
use mips::cpu::Size;
use mips::exception::{Access, Denied, Fault};
use mips::reading::interp::Bus;
use run::Space;
use rustix::fs::{MemfdFlags, fstat, ftruncate, memfd_create};
use rustix::io::{pread, pwrite};
use rustix::mm::{MprotectFlags, ProtFlags};
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// From this length on, bringing pages in at once is cheaper than a fault each.
const POPULATE_BYTES_MIN: u32 = 4 * PAGE_BYTES;

/// One guest address space, by mmap. The page map decides what the interpreter and system calls may touch; the host's
/// page protection decides the same for translated code.
pub struct GuestMemory {
    mapping: Arc<Mapping>,
    pages: PageMap,
    big_endian: bool,
    changed: Vec<(Addr, u32)>,
    /// Whose code is where.
    pub(crate) codes: Codes,
    /// What is mapped of which file of the host's.
    files: FileMaps,
    started: Instant,
}

impl GuestMemory {
    pub(crate) fn new(mapping: Arc<Mapping>, big_endian: bool) -> GuestMemory {
        GuestMemory {
            mapping,
            pages: PageMap::default(),
            big_endian,
            changed: Vec::new(),
            codes: Codes::default(),
            files: FileMaps::default(),
            started: Instant::now(),
        }
    }

    /// A copy in another mapping. What files hold is mapped there as it is here; only what was written since is copied.
    pub(crate) fn fork(&self, mapping: Arc<Mapping>) -> rustix::io::Result<GuestMemory> {
        let mut child = GuestMemory::new(mapping, self.big_endian);
        child.codes = self.codes.clone();
        child.files = self.files.clone();
        let own_pages = OwnPages::open();
        let mut at = 0;
        for (bytes, prot, is_mapped) in self.pages.all_runs() {
            if is_mapped {
                for (range, backing) in self.files.split(at..at + bytes) {
                    child.take_copy(self, range, prot, backing.as_ref(), &own_pages)?;
                }
            }
            at += bytes;
        }
        Ok(child)
    }

    /// Has the pages of a range as `from` has them.
    fn take_copy(
        &mut self,
        from: &GuestMemory,
        range: Range<u32>,
        prot: Prot,
        backing: Option<&Backing>,
        own_pages: &OwnPages,
    ) -> rustix::io::Result<()> {
        let (start, bytes) = (range.start as usize, (range.end - range.start) as usize);
        let (all, last) = (MprotectFlags::READ | MprotectFlags::WRITE, host(prot));
        let first = ProtFlags::from_bits_truncate(all.bits());
        match backing {
            Some(Backing { file, offset, is_shared: true }) => {
                let last = ProtFlags::from_bits_truncate(last.bits());
                self.mapping.commit_file(start, bytes, last, file.as_fd(), (*offset, true))?;
                self.pages.map(Addr(range.start), bytes as u32, prot);
                return Ok(());
            }
            Some(Backing { file, offset, .. }) => {
                self.mapping.commit_file(start, bytes, first, file.as_fd(), (*offset, false))?;
            }
            None => self.mapping.commit(start, bytes, first)?,
        }
        if last.is_empty() {
            from.mapping.protect(start, bytes, MprotectFlags::READ)?;
        }
        for own in own_pages.of(from.mapping.base(), start, bytes) {
            if own.len() as u32 >= POPULATE_BYTES_MIN {
                self.mapping.populate(own.start, own.len());
            }
            // SAFETY: both mappings have the range, which is readable there and writable here, and nobody runs on either.
            unsafe { from.mapping.base().add(own.start).copy_to(self.mapping.base().add(own.start), own.len()) };
        }
        if last.is_empty() {
            from.mapping.protect(start, bytes, last)?;
        }
        if last != all {
            self.mapping.protect(start, bytes, last)?;
        }
        self.pages.map(Addr(range.start), bytes as u32, prot);
        Ok(())
    }

    /// What an access to `at` is refused for, if it is.
    pub(crate) fn denied(&self, at: u32, access: Access) -> Option<Denied> {
        self.pages.denied(at, access)
    }

    /// Reads code; false if not all of it may be executed.
    pub(crate) fn fetch_all(&self, at: u32, into: &mut [u8]) -> bool {
        let is_code = self.pages.first_without(Addr(at), into.len(), Prot::EXEC).is_none();
        if is_code {
            // SAFETY: every page of the range was just found executable, which is readable for us, too; only this thread
            // maps or unmaps.
            unsafe { self.mapping.base().add(at as usize).copy_to(into.as_mut_ptr(), into.len()) };
        }
        is_code
    }

    /// The address of `bytes` accessible bytes at `at`, or the fault of the first that is not.
    #[inline(always)]
    fn reach(&self, at: u32, bytes: u32, access: Access, need: Prot) -> Result<*mut u8, Fault> {
        if at % PAGE_BYTES + bytes <= PAGE_BYTES && self.pages.allows(at, need) {
            // SAFETY: a 32-bit offset is inside the 4 GiB reservation.
            return Ok(unsafe { self.mapping.base().add(at as usize) });
        }
        self.reach_across(at, bytes, access)
    }

    #[cold]
    fn reach_across(&self, at: u32, bytes: u32, access: Access) -> Result<*mut u8, Fault> {
        // An access spans two pages at most; in the second one its first byte is the one that faults.
        let last = at.wrapping_add(bytes - 1);
        for at in [at, at.max(last & !(PAGE_BYTES - 1))] {
            if let Some(denied) = self.denied(at, access) {
                return Err(Fault { at, access, denied });
            }
        }
        // SAFETY: a 32-bit offset is inside the 4 GiB reservation.
        Ok(unsafe { self.mapping.base().add(at as usize) })
    }

    #[inline(always)]
    fn load_bytes<const N: usize>(&self, at: u32, access: Access, need: Prot) -> Result<[u8; N], Fault> {
        let from = self.reach(at, N as u32, access, need)?;
        // SAFETY: every byte was just found readable, and only this thread maps or unmaps.
        Ok(unsafe { from.cast::<[u8; N]>().read_unaligned() })
    }

    #[inline(always)]
    fn store_bytes<const N: usize>(&mut self, at: u32, bytes: [u8; N]) -> Result<(), Fault> {
        let to = self.reach(at, N as u32, Access::Store, Prot::WRITE)?;
        // SAFETY: every byte was just found writable, and only this thread maps or unmaps.
        unsafe { to.cast::<[u8; N]>().write_unaligned(bytes) };
        Ok(())
    }

    /// Whether any page of the range may hold code; then it counts as changed.
    fn note_code(&mut self, at: Addr, bytes: u32) {
        if self.pages.may_hold_code(at, bytes) {
            self.changed.push((at, bytes));
        }
    }

    /// Other pages take the place of these, or none.
    fn replace(&mut self, at: Addr, bytes: u32) {
        self.note_code(at, bytes);
        self.codes.remove(at.0..at.0 + bytes);
        self.files.remove(at.0..at.0 + bytes);
    }

    /// Gives host pages the protection that the page map says, a run of equal ones at a time.
    fn restore(&mut self, first: u32, bytes: u32) -> rustix::io::Result<()> {
        let mut at = first;
        for (length, prot) in self.pages.runs(Addr(first), bytes) {
            self.mapping.protect(at as usize, length as usize, host(prot))?;
            at += length;
        }
        Ok(())
    }

    fn copy_in(&mut self, at: Addr, from: &[u8]) {
        // SAFETY: callers found every page of the range mapped and made it writable.
        unsafe { self.mapping.base().add(at.0 as usize).copy_from(from.as_ptr(), from.len()) };
    }
}

/// Pages that several address spaces can have.
struct SharedPages(Arc<OwnedFd>);

/// Reads or writes from where it stands until `bytes` bytes are done; false if that failed.
fn retry(bytes: usize, mut go_on: impl FnMut(usize) -> rustix::io::Result<usize>) -> bool {
    let mut done = 0;
    while done < bytes {
        match go_on(done) {
            Ok(0) => return false,
            Ok(count) => done += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Host protection for guest protection: executing is reading, and on MIPS as on most hosts writing implies reading.
fn host(prot: Prot) -> MprotectFlags {
    let mut host = MprotectFlags::empty();
    if !prot.is_empty() {
        host |= MprotectFlags::READ;
    }
    if prot.contains(Prot::WRITE) {
        host |= MprotectFlags::WRITE;
    }
    host
}

impl AddressSpace for GuestMemory {
    fn map(&mut self, at: Addr, bytes: u32, prot: Prot) -> Result<(), OutOfMemory> {
        self.replace(at, bytes);
        let host = ProtFlags::from_bits_truncate(host(prot).bits());
        self.mapping.commit(at.0 as usize, bytes as usize, host).map_err(|_| OutOfMemory)?;
        self.pages.map(at, bytes, prot);
        Ok(())
    }

    fn unmap(&mut self, at: Addr, bytes: u32) {
        self.replace(at, bytes);
        // Giving pages back can fail only when the host is out of map entries; then they stay, unreachable.
        if self.mapping.commit(at.0 as usize, bytes as usize, ProtFlags::empty()).is_err() {
            let hidden = self.mapping.protect(at.0 as usize, bytes as usize, MprotectFlags::empty());
            hidden.expect("pages that cannot be taken away can be hidden");
        }
        self.pages.unmap(at, bytes);
    }

    fn map_file(&mut self, at: Addr, bytes: u32, prot: Prot, file: &Mappable, offset: u64) -> Result<(), Unmappable> {
        let file = file.clone().downcast::<OwnedFd>().map_err(|_| Unmappable)?;
        self.replace(at, bytes);
        let host = ProtFlags::from_bits_truncate(host(prot).bits());
        if self.mapping.commit_file(at.0 as usize, bytes as usize, host, file.as_fd(), (offset, false)).is_err() {
            self.unmap(at, bytes);
            return Err(Unmappable);
        }
        self.pages.map(at, bytes, prot);
        self.files.add(at.0..at.0 + bytes, Backing { file, offset, is_shared: false });
        Ok(())
    }

    fn make_shared(&mut self, bytes: u64) -> Result<Mappable, OutOfMemory> {
        let pages = memfd_create("shared", MemfdFlags::CLOEXEC).map_err(|_| OutOfMemory)?;
        ftruncate(&pages, bytes).map_err(|_| OutOfMemory)?;
        Ok(Arc::new(SharedPages(Arc::new(pages))))
    }

    fn map_shared(
        &mut self,
        at: Addr,
        bytes: u32,
        prot: Prot,
        pages: &Mappable,
        offset: u64,
    ) -> Result<(), Unmappable> {
        let file = match pages.downcast_ref::<SharedPages>() {
            Some(SharedPages(pages)) => {
                let length = fstat(pages).map_err(|_| Unmappable)?.st_size;
                let needed = offset.checked_add(u64::from(bytes)).ok_or(Unmappable)?;
                if u64::try_from(length).is_ok_and(|length| length < needed) {
                    ftruncate(pages, needed).map_err(|_| Unmappable)?;
                }
                pages.clone()
            }
            None => pages.clone().downcast::<OwnedFd>().map_err(|_| Unmappable)?,
        };
        self.replace(at, bytes);
        let host = ProtFlags::from_bits_truncate(host(prot).bits());
        if self.mapping.commit_file(at.0 as usize, bytes as usize, host, file.as_fd(), (offset, true)).is_err() {
            self.unmap(at, bytes);
            return Err(Unmappable);
        }
        self.pages.map(at, bytes, prot);
        self.files.add(at.0..at.0 + bytes, Backing { file, offset, is_shared: true });
        Ok(())
    }

    fn read_shared(&self, pages: &Mappable, offset: u64, into: &mut [u8]) -> bool {
        let pages = pages.downcast_ref::<SharedPages>();
        pages.is_some_and(|SharedPages(pages)| {
            retry(into.len(), |done| pread(pages, &mut into[done..], offset + done as u64))
        })
    }

    fn write_shared(&mut self, pages: &Mappable, offset: u64, from: &[u8]) -> bool {
        let pages = pages.downcast_ref::<SharedPages>();
        pages.is_some_and(|SharedPages(pages)| {
            retry(from.len(), |done| pwrite(pages, &from[done..], offset + done as u64))
        })
    }

    fn protect(&mut self, at: Addr, bytes: u32, prot: Prot) {
        self.note_code(at, bytes);
        if self.pages.is_all(at, bytes, prot) {
            return;
        }
        if self.mapping.protect(at.0 as usize, bytes as usize, host(prot)).is_ok() {
            self.pages.protect(at, bytes, prot);
        }
    }

    fn relocate(&mut self, from: Addr, to: Addr, bytes: u32) -> Result<(), OutOfMemory> {
        self.note_code(from, bytes);
        let all = MprotectFlags::READ | MprotectFlags::WRITE;
        let writable = ProtFlags::READ | ProtFlags::WRITE;
        self.mapping.commit(to.0 as usize, bytes as usize, writable).map_err(|_| OutOfMemory)?;
        self.mapping.protect(from.0 as usize, bytes as usize, all).map_err(|_| OutOfMemory)?;
        // SAFETY: both ranges are inside the reservation, were just made accessible, and do not overlap (trait contract;
        // `copy_to` would be right even so).
        unsafe {
            let base = self.mapping.base();
            base.add(from.0 as usize).copy_to(base.add(to.0 as usize), bytes as usize);
        }
        for page in 0..bytes / PAGE_BYTES {
            let offset = page * PAGE_BYTES;
            let was = self.pages.prot(Addr(from.0 + offset));
            // So far, it can be written.
            self.pages.map(Addr(to.0 + offset), PAGE_BYTES, Prot::READ | Prot::WRITE);
            self.protect(Addr(to.0 + offset), PAGE_BYTES, was);
        }
        self.unmap(from, bytes);
        Ok(())
    }

    fn read(&self, at: Addr, into: &mut [u8]) -> Result<(), BadAddress> {
        if let Some(bad) = self.pages.first_without(at, into.len(), Prot::READ) {
            return Err(BadAddress(bad));
        }
        // SAFETY: every page of the range was just found readable; only this thread maps or unmaps.
        unsafe { self.mapping.base().add(at.0 as usize).copy_to(into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    fn write(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        if let Some(bad) = self.pages.first_without(at, from.len(), Prot::WRITE) {
            return Err(BadAddress(bad));
        }
        self.copy_in(at, from);
        Ok(())
    }

    fn fill(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        if let Some(bad) = self.pages.first_unmapped(at, from.len()) {
            return Err(BadAddress(bad));
        }
        if from.is_empty() {
            return Ok(());
        }
        self.note_code(at, from.len() as u32);
        let first = at.0 & !(PAGE_BYTES - 1);
        let bytes = (at.0 - first + from.len() as u32).next_multiple_of(PAGE_BYTES);
        let is_locked = self.pages.first_without(at, from.len(), Prot::WRITE).is_some();
        if is_locked {
            let all = MprotectFlags::READ | MprotectFlags::WRITE;
            self.mapping.protect(first as usize, bytes as usize, all).map_err(|_| BadAddress(at))?;
        }
        if bytes >= POPULATE_BYTES_MIN {
            self.mapping.populate(first as usize, bytes as usize);
        }
        self.copy_in(at, from);
        if is_locked { self.restore(first, bytes).map_err(|_| BadAddress(at)) } else { Ok(()) }
    }

    fn code_changed(&mut self, at: Addr, bytes: u32) {
        self.changed.push((at, bytes));
    }

    fn code_of(&mut self, at: Addr, bytes: u32, file: &CodeFile, offset: u64) {
        self.codes.add(at.0..at.0 + bytes, file.clone(), offset);
    }
}

impl Bus for GuestMemory {
    #[inline(always)]
    fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    #[inline(always)]
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault> {
        Ok(match size {
            Size::Byte => u32::from(self.load_bytes::<1>(at, Access::Load, Prot::READ)?[0]),
            Size::Half => {
                let bytes = self.load_bytes(at, Access::Load, Prot::READ)?;
                u32::from(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
            }
            Size::Word => {
                let bytes = self.load_bytes(at, Access::Load, Prot::READ)?;
                if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
            }
        })
    }

    #[inline(always)]
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault> {
        match size {
            Size::Byte => self.store_bytes(at, [value as u8]),
            Size::Half if self.big_endian => self.store_bytes(at, (value as u16).to_be_bytes()),
            Size::Half => self.store_bytes(at, (value as u16).to_le_bytes()),
            Size::Word if self.big_endian => self.store_bytes(at, value.to_be_bytes()),
            Size::Word => self.store_bytes(at, value.to_le_bytes()),
        }
    }

    fn exchange(&mut self, at: u32, old: u32, new: u32) -> Result<bool, Fault> {
        self.reach(at, 4, Access::Load, Prot::READ)?;
        let word = self.reach(at, 4, Access::Store, Prot::WRITE)?.cast::<u32>();
        let order = |value: u32| if self.big_endian { value.to_be() } else { value.to_le() };
        // SAFETY: every byte was just found writable, and only this thread maps or unmaps; other processes that have these pages
        // access them as atomics where it matters. The caller promised that it is aligned.
        let word = unsafe { AtomicU32::from_ptr(word) };
        Ok(word.compare_exchange(order(old), order(new), Ordering::SeqCst, Ordering::SeqCst).is_ok())
    }

    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        let bytes = self.load_bytes(at, Access::Fetch, Prot::EXEC)?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn cycles(&mut self) -> u32 {
        self.started.elapsed().as_nanos() as u32
    }
}

impl Space for GuestMemory {
    fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    fn take_changed(&mut self) -> Vec<(Addr, u32)> {
        std::mem::take(&mut self.changed)
    }

    fn objects(&self, pc: u32) -> Vec<Range<u32>> {
        self.codes.with(pc)
    }
}
