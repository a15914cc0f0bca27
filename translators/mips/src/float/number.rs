//! A value taken apart: sign, exponent and an integer significand.

use super::nan;
use crate::insn::Fmt;

/// What a format's bits may be, apart from NaNs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// An infinity.
    Infinite { negative: bool },
    /// Anything else.
    Finite(Number),
}

/// (-1)^negative * significand * 2^exponent. In operands the significand is below 2^64, zero being 0 * 2^(the least
/// exponent); in results it is below 2^126, its last bit set if anything was cut off below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) negative: bool,
    pub(super) exponent: i32,
    pub(super) significand: u128,
}

/// The measures of S or D.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Bits of the fraction field.
    pub(super) fraction: u32,
    /// The exponent of the largest numbers, and minus what the exponent field adds.
    pub(super) bias: i32,
}

impl Shape {
    /// S's measures for S, else D's.
    pub(super) const fn of(fmt: Fmt) -> Shape {
        match fmt {
            Fmt::S => Shape { fraction: 23, bias: 127 },
            _ => Shape { fraction: 52, bias: 1023 },
        }
    }

    /// The exponent of the smallest normal number.
    pub(super) const fn least(self) -> i32 {
        1 - self.bias
    }
}

impl Value {
    /// Takes apart what is no NaN.
    pub(super) fn new(fmt: Fmt, bits: u64) -> Value {
        let shape = Shape::of(fmt);
        let negative = bits & nan::sign_bit(fmt) != 0;
        let magnitude = bits & !nan::sign_bit(fmt);
        if magnitude >= nan::infinity(fmt) {
            return Value::Infinite { negative };
        }
        let field = (magnitude >> shape.fraction) as i32;
        let fraction = magnitude & ((1 << shape.fraction) - 1);
        let hidden = u64::from(field != 0) << shape.fraction;
        let exponent = field.max(1) - shape.bias - shape.fraction as i32;
        Value::Finite(Number { negative, exponent, significand: u128::from(hidden | fraction) })
    }

    pub(super) fn is_negative(self) -> bool {
        match self {
            Value::Infinite { negative } | Value::Finite(Number { negative, .. }) => negative,
        }
    }

    pub(super) fn negated(self) -> Value {
        match self {
            Value::Infinite { negative } => Value::Infinite { negative: !negative },
            Value::Finite(number) => Value::Finite(Number { negative: !number.negative, ..number }),
        }
    }
}

impl Number {
    /// An integer.
    pub(super) fn integer(value: i64) -> Number {
        Number { negative: value < 0, exponent: 0, significand: value.unsigned_abs().into() }
    }

    pub(super) fn is_zero(self) -> bool {
        self.significand == 0
    }

    /// The power of two at or below the magnitude. Of no use for zero.
    pub(super) fn magnitude(self) -> i32 {
        self.exponent + 127 - self.significand.leading_zeros() as i32
    }
}
