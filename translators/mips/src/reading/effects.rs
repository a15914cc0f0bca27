//! The reading that asks: what does an instruction touch, where can it go, and what comes out if some registers are
//! known? Nothing here names an instruction.

use crate::cells::{self, Cells};
use crate::cpu::{self, Binary, Cond, Cpu, Extend, Fpu, Round, Side, Size, Slot, Step, Unary};
use crate::exception::Exception;
use crate::insn::{Fmt, Insn, Offset};
use crate::isa::perform;
use crate::reg::{Cc, Fpr, Gpr};
use core::cell::Cell;
use core::convert::Infallible;
use core::ops::{Add, BitAnd, BitOr, BitXor, Not, Sub};

/// Where an instruction can go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// On to the next one.
    Next,
    /// To an address relative to its delay slot, or on.
    Branch {
        /// From the delay slot, in bytes.
        by: Offset,
        /// Whether the slot runs when it is not taken.
        slot: Slot,
        /// Whether it is always taken.
        is_always: bool,
    },
    /// To a place in its 256 MiB segment.
    Near {
        /// Low 28 bits of the address.
        target: u32,
        /// ISA mode there.
        isa_mode: u32,
    },
    /// To a computed address.
    Computed,
    /// Nowhere by itself: it raises an exception, always.
    Raise,
}

/// What one instruction does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effects {
    /// General registers read, by bit.
    pub reads: u32,
    /// General registers written, by bit.
    pub writes: u32,
    /// Where it goes.
    pub flow: Flow,
    /// Whether it has a delay slot.
    pub has_slot: bool,
    /// Whether it writes a link register: it is a call.
    pub links: bool,
    /// Whether it accesses data memory.
    pub memory: bool,
    /// Whether it does floating-point arithmetic: flags, rounding, NaNs.
    pub arithmetic: bool,
    /// Whether it touches the floating-point control registers, or what only an interpreter knows (cycles).
    pub control: bool,
    /// Whether it raises an exception under a condition.
    pub traps: bool,
}

impl Effects {
    /// Whether it does nothing but compute general registers, and cannot stop.
    pub fn is_calm(&self) -> bool {
        let Effects { writes, flow, memory, arithmetic, control, traps, .. } = *self;
        writes != 0 && flow == Flow::Next && !(memory || arithmetic || control || traps)
    }
}

/// What `insn` does.
pub fn effects(insn: Insn) -> Effects {
    let asker = ask(insn, None);
    let has_slot = matches!(asker.effects.flow, Flow::Branch { .. } | Flow::Near { .. } | Flow::Computed);
    Effects { reads: asker.reads.get() & !1, links: asker.links.get() && has_slot, has_slot, ..asker.effects }
}

/// Whether `insn` has a delay slot that runs wherever it goes.
pub fn always_runs_slot(insn: Insn) -> bool {
    let effects = effects(insn);
    effects.has_slot && !matches!(effects.flow, Flow::Branch { slot: Slot::IfTaken, .. })
}

/// The cells that `insn` writes for certain.
pub fn written(insn: Insn, fr: bool) -> Cells {
    let mut asker = Asker { fr, ..Asker::new(None) };
    let Ok(()) = perform(&mut asker, insn);
    let general = Gpr::all().filter(|reg| asker.effects.writes >> reg.index() & 1 != 0);
    general.filter_map(cells::Cell::general).fold(asker.cells, |all, cell| all.with(cell))
}

/// What is known of general registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Their values, as far as they are known.
    pub gpr: [Value; 32],
    /// What something was last compared with, to see if it is below.
    pub bound: Option<u32>,
}

impl Known {
    /// Sees what the instruction at `at` makes of what is known, reading memory by `data`. The answer is where it jumps
    /// to, if it computes that and it can be known.
    ///
    /// It is a guess: `gp` is taken to be restored to what it was wherever it is loaded.
    pub fn follow(&mut self, at: u32, insn: Insn, data: &dyn Fn(u32) -> Option<u32>) -> Value {
        ask(insn, Some(Run { at, known: self, data })).jump
    }

    /// Forgets what a call may change by convention.
    pub fn forget_over_call(&mut self) {
        for (reg, value) in self.gpr.iter_mut().enumerate() {
            if !matches!(reg, 16..=23 | 28..=30) {
                *value = UNKNOWN;
            }
        }
    }
}

fn ask(insn: Insn, run: Option<Run<'_>>) -> Asker<'_> {
    let mut asker = Asker::new(run);
    let Ok(()) = perform(&mut asker, insn);
    asker
}

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

struct Asker<'a> {
    reads: Cell<u32>,
    links: Cell<bool>,
    effects: Effects,
    /// What is known beforehand.
    run: Option<Run<'a>>,
    /// Where it jumps, if that is known.
    jump: Value,
    fr: bool,
    /// What it writes beside general registers.
    cells: Cells,
}

struct Run<'a> {
    at: u32,
    known: &'a mut Known,
    data: &'a dyn Fn(u32) -> Option<u32>,
}

/// A value nobody knows, unless it is a constant truth.
#[derive(Clone, Copy)]
pub struct Unknown;

/// A truth value: known to hold, or unknown.
#[derive(Clone, Copy)]
pub struct Truth {
    is_always: bool,
    /// It says whether something is below this.
    bound: Option<u32>,
}

const MAYBE: Truth = Truth { is_always: false, bound: None };

macro_rules! unknown {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for Unknown {
            type Output = Unknown;
            fn $method(self, _: Unknown) -> Unknown {
                Unknown
            }
        }
    )*};
}

unknown!(Add add Sub sub BitAnd bitand BitOr bitor BitXor bitxor);

impl Not for Unknown {
    type Output = Unknown;
    fn not(self) -> Unknown {
        Unknown
    }
}

impl BitAnd for Truth {
    type Output = Truth;
    fn bitand(self, _: Truth) -> Truth {
        MAYBE
    }
}
impl BitOr for Truth {
    type Output = Truth;
    fn bitor(self, _: Truth) -> Truth {
        MAYBE
    }
}
impl Not for Truth {
    type Output = Truth;
    fn not(self) -> Truth {
        MAYBE
    }
}

impl cpu::Bit for Truth {
    type Word = Value;
    fn word(self) -> Value {
        self.bound.map_or(UNKNOWN, Value::Below)
    }
    fn select(self, _: Value, _: Value) -> Value {
        UNKNOWN
    }
}

/// A word, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Value {
    /// This.
    Known(u32),
    /// This and something unknown: an element of a table.
    Near(u32),
    /// What an element of the table at `table` holds, and `plus`.
    Element {
        /// Address of the table.
        table: u32,
        /// What was added to the element.
        plus: u32,
        /// Address of the instruction that loads the element.
        load: u32,
    },
    /// Whether something is below this.
    Below(u32),
    /// Nothing is known of it.
    #[default]
    Unknown,
}

use Value::Unknown as UNKNOWN;

impl Value {
    /// The value, if it is known.
    pub fn known(self) -> Option<u32> {
        if let Value::Known(value) = self { Some(value) } else { None }
    }

    fn with(self, other: Value, op: impl Fn(u32, u32) -> u32) -> Value {
        self.known().zip(other.known()).map_or(UNKNOWN, |(a, b)| Value::Known(op(a, b)))
    }

    fn map(self, op: impl Fn(u32) -> u32) -> Value {
        self.known().map_or(UNKNOWN, |a| Value::Known(op(a)))
    }
}

impl Add for Value {
    type Output = Value;
    fn add(self, other: Value) -> Value {
        match (self, other) {
            (Value::Known(a), Value::Known(b)) => Value::Known(a.wrapping_add(b)),
            (Value::Known(known), UNKNOWN) | (UNKNOWN, Value::Known(known)) => Value::Near(known),
            (Value::Near(near), Value::Known(known)) | (Value::Known(known), Value::Near(near)) => {
                Value::Near(near.wrapping_add(known))
            }
            (Value::Element { table, plus, load }, Value::Known(known))
            | (Value::Known(known), Value::Element { table, plus, load }) => {
                Value::Element { table, plus: plus.wrapping_add(known), load }
            }
            _ => UNKNOWN,
        }
    }
}

macro_rules! word {
    ($($trait:ident $method:ident $op:expr;)*) => {$(
        impl $trait for Value {
            type Output = Value;
            fn $method(self, other: Value) -> Value {
                self.with(other, $op)
            }
        }
    )*};
}

word! {
    Sub sub u32::wrapping_sub;
    BitAnd bitand |a, b| a & b;
    BitOr bitor |a, b| a | b;
    BitXor bitxor |a, b| a ^ b;
}

impl Not for Value {
    type Output = Value;
    fn not(self) -> Value {
        self.map(|a| !a)
    }
}

impl cpu::Word for Value {
    type Bit = Truth;
    type Long = Unknown;
    fn mul(self, by: Value) -> Value {
        self.with(by, u32::wrapping_mul)
    }
    fn div_s(self, _: Value) -> Value {
        UNKNOWN
    }
    fn div_u(self, _: Value) -> Value {
        UNKNOWN
    }
    fn shl(self, by: Value) -> Value {
        self.with(by, u32::wrapping_shl)
    }
    fn shr_u(self, by: Value) -> Value {
        self.with(by, u32::wrapping_shr)
    }
    fn shr_s(self, by: Value) -> Value {
        self.with(by, |a, by| (a as i32).wrapping_shr(by) as u32)
    }
    fn rotr(self, by: Value) -> Value {
        self.with(by, |a, by| a.rotate_right(by & 31))
    }
    fn clz(self) -> Value {
        self.map(u32::leading_zeros)
    }
    fn sign_byte(self) -> Value {
        self.map(|a| a as i8 as u32)
    }
    fn sign_half(self) -> Value {
        self.map(|a| a as i16 as u32)
    }
    fn eq(self, other: Value) -> Truth {
        Truth { is_always: self.known().is_some() && self == other, bound: None }
    }
    fn lt_s(self, _: Value) -> Truth {
        MAYBE
    }
    fn lt_u(self, other: Value) -> Truth {
        Truth { bound: other.known(), ..MAYBE }
    }
    fn long_s(self) -> Unknown {
        Unknown
    }
    fn long_u(self) -> Unknown {
        Unknown
    }
}

impl cpu::Long for Unknown {
    type Word = Value;
    fn mul(self, _: Unknown) -> Unknown {
        Unknown
    }
    fn low(self) -> Value {
        UNKNOWN
    }
    fn high(self) -> Value {
        UNKNOWN
    }
    fn pair(_: Value, _: Value) -> Unknown {
        Unknown
    }
    fn select(self, _: Unknown, _: Truth) -> Unknown {
        Unknown
    }
}

impl<'a> Asker<'a> {
    fn new(run: Option<Run<'a>>) -> Asker<'a> {
        let (reads, links) = (Cell::new(0), Cell::new(false));
        Asker { reads, links, effects: NOTHING, run, jump: UNKNOWN, fr: false, cells: Cells::NONE }
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
        self.run.as_ref().map_or(UNKNOWN, |run| run.known.gpr[reg.index()])
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
        let Some(run) = self.run.as_ref().filter(|_| size == Size::Word) else { return Ok(UNKNOWN) };
        Ok(match at {
            Value::Known(at) => (run.data)(at).map_or(UNKNOWN, Value::Known),
            Value::Near(table) => Value::Element { table, plus: 0, load: run.at },
            _ => UNKNOWN,
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
        Ok(UNKNOWN)
    }
    fn store_conditional(&mut self, _: Value, _: Value) -> Result<Value, Infallible> {
        self.access();
        Ok(UNKNOWN)
    }
    fn link(&self) -> Value {
        self.links.set(true);
        self.run.as_ref().map_or(UNKNOWN, |run| Value::Known(run.at.wrapping_add(8)))
    }
    fn jump(&mut self, to: Value) {
        self.jump = to;
        self.effects.flow = Flow::Computed;
    }
    fn jump_near(&mut self, target: u32, isa_mode: u32) {
        self.effects.flow = Flow::Near { target, isa_mode };
    }
    fn branch(&mut self, when: Truth, by: Offset, slot: Slot) {
        self.effects.flow = Flow::Branch { by, slot, is_always: when.is_always };
    }
    fn trap(&mut self, _: Truth, _: Exception) -> Step<Self> {
        self.effects.traps = true;
        Ok(())
    }
    fn raise(&mut self, _: Exception) -> Step<Self> {
        self.effects.flow = Flow::Raise;
        Ok(())
    }
    fn code_changed(&mut self, _: Value) -> Step<Self> {
        self.effects.flow = Flow::Raise;
        Ok(())
    }
    fn user_local(&self) -> Value {
        UNKNOWN
    }
    fn cycles(&mut self) -> Value {
        self.effects.control = true;
        UNKNOWN
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
        UNKNOWN
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
        Ok(UNKNOWN)
    }
    fn set_control(&mut self, _: u32, _: Value) -> Step<Self> {
        self.effects.control = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;
    use crate::reading::emit::{Emit, Held, Options};
    use crate::state::FpuMode;

    fn of(word: u32) -> Effects {
        effects(decode(word).expect("a valid word"))
    }

    #[test]
    fn what_instructions_touch() {
        let addu = of(0x0085_1021); // addu v0, a0, a1
        assert_eq!((addu.reads, addu.writes, addu.flow), (1 << 4 | 1 << 5, 1 << 2, Flow::Next));
        assert!(matches!(of(0x1000_0003).flow, Flow::Branch { is_always: true, by: Offset(12), .. })); // b
        assert!(matches!(of(0x1485_0003).flow, Flow::Branch { is_always: false, .. })); // bne a0, a1
        let jalr = of(0x0320_f809); // jalr t9
        assert!(jalr.links && jalr.has_slot && jalr.flow == Flow::Computed);
        assert_eq!(of(0x0000_000c).flow, Flow::Raise); // syscall
        assert!(of(0x8c82_0004).memory); // lw v0, 4(a0)
        assert!(of(0x7c03_e83b).reads == 0 && !of(0x7c03_e83b).control); // rdhwr v1, $29
        assert!(of(0x4442_f800).control); // cfc1 v0, $31
    }

    /// Whoever waits for what translated code does not care for any more waits for what this knows to be written.
    #[test]
    fn what_code_writes_is_known_to_be_written() {
        let mut fields = 0x2545_f491_u32;
        for (row, fr) in crate::isa::ROWS.iter().flat_map(|row| [false, true].map(|fr| (row, fr))) {
            for _ in 0..64 {
                fields = fields.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let Some(insn) = decode(row.bits | fields & !row.mask) else { continue };
                if effects(insn).flow != Flow::Next {
                    continue;
                }
                let fpu = FpuMode { fr, ..FpuMode::default() };
                let arena = wasm::Arena::new();
                let mut emit = Emit::new(&arena, Options { big_endian: false, fpu, fault_precise: false });
                emit.begin_block(Held::default());
                emit.begin(0x40_0000, 0x40_0000);
                let Ok(()) = perform(&mut emit, insn);
                let seen = emit.seen();
                // What was read before, and written all the same, may just have stayed as it was.
                let unknown = seen.written.without(written(insn, fr)).without(seen.demanded);
                assert!(emit.must_interpret || unknown.is_empty(), "{insn:?} {fr}: {unknown:?}");
            }
        }
    }
}
