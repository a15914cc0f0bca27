//! Floating point once a program looks at FCSR: the native operation still, and beside it how that was rounded.
//!
//! Wasm shows no flags and rounds to nearest. But an operation on ordinary numbers that gives one has raised nothing but
//! perhaps inexact, and a few more operations tell that and on which side of the exact result it is: the error of a sum
//! is a sum (Knuth's TwoSum); the significand of a product has a lower half; quotients and roots are undone by products;
//! singles are seen as doubles. Other rounding modes then take the neighbour. For all else (NaNs, infinities, what is tiny
//! or huge, flushing, a trap if inexact) the interpreter is called, in place.

use super::Emit;
use super::fpu::type_of;
use super::value::{Bit, Word};
use crate::cells::Cell;
use crate::cpu::{Binary, Cpu, Word as _};
use crate::insn::Fmt;
use crate::state::{Fcsr, State};
use wasm::{Binary as Op2, Expr, Temp, Type, Unary as Op1};
use wasm_encoder::Instruction;

/// What is known of an instruction beside its result.
#[derive(Clone, Copy)]
pub(super) struct Verdict<'a> {
    /// Whether that is right, and nothing was raised but perhaps inexact.
    known: Bit<'a>,
    /// Whether it was rounded; `None` if it never is.
    inexact: Option<Bit<'a>>,
}

/// How a native result was rounded.
#[derive(Clone, Copy)]
struct Rounding<'a> {
    /// Whether it was.
    inexact: Bit<'a>,
    /// If so, whether that made it larger, its sign apart.
    grew: Bit<'a>,
}

/// A result from the first number to below the second is surely not tiny, and did surely not overflow.
fn ordinary(fmt: Fmt) -> (f64, f64) {
    let power = |exponent: i64| f64::from_bits(((1023 + exponent) as u64) << 52);
    if fmt == Fmt::S { (power(-125), power(126)) } else { (power(-1021), power(1022)) }
}

/// Operators, spelled for both widths.
impl<'a> Emit<'a> {
    fn with(&self, fmt: Fmt, ops: (Op2, Op2), a: Expr<'a>, b: Expr<'a>) -> Expr<'a> {
        a.binary(if fmt == Fmt::S { ops.0 } else { ops.1 }, b)
    }
    fn constant(&self, fmt: Fmt, value: f64) -> Expr<'a> {
        match fmt {
            Fmt::S => self.arena.i32((value as f32).to_bits()).unary(Op1::F32ReinterpretI32),
            _ => self.arena.i64(value.to_bits()).unary(Op1::F64ReinterpretI64),
        }
    }
    fn sub(&self, fmt: Fmt, a: Expr<'a>, b: Expr<'a>) -> Expr<'a> {
        self.with(fmt, (Op2::F32Sub, Op2::F64Sub), a, b)
    }
    fn magnitude(&self, fmt: Fmt, value: Expr<'a>) -> Expr<'a> {
        value.unary(if fmt == Fmt::S { Op1::F32Abs } else { Op1::F64Abs })
    }
    fn sign(&self, fmt: Fmt, value: Expr<'a>) -> Word<'a> {
        match fmt {
            Fmt::S => Word(value.unary(Op1::I32ReinterpretF32).binary(Op2::I32ShrU, self.arena.i32(31))),
            _ => self.sign_of_long(value.unary(Op1::I64ReinterpretF64)),
        }
    }
    fn sign_of_long(&self, value: Expr<'a>) -> Word<'a> {
        Word(value.binary(Op2::I64ShrU, self.arena.i64(63)).unary(Op1::I32WrapI64))
    }
    fn is_zero(&self, fmt: Fmt, value: Expr<'a>) -> Bit<'a> {
        Bit(self.with(fmt, (Op2::F32Eq, Op2::F64Eq), value, self.constant(fmt, 0.0)))
    }
    /// Whether |a| < |b|, which no NaN is.
    fn is_smaller(&self, fmt: Fmt, a: Expr<'a>, b: Expr<'a>) -> Bit<'a> {
        Bit(self.with(fmt, (Op2::F32Lt, Op2::F64Lt), self.magnitude(fmt, a), self.magnitude(fmt, b)))
    }
    fn is_below(&self, fmt: Fmt, value: Expr<'a>, limit: f64) -> Bit<'a> {
        Bit(self.with(fmt, (Op2::F32Lt, Op2::F64Lt), self.magnitude(fmt, value), self.constant(fmt, limit)))
    }
    fn is_ordinary(&self, fmt: Fmt, value: Expr<'a>) -> Bit<'a> {
        let (least, limit) = ordinary(fmt);
        self.is_below(fmt, value, limit) & !self.is_below(fmt, value, least)
    }
    fn as_double(&self, fmt: Fmt, value: Expr<'a>) -> Expr<'a> {
        if fmt == Fmt::S { value.unary(Op1::F64PromoteF32) } else { value }
    }
    pub(super) fn hold_bit(&mut self, bit: Bit<'a>) -> Bit<'a> {
        if bit.0.as_i32().is_some() || bit.0.as_local().is_some() { bit } else { Bit(self.hold_as(bit.0, Type::I32)) }
    }
    fn round_mode(&mut self) -> Word<'a> {
        self.state_word(State::FCSR) & self.word(Fcsr::ROUND)
    }
}

/// Verdicts. Operands and results are held, and results are in temporaries.
impl<'a> Emit<'a> {
    /// Judges `result`, which is `a op b`.
    pub(super) fn judge_binary(&mut self, op: Binary, fmt: Fmt, a: Expr<'a>, b: Expr<'a>, result: Temp) {
        let value = self.local(result.0);
        let is_zero = self.is_zero(fmt, value);
        match op {
            Binary::Add | Binary::Sub => {
                // Sums of what is tiny are exact. What cancels is a positive zero, but for one rounding mode.
                let known = self.is_below(fmt, value, ordinary(fmt).1);
                let rounding = self.rounding_of_sum(op, fmt, a, b, value);
                let mode = self.round_mode();
                self.judge_rounded(fmt, result, known & (!is_zero | mode.eq(self.word(0))), rounding);
            }
            Binary::Mul => {
                let known =
                    self.are_ordinary(fmt, value, &[a, b]) | is_zero & (self.is_zero(fmt, a) | self.is_zero(fmt, b));
                let rounding = self.rounding_of_product(fmt, a, b, value);
                self.judge_rounded(fmt, result, known, Rounding { inexact: rounding.inexact & !is_zero, ..rounding });
            }
            Binary::Div => {
                let known = self.are_ordinary(fmt, value, &[a, b]) | is_zero & self.is_zero(fmt, a);
                let rounding = self.rounding_of_factor(fmt, value, b, a);
                self.judge_rounded(fmt, result, known, Rounding { inexact: rounding.inexact & !is_zero, ..rounding });
            }
        }
    }

    /// Judges `root`, the square root of `a`.
    pub(super) fn judge_root(&mut self, fmt: Fmt, a: Expr<'a>, root: Temp) {
        let value = self.local(root.0);
        let is_zero = self.is_zero(fmt, a);
        let known = self.are_ordinary(fmt, value, &[a]) | is_zero;
        let rounding = self.rounding_of_factor(fmt, value, value, a);
        self.judge_rounded(fmt, root, known, Rounding { inexact: rounding.inexact & !is_zero, ..rounding });
    }

    /// Judges `result`, a float made of `from`, which is another or an integer.
    pub(super) fn judge_float(&mut self, to: Fmt, from: Fmt, a: Expr<'a>, result: Temp) {
        let value = self.local(result.0);
        let wide = self.as_double(to, value);
        let always = Bit(self.arena.i32(1));
        let rounding = |exact: Expr<'a>| Rounding {
            inexact: Bit(wide.binary(Op2::F64Ne, exact)),
            grew: self.is_smaller(Fmt::D, exact, wide),
        };
        match (to, from) {
            (Fmt::D, Fmt::S) => self.judge(Bit(a.binary(Op2::F32Eq, a)), None),
            (Fmt::D, Fmt::W) => self.judge(always, None),
            (_, Fmt::W) => {
                let rounding = rounding(a.unary(Op1::F64ConvertI32S));
                self.judge_rounded(to, result, always, rounding);
            }
            (_, Fmt::L) => {
                // What is rounded to 2^63 does not come back.
                let known = self.is_below(Fmt::D, wide, 4_611_686_018_427_387_904.0);
                let back = wide.unary(Op1::I64TruncSatF64S);
                let shrank = self.sign_of_long(back.binary(Op2::I64Sub, a).binary(Op2::I64Xor, a));
                let rounding = Rounding { inexact: Bit(back.binary(Op2::I64Ne, a)), grew: !Bit(shrank.0) };
                self.judge_rounded(to, result, known, rounding);
            }
            _ => {
                let (known, rounding) = (self.is_ordinary(to, value) | self.is_zero(from, a), rounding(a));
                self.judge_rounded(to, result, known, rounding);
            }
        }
    }

    /// Rounds `nearest`, which is `value` to nearest, as FCSR says.
    pub(super) fn round_by_fcsr(&mut self, value: Expr<'a>, nearest: Temp) {
        let mode = self.round_mode();
        mode.0.push(self.code());
        self.code().if_unlikely();
        let is = |number| mode.eq(self.word(number)).0;
        let (cut, up, down) = (value.unary(Op1::F64Trunc), value.unary(Op1::F64Ceil), value.unary(Op1::F64Floor));
        cut.select(up.select(down, is(2)), is(1)).push(self.code.get_mut());
        self.code().amend(nearest.0);
        self.code().add(Instruction::End);
    }

    /// Judges an integer made of the double `value`, which is `rounded`, and fits or not.
    pub(super) fn judge_integer(&mut self, value: Expr<'a>, rounded: Expr<'a>, fits: Bit<'a>) {
        self.judge(fits, Some(Bit(value.binary(Op2::F64Ne, rounded))));
    }

    /// Judges a comparison, which only NaNs can make invalid.
    pub(super) fn judge_comparison(&mut self, is_ordered: Bit<'a>) {
        self.judge(is_ordered, None);
    }

    /// Judges `result`, and rounds it as FCSR says: what is to be larger and is not, or the other way round, becomes its
    /// neighbour.
    fn judge_rounded(&mut self, fmt: Fmt, result: Temp, known: Bit<'a>, Rounding { inexact, grew }: Rounding<'a>) {
        let (known, inexact) = (self.hold_bit(known), self.hold_bit(inexact));
        let mode = self.round_mode();
        mode.0.push(self.code());
        self.code().if_unlikely();
        let value = self.local(result.0);
        // Mode 2 is up, 3 is down, and both away from zero for one sign.
        let differs = (mode ^ self.sign(fmt, value)) & self.word(1);
        let grows = mode.shr_u(self.word(1)) & Word((!Bit(differs.0)).0);
        let step = (grows - Word(grew.0)) & (self.word(0) - Word(inexact.0));
        let neighbour = match fmt {
            Fmt::S => value.unary(Op1::I32ReinterpretF32).binary(Op2::I32Add, step.0).unary(Op1::F32ReinterpretI32),
            _ => {
                let step = step.0.unary(Op1::I64ExtendI32S);
                value.unary(Op1::I64ReinterpretF64).binary(Op2::I64Add, step).unary(Op1::F64ReinterpretI64)
            }
        };
        neighbour.push(self.code());
        self.code().amend(result.0);
        self.code().add(Instruction::End);
        self.judge(known, Some(inexact));
    }

    /// Adds to what is known of this instruction: it may be two operations.
    fn judge(&mut self, known: Bit<'a>, inexact: Option<Bit<'a>>) {
        let Some(first) = self.verdict else {
            let (known, inexact) = (self.hold_bit(known), inexact.map(|bit| self.hold_bit(bit)));
            self.verdict = Some(Verdict { known, inexact });
            return;
        };
        let inexact = match (first.inexact, inexact) {
            (Some(first), Some(second)) => Some(self.hold_bit(first | second)),
            (first, second) => first.or(second),
        };
        self.verdict = Some(Verdict { known: self.hold_bit(first.known & known), inexact });
    }

    fn rounding_of_sum(&mut self, op: Binary, fmt: Fmt, a: Expr<'a>, b: Expr<'a>, sum: Expr<'a>) -> Rounding<'a> {
        let b = match op {
            Binary::Add => b,
            _ => b.unary(if fmt == Fmt::S { Op1::F32Neg } else { Op1::F64Neg }),
        };
        // What of the sum is b and what is a, and what both lack.
        let of_b = self.hold_as(self.sub(fmt, sum, a), type_of(fmt));
        let of_a = self.sub(fmt, sum, of_b);
        let lacks = self.with(fmt, (Op2::F32Add, Op2::F64Add), self.sub(fmt, a, of_a), self.sub(fmt, b, of_b));
        let lacks = self.hold_as(lacks, type_of(fmt));
        let grew = Bit((self.sign(fmt, lacks) ^ self.sign(fmt, sum)).0);
        Rounding { inexact: !self.is_zero(fmt, lacks), grew }
    }

    /// `product` is a * b.
    fn rounding_of_product(&self, fmt: Fmt, a: Expr<'a>, b: Expr<'a>, product: Expr<'a>) -> Rounding<'a> {
        if fmt != Fmt::S {
            return self.rounding_of_significands(a, b, product);
        }
        let [a, b, product] = [a, b, product].map(|value| value.unary(Op1::F64PromoteF32));
        let exact = a.binary(Op2::F64Mul, b);
        Rounding { inexact: Bit(product.binary(Op2::F64Ne, exact)), grew: self.is_smaller(Fmt::D, exact, product) }
    }

    /// `factor` is what makes `product` if multiplied by `b`, or nearly so.
    fn rounding_of_factor(&self, fmt: Fmt, factor: Expr<'a>, b: Expr<'a>, product: Expr<'a>) -> Rounding<'a> {
        let [wide_factor, wide_b, wide] = [factor, b, product].map(|value| self.as_double(fmt, value));
        let again = wide_factor.binary(Op2::F64Mul, wide_b);
        let (differs, grew) = (Bit(again.binary(Op2::F64Ne, wide)), self.is_smaller(Fmt::D, wide, again));
        if fmt == Fmt::S {
            return Rounding { inexact: differs, grew };
        }
        // If `again` was made smaller to be `product`, the factor is too large. If it differs, that says it all.
        let Rounding { inexact, grew: again_grew } = self.rounding_of_significands(factor, b, product);
        Rounding { inexact: differs | inexact, grew: grew | !(differs | again_grew) }
    }

    /// How the product of two doubles was rounded to `product`. Of the 106 bits of the product of their significands, or
    /// 105, which is what the exponents tell, the lowest 53, or 52, are lost, and the next one is the product's last, unless
    /// it grew: so the lowest 64 tell all. As a shift looks at six bits of its amount, signs have no part in that.
    fn rounding_of_significands(&self, a: Expr<'a>, b: Expr<'a>, product: Expr<'a>) -> Rounding<'a> {
        let long = |value| self.arena.i64(value);
        let bits = |value: Expr<'a>| value.unary(Op1::I64ReinterpretF64);
        let fraction = |value| bits(value).binary(Op2::I64And, long((1 << 52) - 1));
        let significand = |value| fraction(value).binary(Op2::I64Or, long(1 << 52));
        let exponent = |value| bits(value).binary(Op2::I64ShrU, long(52));
        let low = significand(a).binary(Op2::I64Mul, significand(b));
        // The sum of exponents is 1023 more than the product's, or 1022; and 1023 + 13 is 64 - 52 modulo 64.
        let excess = exponent(a).binary(Op2::I64Add, exponent(b)).binary(Op2::I64Sub, exponent(product));
        let above = excess.binary(Op2::I64Add, long(13));
        let lost = low.binary(Op2::I64Shl, above);
        let last = low.binary(Op2::I64ShrU, long(0).binary(Op2::I64Sub, above));
        let grew =
            last.binary(Op2::I64Xor, bits(product)).unary(Op1::I32WrapI64).binary(Op2::I32And, self.arena.i32(1));
        Rounding { inexact: Bit(lost.binary(Op2::I64Ne, long(0))), grew: Bit(grew) }
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
        let Some(Verdict { known, inexact }) = self.verdict.take() else { return value };
        let result = self.code().hold(value, cell.local_type());
        let fcsr = self.state_word(State::FCSR);
        let unless = if inexact.is_some() { Fcsr::FLUSH | Fcsr::ENABLE_INEXACT } else { 0 };
        let modes = (fcsr & self.word(unless)).eq(self.word(0));
        let known = if unless == 0 { known } else { known & modes };
        let clean = fcsr & self.word(!Fcsr::CAUSE);
        let flags = inexact.map(|inexact| Word(self.word(Fcsr::INEXACT).0.select(self.arena.i32(0), inexact.0)));
        let fcsr = flags.map_or(clean, |flags| clean | flags);
        if known.0.as_i32() == Some(1) {
            self.set_state_word(State::FCSR, fcsr);
            return self.local(result.0);
        }
        (!known).0.push(self.code());
        self.code().if_unlikely();
        self.flush();
        self.call_interpreter();
        self.reload(cell, result);
        self.code().add(Instruction::Else);
        self.set_state_word(State::FCSR, fcsr);
        self.code().add(Instruction::End);
        self.local(result.0)
    }
}
