//! Which signal an exception of the processor becomes (arch/mips/kernel/traps.c, arch/mips/mm/fault.c).

use crate::signal::Signal;
use crate::signal::pending::Info;
use abi::{Denied, Exception};

const FPE_INTDIV: i32 = 1;
const FPE_INTOVF: i32 = 2;
const TRAP_BRKPT: i32 = 1;
const SEGV_MAPERR: i32 = 1;
const SEGV_ACCERR: i32 = 2;
const BUS_ADRALN: i32 = 1;

/// BREAK codes of the compilers (asm/break.h).
const BRK_OVERFLOW: u32 = 6;
const BRK_DIVZERO: u32 = 7;

/// FCSR cause bits and the code each becomes, in the order Linux looks at them.
const FPE_CAUSES: [(u32, i32); 5] = [(1 << 16, 7), (1 << 15, 3), (1 << 14, 4), (1 << 13, 5), (1 << 12, 6)];

/// The signal of an exception at `pc`; `None` for those that are no mistake.
pub(crate) fn of_exception(exception: Exception, pc: u32, fcsr: u32) -> Option<Info> {
    let at_pc = |signal, code| Some(Info { signal, code, words: [pc, 0, 0] });
    match exception {
        Exception::Syscall | Exception::CodeChanged { .. } => None,
        Exception::Break(code) => trap(code, pc).or_else(|| at_pc(Signal::TRAP, TRAP_BRKPT)),
        Exception::Trap(code) => trap(code, pc).or_else(|| Some(Info::kernel(Signal::TRAP))),
        Exception::Overflow => at_pc(Signal::FPE, FPE_INTOVF),
        Exception::Reserved | Exception::Coprocessor(_) => Some(Info::kernel(Signal::ILL)),
        Exception::FloatingPoint => {
            let code = FPE_CAUSES.iter().find(|(bit, _)| fcsr & bit != 0).map_or(0, |(_, code)| *code);
            at_pc(Signal::FPE, code)
        }
        Exception::Memory(fault) => {
            let (signal, code) = match fault.denied {
                // Linux on a real MIPS says SIGBUS of a kernel address; QEMU, and Linux elsewhere, say this.
                Denied::Unmapped | Denied::Privileged => (Signal::SEGV, SEGV_MAPERR),
                Denied::Protected => (Signal::SEGV, SEGV_ACCERR),
                Denied::Unaligned => (Signal::BUS, BUS_ADRALN),
            };
            Some(Info { signal, code, words: [fault.at, 0, 0] })
        }
    }
}

/// The codes that mean arithmetic went wrong. Old assemblers put the code in the upper ten bits of the field.
fn trap(code: u32, pc: u32) -> Option<Info> {
    let code = if code >= 1 << 10 { (code & 0x3ff) << 10 | code >> 10 } else { code };
    let meaning = match code {
        BRK_OVERFLOW => FPE_INTOVF,
        BRK_DIVZERO => FPE_INTDIV,
        _ => return None,
    };
    Some(Info { signal: Signal::FPE, code: meaning, words: [pc, 0, 0] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::Access;

    #[test]
    fn exceptions_become_signals() {
        let memory = |denied| Exception::memory(0x1234, Access::Load, denied);
        let cases = [
            (Exception::Break(7 << 10), Signal::FPE, FPE_INTDIV, 0x40_0000),
            (Exception::Break(6), Signal::FPE, FPE_INTOVF, 0x40_0000),
            (Exception::Break(7 << 10 | 1), Signal::TRAP, TRAP_BRKPT, 0x40_0000),
            (Exception::Trap(7), Signal::FPE, FPE_INTDIV, 0x40_0000),
            (Exception::Trap(0), Signal::TRAP, Info::KERNEL, 0),
            (Exception::Overflow, Signal::FPE, FPE_INTOVF, 0x40_0000),
            (Exception::Reserved, Signal::ILL, Info::KERNEL, 0),
            (Exception::FloatingPoint, Signal::FPE, 3, 0x40_0000),
            (memory(Denied::Unmapped), Signal::SEGV, SEGV_MAPERR, 0x1234),
            (memory(Denied::Protected), Signal::SEGV, SEGV_ACCERR, 0x1234),
            (memory(Denied::Unaligned), Signal::BUS, BUS_ADRALN, 0x1234),
        ];
        for (exception, signal, code, at) in cases {
            let info = of_exception(exception, 0x40_0000, 1 << 15 | 1 << 12).unwrap();
            assert_eq!((info.signal, info.code, info.words[0]), (signal, code, at), "{exception:?}");
        }
    }
}
