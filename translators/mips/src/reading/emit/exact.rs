//! Floating point once a program looks at FCSR: the native operation still, and beside it whether that rounded.
//!
//! Wasm shows no flags. But an operation on ordinary numbers that gives one, to nearest, has raised nothing but perhaps
//! inexact, and a few more operations tell that: the error of a sum is a sum (Knuth's TwoSum); the significand of a
//! product has a lower half; quotients and roots are undone by products; singles are seen as doubles. For all else (NaNs,
//! infinities, what is tiny or huge, other rounding modes, a trap if inexact) the interpreter is called, in place.

use super::Emit;
use super::value::{Bit, Word};
use crate::cells::Cell;
use crate::cpu::Binary;
use crate::insn::Fmt;
use crate::state::{Fcsr, State};
use wasm::{Binary as Op2, Expr, Type, Unary as Op1};
use wasm_encoder::Instruction;

/// What is known of an instruction beside its native result.
#[derive(Clone, Copy)]
pub(super) struct Verdict<'a> {
    /// Whether that is right, and nothing was raised but perhaps inexact.
    known: Bit<'a>,
    /// Whether it was rounded; `None` if it never is.
    inexact: Option<Bit<'a>>,
    /// The bits of FCSR that must be zero for that.
    unless: u32,
}

/// A result from the first number to below the second is surely not tiny, and did surely not overflow.
fn ordinary(fmt: Fmt) -> (f64, f64) {
    let power = |exponent: i64| f64::from_bits(((1023 + exponent) as u64) << 52);
    if fmt == Fmt::S { (power(-125), power(126)) } else { (power(-1021), power(1022)) }
}

/// Of what rounds as FCSR says.
const ROUNDED: u32 = Fcsr::ROUND | Fcsr::FLUSH | Fcsr::ENABLE_INEXACT;
/// Of what says itself how it is rounded, and is an integer.
const CUT: u32 = Fcsr::ENABLE_INEXACT;

/// Operators, spelled for both widths.
impl<'a> Emit<'a> {
    fn is(&self, fmt: Fmt, single: Op2, double: Op2, a: Expr<'a>, b: Expr<'a>) -> Bit<'a> {
        Bit(a.binary(if fmt == Fmt::S { single } else { double }, b))
    }
    fn constant(&self, fmt: Fmt, value: f64) -> Expr<'a> {
        match fmt {
            Fmt::S => self.arena.i32((value as f32).to_bits()).unary(Op1::F32ReinterpretI32),
            _ => self.arena.i64(value.to_bits()).unary(Op1::F64ReinterpretI64),
        }
    }
    fn is_zero(&self, fmt: Fmt, value: Expr<'a>) -> Bit<'a> {
        self.is(fmt, Op2::F32Eq, Op2::F64Eq, value, self.constant(fmt, 0.0))
    }
    /// Whether |value| < limit, which a NaN is not.
    fn is_below(&self, fmt: Fmt, value: Expr<'a>, limit: f64) -> Bit<'a> {
        let magnitude = value.unary(if fmt == Fmt::S { Op1::F32Abs } else { Op1::F64Abs });
        self.is(fmt, Op2::F32Lt, Op2::F64Lt, magnitude, self.constant(fmt, limit))
    }
    fn is_ordinary(&self, fmt: Fmt, value: Expr<'a>) -> Bit<'a> {
        let (least, limit) = ordinary(fmt);
        self.is_below(fmt, value, limit) & !self.is_below(fmt, value, least)
    }
    fn as_double(&self, fmt: Fmt, value: Expr<'a>) -> Expr<'a> {
        if fmt == Fmt::S { value.unary(Op1::F64PromoteF32) } else { value }
    }
    fn hold_bit(&mut self, bit: Bit<'a>) -> Bit<'a> {
        if bit.0.as_i32().is_some() { bit } else { Bit(self.hold_as(bit.0, Type::I32)) }
    }
}

/// Verdicts. All operands and results are held.
impl<'a> Emit<'a> {
    /// Judges `result`, which is `a op b`.
    pub(super) fn judge_binary(&mut self, op: Binary, fmt: Fmt, a: Expr<'a>, b: Expr<'a>, result: Expr<'a>) {
        if op == Binary::Add || op == Binary::Sub {
            // Sums of what is tiny are exact.
            let known = self.is_below(fmt, result, ordinary(fmt).1);
            let inexact = self.is_rounded_sum(op, fmt, a, b, result);
            return self.judge(known, Some(inexact), ROUNDED);
        }
        let is_zero = self.is_zero(fmt, result);
        let (of_zero, inexact) = if op == Binary::Mul {
            (self.is_zero(fmt, a) | self.is_zero(fmt, b), self.is_not_product(fmt, a, b, result))
        } else {
            (self.is_zero(fmt, a), self.is_not_product(fmt, result, b, a))
        };
        let known = self.are_ordinary(fmt, result, &[a, b]) | is_zero & of_zero;
        self.judge(known, Some(inexact & !is_zero), ROUNDED);
    }

    /// Judges `root`, the square root of `a`.
    pub(super) fn judge_root(&mut self, fmt: Fmt, a: Expr<'a>, root: Expr<'a>) {
        let is_zero = self.is_zero(fmt, a);
        let known = self.are_ordinary(fmt, root, &[a]) | is_zero;
        let inexact = self.is_not_product(fmt, root, root, a);
        self.judge(known, Some(inexact & !is_zero), ROUNDED);
    }

    /// Judges `result`, a float made of `value`, which is another or an integer.
    pub(super) fn judge_float(&mut self, to: Fmt, from: Fmt, value: Expr<'a>, result: Expr<'a>) {
        let always = Bit(self.arena.i32(1));
        let wide = self.as_double(to, result);
        match (to, from) {
            (Fmt::D, Fmt::S) => {
                let is_number = self.is(from, Op2::F32Eq, Op2::F64Eq, value, value);
                self.judge(is_number, None, 0);
            }
            (Fmt::D, Fmt::W) => self.judge(always, None, 0),
            (_, Fmt::W) => {
                let differs = wide.binary(Op2::F64Ne, value.unary(Op1::F64ConvertI32S));
                self.judge(always, Some(Bit(differs)), ROUNDED);
            }
            (_, Fmt::L) => {
                // What is rounded to 2^63 does not come back.
                let known = self.is_below(Fmt::D, wide, 4_611_686_018_427_387_904.0);
                let differs = wide.unary(Op1::I64TruncSatF64S).binary(Op2::I64Ne, value);
                self.judge(known, Some(Bit(differs)), ROUNDED);
            }
            _ => {
                let known = self.is_ordinary(to, result) | self.is_zero(from, value);
                self.judge(known, Some(Bit(wide.binary(Op2::F64Ne, value))), ROUNDED);
            }
        }
    }

    /// Judges an integer made of the double `value`, which is `rounded`, and fits or not.
    pub(super) fn judge_integer(&mut self, by_fcsr: bool, value: Expr<'a>, rounded: Expr<'a>, fits: Bit<'a>) {
        let inexact = Bit(value.binary(Op2::F64Ne, rounded));
        self.judge(fits, Some(inexact), if by_fcsr { ROUNDED } else { CUT });
    }

    /// Judges a comparison, which only NaNs can make invalid.
    pub(super) fn judge_comparison(&mut self, is_ordered: Bit<'a>) {
        self.judge(is_ordered, None, 0);
    }

    /// Adds to what is known of this instruction: it may be two operations.
    fn judge(&mut self, known: Bit<'a>, inexact: Option<Bit<'a>>, unless: u32) {
        if !self.options.fpu.exact {
            return;
        }
        let first = self.verdict.unwrap_or(Verdict { known: Bit(self.arena.i32(1)), inexact: None, unless: 0 });
        let inexact = match (first.inexact, inexact) {
            (Some(first), Some(second)) => Some(first | second),
            (first, second) => first.or(second),
        };
        let known = if first.known.0.as_i32().is_some() { known } else { first.known & known };
        let (known, inexact) = (self.hold_bit(known), inexact.map(|bit| self.hold_bit(bit)));
        self.verdict = Some(Verdict { known, inexact, unless: first.unless | unless });
    }

    /// Whether `sum` = a ± b is not exact.
    fn is_rounded_sum(&mut self, op: Binary, fmt: Fmt, a: Expr<'a>, b: Expr<'a>, sum: Expr<'a>) -> Bit<'a> {
        let pick = |single, double| if fmt == Fmt::S { single } else { double };
        let (add, sub) = (pick(Op2::F32Add, Op2::F64Add), pick(Op2::F32Sub, Op2::F64Sub));
        let neg = if fmt == Fmt::S { Op1::F32Neg } else { Op1::F64Neg };
        let b = if op == Binary::Add { b } else { b.unary(neg) };
        // What of the sum is b, and what is a, and what both lack.
        let of_b = self.hold_as(sum.binary(sub, a), super::fpu::type_of(fmt));
        let of_a = sum.binary(sub, of_b);
        !self.is_zero(fmt, a.binary(sub, of_a).binary(add, b.binary(sub, of_b)))
    }

    /// Whether `a * b` is not exactly `near`, to which it is near.
    fn is_not_product(&self, fmt: Fmt, a: Expr<'a>, b: Expr<'a>, near: Expr<'a>) -> Bit<'a> {
        let [wide_a, wide_b, wide] = [a, b, near].map(|value| self.as_double(fmt, value));
        let differs = Bit(wide_a.binary(Op2::F64Mul, wide_b).binary(Op2::F64Ne, wide));
        if fmt == Fmt::S { differs } else { differs | self.has_lower_half(a, b, near) }
    }

    /// Whether the product of the significands of two doubles needs more bits than one has. Of its 106 bits, or 105, which
    /// is what the exponents tell, the lowest 53, or 52, must be zeros. Only the lowest 64 are computed: what stands above
    /// a significand has no part in those, and as a shift looks at six bits of its amount, a sign has none in that.
    fn has_lower_half(&self, a: Expr<'a>, b: Expr<'a>, product: Expr<'a>) -> Bit<'a> {
        let bits = |value: Expr<'a>| value.unary(Op1::I64ReinterpretF64);
        let significand = |value| bits(value).binary(Op2::I64Or, self.arena.i64(1 << 52));
        let exponent = |value| bits(value).binary(Op2::I64ShrU, self.arena.i64(52));
        let low = significand(a).binary(Op2::I64Mul, significand(b));
        // The sum of exponents is 1023 more than the product's, or 1022; and 1023 + 13 is 64 - 52 modulo 64.
        let excess = exponent(a).binary(Op2::I64Add, exponent(b)).binary(Op2::I64Sub, exponent(product));
        let amount = excess.binary(Op2::I64Add, self.arena.i64(13));
        Bit(low.binary(Op2::I64Shl, amount).binary(Op2::I64Ne, self.arena.i64(0)))
    }

    /// Whether a result is, and the operands of which bits are looked at: those of doubles.
    fn are_ordinary(&self, fmt: Fmt, result: Expr<'a>, operands: &[Expr<'a>]) -> Bit<'a> {
        let operands = if fmt == Fmt::S { &[] } else { operands };
        operands.iter().fold(self.is_ordinary(fmt, result), |all, operand| all & self.is_ordinary(fmt, *operand))
    }
}

impl<'a> Emit<'a> {
    /// What this instruction gives `cell`: the native result, or where its verdict asks for that, the interpreter's. In both
    /// cases FCSR is right then.
    pub(super) fn conclude(&mut self, cell: Cell, value: Expr<'a>) -> Expr<'a> {
        let Some(Verdict { known, inexact, unless }) = self.verdict.take() else { return value };
        let result = self.code().hold(value, cell.local_type());
        let fcsr = self.state_word(State::FCSR);
        let word = |value| Word(self.arena.i32(value));
        let modes = Bit((fcsr & word(unless)).0.unary(Op1::I32Eqz));
        let known = if unless == 0 { known } else { known & modes };
        let clean = fcsr & word(!Fcsr::CAUSE);
        let flags = inexact.map(|inexact| Word(word(Fcsr::INEXACT).0.select(word(0).0, inexact.0)));
        (!known).0.push(self.code());
        self.code().if_unlikely();
        self.flush();
        self.call_interpreter();
        self.reload(cell, result);
        self.code().add(Instruction::Else);
        self.set_state_word(State::FCSR, flags.map_or(clean, |flags| clean | flags));
        self.code().add(Instruction::End);
        self.local(result.0)
    }
}
