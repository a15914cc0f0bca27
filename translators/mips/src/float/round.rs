//! From the exact number to the nearest one a format has, and what FCSR hears of it.

use super::env::{Env, Flags};
use super::nan;
use super::number::{Number, Shape};
use crate::cpu::Round;
use crate::insn::Fmt;

/// `number` in S or D. Tininess is seen after rounding, and underflow is signalled only with inexact.
pub(super) fn round(fmt: Fmt, number: Number, env: Env) -> (u64, Flags) {
    let sign = sign(fmt, number.negative);
    if number.is_zero() {
        return (sign, Flags::NONE);
    }
    let shape = Shape::of(fmt);
    let magnitude = number.magnitude();
    let is_tiny = magnitude < shape.least();
    if is_tiny && env.flush {
        return (sign, Flags::NONE);
    }
    if magnitude > shape.bias {
        return overflow(fmt, number.negative, env);
    }
    // A tiny number keeps fewer bits, with the last one where the smallest normal number has it.
    let last = magnitude.max(shape.least()) - shape.fraction as i32;
    let (kept, inexact) = cut(number, last, env.round);
    // Added, not joined: a significand rounded up to the next power of two carries into the exponent.
    let field = (last + shape.fraction as i32 - shape.least()) as u64;
    let bits = (field << shape.fraction) + kept as u64;
    if bits >= nan::infinity(fmt) {
        return overflow(fmt, number.negative, env);
    }
    let flags = match inexact {
        false => Flags::NONE,
        true if is_tiny && stays_tiny(number, shape, env.round) => Flags::INEXACT | Flags::UNDERFLOW,
        true => Flags::INEXACT,
    };
    (sign | bits, flags)
}

/// Whether `number`, rounded as if exponents had no end, is still below the smallest normal number.
fn stays_tiny(number: Number, shape: Shape, round: Round) -> bool {
    let magnitude = number.magnitude();
    let (kept, _) = cut(number, magnitude - shape.fraction as i32, round);
    magnitude < shape.least() - 1 || kept < 2 << shape.fraction
}

fn overflow(fmt: Fmt, negative: bool, env: Env) -> (u64, Flags) {
    let stays_finite = match env.round {
        Round::Nearest | Round::Current => false,
        Round::Zero => true,
        Round::Up => negative,
        Round::Down => !negative,
    };
    let magnitude = nan::infinity(fmt) - u64::from(stays_finite);
    (sign(fmt, negative) | magnitude, Flags::OVERFLOW | Flags::INEXACT)
}

/// The sign bit, if negative.
pub(super) fn sign(fmt: Fmt, negative: bool) -> u64 {
    if negative { nan::sign_bit(fmt) } else { 0 }
}

/// `number`'s magnitude in units of 2^`last`, rounded, and whether that changed it. The result must fit.
pub(super) fn cut(number: Number, last: i32, round: Round) -> (u128, bool) {
    let Number { negative, exponent, significand } = number;
    if last <= exponent {
        return (significand << (exponent - last), false);
    }
    // Significands are below 2^126, so a longer cut is no different.
    let count = (last - exponent).min(127);
    let kept = significand >> count;
    let rest = significand - (kept << count);
    let half = 1 << (count - 1);
    let up = match round {
        Round::Nearest | Round::Current => rest > half || rest == half && kept & 1 != 0,
        Round::Zero => false,
        Round::Up => !negative && rest != 0,
        Round::Down => negative && rest != 0,
    };
    (kept + u128::from(up), rest != 0)
}
