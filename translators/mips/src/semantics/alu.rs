//! Arithmetic and logic (MD00086 chapter 3, "CPU Arithmetic Instructions").

use crate::cpu::{Bit, Cpu, Step, Word};
use crate::exception::Exception;
use crate::insn::{Amount, Simm, Uimm};
use crate::reg::Gpr;

fn signed<C: Cpu>(cpu: &C, imm: Simm) -> C::Word {
    cpu.word(i32::from(imm.0) as u32)
}

fn unsigned<C: Cpu>(cpu: &C, imm: Uimm) -> C::Word {
    cpu.word(u32::from(imm.0))
}

/// Adds; on signed overflow raises it and leaves the destination alone.
fn add_trapping<C: Cpu>(cpu: &mut C, to: Gpr, a: C::Word, b: C::Word) -> Step<C> {
    let sum = cpu.hold(a + b);
    // Overflow: both operands differ in sign from the sum.
    let overflow = ((a ^ sum) & (b ^ sum)).lt_s(cpu.word(0));
    cpu.trap(overflow, Exception::Overflow)?;
    cpu.set(to, sum);
    Ok(())
}

/// ADD: add words; on overflow trap.
pub(crate) fn add<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    let (a, b) = (cpu.get(rs), cpu.get(rt));
    add_trapping(cpu, rd, a, b)
}

/// ADDI: add an immediate; on overflow trap.
pub(crate) fn addi<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, imm: Simm) -> Step<C> {
    let (a, b) = (cpu.get(rs), signed(cpu, imm));
    add_trapping(cpu, rt, a, b)
}

/// ADDIU: add an immediate.
pub(crate) fn addiu<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, imm: Simm) -> Step<C> {
    cpu.set(rt, cpu.get(rs) + signed(cpu, imm));
    Ok(())
}

/// ADDU: add words.
pub(crate) fn addu<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs) + cpu.get(rt));
    Ok(())
}

/// AND: bitwise and.
pub(crate) fn and<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs) & cpu.get(rt));
    Ok(())
}

/// ANDI: bitwise and with a zero-extended immediate.
pub(crate) fn andi<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, imm: Uimm) -> Step<C> {
    cpu.set(rt, cpu.get(rs) & unsigned(cpu, imm));
    Ok(())
}

/// CLO: count leading ones.
pub(crate) fn clo<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr) -> Step<C> {
    cpu.set(rd, (!cpu.get(rs)).clz());
    Ok(())
}

/// CLZ: count leading zeros.
pub(crate) fn clz<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs).clz());
    Ok(())
}

/// A word with its low `size` bits set; `size` is 0 to 32.
fn low_bits(size: Amount) -> u32 {
    u32::MAX.checked_shr(32 - u32::from(size.0)).unwrap_or(0)
}

/// EXT: extract a bit field. A field that leaves the word is UNPREDICTABLE; here its missing bits are zero.
pub(crate) fn ext<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, pos: Amount, size: Amount) -> Step<C> {
    let shifted = cpu.get(rs).shr_u(cpu.word(u32::from(pos.0)));
    cpu.set(rt, shifted & cpu.word(low_bits(size)));
    Ok(())
}

/// INS: insert a bit field. An empty field (msb < lsb) is UNPREDICTABLE; here nothing changes.
pub(crate) fn ins<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, pos: Amount, size: Amount) -> Step<C> {
    let mask = low_bits(size) << pos.0;
    let field = cpu.get(rs).shl(cpu.word(u32::from(pos.0))) & cpu.word(mask);
    cpu.set(rt, (cpu.get(rt) & cpu.word(!mask)) | field);
    Ok(())
}

/// LUI: load an immediate into the upper half.
pub(crate) fn lui<C: Cpu>(cpu: &mut C, rt: Gpr, imm: Uimm) -> Step<C> {
    cpu.set(rt, cpu.word(u32::from(imm.0) << 16));
    Ok(())
}

/// MOVN: move if the condition register is not zero.
pub(crate) fn movn<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    let is_zero = cpu.get(rt).eq(cpu.word(0));
    cpu.set(rd, is_zero.select(cpu.get(rd), cpu.get(rs)));
    Ok(())
}

/// MOVZ: move if the condition register is zero.
pub(crate) fn movz<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    let is_zero = cpu.get(rt).eq(cpu.word(0));
    cpu.set(rd, is_zero.select(cpu.get(rs), cpu.get(rd)));
    Ok(())
}

/// NOR: bitwise not-or.
pub(crate) fn nor<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, !(cpu.get(rs) | cpu.get(rt)));
    Ok(())
}

/// OR: bitwise or.
pub(crate) fn or<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs) | cpu.get(rt));
    Ok(())
}

/// ORI: bitwise or with a zero-extended immediate.
pub(crate) fn ori<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, imm: Uimm) -> Step<C> {
    cpu.set(rt, cpu.get(rs) | unsigned(cpu, imm));
    Ok(())
}

/// SEB: sign-extend a byte.
pub(crate) fn seb<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rt).sign_byte());
    Ok(())
}

/// SEH: sign-extend a halfword.
pub(crate) fn seh<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rt).sign_half());
    Ok(())
}

/// SLT: set on less than, signed.
pub(crate) fn slt<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs).lt_s(cpu.get(rt)).word());
    Ok(())
}

/// SLTI: set on less than an immediate, signed.
pub(crate) fn slti<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, imm: Simm) -> Step<C> {
    cpu.set(rt, cpu.get(rs).lt_s(signed(cpu, imm)).word());
    Ok(())
}

/// SLTIU: set on less than an immediate, unsigned; the immediate is sign-extended first.
pub(crate) fn sltiu<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, imm: Simm) -> Step<C> {
    cpu.set(rt, cpu.get(rs).lt_u(signed(cpu, imm)).word());
    Ok(())
}

/// SLTU: set on less than, unsigned.
pub(crate) fn sltu<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs).lt_u(cpu.get(rt)).word());
    Ok(())
}

/// SUB: subtract words; on overflow trap.
pub(crate) fn sub<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    let (a, b) = (cpu.get(rs), cpu.get(rt));
    let difference = cpu.hold(a - b);
    // Overflow: the operands differ in sign, and the difference from the minuend.
    let overflow = ((a ^ b) & (a ^ difference)).lt_s(cpu.word(0));
    cpu.trap(overflow, Exception::Overflow)?;
    cpu.set(rd, difference);
    Ok(())
}

/// SUBU: subtract words.
pub(crate) fn subu<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs) - cpu.get(rt));
    Ok(())
}

/// WSBH: swap the bytes within each half.
pub(crate) fn wsbh<C: Cpu>(cpu: &mut C, rd: Gpr, rt: Gpr) -> Step<C> {
    let (value, eight) = (cpu.get(rt), cpu.word(8));
    let up = (value & cpu.word(0x00ff_00ff)).shl(eight);
    cpu.set(rd, up | (value.shr_u(eight) & cpu.word(0x00ff_00ff)));
    Ok(())
}

/// XOR: bitwise exclusive or.
pub(crate) fn xor<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr, rt: Gpr) -> Step<C> {
    cpu.set(rd, cpu.get(rs) ^ cpu.get(rt));
    Ok(())
}

/// XORI: bitwise exclusive or with a zero-extended immediate.
pub(crate) fn xori<C: Cpu>(cpu: &mut C, rt: Gpr, rs: Gpr, imm: Uimm) -> Step<C> {
    cpu.set(rt, cpu.get(rs) ^ unsigned(cpu, imm));
    Ok(())
}
