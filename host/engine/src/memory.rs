//! Guest memory: a mapping whose pages the guest's address is the offset of, and what may be done with each page.

#![expect(unsafe_code, reason = "reads and writes guest pages through raw pointers")]

use crate::bell::CpuBell;
use crate::changes::{Changes, Listener};
use crate::codes::Codes;
use crate::filemaps::{Backing, FileMaps};
use crate::guarded;
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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// From this length on, bringing pages in at once is cheaper than a fault each.
const POPULATE_BYTES_MIN: u32 = 4 * PAGE_BYTES;

/// How often an access is tried again that the page map allows and the host does not: pages are on their way.
const TRIES: u32 = 1_000;

/// One guest address space, by mmap, as one of the CPUs that run on it has it. The page map decides what the interpreter and
/// system calls may touch; the host's page protection decides the same for translated code. One CPU at a time maps and unmaps, in
/// a system call, while others go on.
pub struct GuestMemory {
    mapping: Arc<Mapping>,
    pages: PageMap,
    big_endian: bool,
    started: Instant,
    common: Arc<Common>,
    /// What this CPU is told of code.
    listener: Arc<Listener>,
}

/// What the CPUs of an address space have in common.
#[derive(Default)]
struct Common {
    /// Whose code is where.
    codes: Mutex<Codes>,
    /// What is mapped of which file of the host's.
    files: Mutex<FileMaps>,
    changes: Changes,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GuestMemory {
    pub(crate) fn new(mapping: Arc<Mapping>, big_endian: bool) -> GuestMemory {
        guarded::install();
        GuestMemory::of(mapping, PageMap::default(), big_endian, Instant::now(), Arc::default())
    }

    fn of(
        mapping: Arc<Mapping>,
        pages: PageMap,
        big_endian: bool,
        started: Instant,
        common: Arc<Common>,
    ) -> GuestMemory {
        let listener = common.changes.listen();
        GuestMemory { mapping, pages, big_endian, started, common, listener }
    }

    /// The same address space for another CPU.
    pub(crate) fn sibling(&self) -> GuestMemory {
        let GuestMemory { mapping, pages, big_endian, started, common, .. } = self;
        GuestMemory::of(mapping.clone(), pages.clone(), *big_endian, *started, common.clone())
    }

    /// What has the CPU look up that has it.
    pub(crate) fn set_bell(&self, bell: Arc<CpuBell>) {
        self.listener.set_bell(bell);
    }

    /// Whose code is where.
    pub(crate) fn codes(&self) -> MutexGuard<'_, Codes> {
        lock(&self.common.codes)
    }

    fn files(&self) -> MutexGuard<'_, FileMaps> {
        lock(&self.common.files)
    }

    /// A copy in another mapping. What files hold is mapped there as it is here; only what was written since is copied.
    pub(crate) fn fork(&self, mapping: Arc<Mapping>) -> rustix::io::Result<GuestMemory> {
        let mut child = GuestMemory::new(mapping, self.big_endian);
        child.codes().clone_from(&self.codes());
        child.files().clone_from(&self.files());
        let own_pages = OwnPages::open();
        let mut at = 0;
        for (bytes, prot, is_mapped) in self.pages.all_runs() {
            if is_mapped {
                let pieces = self.files().split(at..at + bytes);
                for (range, backing) in pieces {
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
        for own in own_pages.of(from.mapping.base(), start, bytes) {
            if own.len() as u32 >= POPULATE_BYTES_MIN {
                self.mapping.populate(own.start, own.len());
            }
            // SAFETY: both mappings have the range.
            let (source, to) = unsafe { (from.mapping.base().add(own.start), self.mapping.base().add(own.start)) };
            // SAFETY: it is writable here, and nobody runs on it.
            let into = unsafe { std::slice::from_raw_parts_mut(to, own.len()) };
            if last.is_empty() && own_pages.read(source, into) {
                continue;
            }
            if last.is_empty() {
                from.mapping.protect(own.start, own.len(), MprotectFlags::READ)?;
            }
            // SAFETY: it is readable there. What threads write there meanwhile, the copy has or has not.
            unsafe { guarded::copy(source, into.as_mut_ptr(), own.len()) };
            if last.is_empty() {
                from.mapping.protect(own.start, own.len(), last)?;
            }
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
        self.pages.first_without(Addr(at), into.len(), Prot::EXEC).is_none() && self.copy_out(Addr(at), into)
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

    /// Makes an access that the host refused again, for as long as the page map says that it should not.
    #[cold]
    fn retry<T>(
        &self,
        (at, bytes): (u32, u32),
        access: Access,
        mut again: impl FnMut(*mut u8) -> Option<T>,
    ) -> Result<T, Fault> {
        for _ in 0..TRIES {
            thread::yield_now();
            let place = self.reach_across(at, bytes, access)?;
            if let Some(done) = again(place) {
                return Ok(done);
            }
        }
        Err(Fault { at, access, denied: Denied::Protected })
    }

    #[inline(always)]
    fn load_bytes<const N: usize>(&self, at: u32, access: Access, need: Prot) -> Result<[u8; N], Fault> {
        let from = self.reach(at, N as u32, access, need)?;
        // SAFETY: it is in the mapping.
        let load = |from: *mut u8| unsafe { guarded::load(from) };
        load(from).map_or_else(|| self.retry((at, N as u32), access, load), Ok)
    }

    #[inline(always)]
    fn store_bytes<const N: usize>(&mut self, at: u32, bytes: [u8; N]) -> Result<(), Fault> {
        let to = self.reach(at, N as u32, Access::Store, Prot::WRITE)?;
        // SAFETY: it is in the mapping.
        let store = |to: *mut u8| unsafe { guarded::store(to, bytes) }.then_some(());
        store(to).map_or_else(|| self.retry((at, N as u32), Access::Store, store), Ok)
    }

    /// Does what changes pages of a range, and then tells all CPUs that their code has changed, if they may hold any: who is told
    /// before could look at what was there.
    fn change<T>(&mut self, at: Addr, bytes: u32, change: impl FnOnce(&mut GuestMemory) -> T) -> T {
        let may_hold_code = self.pages.may_hold_code(at, bytes);
        let done = change(self);
        if may_hold_code {
            self.common.changes.tell(at, bytes);
        }
        done
    }

    /// Other pages take the place of these, or none.
    fn replace<T>(&mut self, at: Addr, bytes: u32, place: impl FnOnce(&mut GuestMemory) -> T) -> T {
        self.codes().remove(at.0..at.0 + bytes);
        self.files().remove(at.0..at.0 + bytes);
        self.change(at, bytes, place)
    }

    /// Writes whatever the protection, where all is mapped.
    fn fill_mapped(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
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
        let is_done = self.copy_in(at, from);
        if is_locked {
            self.restore(first, bytes).map_err(|_| BadAddress(at))?;
        }
        if is_done { Ok(()) } else { Err(BadAddress(at)) }
    }

    /// Maps a file's pages, or a copy of them; after an error nothing is mapped there.
    fn place_file(&mut self, at: Addr, bytes: u32, prot: Prot, backing: Backing) -> Result<(), Unmappable> {
        let host = ProtFlags::from_bits_truncate(host(prot).bits());
        let is_placed = self.replace(at, bytes, |all| {
            let Backing { file, offset, is_shared } = &backing;
            let placed =
                all.mapping.commit_file(at.0 as usize, bytes as usize, host, file.as_fd(), (*offset, *is_shared));
            if placed.is_ok() {
                all.pages.map(at, bytes, prot);
            }
            placed.is_ok()
        });
        if !is_placed {
            self.unmap(at, bytes);
            return Err(Unmappable);
        }
        self.files().add(at.0..at.0 + bytes, backing);
        Ok(())
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

    /// The word that bytes of the guest's are.
    #[inline(always)]
    fn word(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// Writes bytes to pages that were found writable; false if they are not any more. Four are written at once, for other
    /// threads may look at them.
    fn copy_in(&mut self, at: Addr, from: &[u8]) -> bool {
        // SAFETY: callers looked up every page, so the range is in the reservation.
        let to = unsafe { self.mapping.base().add(at.0 as usize) };
        match <[u8; 4]>::try_from(from) {
            // SAFETY: as above.
            Ok(word) => unsafe { guarded::store(to, word) },
            // SAFETY: as above.
            Err(_) => unsafe { guarded::copy(from.as_ptr(), to, from.len()) == from.len() },
        }
    }

    /// Reads bytes of pages that were found readable; false if they are not any more. Four are read at once.
    fn copy_out(&self, at: Addr, into: &mut [u8]) -> bool {
        // SAFETY: callers looked up every page, so the range is in the reservation.
        let from = unsafe { self.mapping.base().add(at.0 as usize) };
        match <&mut [u8; 4]>::try_from(&mut *into) {
            // SAFETY: as above.
            Ok(word) => unsafe { guarded::load(from) }.inspect(|bytes| *word = *bytes).is_some(),
            // SAFETY: as above.
            Err(_) => unsafe { guarded::copy(from, into.as_mut_ptr(), into.len()) == into.len() },
        }
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
        let host = ProtFlags::from_bits_truncate(host(prot).bits());
        self.replace(at, bytes, |all| {
            all.mapping.commit(at.0 as usize, bytes as usize, host).map_err(|_| OutOfMemory)?;
            all.pages.map(at, bytes, prot);
            Ok(())
        })
    }

    fn unmap(&mut self, at: Addr, bytes: u32) {
        self.replace(at, bytes, |all| {
            all.pages.unmap(at, bytes);
            // Giving pages back can fail only when the host is out of map entries; then they stay, unreachable.
            if all.mapping.commit(at.0 as usize, bytes as usize, ProtFlags::empty()).is_err() {
                let hidden = all.mapping.protect(at.0 as usize, bytes as usize, MprotectFlags::empty());
                hidden.expect("pages that cannot be taken away can be hidden");
            }
        });
    }

    fn map_file(&mut self, at: Addr, bytes: u32, prot: Prot, file: &Mappable, offset: u64) -> Result<(), Unmappable> {
        let file = file.clone().downcast::<OwnedFd>().map_err(|_| Unmappable)?;
        self.place_file(at, bytes, prot, Backing { file, offset, is_shared: false })
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
        self.place_file(at, bytes, prot, Backing { file, offset, is_shared: true })
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
        self.change(at, bytes, |all| {
            let is_new = !all.pages.is_all(at, bytes, prot);
            if is_new && all.mapping.protect(at.0 as usize, bytes as usize, host(prot)).is_ok() {
                all.pages.protect(at, bytes, prot);
            }
        });
    }

    fn relocate(&mut self, from: Addr, to: Addr, bytes: u32) -> Result<(), OutOfMemory> {
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
        if self.copy_out(at, into) { Ok(()) } else { Err(BadAddress(at)) }
    }

    fn write(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        if let Some(bad) = self.pages.first_without(at, from.len(), Prot::WRITE) {
            return Err(BadAddress(bad));
        }
        if self.copy_in(at, from) { Ok(()) } else { Err(BadAddress(at)) }
    }

    fn compare_exchange(&mut self, at: Addr, old: [u8; 4], new: [u8; 4]) -> Result<bool, BadAddress> {
        let [old, new] = [old, new].map(|bytes| self.word(bytes));
        self.exchange(at.0, old, new).map_err(|_| BadAddress(at))
    }

    fn fill(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        if let Some(bad) = self.pages.first_unmapped(at, from.len()) {
            return Err(BadAddress(bad));
        }
        if from.is_empty() {
            return Ok(());
        }
        self.change(at, from.len() as u32, |all| all.fill_mapped(at, from))
    }

    fn code_changed(&mut self, at: Addr, bytes: u32) {
        self.common.changes.tell(at, bytes);
    }

    fn code_of(&mut self, at: Addr, bytes: u32, file: &CodeFile, offset: u64) {
        self.codes().add(at.0..at.0 + bytes, file.clone(), offset);
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
            Size::Word => self.word(self.load_bytes(at, Access::Load, Prot::READ)?),
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
        let word = self.reach(at, 4, Access::Store, Prot::WRITE)?;
        let order = |value: u32| if self.big_endian { value.to_be() } else { value.to_le() };
        // SAFETY: it is in the mapping, and the caller promised that it is aligned.
        let exchange = |word: *mut u8| unsafe { guarded::exchange(word.cast(), order(old), order(new)) };
        let was = exchange(word).map_or_else(|| self.retry((at, 4), Access::Store, exchange), Ok)?;
        Ok(was == order(old))
    }

    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        Ok(self.word(self.load_bytes(at, Access::Fetch, Prot::EXEC)?))
    }

    fn cycles(&mut self) -> u32 {
        self.started.elapsed().as_nanos() as u32
    }
}

impl Space for GuestMemory {
    fn has_changed(&self) -> bool {
        self.listener.has_news()
    }

    fn take_changed(&mut self) -> Vec<(Addr, u32)> {
        self.listener.take()
    }

    fn set_running(&mut self, runs: bool) {
        self.common.changes.set_running(&self.listener, runs);
    }

    fn settle_changes(&mut self) {
        self.common.changes.settle(&self.listener);
    }

    fn objects(&self, pc: u32) -> Vec<Range<u32>> {
        self.codes().with(pc)
    }
}

impl Drop for GuestMemory {
    fn drop(&mut self) {
        self.common.changes.leave(&self.listener);
    }
}
