//! System call, breakpoint and the conditional traps.

use crate::cpu::{Cpu, Step, Word};
use crate::exception::Exception;
use crate::insn::{Code, Simm};
use crate::reg::Gpr;

fn immediate<C: Cpu>(cpu: &C, imm: Simm) -> C::Word {
    cpu.word(i32::from(imm.0) as u32)
}

fn trap_if<C: Cpu>(cpu: &mut C, when: C::Bit, code: Code) -> Step<C> {
    cpu.trap(when, Exception::Trap(code.0))
}

/// BREAK: breakpoint.
pub(crate) fn break_<C: Cpu>(cpu: &mut C, code: Code) -> Step<C> {
    cpu.raise(Exception::Break(code.0))
}

/// SDBBP: debug breakpoint; without a debugger attached it is a reserved instruction to user code.
pub(crate) fn sdbbp<C: Cpu>(cpu: &mut C, _: Code) -> Step<C> {
    cpu.raise(Exception::Reserved)
}

/// SYSCALL: system call.
pub(crate) fn syscall<C: Cpu>(cpu: &mut C, _: Code) -> Step<C> {
    cpu.raise(Exception::Syscall)
}

/// TEQ: trap if equal.
pub(crate) fn teq<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, code: Code) -> Step<C> {
    let when = cpu.get(rs).eq(cpu.get(rt));
    trap_if(cpu, when, code)
}

/// TEQI: trap if equal to an immediate.
pub(crate) fn teqi<C: Cpu>(cpu: &mut C, rs: Gpr, imm: Simm) -> Step<C> {
    let when = cpu.get(rs).eq(immediate(cpu, imm));
    trap_if(cpu, when, Code(0))
}

/// TGE: trap if greater or equal, signed.
pub(crate) fn tge<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, code: Code) -> Step<C> {
    let when = !cpu.get(rs).lt_s(cpu.get(rt));
    trap_if(cpu, when, code)
}

/// TGEI: trap if greater or equal to an immediate, signed.
pub(crate) fn tgei<C: Cpu>(cpu: &mut C, rs: Gpr, imm: Simm) -> Step<C> {
    let when = !cpu.get(rs).lt_s(immediate(cpu, imm));
    trap_if(cpu, when, Code(0))
}

/// TGEIU: trap if greater or equal to an immediate, unsigned.
pub(crate) fn tgeiu<C: Cpu>(cpu: &mut C, rs: Gpr, imm: Simm) -> Step<C> {
    let when = !cpu.get(rs).lt_u(immediate(cpu, imm));
    trap_if(cpu, when, Code(0))
}

/// TGEU: trap if greater or equal, unsigned.
pub(crate) fn tgeu<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, code: Code) -> Step<C> {
    let when = !cpu.get(rs).lt_u(cpu.get(rt));
    trap_if(cpu, when, code)
}

/// TLT: trap if less than, signed.
pub(crate) fn tlt<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, code: Code) -> Step<C> {
    let when = cpu.get(rs).lt_s(cpu.get(rt));
    trap_if(cpu, when, code)
}

/// TLTI: trap if less than an immediate, signed.
pub(crate) fn tlti<C: Cpu>(cpu: &mut C, rs: Gpr, imm: Simm) -> Step<C> {
    let when = cpu.get(rs).lt_s(immediate(cpu, imm));
    trap_if(cpu, when, Code(0))
}

/// TLTIU: trap if less than an immediate, unsigned.
pub(crate) fn tltiu<C: Cpu>(cpu: &mut C, rs: Gpr, imm: Simm) -> Step<C> {
    let when = cpu.get(rs).lt_u(immediate(cpu, imm));
    trap_if(cpu, when, Code(0))
}

/// TLTU: trap if less than, unsigned.
pub(crate) fn tltu<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, code: Code) -> Step<C> {
    let when = cpu.get(rs).lt_u(cpu.get(rt));
    trap_if(cpu, when, code)
}

/// TNE: trap if not equal.
pub(crate) fn tne<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, code: Code) -> Step<C> {
    let when = !cpu.get(rs).eq(cpu.get(rt));
    trap_if(cpu, when, code)
}

/// TNEI: trap if not equal to an immediate.
pub(crate) fn tnei<C: Cpu>(cpu: &mut C, rs: Gpr, imm: Simm) -> Step<C> {
    let when = !cpu.get(rs).eq(immediate(cpu, imm));
    trap_if(cpu, when, Code(0))
}
