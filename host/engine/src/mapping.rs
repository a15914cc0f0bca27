//! A range of reserved address space that becomes one Wasm memory. Unsafe: it is raw memory.

#![expect(unsafe_code, reason = "reserves, maps and protects memory")]

use crate::vanished::Watch;
use rustix::io;
use rustix::mm::{
    Advice, MapFlags, MprotectFlags, MremapFlags, ProtFlags, madvise, mmap, mmap_anonymous, mprotect, mremap_fixed,
    munmap,
};
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

/// Bytes a 32-bit Wasm memory can address.
pub(crate) const ADDRESSABLE: usize = 1 << 32;
/// Bytes behind it that an access with an offset can still reach: wasmtime's guard.
pub(crate) const GUARD: usize = 1 << 25;

/// Reserved address space: a whole Wasm memory and its guard, inaccessible until committed.
pub(crate) struct Mapping {
    base: NonNull<u8>,
    /// Once files are mapped in it: that none of their pages kills us.
    watch: OnceLock<Option<Watch>>,
}

// SAFETY: the mapping is plain memory, owned by this value until it is dropped; who may touch it when is decided by
// those who hold it.
unsafe impl Send for Mapping {}
// SAFETY: as above; a shared reference gives only the base address.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves address space; no memory is used.
    pub(crate) fn reserve() -> io::Result<Mapping> {
        // SAFETY: no address is asked for, so nothing existing is replaced.
        let base = unsafe {
            mmap_anonymous(
                ptr::null_mut(),
                ADDRESSABLE + GUARD,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )?
        };
        let base = NonNull::new(base.cast()).expect("mmap without MAP_FIXED gives no null address");
        Ok(Mapping { base, watch: OnceLock::new() })
    }

    /// Its first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    fn at(&self, offset: usize, bytes: usize) -> *mut u8 {
        assert!(offset + bytes <= ADDRESSABLE, "range {offset:#x}+{bytes:#x} leaves the mapping");
        // SAFETY: inside the reservation, as just checked.
        unsafe { self.base.as_ptr().add(offset) }
    }

    /// Puts fresh zero pages at `offset`, replacing what was there.
    pub(crate) fn commit(&self, offset: usize, bytes: usize, prot: ProtFlags) -> io::Result<()> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: the range is inside this reservation, whose contents its holder gives up.
        unsafe { mmap_anonymous(self.at(offset, bytes).cast(), bytes, prot, flags).map(drop) }
    }

    /// Puts a file's pages at `offset`: those themselves, or a private copy, made as they are written. The error leaves
    /// inaccessible pages or what was there.
    pub(crate) fn commit_file(
        &self,
        offset: usize,
        bytes: usize,
        prot: ProtFlags,
        file: BorrowedFd<'_>,
        (file_offset, is_shared): (u64, bool),
    ) -> io::Result<()> {
        self.watch.get_or_init(|| Watch::new(self.base())).as_ref().ok_or(io::Errno::NOMEM)?;
        let to = self.at(offset, bytes);
        let flags = if is_shared { MapFlags::SHARED } else { MapFlags::PRIVATE } | MapFlags::NORESERVE;
        // Elsewhere first: a refusal by the file's file system might otherwise leave a hole for others to fall into.
        // SAFETY: no address is asked for, so nothing existing is replaced.
        let made = unsafe { mmap(ptr::null_mut(), bytes, prot, flags, file, file_offset)? };
        // SAFETY: what was just made moves into this reservation, whose contents there its holder gives up.
        let moved = unsafe { mremap_fixed(made, bytes, bytes, MremapFlags::MAYMOVE, to.cast()) };
        if moved.is_err() {
            // SAFETY: nobody has learned of it.
            let _ = unsafe { munmap(made, bytes) };
            self.commit(offset, bytes, ProtFlags::empty())?;
        }
        moved.map(drop)
    }

    /// Makes all of it inaccessible again, and gives up what it held.
    pub(crate) fn clear(&self) -> io::Result<()> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
        // SAFETY: this is the whole reservation, whose contents its holder gives up.
        unsafe { mmap_anonymous(self.base.as_ptr().cast(), ADDRESSABLE + GUARD, ProtFlags::empty(), flags).map(drop) }
    }

    /// Changes the protection of pages.
    pub(crate) fn protect(&self, offset: usize, bytes: usize, prot: MprotectFlags) -> io::Result<()> {
        // SAFETY: the range is inside this reservation; no Rust reference into it is held across guest mappings.
        unsafe { mprotect(self.at(offset, bytes).cast(), bytes, prot) }
    }

    /// Brings writable pages in at once, because one call is cheaper than a fault each. Only a hint: old kernels refuse.
    pub(crate) fn populate(&self, offset: usize, bytes: usize) {
        // SAFETY: the range is inside this reservation, and its contents stay as they are.
        let _ = unsafe { madvise(self.at(offset, bytes).cast(), bytes, Advice::LinuxPopulateWrite) };
    }

    /// Takes no huge pages, because little of the range is ever used. Only a hint.
    pub(crate) fn stay_small(&self, offset: usize, bytes: usize) {
        // SAFETY: the range is inside this reservation, and its contents stay as they are.
        let _ = unsafe { madvise(self.at(offset, bytes).cast(), bytes, Advice::LinuxNoHugepage) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // Before the addresses can become somebody else's.
        drop(self.watch.take());
        // SAFETY: this value owned the range; every user holds it through an `Arc` that is gone.
        let result = unsafe { munmap(self.base.as_ptr().cast(), ADDRESSABLE + GUARD) };
        debug_assert!(result.is_ok());
    }
}
