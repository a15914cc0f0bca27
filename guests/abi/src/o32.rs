//! The o32 system-call convention: where arguments and results are (arch/mips/kernel/scall32-o32.S).

use crate::endian::Endian;
use crate::guest;
use crate::memory::{Addr, AddressSpace, BadAddress};
use mips::state::FpuMode;
use mips::{Exception, Gpr, State};

/// The number that system calls start at.
pub const FIRST_NUMBER: u32 = 4000;

/// FCSR bits NAN2008 and ABS2008.
const FCSR_2008: u32 = 0x000c_0000;

/// FCSR cause bits.
const FCSR_CAUSES: u32 = 0x3f << 12;

/// The call's number.
pub fn number(state: &State) -> u32 {
    state.get(Gpr::V0)
}

/// The first argument: the number, to syscall(2).
pub fn first_argument(state: &State) -> u32 {
    state.get(Gpr::A0)
}

/// Takes arguments one after the other: a0 to a3, then the stack from 16($sp).
pub struct ArgReader<'a> {
    state: &'a State,
    space: &'a dyn AddressSpace,
    endian: Endian,
    slot: u32,
    first: u32,
}

impl<'a> ArgReader<'a> {
    /// At the first argument.
    pub fn new(state: &'a State, space: &'a dyn AddressSpace, endian: Endian) -> ArgReader<'a> {
        ArgReader { state, space, endian, slot: 0, first: 0 }
    }

    /// For syscall(2), whose own first argument is the number: pairs align among those that follow.
    pub fn indirect(state: &'a State, space: &'a dyn AddressSpace, endian: Endian) -> ArgReader<'a> {
        ArgReader { first: 1, ..ArgReader::new(state, space, endian) }
    }

    /// The next word.
    pub fn word(&mut self) -> Result<u32, BadAddress> {
        let slot = self.slot + self.first;
        self.slot += 1;
        if slot < 4 {
            return Ok(self.state.get(Gpr::new(4 + slot)));
        }
        guest::read(self.space, self.endian, Addr(self.state.get(Gpr::SP)) + 4 * slot)
    }

    /// The next word, which stays; 0 if it cannot be read.
    pub fn peek(&mut self) -> u32 {
        let slot = self.slot;
        let word = self.word().unwrap_or(0);
        self.slot = slot;
        word
    }

    /// The next 64 bits: an even and an odd slot, in byte order.
    pub fn pair(&mut self) -> Result<u64, BadAddress> {
        self.slot = self.slot.next_multiple_of(2);
        let (first, second) = (u64::from(self.word()?), u64::from(self.word()?));
        Ok(match self.endian {
            Endian::Little => second << 32 | first,
            Endian::Big => first << 32 | second,
        })
    }
}

/// Returns from the call: v0 (and v1), no error, on with the next instruction.
pub fn succeed(state: &mut State, (v0, v1): (u32, Option<u32>)) {
    state.set(Gpr::V0, v0);
    if let Some(v1) = v1 {
        state.set(Gpr::V1, v1);
    }
    state.set(Gpr::A3, 0);
    state.pc = state.next_pc;
}

/// Returns from the call with an error: its number of this ABI, positive, and the flag in a3.
pub fn fail(state: &mut State, number: u32) {
    state.set(Gpr::V0, number);
    state.set(Gpr::A3, 1);
    state.pc = state.next_pc;
}

/// Sets the registers a program starts with: entry, stack, nothing to call at exit.
pub fn start(state: &mut State, entry: Addr, stack: Addr) {
    state.gpr = [0; 32];
    (state.lo, state.hi) = (0, 0);
    state.set(Gpr::SP, stack.0);
    // Position-independent start code computes its $gp from t9.
    state.set(Gpr::T9, entry.0);
    state.pc = entry.0;
    state.next_pc = entry.0;
    state.user_local = 0;
    state.break_link();
}

/// Sets the floating-point unit up as the program's file asks.
pub fn start_fpu(state: &mut State, fr: bool, nan2008: bool) {
    state.fpr = [0; 64];
    state.fpu = FpuMode { fr, nan2008, exact: false, abs2008: nan2008 };
    // NAN2008 and ABS2008 are bits of FCSR that programs may read.
    state.fcsr = if nan2008 { FCSR_2008 } else { 0 };
}

/// Clears the cause of a floating-point exception, as Linux does before it sends the signal.
pub fn clear_causes(state: &mut State, exception: Exception) {
    if exception == Exception::FloatingPoint {
        state.fcsr &= !FCSR_CAUSES;
    }
}

/// Sets the thread pointer: what RDHWR $29 reads.
pub fn set_thread_pointer(state: &mut State, at: Addr) {
    state.user_local = at.0;
}

/// Whether floating-point registers are 32 of 64 bits.
pub fn has_fr1(state: &State) -> bool {
    state.fpu.fr
}

/// Sets where the stack is: a thread's begins at its own.
pub fn set_stack_pointer(state: &mut State, stack: Addr) {
    state.set(Gpr::SP, stack.0);
}

/// The stack pointer.
pub fn stack_pointer(state: &State) -> Addr {
    Addr(state.get(Gpr::SP))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Prot;
    use crate::paged::PagedSpace;

    #[test]
    fn words_and_pairs() {
        let mut space = PagedSpace::new(4);
        space.map(Addr(0x1000), 0x1000, Prot::READ | Prot::WRITE).unwrap();
        space.write(Addr(0x1010), &[5, 0, 0, 0, 6, 0, 0, 0]).unwrap();
        let mut state = State::default();
        (4..8).for_each(|reg| state.set(Gpr::new(reg), reg - 3));
        state.set(Gpr::SP, 0x1000);
        // pread64: fd, buffer, length, and the pair skips a3.
        let mut reader = ArgReader::new(&state, &space, Endian::Little);
        assert_eq!([reader.word(), reader.word(), reader.word()], [Ok(1), Ok(2), Ok(3)]);
        assert_eq!(reader.pair(), Ok(0x6_0000_0005));
        let mut reader = ArgReader::new(&state, &space, Endian::Big);
        assert_eq!(reader.pair(), Ok(0x1_0000_0002));
        let mut reader = ArgReader::indirect(&state, &space, Endian::Little);
        assert_eq!(reader.word(), Ok(2));
        state.set(Gpr::SP, 0x4000);
        let mut reader = ArgReader::new(&state, &space, Endian::Little);
        reader.slot = 4;
        assert_eq!(reader.word(), Err(BadAddress(Addr(0x4010))));
    }
}
