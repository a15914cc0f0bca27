//! The reading that tells: an instruction's meaning in words, for the instruction page. Nothing here names an instruction.

mod fpu;

use crate::cpu::{self, Cpu, Extend, Side, Size, Slot, Step};
use crate::exception::Exception;
use crate::insn::{Insn, Offset};
use crate::isa::perform;
use crate::reg::Gpr;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::convert::Infallible;
use core::fmt::Display;
use core::ops::{Add, BitAnd, BitOr, BitXor, Not, Sub};

/// What `insn` does in a little-endian guest, statement by statement. `:=` assigns, `s` and `u` after an operator say
/// signed and unsigned, `byte[x]` to `long[x]` is memory.
pub fn pseudo(insn: Insn) -> Vec<String> {
    let arena = Arena::default();
    let mut teller = Teller { arena: &arena, statements: Vec::new() };
    let Ok(()) = perform(&mut teller, insn);
    teller.statements
}

/// Where texts live, so that a value is as cheap to copy as every reading's.
#[derive(Default)]
struct Arena(RefCell<Vec<(String, bool)>>);

/// The text of a value of any width.
#[derive(Clone, Copy)]
struct Text<'a> {
    arena: &'a Arena,
    at: usize,
}

impl Arena {
    fn add(&self, text: String, is_compound: bool) -> Text<'_> {
        let mut texts = self.0.borrow_mut();
        texts.push((text, is_compound));
        Text { arena: self, at: texts.len() - 1 }
    }
}

impl<'a> Text<'a> {
    /// As it stands.
    fn bare(self) -> String {
        self.arena.0.borrow()[self.at].0.clone()
    }
    /// As an operand.
    fn tight(self) -> String {
        let (text, is_compound) = self.arena.0.borrow()[self.at].clone();
        if is_compound { format!("({text})") } else { text }
    }
    fn op(self, op: &str, other: Text<'a>) -> Text<'a> {
        self.arena.add(format!("{} {op} {}", self.tight(), other.tight()), true)
    }
    fn call(self, name: &str) -> Text<'a> {
        self.arena.add(format!("{name}({})", self.bare()), false)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $text:literal)*) => {$(
        impl<'a> $trait for Text<'a> {
            type Output = Text<'a>;
            fn $method(self, other: Text<'a>) -> Text<'a> {
                self.op($text, other)
            }
        }
    )*};
}

operators!(Add add "+" Sub sub "-" BitAnd bitand "and" BitOr bitor "or" BitXor bitxor "xor");

impl<'a> Not for Text<'a> {
    type Output = Text<'a>;
    fn not(self) -> Text<'a> {
        self.arena.add(format!("not {}", self.tight()), true)
    }
}

impl<'a> cpu::Word for Text<'a> {
    type Bit = Text<'a>;
    type Long = Text<'a>;
    fn mul(self, by: Self) -> Self {
        self.op("*", by)
    }
    fn div_s(self, by: Self) -> Self {
        self.op("/s", by)
    }
    fn div_u(self, by: Self) -> Self {
        self.op("/u", by)
    }
    fn shl(self, by: Self) -> Self {
        self.op("<<", by)
    }
    fn shr_u(self, by: Self) -> Self {
        self.op(">>u", by)
    }
    fn shr_s(self, by: Self) -> Self {
        self.op(">>s", by)
    }
    fn rotr(self, by: Self) -> Self {
        self.op("rotated right by", by)
    }
    fn clz(self) -> Self {
        self.call("leading_zeros")
    }
    fn sign_byte(self) -> Self {
        self.call("sign_of_byte")
    }
    fn sign_half(self) -> Self {
        self.call("sign_of_half")
    }
    fn eq(self, other: Self) -> Self {
        self.op("=", other)
    }
    fn lt_s(self, other: Self) -> Self {
        self.op("<s", other)
    }
    fn lt_u(self, other: Self) -> Self {
        self.op("<u", other)
    }
    fn long_s(self) -> Self {
        self.call("signed_long")
    }
    fn long_u(self) -> Self {
        self.call("unsigned_long")
    }
}

impl<'a> cpu::Long for Text<'a> {
    type Word = Text<'a>;
    fn mul(self, by: Self) -> Self {
        self.op("*", by)
    }
    fn low(self) -> Self {
        self.call("low")
    }
    fn high(self) -> Self {
        self.call("high")
    }
    fn pair(high: Self, low: Self) -> Self {
        high.op(":", low)
    }
    fn select(self, other: Self, when: Self) -> Self {
        self.arena.add(format!("if {} then {} else {}", when.bare(), self.tight(), other.tight()), true)
    }
}

impl<'a> cpu::Bit for Text<'a> {
    type Word = Text<'a>;
    fn word(self) -> Self {
        self
    }
    fn select(self, yes: Self, no: Self) -> Self {
        cpu::Long::select(yes, no, self)
    }
}

struct Teller<'a> {
    arena: &'a Arena,
    statements: Vec<String>,
}

impl<'a> Teller<'a> {
    fn text(&self, text: impl Display) -> Text<'a> {
        self.arena.add(text.to_string(), false)
    }
    fn say(&mut self, statement: String) {
        self.statements.push(statement);
    }
    fn memory(&self, kind: &str, at: Text<'a>) -> Text<'a> {
        self.text(format!("{kind}[{}]", at.bare()))
    }
}

/// When a branch with such a slot goes.
fn after(slot: Slot) -> &'static str {
    if slot == Slot::Never { "" } else { "after the slot: " }
}

fn kind(size: Size) -> &'static str {
    match size {
        Size::Byte => "byte",
        Size::Half => "half",
        Size::Word => "word",
    }
}

impl<'a> Cpu for Teller<'a> {
    type Word = Text<'a>;
    type Long = Text<'a>;
    type Bit = Text<'a>;
    type Stop = Infallible;

    fn word(&self, value: u32) -> Text<'a> {
        let is_small = value.wrapping_add(0x8000) < 0x1_0000;
        self.text(if is_small { (value as i32).to_string() } else { format!("{value:#x}") })
    }
    fn long(&self, value: u64) -> Text<'a> {
        self.text(value)
    }
    fn get(&self, reg: Gpr) -> Text<'a> {
        if reg == Gpr::ZERO { self.text(0) } else { self.text(reg) }
    }
    fn set(&mut self, reg: Gpr, value: Text<'a>) {
        self.say(format!("{reg} := {}", value.bare()));
    }
    fn hilo(&self) -> Text<'a> {
        self.text("HI:LO")
    }
    fn set_hilo(&mut self, value: Text<'a>) {
        self.say(format!("HI:LO := {}", value.bare()));
    }
    fn hold(&mut self, value: Text<'a>) -> Text<'a> {
        if value.bare() == value.tight() {
            return value;
        }
        let name = format!("t{}", self.statements.len());
        self.say(format!("{name} := {}", value.bare()));
        self.text(name)
    }
    fn is_big_endian(&self) -> bool {
        false
    }
    fn load(&mut self, size: Size, extend: Extend, at: Text<'a>) -> Result<Text<'a>, Infallible> {
        let memory = self.memory(kind(size), at);
        Ok(if extend == Extend::Sign { memory.call("signed") } else { memory })
    }
    fn store(&mut self, size: Size, at: Text<'a>, value: Text<'a>) -> Step<Self> {
        self.say(format!("{}[{}] := {}", kind(size), at.bare(), value.bare()));
        Ok(())
    }
    fn load_long(&mut self, at: Text<'a>) -> Result<Text<'a>, Infallible> {
        Ok(self.memory("long", at))
    }
    fn store_long(&mut self, at: Text<'a>, value: Text<'a>) -> Step<Self> {
        self.say(format!("long[{}] := {}", at.bare(), value.bare()));
        Ok(())
    }
    fn store_part(&mut self, side: Side, at: Text<'a>, value: Text<'a>) -> Step<Self> {
        let side = if side == Side::Left { "left" } else { "right" };
        self.say(format!("{side} part of the word around [{}] := {side} part of {}", at.bare(), value.tight()));
        Ok(())
    }
    fn load_linked(&mut self, at: Text<'a>) -> Result<Text<'a>, Infallible> {
        self.say(format!("link := {}", at.bare()));
        Ok(self.memory("word", at))
    }
    fn store_conditional(&mut self, at: Text<'a>, value: Text<'a>) -> Result<Text<'a>, Infallible> {
        self.say(format!("if linked to [{0}] and unchanged then word[{0}] := {1}", at.bare(), value.bare()));
        Ok(self.text("whether it stored"))
    }
    fn link(&self, bytes: u32) -> Text<'a> {
        self.text(format!("pc + {bytes}"))
    }
    fn pc_word(&self) -> Text<'a> {
        self.text("pc_word")
    }
    fn jump(&mut self, to: Text<'a>, slot: Slot) {
        self.say(format!("{}pc := {}", after(slot), to.bare()));
    }
    fn jump_near(&mut self, target: u32, isa_mode: u32) {
        let mode = if isa_mode == 0 { "" } else { ", as MIPS16e code" };
        self.say(format!("after the slot: pc := {target:#x} in this segment{mode}"));
    }
    fn branch(&mut self, when: Text<'a>, by: Offset, slot: Slot) {
        let otherwise = if slot == Slot::IfTaken { ", else skip the slot" } else { "" };
        self.say(format!("if {} then {}pc := pc + {}{otherwise}", when.bare(), after(slot), by.0));
    }
    fn trap(&mut self, when: Text<'a>, cause: Exception) -> Step<Self> {
        self.say(format!("if {} then raise {cause:?}", when.bare()));
        Ok(())
    }
    fn raise(&mut self, cause: Exception) -> Step<Self> {
        self.say(format!("raise {cause:?}"));
        Ok(())
    }
    fn barrier(&mut self) {
        self.say("others see what was accessed before it before what is accessed behind it".to_owned());
    }
    fn code_changed(&mut self, at: Text<'a>) -> Step<Self> {
        self.say(format!("the line of code at [{}] may have changed", at.bare()));
        Ok(())
    }
    fn user_local(&self) -> Text<'a> {
        self.text("UserLocal".to_owned())
    }
    fn cycles(&mut self) -> Text<'a> {
        self.text("cycles")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    #[test]
    fn meanings_in_words() {
        let of = |word| pseudo(decode(word).expect("a valid word")).join("; ");
        assert_eq!(of(0x0085_1021), "v0 := a0 + a1");
        assert_eq!(of(0x8082_0004), "v0 := signed(byte[a0 + 4])");
        assert_eq!(of(0x5085_0003), "if a0 = a1 then after the slot: pc := pc + 16, else skip the slot");
        assert_eq!(of(0x4626_2080), "$f2.d := $f4.d + $f6.d");
    }
}
