//! Coprocessors 0 and 2 as user mode meets them: unusable. RDHWR is the one door that Linux opens.

use crate::cpu::{Cpu, Step};
use crate::exception::Exception;
use crate::insn::{Amount, Mem, Target};
use crate::reg::{Control, Gpr};

/// Bytes that one SYNCI covers (RDHWR $1), as on the 24K.
pub(crate) const SYNCI_STEP: u32 = 32;

/// CPU cycles a step of RDHWR $2 (RDHWR $3), as on the 24K.
const CYCLES_RESOLUTION: u32 = 2;

/// CACHE: cache operation.
pub(crate) fn cache<C: Cpu>(cpu: &mut C, _: Amount, _: Mem) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// COP2: coprocessor 2, which is not there.
pub(crate) fn cop2<C: Cpu>(cpu: &mut C, _: Target) -> Step<C> {
    cpu.raise(Exception::Coprocessor(2))
}

/// DERET: return from debug mode.
pub(crate) fn deret<C: Cpu>(cpu: &mut C) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// DI: disable interrupts.
pub(crate) fn di<C: Cpu>(cpu: &mut C, _: Gpr) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// EI: enable interrupts.
pub(crate) fn ei<C: Cpu>(cpu: &mut C, _: Gpr) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// ERET: return from an exception.
pub(crate) fn eret<C: Cpu>(cpu: &mut C) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// LDC2: load doubleword to coprocessor 2.
pub(crate) fn ldc2<C: Cpu>(cpu: &mut C, _: Amount, _: Mem) -> Step<C> {
    cpu.raise(Exception::Coprocessor(2))
}

/// LWC2: load word to coprocessor 2.
pub(crate) fn lwc2<C: Cpu>(cpu: &mut C, _: Amount, _: Mem) -> Step<C> {
    cpu.raise(Exception::Coprocessor(2))
}

/// MFC0: move from coprocessor 0.
pub(crate) fn mfc0<C: Cpu>(cpu: &mut C, _: Gpr, _: Control, _: Amount) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// MTC0: move to coprocessor 0.
pub(crate) fn mtc0<C: Cpu>(cpu: &mut C, _: Gpr, _: Control, _: Amount) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// RDHWR: read a hardware register: CPUNum, SYNCI_Step, CC, CCRes or UserLocal; the others are reserved.
pub(crate) fn rdhwr<C: Cpu>(cpu: &mut C, rt: Gpr, register: Control) -> Step<C> {
    let value = match register.0 {
        0 => cpu.word(0),
        1 => cpu.word(SYNCI_STEP),
        2 => cpu.cycles(),
        3 => cpu.word(CYCLES_RESOLUTION),
        29 => cpu.user_local(),
        _ => return cpu.raise(Exception::Reserved),
    };
    cpu.set(rt, value);
    Ok(())
}

/// RDPGPR: read a register of the previous shadow set.
pub(crate) fn rdpgpr<C: Cpu>(cpu: &mut C, _: Gpr, _: Gpr) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// SDC2: store doubleword from coprocessor 2.
pub(crate) fn sdc2<C: Cpu>(cpu: &mut C, _: Amount, _: Mem) -> Step<C> {
    cpu.raise(Exception::Coprocessor(2))
}

/// SWC2: store word from coprocessor 2.
pub(crate) fn swc2<C: Cpu>(cpu: &mut C, _: Amount, _: Mem) -> Step<C> {
    cpu.raise(Exception::Coprocessor(2))
}

/// TLBP: probe the TLB.
pub(crate) fn tlbp<C: Cpu>(cpu: &mut C) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// TLBR: read a TLB entry.
pub(crate) fn tlbr<C: Cpu>(cpu: &mut C) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// TLBWI: write the indexed TLB entry.
pub(crate) fn tlbwi<C: Cpu>(cpu: &mut C) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// TLBWR: write a random TLB entry.
pub(crate) fn tlbwr<C: Cpu>(cpu: &mut C) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// WAIT: wait for an interrupt.
pub(crate) fn wait<C: Cpu>(cpu: &mut C) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}

/// WRPGPR: write a register of the previous shadow set.
pub(crate) fn wrpgpr<C: Cpu>(cpu: &mut C, _: Gpr, _: Gpr) -> Step<C> {
    cpu.raise(Exception::Coprocessor(0))
}
