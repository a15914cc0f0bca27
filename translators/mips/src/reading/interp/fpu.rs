//! Floating point as the interpreter does it: natively while nobody looks at flags, exactly from then on.

use super::value::{Bit, Long, Word};
use super::{Bus, Interp, Stopped};
use crate::cpu::{Binary, Cond, Fpu, Round, Step, Unary};
use crate::exception::Exception;
use crate::float::{Env, Flags, exact, fast};
use crate::insn::Fmt;
use crate::reg::{Cc, Fpr};
use crate::state::{Fcsr, FpuMode, State};

impl<B: Bus> Interp<'_, B> {
    fn env(&self, round: Round) -> Env {
        let FpuMode { nan2008, .. } = self.state.fpu;
        let fcsr = Fcsr(self.state.fcsr);
        let round = if round == Round::Current { fcsr.round() } else { round };
        Env { round, nan2008, flush: fcsr.flushes() }
    }

    /// Records the exceptions of an exact operation; raises if one is enabled, and then the result is not written.
    fn signal(&mut self, flags: Flags) -> Result<(), Stopped> {
        let mut fcsr = Fcsr(self.state.fcsr);
        let is_raised = fcsr.signal(flags);
        self.state.fcsr = fcsr.0;
        if is_raised { Err(self.stop(Exception::FloatingPoint)) } else { Ok(()) }
    }
}

impl<B: Bus> Fpu for Interp<'_, B> {
    fn fpr(&self, fmt: Fmt, reg: Fpr) -> Long {
        Long(self.state.fpr(fmt, reg))
    }
    fn set_fpr(&mut self, fmt: Fmt, reg: Fpr, value: Long) {
        self.state.set_fpr(fmt, reg, value.0);
    }
    fn fpr_high(&self, reg: Fpr) -> Word {
        Word(self.state.fpr[State::fpr_high_index(self.state.fpu.fr, reg)])
    }
    fn set_fpr_high(&mut self, reg: Fpr, value: Word) {
        self.state.fpr[State::fpr_high_index(self.state.fpu.fr, reg)] = value.0;
    }
    fn hold_long(&mut self, value: Long) -> Long {
        value
    }
    fn binary(&mut self, op: Binary, fmt: Fmt, a: Long, b: Long) -> Result<Long, Stopped> {
        if !self.state.fpu.exact {
            return Ok(Long(fast::binary(op, fmt, a.0, b.0, self.state.fpu.nan2008)));
        }
        let (result, flags) = exact::binary(op, fmt, a.0, b.0, self.env(Round::Current));
        self.signal(flags)?;
        Ok(Long(result))
    }
    fn multiply_add(&mut self, op: Binary, fmt: Fmt, a: Long, b: Long, c: Long) -> Result<Long, Stopped> {
        if !self.state.fpu.exact {
            let product = self.binary(Binary::Mul, fmt, a, b)?;
            return self.binary(op, fmt, product, c);
        }
        let env = self.env(Round::Current);
        let (product, first) = exact::binary(Binary::Mul, fmt, a.0, b.0, env);
        let (result, second) = exact::binary(op, fmt, product, c.0, env);
        self.signal(first | second)?;
        Ok(Long(result))
    }
    fn unary(&mut self, op: Unary, fmt: Fmt, a: Long) -> Result<Long, Stopped> {
        // ABS and NEG are bit operations that leave FCSR alone.
        if !self.state.fpu.exact || matches!(op, Unary::Abs | Unary::Neg) {
            return Ok(Long(fast::unary(op, fmt, a.0, self.state.fpu.nan2008)));
        }
        let (result, flags) = exact::unary(op, fmt, a.0, self.env(Round::Current));
        self.signal(flags)?;
        Ok(Long(result))
    }
    fn convert(&mut self, to: Fmt, from: Fmt, round: Round, a: Long) -> Result<Long, Stopped> {
        if !self.state.fpu.exact {
            let round = if round == Round::Current { Round::Nearest } else { round };
            if to.is_integer() && !from.is_integer() {
                let (value, fits) = fast::integer(to, from, round, a.0, self.state.fpu.nan2008);
                // For who looks whether one was invalid without ever clearing flags, as V8 does.
                self.state.fcsr |= if fits { 0 } else { Fcsr::INVALID };
                return Ok(Long(value));
            }
            return Ok(Long(fast::convert(to, from, round, a.0, self.state.fpu.nan2008)));
        }
        let (result, flags) = exact::convert(to, from, a.0, self.env(round));
        self.signal(flags)?;
        Ok(Long(result))
    }
    fn compare(&mut self, cond: Cond, fmt: Fmt, a: Long, b: Long) -> Result<Bit, Stopped> {
        if !self.state.fpu.exact {
            return Ok(Bit(fast::compare(cond, fmt, a.0, b.0)));
        }
        let (result, flags) = exact::compare(cond, fmt, a.0, b.0, self.env(Round::Current));
        self.signal(flags)?;
        Ok(Bit(result))
    }
    fn condition(&self, cc: Cc) -> Bit {
        Bit(self.state.fcsr >> cc.fcsr_bit() & 1 != 0)
    }
    fn set_condition(&mut self, cc: Cc, value: Bit) {
        let bit = cc.fcsr_bit();
        self.state.fcsr = self.state.fcsr & !(1 << bit) | u32::from(value.0) << bit;
    }
    fn control(&mut self, number: u32) -> Result<Word, Stopped> {
        let fcsr = Fcsr(self.state.fcsr);
        let value = fcsr.view(number, self.state.fpu).ok_or_else(|| self.stop(Exception::Reserved))?;
        // A cause that was seen shall be gone after the next operation.
        self.state.fpu.exact |= fcsr.has_cause();
        Ok(Word(value))
    }
    fn set_control(&mut self, number: u32, value: Word) -> Step<Self> {
        let mut fcsr = Fcsr(self.state.fcsr);
        let is_raised = fcsr.write(number, value.0).ok_or_else(|| self.stop(Exception::Reserved))?;
        self.state.fcsr = fcsr.0;
        // From the first write of more than condition codes on, flags and modes count. Not from a read: printf looks at the
        // rounding mode in every program, and whoever wants flags clears them before.
        self.state.fpu.exact |= number != Fcsr::FCCR;
        if is_raised { Err(self.stop(Exception::FloatingPoint)) } else { Ok(()) }
    }
}
