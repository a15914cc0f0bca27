//! Arithmetic by the host's own instructions: to nearest, no flags. The results are those of [`super::exact`], bit for
//! bit; a NaN result is made again from the operands, since hosts differ in which NaN they give.

use super::nan;
use crate::cpu::{Binary, Cond, Round, Unary};
use crate::insn::Fmt;

#[inline]
const fn single(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

#[inline]
const fn double(bits: u64) -> f64 {
    f64::from_bits(bits)
}

#[inline]
const fn bits_single(value: f32) -> u64 {
    value.to_bits() as u64
}

/// a op b in S or D.
#[inline]
pub fn binary(op: Binary, fmt: Fmt, a: u64, b: u64, nan2008: bool) -> u64 {
    let result = if let Fmt::S = fmt {
        let (a, b) = (single(a), single(b));
        bits_single(match op {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
        })
    } else {
        let (a, b) = (double(a), double(b));
        f64::to_bits(match op {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
        })
    };
    if nan::is_nan(fmt, result) { nan::propagate(fmt, a, b, nan2008) } else { result }
}

/// op a in S or D. Absolute value and negation are bit operations, as in QEMU with or without ABS2008.
#[inline]
pub fn unary(op: Unary, fmt: Fmt, a: u64, nan2008: bool) -> u64 {
    let result = match (op, fmt) {
        (Unary::Abs, _) => return a & !nan::sign_bit(fmt),
        (Unary::Neg, _) => return a ^ nan::sign_bit(fmt),
        (Unary::Sqrt, Fmt::S) => bits_single(libm::sqrtf(single(a))),
        (Unary::Recip, Fmt::S) => bits_single(1.0 / single(a)),
        (Unary::Rsqrt, Fmt::S) => bits_single(1.0 / libm::sqrtf(single(a))),
        (Unary::Sqrt, _) => libm::sqrt(double(a)).to_bits(),
        (Unary::Recip, _) => (1.0 / double(a)).to_bits(),
        (Unary::Rsqrt, _) => (1.0 / libm::sqrt(double(a))).to_bits(),
    };
    if nan::is_nan(fmt, result) { nan::propagate_one(fmt, a, nan2008) } else { result }
}

/// Between S, D, W and L. `round` is for the way to an integer; the way to S or D is to nearest.
#[inline]
pub fn convert(to: Fmt, from: Fmt, round: Round, a: u64, nan2008: bool) -> u64 {
    match (to, from) {
        (Fmt::D, Fmt::S) | (Fmt::S, Fmt::D) if nan::is_nan(from, a) => nan::convert(to, from, a, nan2008),
        (Fmt::D, Fmt::S) => f64::from(single(a)).to_bits(),
        (Fmt::S, Fmt::D) => bits_single(double(a) as f32),
        (Fmt::D, Fmt::W) => f64::from(a as u32 as i32).to_bits(),
        (Fmt::D, Fmt::L) => (a as i64 as f64).to_bits(),
        (Fmt::S, Fmt::W) => bits_single(a as u32 as i32 as f32),
        (Fmt::S, Fmt::L) => bits_single(a as i64 as f32),
        (Fmt::W | Fmt::L, Fmt::S | Fmt::D) => integer(to, from, round, a, nan2008).0,
        _ => a,
    }
}

/// S or D as W or L, and whether that has the value: otherwise the operation is invalid.
#[inline]
pub fn integer(to: Fmt, from: Fmt, round: Round, a: u64, nan2008: bool) -> (u64, bool) {
    // Every S is a D.
    let a = if let Fmt::S = from { f64::from(single(a)) } else { double(a) };
    let whole = a as i64;
    // Exact: beyond 2^52 there is no fraction, and below it `whole` fits a double.
    let rest = a - whole as f64;
    let step = match round {
        Round::Zero => 0,
        Round::Up => i64::from(rest > 0.0),
        Round::Down => -i64::from(rest < 0.0),
        Round::Nearest | Round::Current => {
            let odd = whole & 1 != 0;
            i64::from(rest > 0.5 || rest == 0.5 && odd) - i64::from(rest < -0.5 || rest == -0.5 && odd)
        }
    };
    let value = whole.saturating_add(step);
    let fits = match to {
        Fmt::L => (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&a),
        _ => i64::from(value as i32) == value && !a.is_nan(),
    };
    let value = match (fits, to) {
        (true, Fmt::L) => value as u64,
        (true, _) => u64::from(value as u32),
        (false, _) => overflow(to, a.is_nan(), a < 0.0, nan2008),
    };
    (value, fits)
}

/// What a conversion to an integer gives that does not have the value: legacy the largest; 2008 the nearest end, and
/// zero for a NaN.
#[cold]
pub const fn overflow(to: Fmt, is_nan: bool, is_negative: bool, nan2008: bool) -> u64 {
    let lowest = nan::sign_bit(to);
    match (nan2008, is_nan, is_negative) {
        (true, true, _) => 0,
        (true, false, true) => lowest,
        _ => lowest - 1,
    }
}

/// Whether the condition holds.
#[inline]
pub fn compare(cond: Cond, fmt: Fmt, a: u64, b: u64) -> bool {
    let (less, equal, unordered) = if let Fmt::S = fmt {
        let (a, b) = (single(a), single(b));
        (a < b, a == b, a.is_nan() | b.is_nan())
    } else {
        let (a, b) = (double(a), double(b));
        (a < b, a == b, a.is_nan() | b.is_nan())
    };
    cond.0 & (u8::from(unordered) | u8::from(equal) << 1 | u8::from(less) << 2) != 0
}
