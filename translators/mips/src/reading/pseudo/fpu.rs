//! Floating point in words.

use super::{Teller, Text};
use crate::cpu::{Binary, Cond, Fpu, Round, Step, Unary};
use crate::insn::Fmt;
use crate::reg::{Cc, Fpr};
use alloc::format;
use core::convert::Infallible;

type Result<'a> = core::result::Result<Text<'a>, Infallible>;

fn sign(op: Binary) -> &'static str {
    match op {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::Div => "/",
    }
}

impl<'a> Fpu for Teller<'a> {
    fn fpr(&self, fmt: Fmt, reg: Fpr) -> Text<'a> {
        self.text(format!("{reg}.{fmt}"))
    }
    fn set_fpr(&mut self, fmt: Fmt, reg: Fpr, value: Text<'a>) {
        self.say(format!("{reg}.{fmt} := {}", value.bare()));
    }
    fn fpr_high(&self, reg: Fpr) -> Text<'a> {
        self.text(format!("high({reg})"))
    }
    fn set_fpr_high(&mut self, reg: Fpr, value: Text<'a>) {
        self.say(format!("high({reg}) := {}", value.bare()));
    }
    fn hold_long(&mut self, value: Text<'a>) -> Text<'a> {
        value
    }
    fn binary(&mut self, op: Binary, _: Fmt, a: Text<'a>, b: Text<'a>) -> Result<'a> {
        Ok(a.op(sign(op), b))
    }
    fn multiply_add(&mut self, op: Binary, _: Fmt, a: Text<'a>, b: Text<'a>, c: Text<'a>) -> Result<'a> {
        Ok(a.op("*", b).op(sign(op), c))
    }
    fn unary(&mut self, op: Unary, _: Fmt, a: Text<'a>) -> Result<'a> {
        Ok(match op {
            Unary::Sqrt => a.call("sqrt"),
            Unary::Recip => self.text(1).op("/", a),
            Unary::Rsqrt => self.text(1).op("/", a.call("sqrt")),
            Unary::Abs => a.call("abs"),
            Unary::Neg => a.call("-"),
        })
    }
    fn convert(&mut self, to: Fmt, _: Fmt, round: Round, a: Text<'a>) -> Result<'a> {
        let round = match round {
            Round::Current => "",
            Round::Nearest => "nearest ",
            Round::Zero => "toward zero ",
            Round::Up => "up ",
            Round::Down => "down ",
        };
        Ok(a.call(&format!("{round}to_{to}")))
    }
    fn compare(&mut self, cond: Cond, _: Fmt, a: Text<'a>, b: Text<'a>) -> Result<'a> {
        Ok(a.op(&format!("{cond}"), b))
    }
    fn condition(&self, cc: Cc) -> Text<'a> {
        self.text(cc)
    }
    fn set_condition(&mut self, cc: Cc, value: Text<'a>) {
        self.say(format!("{cc} := {}", value.bare()));
    }
    fn control(&mut self, number: u32) -> Result<'a> {
        Ok(self.text(format!("control register {number}")))
    }
    fn set_control(&mut self, number: u32, value: Text<'a>) -> Step<Self> {
        self.say(format!("control register {number} := {}", value.bare()));
        Ok(())
    }
}
