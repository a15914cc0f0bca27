//! Signal frames of o32: what a handler finds on its stack, and how it returns (arch/mips/kernel/signal.c).

use crate::guest::Guest;
use crate::layout::{Layout, Pad};
use crate::memory::{Addr, BadAddress};
use crate::structs::signal::{RtSigframe, Sigcontext, Sigframe, Siginfo, Sigset, Stack, Ucontext};
use mips::{Gpr, State};

/// USED_FP: the frame holds floating-point registers.
const USED_FP: u32 = 1;
/// USED_FR1: they are 32 of 64 bits.
const USED_FR1: u32 = 2;

/// The FPU emulator of Linux may keep a trampoline here, just above the stack pointer's rounding.
const EMULATOR_BYTES: u32 = 32;

/// FCSR without its condition codes and fixed bits: what makes arithmetic inexact to translate.
const FCSR_MODES: u32 = 0x0103_ffff;
/// NAN2008 and ABS2008: fixed.
const FCSR_FIXED: u32 = 0x000c_0000;

/// The code that returns from a handler: `li v0, number; syscall`, for sigreturn and then for rt_sigreturn.
pub const TRAMPOLINE: [u32; 4] = [0x2402_0000 | 4119, 0x0000_000c, 0x2402_0000 | 4193, 0x0000_000c];

/// Offset of rt_sigreturn's code in [`TRAMPOLINE`].
pub const RT_TRAMPOLINE_OFFSET: u32 = 8;

/// A handler about to be called.
pub struct Delivery {
    /// The signal's number in this ABI.
    pub signal: u32,
    /// The handler; bit 0 is the ISA mode.
    pub handler: Addr,
    /// Where [`TRAMPOLINE`] is.
    pub trampoline: Addr,
    /// Given to handlers with SA_SIGINFO.
    pub info: Option<Siginfo>,
    /// The mask to return to.
    pub mask: Sigset,
    /// End of the alternate stack, to switch to.
    pub switch_to: Option<Addr>,
    /// The alternate stack's settings, for the frame.
    pub stack: Stack,
}

/// What a frame restores beside the registers.
pub struct Restored {
    /// The mask.
    pub mask: Sigset,
    /// The alternate stack's settings: frames of SA_SIGINFO only.
    pub stack: Option<Stack>,
}

/// Writes a frame and enters the handler. Nothing is changed if the stack cannot hold it.
pub fn push(state: &mut State, guest: &mut Guest<'_>, delivery: &Delivery) -> Result<(), BadAddress> {
    let top = delivery.switch_to.map_or(state.get(Gpr::SP).wrapping_sub(EMULATOR_BYTES), |end| end.0);
    let bytes = if delivery.info.is_some() { RtSigframe::BYTES } else { Sigframe::BYTES };
    let at = Addr(top.wrapping_sub(bytes) & !7);
    let context = save(state);
    let (second, third, ra) = match delivery.info {
        Some(info) => {
            let rs_uc = Ucontext {
                uc_stack: delivery.stack,
                uc_mcontext: context,
                uc_sigmask: delivery.mask,
                ..Ucontext::default()
            };
            guest.write(at, &RtSigframe { _0: Pad, rs_info: info, rs_uc })?;
            let info_at = at + 24;
            (info_at, info_at + Siginfo::BYTES, delivery.trampoline + RT_TRAMPOLINE_OFFSET)
        }
        None => {
            guest.write(at, &Sigframe { _0: Pad, sf_sc: context, sf_mask: delivery.mask })?;
            (Addr::NULL, at + 24, delivery.trampoline)
        }
    };
    state.set(Gpr::A0, delivery.signal);
    state.set(Gpr::A1, second.0);
    state.set(Gpr::A2, third.0);
    state.set(Gpr::SP, at.0);
    state.set(Gpr::RA, ra.0);
    // A handler is a function: it computes its $gp from t9.
    state.set(Gpr::T9, delivery.handler.0);
    state.pc = delivery.handler.0;
    state.next_pc = state.pc;
    state.break_link();
    Ok(())
}

/// rt_sigreturn(2): takes the frame at the stack pointer.
pub fn pop_rt(state: &mut State, guest: &Guest<'_>) -> Result<Restored, BadAddress> {
    let frame: RtSigframe = guest.read(Addr(state.get(Gpr::SP)))?;
    restore(state, &frame.rs_uc.uc_mcontext);
    Ok(Restored { mask: frame.rs_uc.uc_sigmask, stack: Some(frame.rs_uc.uc_stack) })
}

/// sigreturn(2): takes the frame at the stack pointer.
pub fn pop(state: &mut State, guest: &Guest<'_>) -> Result<Restored, BadAddress> {
    let frame: Sigframe = guest.read(Addr(state.get(Gpr::SP)))?;
    restore(state, &frame.sf_sc);
    Ok(Restored { mask: frame.sf_mask, stack: None })
}

fn save(state: &State) -> Sigcontext {
    let mut context = Sigcontext {
        sc_pc: u64::from(state.pc),
        sc_regs: state.gpr.map(u64::from),
        sc_fpc_csr: state.fcsr,
        sc_used_math: if state.fpu.fr { USED_FP | USED_FR1 } else { USED_FP },
        sc_mdhi: u64::from(state.hi),
        sc_mdlo: u64::from(state.lo),
        ..Sigcontext::default()
    };
    for (slot, low) in doubles(state.fpu.fr) {
        context.sc_fpregs[slot] = u64::from(state.fpr[low + 1]) << 32 | u64::from(state.fpr[low]);
    }
    context
}

#[allow(clippy::cast_possible_truncation, reason = "o32 keeps 32 bits of a 64-bit slot")]
fn restore(state: &mut State, context: &Sigcontext) {
    state.gpr = context.sc_regs.map(|slot| slot as u32);
    state.gpr[0] = 0;
    (state.hi, state.lo) = (context.sc_mdhi as u32, context.sc_mdlo as u32);
    state.pc = context.sc_pc as u32;
    state.next_pc = state.pc;
    if context.sc_used_math & USED_FP != 0 {
        for (slot, low) in doubles(state.fpu.fr) {
            state.fpr[low] = context.sc_fpregs[slot] as u32;
            state.fpr[low + 1] = (context.sc_fpregs[slot] >> 32) as u32;
        }
        let fcsr = context.sc_fpc_csr & !FCSR_FIXED | state.fcsr & FCSR_FIXED;
        // A handler that changed flags or modes wants them obeyed.
        state.fpu.exact |= (fcsr ^ state.fcsr) & FCSR_MODES != 0;
        state.fcsr = fcsr;
    }
    state.break_link();
}

/// Slots of `sc_fpregs` that hold a double, each with its low word's place in the register file.
fn doubles(fr: bool) -> impl Iterator<Item = (usize, usize)> {
    (0..32).step_by(if fr { 1 } else { 2 }).map(move |slot| (slot, if fr { 2 * slot } else { slot }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AddressSpace, Endian, PagedSpace, Prot};

    #[test]
    fn a_frame_restores_what_it_saved() {
        for (fr, info) in [(false, None), (true, Some(Siginfo::default()))] {
            let mut space = PagedSpace::new(4);
            space.map(Addr(0x1000), 0x1000, Prot::READ | Prot::WRITE).unwrap();
            let mut guest = Guest { space: &mut space, endian: Endian::Big };
            let mut state = State { pc: 0x40_0000, hi: 7, lo: 8, fcsr: 0x0080_0000, ..State::default() };
            state.next_pc = state.pc;
            state.fpu.fr = fr;
            (1..32).for_each(|reg| state.gpr[reg] = reg as u32);
            (0..if fr { 64 } else { 32 }).for_each(|word| state.fpr[word] = 100 + word as u32);
            state.set(Gpr::SP, 0x1ffc);
            let before = state.clone();
            let delivery = Delivery {
                signal: 16,
                handler: Addr(0x50_0000),
                trampoline: Addr(0x7000_0000),
                info,
                mask: Sigset { sig: [1, 2, 3, 4] },
                switch_to: None,
                stack: Stack::default(),
            };
            push(&mut state, &mut guest, &delivery).unwrap();
            assert_eq!((state.pc, state.get(Gpr::T9), state.get(Gpr::A0)), (0x50_0000, 0x50_0000, 16));
            let bytes = if info.is_some() { 784 } else { 632 };
            assert_eq!(state.get(Gpr::SP), (0x1ffc - 32 - bytes) & !7);
            state.fpr = [0; 64];
            let restored = if info.is_some() { pop_rt(&mut state, &guest) } else { pop(&mut state, &guest) };
            assert_eq!(restored.unwrap().mask.sig, [1, 2, 3, 4]);
            assert_eq!(state, before);
        }
    }

    #[test]
    fn no_room_is_an_error() {
        let mut space = PagedSpace::new(4);
        let mut guest = Guest { space: &mut space, endian: Endian::Little };
        assert!(pop(&mut State::default(), &guest).is_err());
        let delivery = Delivery {
            signal: 1,
            handler: Addr(0),
            trampoline: Addr(0),
            info: None,
            mask: Sigset::default(),
            switch_to: None,
            stack: Stack::default(),
        };
        assert!(push(&mut State::default(), &mut guest, &delivery).is_err());
    }
}
