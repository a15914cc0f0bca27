//! Floating point as emitted code does it: native operations, with the results MIPS has for NaNs. A NaN of the 2008
//! encoding is the interpreter's. What is more to do once flags and rounding modes matter is in [`super::exact`].

use super::value::{Bit, Long, Word};
use super::{Emit, Seen};
use crate::cells::{Cell, Cells};
use crate::cpu::{Binary, Cond, Cpu, Extend, Fpu, Long as _, Round, Size, Step, Unary, Word as _};
use crate::float::nan;
use crate::insn::Fmt;
use crate::reg::{Cc, Fpr};
use crate::state::{Fcsr, State};
use core::convert::Infallible;
use wasm::{Binary as Op2, Expr, Temp, Type, Unary as Op1};
use wasm_encoder::Instruction;

/// The bits of a value in `fmt` as the float (S, D) or integer (W, L) they stand for.
fn open(fmt: Fmt, bits: Expr<'_>) -> Expr<'_> {
    match fmt {
        Fmt::S => bits.unary(Op1::I32WrapI64).unary(Op1::F32ReinterpretI32),
        Fmt::D => bits.unary(Op1::F64ReinterpretI64),
        Fmt::W => bits.unary(Op1::I32WrapI64),
        Fmt::L => bits,
    }
}

/// The inverse of [`open`].
fn close(fmt: Fmt, value: Expr<'_>) -> Expr<'_> {
    match fmt {
        Fmt::S => value.unary(Op1::I32ReinterpretF32).unary(Op1::I64ExtendI32U),
        Fmt::D => value.unary(Op1::I64ReinterpretF64),
        Fmt::W => value.unary(Op1::I64ExtendI32U),
        Fmt::L => value,
    }
}

pub(super) fn type_of(fmt: Fmt) -> Type {
    match fmt {
        Fmt::S => Type::F32,
        Fmt::D => Type::F64,
        Fmt::W => Type::I32,
        Fmt::L => Type::I64,
    }
}

/// Picks the single or the double form of an operator.
fn pick<T>(fmt: Fmt, single: T, double: T) -> T {
    if fmt == Fmt::S { single } else { double }
}

impl<'a> Emit<'a> {
    fn is_nan(&self, fmt: Fmt, value: Expr<'a>) -> Bit<'a> {
        Bit(value.binary(pick(fmt, Op2::F32Ne, Op2::F64Ne), value))
    }

    /// An operand, held, as it is used more than once.
    fn operand(&mut self, fmt: Fmt, bits: Long<'a>) -> Expr<'a> {
        let value = open(fmt, bits.0);
        if value.as_local().is_some() { value } else { self.hold_as(value, type_of(fmt)) }
    }

    /// The result of arithmetic, in a temporary that [`Fpu::set_fpr`] knows. A 2008 NaN is the interpreter's business.
    fn result(&mut self, fmt: Fmt, value: Expr<'a>) -> Temp {
        let result = self.code().hold(value, type_of(fmt));
        if self.options.fpu.exact {
            // No verdict calls a NaN known.
        } else if self.options.fpu.nan2008 {
            let is_nan = self.is_nan(fmt, self.local(result.0));
            self.interpret_if(is_nan);
        } else {
            self.raw_result = Some((result.0, type_of(fmt)));
        }
        result
    }

    fn arithmetic(&mut self, op: Binary, fmt: Fmt, a: Expr<'a>, b: Expr<'a>) -> Expr<'a> {
        let native = match op {
            Binary::Add => pick(fmt, Op2::F32Add, Op2::F64Add),
            Binary::Sub => pick(fmt, Op2::F32Sub, Op2::F64Sub),
            Binary::Mul => pick(fmt, Op2::F32Mul, Op2::F64Mul),
            Binary::Div => pick(fmt, Op2::F32Div, Op2::F64Div),
        };
        let result = self.result(fmt, a.binary(native, b));
        if self.options.fpu.exact {
            self.judge_binary(op, fmt, a, b, result);
        }
        self.local(result.0)
    }

    fn root(&mut self, fmt: Fmt, a: Expr<'a>) -> Expr<'a> {
        let root = self.result(fmt, a.unary(pick(fmt, Op1::F32Sqrt, Op1::F64Sqrt)));
        if self.options.fpu.exact {
            self.judge_root(fmt, a, root);
        }
        self.local(root.0)
    }

    fn one(&mut self, fmt: Fmt) -> Expr<'a> {
        open(fmt, self.arena.i64(pick(fmt, u64::from(1f32.to_bits()), 1f64.to_bits())))
    }

    /// Float to integer: rounded as a double, which holds every single, then checked against the integer's range.
    fn integer_of(&mut self, to: Fmt, from: Fmt, round: Round, a: Long<'a>) -> Long<'a> {
        let value = self.operand(from, a);
        let value = if from == Fmt::S { value.unary(Op1::F64PromoteF32) } else { value };
        let rounded = value.unary(match round {
            Round::Current | Round::Nearest => Op1::F64Nearest,
            Round::Zero => Op1::F64Trunc,
            Round::Up => Op1::F64Ceil,
            Round::Down => Op1::F64Floor,
        });
        let rounded = self.code().hold(rounded, Type::F64);
        if self.options.fpu.exact && round == Round::Current {
            self.round_by_fcsr(value, rounded);
        }
        let rounded = self.local(rounded.0);
        let double = |value: f64| open(Fmt::D, self.arena.i64(value.to_bits()));
        // The smallest integer and the first too large one are both doubles. A NaN fails both comparisons.
        let (low, high, op) = if to == Fmt::W {
            (double(-2147483648.0), double(2147483648.0), Op1::I32TruncSatF64S)
        } else {
            (double(-9223372036854775808.0), double(9223372036854775808.0), Op1::I64TruncSatF64S)
        };
        let integer = rounded.unary(op);
        let fits = Bit(rounded.binary(Op2::F64Ge, low)) & Bit(rounded.binary(Op2::F64Lt, high));
        if self.options.fpu.exact {
            self.judge_integer(value, rounded, fits);
            return Long(close(to, integer));
        }
        let fits = self.hold_bit(fits);
        self.raise_invalid_unless(fits);
        if self.options.fpu.nan2008 {
            // Saturates, and a NaN is 0: as Wasm does.
            return Long(close(to, integer));
        }
        let largest = match to {
            Fmt::W => self.arena.i32(i32::MAX as u32),
            _ => self.arena.i64(i64::MAX as u64),
        };
        Long(close(to, integer.select(largest, fits.0)))
    }

    /// Where flags do not count yet, those of this are there for who begins to look at them.
    fn raise_invalid_unless(&mut self, fits: Bit<'a>) {
        if fits.0.as_i32() == Some(1) {
            return;
        }
        (!fits).0.push(self.code());
        self.code().if_unlikely();
        let fcsr = self.state_word(State::FCSR) | self.word(Fcsr::INVALID);
        self.set_state_word(State::FCSR, fcsr);
        self.code().add(Instruction::End);
    }
}

impl<'a> Fpu for Emit<'a> {
    fn load_word(&mut self, at: Word<'a>) -> Result<Long<'a>, Infallible> {
        if self.options.big_endian {
            return Ok(Long(close(Fmt::W, self.load(Size::Word, Extend::Zero, at)?.0)));
        }
        Ok(Long(close(Fmt::S, self.guest_load(at.0, Type::F32, Instruction::F32Load))))
    }
    fn fpr(&self, fmt: Fmt, reg: Fpr) -> Long<'a> {
        // Cells hold floats: what travels as raw bits is reinterpreted, and back again for nothing where it is used.
        let cell = Cell::float(self.options.fpu.fr, fmt, reg);
        if matches!(fmt, Fmt::W | Fmt::L) {
            self.settle(cell.into());
        }
        Long(close(if fmt.is_long() { Fmt::D } else { Fmt::S }, self.cell(cell)))
    }
    fn set_fpr(&mut self, fmt: Fmt, reg: Fpr, value: Long<'a>) {
        let value = open(if fmt.is_long() { Fmt::D } else { Fmt::S }, value.0);
        let cell = Cell::float(self.options.fpu.fr, fmt, reg);
        let value = self.conclude(cell, value);
        let is_number = value.as_f32().is_some_and(|bits| !nan::is_nan(Fmt::S, u64::from(bits)));
        if is_number && !self.options.fpu.nan2008 || self.is_raw(value) {
            return self.set_raw_cell(cell, value);
        }
        self.settle_value(value);
        self.set_cell(cell, value);
    }
    fn fpr_high(&self, reg: Fpr) -> Word<'a> {
        if let Some(cell) = Cell::float_high(self.options.fpu.fr, reg) {
            self.settle(cell.into());
            return Word(self.cell(cell).unary(Op1::I32ReinterpretF32));
        }
        let cell = Cell::float(true, Fmt::D, reg);
        self.settle(cell.into());
        Long(close(Fmt::D, self.cell(cell))).high()
    }
    fn set_fpr_high(&mut self, reg: Fpr, value: Word<'a>) {
        if let Some(cell) = Cell::float_high(self.options.fpu.fr, reg) {
            return self.set_cell(cell, value.0.unary(Op1::F32ReinterpretI32));
        }
        let (cell, word) = (Cell::float(true, Fmt::D, reg), Cell::float(true, Fmt::S, reg));
        self.settle(Cells::from(word).with(cell));
        let low = if self.held().loaded.has(word) {
            Long(close(Fmt::S, self.cell(word))).low()
        } else {
            Long(close(Fmt::D, self.cell(cell))).low()
        };
        self.set_cell(cell, open(Fmt::D, Long::pair(value, low).0));
    }
    fn hold_long(&mut self, value: Long<'a>) -> Long<'a> {
        self.settle_value(value.0);
        Long(self.hold_as(value.0, Type::I64))
    }
    fn binary(&mut self, op: Binary, fmt: Fmt, a: Long<'a>, b: Long<'a>) -> Result<Long<'a>, Infallible> {
        let (a, b) = (self.operand(fmt, a), self.operand(fmt, b));
        Ok(Long(close(fmt, self.arithmetic(op, fmt, a, b))))
    }
    fn multiply_add(
        &mut self,
        op: Binary,
        fmt: Fmt,
        a: Long<'a>,
        b: Long<'a>,
        c: Long<'a>,
    ) -> Result<Long<'a>, Infallible> {
        let product = self.binary(Binary::Mul, fmt, a, b)?;
        self.binary(op, fmt, product, c)
    }
    fn unary(&mut self, op: Unary, fmt: Fmt, a: Long<'a>) -> Result<Long<'a>, Infallible> {
        let a = self.operand(fmt, a);
        let value = match op {
            Unary::Sqrt => self.root(fmt, a),
            Unary::Recip => {
                let one = self.one(fmt);
                self.arithmetic(Binary::Div, fmt, one, a)
            }
            Unary::Rsqrt => {
                let (one, root) = (self.one(fmt), self.root(fmt, a));
                self.arithmetic(Binary::Div, fmt, one, root)
            }
            // Of the bits, a NaN's too.
            Unary::Abs | Unary::Neg => {
                self.settle_value(a);
                let (abs, neg) = (pick(fmt, Op1::F32Abs, Op1::F64Abs), pick(fmt, Op1::F32Neg, Op1::F64Neg));
                a.unary(if op == Unary::Abs { abs } else { neg })
            }
        };
        Ok(Long(close(fmt, value)))
    }
    fn convert(&mut self, to: Fmt, from: Fmt, round: Round, a: Long<'a>) -> Result<Long<'a>, Infallible> {
        let op = match (to, from) {
            (Fmt::W | Fmt::L, _) => return Ok(self.integer_of(to, from, round, a)),
            (Fmt::D, Fmt::S) => Op1::F64PromoteF32,
            (Fmt::D, Fmt::W) => Op1::F64ConvertI32S,
            (Fmt::D, _) => Op1::F64ConvertI64S,
            (Fmt::S, Fmt::D) => Op1::F32DemoteF64,
            (Fmt::S, Fmt::W) => Op1::F32ConvertI32S,
            (Fmt::S, _) => Op1::F32ConvertI64S,
        };
        let value = self.operand(from, a);
        if from.is_integer() && !self.options.fpu.exact {
            // That makes no NaN.
            return Ok(Long(close(to, value.unary(op))));
        }
        let result = self.result(to, value.unary(op));
        if self.options.fpu.exact {
            self.judge_float(to, from, value, result);
        }
        Ok(Long(close(to, self.local(result.0))))
    }
    fn compare(&mut self, cond: Cond, fmt: Fmt, a: Long<'a>, b: Long<'a>) -> Result<Bit<'a>, Infallible> {
        let (a, b) = (self.operand(fmt, a), self.operand(fmt, b));
        let is_unordered = self.is_nan(fmt, a) | self.is_nan(fmt, b);
        let mut holds = Bit(self.arena.i32(0));
        if cond.0 & 1 != 0 && !self.options.fpu.exact {
            holds = holds | is_unordered;
        }
        if cond.0 & 2 != 0 {
            holds = holds | Bit(a.binary(pick(fmt, Op2::F32Eq, Op2::F64Eq), b));
        }
        if cond.0 & 4 != 0 {
            holds = holds | Bit(a.binary(pick(fmt, Op2::F32Lt, Op2::F64Lt), b));
        }
        if self.options.fpu.exact {
            self.judge_comparison(!is_unordered);
        }
        Ok(holds)
    }
    fn condition(&self, cc: Cc) -> Bit<'a> {
        Bit(self.cell(Cell::condition(cc)))
    }
    fn set_condition(&mut self, cc: Cc, value: Bit<'a>) {
        let value = self.conclude(Cell::condition(cc), value.0);
        self.set_cell(Cell::condition(cc), value);
    }
    fn control(&mut self, number: u32) -> Result<Word<'a>, Infallible> {
        if number != Fcsr::FCSR {
            self.must_interpret = true;
            return Ok(self.word(0));
        }
        // What the register file has, with all condition codes: none of them is dead.
        self.write_back(Cells::CONDITIONS);
        self.note(Seen { spilled: Cells::CONDITIONS, leaves: true, ..Seen::default() });
        let value = self.state_word(State::FCSR);
        if !self.options.fpu.exact {
            // From then on flags count.
            self.interpret_if(!(value & self.word(Fcsr::CAUSE)).eq(self.word(0)));
        }
        Ok(value)
    }
    fn set_control(&mut self, _: u32, _: Word<'a>) -> Step<Self> {
        self.must_interpret = true;
        // It may make floating point exact, and then all code is made anew.
        self.must_leave = !self.options.fpu.exact;
        Ok(())
    }
}
