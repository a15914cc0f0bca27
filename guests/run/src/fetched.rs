//! [`Fetched`]: guest memory as translators read it.

use crate::engine::Space;
use alloc::collections::BTreeSet;
use core::cell::RefCell;
use mips::cpu::Size;
use mips::region::CodeSource;

/// Code as the guest may fetch it.
pub(crate) struct Fetched<'a, S: Space> {
    space: RefCell<&'a mut S>,
    barred: &'a BTreeSet<u32>,
}

impl<S: Space> Fetched<'_, S> {
    /// That of `space`, less what a debugger barred.
    pub(crate) fn new<'a>(space: &'a mut S, barred: &'a BTreeSet<u32>) -> Fetched<'a, S> {
        Fetched { space: RefCell::new(space), barred }
    }
}

impl<S: Space> CodeSource for Fetched<'_, S> {
    fn is_big_endian(&self) -> bool {
        self.space.borrow().is_big_endian()
    }
    fn word(&self, pc: u32) -> Option<u32> {
        if !pc.is_multiple_of(4) {
            return None;
        }
        self.space.borrow_mut().fetch(pc).ok()
    }
    fn data(&self, at: u32) -> Option<u32> {
        self.space.borrow_mut().load(Size::Word, at).ok()
    }
    fn is_barred(&self, pc: u32) -> bool {
        self.barred.contains(&pc)
    }
}
