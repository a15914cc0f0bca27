//! LL, SC and SYNC: what holds among threads that share the memory.

use super::value::{Word, swap_word};
use super::{Emit, guest};
use crate::cpu::{Bit as _, Cpu as _, Extend, Size, Word as _};
use crate::reg::Gpr;
use crate::state::State;
use crate::translate::{THERE, state};
use core::convert::Infallible;
use wasm::{Expr, Type};
use wasm_encoder::{BlockType, Instruction, MemArg};

/// Whether an exchange orders all accesses before it and behind it (Intel SDM volume 3, 9.2.3.9).
pub(crate) const EXCHANGE_ORDERS: bool = cfg!(target_arch = "x86_64");

impl<'a> Emit<'a> {
    /// Has the LL at an address be behind a barrier unless it loads what is in a register.
    pub fn order_unless(&mut self, unordered: Option<(u32, Gpr)>) {
        self.unordered = unordered;
    }

    /// What LL loads, and notes.
    pub(super) fn link_to(&mut self, at: Word<'a>) -> Result<Word<'a>, Infallible> {
        let at = self.hold(at);
        self.expect_aligned(at);
        let value = self.load(Size::Word, Extend::Zero, at)?;
        let value = match self.unordered.filter(|(ll, _)| *ll == self.at) {
            Some((_, usual)) => self.load_ordered_unless(at, value, usual)?,
            None => self.hold(value),
        };
        self.set_state_word(State::LINK_AT, at);
        self.set_state_word(State::LINK_VALUE, value);
        Ok(value)
    }

    /// What SC gives: whether it stored.
    pub(super) fn exchange_linked(&mut self, at: Word<'a>, value: Word<'a>) -> Word<'a> {
        let (at, value) = (self.hold(at), self.hold(value));
        self.expect_aligned(at);
        let done = self.code().temp(Type::I32);
        self.code().add(Instruction::I32Const(0));
        self.code().add(Instruction::LocalSet(done.0));
        self.before_access();
        let is_linked = self.state_word(State::LINK_AT).eq(at);
        is_linked.0.push(self.code());
        self.code().add(Instruction::If(BlockType::Empty));
        let expected = self.state_word(State::LINK_VALUE);
        let (expected, value) =
            if self.options.big_endian { (swap_word(expected), swap_word(value)) } else { (expected, value) };
        let expected = self.hold(expected);
        let was = self.guest_exchange(at.0, expected.0, value.0);
        let is_same = Word(was).eq(expected).word();
        is_same.0.push(self.code());
        self.code().add(Instruction::LocalSet(done.0));
        self.code().add(Instruction::Else);
        // Whether it stores or not, accesses are in order: the barriers beside it may be left out.
        self.order();
        self.code().add(Instruction::End);
        self.set_state(State::LINK_AT, State::NO_LINK);
        Word(self.local(done.0))
    }

    /// All accesses before are done before any behind it (SYNC).
    pub(super) fn order(&mut self) {
        if !EXCHANGE_ORDERS {
            return self.code().add(Instruction::AtomicFence);
        }
        // An exchange of the CPU's own takes half as long as a fence.
        let code = self.code();
        code.add(state(State::LINK_AT));
        code.add(Instruction::I32Const(0));
        code.add(Instruction::I32AtomicRmwAdd(THERE));
        code.add(Instruction::Drop);
    }

    /// What was loaded at `at`, if that is what `usual` holds, and else what is there behind a barrier.
    fn load_ordered_unless(&mut self, at: Word<'a>, loaded: Word<'a>, usual: Gpr) -> Result<Word<'a>, Infallible> {
        let value = self.code().temp(Type::I32);
        loaded.0.push(self.code());
        self.code().add(Instruction::LocalSet(value.0));
        let is_other = !Word(self.local(value.0)).eq(self.get(usual));
        is_other.0.push(self.code());
        self.code().add(Instruction::If(BlockType::Empty));
        self.order();
        let again = self.load(Size::Word, Extend::Zero, at)?;
        again.0.push(self.code());
        self.code().add(Instruction::LocalSet(value.0));
        self.code().add(Instruction::End);
        Ok(Word(self.local(value.0)))
    }

    /// Stores `value` if the aligned word is `expected`, whatever others that have the memory do meanwhile; the answer is what it
    /// was. All are in memory's byte order.
    fn guest_exchange(&mut self, at: Expr<'a>, expected: Expr<'a>, value: Expr<'a>) -> Expr<'a> {
        let restart = self.restart;
        let code = self.code();
        let temp = code.temp(Type::I32);
        at.push(code);
        expected.push(code);
        value.push(code);
        code.mark(restart);
        code.add(Instruction::I32AtomicRmwCmpxchg(MemArg { align: 2, ..guest(0) }));
        code.add(Instruction::LocalSet(temp.0));
        self.local(temp.0)
    }

    /// LL and SC fault on an unaligned address: the interpreter raises it.
    fn expect_aligned(&mut self, at: Word<'a>) {
        let is_aligned = (at & self.word(3)).eq(self.word(0));
        self.interpret_if(!is_aligned);
    }
}
