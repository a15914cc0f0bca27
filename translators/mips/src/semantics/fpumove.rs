//! Moves between the floating-point unit and everything else: memory, general registers, control registers.

use super::memory::{address, align_long, bits, indexed};
use crate::cpu::{Fpu, Long, Size, Step};
use crate::insn::{Amount, Fmt, Indexed, Mem};
use crate::reg::{Control, Fpr, Gpr};

fn load_word<C: Fpu>(cpu: &mut C, to: Fpr, at: C::Word) -> Step<C> {
    let value = cpu.load_word(at)?;
    cpu.set_fpr(Fmt::W, to, value);
    Ok(())
}

fn load_long<C: Fpu>(cpu: &mut C, to: Fpr, at: C::Word) -> Step<C> {
    let value = cpu.load_long(at)?;
    cpu.set_fpr(Fmt::L, to, value);
    Ok(())
}

fn store_word<C: Fpu>(cpu: &mut C, from: Fpr, at: C::Word) -> Step<C> {
    let value = cpu.fpr(Fmt::W, from).low();
    cpu.store(Size::Word, at, value)
}

fn store_long<C: Fpu>(cpu: &mut C, from: Fpr, at: C::Word) -> Step<C> {
    let value = cpu.fpr(Fmt::L, from);
    cpu.store_long(at, value)
}

/// CFC1: move a control word from the floating-point unit.
pub(crate) fn cfc1<C: Fpu>(cpu: &mut C, rt: Gpr, fcr: Control) -> Step<C> {
    let value = cpu.control(u32::from(fcr.0))?;
    cpu.set(rt, value);
    Ok(())
}

/// CTC1: move a control word to the floating-point unit.
pub(crate) fn ctc1<C: Fpu>(cpu: &mut C, rt: Gpr, fcr: Control) -> Step<C> {
    let value = cpu.get(rt);
    cpu.set_control(u32::from(fcr.0), value)
}

/// LDC1: load a doubleword to the floating-point unit.
pub(crate) fn ldc1<C: Fpu>(cpu: &mut C, ft: Fpr, mem: Mem) -> Step<C> {
    let at = address(cpu, mem);
    load_long(cpu, ft, at)
}

/// LDXC1: load a doubleword, indexed.
pub(crate) fn ldxc1<C: Fpu>(cpu: &mut C, fd: Fpr, mem: Indexed) -> Step<C> {
    let at = indexed(cpu, mem);
    load_long(cpu, fd, at)
}

/// LUXC1: load a doubleword, indexed, the low three address bits ignored.
pub(crate) fn luxc1<C: Fpu>(cpu: &mut C, fd: Fpr, mem: Indexed) -> Step<C> {
    let at = align_long(cpu, indexed(cpu, mem));
    load_long(cpu, fd, at)
}

/// LWC1: load a word to the floating-point unit.
pub(crate) fn lwc1<C: Fpu>(cpu: &mut C, ft: Fpr, mem: Mem) -> Step<C> {
    let at = address(cpu, mem);
    load_word(cpu, ft, at)
}

/// LWXC1: load a word, indexed.
pub(crate) fn lwxc1<C: Fpu>(cpu: &mut C, fd: Fpr, mem: Indexed) -> Step<C> {
    let at = indexed(cpu, mem);
    load_word(cpu, fd, at)
}

/// MFC1: move a word from the floating-point unit.
pub(crate) fn mfc1<C: Fpu>(cpu: &mut C, rt: Gpr, fs: Fpr) -> Step<C> {
    cpu.set(rt, cpu.fpr(Fmt::W, fs).low());
    Ok(())
}

/// MFHC1: move the upper word from the floating-point unit.
pub(crate) fn mfhc1<C: Fpu>(cpu: &mut C, rt: Gpr, fs: Fpr) -> Step<C> {
    cpu.set(rt, cpu.fpr_high(fs));
    Ok(())
}

/// MTC1: move a word to the floating-point unit.
pub(crate) fn mtc1<C: Fpu>(cpu: &mut C, rt: Gpr, fs: Fpr) -> Step<C> {
    cpu.set_fpr(Fmt::W, fs, bits::<C>(cpu.get(rt)));
    Ok(())
}

/// MTHC1: move to the upper word of a floating-point register.
pub(crate) fn mthc1<C: Fpu>(cpu: &mut C, rt: Gpr, fs: Fpr) -> Step<C> {
    cpu.set_fpr_high(fs, cpu.get(rt));
    Ok(())
}

/// PREFX: prefetch, indexed; a hint that never faults.
pub(crate) fn prefx<C: Fpu>(_: &mut C, _: Amount, _: Indexed) -> Step<C> {
    Ok(())
}

/// SDC1: store a doubleword from the floating-point unit.
pub(crate) fn sdc1<C: Fpu>(cpu: &mut C, ft: Fpr, mem: Mem) -> Step<C> {
    let at = address(cpu, mem);
    store_long(cpu, ft, at)
}

/// SDXC1: store a doubleword, indexed.
pub(crate) fn sdxc1<C: Fpu>(cpu: &mut C, fs: Fpr, mem: Indexed) -> Step<C> {
    let at = indexed(cpu, mem);
    store_long(cpu, fs, at)
}

/// SUXC1: store a doubleword, indexed, the low three address bits ignored.
pub(crate) fn suxc1<C: Fpu>(cpu: &mut C, fs: Fpr, mem: Indexed) -> Step<C> {
    let at = align_long(cpu, indexed(cpu, mem));
    store_long(cpu, fs, at)
}

/// SWC1: store a word from the floating-point unit.
pub(crate) fn swc1<C: Fpu>(cpu: &mut C, ft: Fpr, mem: Mem) -> Step<C> {
    let at = address(cpu, mem);
    store_word(cpu, ft, at)
}

/// SWXC1: store a word, indexed.
pub(crate) fn swxc1<C: Fpu>(cpu: &mut C, fs: Fpr, mem: Indexed) -> Step<C> {
    let at = indexed(cpu, mem);
    store_word(cpu, fs, at)
}
