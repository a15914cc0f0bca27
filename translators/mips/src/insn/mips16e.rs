//! The fields of MIPS16e instructions (MD00076 chapter 3), in the word that [`crate::decode16`] takes.
//!
//! A 16-bit instruction is the low half, under zeros. One that is extended has its EXTEND in the high half, and there the
//! upper bits of its immediate: bits 10 to 5 before bits 15 to 11.

use super::{Amount, Code, Insn, Mem, Offset, Simm, Target, Uimm};
use crate::reg::Gpr;
use core::fmt;

/// The registers that three bits can name.
const REGISTERS: [u32; 8] = [16, 17, 2, 3, 4, 5, 6, 7];

/// A word in memory by its distance from the instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PcMem(pub i16);

/// An address by its distance from the instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PcPlus(pub i16);

/// What SAVE and RESTORE move: registers to or from below the caller's stack pointer, and how far they move that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    ra: bool,
    s0: bool,
    s1: bool,
    /// How many of s2 to s8.
    more: u32,
    /// What of a0 to a3 is an argument, and what is preserved: the field `aregs`.
    aregs: u32,
    /// Bytes that the stack pointer is moved.
    pub bytes: u32,
}

impl Frame {
    /// How many of a0 to a3 are stored as arguments, in the caller's frame, and how many of a3 to a0 are preserved in the
    /// callee's. `None` for the value that is reserved.
    fn split(self) -> Option<(u32, u32)> {
        Some(match self.aregs {
            11 => (0, 4),
            14 => (4, 0),
            15 => return None,
            aregs => (aregs >> 2, aregs & 3),
        })
    }

    /// Whether it says which registers there are.
    pub fn is_valid(self) -> bool {
        self.split().is_some()
    }

    /// What SAVE stores at the caller's stack pointer and above, in that order.
    pub fn arguments(self) -> impl Iterator<Item = Gpr> {
        let (arguments, _) = self.split().unwrap_or_default();
        (4..4 + arguments).map(Gpr::new)
    }

    /// What lies below the caller's stack pointer, the highest first.
    pub fn preserved(self) -> impl Iterator<Item = Gpr> {
        let (_, preserved) = self.split().unwrap_or_default();
        let more = [30, 23, 22, 21, 20, 19, 18];
        let more = more.into_iter().skip(7 - self.more as usize).map(Gpr::new);
        let one = |is: bool, number| is.then_some(Gpr::new(number)).into_iter();
        let arguments = (8 - preserved..8).rev().map(Gpr::new);
        one(self.ra, 31).chain(more).chain(one(self.s1, 17)).chain(one(self.s0, 16)).chain(arguments)
    }
}

const fn register(three_bits: u32) -> Gpr {
    Gpr::new(REGISTERS[(three_bits & 7) as usize])
}

impl Insn {
    /// The immediate of an extended instruction.
    const fn extended(self) -> u16 {
        (self.bits(0, 5) | self.bits(21, 6) << 5 | self.bits(16, 5) << 11) as u16
    }
    /// A MIPS16e register: bits 10 to 8.
    pub const fn rx(self) -> Gpr {
        register(self.bits(8, 3))
    }
    /// A MIPS16e register: bits 7 to 5.
    pub const fn ry(self) -> Gpr {
        register(self.bits(5, 3))
    }
    /// A MIPS16e register: bits 4 to 2.
    pub const fn rz(self) -> Gpr {
        register(self.bits(2, 3))
    }
    /// The MIPS16e register that is moved to any: bits 2 to 0.
    pub const fn from16(self) -> Gpr {
        register(self.bits(0, 3))
    }
    /// Any register that is moved to a MIPS16e one: bits 4 to 0.
    pub const fn from32(self) -> Gpr {
        Gpr::new(self.bits(0, 5))
    }
    /// Any register that a MIPS16e one is moved to: its lower three bits before the upper two.
    pub const fn to32(self) -> Gpr {
        Gpr::new(self.bits(5, 3) | self.bits(3, 2) << 3)
    }
    /// The stack pointer, which the encoding implies.
    pub const fn sp(self) -> Gpr {
        Gpr::SP
    }
    /// The link register, which the encoding implies.
    pub const fn ra(self) -> Gpr {
        Gpr::RA
    }
    /// The register that comparisons write and branches test, T: it is t8.
    pub const fn t8(self) -> Gpr {
        Gpr::T8
    }
    /// Register zero, where the meaning needs one.
    pub const fn zero(self) -> Gpr {
        Gpr::ZERO
    }
    /// Signed immediate: bits 3 to 0.
    pub const fn simm4(self) -> Simm {
        Simm((self.word << 12) as i16 >> 12)
    }
    /// Signed immediate: bits 7 to 0.
    pub const fn simm8(self) -> Simm {
        Simm(self.word as i8 as i16)
    }
    /// Unsigned immediate, where an extended one is signed: bits 7 to 0.
    pub const fn zimm8(self) -> Simm {
        Simm(self.bits(0, 8) as i16)
    }
    /// Unsigned immediate: bits 7 to 0.
    pub const fn uimm8(self) -> Uimm {
        Uimm(self.bits(0, 8) as u16)
    }
    /// What ADDIU adds to the stack pointer: bits 7 to 0, in doublewords.
    pub const fn simm8_long(self) -> Simm {
        Simm(self.word as i8 as i16 * 8)
    }
    /// Distance of an address from the stack pointer: bits 7 to 0, in words.
    pub const fn zimm8_word(self) -> Simm {
        Simm(self.bits(0, 8) as i16 * 4)
    }
    /// Signed extended immediate.
    pub const fn simmx(self) -> Simm {
        Simm(self.extended() as i16)
    }
    /// Unsigned extended immediate.
    pub const fn uimmx(self) -> Uimm {
        Uimm(self.extended())
    }
    /// Signed extended immediate of ADDIU with two registers: bits 10 to 4 before bits 14 to 11.
    pub const fn simmx15(self) -> Simm {
        let field = self.bits(0, 4) | self.bits(20, 7) << 4 | self.bits(16, 4) << 11;
        Simm((field << 1) as i16 >> 1)
    }
    /// Byte, counted from a base register: bits 4 to 0.
    pub const fn mem_byte(self) -> Mem {
        Mem { base: self.rx(), offset: self.bits(0, 5) as i16 }
    }
    /// Halfword, counted from a base register in halfwords: bits 4 to 0.
    pub const fn mem_half(self) -> Mem {
        Mem { base: self.rx(), offset: self.bits(0, 5) as i16 * 2 }
    }
    /// Word, counted from a base register in words: bits 4 to 0.
    pub const fn mem_word(self) -> Mem {
        Mem { base: self.rx(), offset: self.bits(0, 5) as i16 * 4 }
    }
    /// Word, counted from the stack pointer in words: bits 7 to 0.
    pub const fn mem_sp(self) -> Mem {
        Mem { base: Gpr::SP, offset: self.bits(0, 8) as i16 * 4 }
    }
    /// An extended displacement off a base register.
    pub const fn memx(self) -> Mem {
        Mem { base: self.rx(), offset: self.extended() as i16 }
    }
    /// An extended displacement off the stack pointer.
    pub const fn memx_sp(self) -> Mem {
        Mem { base: Gpr::SP, offset: self.extended() as i16 }
    }
    /// Word near the instruction: bits 7 to 0, in words.
    pub const fn pc_mem(self) -> PcMem {
        PcMem(self.bits(0, 8) as i16 * 4)
    }
    /// Word near the instruction, extended.
    pub const fn pc_memx(self) -> PcMem {
        PcMem(self.extended() as i16)
    }
    /// Address near the instruction: bits 7 to 0, in words.
    pub const fn pc_plus(self) -> PcPlus {
        PcPlus(self.bits(0, 8) as i16 * 4)
    }
    /// Address near the instruction, extended.
    pub const fn pc_plusx(self) -> PcPlus {
        PcPlus(self.extended() as i16)
    }
    /// Offset of a branch that tests a register: bits 7 to 0, in halfwords from behind it.
    pub const fn off8(self) -> Offset {
        Offset(self.word as i8 as i32 * 2 + 2)
    }
    /// Offset of B: bits 10 to 0, in halfwords from behind it.
    pub const fn off11(self) -> Offset {
        Offset(((self.word << 21) as i32 >> 21) * 2 + 2)
    }
    /// Extended branch offset, in halfwords from behind the branch.
    pub const fn offx(self) -> Offset {
        Offset(self.extended() as i16 as i32 * 2 + 4)
    }
    /// Target of JAL and JALX: bits 20 to 16 before bits 25 to 21.
    pub const fn target16(self) -> Target {
        Target((self.bits(0, 16) | self.bits(21, 5) << 16 | self.bits(16, 5) << 21) << 2)
    }
    /// Shift amount, 1 to 8: bits 4 to 2.
    pub const fn sa3(self) -> Amount {
        let bits = self.bits(2, 3) as u8;
        Amount(if bits == 0 { 8 } else { bits })
    }
    /// Extended shift amount.
    pub const fn sax(self) -> Amount {
        Amount(self.bits(22, 5) as u8)
    }
    /// Code of BREAK and SDBBP.
    pub const fn code6(self) -> Code {
        Code(self.bits(5, 6))
    }
    /// What SAVE and RESTORE move: no bytes are 128.
    pub const fn frame(self) -> Frame {
        let bytes = self.bits(0, 4) * 8;
        Frame { bytes: if bytes == 0 { 128 } else { bytes }, more: 0, aregs: 0, ..self.framex() }
    }
    /// What extended SAVE and RESTORE move.
    pub const fn framex(self) -> Frame {
        Frame {
            ra: self.bits(6, 1) != 0,
            s0: self.bits(5, 1) != 0,
            s1: self.bits(4, 1) != 0,
            more: self.bits(24, 3),
            aregs: self.bits(16, 4),
            bytes: (self.bits(0, 4) | self.bits(20, 4) << 4) * 8,
        }
    }
}

impl fmt::Display for PcMem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}(pc)", self.0)
    }
}
impl fmt::Display for PcPlus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "pc, {}", self.0)
    }
}
/// Arguments, bytes, then what is preserved, each register by name.
impl fmt::Display for Frame {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.arguments().try_for_each(|reg| write!(out, "{reg}, "))?;
        write!(out, "{}", self.bytes)?;
        self.preserved().try_for_each(|reg| write!(out, ", {reg}"))
    }
}
