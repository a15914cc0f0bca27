//! What MIPS16e has of its own (MD00076): compact branches, calls with short links, what counts from the PC, and frames.
//! All else in its table means what some 32-bit instruction does.

use crate::cpu::{Cpu, Extend, Size, Slot, Step, Word};
use crate::exception::Exception;
use crate::insn::{Frame, Offset, PcMem, PcPlus, Target};
use crate::reg::Gpr;

/// From a call to behind its delay slot, which a 16-bit instruction fills; or to behind itself if it has none.
const LINK_OF_JAL: u32 = 6;
const LINK_OF_JALR: u32 = 4;
const LINK_OF_JALRC: u32 = 2;

/// The most registers of a frame below the caller's: ra, s0 to s8, a0 to a3.
const PRESERVED_MAX: usize = 14;

fn near<C: Cpu>(cpu: &C, by: i16) -> C::Word {
    cpu.pc_word() + cpu.word(i32::from(by) as u32)
}

/// ADDIU with the PC: the address of something near.
pub(crate) fn addiu_pc<C: Cpu>(cpu: &mut C, rx: Gpr, to: PcPlus) -> Step<C> {
    cpu.set(rx, near(cpu, to.0));
    Ok(())
}

/// LW from near the PC: a constant behind the function.
pub(crate) fn lw_pc<C: Cpu>(cpu: &mut C, rx: Gpr, mem: PcMem) -> Step<C> {
    let value = cpu.load(Size::Word, Extend::Zero, near(cpu, mem.0))?;
    cpu.set(rx, value);
    Ok(())
}

/// ASMACRO: an instruction of the implementation's own; there is none.
pub(crate) fn asmacro<C: Cpu>(cpu: &mut C) -> Step<C> {
    cpu.raise(Exception::Reserved)
}

/// B: branch always, without a delay slot.
pub(crate) fn b16<C: Cpu>(cpu: &mut C, off: Offset) -> Step<C> {
    let always = cpu.word(0).eq(cpu.word(0));
    cpu.branch(always, off, Slot::Never);
    Ok(())
}

/// BEQZ, BTEQZ: branch if zero, without a delay slot.
pub(crate) fn beqz<C: Cpu>(cpu: &mut C, rx: Gpr, off: Offset) -> Step<C> {
    cpu.branch(cpu.get(rx).eq(cpu.word(0)), off, Slot::Never);
    Ok(())
}

/// BNEZ, BTNEZ: branch if not zero, without a delay slot.
pub(crate) fn bnez<C: Cpu>(cpu: &mut C, rx: Gpr, off: Offset) -> Step<C> {
    cpu.branch(!cpu.get(rx).eq(cpu.word(0)), off, Slot::Never);
    Ok(())
}

/// JAL: jump within the 256 MiB segment, and link.
pub(crate) fn jal16<C: Cpu>(cpu: &mut C, target: Target) -> Step<C> {
    cpu.jump_near(target.0, 1);
    cpu.set(Gpr::RA, cpu.link(LINK_OF_JAL));
    Ok(())
}

/// JALX: jump and link, exchanging the instruction set.
pub(crate) fn jalx16<C: Cpu>(cpu: &mut C, target: Target) -> Step<C> {
    cpu.jump_near(target.0, 0);
    cpu.set(Gpr::RA, cpu.link(LINK_OF_JAL));
    Ok(())
}

/// JALR: jump to a register, and link.
pub(crate) fn jalr16<C: Cpu>(cpu: &mut C, rx: Gpr) -> Step<C> {
    cpu.jump(cpu.get(rx), Slot::Always);
    cpu.set(Gpr::RA, cpu.link(LINK_OF_JALR));
    Ok(())
}

/// JALRC: jump to a register, and link, without a delay slot.
pub(crate) fn jalrc<C: Cpu>(cpu: &mut C, rx: Gpr) -> Step<C> {
    cpu.jump(cpu.get(rx), Slot::Never);
    cpu.set(Gpr::RA, cpu.link(LINK_OF_JALRC));
    Ok(())
}

/// JRC: jump to a register, without a delay slot.
pub(crate) fn jrc<C: Cpu>(cpu: &mut C, rx: Gpr) -> Step<C> {
    cpu.jump(cpu.get(rx), Slot::Never);
    Ok(())
}

/// RESTORE: load what SAVE preserved, and free the frame. All is loaded before anything is written.
pub(crate) fn restore<C: Cpu>(cpu: &mut C, frame: Frame) -> Step<C> {
    if !frame.is_valid() {
        return cpu.raise(Exception::Reserved);
    }
    let top = cpu.get(Gpr::SP) + cpu.word(frame.bytes);
    let top = cpu.hold(top);
    let mut loaded = [None; PRESERVED_MAX];
    for ((at, reg), place) in (1..).zip(frame.preserved()).zip(&mut loaded) {
        let value = cpu.load(Size::Word, Extend::Zero, top - cpu.word(4 * at))?;
        *place = Some((reg, cpu.hold(value)));
    }
    loaded.into_iter().flatten().for_each(|(reg, value)| cpu.set(reg, value));
    cpu.set(Gpr::SP, top);
    Ok(())
}

/// SAVE: store arguments in the caller's frame and what is preserved below it, and make a frame.
pub(crate) fn save<C: Cpu>(cpu: &mut C, frame: Frame) -> Step<C> {
    if !frame.is_valid() {
        return cpu.raise(Exception::Reserved);
    }
    let top = cpu.hold(cpu.get(Gpr::SP));
    for (at, reg) in (0..).zip(frame.arguments()) {
        let value = cpu.get(reg);
        cpu.store(Size::Word, top + cpu.word(4 * at), value)?;
    }
    for (at, reg) in (1..).zip(frame.preserved()) {
        let value = cpu.get(reg);
        cpu.store(Size::Word, top - cpu.word(4 * at), value)?;
    }
    cpu.set(Gpr::SP, top - cpu.word(frame.bytes));
    Ok(())
}

/// ZEB: zero-extend a byte.
pub(crate) fn zeb<C: Cpu>(cpu: &mut C, rx: Gpr) -> Step<C> {
    cpu.set(rx, cpu.get(rx) & cpu.word(0xff));
    Ok(())
}

/// ZEH: zero-extend a halfword.
pub(crate) fn zeh<C: Cpu>(cpu: &mut C, rx: Gpr) -> Step<C> {
    cpu.set(rx, cpu.get(rx) & cpu.word(0xffff));
    Ok(())
}
