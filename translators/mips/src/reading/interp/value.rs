//! The interpreter's values: plain integers with the stated results for every operand.

use crate::cpu;
use core::ops::{Add, BitAnd, BitOr, BitXor, Not, Sub};

/// 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word(pub u32);

/// 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Long(pub u64);

/// A truth value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bit(pub bool);

macro_rules! arithmetic {
    ($($type:ident)*) => {$(
        impl Add for $type {
            type Output = Self;
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                $type(self.0.wrapping_add(other.0))
            }
        }
        impl Sub for $type {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                $type(self.0.wrapping_sub(other.0))
            }
        }
    )*};
}

macro_rules! logic {
    ($($type:ident)*) => {$(
        impl BitAnd for $type {
            type Output = Self;
            #[inline(always)]
            fn bitand(self, other: Self) -> Self {
                $type(self.0 & other.0)
            }
        }
        impl BitOr for $type {
            type Output = Self;
            #[inline(always)]
            fn bitor(self, other: Self) -> Self {
                $type(self.0 | other.0)
            }
        }
        impl BitXor for $type {
            type Output = Self;
            #[inline(always)]
            fn bitxor(self, other: Self) -> Self {
                $type(self.0 ^ other.0)
            }
        }
        impl Not for $type {
            type Output = Self;
            #[inline(always)]
            fn not(self) -> Self {
                $type(!self.0)
            }
        }
    )*};
}

arithmetic!(Word Long);
logic!(Word Long Bit);

impl Word {
    fn signed(self) -> i32 {
        self.0 as i32
    }
}

impl cpu::Word for Word {
    type Bit = Bit;
    type Long = Long;

    #[inline(always)]
    fn mul(self, by: Word) -> Word {
        Word(self.0.wrapping_mul(by.0))
    }
    fn div_s(self, by: Word) -> Word {
        Word(self.signed().wrapping_div(by.signed() | i32::from(by.0 == 0)) as u32)
    }
    fn div_u(self, by: Word) -> Word {
        Word(self.0 / by.0.max(1))
    }
    #[inline(always)]
    fn shl(self, by: Word) -> Word {
        Word(self.0.wrapping_shl(by.0))
    }
    #[inline(always)]
    fn shr_u(self, by: Word) -> Word {
        Word(self.0.wrapping_shr(by.0))
    }
    #[inline(always)]
    fn shr_s(self, by: Word) -> Word {
        Word(self.signed().wrapping_shr(by.0) as u32)
    }
    #[inline(always)]
    fn rotr(self, by: Word) -> Word {
        Word(self.0.rotate_right(by.0 & 31))
    }
    #[inline(always)]
    fn clz(self) -> Word {
        Word(self.0.leading_zeros())
    }
    #[inline(always)]
    fn sign_byte(self) -> Word {
        Word(self.0 as i8 as u32)
    }
    #[inline(always)]
    fn sign_half(self) -> Word {
        Word(self.0 as i16 as u32)
    }
    #[inline(always)]
    fn eq(self, other: Word) -> Bit {
        Bit(self.0 == other.0)
    }
    #[inline(always)]
    fn lt_s(self, other: Word) -> Bit {
        Bit(self.signed() < other.signed())
    }
    #[inline(always)]
    fn lt_u(self, other: Word) -> Bit {
        Bit(self.0 < other.0)
    }
    #[inline(always)]
    fn long_s(self) -> Long {
        Long(i64::from(self.signed()) as u64)
    }
    #[inline(always)]
    fn long_u(self) -> Long {
        Long(u64::from(self.0))
    }
}

impl cpu::Long for Long {
    type Word = Word;

    #[inline(always)]
    fn mul(self, by: Long) -> Long {
        Long(self.0.wrapping_mul(by.0))
    }
    #[inline(always)]
    fn low(self) -> Word {
        Word(self.0 as u32)
    }
    #[inline(always)]
    fn high(self) -> Word {
        Word((self.0 >> 32) as u32)
    }
    #[inline(always)]
    fn pair(high: Word, low: Word) -> Long {
        Long(u64::from(high.0) << 32 | u64::from(low.0))
    }
    #[inline(always)]
    fn select(self, other: Long, when: Bit) -> Long {
        if when.0 { self } else { other }
    }
}

impl cpu::Bit for Bit {
    type Word = Word;

    #[inline(always)]
    fn word(self) -> Word {
        Word(u32::from(self.0))
    }
    #[inline(always)]
    fn select(self, yes: Word, no: Word) -> Word {
        if self.0 { yes } else { no }
    }
}
