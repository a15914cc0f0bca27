//! Which cells are in locals, and which of those are newer than the register file.

use super::Emit;
use crate::border::Leave;
use crate::cells::{Cell, Cells, Kind};
use crate::float::nan;
use crate::insn::Fmt;
use crate::state::State;
use crate::translate::{THERE, state};
use wasm::{Binary, Code, Expr, Temp, Type, Unary};
use wasm_encoder::Instruction;

/// What is known of the cells at one point of the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// Those whose local is up to date.
    pub loaded: Cells,
    /// Those that the register file does not have yet; all of them are loaded.
    pub dirty: Cells,
    /// Those that hold the result of arithmetic: if it is a NaN, it stands for the default one. All of them are dirty.
    pub raw: Cells,
    /// Those that are known to be zero bits; all of them are loaded.
    pub zero: Cells,
    /// Those whose value is nowhere: the program writes them before anybody can look.
    pub stale: Cells,
}

/// What a stretch of code did to cells, seen from its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// Those it loaded because it found no local for them.
    pub demanded: Cells,
    /// Those that an access to an alias put out of their locals.
    pub spilled: Cells,
    /// Those it wrote.
    pub written: Cells,
    /// Those whose bits it looked at or replaced.
    pub settled: Cells,
    /// Whether it may leave in its midst, or show all cells in other ways.
    pub leaves: bool,
}

/// The local of a cell; the cells follow the parameters.
pub(super) fn local(cell: Cell) -> u32 {
    Emit::PARAMS + cell.index()
}

/// The types of all cells' locals, and of the translator's own.
pub(super) fn local_types() -> alloc::vec::Vec<Type> {
    Cell::all().map(Cell::local_type).chain([Type::I32; 3]).collect()
}

impl<'a> Emit<'a> {
    /// What is in locals now.
    pub fn held(&self) -> Held {
        self.held.get()
    }

    /// Takes for granted what is in locals now, as at a place that several paths lead to.
    pub fn set_held(&mut self, held: Held) {
        self.held.set(held);
    }

    /// What was done to cells since [`Emit::begin_block`].
    pub fn seen(&self) -> Seen {
        self.seen.get()
    }

    /// A cell's value.
    pub(super) fn cell(&self, cell: Cell) -> Expr<'a> {
        self.bring_in(cell.into());
        self.local(local(cell))
    }

    /// Gives a cell a new value.
    pub(super) fn set_cell(&mut self, cell: Cell, value: Expr<'a>) {
        let fr = self.options.fpu.fr;
        let aliases = cell.aliases(fr);
        if !matches!(cell.kind(fr), Kind::Double(_)) {
            // Part of what its alias holds stays.
            self.write_back(aliases);
        }
        let value = match self.only_if {
            Some(only_if) => value.select(self.cell(cell), self.local(only_if.0)),
            None => value,
        };
        value.push(self.code());
        self.code().add(Instruction::LocalSet(local(cell)));
        let held = self.held.get();
        let zero = held.zero.without(aliases).without(cell);
        self.held.set(Held {
            zero: if value.as_f32() == Some(0) { zero.with(cell) } else { zero },
            loaded: held.loaded.without(aliases).with(cell),
            dirty: held.dirty.without(aliases).with(cell),
            raw: held.raw.without(aliases).without(cell),
            stale: held.stale.without(cell),
        });
        self.note(Seen { spilled: aliases, written: cell.into(), settled: aliases.with(cell), ..Seen::default() });
    }

    /// Reads what the register file has for `cell` into `into`, which stands for the value that it had.
    pub(super) fn reload(&mut self, cell: Cell, into: Temp) {
        let fr = self.options.fpu.fr;
        read(self.code(), cell, fr);
        self.code().amend(into.0);
    }

    /// Gives a floating-point cell the result of arithmetic, which may be any NaN yet.
    pub(super) fn set_raw_cell(&mut self, cell: Cell, value: Expr<'a>) {
        self.set_cell(cell, value);
        let held = self.held.get();
        self.held.set(Held { raw: held.raw.with(cell), ..held });
    }

    /// Whether `value` is just a result of arithmetic: of this instruction, or the local of a raw cell.
    pub(super) fn is_raw(&self, value: Expr<'a>) -> bool {
        let Some(of) = value.as_local() else { return false };
        self.raw_result.is_some_and(|(result, _)| result == of)
            || self.held.get().raw.iter().any(|cell| local(cell) == of)
    }

    /// Makes sure of the bits of `value`, whatever arithmetic it comes from.
    pub(super) fn settle_value(&self, value: Expr<'a>) {
        for cell in Cell::all().filter(|cell| cell.is_float() && value.uses(&|of| of == local(*cell))) {
            self.settle(cell.into());
        }
        if let Some((result, of)) = self.raw_result.filter(|(result, _)| value.uses(&|of| of == *result)) {
            settle(&mut self.code.borrow_mut(), result, of);
        }
    }

    /// Makes the default NaN of whatever NaN those of `cells` that are raw hold.
    pub fn settle(&self, cells: Cells) {
        let held = self.held.get();
        self.settle_locals(cells & held.raw);
        self.held.set(Held { raw: held.raw.without(cells), ..held });
        self.note(Seen { settled: cells, ..Seen::default() });
    }

    fn settle_locals(&self, cells: Cells) {
        for cell in cells.iter() {
            settle(&mut self.code.borrow_mut(), local(cell), cell.local_type());
        }
    }

    pub(super) fn note(&self, new: Seen) {
        let seen = self.seen.get();
        self.seen.set(Seen {
            demanded: seen.demanded | new.demanded,
            spilled: seen.spilled | new.spilled,
            written: seen.written | new.written,
            settled: seen.settled | new.settled,
            leaves: seen.leaves | new.leaves,
        });
    }

    /// Loads those of `cells` that are not in locals.
    pub fn bring_in(&self, cells: Cells) {
        let fr = self.options.fpu.fr;
        let missing = cells.without(self.held.get().loaded);
        self.join(missing);
        let missing = cells.without(self.held.get().loaded);
        if missing.is_empty() {
            return;
        }
        let aliases = missing.aliases(fr);
        self.write_back(aliases);
        for cell in missing.iter() {
            load(&mut self.code.borrow_mut(), cell, fr);
        }
        let held = self.held.get();
        debug_assert!((held.zero & missing).is_empty(), "what is known is in a local");
        self.held.set(Held { loaded: held.loaded | missing, ..held });
        self.note(Seen { demanded: missing, spilled: aliases, ..Seen::default() });
    }

    /// Makes doubles of their two words, those of `cells` of which both are in locals and new.
    pub fn join(&self, cells: Cells) {
        cells.without(self.held.get().loaded).iter().for_each(|cell| self.join_one(cell));
    }

    fn join_one(&self, cell: Cell) {
        let (held, words) = (self.held.get(), cell.aliases(self.options.fpu.fr));
        let mut two = words.iter();
        let (Kind::Double(_), Some(low), Some(high)) = (cell.kind(self.options.fpu.fr), two.next(), two.next()) else {
            return;
        };
        if !words.without(held.dirty).is_empty() {
            return;
        }
        self.settle(words);
        let is_zero = words.without(held.zero).is_empty();
        let half = |cell| self.local(local(cell)).unary(Unary::I32ReinterpretF32).unary(Unary::I64ExtendI32U);
        let bits = if is_zero {
            self.arena.i64(0)
        } else {
            half(high).binary(Binary::I64Shl, self.arena.i64(32)).binary(Binary::I64Or, half(low))
        };
        let code = &mut self.code.borrow_mut();
        bits.unary(Unary::F64ReinterpretI64).push(code);
        code.add(Instruction::LocalSet(local(cell)));
        let held = self.held.get();
        self.held.set(Held {
            loaded: held.loaded.without(words).with(cell),
            dirty: held.dirty.without(words).with(cell),
            raw: if is_zero { held.raw.without(words).with(cell) } else { held.raw.without(words).without(cell) },
            zero: held.zero.without(words),
            ..held
        });
        self.note(Seen { spilled: words, written: cell.into(), settled: words.with(cell), ..Seen::default() });
    }

    /// From here on `cells`, which are in locals, count as results of arithmetic. If one is a NaN and not the one that such
    /// a result stands for, this leaves at `pc`, here.
    pub fn expect_raw(&mut self, cells: Cells, pc: u32) {
        let held = self.held.get();
        for cell in cells.without(held.raw).without(held.zero).iter() {
            let (of, value) = (cell.local_type(), self.local(local(cell)));
            let code = self.code();
            unless_number(code, local(cell), of);
            match of {
                Type::F32 => {
                    value.unary(Unary::I32ReinterpretF32).push(code);
                    code.add(Instruction::I32Const(nan::default(Fmt::S, false) as i32));
                    code.add(Instruction::I32Ne);
                }
                _ => {
                    value.unary(Unary::I64ReinterpretF64).push(code);
                    code.add(Instruction::I64Const(nan::default(Fmt::D, false) as i64));
                    code.add(Instruction::I64Ne);
                }
            }
            code.if_unlikely();
            self.leave(Leave::Interpret, pc);
            self.code().add(Instruction::End);
            self.code().add(Instruction::End);
        }
        self.held.set(Held { dirty: held.dirty.with(cells), raw: held.raw.with(cells), ..held });
    }

    /// Writes those of `cells` that are dirty to the register file; they stay in their locals.
    pub fn write_back(&self, cells: Cells) {
        self.settle(cells);
        let held = self.held.get();
        self.write_cells(cells & held.dirty);
        self.held.set(Held { dirty: held.dirty.without(cells), ..held });
    }

    /// Takes it that `cells` are written before anybody looks: those that are dirty go nowhere.
    pub fn drop_dead(&mut self, cells: Cells) {
        let held = self.held.get();
        let dropped = held.dirty & cells;
        self.held.set(Held {
            loaded: held.loaded.without(dropped),
            dirty: held.dirty.without(dropped),
            raw: held.raw.without(dropped),
            zero: held.zero.without(dropped),
            stale: held.stale.with(dropped),
        });
    }

    /// Forgets what is in locals and not dirty.
    pub fn forget(&mut self, cells: Cells) {
        let held = self.held.get();
        let gone = cells.without(held.dirty);
        self.held.set(Held { loaded: held.loaded.without(gone), zero: held.zero.without(gone), ..held });
    }

    /// Writes registers back to the register file on a way out: what follows elsewhere still knows what is dirty.
    pub fn flush(&mut self) {
        let held = self.held.get();
        self.settle_locals(held.raw);
        self.write_cells(held.dirty);
    }

    fn write_cells(&self, cells: Cells) {
        let fr = self.options.fpu.fr;
        for cell in cells.iter() {
            store(&mut self.code.borrow_mut(), cell, fr);
        }
    }
}

/// A cold path for NaNs. It changes which NaN a local holds, and so nothing for the arithmetic on it.
fn settle(code: &mut Code, local: u32, of: Type) {
    unless_number(code, local, of);
    code.add(match of {
        Type::F32 => Instruction::F32Const(f32::from_bits(nan::default(Fmt::S, false) as u32).into()),
        _ => Instruction::F64Const(f64::from_bits(nan::default(Fmt::D, false)).into()),
    });
    code.amend(local);
    code.add(Instruction::End);
}

/// Starts what is to be done for a NaN. Only that is not less than or equal to itself, which one comparison and one jump
/// tell: that it is not equal takes two jumps.
fn unless_number(code: &mut Code, local: u32, of: Type) {
    code.add(Instruction::LocalGet(local));
    code.add(Instruction::LocalGet(local));
    code.add(if of == Type::F32 { Instruction::F32Le } else { Instruction::F64Le });
    code.unless_likely();
}

fn load(code: &mut Code, cell: Cell, fr: bool) {
    read(code, cell, fr);
    code.add(Instruction::LocalSet(local(cell)));
}

fn read(code: &mut Code, cell: Cell, fr: bool) {
    code.add(state(cell.offset(fr)));
    code.add(match cell.local_type() {
        Type::I32 => Instruction::I32Load(THERE),
        Type::I64 => Instruction::I64Load(THERE),
        Type::F32 => Instruction::F32Load(THERE),
        Type::F64 => Instruction::F64Load(THERE),
    });
    if let Kind::Condition(cc) = cell.kind(fr) {
        code.add(Instruction::I32Const(cc.fcsr_bit() as i32));
        code.add(Instruction::I32ShrU);
        code.add(Instruction::I32Const(1));
        code.add(Instruction::I32And);
    }
}

fn store(code: &mut Code, cell: Cell, fr: bool) {
    code.add(state(cell.offset(fr)));
    if let Kind::Condition(cc) = cell.kind(fr) {
        // One bit of FCSR.
        code.add(state(State::FCSR));
        code.add(Instruction::I32Load(THERE));
        code.add(Instruction::I32Const(!(1 << cc.fcsr_bit())));
        code.add(Instruction::I32And);
        code.add(Instruction::LocalGet(local(cell)));
        code.add(Instruction::I32Const(cc.fcsr_bit() as i32));
        code.add(Instruction::I32Shl);
        code.add(Instruction::I32Or);
    } else {
        code.add(Instruction::LocalGet(local(cell)));
    }
    code.add(match cell.local_type() {
        Type::I32 => Instruction::I32Store(THERE),
        Type::I64 => Instruction::I64Store(THERE),
        Type::F32 => Instruction::F32Store(THERE),
        Type::F64 => Instruction::F64Store(THERE),
    });
}
