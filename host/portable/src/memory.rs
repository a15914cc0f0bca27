//! Guest memory of a linked module: a Wasm memory of its own, whose addresses are the guest's, and a page map.
//!
//! What the imports here name becomes an instruction each when the module is linked. The page map decides what system calls
//! and the interpreter may touch; translated code touches what it likes of the guest's memory, for a page of Wasm memory
//! cannot be protected.

#![expect(unsafe_code, reason = "reaches a second memory by imports")]

use crate::clocks::monotonic_ns;
use abi::{Addr, AddressSpace, BadAddress, OutOfMemory, PAGE_BYTES, PageMap, Prot};
use mips::cpu::Size;
use mips::exception::{Access, Fault};
use mips::reading::interp::Bus;
use run::Space;

#[link(wasm_import_module = "guest")]
unsafe extern "C" {
    /// Loads a byte of guest memory, then a half word and a word, which may lie anywhere.
    safe fn load8(at: u32) -> u32;
    safe fn load16(at: u32) -> u32;
    safe fn load32(at: u32) -> u32;
    safe fn store8(at: u32, value: u32);
    safe fn store16(at: u32, value: u32);
    safe fn store32(at: u32, value: u32);
    /// Copies `bytes` bytes of this module's memory into guest memory.
    fn copy_in(to: u32, from: *const u8, bytes: usize);
    /// Copies `bytes` bytes of guest memory into this module's.
    fn copy_out(to: *mut u8, from: u32, bytes: usize);
    /// Copies in guest memory, from and to ranges that may overlap.
    safe fn copy_within(to: u32, from: u32, bytes: u32);
    safe fn fill(at: u32, byte: u32, bytes: u32);
}

/// The code that was translated ahead of time.
pub(crate) trait Code {
    /// Whether a function starts at `pc`.
    fn starts_at(&self, pc: u32) -> bool;
}

/// One guest address space.
pub(crate) struct Linear<C> {
    pages: PageMap,
    /// For each page, whether it was ever mapped: then it may be other than zero.
    used: Vec<bool>,
    big_endian: bool,
    changed: Vec<(Addr, u32)>,
    pub(crate) code: C,
}

impl<C> Linear<C> {
    pub(crate) fn new(big_endian: bool, code: C) -> Linear<C> {
        let used = vec![false; (1 << 31) / PAGE_BYTES as usize];
        Linear { pages: PageMap::default(), used, big_endian, changed: Vec::new(), code }
    }

    /// Whether `bytes` bytes at `at`, at most a word, may be accessed so; or the fault of the first that may not.
    #[inline(always)]
    fn reach(&self, at: u32, bytes: u32, access: Access, need: Prot) -> Result<(), Fault> {
        if at % PAGE_BYTES + bytes <= PAGE_BYTES && self.pages.allows(at, need) {
            return Ok(());
        }
        self.reach_across(at, bytes, access)
    }

    #[cold]
    fn reach_across(&self, at: u32, bytes: u32, access: Access) -> Result<(), Fault> {
        let last = at.wrapping_add(bytes - 1);
        for at in [at, at.max(last & !(PAGE_BYTES - 1))] {
            if let Some(denied) = self.pages.denied(at, access) {
                return Err(Fault { at, access, denied });
            }
        }
        Ok(())
    }

    /// What memory holds, in the guest's byte order.
    #[inline(always)]
    fn ordered(&self, size: Size, value: u32) -> u32 {
        match size {
            Size::Half if self.big_endian => u32::from((value as u16).swap_bytes()),
            Size::Word if self.big_endian => value.swap_bytes(),
            _ => value,
        }
    }

    fn note_code(&mut self, at: Addr, bytes: u32) {
        if self.pages.may_hold_code(at, bytes) {
            self.changed.push((at, bytes));
        }
    }

    /// Has the pages of a range hold zeros.
    fn clear(&mut self, at: Addr, bytes: u32) {
        for page in (at.0..at.0 + bytes).step_by(PAGE_BYTES as usize) {
            if std::mem::replace(&mut self.used[(page / PAGE_BYTES) as usize], true) {
                fill(page, 0, PAGE_BYTES);
            }
        }
    }

    /// Writes, to pages that are mapped.
    fn put(&mut self, at: Addr, from: &[u8]) {
        // SAFETY: the instruction reads exactly the slice, and writes to another memory.
        unsafe { copy_in(at.0, from.as_ptr(), from.len()) };
    }

    /// The bytes from `at` on, whatever their protection.
    pub(crate) fn peek(&self, at: u32, into: &mut [u8]) {
        // SAFETY: the instruction writes exactly the slice.
        unsafe { copy_out(into.as_mut_ptr(), at, into.len()) };
    }

    /// Whether all of a range may be executed.
    pub(crate) fn is_code(&self, at: u32, bytes: usize) -> bool {
        self.pages.first_without(Addr(at), bytes, Prot::EXEC).is_none()
    }
}

impl<C> AddressSpace for Linear<C> {
    fn map(&mut self, at: Addr, bytes: u32, prot: Prot) -> Result<(), OutOfMemory> {
        self.note_code(at, bytes);
        self.clear(at, bytes);
        self.pages.map(at, bytes, prot);
        Ok(())
    }

    fn unmap(&mut self, at: Addr, bytes: u32) {
        self.note_code(at, bytes);
        self.pages.unmap(at, bytes);
    }

    fn protect(&mut self, at: Addr, bytes: u32, prot: Prot) {
        self.note_code(at, bytes);
        self.pages.protect(at, bytes, prot);
    }

    fn relocate(&mut self, from: Addr, to: Addr, bytes: u32) -> Result<(), OutOfMemory> {
        self.note_code(from, bytes);
        self.note_code(to, bytes);
        self.clear(to, bytes);
        copy_within(to.0, from.0, bytes);
        for offset in (0..bytes).step_by(PAGE_BYTES as usize) {
            let prot = self.pages.prot(Addr(from.0 + offset));
            self.pages.map(Addr(to.0 + offset), PAGE_BYTES, prot);
        }
        self.unmap(from, bytes);
        Ok(())
    }

    fn read(&self, at: Addr, into: &mut [u8]) -> Result<(), BadAddress> {
        match self.pages.first_without(at, into.len(), Prot::READ) {
            Some(bad) => Err(BadAddress(bad)),
            None => {
                self.peek(at.0, into);
                Ok(())
            }
        }
    }

    fn write(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        match self.pages.first_without(at, from.len(), Prot::WRITE) {
            Some(bad) => Err(BadAddress(bad)),
            None => {
                self.put(at, from);
                Ok(())
            }
        }
    }

    fn fill(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        match self.pages.first_unmapped(at, from.len()) {
            Some(bad) => Err(BadAddress(bad)),
            None => {
                self.note_code(at, from.len() as u32);
                self.put(at, from);
                Ok(())
            }
        }
    }

    fn code_changed(&mut self, at: Addr, bytes: u32) {
        self.changed.push((at, bytes));
    }
}

impl<C> Bus for Linear<C> {
    #[inline(always)]
    fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    #[inline(always)]
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault> {
        let value = match size {
            Size::Byte => self.reach(at, 1, Access::Load, Prot::READ).map(|()| load8(at)),
            Size::Half => self.reach(at, 2, Access::Load, Prot::READ).map(|()| load16(at)),
            Size::Word => self.reach(at, 4, Access::Load, Prot::READ).map(|()| load32(at)),
        };
        Ok(self.ordered(size, value?))
    }

    #[inline(always)]
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault> {
        let value = self.ordered(size, value);
        match size {
            Size::Byte => self.reach(at, 1, Access::Store, Prot::WRITE).map(|()| store8(at, value)),
            Size::Half => self.reach(at, 2, Access::Store, Prot::WRITE).map(|()| store16(at, value)),
            Size::Word => self.reach(at, 4, Access::Store, Prot::WRITE).map(|()| store32(at, value)),
        }
    }

    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        self.reach(at, 4, Access::Fetch, Prot::EXEC)?;
        Ok(self.ordered(Size::Word, load32(at)))
    }

    fn cycles(&mut self) -> u32 {
        monotonic_ns() as u32
    }
}

impl<C: Code> Space for Linear<C> {
    fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    fn take_changed(&mut self) -> Vec<(Addr, u32)> {
        std::mem::take(&mut self.changed)
    }

    fn has_code(&self, pc: u32) -> bool {
        self.code.starts_at(pc)
    }
}
