//! The other half, for the page's own engine: the guest's present region as a Wasm module, and the interpreter as its judge.
//!
//! Whoever instantiates the module brings both memories of [`mips::border`], filled from here. Not here yet: an engine
//! that runs a whole guest so, for which accesses must be checked in the code, a page having no mprotect.

use crate::guest::Guest;
use abi::{Addr, AddressSpace, PAGE_BYTES, USER_END};
use mips::State;
use mips::cpu::Size;
use mips::reading::emit::Options;
use mips::reading::interp::{Bus, Decoded, Interp, Stop};
use mips::region::{CodeSource, Reach, discover};
use mips::translate::Memories;
use mips::translate::block::translate;
use run::{Engine, Paged};
use std::cell::RefCell;

/// Blocks translated together.
const REACH: Reach = Reach { blocks: 96, is_past_interpreter: true };
/// Where the floating-point unit's setting begins, which is for Rust alone.
const REGISTERS_BYTES: usize = State::LEAVE as usize + 4;
/// Instructions after which the interpreter does not get there any more.
const FOLLOWED_MAX: u32 = 1 << 16;

impl Guest {
    /// The registers and the memory of a process that does not run, if there is one.
    fn parts(&mut self) -> Option<(&mut State, &mut Paged)> {
        self.world.cpu().map(|cpu| cpu.engine.parts())
    }

    /// Translates the region at the PC: the module, and the number of the entry that the PC is.
    pub fn region(&mut self) -> Option<(Vec<u8>, u32)> {
        let (state, space) = self.parts()?;
        let options = Options { big_endian: space.is_big_endian(), fpu: state.fpu, fault_precise: false };
        let pc = state.pc;
        let translated = translate(&discover(&Code(RefCell::new(space)), pc, REACH)?, options, Memories::Imported);
        let entry = translated.functions[0].entries.iter().position(|entry| *entry == pc)?;
        Some((translated.wasm, u32::try_from(entry).ok()?))
    }

    /// The register file as translated code finds it, with the poll word set: it leaves at its first jump backward.
    pub fn registers(&mut self) -> Vec<u8> {
        self.parts().map(|(state, _)| registers(state)).unwrap_or_default()
    }

    /// Interprets until the registers and the PC are as translated code left them; false if they never are.
    pub fn follow(&mut self, left: &[u8], pc: u32) -> bool {
        let Some((state, space)) = self.parts() else { return false };
        let mut decoded = Decoded::new();
        for _ in 0..FOLLOWED_MAX {
            if state.pc == pc && compared(&registers(state)) == compared(left) {
                return true;
            }
            if let Stop::Exception(_) = Interp::new(state, space, &mut decoded).run(1) {
                return false;
            }
        }
        false
    }

    /// The first page at or after `at` that can be read, and its bytes.
    pub fn page(&mut self, at: u32) -> Option<(u32, Vec<u8>)> {
        let (_, space) = self.parts()?;
        let mut bytes = vec![0; PAGE_BYTES as usize];
        let mut pages = (at & !(PAGE_BYTES - 1)..USER_END).step_by(PAGE_BYTES as usize);
        let found = pages.find(|at| space.read(Addr(*at), &mut bytes).is_ok())?;
        Some((found, bytes))
    }
}

/// The register file at its offsets in the CPU memory.
fn registers(state: &State) -> Vec<u8> {
    let mut bytes = vec![0; REGISTERS_BYTES];
    let mut put = |at: u32, words: &[u32]| {
        for (to, word) in bytes[at as usize..].chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
    };
    put(0, &state.gpr);
    put(State::HILO, &[state.lo, state.hi]);
    put(State::PC, &[state.pc, state.next_pc]);
    put(State::fpr_offset(0), &state.fpr);
    put(State::FCSR, &[state.fcsr]);
    put(State::USER_LOCAL, &[state.user_local]);
    put(State::LINK_AT, &[state.link_at, state.link_value]);
    put(State::POLL, &[State::POLL_NOW, 0]);
    bytes
}

/// What of a register file counts: all before `pc` and all between `next_pc` and the poll word.
fn compared(registers: &[u8]) -> Option<(&[u8], &[u8])> {
    Some((registers.get(..State::PC as usize)?, registers.get(State::fpr_offset(0) as usize..State::POLL as usize)?))
}

/// Code as the guest may fetch it.
struct Code<'a>(RefCell<&'a mut Paged>);

impl CodeSource for Code<'_> {
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
