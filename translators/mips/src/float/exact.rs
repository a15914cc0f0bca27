//! Arithmetic with its exception flags, in every rounding mode, by integers. For code that looks at FCSR; all other code
//! takes [`super::fast`].

use super::arithmetic::{product, quotient, root, sum};
use super::env::{Env, Flags};
use super::number::{Number, Value};
use super::round::{cut, round, sign};
use super::{fast, nan};
use crate::cpu::{Binary, Cond, Round, Unary};
use crate::insn::Fmt;

/// a op b in S or D.
pub fn binary(op: Binary, fmt: Fmt, a: u64, b: u64, env: Env) -> (u64, Flags) {
    if nan::is_nan(fmt, a) || nan::is_nan(fmt, b) {
        let signals = nan::is_signaling(fmt, a, env.nan2008) || nan::is_signaling(fmt, b, env.nan2008);
        return (nan::propagate(fmt, a, b, env.nan2008), invalid_if(signals));
    }
    let (a, b) = (Value::new(fmt, a), Value::new(fmt, b));
    match op {
        Binary::Add => add(fmt, a, b, env),
        Binary::Sub => add(fmt, a, b.negated(), env),
        Binary::Mul => mul(fmt, a, b, env),
        Binary::Div => div(fmt, a, b, env),
    }
}

fn add(fmt: Fmt, a: Value, b: Value, env: Env) -> (u64, Flags) {
    match (a, b) {
        (Value::Finite(a), Value::Finite(b)) => {
            let mut total = sum(a, b);
            // What cancels is a positive zero, except on the way down.
            if total.is_zero() && a.negative != b.negative {
                total.negative = env.round == Round::Down;
            }
            round(fmt, total, env)
        }
        (Value::Infinite { negative }, Value::Finite(_)) | (Value::Finite(_), Value::Infinite { negative }) => {
            infinity(fmt, negative)
        }
        _ if a.is_negative() == b.is_negative() => infinity(fmt, a.is_negative()),
        _ => invalid(fmt, env),
    }
}

fn mul(fmt: Fmt, a: Value, b: Value, env: Env) -> (u64, Flags) {
    match (a, b) {
        (Value::Finite(a), Value::Finite(b)) => round(fmt, product(a, b), env),
        (Value::Finite(zero), _) | (_, Value::Finite(zero)) if zero.is_zero() => invalid(fmt, env),
        _ => infinity(fmt, a.is_negative() != b.is_negative()),
    }
}

fn div(fmt: Fmt, a: Value, b: Value, env: Env) -> (u64, Flags) {
    let negative = a.is_negative() != b.is_negative();
    match (a, b) {
        (Value::Infinite { .. }, Value::Infinite { .. }) => invalid(fmt, env),
        (Value::Infinite { .. }, _) => infinity(fmt, negative),
        (_, Value::Infinite { .. }) => (sign(fmt, negative), Flags::NONE),
        (Value::Finite(a), Value::Finite(b)) => match (a.is_zero(), b.is_zero()) {
            (true, true) => invalid(fmt, env),
            (false, true) => (infinity(fmt, negative).0, Flags::DIVISION),
            _ => round(fmt, quotient(a, b), env),
        },
    }
}

/// op a in S or D. ABS and NEG are bit operations without flags, with or without ABS2008: as in QEMU, which does not
/// touch FCSR for them, not even its cause. The manual has the legacy ones signal NaNs.
pub fn unary(op: Unary, fmt: Fmt, a: u64, env: Env) -> (u64, Flags) {
    if let Unary::Abs | Unary::Neg = op {
        return (fast::unary(op, fmt, a, env.nan2008), Flags::NONE);
    }
    if nan::is_nan(fmt, a) {
        let flags = invalid_if(nan::is_signaling(fmt, a, env.nan2008));
        return (nan::propagate_one(fmt, a, env.nan2008), flags);
    }
    let one = if let Fmt::S = fmt { u64::from(1f32.to_bits()) } else { 1f64.to_bits() };
    match op {
        Unary::Recip => binary(Binary::Div, fmt, one, a, env),
        Unary::Rsqrt => {
            let (root, flags) = sqrt(fmt, a, env);
            let (result, more) = binary(Binary::Div, fmt, one, root, env);
            (result, flags | more)
        }
        _ => sqrt(fmt, a, env),
    }
}

/// The square root of what is no NaN.
fn sqrt(fmt: Fmt, a: u64, env: Env) -> (u64, Flags) {
    match Value::new(fmt, a) {
        Value::Finite(zero) if zero.is_zero() => (a, Flags::NONE),
        value if value.is_negative() => invalid(fmt, env),
        Value::Finite(number) => round(fmt, root(number), env),
        Value::Infinite { .. } => (a, Flags::NONE),
    }
}

/// Between S, D, W and L, rounded as `env` says.
pub fn convert(to: Fmt, from: Fmt, a: u64, env: Env) -> (u64, Flags) {
    match (to, from) {
        (Fmt::D, Fmt::S) | (Fmt::S, Fmt::D) if nan::is_nan(from, a) => {
            let flags = invalid_if(nan::is_signaling(from, a, env.nan2008));
            (nan::convert(to, from, a, env.nan2008), flags)
        }
        (Fmt::D, Fmt::S) | (Fmt::S, Fmt::D) => match Value::new(from, a) {
            Value::Finite(number) => round(to, number, env),
            Value::Infinite { negative } => infinity(to, negative),
        },
        (Fmt::S | Fmt::D, Fmt::W) => round(to, Number::integer((a as u32 as i32).into()), env),
        (Fmt::S | Fmt::D, Fmt::L) => round(to, Number::integer(a as i64), env),
        (Fmt::W | Fmt::L, Fmt::S | Fmt::D) => integer(to, from, a, env),
        _ => (a, Flags::UNIMPLEMENTED),
    }
}

/// To W or L. What does not fit is invalid, and not also inexact.
fn integer(to: Fmt, from: Fmt, a: u64, env: Env) -> (u64, Flags) {
    let is_nan = nan::is_nan(from, a);
    let value = Value::new(from, a);
    if let Value::Finite(number) = value
        && (number.is_zero() || number.magnitude() < 64)
    {
        let (magnitude, inexact) = cut(number, 0, env.round);
        let whole = if number.negative { -(magnitude as i128) } else { magnitude as i128 };
        let fits = if let Fmt::W = to { i128::from(whole as i32) == whole } else { i128::from(whole as i64) == whole };
        if fits {
            let bits = if let Fmt::W = to { u64::from(whole as u32) } else { whole as u64 };
            return (bits, if inexact { Flags::INEXACT } else { Flags::NONE });
        }
    }
    (fast::overflow(to, is_nan, value.is_negative(), env.nan2008), Flags::INVALID)
}

/// Whether the condition holds. A signaling NaN is invalid in all, a quiet one in the upper eight.
pub fn compare(cond: Cond, fmt: Fmt, a: u64, b: u64, env: Env) -> (bool, Flags) {
    let signals = |x| nan::is_signaling(fmt, x, env.nan2008) || cond.0 & 8 != 0 && nan::is_nan(fmt, x);
    (fast::compare(cond, fmt, a, b), invalid_if(signals(a) || signals(b)))
}

fn infinity(fmt: Fmt, negative: bool) -> (u64, Flags) {
    (sign(fmt, negative) | nan::infinity(fmt), Flags::NONE)
}

fn invalid(fmt: Fmt, env: Env) -> (u64, Flags) {
    (nan::default(fmt, env.nan2008), Flags::INVALID)
}

fn invalid_if(so: bool) -> Flags {
    if so { Flags::INVALID } else { Flags::NONE }
}
