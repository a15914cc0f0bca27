//! Random blocks, from the instruction table: a row's pattern, random bits elsewhere, and what its operands demand.

use super::asm::{self, BASE, INDEX, ROUNDS};
use super::block::{Block, By, Item, Leads};
use super::exclude;
use super::mode::Mode;
use super::random::Random;
use super::record::{AREA, FCSR_SAFE, Record};
use super::short::Shorts;
use mips::isa::{Op, ROWS, Row};
use mips::reading::effects::effects;
use mips::{Insn, decode};

/// Instructions in a block.
const ITEMS: std::ops::RangeInclusive<usize> = 5..=30;

/// How often a block branches backward at most: few times, but so often once in a while that a timer may see it.
const ROUNDS_MAX: usize = 12;
const LONG: i32 = 5_000;
const LONG_ONCE_IN: usize = 50;
/// The register that a call links.
const LINK: u32 = 31;

/// What blocks are made from, in one mode.
pub(crate) struct Generator {
    mode: Mode,
    plain: Vec<&'static Row>,
    branches: Vec<&'static Row>,
    shorts: Shorts,
}

/// Rows that need company: see [`Generator::sum`] and [`Generator::trap`].
const SUMS: &[Op] = &[Op::add, Op::addi, Op::sub];

impl Generator {
    /// The generator of blocks for `mode`.
    pub(crate) fn new(mode: Mode) -> Generator {
        let rows = || ROWS.iter().filter(move |row| exclude::row(row, mode).is_none());
        let is_plain = |row: &&Row| !matches!(row.group, "branch" | "trap") && !SUMS.contains(&row.op);
        Generator {
            mode,
            plain: rows().filter(is_plain).collect(),
            branches: rows().filter(|row| row.group == "branch").collect(),
            shorts: Shorts::new(mode.big),
        }
    }

    /// A block.
    pub(crate) fn block(&self, random: &mut Random) -> Block {
        let record = Record::random(random, self.mode);
        let index = (random.below(AREA / 8) as i32 - AREA as i32 / 16) * 8;
        let count = ITEMS.start() + random.below(ITEMS.end() - ITEMS.start() + 1);
        let items = (0..count).map(|at| self.item(random, at, count)).collect();
        let rounds = if random.once_in(LONG_ONCE_IN) { LONG } else { 1 + random.below(ROUNDS_MAX) as i32 };
        Block { record, index, rounds, items }
    }

    fn item(&self, random: &mut Random, at: usize, count: usize) -> Item {
        match random.below(28) {
            0..4 => {
                let to = at + 1 + random.below(count - at);
                self.branch(random, to)
            }
            4 => self.sum(random),
            5 => Item::plain([trap(random)]),
            6 => self.control(random),
            7 => self.linked(random),
            8 => self.repeat(random),
            9 => self.again(random, at),
            10 => self.called(random),
            // QEMU's CPU for NaN2008 has no MIPS16e.
            11 | 12 if !self.mode.nan2008 => self.short(random),
            _ => Item::plain([self.plain(random)]),
        }
    }

    /// One instruction that neither branches nor raises.
    fn plain(&self, random: &mut Random) -> u32 {
        loop {
            let row = random.pick(&self.plain);
            if let Some(word) = self.fit(random, row) {
                return word;
            }
        }
    }

    /// A word of `row` that may stand in a block; `None` if these random bits did not make one.
    fn fit(&self, random: &mut Random, row: &Row) -> Option<u32> {
        let mut word = row.bits | random.word() & !row.mask;
        for operand in row.operands {
            word = match *operand {
                "mem" if row.op != Op::pref => {
                    let offset = offset(random, row.op);
                    asm::with(row, asm::with(row, word, 's', BASE), 'i', offset as u32)
                }
                "indexed" if row.op != Op::prefx => {
                    let (base, index) = if random.once_in(2) { (BASE, INDEX) } else { (INDEX, BASE) };
                    asm::with(row, asm::with(row, word, 's', base), 't', index)
                }
                "fcr" => asm::with(row, word, 's', *random.pick(&[0, 25, 25, 26, 28, 31])),
                "control" => asm::with(row, word, 'd', *random.pick(&[0, 1, 3, 29])),
                _ => word,
            };
        }
        let insn = Insn { op: row.op, word };
        if !self.mode.fr {
            for letter in exclude::long_operands(insn, row) {
                word = even(row, word, letter);
            }
        }
        let insn = decode(word).filter(|insn| insn.op == row.op)?;
        let is_allowed = exclude::insn(insn, self.mode).is_none() && !writes_reserved(insn);
        is_allowed.then_some(word)
    }

    /// A branch or jump to an item, with its slot.
    fn branch(&self, random: &mut Random, to: usize) -> Item {
        loop {
            let row = random.pick(&self.branches);
            let slot = self.plain(random);
            let is_register =
                row.operands.contains(&"rs") && row.operands.iter().all(|operand| matches!(*operand, "rs" | "rd"));
            if is_register {
                let through = 1 + random.below(25) as u32;
                let jump = asm::with(row, row.bits | random.word() & !row.mask, 's', through);
                let Some(jump) = self.usable(row, jump) else { continue };
                let [lui, ori] = asm::constant(through, 0);
                return Item {
                    words: vec![lui, ori, jump, slot],
                    leads: Some(Leads { to, word: 0, by: By::Constant }),
                };
            }
            let by = if row.operands.contains(&"target") { By::Target } else { By::Offset };
            let letter = if by == By::Target { 'j' } else { 'i' };
            let word = asm::with(row, row.bits | random.word() & !row.mask, letter, 0);
            let Some(word) = self.usable(row, word) else { continue };
            return Item { words: vec![word, slot], leads: Some(Leads { to, word: 0, by }) };
        }
    }

    fn usable(&self, row: &Row, word: u32) -> Option<u32> {
        let insn = decode(word).filter(|insn| insn.op == row.op)?;
        let is_allowed = exclude::insn(insn, self.mode).is_none() && !writes_reserved(insn);
        is_allowed.then_some(word)
    }

    /// ADD, ADDI or SUB of operands halved before, so that nothing overflows.
    fn sum(&self, random: &mut Random) -> Item {
        let mut register = || 1 + random.below(25) as u32;
        let (a, b, from_a, from_b, to) = (register(), register(), register(), register(), register());
        let halve = |rd, rt, sa| asm::word(Op::sra, &[('d', rd), ('t', rt), ('a', sa)]);
        let (halve_a, halve_b) = (halve(a, from_a, 1), halve(b, from_b, 2));
        let sum = match random.below(3) {
            0 => asm::three(Op::add, to, a, b),
            1 => asm::three(Op::sub, to, a, b),
            _ => asm::immediate(Op::addi, to, a, i32::from(random.word() as i16)),
        };
        Item::plain([halve_a, halve_b, sum])
    }

    /// LL and SC of one word, with something between them that may well change it.
    fn linked(&self, random: &mut Random) -> Item {
        let mut register = || 1 + random.below(25) as u32;
        let (loaded, stored, between) = (register(), register(), register());
        let at = offset(random, Op::ll);
        let between = match random.below(3) {
            0 => asm::immediate(Op::sw, between, BASE, at),
            1 => asm::immediate(Op::sb, between, BASE, at + 1),
            _ => self.plain(random),
        };
        Item::plain([asm::immediate(Op::ll, loaded, BASE, at), between, asm::immediate(Op::sc, stored, BASE, at)])
    }

    /// One instruction like [`Generator::plain`] that does not write `register`.
    fn sparing(&self, random: &mut Random, register: u32) -> u32 {
        loop {
            let word = self.plain(random);
            if decode(word).is_some_and(|insn| effects(insn).writes & 1 << register == 0) {
                return word;
            }
        }
    }

    /// A branch or jump backward, unless there were enough: with those forward it makes loops in loops, of several
    /// entries and exits.
    fn again(&self, random: &mut Random, at: usize) -> Item {
        let to = random.below(at + 1);
        let mut item = self.branch(random, to);
        let count = asm::immediate(Op::addiu, ROUNDS, ROUNDS, -1);
        let op = *random.pick(&[Op::blez, Op::blezl]);
        let over = 1 + item.words.len() as u32;
        let mut words = vec![count, asm::word(op, &[('s', ROUNDS), ('i', over)]), self.plain(random)];
        item.leads.iter_mut().for_each(|leads| leads.word = words.len());
        words.append(&mut item.words);
        Item { words, ..item }
    }

    /// A function that returns, and its call.
    fn called(&self, random: &mut Random) -> Item {
        let over = asm::word(Op::b, &[('i', 4)]);
        let back = asm::word(Op::jr, &[('s', LINK)]);
        let call = asm::word(Op::bal, &[('i', -4i32 as u32)]);
        let (body, slot) = (self.sparing(random, LINK), self.sparing(random, LINK));
        Item::plain([over, self.plain(random), body, back, self.plain(random), call, slot])
    }

    /// A stretch of MIPS16e, and its call.
    fn short(&self, random: &mut Random) -> Item {
        let through = 1 + random.below(25) as u32;
        let slot = self.sparing(random, LINK);
        Item::plain(self.shorts.called(random, through, slot))
    }

    /// A loop of a few rounds, as small as one can be.
    fn repeat(&self, random: &mut Random) -> Item {
        let counter = 1 + random.below(25) as u32;
        let (body, slot) = (self.sparing(random, counter), self.sparing(random, counter));
        let op = *random.pick(&[Op::bne, Op::bnel, Op::bgtz, Op::bgtzl]);
        let rounds = 1 + random.below(9) as i32;
        let start = asm::immediate(Op::addiu, counter, 0, rounds);
        let count = asm::immediate(Op::addiu, counter, counter, -1);
        // Back to the body, counted from the slot.
        let branch = asm::word(op, &[('s', counter), ('i', -3i32 as u32)]);
        Item::plain([start, body, count, branch, slot])
    }

    /// CTC1 of a constant that enables nothing.
    fn control(&self, random: &mut Random) -> Item {
        let register = 1 + random.below(25) as u32;
        let registers: &[(u32, u32)] = &[(25, 0xff), (26, 0x7c), (28, 7), (31, FCSR_SAFE)];
        let (number, mask) = *random.pick(if self.mode.exact { registers } else { &registers[..1] });
        let [lui, ori] = asm::constant(register, random.word() & mask);
        Item::plain([lui, ori, asm::word(Op::ctc1, &[('t', register), ('s', number)])])
    }
}

/// A trap instruction whose condition is false by construction: the base register is a positive number above 32767.
fn trap(random: &mut Random) -> u32 {
    let (any, code) = (random.word() & 31, random.word() & 0x3ff);
    let positive = 1 + random.below(0x7fff) as i32;
    let register = |op, rs, rt| asm::word(op, &[('s', rs), ('t', rt), ('c', code)]);
    let immediate = |op, rs, value: i32| asm::word(op, &[('s', rs), ('i', value as u32)]);
    match random.below(12) {
        0 => register(Op::teq, 0, BASE),
        1 => register(Op::tne, any, any),
        2 => register(Op::tge, 0, BASE),
        3 => register(Op::tgeu, 0, BASE),
        4 => register(Op::tlt, any, any),
        5 => register(Op::tltu, BASE, 0),
        6 => immediate(Op::teqi, BASE, i32::from(random.word() as i16)),
        7 => immediate(Op::tnei, 0, 0),
        8 => immediate(Op::tgei, 0, positive),
        9 => immediate(Op::tgeiu, 0, positive),
        10 => immediate(Op::tlti, BASE, i32::from(random.word() as i16)),
        _ => immediate(Op::tltiu, BASE, positive),
    }
}

/// An offset within the data area. Aligned: QEMU's user mode does not mend unaligned accesses, as Linux does.
fn offset(random: &mut Random, op: Op) -> i32 {
    let bytes = match op {
        Op::lb | Op::lbu | Op::sb | Op::lwl | Op::lwr | Op::swl | Op::swr | Op::synci => 1,
        Op::lh | Op::lhu | Op::sh => 2,
        Op::ldc1 | Op::sdc1 => 8,
        _ => 4,
    };
    random.below(AREA / bytes) as i32 * bytes as i32 - AREA as i32 / 2
}

/// The register in field `letter` made even: FR=0 pairs begin there.
fn even(row: &Row, word: u32, letter: char) -> u32 {
    let lowest = row.encoding.chars().filter(|c| *c != ' ').rev().position(|c| c == letter);
    word & !(1 << lowest.expect("the row has the field"))
}

fn writes_reserved(insn: Insn) -> bool {
    effects(insn).writes & (1 << BASE | 1 << INDEX | 1 << ROUNDS) != 0
}
