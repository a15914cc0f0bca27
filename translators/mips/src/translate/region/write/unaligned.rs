//! Unaligned words. LWL and LWR together load one, SWL and SWR store one (MIPS32 volume II): that is one access of a host that
//! can do it, and some twenty instructions where each merges its part.

use crate::insn::Insn;
use crate::isa::Op;
use crate::reading::effects::{Flow, effects};
use crate::reading::emit::Options;
use crate::reg::Gpr;
use crate::region::Block;
use alloc::vec::Vec;

/// A block's instructions with their addresses. Two that access the parts of one word are one access to the word, where the
/// first of them stands; if faults are precise, only where nothing could fault between them.
pub(super) fn whole_words(block: &Block, options: Options) -> Vec<(u32, Option<Insn>)> {
    let mut insns: Vec<(u32, Option<Insn>)> = block.placed().collect();
    let mut first = 0;
    while let Some((at, insn)) = insns.get(first).copied() {
        if let Some(part) = Part::of(insn, options.big_endian)
            && let Some(second) = part.other(&insns[first + 1..], options)
        {
            insns[first] = (at, Some(part.whole()));
            insns.remove(first + 1 + second);
        }
        first += 1;
    }
    insns
}

/// An access to a part of a word.
#[derive(Clone, Copy)]
struct Part {
    loads: bool,
    is_left: bool,
    rt: Gpr,
    base: Gpr,
    /// Where the word begins, behind what is in the base register.
    offset: i32,
}

impl Part {
    /// The access that an instruction is, if it is one.
    fn of(insn: Option<Insn>, big_endian: bool) -> Option<Part> {
        let insn = insn?;
        let (loads, is_left) = match insn.op {
            Op::lwl => (true, true),
            Op::lwr => (true, false),
            Op::swl => (false, true),
            Op::swr => (false, false),
            _ => return None,
        };
        let mem = insn.mem();
        // Each is addressed by the byte of the word that is at its end.
        let begins_here = is_left == big_endian;
        let offset = i32::from(mem.offset) - if begins_here { 0 } else { 3 };
        Some(Part { loads, is_left, rt: insn.rt(), base: mem.base, offset })
    }

    /// The access to all of the word.
    fn whole(self) -> Insn {
        let (op, code) = if self.loads { (Op::lw, 0b10_0011) } else { (Op::sw, 0b10_1011) };
        let registers = (self.base.index() as u32) << 21 | (self.rt.index() as u32) << 16;
        Insn { op, word: code << 26 | registers | u32::from(self.offset as u16) }
    }

    /// Which of `behind` is the access to the other part of the word, if that may as well be done here.
    fn other(self, behind: &[(u32, Option<Insn>)], options: Options) -> Option<usize> {
        if i16::try_from(self.offset).is_err() || self.loads && self.rt == self.base {
            return None;
        }
        for (number, (_, insn)) in behind.iter().enumerate() {
            let part = Part::of(*insn, options.big_endian);
            if part.is_some_and(|part| self.is_other(part)) {
                return Some(number);
            }
            if !self.may_pass(insn.filter(|_| !options.fault_precise)?, part) {
                return None;
            }
        }
        None
    }

    fn is_other(self, part: Part) -> bool {
        let key = |part: Part| (part.loads, part.rt, part.base, part.offset);
        key(self) == key(part) && self.is_left != part.is_left
    }

    /// Whether it makes no difference which is done first: the access to the other part, or `insn`.
    fn may_pass(self, insn: Insn, part: Option<Part>) -> bool {
        let effects = effects(insn);
        let touches = |registers: u32, register: Gpr| registers >> register.index() & 1 != 0;
        let is_touched = touches(effects.writes, self.rt) || touches(effects.writes, self.base);
        if is_touched || self.loads && touches(effects.reads, self.rt) {
            return false;
        }
        match part {
            Some(part) if self.loads => part.loads,
            Some(part) => !part.loads && part.base == self.base && part.offset.abs_diff(self.offset) >= 4,
            None => {
                effects.flow == Flow::Next
                    && !(effects.memory || effects.arithmetic || effects.control || effects.traps)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode;
    use crate::region::End;
    use crate::state::FpuMode;
    use alloc::vec;

    const LW: u32 = 0b10_0011;
    const SW: u32 = 0b10_1011;
    const LWL: u32 = 0b10_0010;
    const LWR: u32 = 0b10_0110;
    const SWL: u32 = 0b10_1010;
    const SWR: u32 = 0b10_1110;
    const ADDIU: u32 = 0b00_1001;

    fn word(code: u32, rt: u32, offset: i16, base: u32) -> u32 {
        code << 26 | base << 21 | rt << 16 | u32::from(offset as u16)
    }

    fn made_of(words: &[u32], big_endian: bool, fault_precise: bool) -> Vec<u32> {
        let insns = words.iter().map(|word| decode(*word)).collect();
        let block = Block {
            pc: 0x1000,
            insns,
            slot: None,
            is_compact: false,
            end: End::Next,
            switch: None,
            skipped: vec![],
            unordered: None,
        };
        let options = Options { big_endian, fpu: FpuMode::default(), fault_precise };
        let insns = whole_words(&block, options);
        insns.into_iter().map(|(_, insn)| insn.expect("none is reserved").word).collect()
    }

    #[test]
    fn two_parts_are_one_word() {
        let parts = [word(LWL, 2, 3, 4), word(LWR, 2, 0, 4)];
        assert_eq!(made_of(&parts, false, true), [word(LW, 2, 0, 4)]);
        assert_eq!(made_of(&parts, true, false), parts);
        let parts = [word(SWR, 2, -5, 4), word(SWL, 2, -8, 4)];
        assert_eq!(made_of(&parts, true, true), [word(SW, 2, -8, 4)]);
        assert_eq!(made_of(&parts, false, false), parts);
    }

    #[test]
    fn they_may_stand_apart() {
        let (a, b) = ([word(LWL, 2, 3, 4), word(LWR, 2, 0, 4)], [word(LWL, 3, 7, 4), word(LWR, 3, 4, 4)]);
        let mixed = [a[0], b[0], word(ADDIU, 5, 1, 5), a[1], b[1]];
        let whole = [word(LW, 2, 0, 4), word(LW, 3, 4, 4), word(ADDIU, 5, 1, 5)];
        assert_eq!(made_of(&mixed, false, false), whole);
        assert_eq!(made_of(&mixed, false, true), mixed);
        let (a, b) = ([word(SWL, 2, 3, 4), word(SWR, 2, 0, 4)], [word(SWL, 3, 7, 4), word(SWR, 3, 4, 4)]);
        assert_eq!(made_of(&[a[0], b[0], a[1], b[1]], false, false), [word(SW, 2, 0, 4), word(SW, 3, 4, 4)]);
    }

    #[test]
    fn what_stands_between_may_forbid_it() {
        let loads = [word(LWL, 2, 3, 4), word(LWR, 2, 0, 4)];
        let stores = [word(SWL, 2, 3, 4), word(SWR, 2, 0, 4)];
        for between in [word(ADDIU, 4, 1, 4), word(ADDIU, 2, 1, 5), word(ADDIU, 3, 1, 2), word(SW, 5, 0, 6)] {
            let words = [loads[0], between, loads[1]];
            assert_eq!(made_of(&words, false, false), words);
        }
        for between in [word(ADDIU, 4, 1, 4), word(ADDIU, 2, 1, 5), word(LW, 5, 0, 6), word(SWL, 5, 6, 4)] {
            let words = [stores[0], between, stores[1]];
            assert_eq!(made_of(&words, false, false), words);
        }
        // The second would not be where the first was.
        let words = [word(LWL, 4, 3, 4), word(LWR, 4, 0, 4)];
        assert_eq!(made_of(&words, false, false), words);
    }
}
