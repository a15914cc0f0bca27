//! The register file: one plain struct, the same for every way of executing.
//!
//! Translated code reaches it at [`State`]'s field offsets in a memory the guest cannot address, so the layout is
//! `repr(C)` and the offsets are `const`s. It holds the guest's whole CPU state whenever execution has stopped.

mod fcsr;

pub use fcsr::Fcsr;

use crate::insn::Fmt;
use crate::reg::{Fpr, Gpr};
use core::mem::offset_of;

/// The CPU state of one guest thread. Words in FR=0 pair up as the manual's even/odd doubles.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct State {
    /// General-purpose registers; `gpr[0]` stays zero.
    pub gpr: [u32; 32],
    /// LO, then HI: together one little-endian 64-bit HI:LO.
    pub lo: u32,
    /// HI.
    pub hi: u32,
    /// Restarts an instruction, its branch included; bit 0 is the ISA mode (1 = MIPS16e).
    pub pc: u32,
    /// Continues after the instruction at `pc`. Meaningful while an exception is being delivered.
    pub next_pc: u32,
    /// FR=0: 32 words, doubles in even/odd pairs. FR=1: 32 doubles, low word first.
    pub fpr: [u32; 64],
    /// FCSR (FCR31): condition codes, cause, enables, flags, rounding mode.
    pub fcsr: u32,
    /// The UserLocal register, RDHWR $29: the thread pointer.
    pub user_local: u32,
    /// Address of the last LL, or [`State::NO_LINK`].
    pub link_at: u32,
    /// The word that LL read there.
    pub link_value: u32,
    /// [`State::POLL_NOW`]: leave translated code at the next poll; else zero. Written by other threads.
    pub poll: u32,
    /// Why translated code left, a [`crate::border::Leave`] code; zero if it only has no code for `pc`.
    pub leave: u32,
    /// When translated code left to poll: the cells ([`crate::cells::Cells`], low half first) that are not right here,
    /// because the program writes each of them before it reads it, before anything that could be noticed.
    pub stale: [u64; 2],
    /// How the floating-point unit is set up.
    pub fpu: FpuMode,
}

/// How the floating-point unit of a process behaves. Chosen from the ELF file, and by what the program touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
#[repr(C)]
pub struct FpuMode {
    /// FR=1: 32 registers of 64 bits; else 16 even/odd pairs.
    pub fr: bool,
    /// IEEE 754-2008 NaN encoding; else MIPS legacy, where the quiet bit means signaling.
    pub nan2008: bool,
    /// FCSR cause and flags are kept exactly, and rounding modes and enables are obeyed. Set once a program writes FCSR.
    pub exact: bool,
    /// ABS.fmt and NEG.fmt are bit operations (ABS2008); else arithmetic.
    pub abs2008: bool,
}

impl State {
    /// A register file before anything ran.
    pub const RESET: State = State {
        gpr: [0; 32],
        lo: 0,
        hi: 0,
        pc: 0,
        next_pc: 0,
        fpr: [0; 64],
        fcsr: 0,
        user_local: 0,
        link_at: State::NO_LINK,
        link_value: 0,
        poll: 0,
        leave: 0,
        stale: [0; 2],
        fpu: FpuMode { fr: false, nan2008: false, exact: false, abs2008: false },
    };

    /// `link_at` when no LL is outstanding: odd, so no SC matches it.
    pub const NO_LINK: u32 = 1;

    /// `poll` when somebody polls: no call may nest deeper.
    pub const POLL_NOW: u32 = i32::MAX as u32;

    /// Byte offset of a general-purpose register.
    pub const fn gpr_offset(reg: Gpr) -> u32 {
        (offset_of!(State, gpr) + 4 * reg.index()) as u32
    }

    /// Byte offset of HI:LO.
    pub const HILO: u32 = offset_of!(State, lo) as u32;
    /// Byte offset of `pc`.
    pub const PC: u32 = offset_of!(State, pc) as u32;
    /// Byte offset of `next_pc`.
    pub const NEXT_PC: u32 = offset_of!(State, next_pc) as u32;
    /// Byte offset of `fcsr`.
    pub const FCSR: u32 = offset_of!(State, fcsr) as u32;
    /// Byte offset of `user_local`.
    pub const USER_LOCAL: u32 = offset_of!(State, user_local) as u32;
    /// Byte offset of `link_at`.
    pub const LINK_AT: u32 = offset_of!(State, link_at) as u32;
    /// Byte offset of `link_value`.
    pub const LINK_VALUE: u32 = offset_of!(State, link_value) as u32;
    /// Byte offset of `poll`.
    pub const POLL: u32 = offset_of!(State, poll) as u32;
    /// Byte offset of `leave`.
    pub const LEAVE: u32 = offset_of!(State, leave) as u32;

    /// Byte offset of `stale`.
    pub const STALE: u32 = offset_of!(State, stale) as u32;

    /// Index into `fpr` of a register's low word.
    pub const fn fpr_index(fr: bool, reg: Fpr) -> usize {
        if fr { 2 * reg.index() } else { reg.index() }
    }

    /// Index into `fpr` of the word MFHC1 and MTHC1 reach: the upper half, in FR=0 the odd register of the pair.
    pub const fn fpr_high_index(fr: bool, reg: Fpr) -> usize {
        if fr { 2 * reg.index() + 1 } else { reg.index() | 1 }
    }

    /// Index into `fpr` of a double's low word. In FR=0 an odd register names its even neighbour's pair.
    pub const fn double_index(fr: bool, reg: Fpr) -> usize {
        if fr { 2 * reg.index() } else { reg.index() & !1 }
    }

    /// Byte offset of the word `fpr[index]`.
    pub const fn fpr_offset(index: usize) -> u32 {
        (offset_of!(State, fpr) + 4 * index) as u32
    }

    /// A floating-point register's bits in `fmt`; 32-bit formats in the low half.
    pub fn fpr(&self, fmt: Fmt, reg: Fpr) -> u64 {
        if fmt.is_long() {
            let at = State::double_index(self.fpu.fr, reg);
            u64::from(self.fpr[at + 1]) << 32 | u64::from(self.fpr[at])
        } else {
            u64::from(self.fpr[State::fpr_index(self.fpu.fr, reg)])
        }
    }

    /// Sets a floating-point register in `fmt`; a 32-bit write leaves the upper half as it was.
    pub fn set_fpr(&mut self, fmt: Fmt, reg: Fpr, bits: u64) {
        if fmt.is_long() {
            let at = State::double_index(self.fpu.fr, reg);
            (self.fpr[at], self.fpr[at + 1]) = (bits as u32, (bits >> 32) as u32);
        } else {
            self.fpr[State::fpr_index(self.fpu.fr, reg)] = bits as u32;
        }
    }

    /// A register by number.
    pub fn get(&self, reg: Gpr) -> u32 {
        self.gpr[reg.index()]
    }

    /// Sets a register; `zero` stays zero.
    pub fn set(&mut self, reg: Gpr, value: u32) {
        if reg != Gpr::ZERO {
            self.gpr[reg.index()] = value;
        }
    }

    /// Forgets an outstanding LL, as every signal delivery and context switch must.
    pub fn break_link(&mut self) {
        self.link_at = State::NO_LINK;
    }
}

impl Default for State {
    fn default() -> State {
        State::RESET
    }
}
