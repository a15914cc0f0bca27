//! [`Watched`]: guest memory as the interpreter reaches it, with an eye on where branches lead.

use crate::engine::Space;
use crate::heat::Heat;
use alloc::collections::BTreeSet;
use mips::border;
use mips::cpu::Size;
use mips::exception::Fault;
use mips::reading::interp::Bus;

/// The address space, with an eye on where branches lead.
pub(crate) struct Watched<'a, S: Space> {
    pub(crate) space: &'a mut S,
    pub(crate) heat: &'a mut Heat,
    pub(crate) watches: bool,
    /// What it is not to go on behind: where that returns to, and its stack pointer; [`Watched::EVERYWHERE`] if nothing.
    pub(crate) frame: (u32, u32),
    /// Where a debugger wants to stop, and so nothing is decoded.
    pub(crate) barred: &'a BTreeSet<u32>,
}

impl<S: Space> Watched<'_, S> {
    /// What nothing is behind.
    pub(crate) const EVERYWHERE: (u32, u32) = (border::NOWHERE, u32::MAX);
}

impl<S: Space> Bus for Watched<'_, S> {
    #[inline(always)]
    fn is_big_endian(&self) -> bool {
        self.space.is_big_endian()
    }
    #[inline(always)]
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault> {
        self.space.load(size, at)
    }
    #[inline(always)]
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault> {
        self.space.store(size, at, value)
    }
    fn exchange(&mut self, at: u32, old: u32, new: u32) -> Result<bool, Fault> {
        self.space.exchange(at, old, new)
    }
    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        self.space.fetch(at)
    }
    fn cycles(&mut self) -> u32 {
        self.space.cycles()
    }
    #[inline(always)]
    fn entered(&mut self, pc: u32, sp: u32, is_back: bool, is_called: bool) -> bool {
        let (back, frame) = self.frame;
        if border::is_behind(pc, sp, back, frame) {
            return true;
        }
        if is_called && sp == frame {
            // What calls has its own `ra` elsewhere: that was where its last call came back to.
            self.frame.0 = border::NOWHERE;
        }
        self.watches
            && (self.space.has_code(pc)
                || if is_back || is_called { self.heat.visit(pc) } else { self.heat.is_hot(pc) })
    }
    fn is_barred(&self, pc: u32) -> bool {
        self.barred.contains(&pc)
    }
}
