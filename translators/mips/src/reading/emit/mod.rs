//! The reading that writes it down: Wasm code for one instruction after another of a block.
//!
//! Registers live in locals while a block lasts: loaded at their first read, written back at its exits. What only the
//! host can do is a call of it, in place, if code goes on behind (exact floating point, system calls); else (exceptions)
//! [`Emit::must_interpret`] is set, and the translator leaves to it at that instruction. No instruction is named
//! here.

mod exact;
mod fpu;
mod in_place;
mod linked;
mod registers;
mod value;

use crate::border::{LEFT, Leave};
use crate::cells::{Cell, Cells};
use crate::cpu::{Cpu, Extend, Side, Size, Slot, Step};
use crate::exception::Exception;
use crate::insn::Offset;
use crate::reg::Gpr;
use crate::state::{FpuMode, State};
use crate::translate::{THERE, poll_word, state};
use core::cell::{self, RefCell};
use core::convert::Infallible;
pub use in_place::{SYSTEM_RESULTS, perform};
pub(crate) use linked::EXCHANGE_ORDERS;
pub use registers::{Held, Seen};
use value::{Bit, Long, Word, swap_word};
use wasm::{Arena, Code, Expr, Temp, Type, Unary};
use wasm_encoder::{BlockType, Instruction, MemArg};

/// What the emitted code may take for granted; part of every key under which code is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Options {
    /// The guest's byte order.
    pub big_endian: bool,
    /// How its floating-point unit is set up.
    pub fpu: FpuMode,
    /// Registers are written back before each memory access, so that a fault sees them exactly.
    pub fault_precise: bool,
}

/// Where control goes at the end of a block, captured before the delay slot.
#[derive(Clone, Copy)]
pub enum Flow {
    /// To a computed address, held in this temporary.
    Computed(Temp),
    /// To this address, always.
    Always(u32),
    /// To this address if the temporary is not zero.
    If(Temp, u32, Slot),
}

/// The largest displacement of an instruction, and so of a memory access.
const OFFSET_MAX: u32 = 0x7fff;

/// The emitter of one region function.
pub struct Emit<'a> {
    arena: &'a Arena,
    code: RefCell<Code>,
    options: Options,
    held: cell::Cell<Held>,
    seen: cell::Cell<Seen>,
    /// Address of the instruction being emitted.
    at: u32,
    /// Where to restart it: itself, or the branch whose slot it is in.
    restart: u32,
    /// What it counts from if it is relative to the PC.
    pc_word: u32,
    /// Registers change only if this temporary is not zero.
    only_if: Option<Temp>,
    /// Address of the load of which [`Emit::SELECTOR`] keeps what it loads from.
    indexed_load: Option<u32>,
    /// Address of the LL that is behind a barrier unless it loads what is in a register.
    unordered: Option<(u32, Gpr)>,
    /// How often HI:LO's local had been written when that made it of the words in [`Emit::HI`] and [`Emit::LO`].
    parts: Option<u32>,
    /// The temporary of this instruction's arithmetic result.
    raw_result: Option<(u32, Type)>,
    /// What is known of this instruction's arithmetic, where flags matter.
    verdict: Option<exact::Verdict<'a>>,
    /// Set by a branch or jump.
    pub flow: Option<Flow>,
    /// Set if this instruction is for the interpreter.
    pub must_interpret: bool,
    /// Set if it is, and nothing goes on behind it: it raises an exception, or changes what this code takes for granted.
    must_leave: bool,
}

/// What an instruction that turns out to be the interpreter's is rolled back to.
#[derive(Clone, Copy)]
pub struct Checkpoint {
    code: wasm::Checkpoint,
    held: Held,
    seen: Seen,
}

impl<'a> Emit<'a> {
    /// What the code may take for granted.
    pub fn options(&self) -> Options {
        self.options
    }

    /// An emitter into a function `(entry: i32, depth: i32) -> pc: i32`.
    pub fn new(arena: &'a Arena, options: Options) -> Emit<'a> {
        Emit {
            arena,
            code: RefCell::new(Code::new(Emit::PARAMS, &registers::local_types())),
            options,
            held: cell::Cell::default(),
            seen: cell::Cell::default(),
            at: 0,
            restart: 0,
            pc_word: 0,
            only_if: None,
            indexed_load: None,
            unordered: None,
            parts: None,
            raw_result: None,
            verdict: None,
            flow: None,
            must_interpret: false,
            must_leave: false,
        }
    }

    /// The parameter that says which entry to run.
    pub const ENTRY: u32 = 0;
    /// The parameter that says how deep calls may still nest.
    pub const DEPTH: u32 = 1;
    const PARAMS: u32 = 2;
    /// A local of the translator's own, behind all cells.
    pub const SELECTOR: u32 = Emit::PARAMS + crate::cells::COUNT;
    /// The words of HI:LO, where [`Emit::parts`] says so.
    const HI: u32 = Emit::SELECTOR + 1;
    const LO: u32 = Emit::SELECTOR + 2;

    /// The code so far, for the translator's own control flow.
    pub fn code(&mut self) -> &mut Code {
        self.code.get_mut()
    }

    /// The finished code.
    pub fn into_code(self) -> Code {
        self.code.into_inner()
    }

    /// Starts a block where `held` is in locals.
    pub fn begin_block(&mut self, held: Held) {
        self.held.set(held);
        self.seen.set(Seen::default());
        self.parts = None;
        self.code().release_temps();
    }

    /// Starts the instruction at `at`, which restarts at `restart`.
    pub fn begin(&mut self, at: u32, restart: u32) -> Checkpoint {
        (self.at, self.restart, self.pc_word) = (at, restart, at & !3);
        // A delay slot still needs what its branch captured.
        if at == restart {
            self.code().release_temps();
        }
        (self.flow, self.must_interpret, self.must_leave) = (None, false, false);
        (self.raw_result, self.verdict) = (None, None);
        self.checkpoint()
    }

    /// Starts the instruction at `at`, in the slot of `branch`.
    pub fn begin_slot(&mut self, at: u32, branch: u32) -> Checkpoint {
        let checkpoint = self.begin(at, branch);
        self.pc_word = branch & !3;
        checkpoint
    }

    /// Here, to come back to.
    pub fn checkpoint(&mut self) -> Checkpoint {
        Checkpoint { code: self.code().checkpoint(), held: self.held.get(), seen: self.seen.get() }
    }

    /// From here on registers change only if `only_if` is not zero, which is a temporary of the instruction before.
    pub fn predicate(&mut self, only_if: Option<Temp>) {
        self.only_if = only_if;
    }

    /// Has the load at `load` keep the address it loads from in [`Emit::SELECTOR`].
    pub fn keep_address(&mut self, load: Option<u32>) {
        self.indexed_load = load;
    }

    /// Takes back everything since `checkpoint`.
    pub fn rewind(&mut self, checkpoint: Checkpoint) {
        self.code().rewind(checkpoint.code);
        self.parts = None;
        self.held.set(checkpoint.held);
        self.seen.set(checkpoint.seen);
    }

    /// Leaves the region at `pc` for a reason. What follows in the same block still knows what is dirty.
    pub fn leave(&mut self, why: Leave, pc: u32) {
        self.flush();
        self.depart(why, pc);
    }

    /// Leaves, with all that is dirty written back.
    fn depart(&mut self, why: Leave, pc: u32) {
        if why != Leave::NoCode {
            self.set_state(State::LEAVE, why.code());
        }
        self.depart_as_told(why, pc);
    }

    /// The same where the register file has the reason.
    fn depart_as_told(&mut self, why: Leave, pc: u32) {
        self.tell_stale();
        if why != Leave::Poll {
            self.note(Seen { leaves: true, ..Seen::default() });
        }
        let left = if why == Leave::NoCode { 0 } else { LEFT };
        self.code().add(Instruction::I32Const((pc | left) as i32));
        self.code().add(Instruction::Return);
    }

    /// Leaves at `pc` if the poll word is set: it is, while the registers stand as they do now.
    pub fn poll(&mut self, pc: u32) {
        let code = self.code();
        poll_word(code);
        code.if_unlikely();
        self.leave(Leave::Poll, pc);
        self.code().add(Instruction::End);
    }

    fn tell_stale(&mut self) {
        let stale = self.held().stale.bits();
        for (number, half) in
            [stale as u64, (stale >> 64) as u64].into_iter().enumerate().filter(|(_, half)| *half != 0)
        {
            let code = self.code();
            code.add(state(State::STALE + 8 * number as u32));
            code.add(Instruction::I64Const(half as i64));
            code.add(Instruction::I64Store(THERE));
        }
    }

    fn set_state(&mut self, offset: u32, value: u32) {
        let code = self.code();
        code.add(state(offset));
        code.add(Instruction::I32Const(value as i32));
        code.add(Instruction::I32Store(THERE));
    }

    /// This instruction is the interpreter's, and the last one.
    fn stop(&mut self) {
        (self.must_interpret, self.must_leave) = (true, true);
    }

    /// Leaves to the interpreter if `when`: a cold path.
    fn interpret_if(&mut self, when: Bit<'a>) {
        match when.0.as_i32() {
            Some(0) => {}
            Some(_) => self.stop(),
            None => {
                when.0.push(self.code());
                self.code().if_unlikely();
                self.leave(Leave::Interpret, self.restart);
                self.code().add(Instruction::End);
            }
        }
    }

    /// Whether HI:LO is in two locals as well.
    fn has_parts(&self) -> bool {
        self.held().loaded.has(Cell::HILO) && self.parts == Some(self.writes_of_hilo())
    }

    fn writes_of_hilo(&self) -> u32 {
        self.code.borrow().writes_of(registers::local(Cell::HILO))
    }

    fn local(&self, local: u32) -> Expr<'a> {
        self.arena.local(&self.code.borrow(), local)
    }

    fn hold_as(&mut self, value: Expr<'a>, of: Type) -> Expr<'a> {
        let temp = self.code().hold(value, of);
        self.local(temp.0)
    }

    /// Reads `offset` of the register file into `local`.
    fn read_state(&self, local: u32, offset: u32, load: fn(MemArg) -> Instruction<'static>) {
        let mut code = self.code.borrow_mut();
        code.add(state(offset));
        code.add(load(THERE));
        code.add(Instruction::LocalSet(local));
    }

    /// A word of the register file that is not a general register.
    fn state_word(&self, offset: u32) -> Word<'a> {
        let temp = self.code.borrow_mut().temp(Type::I32);
        self.read_state(temp.0, offset, Instruction::I32Load);
        Word(self.local(temp.0))
    }

    fn set_state_word(&mut self, offset: u32, value: Word<'a>) {
        self.code().add(state(offset));
        value.0.push(self.code());
        self.code().add(Instruction::I32Store(THERE));
    }

    /// Before a guest access: registers to their file if a fault must see them, and the way back from a trap.
    fn before_access(&mut self) {
        if self.options.fault_precise {
            self.write_back(!Cells::NONE);
        }
    }

    /// Loads into a fresh temporary.
    fn guest_load(&mut self, at: Expr<'a>, of: Type, load: fn(MemArg) -> Instruction<'static>) -> Expr<'a> {
        self.before_access();
        let restart = self.restart;
        if self.indexed_load == Some(self.at) {
            at.push(self.code());
            self.code().add(Instruction::LocalSet(Emit::SELECTOR));
        }
        let (base, offset) = at.split_offset(OFFSET_MAX);
        let code = self.code();
        let temp = code.temp(of);
        base.push(code);
        code.mark(restart);
        code.add(load(guest(offset)));
        code.add(Instruction::LocalSet(temp.0));
        self.local(temp.0)
    }

    fn guest_store(&mut self, at: Expr<'a>, value: Expr<'a>, store: fn(MemArg) -> Instruction<'static>) {
        self.before_access();
        let restart = self.restart;
        let (base, offset) = at.split_offset(OFFSET_MAX);
        let code = self.code();
        base.push(code);
        value.push(code);
        code.mark(restart);
        code.add(store(guest(offset)));
    }
}

/// An access to guest memory; MIPS Linux mends unaligned ones, so nothing is promised.
fn guest(offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 0, memory_index: 0 }
}

impl<'a> Cpu for Emit<'a> {
    type Word = Word<'a>;
    type Long = Long<'a>;
    type Bit = Bit<'a>;
    type Stop = Infallible;

    fn word(&self, value: u32) -> Word<'a> {
        Word(self.arena.i32(value))
    }
    fn long(&self, value: u64) -> Long<'a> {
        Long(self.arena.i64(value))
    }
    fn get(&self, reg: Gpr) -> Word<'a> {
        Cell::general(reg).map_or_else(|| self.word(0), |cell| Word(self.cell(cell)))
    }
    fn set(&mut self, reg: Gpr, value: Word<'a>) {
        if let Some(cell) = Cell::general(reg) {
            self.set_cell(cell, value.0);
        }
    }
    fn hilo(&self) -> Long<'a> {
        let of_parts = || self.local(Emit::HI).pair(self.local(Emit::LO));
        Long(if self.has_parts() { of_parts() } else { self.cell(Cell::HILO) })
    }
    fn set_hilo(&mut self, value: Long<'a>) {
        // What makes words of its own, as division does, is mostly asked for them again.
        let Some((high, low)) = value.0.as_pair().filter(|_| self.only_if.is_none()) else {
            return self.set_cell(Cell::HILO, value.0);
        };
        let code = self.code();
        high.push(code);
        low.push(code);
        code.add(Instruction::LocalSet(Emit::LO));
        code.add(Instruction::LocalSet(Emit::HI));
        self.set_cell(Cell::HILO, self.local(Emit::HI).pair(self.local(Emit::LO)));
        self.parts = Some(self.writes_of_hilo());
    }
    fn hold(&mut self, value: Word<'a>) -> Word<'a> {
        if value.0.as_i32().is_some() { value } else { Word(self.hold_as(value.0, Type::I32)) }
    }

    fn is_big_endian(&self) -> bool {
        self.options.big_endian
    }
    fn load(&mut self, size: Size, extend: Extend, at: Word<'a>) -> Result<Word<'a>, Infallible> {
        use crate::cpu::Word as _;
        let swaps = self.options.big_endian && size != Size::Byte;
        let load: fn(MemArg) -> Instruction<'static> = match (size, extend) {
            (Size::Byte, Extend::Sign) => Instruction::I32Load8S,
            (Size::Byte, Extend::Zero) => Instruction::I32Load8U,
            (Size::Half, Extend::Sign) if !swaps => Instruction::I32Load16S,
            (Size::Half, _) => Instruction::I32Load16U,
            (Size::Word, _) => Instruction::I32Load,
        };
        let raw = Word(self.guest_load(at.0, Type::I32, load));
        Ok(match (swaps, size, extend) {
            (false, ..) => raw,
            (true, Size::Half, Extend::Sign) => swap_word(raw).shr_s(self.word(16)),
            (true, Size::Half, Extend::Zero) => swap_word(raw).shr_u(self.word(16)),
            (true, ..) => swap_word(raw),
        })
    }
    fn store(&mut self, size: Size, at: Word<'a>, value: Word<'a>) -> Step<Self> {
        use crate::cpu::Word as _;
        let swaps = self.options.big_endian && size != Size::Byte;
        let value = if swaps {
            let held = self.hold(value);
            if size == Size::Half { swap_word(held).shr_u(self.word(16)) } else { swap_word(held) }
        } else {
            value
        };
        if let (Size::Word, Some(single)) = (size, value.0.under(Unary::I32ReinterpretF32)) {
            self.guest_store(at.0, single, Instruction::F32Store);
            return Ok(());
        }
        let store: fn(MemArg) -> Instruction<'static> = match size {
            Size::Byte => Instruction::I32Store8,
            Size::Half => Instruction::I32Store16,
            Size::Word => Instruction::I32Store,
        };
        self.guest_store(at.0, value.0, store);
        Ok(())
    }
    fn load_long(&mut self, at: Word<'a>) -> Result<Long<'a>, Infallible> {
        use crate::cpu::Long as _;
        if self.options.big_endian {
            let raw = Long(self.guest_load(at.0, Type::I64, Instruction::I64Load));
            let (high, low) = (self.hold(raw.low()), self.hold(raw.high()));
            return Ok(Long::pair(swap_word(high), swap_word(low)));
        }
        // As a double: what loads 64 bits is a floating-point register nearly always.
        Ok(Long(self.guest_load(at.0, Type::F64, Instruction::F64Load).unary(Unary::I64ReinterpretF64)))
    }
    fn store_long(&mut self, at: Word<'a>, value: Long<'a>) -> Step<Self> {
        use crate::cpu::Long as _;
        if self.options.big_endian {
            let value = Long(self.hold_as(value.0, Type::I64));
            let (high, low) = (self.hold(value.high()), self.hold(value.low()));
            self.guest_store(at.0, Long::pair(swap_word(low), swap_word(high)).0, Instruction::I64Store);
        } else if let Some(double) = value.0.under(Unary::I64ReinterpretF64) {
            self.guest_store(at.0, double, Instruction::F64Store);
        } else {
            self.guest_store(at.0, value.0, Instruction::I64Store);
        }
        Ok(())
    }
    fn store_part(&mut self, side: Side, at: Word<'a>, value: Word<'a>) -> Step<Self> {
        use crate::cpu::Word as _;
        let (at, value) = (self.hold(at), self.hold(value));
        let offset = at & self.word(3);
        let offset = self.hold(offset);
        // From the addressed byte toward the word's end: upward for the left side of a big-endian word.
        let is_upward = (side == Side::Left) == self.options.big_endian;
        self.before_access();
        for n in 0..4u32 {
            if n > 0 {
                let more = if is_upward { offset.lt_u(self.word(4 - n)) } else { !offset.lt_u(self.word(n)) };
                more.0.push(self.code());
                self.code().add(Instruction::If(BlockType::Empty));
            }
            let to = if is_upward { at + self.word(n) } else { at - self.word(n) };
            let shift = if side == Side::Left { 24 - 8 * n } else { 8 * n };
            let byte = value.shr_u(self.word(shift));
            self.guest_store(to.0, byte.0, Instruction::I32Store8);
        }
        for _ in 0..3 {
            self.code().add(Instruction::End);
        }
        Ok(())
    }
    fn load_linked(&mut self, at: Word<'a>) -> Result<Word<'a>, Infallible> {
        self.link_to(at)
    }
    fn store_conditional(&mut self, at: Word<'a>, value: Word<'a>) -> Result<Word<'a>, Infallible> {
        Ok(self.exchange_linked(at, value))
    }

    fn link(&self, bytes: u32) -> Word<'a> {
        self.word(self.at.wrapping_add(bytes))
    }
    fn pc_word(&self) -> Word<'a> {
        self.word(self.pc_word)
    }
    fn jump(&mut self, to: Word<'a>, _: Slot) {
        // Even if it is the zero register: what ends with a jump to a register ends with a computed one.
        self.flow = Some(Flow::Computed(self.code().hold(to.0, Type::I32)));
    }
    fn jump_near(&mut self, target: u32, isa_mode: u32) {
        self.flow = Some(Flow::Always(self.at.wrapping_add(4) & 0xf000_0000 | target | isa_mode));
    }
    fn branch(&mut self, when: Bit<'a>, by: Offset, slot: Slot) {
        let target = self.at.wrapping_add_signed(by.0);
        self.flow = Some(match when.0.as_i32() {
            Some(1) => Flow::Always(target),
            _ => Flow::If(self.code().hold(when.0, Type::I32), target, slot),
        });
    }
    fn trap(&mut self, when: Bit<'a>, _: Exception) -> Step<Self> {
        self.interpret_if(when);
        Ok(())
    }
    fn raise(&mut self, exception: Exception) -> Step<Self> {
        // In a delay slot, the kernel would go on where its branch does.
        if exception == Exception::Syscall && self.at == self.restart {
            self.must_interpret = true;
        } else {
            self.stop();
        }
        Ok(())
    }
    fn barrier(&mut self) {
        self.order();
    }
    fn code_changed(&mut self, _: Word<'a>) -> Step<Self> {
        self.stop();
        Ok(())
    }
    fn user_local(&self) -> Word<'a> {
        self.state_word(State::USER_LOCAL)
    }
    fn cycles(&mut self) -> Word<'a> {
        self.must_interpret = true;
        self.word(0)
    }
}
