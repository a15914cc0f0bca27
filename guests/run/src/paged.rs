//! [`PagedSpace`] as an interpreter's bus: memory without a host, for the browser and for tests.

use crate::engine::Space;
use abi::paged::{PagedSpace, Refusal, Refused};
use abi::{Addr, AddressSpace, BadAddress, OutOfMemory, Prot};
use alloc::vec::Vec;
use mips::cpu::Size;
use mips::exception::{Access, Denied, Fault};
use mips::reading::interp::Bus;

/// Pages on demand, in one byte order.
pub struct Paged {
    space: PagedSpace,
    big_endian: bool,
    /// What RDHWR CC shows: it counts how often it was asked.
    cycles: u32,
}

impl Paged {
    /// An empty address space of at most `pages_max` pages.
    pub fn new(pages_max: usize, big_endian: bool) -> Paged {
        Paged { space: PagedSpace::new(pages_max), big_endian, cycles: 0 }
    }

    /// A copy; none if there is no memory for it.
    pub(crate) fn fork(&self) -> Option<Paged> {
        Some(Paged { space: self.space.fork().ok()?, ..*self })
    }

    /// An empty one of the same size.
    pub(crate) fn fresh(&self, big_endian: bool) -> Paged {
        Paged::new(self.space.pages_max(), big_endian)
    }

    #[inline]
    fn load_at(&self, size: Size, at: u32, need: Prot) -> Result<u32, Refusal> {
        Ok(match (size, self.big_endian) {
            (Size::Byte, _) => u32::from(self.space.load::<1>(at, need)?[0]),
            (Size::Half, false) => u32::from(u16::from_le_bytes(self.space.load(at, need)?)),
            (Size::Half, true) => u32::from(u16::from_be_bytes(self.space.load(at, need)?)),
            (Size::Word, false) => u32::from_le_bytes(self.space.load(at, need)?),
            (Size::Word, true) => u32::from_be_bytes(self.space.load(at, need)?),
        })
    }
}

fn fault(access: Access) -> impl Fn(Refusal) -> Fault {
    move |Refusal { at, why }| {
        let denied = match why {
            _ if at >= 0x8000_0000 => Denied::Privileged,
            Refused::Unmapped => Denied::Unmapped,
            Refused::Protected => Denied::Protected,
        };
        Fault { at, access, denied }
    }
}

impl Bus for Paged {
    #[inline]
    fn is_big_endian(&self) -> bool {
        self.big_endian
    }
    #[inline]
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault> {
        self.load_at(size, at, Prot::READ).map_err(fault(Access::Load))
    }
    #[inline]
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault> {
        match (size, self.big_endian) {
            (Size::Byte, _) => self.space.store(at, [value as u8]),
            (Size::Half, false) => self.space.store(at, (value as u16).to_le_bytes()),
            (Size::Half, true) => self.space.store(at, (value as u16).to_be_bytes()),
            (Size::Word, false) => self.space.store(at, value.to_le_bytes()),
            (Size::Word, true) => self.space.store(at, value.to_be_bytes()),
        }
        .map_err(fault(Access::Store))
    }
    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        self.load_at(Size::Word, at, Prot::EXEC).map_err(fault(Access::Fetch))
    }
    fn cycles(&mut self) -> u32 {
        self.cycles = self.cycles.wrapping_add(1);
        self.cycles
    }
}

impl AddressSpace for Paged {
    fn map(&mut self, at: Addr, bytes: u32, prot: Prot) -> Result<(), OutOfMemory> {
        self.space.map(at, bytes, prot)
    }
    fn unmap(&mut self, at: Addr, bytes: u32) {
        self.space.unmap(at, bytes);
    }
    fn protect(&mut self, at: Addr, bytes: u32, prot: Prot) {
        self.space.protect(at, bytes, prot);
    }
    fn relocate(&mut self, from: Addr, to: Addr, bytes: u32) -> Result<(), OutOfMemory> {
        self.space.relocate(from, to, bytes)
    }
    fn read(&self, at: Addr, into: &mut [u8]) -> Result<(), BadAddress> {
        self.space.read(at, into)
    }
    fn write(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        self.space.write(at, from)
    }
    fn fill(&mut self, at: Addr, from: &[u8]) -> Result<(), BadAddress> {
        self.space.fill(at, from)
    }
    fn code_changed(&mut self, at: Addr, bytes: u32) {
        self.space.code_changed(at, bytes);
    }
}

impl Space for Paged {
    fn has_changed(&self) -> bool {
        self.space.has_changed()
    }
    fn take_changed(&mut self) -> Vec<(Addr, u32)> {
        self.space.take_changed()
    }
}
