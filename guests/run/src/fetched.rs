//! [`Fetched`]: guest memory as translators read it.

use crate::engine::Space;
use core::cell::RefCell;
use mips::cpu::Size;
use mips::region::CodeSource;

/// Code as the guest may fetch it.
pub(crate) struct Fetched<'a, S: Space>(RefCell<&'a mut S>);

impl<S: Space> Fetched<'_, S> {
    pub(crate) fn new(space: &mut S) -> Fetched<'_, S> {
        Fetched(RefCell::new(space))
    }
}

impl<S: Space> CodeSource for Fetched<'_, S> {
    fn is_big_endian(&self) -> bool {
        self.0.borrow().is_big_endian()
    }
    fn word(&self, pc: u32) -> Option<u32> {
        if !pc.is_multiple_of(4) {
            return None;
        }
        self.0.borrow_mut().fetch(pc).ok()
    }
    fn data(&self, at: u32) -> Option<u32> {
        self.0.borrow_mut().load(Size::Word, at).ok()
    }
}
