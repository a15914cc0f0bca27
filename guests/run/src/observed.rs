//! [`Observed`]: guest memory as the interpreter reaches it while a debugger has watchpoints in there.

use crate::debugger::Watchpoint;
use crate::engine::Space;
use alloc::collections::BTreeSet;
use core::ops::Range;
use mips::cpu::Size;
use mips::exception::{Access, Denied, Fault};
use mips::reading::interp::Bus;

/// The address space, less what must not be accessed, or not be executed, before a debugger has stopped the program.
pub(crate) struct Observed<'a, S: Space> {
    pub(crate) space: &'a mut S,
    pub(crate) watchpoints: &'a [Watchpoint],
    /// What would have been accessed: the address in there, and the watchpoint.
    pub(crate) hit: Option<(u32, Watchpoint)>,
    pub(crate) barred: &'a BTreeSet<u32>,
    /// Where that does not count.
    pub(crate) passes: Range<u32>,
}

impl<S: Space> Observed<'_, S> {
    /// Refuses an access that is watched, which then has not happened.
    fn look(&mut self, at: u32, bytes: u32, access: Access) -> Result<(), Fault> {
        let is_store = access == Access::Store;
        let met =
            self.watchpoints.iter().find_map(|watchpoint| Some((watchpoint.meets(at, bytes, is_store)?, *watchpoint)));
        let Some(hit) = met else { return Ok(()) };
        self.hit = Some(hit);
        Err(Fault { at, access, denied: Denied::Protected })
    }
}

impl<S: Space> Bus for Observed<'_, S> {
    fn is_big_endian(&self) -> bool {
        self.space.is_big_endian()
    }
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault> {
        self.look(at, size.bytes(), Access::Load)?;
        self.space.load(size, at)
    }
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault> {
        self.look(at, size.bytes(), Access::Store)?;
        self.space.store(size, at, value)
    }
    fn exchange(&mut self, at: u32, old: u32, new: u32) -> Result<bool, Fault> {
        self.look(at, 4, Access::Store)?;
        self.space.exchange(at, old, new)
    }
    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        self.space.fetch(at)
    }
    fn cycles(&mut self) -> u32 {
        self.space.cycles()
    }
    fn is_barred(&self, pc: u32) -> bool {
        !self.passes.contains(&pc) && self.barred.contains(&pc)
    }
}
