//! The emitter's values: expressions with the type they have in the trait's vocabulary.

use crate::cpu;
use core::ops::{Add, BitAnd, BitOr, BitXor, Not, Sub};
use wasm::{Binary, Expr, Unary};

/// 32 bits.
#[derive(Clone, Copy)]
pub struct Word<'a>(pub Expr<'a>);

/// 64 bits.
#[derive(Clone, Copy)]
pub struct Long<'a>(pub Expr<'a>);

/// 1 or 0, as an i32.
#[derive(Clone, Copy)]
pub struct Bit<'a>(pub Expr<'a>);

macro_rules! operators {
    ($($type:ident: $($trait:ident $method:ident $op:ident),*;)*) => {$($(
        impl<'a> $trait for $type<'a> {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                $type(self.0.binary(Binary::$op, other.0))
            }
        }
    )*)*};
}

operators! {
    Word: Add add I32Add, Sub sub I32Sub, BitAnd bitand I32And, BitOr bitor I32Or, BitXor bitxor I32Xor;
    Long: Add add I64Add, Sub sub I64Sub, BitAnd bitand I64And, BitOr bitor I64Or, BitXor bitxor I64Xor;
    Bit: BitAnd bitand I32And, BitOr bitor I32Or;
}

impl<'a> Word<'a> {
    fn with(self, op: Binary, other: Word<'a>) -> Word<'a> {
        Word(self.0.binary(op, other.0))
    }
    fn of(self, op: Unary) -> Word<'a> {
        Word(self.0.unary(op))
    }
    fn is(self, op: Binary, other: Word<'a>) -> Bit<'a> {
        Bit(self.0.binary(op, other.0))
    }
    fn constant(self, value: u32) -> Word<'a> {
        Word(self.0.arena().i32(value))
    }
    /// The divisor, or one if it is zero.
    fn divisor(self) -> Word<'a> {
        self | self.of(Unary::I32Eqz)
    }
}

impl<'a> Not for Word<'a> {
    type Output = Word<'a>;
    fn not(self) -> Word<'a> {
        self ^ self.constant(u32::MAX)
    }
}

impl<'a> Not for Long<'a> {
    type Output = Long<'a>;
    fn not(self) -> Long<'a> {
        self ^ Long(self.0.arena().i64(u64::MAX))
    }
}

impl<'a> Not for Bit<'a> {
    type Output = Bit<'a>;
    fn not(self) -> Bit<'a> {
        // A truth value is 0 or 1, so two negations cancel.
        self.0.under(Unary::I32Eqz).map_or_else(|| Bit(self.0.unary(Unary::I32Eqz)), Bit)
    }
}

impl<'a> cpu::Word for Word<'a> {
    type Bit = Bit<'a>;
    type Long = Long<'a>;

    fn mul(self, by: Self) -> Self {
        self.with(Binary::I32Mul, by)
    }
    fn div_s(self, by: Self) -> Self {
        // In 64 bits the most negative by -1 does not overflow.
        let wide = |value: Self| value.0.unary(Unary::I64ExtendI32S);
        Word(wide(self).binary(Binary::I64DivS, wide(by.divisor())).unary(Unary::I32WrapI64))
    }
    fn div_u(self, by: Self) -> Self {
        self.with(Binary::I32DivU, by.divisor())
    }
    fn shl(self, by: Self) -> Self {
        self.with(Binary::I32Shl, by)
    }
    fn shr_u(self, by: Self) -> Self {
        self.with(Binary::I32ShrU, by)
    }
    fn shr_s(self, by: Self) -> Self {
        self.with(Binary::I32ShrS, by)
    }
    fn rotr(self, by: Self) -> Self {
        self.with(Binary::I32Rotr, by)
    }
    fn clz(self) -> Self {
        self.of(Unary::I32Clz)
    }
    fn sign_byte(self) -> Self {
        self.of(Unary::I32Extend8S)
    }
    fn sign_half(self) -> Self {
        self.of(Unary::I32Extend16S)
    }
    fn eq(self, other: Self) -> Bit<'a> {
        if other.0.as_i32() == Some(0) {
            return Bit(self.0.unary(Unary::I32Eqz));
        }
        self.is(Binary::I32Eq, other)
    }
    fn lt_s(self, other: Self) -> Bit<'a> {
        self.is(Binary::I32LtS, other)
    }
    fn lt_u(self, other: Self) -> Bit<'a> {
        self.is(Binary::I32LtU, other)
    }
    fn long_s(self) -> Long<'a> {
        Long(self.0.unary(Unary::I64ExtendI32S))
    }
    fn long_u(self) -> Long<'a> {
        Long(self.0.unary(Unary::I64ExtendI32U))
    }
}

impl<'a> cpu::Long for Long<'a> {
    type Word = Word<'a>;

    fn mul(self, by: Self) -> Self {
        Long(self.0.binary(Binary::I64Mul, by.0))
    }
    fn low(self) -> Word<'a> {
        self.0.as_pair().map_or_else(|| Word(self.0.unary(Unary::I32WrapI64)), |(_, low)| Word(low))
    }
    fn high(self) -> Word<'a> {
        if let Some((high, _)) = self.0.as_pair() {
            return Word(high);
        }
        let by = self.0.arena().i64(32);
        Word(self.0.binary(Binary::I64ShrU, by).unary(Unary::I32WrapI64))
    }
    fn pair(high: Word<'a>, low: Word<'a>) -> Self {
        Long(high.0.pair(low.0))
    }
    fn select(self, other: Self, when: Bit<'a>) -> Self {
        Long(self.0.select(other.0, when.0))
    }
}

impl<'a> cpu::Bit for Bit<'a> {
    type Word = Word<'a>;

    fn word(self) -> Word<'a> {
        Word(self.0)
    }
    fn select(self, yes: Word<'a>, no: Word<'a>) -> Word<'a> {
        Word(yes.0.select(no.0, self.0))
    }
}

/// The bytes of a word in the other order: the one shape that Cranelift turns into its swap instruction.
pub(super) fn swap_word<'a>(x: Word<'a>) -> Word<'a> {
    use cpu::Word as _;
    let c = |value| x.constant(value);
    let (up, up_inner) = (x.shl(c(24)), (x & c(0xff00)).shl(c(8)));
    let (down_inner, down) = (x.shr_u(c(8)) & c(0xff00), x.shr_u(c(24)));
    (up | up_inner) | (down_inner | down)
}
