//! What a MIPS instruction may do: the traits its meaning is written against, and every reading implements.
//!
//! Five rules keep it sound. Values are pure and the CPU is effectful. Nothing leaves a value: a host `if` may look at
//! decoded fields, never at a value. An instruction reads its inputs before its first write. Every operation is total,
//! its result stated here. Small traits: [`Cpu`] for integers, [`Fpu`] for floating point.

use crate::exception::Exception;
use crate::insn::{Fmt, Offset};
use crate::reg::{Cc, Fpr, Gpr};
use core::ops::{Add, BitAnd, BitOr, BitXor, Not, Sub};

/// The outcome of one instruction: done, or stopped short.
pub type Step<C> = Result<(), <C as Cpu>::Stop>;

/// The width of a memory access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// 8 bits.
    Byte,
    /// 16 bits.
    Half,
    /// 32 bits.
    Word,
}

impl Size {
    /// 1, 2 or 4.
    pub const fn bytes(self) -> u32 {
        match self {
            Size::Byte => 1,
            Size::Half => 2,
            Size::Word => 4,
        }
    }
}

/// Whether a narrow load copies its sign upward.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extend {
    /// Upper bits become the sign.
    Sign,
    /// Upper bits become zero.
    Zero,
}

/// Which half of a word LWL, LWR, SWL and SWR reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The more significant bytes, from the addressed byte on.
    Left,
    /// The less significant bytes, up to the addressed byte.
    Right,
}

/// When the instruction in the delay slot runs, if there is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// Always: an ordinary branch.
    Always,
    /// Only if the branch is taken: a branch-likely.
    IfTaken,
    /// There is none: a compact branch.
    Never,
}

/// A 32-bit value. All arithmetic wraps; shifts use the low five bits of their amount.
pub trait Word:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
{
    /// A truth value.
    type Bit: Bit<Word = Self>;
    /// A 64-bit value.
    type Long: Long<Word = Self>;

    /// Low 32 bits of the product.
    fn mul(self, by: Self) -> Self;
    /// Signed quotient; a zero divisor counts as one; the most negative by -1 gives itself.
    fn div_s(self, by: Self) -> Self;
    /// Unsigned quotient; a zero divisor counts as one.
    fn div_u(self, by: Self) -> Self;
    /// Shift left.
    fn shl(self, by: Self) -> Self;
    /// Shift right, filling with zeros.
    fn shr_u(self, by: Self) -> Self;
    /// Shift right, filling with the sign.
    fn shr_s(self, by: Self) -> Self;
    /// Rotate right.
    fn rotr(self, by: Self) -> Self;
    /// Leading zeros, 0 to 32.
    fn clz(self) -> Self;
    /// The low byte, its sign copied upward.
    fn sign_byte(self) -> Self;
    /// The low half, its sign copied upward.
    fn sign_half(self) -> Self;
    /// Equal.
    fn eq(self, other: Self) -> Self::Bit;
    /// Less than, signed.
    fn lt_s(self, other: Self) -> Self::Bit;
    /// Less than, unsigned.
    fn lt_u(self, other: Self) -> Self::Bit;
    /// To 64 bits with its sign.
    fn long_s(self) -> Self::Long;
    /// To 64 bits with zeros.
    fn long_u(self) -> Self::Long;
}

/// A 64-bit value: a product, HI:LO, or the bits of a floating-point register.
pub trait Long:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
    + BitXor<Output = Self>
    + Not<Output = Self>
{
    /// A 32-bit value.
    type Word: Word<Long = Self>;

    /// Low 64 bits of the product.
    fn mul(self, by: Self) -> Self;
    /// Bits 31 to 0.
    fn low(self) -> Self::Word;
    /// Bits 63 to 32.
    fn high(self) -> Self::Word;
    /// Two words as one value.
    fn pair(high: Self::Word, low: Self::Word) -> Self;
    /// `when ? self : other`.
    fn select(self, other: Self, when: <Self::Word as Word>::Bit) -> Self;
}

/// A truth value.
pub trait Bit: Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {
    /// A 32-bit value.
    type Word: Word<Bit = Self>;

    /// 1 or 0.
    fn word(self) -> Self::Word;
    /// `self ? yes : no`.
    fn select(self, yes: Self::Word, no: Self::Word) -> Self::Word;
}

/// The integer CPU.
pub trait Cpu {
    /// A 32-bit value.
    type Word: Word<Bit = Self::Bit, Long = Self::Long>;
    /// A 64-bit value.
    type Long: Long<Word = Self::Word>;
    /// A truth value.
    type Bit: Bit<Word = Self::Word>;
    /// Why an instruction stopped short; `Infallible` for readings that never execute.
    type Stop;

    /// A constant.
    fn word(&self, value: u32) -> Self::Word;
    /// A constant.
    fn long(&self, value: u64) -> Self::Long;
    /// Reads a register.
    fn get(&self, reg: Gpr) -> Self::Word;
    /// Writes a register; `zero` stays zero.
    fn set(&mut self, reg: Gpr, value: Self::Word);
    /// Reads HI:LO.
    fn hilo(&self) -> Self::Long;
    /// Writes HI:LO.
    fn set_hilo(&mut self, value: Self::Long);
    /// Computes `value` once, now. Forgetting it costs speed; needing it across a write is required.
    fn hold(&mut self, value: Self::Word) -> Self::Word;

    /// Whether the guest is big-endian.
    fn is_big_endian(&self) -> bool;
    /// Loads; unaligned addresses work, as Linux mends them.
    fn load(&mut self, size: Size, extend: Extend, at: Self::Word) -> Result<Self::Word, Self::Stop>;
    /// Stores the low bits of `value`.
    fn store(&mut self, size: Size, at: Self::Word, value: Self::Word) -> Step<Self>
    where
        Self: Sized;
    /// Loads 64 bits in the guest's byte order.
    fn load_long(&mut self, at: Self::Word) -> Result<Self::Long, Self::Stop>;
    /// Stores 64 bits in the guest's byte order.
    fn store_long(&mut self, at: Self::Word, value: Self::Long) -> Step<Self>
    where
        Self: Sized;
    /// SWL or SWR: stores the addressed part of a word and touches no other byte.
    fn store_part(&mut self, side: Side, at: Self::Word, value: Self::Word) -> Step<Self>
    where
        Self: Sized;
    /// LL: loads an aligned word and remembers it.
    fn load_linked(&mut self, at: Self::Word) -> Result<Self::Word, Self::Stop>;
    /// SC: stores if nothing changed since LL; 1 if it did.
    fn store_conditional(&mut self, at: Self::Word, value: Self::Word) -> Result<Self::Word, Self::Stop>;

    /// The address `bytes` behind the instruction, with its ISA mode: where a call returns to.
    fn link(&self, bytes: u32) -> Self::Word;
    /// The address that MIPS16e's PC-relative instructions count from: the word that the instruction is in, or the jump in
    /// whose slot it is.
    fn pc_word(&self) -> Self::Word;
    /// Goes to `to` after the delay slot, if there is one; bit 0 is the ISA mode. The value is captured now.
    fn jump(&mut self, to: Self::Word, slot: Slot);
    /// J, JAL, JALX: goes to the address in this 256 MiB segment.
    fn jump_near(&mut self, target: u32, isa_mode: u32);
    /// Branches after the delay slot, if there is one, if `when`.
    fn branch(&mut self, when: Self::Bit, by: Offset, slot: Slot);
    /// Raises `cause` if `when`.
    fn trap(&mut self, when: Self::Bit, cause: Exception) -> Step<Self>
    where
        Self: Sized;
    /// Raises `cause`. Readings that do not execute record it and return.
    fn raise(&mut self, cause: Exception) -> Step<Self>
    where
        Self: Sized;
    /// SYNC: accesses before it are seen by others before those behind it.
    fn barrier(&mut self);
    /// SYNCI: the code in the line at `at` may have changed.
    fn code_changed(&mut self, at: Self::Word) -> Step<Self>
    where
        Self: Sized;
    /// The UserLocal register: the thread pointer.
    fn user_local(&self) -> Self::Word;
    /// The cycle counter that RDHWR $2 shows, in its unit (RDHWR $3).
    fn cycles(&mut self) -> Self::Word;
}

/// A two-operand floating-point operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binary {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a * b
    Mul,
    /// a / b
    Div,
}

/// A one-operand floating-point operation in one format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unary {
    /// Square root.
    Sqrt,
    /// 1 / a
    Recip,
    /// 1 / sqrt(a), rounded twice as QEMU and the 24Kf do.
    Rsqrt,
    /// Absolute value: arithmetic, or a bit operation under ABS2008.
    Abs,
    /// Negation: arithmetic, or a bit operation under ABS2008.
    Neg,
}

/// How a conversion rounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Round {
    /// As FCSR.RM says.
    Current,
    /// To nearest, ties to even.
    Nearest,
    /// Toward zero.
    Zero,
    /// Toward plus infinity.
    Up,
    /// Toward minus infinity.
    Down,
}

/// The sixteen conditions of C.cond.fmt, as bits: 0 unordered, 1 equal, 2 less, 3 signals on quiet NaNs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cond(pub u8);

/// The floating-point unit. A value travels as raw bits in a [`Long`]; S and W use the low 32, the rest zero.
pub trait Fpu: Cpu {
    /// Loads a word for a register, zeros above it.
    fn load_word(&mut self, at: Self::Word) -> Result<Self::Long, Self::Stop> {
        Ok(Word::long_u(self.load(Size::Word, Extend::Zero, at)?))
    }
    /// Reads a register in `fmt`.
    fn fpr(&self, fmt: Fmt, reg: Fpr) -> Self::Long;
    /// Writes a register in `fmt`. A 32-bit write leaves an FR=1 register's upper half as it was.
    fn set_fpr(&mut self, fmt: Fmt, reg: Fpr, value: Self::Long);
    /// The upper half, as MFHC1 reads it.
    fn fpr_high(&self, reg: Fpr) -> Self::Word;
    /// Sets the upper half, as MTHC1 does.
    fn set_fpr_high(&mut self, reg: Fpr, value: Self::Word);
    /// Captures a value before its register is overwritten.
    fn hold_long(&mut self, value: Self::Long) -> Self::Long;
    /// a op b, rounded as FCSR says; raises if its exception is enabled.
    fn binary(&mut self, op: Binary, fmt: Fmt, a: Self::Long, b: Self::Long) -> Result<Self::Long, Self::Stop>;
    /// `(a * b) op c`, rounded twice: one instruction, so its exceptions are raised together.
    fn multiply_add(
        &mut self,
        op: Binary,
        fmt: Fmt,
        a: Self::Long,
        b: Self::Long,
        c: Self::Long,
    ) -> Result<Self::Long, Self::Stop>;
    /// op a, rounded as FCSR says.
    fn unary(&mut self, op: Unary, fmt: Fmt, a: Self::Long) -> Result<Self::Long, Self::Stop>;
    /// Converts between S, D, W and L. Invalid to integer gives the largest (legacy), or saturates with NaN to 0 (2008).
    fn convert(&mut self, to: Fmt, from: Fmt, round: Round, a: Self::Long) -> Result<Self::Long, Self::Stop>;
    /// C.cond.fmt.
    fn compare(&mut self, cond: Cond, fmt: Fmt, a: Self::Long, b: Self::Long) -> Result<Self::Bit, Self::Stop>;
    /// A condition code.
    fn condition(&self, cc: Cc) -> Self::Bit;
    /// Sets a condition code.
    fn set_condition(&mut self, cc: Cc, value: Self::Bit);
    /// CFC1 from control register `number` (0, 25, 26, 28, 31; others reserved).
    fn control(&mut self, number: u32) -> Result<Self::Word, Self::Stop>;
    /// CTC1 to control register `number`; raises if cause and enables meet.
    fn set_control(&mut self, number: u32, value: Self::Word) -> Step<Self>
    where
        Self: Sized;
}
