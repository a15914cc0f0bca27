//! Values as far as they are known: words mostly are, and nothing else is.

use crate::cpu;
use core::ops::{Add, BitAnd, BitOr, BitXor, Not, Sub};

/// A value nobody knows, unless it is a constant truth.
#[derive(Clone, Copy)]
pub struct Unknown;

/// A truth value: known to hold, or unknown.
#[derive(Clone, Copy)]
pub struct Truth {
    pub(super) is_always: bool,
    /// It says whether something is below this.
    bound: Option<u32>,
}

pub(super) const MAYBE: Truth = Truth { is_always: false, bound: None };

macro_rules! unknown {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for Unknown {
            type Output = Unknown;
            fn $method(self, _: Unknown) -> Unknown {
                Unknown
            }
        }
    )*};
}

unknown!(Add add Sub sub BitAnd bitand BitOr bitor BitXor bitxor);

impl Not for Unknown {
    type Output = Unknown;
    fn not(self) -> Unknown {
        Unknown
    }
}

impl BitAnd for Truth {
    type Output = Truth;
    fn bitand(self, _: Truth) -> Truth {
        MAYBE
    }
}
impl BitOr for Truth {
    type Output = Truth;
    fn bitor(self, _: Truth) -> Truth {
        MAYBE
    }
}
impl Not for Truth {
    type Output = Truth;
    fn not(self) -> Truth {
        MAYBE
    }
}

impl cpu::Bit for Truth {
    type Word = Value;
    fn word(self) -> Value {
        self.bound.map_or(UNKNOWN, Value::Below)
    }
    fn select(self, _: Value, _: Value) -> Value {
        UNKNOWN
    }
}

/// A word, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Value {
    /// This.
    Known(u32),
    /// This and something unknown: an element of a table.
    Near(u32),
    /// What an element of the table at `table` holds, and `plus`.
    Element {
        /// Address of the table.
        table: u32,
        /// What was added to the element.
        plus: u32,
        /// Address of the instruction that loads the element.
        load: u32,
    },
    /// Whether something is below this.
    Below(u32),
    /// Nothing is known of it.
    #[default]
    Unknown,
}

use Value::Unknown as UNKNOWN;

impl Value {
    /// The value, if it is known.
    pub fn known(self) -> Option<u32> {
        if let Value::Known(value) = self { Some(value) } else { None }
    }

    fn with(self, other: Value, op: impl Fn(u32, u32) -> u32) -> Value {
        self.known().zip(other.known()).map_or(UNKNOWN, |(a, b)| Value::Known(op(a, b)))
    }

    fn map(self, op: impl Fn(u32) -> u32) -> Value {
        self.known().map_or(UNKNOWN, |a| Value::Known(op(a)))
    }
}

impl Add for Value {
    type Output = Value;
    fn add(self, other: Value) -> Value {
        match (self, other) {
            (Value::Known(a), Value::Known(b)) => Value::Known(a.wrapping_add(b)),
            (Value::Known(known), UNKNOWN) | (UNKNOWN, Value::Known(known)) => Value::Near(known),
            (Value::Near(near), Value::Known(known)) | (Value::Known(known), Value::Near(near)) => {
                Value::Near(near.wrapping_add(known))
            }
            (Value::Element { table, plus, load }, Value::Known(known))
            | (Value::Known(known), Value::Element { table, plus, load }) => {
                Value::Element { table, plus: plus.wrapping_add(known), load }
            }
            _ => UNKNOWN,
        }
    }
}

macro_rules! word {
    ($($trait:ident $method:ident $op:expr;)*) => {$(
        impl $trait for Value {
            type Output = Value;
            fn $method(self, other: Value) -> Value {
                self.with(other, $op)
            }
        }
    )*};
}

word! {
    Sub sub u32::wrapping_sub;
    BitAnd bitand |a, b| a & b;
    BitOr bitor |a, b| a | b;
    BitXor bitxor |a, b| a ^ b;
}

impl Not for Value {
    type Output = Value;
    fn not(self) -> Value {
        self.map(|a| !a)
    }
}

impl cpu::Word for Value {
    type Bit = Truth;
    type Long = Unknown;
    fn mul(self, by: Value) -> Value {
        self.with(by, u32::wrapping_mul)
    }
    fn div_s(self, _: Value) -> Value {
        UNKNOWN
    }
    fn div_u(self, _: Value) -> Value {
        UNKNOWN
    }
    fn shl(self, by: Value) -> Value {
        self.with(by, u32::wrapping_shl)
    }
    fn shr_u(self, by: Value) -> Value {
        self.with(by, u32::wrapping_shr)
    }
    fn shr_s(self, by: Value) -> Value {
        self.with(by, |a, by| (a as i32).wrapping_shr(by) as u32)
    }
    fn rotr(self, by: Value) -> Value {
        self.with(by, |a, by| a.rotate_right(by & 31))
    }
    fn clz(self) -> Value {
        self.map(u32::leading_zeros)
    }
    fn sign_byte(self) -> Value {
        self.map(|a| a as i8 as u32)
    }
    fn sign_half(self) -> Value {
        self.map(|a| a as i16 as u32)
    }
    fn eq(self, other: Value) -> Truth {
        Truth { is_always: self.known().is_some() && self == other, bound: None }
    }
    fn lt_s(self, _: Value) -> Truth {
        MAYBE
    }
    fn lt_u(self, other: Value) -> Truth {
        Truth { bound: other.known(), ..MAYBE }
    }
    fn long_s(self) -> Unknown {
        Unknown
    }
    fn long_u(self) -> Unknown {
        Unknown
    }
}

impl cpu::Long for Unknown {
    type Word = Value;
    fn mul(self, _: Unknown) -> Unknown {
        Unknown
    }
    fn low(self) -> Value {
        UNKNOWN
    }
    fn high(self) -> Value {
        UNKNOWN
    }
    fn pair(_: Value, _: Value) -> Unknown {
        Unknown
    }
    fn select(self, _: Unknown, _: Truth) -> Unknown {
        Unknown
    }
}
