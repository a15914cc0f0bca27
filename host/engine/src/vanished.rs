//! Pages of a mapped file that are there no more: whoever touches one finds zeros.
//!
//! A file that becomes shorter takes its pages along, and touching them is SIGBUS, which would end us, not the guest. So a
//! handler puts a page of zeros there. It may be written whatever the guest's protection, because the handler cannot look
//! that up; the page map refuses such writes of the interpreter and of system calls all the same.

#![expect(unsafe_code, reason = "installs a signal handler and maps pages in it")]

use crate::handler::{Before, forward};
use crate::mapping::ADDRESSABLE;
use libc::{c_int, c_void, siginfo_t};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Mappings that can be watched at once; in more, no files are mapped.
const WATCHED_MAX: usize = 4096;

/// Where they begin; zero is a free place.
static WATCHED: [AtomicUsize; WATCHED_MAX] = [const { AtomicUsize::new(0) }; WATCHED_MAX];

/// What handled SIGBUS before.
static BEFORE: OnceLock<Option<Before>> = OnceLock::new();

/// The host's page: what a fault takes away.
const PAGE_BYTES: usize = abi::PAGE_BYTES as usize;

/// A mapping that is watched, as long as this is held.
pub(crate) struct Watch(&'static AtomicUsize);

impl Watch {
    /// Watches the mapping at `base`; none if that cannot be done.
    pub(crate) fn new(base: *mut u8) -> Option<Watch> {
        BEFORE.get_or_init(install).as_ref()?;
        let take = |place: &&AtomicUsize| {
            place.compare_exchange(0, base as usize, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        WATCHED.iter().find(take).map(Watch)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

fn install() -> Option<Before> {
    // SAFETY: the handler only loads atomics, maps a page by a bare system call, and passes on what is not for it.
    unsafe { Before::install(libc::SIGBUS, handle) }
}

extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes a valid `siginfo_t`, of which SIGBUS has an address.
    let (code, at) = unsafe { ((*info).si_code, (*info).si_addr() as usize) };
    let holds = |base: &AtomicUsize| {
        let base = base.load(Ordering::Relaxed);
        base != 0 && (base..base + ADDRESSABLE).contains(&at)
    };
    if code == libc::BUS_ADRERR && WATCHED.iter().any(holds) {
        let page = (at & !(PAGE_BYTES - 1)) as *mut c_void;
        let (prot, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::FIXED);
        // SAFETY: the page is in a mapping of ours, was accessible, and holds nothing.
        if unsafe { mmap_anonymous(page, PAGE_BYTES, prot, flags) }.is_ok() {
            return;
        }
    }
    forward(BEFORE.get().and_then(Option::as_ref), signal, info, context);
}

#[cfg(test)]
mod tests {
    use crate::GuestMemory;
    use crate::mapping::Mapping;
    use abi::{Addr, AddressSpace, Mappable, PAGE_BYTES, Prot, Unmappable};
    use mips::cpu::Size;
    use mips::reading::interp::Bus;
    use std::fs::File;
    use std::os::fd::OwnedFd;
    use std::sync::Arc;

    const AT: Addr = Addr(0x40_0000);

    fn mapped(name: &str, prot: Prot) -> (File, GuestMemory) {
        let path = std::env::temp_dir().join(format!("strata-{name}-{}", std::process::id()));
        std::fs::write(&path, [7; 3 * PAGE_BYTES as usize]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        let mut memory = GuestMemory::new(Arc::new(Mapping::reserve().unwrap()), false);
        let handle = OwnedFd::from(file.try_clone().unwrap());
        assert_eq!(
            memory.map_file(AT, 2 * PAGE_BYTES, prot, &(Arc::new("of another host") as Mappable), 0),
            Err(Unmappable)
        );
        assert_eq!(
            memory.map_file(AT, 2 * PAGE_BYTES, prot, &(Arc::new(handle) as Mappable), u64::from(PAGE_BYTES)),
            Ok(())
        );
        (file, memory)
    }

    #[test]
    fn what_is_written_stays_in_memory() {
        let (file, mut memory) = mapped("private", Prot::READ | Prot::WRITE);
        memory.write(AT, b"new").unwrap();
        let mut bytes = [0; 4];
        memory.read(AT, &mut bytes).unwrap();
        assert_eq!(&bytes, b"new\x07");
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, u64::from(PAGE_BYTES)).unwrap();
        assert_eq!(bytes, [7; 4]);
    }

    #[test]
    fn pages_cut_off_are_zeros() {
        let (file, mut memory) = mapped("vanished", Prot::READ);
        let mut bytes = [1; 4];
        file.set_len(u64::from(PAGE_BYTES)).unwrap();
        memory.read(AT, &mut bytes).unwrap();
        assert_eq!(bytes, [0; 4]);
        assert_eq!(memory.load(Size::Word, AT.0 + PAGE_BYTES), Ok(0));
        assert!(memory.write(AT, &bytes).is_err());
        memory.fill(AT, b"late").unwrap();
        memory.read(AT, &mut bytes).unwrap();
        assert_eq!(&bytes, b"late");
    }
}
