//! Multiplication and division, and the HI:LO pair they use.

use crate::cpu::{Bit, Cpu, Long, Step, Word};
use crate::reg::Gpr;

/// Quotient and remainder into LO and HI. By zero is UNPREDICTABLE and does not trap: the divisor counts as one.
fn divide<C: Cpu>(cpu: &mut C, quotient: C::Word, rs: Gpr, rt: Gpr) -> Step<C> {
    let (a, b) = (cpu.get(rs), cpu.get(rt));
    let divisor = b | b.eq(cpu.word(0)).word();
    let quotient = cpu.hold(quotient);
    cpu.set_hilo(C::Long::pair(a - quotient.mul(divisor), quotient));
    Ok(())
}

/// DIV: signed division.
pub(crate) fn div<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr) -> Step<C> {
    let quotient = cpu.get(rs).div_s(cpu.get(rt));
    divide(cpu, quotient, rs, rt)
}

/// DIVU: unsigned division.
pub(crate) fn divu<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr) -> Step<C> {
    let quotient = cpu.get(rs).div_u(cpu.get(rt));
    divide(cpu, quotient, rs, rt)
}

fn product_s<C: Cpu>(cpu: &C, rs: Gpr, rt: Gpr) -> C::Long {
    cpu.get(rs).long_s().mul(cpu.get(rt).long_s())
}

fn product_u<C: Cpu>(cpu: &C, rs: Gpr, rt: Gpr) -> C::Long {
    cpu.get(rs).long_u().mul(cpu.get(rt).long_u())
}

/// MADD: multiply and add to HI:LO, signed.
pub(crate) fn madd<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set_hilo(cpu.hilo() + product_s(cpu, rs, rt));
    Ok(())
}

/// MADDU: multiply and add to HI:LO, unsigned.
pub(crate) fn maddu<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set_hilo(cpu.hilo() + product_u(cpu, rs, rt));
    Ok(())
}

/// MFHI: move from HI.
pub(crate) fn mfhi<C: Cpu>(cpu: &mut C, rd: Gpr) -> Step<C> {
    cpu.set(rd, cpu.hilo().high());
    Ok(())
}

/// MFLO: move from LO.
pub(crate) fn mflo<C: Cpu>(cpu: &mut C, rd: Gpr) -> Step<C> {
    cpu.set(rd, cpu.hilo().low());
    Ok(())
}

/// MSUB: multiply and subtract from HI:LO, signed.
pub(crate) fn msub<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set_hilo(cpu.hilo() - product_s(cpu, rs, rt));
    Ok(())
}

/// MSUBU: multiply and subtract from HI:LO, unsigned.
pub(crate) fn msubu<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set_hilo(cpu.hilo() - product_u(cpu, rs, rt));
    Ok(())
}

/// MTHI: move to HI.
pub(crate) fn mthi<C: Cpu>(cpu: &mut C, rs: Gpr) -> Step<C> {
    cpu.set_hilo(C::Long::pair(cpu.get(rs), cpu.hilo().low()));
    Ok(())
}

/// MTLO: move to LO.
pub(crate) fn mtlo<C: Cpu>(cpu: &mut C, rs: Gpr) -> Step<C> {
    cpu.set_hilo(C::Long::pair(cpu.hilo().high(), cpu.get(rs)));
    Ok(())
}

/// MUL: low word of a product. HI and LO, UNPREDICTABLE after it, stay.
pub(crate) fn mul<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs).mul(cpu.get(rt)));
    Ok(())
}

/// MULT: signed product into HI:LO.
pub(crate) fn mult<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set_hilo(product_s(cpu, rs, rt));
    Ok(())
}

/// MULTU: unsigned product into HI:LO.
pub(crate) fn multu<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set_hilo(product_u(cpu, rs, rt));
    Ok(())
}
