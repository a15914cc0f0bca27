//! Branches and jumps. The condition and the target are captured before the delay slot runs.

use crate::cpu::{Cpu, Fpu, Slot, Step, Word};
use crate::insn::{Offset, Target};
use crate::reg::{Cc, Gpr};

/// From a call to behind its delay slot.
const LINK: u32 = 8;

fn is_negative<C: Cpu>(cpu: &C, rs: Gpr) -> C::Bit {
    cpu.get(rs).lt_s(cpu.word(0))
}

fn is_positive<C: Cpu>(cpu: &C, rs: Gpr) -> C::Bit {
    cpu.word(0).lt_s(cpu.get(rs))
}

/// Branches and links; the link register is written whether or not the branch is taken.
fn branch_and_link<C: Cpu>(cpu: &mut C, when: C::Bit, off: Offset, slot: Slot) -> Step<C> {
    cpu.branch(when, off, slot);
    cpu.set(Gpr::RA, cpu.link(LINK));
    Ok(())
}

/// B: branch always.
pub(crate) fn b<C: Cpu>(cpu: &mut C, off: Offset) -> Step<C> {
    let always = cpu.word(0).eq(cpu.word(0));
    cpu.branch(always, off, Slot::Always);
    Ok(())
}

/// BAL: branch always and link.
pub(crate) fn bal<C: Cpu>(cpu: &mut C, off: Offset) -> Step<C> {
    let always = cpu.word(0).eq(cpu.word(0));
    branch_and_link(cpu, always, off, Slot::Always)
}

/// BC1F: branch if the condition code is false.
pub(crate) fn bc1f<C: Fpu>(cpu: &mut C, cc: Cc, off: Offset) -> Step<C> {
    cpu.branch(!cpu.condition(cc), off, Slot::Always);
    Ok(())
}

/// BC1FL: branch likely if the condition code is false.
pub(crate) fn bc1fl<C: Fpu>(cpu: &mut C, cc: Cc, off: Offset) -> Step<C> {
    cpu.branch(!cpu.condition(cc), off, Slot::IfTaken);
    Ok(())
}

/// BC1T: branch if the condition code is true.
pub(crate) fn bc1t<C: Fpu>(cpu: &mut C, cc: Cc, off: Offset) -> Step<C> {
    cpu.branch(cpu.condition(cc), off, Slot::Always);
    Ok(())
}

/// BC1TL: branch likely if the condition code is true.
pub(crate) fn bc1tl<C: Fpu>(cpu: &mut C, cc: Cc, off: Offset) -> Step<C> {
    cpu.branch(cpu.condition(cc), off, Slot::IfTaken);
    Ok(())
}

/// BEQ: branch if equal.
pub(crate) fn beq<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, off: Offset) -> Step<C> {
    cpu.branch(cpu.get(rs).eq(cpu.get(rt)), off, Slot::Always);
    Ok(())
}

/// BEQL: branch likely if equal.
pub(crate) fn beql<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, off: Offset) -> Step<C> {
    cpu.branch(cpu.get(rs).eq(cpu.get(rt)), off, Slot::IfTaken);
    Ok(())
}

/// BGEZ: branch if not negative.
pub(crate) fn bgez<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    cpu.branch(!is_negative(cpu, rs), off, Slot::Always);
    Ok(())
}

/// BGEZAL: branch if not negative, and link.
pub(crate) fn bgezal<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    let when = !is_negative(cpu, rs);
    branch_and_link(cpu, when, off, Slot::Always)
}

/// BGEZALL: branch likely if not negative, and link.
pub(crate) fn bgezall<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    let when = !is_negative(cpu, rs);
    branch_and_link(cpu, when, off, Slot::IfTaken)
}

/// BGEZL: branch likely if not negative.
pub(crate) fn bgezl<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    cpu.branch(!is_negative(cpu, rs), off, Slot::IfTaken);
    Ok(())
}

/// BGTZ: branch if greater than zero.
pub(crate) fn bgtz<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    cpu.branch(is_positive(cpu, rs), off, Slot::Always);
    Ok(())
}

/// BGTZL: branch likely if greater than zero.
pub(crate) fn bgtzl<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    cpu.branch(is_positive(cpu, rs), off, Slot::IfTaken);
    Ok(())
}

/// BLEZ: branch if zero or negative.
pub(crate) fn blez<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    cpu.branch(!is_positive(cpu, rs), off, Slot::Always);
    Ok(())
}

/// BLEZL: branch likely if zero or negative.
pub(crate) fn blezl<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    cpu.branch(!is_positive(cpu, rs), off, Slot::IfTaken);
    Ok(())
}

/// BLTZ: branch if negative.
pub(crate) fn bltz<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    cpu.branch(is_negative(cpu, rs), off, Slot::Always);
    Ok(())
}

/// BLTZAL: branch if negative, and link.
pub(crate) fn bltzal<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    let when = is_negative(cpu, rs);
    branch_and_link(cpu, when, off, Slot::Always)
}

/// BLTZALL: branch likely if negative, and link.
pub(crate) fn bltzall<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    let when = is_negative(cpu, rs);
    branch_and_link(cpu, when, off, Slot::IfTaken)
}

/// BLTZL: branch likely if negative.
pub(crate) fn bltzl<C: Cpu>(cpu: &mut C, rs: Gpr, off: Offset) -> Step<C> {
    cpu.branch(is_negative(cpu, rs), off, Slot::IfTaken);
    Ok(())
}

/// BNE: branch if not equal.
pub(crate) fn bne<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, off: Offset) -> Step<C> {
    cpu.branch(!cpu.get(rs).eq(cpu.get(rt)), off, Slot::Always);
    Ok(())
}

/// BNEL: branch likely if not equal.
pub(crate) fn bnel<C: Cpu>(cpu: &mut C, rs: Gpr, rt: Gpr, off: Offset) -> Step<C> {
    cpu.branch(!cpu.get(rs).eq(cpu.get(rt)), off, Slot::IfTaken);
    Ok(())
}

/// J: jump within the 256 MiB segment.
pub(crate) fn j<C: Cpu>(cpu: &mut C, target: Target) -> Step<C> {
    cpu.jump_near(target.0, 0);
    Ok(())
}

/// JAL: jump within the 256 MiB segment, and link.
pub(crate) fn jal<C: Cpu>(cpu: &mut C, target: Target) -> Step<C> {
    cpu.jump_near(target.0, 0);
    cpu.set(Gpr::RA, cpu.link(LINK));
    Ok(())
}

/// JALR: jump to a register, and link. The target is captured first, so `jalr ra, ra` is right.
pub(crate) fn jalr<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr) -> Step<C> {
    cpu.jump(cpu.get(rs), Slot::Always);
    cpu.set(rd, cpu.link(LINK));
    Ok(())
}

/// JALR.HB: JALR, with a hazard barrier.
pub(crate) fn jalr_hb<C: Cpu>(cpu: &mut C, rd: Gpr, rs: Gpr) -> Step<C> {
    jalr(cpu, rd, rs)
}

/// JALX: jump and link, exchanging the instruction set.
pub(crate) fn jalx<C: Cpu>(cpu: &mut C, target: Target) -> Step<C> {
    cpu.jump_near(target.0, 1);
    cpu.set(Gpr::RA, cpu.link(LINK));
    Ok(())
}

/// JR: jump to a register.
pub(crate) fn jr<C: Cpu>(cpu: &mut C, rs: Gpr) -> Step<C> {
    cpu.jump(cpu.get(rs), Slot::Always);
    Ok(())
}

/// JR.HB: JR, with a hazard barrier.
pub(crate) fn jr_hb<C: Cpu>(cpu: &mut C, rs: Gpr) -> Step<C> {
    jr(cpu, rs)
}
