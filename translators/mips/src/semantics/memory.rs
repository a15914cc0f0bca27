//! Loads and stores of general registers, LL/SC, prefetch and synchronization.

use crate::cpu::{Cpu, Extend, Side, Size, Step, Word};
use crate::insn::{Amount, Mem};
use crate::reg::Gpr;

/// The effective address: base plus displacement.
#[inline(always)]
pub(super) fn address<C: Cpu>(cpu: &C, mem: Mem) -> C::Word {
    cpu.get(mem.base) + cpu.word(i32::from(mem.offset) as u32)
}

#[inline(always)]
fn load<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem, size: Size, extend: Extend) -> Step<C> {
    let value = cpu.load(size, extend, address(cpu, mem))?;
    cpu.set(rt, value);
    Ok(())
}

#[inline(always)]
fn store<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem, size: Size) -> Step<C> {
    let (at, value) = (address(cpu, mem), cpu.get(rt));
    cpu.store(size, at, value)
}

/// LB: load byte, sign-extended.
pub(crate) fn lb<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    load(cpu, rt, mem, Size::Byte, Extend::Sign)
}

/// LBU: load byte, zero-extended.
pub(crate) fn lbu<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    load(cpu, rt, mem, Size::Byte, Extend::Zero)
}

/// LH: load halfword, sign-extended.
pub(crate) fn lh<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    load(cpu, rt, mem, Size::Half, Extend::Sign)
}

/// LHU: load halfword, zero-extended.
pub(crate) fn lhu<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    load(cpu, rt, mem, Size::Half, Extend::Zero)
}

/// LL: load linked word.
pub(crate) fn ll<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    let value = cpu.load_linked(address(cpu, mem))?;
    cpu.set(rt, value);
    Ok(())
}

/// LW: load word.
pub(crate) fn lw<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    load(cpu, rt, mem, Size::Word, Extend::Zero)
}

/// Bits that lie before (`Left`) or after (`Right`) the addressed byte in its word: how far the word is shifted.
#[inline(always)]
fn part_shift<C: Cpu>(cpu: &C, at: C::Word, side: Side) -> C::Word {
    let byte = at & cpu.word(3);
    let from_left = if cpu.is_big_endian() { byte } else { byte ^ cpu.word(3) };
    let bytes = if side == Side::Left { from_left } else { from_left ^ cpu.word(3) };
    bytes.shl(cpu.word(3))
}

/// Merges the addressed part of a word into the register. The whole aligned word is read: it lies in one page.
#[inline(always)]
fn load_part<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem, side: Side) -> Step<C> {
    let at = address(cpu, mem);
    let at = cpu.hold(at);
    let word = cpu.load(Size::Word, Extend::Zero, at & cpu.word(!3))?;
    let shift = part_shift(cpu, at, side);
    let ones = cpu.word(u32::MAX);
    let (part, mask) = match side {
        Side::Left => (word.shl(shift), ones.shl(shift)),
        Side::Right => (word.shr_u(shift), ones.shr_u(shift)),
    };
    cpu.set(rt, part | (cpu.get(rt) & !mask));
    Ok(())
}

/// LWL: load the left part of an unaligned word.
pub(crate) fn lwl<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    load_part(cpu, rt, mem, Side::Left)
}

/// LWR: load the right part of an unaligned word.
pub(crate) fn lwr<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    load_part(cpu, rt, mem, Side::Right)
}

/// PREF: prefetch; a hint that never faults.
pub(crate) fn pref<C: Cpu>(_: &mut C, _: Amount, _: Mem) -> Step<C> {
    Ok(())
}

/// SB: store byte.
pub(crate) fn sb<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    store(cpu, rt, mem, Size::Byte)
}

/// SC: store conditional word; 1 if it stored, else 0.
pub(crate) fn sc<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    let (at, value) = (address(cpu, mem), cpu.get(rt));
    let done = cpu.store_conditional(at, value)?;
    cpu.set(rt, done);
    Ok(())
}

/// SH: store halfword.
pub(crate) fn sh<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    store(cpu, rt, mem, Size::Half)
}

/// SW: store word.
pub(crate) fn sw<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    store(cpu, rt, mem, Size::Word)
}

#[inline(always)]
fn store_part<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem, side: Side) -> Step<C> {
    let (at, value) = (address(cpu, mem), cpu.get(rt));
    cpu.store_part(side, at, value)
}

/// SWL: store the left part of an unaligned word.
pub(crate) fn swl<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    store_part(cpu, rt, mem, Side::Left)
}

/// SWR: store the right part of an unaligned word.
pub(crate) fn swr<C: Cpu>(cpu: &mut C, rt: Gpr, mem: Mem) -> Step<C> {
    store_part(cpu, rt, mem, Side::Right)
}

/// SYNC: order memory accesses, whichever kind of order is asked for.
pub(crate) fn sync<C: Cpu>(cpu: &mut C, _: Amount) -> Step<C> {
    cpu.barrier();
    Ok(())
}

/// SYNCI: make a line of written code visible to instruction fetch.
pub(crate) fn synci<C: Cpu>(cpu: &mut C, mem: Mem) -> Step<C> {
    let at = address(cpu, mem);
    cpu.code_changed(at)
}

/// The effective address of COP1X accesses: base plus index.
pub(super) fn indexed<C: Cpu>(cpu: &C, mem: crate::insn::Indexed) -> C::Word {
    cpu.get(mem.base) + cpu.get(mem.index)
}

/// Clears the low three bits: LUXC1 and SUXC1 ignore them.
pub(super) fn align_long<C: Cpu>(cpu: &C, at: C::Word) -> C::Word {
    at & cpu.word(!7)
}

/// A word's zero-extended bits, as a floating-point register holds them.
pub(super) fn bits<C: Cpu>(value: C::Word) -> C::Long {
    value.long_u()
}
