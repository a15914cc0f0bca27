//! The reading that does it: an interpreter over a register file and a bus.

mod decoded;
mod fpu;
mod value;

pub use decoded::Decoded;
use decoded::{Block, End};

use crate::cpu::{Cpu, Extend, Side, Size, Slot, Step};
use crate::decode::{Unfetched, decode_at};
use crate::exception::{Access, Denied, Exception, Fault};
use crate::insn::{Insn, Offset};
use crate::isa::Meanings;
use crate::reg::Gpr;
use crate::semantics::system::SYNCI_STEP;
use crate::state::State;
use core::sync::atomic::{Ordering, fence};
use value::{Bit, Long, Word};

/// Guest memory as instructions see it: values in host order, the guest's byte order already undone.
pub trait Bus {
    /// Whether the guest is big-endian.
    fn is_big_endian(&self) -> bool;
    /// Reads `size` bytes, zero-extended.
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault>;
    /// Writes the low `size` bytes of `value`.
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault>;
    /// Writes a word at `at`, which is aligned, if it is `old`; whether it was. Nobody else who has the memory comes between.
    fn exchange(&mut self, at: u32, old: u32, new: u32) -> Result<bool, Fault> {
        let is_same = self.load(Size::Word, at)? == old;
        if is_same {
            self.store(Size::Word, at, new)?;
        }
        Ok(is_same)
    }
    /// Reads the word of code at `at`, a multiple of 4.
    fn fetch(&mut self, at: u32) -> Result<u32, Fault>;
    /// A counter that rises with time (RDHWR CC).
    fn cycles(&mut self) -> u32;
    /// A branch leads to `pc`, where the stack pointer is `sp`; it `is_back`, as to the next turn of a loop, or a function
    /// `is_called`. True stops the interpreter there: translated code waits, or shall be made.
    fn entered(&mut self, _pc: u32, _sp: u32, _is_back: bool, _is_called: bool) -> bool {
        false
    }
    /// Whether the instruction at `pc`, without an ISA mode, is to be taken for one that may not be fetched. Asked when it is
    /// decoded.
    fn is_barred(&self, _pc: u32) -> bool {
        false
    }
}

/// An instruction stopped short; what it raised is in the interpreter, so that every step returns in a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stopped;

/// Where control goes after an instruction.
#[derive(Clone, Copy)]
enum Flow {
    Next,
    /// After the delay slot.
    Jump(u32),
    /// A branch not taken whose slot still runs: an ordinary instruction follows.
    Through,
    /// Past an annulled slot.
    Skip,
    /// Now: there is no slot.
    Compact(u32),
}

/// Why [`Interp::run`] stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// An exception; `pc` restarts and `next_pc` continues.
    Exception(Exception),
    /// The bus asked for it at a branch target; if that was called, the address of the call.
    Entered(Option<u32>),
    /// The budget is spent, or the poll word is set.
    Budget,
}

/// An interpreter at work on one register file.
pub struct Interp<'a, B: Bus> {
    /// The register file.
    pub state: &'a mut State,
    /// Memory.
    pub bus: &'a mut B,
    /// Instructions that [`Interp::run`] has carried out.
    pub done: u64,
    decoded: &'a mut Decoded,
    flow: Flow,
    /// The instruction being carried out, which is `state.pc` unless that is a branch and this its slot.
    at: u32,
    /// What the last instruction that stopped short raised.
    raised: Exception,
}

/// The instruction at `pc`.
fn insn(bus: &mut impl Bus, pc: u32) -> Result<Insn, Exception> {
    let big_endian = bus.is_big_endian();
    if bus.is_barred(pc & !1) {
        return Err(Exception::memory(pc & !1, Access::Fetch, Denied::Protected));
    }
    match decode_at(pc, big_endian, |at| bus.fetch(at)) {
        Ok(insn) => insn.ok_or(Exception::Reserved),
        Err(Unfetched { at, why: Some(fault) }) => Err(Exception::Memory(Fault { at, ..fault })),
        Err(Unfetched { at, why: None }) => Err(Exception::memory(at, Access::Fetch, Denied::Unaligned)),
    }
}

impl<'a, B: Bus> Interp<'a, B> {
    /// An interpreter of `state` over `bus`, with the decoded instructions kept from last time.
    pub fn new(state: &'a mut State, bus: &'a mut B, decoded: &'a mut Decoded) -> Interp<'a, B> {
        let at = state.pc;
        Interp { state, bus, done: 0, decoded, flow: Flow::Next, at, raised: Exception::Reserved }
    }

    /// Carries out at most `budget` instructions (a branch and its slot are one), in addition stopping at polls.
    pub fn run(&mut self, budget: u32) -> Stop {
        let mut left = budget;
        let stop = self.blocks(&mut left);
        self.done += u64::from(budget - left);
        stop
    }

    /// Carries out the instruction at `pc`, its delay slot included. On an exception `pc` stays and `next_pc` is set.
    pub fn step(&mut self) -> Result<(), Exception> {
        match self.run(1) {
            Stop::Exception(exception) => Err(exception),
            _ => Ok(()),
        }
    }

    /// Carries out block after block, as long as there are instructions `left`.
    #[inline(always)]
    fn blocks(&mut self, left: &mut u32) -> Stop {
        while *left > 0 {
            let first = self.state.pc;
            let block = match self.decoded.get(first) {
                Some(block) => block,
                None => match self.decode(first) {
                    Ok(block) => block,
                    Err(exception) => return Stop::Exception(self.fails(first, 4, exception)),
                },
            };
            let body = block.body.min(*left);
            let is_mips16e = first & 1 != 0;
            if is_mips16e {
                let done = self.halfwords(block.first, body, left);
                if done.is_err() {
                    return Stop::Exception(self.raised);
                }
            } else {
                for number in 0..body {
                    if self.perform(block.first + number).is_err() {
                        *left -= number;
                        return Stop::Exception(self.fails(first.wrapping_add(4 * number), 4, self.raised));
                    }
                }
                *left -= body;
                self.state.pc = first.wrapping_add(4 * body);
            }
            let from = self.state.pc;
            if *left == 0 || block.end == End::Next {
                continue;
            }
            let bytes = if is_mips16e { self.bytes(block.first + body) } else { 4 };
            let pc = match self.branch(from, bytes, block) {
                Ok(pc) => pc,
                Err(Stopped) => return Stop::Exception(self.raised),
            };
            self.state.pc = pc;
            *left -= 1;
            if pc == from.wrapping_add(bytes) {
                continue;
            }
            // Whoever linked was a call; whoever goes back repeats.
            let slot_bytes = match block.end {
                _ if !is_mips16e => 4,
                End::Compact => 0,
                _ => 2,
            };
            let is_called = self.state.get(Gpr::RA) == from.wrapping_add(bytes + slot_bytes);
            if self.bus.entered(pc, self.state.get(Gpr::SP), pc <= from, is_called) {
                return Stop::Entered(is_called.then_some(from));
            }
        }
        Stop::Budget
    }

    /// Carries out so many instructions of MIPS16e from the one numbered `first` on. They need to know where they are.
    fn halfwords(&mut self, first: u32, count: u32, left: &mut u32) -> Result<(), Stopped> {
        for number in first..first + count {
            let (pc, bytes) = (self.state.pc, self.bytes(number));
            if self.perform(number).is_err() {
                self.fails(pc, bytes, self.raised);
                return Err(Stopped);
            }
            self.state.pc = pc.wrapping_add(bytes);
            *left -= 1;
        }
        Ok(())
    }

    /// How many bytes a decoded instruction takes.
    fn bytes(&self, number: u32) -> u32 {
        self.decoded.insns[number as usize].bytes()
    }

    /// Carries out the branch at `pc` that ends a block, and its slot if that is due; the answer is where it leads.
    #[inline(always)]
    fn branch(&mut self, pc: u32, bytes: u32, block: Block) -> Result<u32, Stopped> {
        self.at = pc;
        self.flow = Flow::Next;
        if self.perform(block.first + block.body).is_err() {
            self.fails(pc, bytes, self.raised);
            return Err(Stopped);
        }
        let target = match self.flow {
            Flow::Jump(target) => target,
            Flow::Compact(target) => return Ok(target),
            // Only 32-bit instructions skip, and one of those.
            Flow::Skip => return Ok(pc.wrapping_add(8)),
            Flow::Next | Flow::Through => return Ok(pc.wrapping_add(bytes)),
        };
        self.at = pc.wrapping_add(bytes);
        self.flow = Flow::Next;
        let done = match block.end {
            End::Slot => self.perform(block.first + block.body + 1),
            _ => self.late_slot(self.at),
        };
        if done.is_err() {
            self.state.next_pc = target;
            return Err(Stopped);
        }
        // A branch in a delay slot is UNPREDICTABLE (MD00082 §4.1.3.2): a reserved instruction here.
        match self.flow {
            Flow::Next => Ok(target),
            _ => Err(self.stop(Exception::Reserved)),
        }
    }

    /// Carries out a decoded instruction.
    #[inline(always)]
    fn perform(&mut self, number: u32) -> Result<(), Stopped> {
        let insn = self.decoded.insns[number as usize];
        Meanings::<Self>::ALL[insn.op as usize](self, insn)
    }

    #[cold]
    fn decode(&mut self, pc: u32) -> Result<Block, Exception> {
        let Interp { decoded, bus, .. } = self;
        decoded.put(pc, |pc| insn(*bus, pc))
    }

    /// Carries out the slot at `pc`, which was not there when its branch was decoded.
    #[cold]
    fn late_slot(&mut self, pc: u32) -> Result<(), Stopped> {
        let insn = insn(self.bus, pc).map_err(|exception| self.stop(exception))?;
        Meanings::<Self>::ALL[insn.op as usize](self, insn)
    }

    /// The instruction at `pc`, so many bytes long, raised an exception.
    #[cold]
    fn fails(&mut self, pc: u32, bytes: u32, exception: Exception) -> Exception {
        (self.state.pc, self.state.next_pc) = (pc, pc.wrapping_add(bytes));
        self.raised = exception;
        exception
    }

    /// Notes what an instruction raised.
    #[cold]
    fn stop(&mut self, exception: Exception) -> Stopped {
        self.raised = exception;
        Stopped
    }

    /// A memory access that may have failed.
    #[inline(always)]
    fn reached<T>(&mut self, access: Result<T, Fault>) -> Result<T, Stopped> {
        match access {
            Ok(value) => Ok(value),
            Err(fault) => Err(self.stop(Exception::Memory(fault))),
        }
    }

    #[inline(always)]
    fn read(&mut self, size: Size, at: u32) -> Result<u32, Stopped> {
        let value = self.bus.load(size, at);
        self.reached(value)
    }

    #[inline(always)]
    fn write(&mut self, size: Size, at: u32, value: u32) -> Result<(), Stopped> {
        let done = self.bus.store(size, at, value);
        self.reached(done)
    }

    /// Byte number of `at` in its word, counted from the most significant end.
    fn byte_in_word(&self, at: u32) -> u32 {
        if self.bus.is_big_endian() { at & 3 } else { 3 - (at & 3) }
    }
}

impl<B: Bus> Cpu for Interp<'_, B> {
    type Word = Word;
    type Long = Long;
    type Bit = Bit;
    type Stop = Stopped;

    #[inline(always)]
    fn word(&self, value: u32) -> Word {
        Word(value)
    }
    #[inline(always)]
    fn long(&self, value: u64) -> Long {
        Long(value)
    }
    #[inline(always)]
    fn get(&self, reg: Gpr) -> Word {
        Word(self.state.gpr[reg.index()])
    }
    #[inline(always)]
    fn set(&mut self, reg: Gpr, value: Word) {
        self.state.set(reg, value.0);
    }
    fn hilo(&self) -> Long {
        Long(u64::from(self.state.hi) << 32 | u64::from(self.state.lo))
    }
    fn set_hilo(&mut self, value: Long) {
        self.state.hi = (value.0 >> 32) as u32;
        self.state.lo = value.0 as u32;
    }
    #[inline(always)]
    fn hold(&mut self, value: Word) -> Word {
        value
    }

    #[inline(always)]
    fn is_big_endian(&self) -> bool {
        self.bus.is_big_endian()
    }
    #[inline(always)]
    fn load(&mut self, size: Size, extend: Extend, at: Word) -> Result<Word, Stopped> {
        let value = self.read(size, at.0)?;
        Ok(Word(match (size, extend) {
            (Size::Byte, Extend::Sign) => value as i8 as u32,
            (Size::Half, Extend::Sign) => value as i16 as u32,
            _ => value,
        }))
    }
    #[inline(always)]
    fn store(&mut self, size: Size, at: Word, value: Word) -> Step<Self> {
        self.write(size, at.0, value.0)
    }
    fn load_long(&mut self, at: Word) -> Result<Long, Stopped> {
        let first = u64::from({
            let done = self.bus.load(Size::Word, at.0);
            self.reached(done)
        }?);
        let second = u64::from({
            let done = self.bus.load(Size::Word, at.0.wrapping_add(4));
            self.reached(done)
        }?);
        Ok(Long(if self.bus.is_big_endian() { first << 32 | second } else { second << 32 | first }))
    }
    fn store_long(&mut self, at: Word, value: Long) -> Step<Self> {
        let (high, low) = ((value.0 >> 32) as u32, value.0 as u32);
        let (first, second) = if self.bus.is_big_endian() { (high, low) } else { (low, high) };
        // Both halves are tried by reading them, so that a store across a missing page leaves nothing behind.
        let after = at.0.wrapping_add(4);
        for at in [at.0, after] {
            let tried = self.bus.load(Size::Word, at).map_err(|fault| Fault { access: Access::Store, ..fault });
            self.reached(tried)?;
        }
        {
            let done = self.bus.store(Size::Word, at.0, first);
            self.reached(done)
        }?;
        {
            let done = self.bus.store(Size::Word, after, second);
            self.reached(done)
        }
    }
    fn store_part(&mut self, side: Side, at: Word, value: Word) -> Step<Self> {
        let byte = self.byte_in_word(at.0);
        // Left: the register's top byte goes to `at`, the next ones toward the word's end. Right: the mirror image.
        let toward_end = if self.bus.is_big_endian() { 1 } else { -1 };
        let (count, top, direction) = match side {
            Side::Left => (4 - byte, 24, toward_end),
            Side::Right => (byte + 1, 0, -toward_end),
        };
        for n in 0..count {
            let shift = if top == 24 { 24 - 8 * n } else { 8 * n };
            let to = at.0.wrapping_add_signed(direction * n as i32);
            {
                let done = self.bus.store(Size::Byte, to, value.0 >> shift);
                self.reached(done)
            }?;
        }
        Ok(())
    }
    fn load_linked(&mut self, at: Word) -> Result<Word, Stopped> {
        if at.0 & 3 != 0 {
            return Err(self.stop(Exception::memory(at.0, Access::Load, Denied::Unaligned)));
        }
        let value = {
            let done = self.bus.load(Size::Word, at.0);
            self.reached(done)
        }?;
        (self.state.link_at, self.state.link_value) = (at.0, value);
        Ok(Word(value))
    }
    fn store_conditional(&mut self, at: Word, value: Word) -> Result<Word, Stopped> {
        if at.0 & 3 != 0 {
            return Err(self.stop(Exception::memory(at.0, Access::Store, Denied::Unaligned)));
        }
        let linked = self.state.link_at == at.0;
        let done = linked && {
            let done = self.bus.exchange(at.0, self.state.link_value, value.0);
            self.reached(done)
        }?;
        self.state.break_link();
        Ok(Word(u32::from(done)))
    }

    fn link(&self, bytes: u32) -> Word {
        Word(self.at.wrapping_add(bytes))
    }
    fn pc_word(&self) -> Word {
        Word(self.state.pc & !3)
    }
    #[inline(always)]
    fn jump(&mut self, to: Word, slot: Slot) {
        self.flow = if slot == Slot::Never { Flow::Compact(to.0) } else { Flow::Jump(to.0) };
    }
    fn jump_near(&mut self, target: u32, isa_mode: u32) {
        self.flow = Flow::Jump(self.at.wrapping_add(4) & 0xf000_0000 | target | isa_mode);
    }
    #[inline(always)]
    fn branch(&mut self, when: Bit, by: Offset, slot: Slot) {
        self.flow = match (when.0, slot) {
            (true, Slot::Never) => Flow::Compact(self.at.wrapping_add_signed(by.0)),
            (true, _) => Flow::Jump(self.at.wrapping_add_signed(by.0)),
            (false, Slot::Always | Slot::Never) => Flow::Through,
            (false, Slot::IfTaken) => Flow::Skip,
        };
    }
    #[inline(always)]
    fn trap(&mut self, when: Bit, cause: Exception) -> Step<Self> {
        if when.0 { Err(self.stop(cause)) } else { Ok(()) }
    }
    fn raise(&mut self, cause: Exception) -> Step<Self> {
        Err(self.stop(cause))
    }
    fn barrier(&mut self) {
        fence(Ordering::SeqCst);
    }
    fn code_changed(&mut self, at: Word) -> Step<Self> {
        let (at, bytes) = (at.0 & !(SYNCI_STEP - 1), SYNCI_STEP);
        Err(self.stop(Exception::CodeChanged { at, bytes }))
    }
    fn user_local(&self) -> Word {
        Word(self.state.user_local)
    }
    fn cycles(&mut self) -> Word {
        Word(self.bus.cycles())
    }
}
