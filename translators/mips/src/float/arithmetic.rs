//! Exact sums, products, quotients and roots of numbers, a last bit standing for all that lies below it.

use super::number::Number;

/// The greatest distance at which a sum's operands are lined up in full; farther off, the smaller is a last bit.
const REACH: i32 = 70;

/// a + b. A sum of zero is positive unless both are negative.
pub(super) fn sum(a: Number, b: Number) -> Number {
    let (high, low) = if a.exponent >= b.exponent { (a, b) } else { (b, a) };
    let distance = high.exponent - low.exponent;
    let exponent = high.exponent - distance.min(REACH);
    let beyond = (distance - REACH).clamp(0, 127);
    let cut_off = low.significand & ((1 << beyond) - 1) != 0;
    let small = low.significand >> beyond | u128::from(cut_off);
    let large = high.significand << distance.min(REACH);
    let (negative, significand) = if high.negative == low.negative {
        (high.negative, large + small)
    } else if large == small {
        (false, 0)
    } else {
        ((large > small) == high.negative, large.abs_diff(small))
    };
    Number { negative, exponent, significand }
}

/// a * b
pub(super) fn product(a: Number, b: Number) -> Number {
    Number {
        negative: a.negative != b.negative,
        exponent: a.exponent + b.exponent,
        significand: a.significand * b.significand,
    }
}

/// a / b, of which b is not zero.
pub(super) fn quotient(a: Number, b: Number) -> Number {
    // The dividend's top bit goes to bit 125: at least 72 bits of quotient.
    let shift = (a.significand.leading_zeros() as i32 - 2).min(125);
    let dividend = a.significand << shift;
    let whole = dividend / b.significand;
    let cut_off = whole * b.significand != dividend;
    Number {
        negative: a.negative != b.negative,
        exponent: a.exponent - shift - b.exponent,
        significand: whole | u128::from(cut_off),
    }
}

/// The square root of what is not negative.
pub(super) fn root(a: Number) -> Number {
    // Near the top of 128 bits, with an even exponent: at least 63 bits of root.
    let shift = (a.significand.leading_zeros() as i32 - 1).min(126);
    let shift = shift + ((a.exponent - shift) & 1);
    let radicand = a.significand << shift;
    let whole = radicand.isqrt();
    let cut_off = whole * whole != radicand;
    Number {
        negative: a.negative,
        exponent: (a.exponent - shift) / 2 - 1,
        significand: whole << 1 | u128::from(cut_off),
    }
}
