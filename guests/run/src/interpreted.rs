//! An engine that compiles nothing: a register file and paged memory.

use crate::engine::{Drive, Engine, Help, Made};
use crate::paged::Paged;
use alloc::string::String;
use alloc::vec::Vec;
use mips::State;
use mips::border::Leave;
use mips::translate::Translated;

/// For hosts without a Wasm engine of their own; runs at [`crate::Tier::Interp`].
pub struct Interpreted {
    state: State,
    space: Paged,
}

impl Interpreted {
    /// A CPU at reset on `space`.
    pub fn new(space: Paged) -> Interpreted {
        Interpreted { state: State::default(), space }
    }
}

impl Engine for Interpreted {
    type Space = Paged;

    fn fork(&mut self) -> Result<Interpreted, String> {
        Ok(Interpreted { state: self.state.clone(), space: self.space.fork().ok_or("no memory is left for a copy")? })
    }
    fn fresh(&self, big_endian: bool) -> Result<Interpreted, String> {
        Ok(Interpreted::new(self.space.fresh(big_endian)))
    }
    fn parts(&mut self) -> (&mut State, &mut Paged) {
        (&mut self.state, &mut self.space)
    }
    fn install(&mut self, _: &Translated, _: Made) -> Result<usize, String> {
        Err(String::from("this host only interprets; run with --tier interp"))
    }
    fn has_code(&self, _: u32) -> bool {
        false
    }
    fn drive(&mut self, _: &mut Help<'_, Paged>) -> Drive {
        Drive::Left(Leave::NoCode)
    }
    fn forget(&mut self, _: u32, _: u32) -> Vec<u32> {
        Vec::new()
    }
    fn forget_all(&mut self) {}
}
