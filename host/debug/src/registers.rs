//! Registers as gdb sees them: by number, 32 bits each, in the guest's byte order. Of 64-bit floating-point registers that is
//! the lower half.

use crate::description::{BADVADDR, CAUSE, COUNT, F0, FCSR, FIR, HI, LO, PC, STATUS};
use gdbstub::arch::{Arch, RegId};
use mips::State;
use mips::reg::Fpr;
use mips::state::Fcsr;
use std::num::NonZeroUsize;

/// MIPS, as the protocol's crate wants to know it.
pub(crate) enum Mips {}

impl Arch for Mips {
    type Usize = u32;
    type Registers = Registers;
    type BreakpointKind = usize;
    type RegId = Number;
}

/// gdb's number of a register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) usize);

impl RegId for Number {
    fn from_raw_id(id: usize) -> Option<(Number, Option<NonZeroUsize>)> {
        (id < COUNT).then_some((Number(id), NonZeroUsize::new(4)))
    }
}

/// All registers, one after the other.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Registers(pub(crate) Vec<u8>);

impl gdbstub::arch::Registers for Registers {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        0
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        self.0.iter().for_each(|byte| write_byte(Some(*byte)));
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        self.0 = bytes.to_vec();
        Ok(())
    }
}

/// What Linux has in CP0 Status for a program: coprocessor 1, and FR where that is set.
fn status(state: &State) -> u32 {
    const CU1: u32 = 1 << 29;
    const FR: u32 = 1 << 26;
    const USER_WITH_INTERRUPTS: u32 = 0x13;
    CU1 | USER_WITH_INTERRUPTS | if state.fpu.fr { FR } else { 0 }
}

/// A register; `fault` is the address that the thread was refused.
pub(crate) fn get(state: &State, fault: Option<u32>, number: usize) -> u32 {
    match number {
        STATUS => status(state),
        LO => state.lo,
        HI => state.hi,
        BADVADDR => fault.unwrap_or(0),
        CAUSE => 0,
        PC => state.pc,
        FCSR => state.fcsr,
        FIR => Fcsr(state.fcsr).view(Fcsr::FIR, state.fpu).unwrap_or(0),
        _ if number < STATUS => state.gpr[number],
        _ => float(number).map_or(0, |index| state.fpr[State::fpr_index(state.fpu.fr, index)]),
    }
}

/// Sets a register, if it is one that instructions can set.
pub(crate) fn set(state: &mut State, number: usize, value: u32) {
    match number {
        LO => state.lo = value,
        HI => state.hi = value,
        PC => state.pc = value,
        FCSR => {
            let mut fcsr = Fcsr(state.fcsr);
            // Nothing is raised before an instruction does that.
            let _ = fcsr.write(Fcsr::FCSR, value);
            state.fcsr = fcsr.0;
        }
        _ if number < STATUS => state.gpr[number] = value,
        _ => {
            if let Some(register) = float(number) {
                state.fpr[State::fpr_index(state.fpu.fr, register)] = value;
            }
        }
    }
}

fn float(number: usize) -> Option<Fpr> {
    number.checked_sub(F0).filter(|index| *index < 32).map(|index| Fpr::new(index as u32))
}
