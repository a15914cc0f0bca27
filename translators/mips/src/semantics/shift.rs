//! Shifts, and the shifts of register zero that have names of their own.

use crate::cpu::{Cpu, Step, Word};
use crate::insn::Amount;
use crate::reg::Gpr;

fn amount<C: Cpu>(cpu: &C, sa: Amount) -> C::Word {
    cpu.word(u32::from(sa.0))
}

/// EHB: execution hazard barrier; nothing to wait for here.
pub(crate) fn ehb<C: Cpu>(_: &mut C) -> Step<C> {
    Ok(())
}

/// NOP: nothing.
pub(crate) fn nop<C: Cpu>(_: &mut C) -> Step<C> {
    Ok(())
}

/// PAUSE: wait for the LL bit to clear; a hint.
pub(crate) fn pause<C: Cpu>(_: &mut C) -> Step<C> {
    Ok(())
}

/// SSNOP: superscalar no-operation.
pub(crate) fn ssnop<C: Cpu>(_: &mut C) -> Step<C> {
    Ok(())
}

/// ROTR: rotate right.
pub(crate) fn rotr<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr, sa: Amount) -> Step<C> {
    cpu.set(rd, cpu.get(rt).rotr(amount(cpu, sa)));
    Ok(())
}

/// ROTRV: rotate right by a register.
pub(crate) fn rotrv<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr, rs: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rt).rotr(cpu.get(rs)));
    Ok(())
}

/// SLL: shift left.
pub(crate) fn sll<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr, sa: Amount) -> Step<C> {
    cpu.set(rd, cpu.get(rt).shl(amount(cpu, sa)));
    Ok(())
}

/// SLLV: shift left by a register.
pub(crate) fn sllv<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr, rs: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rt).shl(cpu.get(rs)));
    Ok(())
}

/// SRA: shift right, filling with the sign.
pub(crate) fn sra<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr, sa: Amount) -> Step<C> {
    cpu.set(rd, cpu.get(rt).shr_s(amount(cpu, sa)));
    Ok(())
}

/// SRAV: shift right by a register, filling with the sign.
pub(crate) fn srav<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr, rs: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rt).shr_s(cpu.get(rs)));
    Ok(())
}

/// SRL: shift right, filling with zeros.
pub(crate) fn srl<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr, sa: Amount) -> Step<C> {
    cpu.set(rd, cpu.get(rt).shr_u(amount(cpu, sa)));
    Ok(())
}

/// SRLV: shift right by a register, filling with zeros.
pub(crate) fn srlv<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr, rs: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rt).shr_u(cpu.get(rs)));
    Ok(())
}
