//! Accesses to guest memory that fail where the host finds none: another thread of the guest may take pages away, or their
//! protection, between a look at the page map and the access.
//!
//! Each access is one instruction. Where it is, and where to go on if it faults, stands in a section of the program
//! (as Linux has it for accesses to user space, Documentation/arch/x86/exception-tables.rst); a handler of SIGSEGV looks there. On
//! processors without such accesses threads of a guest take turns ([`PARALLEL`]), and nothing comes in between.

#![expect(unsafe_code, reason = "accesses raw memory, and changes where a thread goes on behind a fault")]

/// Whether accesses can fail, and so several threads may be in one guest memory.
pub(crate) const PARALLEL: bool = cfg!(all(target_arch = "x86_64", target_os = "linux"));

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod imp {
    use crate::handler::{Before, forward};
    use libc::{c_int, c_void, siginfo_t, ucontext_t};
    use std::arch::asm;
    use std::hint::black_box;
    use std::sync::OnceLock;

    /// A row of the table: how far from its own two fields the access is, and where to go on.
    #[repr(C)]
    struct Row {
        access: i32,
        behind: i32,
    }

    unsafe extern "C" {
        #[link_name = "__start_strata_guarded"]
        static FIRST: Row;
        #[link_name = "__stop_strata_guarded"]
        static END: Row;
    }

    /// What handled SIGSEGV before.
    static BEFORE: OnceLock<Option<Before>> = OnceLock::new();

    /// Has accesses fail from now on, instead of ending us.
    pub(crate) fn install() {
        // SAFETY: the handler only reads the program's own table, changes the context it is given, and passes on what is not
        // for it.
        BEFORE.get_or_init(|| unsafe { Before::install(libc::SIGSEGV, handle) });
    }

    /// Where a thread goes on whose access at `pc` failed, if it is one of these.
    fn behind(pc: usize) -> Option<usize> {
        // The table is as long as it is, whatever the compiler makes of one row.
        let (mut row, end) = black_box((&raw const FIRST, &raw const END));
        while row < end {
            // SAFETY: a row of the table, which the linker put together from what `guarded!` left.
            let (access, behind) = unsafe { (&raw const (*row).access, &raw const (*row).behind) };
            // SAFETY: as above; both are offsets from themselves.
            let at = |field: *const i32| unsafe { field.addr().wrapping_add_signed(field.read() as isize) };
            if at(access) == pc {
                return Some(at(behind));
            }
            // SAFETY: at most one past the last.
            row = unsafe { row.add(1) };
        }
        None
    }

    extern "C" fn handle(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the kernel passes the thread's context, which lasts as long as the handler runs.
        let pc = unsafe { &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs[libc::REG_RIP as usize] };
        match behind(*pc as usize) {
            Some(behind) => *pc = behind as i64,
            None => forward(BEFORE.get().and_then(Option::as_ref), signal, info, context),
        }
    }

    /// One instruction that accesses memory, with its row; the register `failed` becomes zero behind it.
    macro_rules! guarded {
        ($access:literal, $failed:ident, $($operands:tt)*) => {
            asm!(
                concat!("2: ", $access),
                "xor {failed:e}, {failed:e}",
                "3:",
                ".pushsection strata_guarded, \"aR\", @progbits",
                ".balign 4",
                ".long 2b - .",
                ".long 3b - .",
                ".popsection",
                failed = inlateout(reg) $failed,
                $($operands)*
            )
        };
    }

    /// Loads `N` bytes: 1, 2 or 4. None if that failed.
    ///
    /// # Safety
    ///
    /// `from` must be in a guest's memory.
    #[inline(always)]
    pub(crate) unsafe fn load<const N: usize>(from: *const u8) -> Option<[u8; N]> {
        let mut failed = 1_u32;
        let value: u32;
        // SAFETY: the caller vouches for the address, and a fault is caught.
        unsafe {
            match N {
                1 => {
                    guarded!("movzx {value:e}, byte ptr [{from}]", failed, value = lateout(reg) value, from = in(reg) from, options(nostack, readonly))
                }
                2 => {
                    guarded!("movzx {value:e}, word ptr [{from}]", failed, value = lateout(reg) value, from = in(reg) from, options(nostack, readonly))
                }
                _ => {
                    guarded!("mov {value:e}, dword ptr [{from}]", failed, value = lateout(reg) value, from = in(reg) from, options(nostack, readonly))
                }
            }
        }
        (failed == 0).then(|| *value.to_ne_bytes().first_chunk().expect("at most four"))
    }

    /// Stores `N` bytes: 1, 2 or 4. False if that failed.
    ///
    /// # Safety
    ///
    /// `to` must be in a guest's memory.
    #[inline(always)]
    pub(crate) unsafe fn store<const N: usize>(to: *mut u8, bytes: [u8; N]) -> bool {
        let mut failed = 1_u32;
        let mut value = [0; 4];
        value[..N].copy_from_slice(&bytes);
        let value = u32::from_ne_bytes(value);
        // SAFETY: the caller vouches for the address, and a fault is caught.
        unsafe {
            match N {
                1 => {
                    guarded!("mov byte ptr [{to}], {value}", failed, value = in(reg_byte) value as u8, to = in(reg) to, options(nostack))
                }
                2 => {
                    guarded!("mov word ptr [{to}], {value:x}", failed, value = in(reg) value, to = in(reg) to, options(nostack))
                }
                _ => {
                    guarded!("mov dword ptr [{to}], {value:e}", failed, value = in(reg) value, to = in(reg) to, options(nostack))
                }
            }
        }
        failed == 0
    }

    /// Stores `new` in a word if it holds `old`, as one access that other threads see as a whole; what it held, none if that
    /// failed.
    ///
    /// # Safety
    ///
    /// `word` must be in a guest's memory, and aligned.
    pub(crate) unsafe fn exchange(word: *mut u32, old: u32, new: u32) -> Option<u32> {
        let mut failed = 1_u32;
        let was: u32;
        // SAFETY: the caller vouches for the address, and a fault is caught.
        unsafe {
            guarded!("lock cmpxchg dword ptr [{word}], {new:e}", failed, new = in(reg) new, word = in(reg) word, inlateout("eax") old => was, options(nostack));
        }
        (failed == 0).then_some(was)
    }

    /// Copies bytes from or to a guest's memory; how many, before a fault if there was one.
    ///
    /// # Safety
    ///
    /// One of both ranges must be in a guest's memory, and the other be valid for that.
    pub(crate) unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) -> usize {
        let mut failed = 1_u32;
        let left: usize;
        // SAFETY: the caller vouches for the ranges, and a fault is caught.
        unsafe {
            guarded!("rep movsb", failed, inout("rcx") bytes => left, inout("rsi") from => _, inout("rdi") to => _, options(nostack));
        }
        let _ = failed;
        bytes - left
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod imp {
    use std::sync::atomic::{AtomicU32, Ordering};

    pub(crate) fn install() {}

    /// # Safety
    ///
    /// `from` must be readable.
    pub(crate) unsafe fn load<const N: usize>(from: *const u8) -> Option<[u8; N]> {
        // SAFETY: the caller vouches for it.
        Some(unsafe { from.cast::<[u8; N]>().read_unaligned() })
    }

    /// # Safety
    ///
    /// `to` must be writable.
    pub(crate) unsafe fn store<const N: usize>(to: *mut u8, bytes: [u8; N]) -> bool {
        // SAFETY: the caller vouches for it.
        unsafe { to.cast::<[u8; N]>().write_unaligned(bytes) };
        true
    }

    /// # Safety
    ///
    /// `word` must be writable and aligned.
    pub(crate) unsafe fn exchange(word: *mut u32, old: u32, new: u32) -> Option<u32> {
        // SAFETY: the caller vouches for it.
        let word = unsafe { AtomicU32::from_ptr(word) };
        match word.compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(was) | Err(was) => Some(was),
        }
    }

    /// # Safety
    ///
    /// Both ranges must be valid.
    pub(crate) unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) -> usize {
        // SAFETY: the caller vouches for it.
        unsafe { from.copy_to(to, bytes) };
        bytes
    }
}

pub(crate) use imp::{copy, exchange, install, load, store};

#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod tests {
    use super::*;
    use crate::mapping::Mapping;
    use rustix::mm::ProtFlags;

    #[test]
    fn where_there_is_nothing_accesses_fail() {
        install();
        let mapping = Mapping::reserve().unwrap();
        mapping.commit(0, 4096, ProtFlags::READ | ProtFlags::WRITE).unwrap();
        // SAFETY: all are in the mapping.
        let (first, last, none) = unsafe { (mapping.base(), mapping.base().add(4092), mapping.base().add(4096)) };
        // SAFETY: all are in the mapping.
        unsafe {
            assert!(store(last, 0x8765_4321_u32.to_le_bytes()));
            assert_eq!(load(last.add(1)), Some([0x43_u8, 0x65]));
            assert_eq!((load(last), load(none)), (Some([0x21_u8]), None::<[u8; 1]>));
            assert_eq!((load(none), load(none.sub(1))), (None::<[u8; 2]>, None::<[u8; 4]>));
            assert!(!store(none, [1]) && !store(none, [1, 2]) && !store(none, [1, 2, 3, 4]));
            assert_eq!(exchange(last.cast(), 0x8765_4321, 7), Some(0x8765_4321));
            assert_eq!((exchange(last.cast(), 8, 9), exchange(none.cast(), 0, 1)), (Some(7), None));
            let mut bytes = [1; 8];
            assert_eq!(copy(last, bytes.as_mut_ptr(), 8), 4);
            assert_eq!(bytes, [7, 0, 0, 0, 1, 1, 1, 1]);
            assert_eq!(copy(bytes.as_ptr(), first, 8), 8);
            assert_eq!(copy(bytes.as_ptr(), last.add(2), 8), 2);
            assert_eq!(load(last), Some([7, 0, 7, 0]));
        }
    }
}
