//! [`Asker`]: the CPU on which an instruction is performed to see what it does.

use super::value::{MAYBE, Truth, Unknown, Value};
use super::{Effects, Flow, Known};
use crate::cells::{self, Cells};
use crate::cpu::{Binary, Cond, Cpu, Extend, Fpu, Round, Side, Size, Slot, Step, Unary};
use crate::exception::Exception;
use crate::insn::{Fmt, Offset};
use crate::reg::{Cc, Fpr, Gpr};
use core::cell::Cell;
use core::convert::Infallible;

const NOTHING: Effects = Effects {
    reads: 0,
    writes: 0,
    flow: Flow::Next,
    has_slot: false,
    links: false,
    memory: false,
    arithmetic: false,
    control: false,
    traps: false,
};

/// A CPU that computes what it can, and notes what is asked of it.
pub(super) struct Asker<'a> {
    pub(super) reads: Cell<u32>,
    pub(super) links: Cell<bool>,
    pub(super) effects: Effects,
    /// What is known beforehand.
    pub(super) run: Option<Run<'a>>,
    /// Where it jumps, if that is known.
    pub(super) jump: Value,
    /// Whether there are 32 floating-point registers of 64 bits.
    pub(super) fr: bool,
    /// What it writes beside general registers.
    pub(super) cells: Cells,
}

/// An instruction to be followed with what is known.
pub(super) struct Run<'a> {
    pub(super) at: u32,
    /// The branch whose slot it is in, or itself.
    pub(super) restart: u32,
    pub(super) known: &'a mut Known,
    pub(super) data: &'a dyn Fn(u32) -> Option<u32>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(run: Option<Run<'a>>) -> Asker<'a> {
        let (reads, links) = (Cell::new(0), Cell::new(false));
        Asker { reads, links, effects: NOTHING, run, jump: Value::Unknown, fr: false, cells: Cells::NONE }
    }

    fn access(&mut self) {
        self.effects.memory = true;
    }
}

impl Cpu for Asker<'_> {
    type Word = Value;
    type Long = Unknown;
    type Bit = Truth;
    type Stop = Infallible;

    fn word(&self, value: u32) -> Value {
        Value::Known(value)
    }
    fn long(&self, _: u64) -> Unknown {
        Unknown
    }
    fn get(&self, reg: Gpr) -> Value {
        self.reads.set(self.reads.get() | 1 << reg.index());
        if reg == Gpr::ZERO {
            return Value::Known(0);
        }
        self.run.as_ref().map_or(Value::Unknown, |run| run.known.gpr[reg.index()])
    }
    fn set(&mut self, reg: Gpr, value: Value) {
        if reg == Gpr::ZERO {
            return;
        }
        self.effects.writes |= 1 << reg.index();
        if let Some(run) = &mut self.run
            && (reg != Gpr::GP || value.known().is_some())
        {
            run.known.gpr[reg.index()] = value;
            if let Value::Below(bound) = value {
                run.known.bound = Some(bound);
            }
        }
    }
    fn hilo(&self) -> Unknown {
        Unknown
    }
    fn set_hilo(&mut self, _: Unknown) {
        self.cells = self.cells.with(cells::Cell::HILO);
    }
    fn hold(&mut self, value: Value) -> Value {
        value
    }
    fn is_big_endian(&self) -> bool {
        false
    }
    fn load(&mut self, size: Size, _: Extend, at: Value) -> Result<Value, Infallible> {
        self.access();
        let Some(run) = self.run.as_ref().filter(|_| size == Size::Word) else { return Ok(Value::Unknown) };
        Ok(match at {
            Value::Known(at) => (run.data)(at).map_or(Value::Unknown, Value::Known),
            Value::Near(table) => Value::Element { table, plus: 0, load: run.at },
            _ => Value::Unknown,
        })
    }
    fn store(&mut self, _: Size, _: Value, _: Value) -> Step<Self> {
        self.access();
        Ok(())
    }
    fn load_long(&mut self, _: Value) -> Result<Unknown, Infallible> {
        self.access();
        Ok(Unknown)
    }
    fn store_long(&mut self, _: Value, _: Unknown) -> Step<Self> {
        self.access();
        Ok(())
    }
    fn store_part(&mut self, _: Side, _: Value, _: Value) -> Step<Self> {
        self.access();
        Ok(())
    }
    fn load_linked(&mut self, _: Value) -> Result<Value, Infallible> {
        self.access();
        Ok(Value::Unknown)
    }
    fn store_conditional(&mut self, _: Value, _: Value) -> Result<Value, Infallible> {
        self.access();
        Ok(Value::Unknown)
    }
    fn link(&self, bytes: u32) -> Value {
        self.links.set(true);
        self.run.as_ref().map_or(Value::Unknown, |run| Value::Known(run.at.wrapping_add(bytes)))
    }
    fn pc_word(&self) -> Value {
        self.run.as_ref().map_or(Value::Unknown, |run| Value::Known(run.restart & !3))
    }
    fn jump(&mut self, to: Value, slot: Slot) {
        self.jump = to;
        self.effects.flow = Flow::Computed;
        self.effects.has_slot = slot != Slot::Never;
    }
    fn jump_near(&mut self, target: u32, isa_mode: u32) {
        self.effects.flow = Flow::Near { target, isa_mode };
        self.effects.has_slot = true;
    }
    fn branch(&mut self, when: Truth, by: Offset, slot: Slot) {
        self.effects.flow = Flow::Branch { by, slot, is_always: when.is_always };
        self.effects.has_slot = slot != Slot::Never;
    }
    fn trap(&mut self, _: Truth, _: Exception) -> Step<Self> {
        self.effects.traps = true;
        Ok(())
    }
    fn raise(&mut self, exception: Exception) -> Step<Self> {
        self.effects.flow = if exception == Exception::Syscall { Flow::System } else { Flow::Raise };
        Ok(())
    }
    fn barrier(&mut self) {}
    fn code_changed(&mut self, _: Value) -> Step<Self> {
        self.effects.flow = Flow::Raise;
        Ok(())
    }
    fn user_local(&self) -> Value {
        Value::Unknown
    }
    fn cycles(&mut self) -> Value {
        self.effects.control = true;
        Value::Unknown
    }
}

impl Fpu for Asker<'_> {
    fn fpr(&self, _: Fmt, _: Fpr) -> Unknown {
        Unknown
    }
    fn set_fpr(&mut self, fmt: Fmt, reg: Fpr, _: Unknown) {
        self.cells = self.cells.with(cells::Cell::float(self.fr, fmt, reg));
    }
    fn fpr_high(&self, _: Fpr) -> Value {
        Value::Unknown
    }
    fn set_fpr_high(&mut self, reg: Fpr, _: Value) {
        let cell = cells::Cell::float_high(self.fr, reg).unwrap_or_else(|| cells::Cell::float(self.fr, Fmt::D, reg));
        self.cells = self.cells.with(cell);
    }
    fn hold_long(&mut self, value: Unknown) -> Unknown {
        value
    }
    fn binary(&mut self, _: Binary, _: Fmt, _: Unknown, _: Unknown) -> Result<Unknown, Infallible> {
        self.effects.arithmetic = true;
        Ok(Unknown)
    }
    fn multiply_add(&mut self, _: Binary, _: Fmt, _: Unknown, _: Unknown, _: Unknown) -> Result<Unknown, Infallible> {
        self.effects.arithmetic = true;
        Ok(Unknown)
    }
    fn unary(&mut self, _: Unary, _: Fmt, _: Unknown) -> Result<Unknown, Infallible> {
        self.effects.arithmetic = true;
        Ok(Unknown)
    }
    fn convert(&mut self, _: Fmt, _: Fmt, _: Round, _: Unknown) -> Result<Unknown, Infallible> {
        self.effects.arithmetic = true;
        Ok(Unknown)
    }
    fn compare(&mut self, _: Cond, _: Fmt, _: Unknown, _: Unknown) -> Result<Truth, Infallible> {
        self.effects.arithmetic = true;
        Ok(MAYBE)
    }
    fn condition(&self, _: Cc) -> Truth {
        MAYBE
    }
    fn set_condition(&mut self, cc: Cc, _: Truth) {
        self.cells = self.cells.with(cells::Cell::condition(cc));
    }
    fn control(&mut self, _: u32) -> Result<Value, Infallible> {
        self.effects.control = true;
        Ok(Value::Unknown)
    }
    fn set_control(&mut self, _: u32, _: Value) -> Step<Self> {
        self.effects.control = true;
        Ok(())
    }
}
