//! Instruction words from the table: a row's pattern with its letters filled in. All the assembler these tests need.

use mips::isa::{self, Op};

/// The base register of every access, at the middle of the block's data area. No instruction writes it.
pub(crate) const BASE: u32 = 27;
/// Holds a small multiple of eight, for indexed accesses. No instruction writes it.
pub(crate) const INDEX: u32 = 26;
/// Counts how often a block may still branch backward. No other instruction writes it.
pub(crate) const ROUNDS: u32 = 30;

/// The word of `op` with `fields` in the places that its pattern marks with their letters; the other fields are zero. Of MIPS16e, it is what its decoder takes.
pub(crate) fn word(op: Op, fields: &[(char, u32)]) -> u32 {
    let row = isa::row(op);
    let mut word = row.bits;
    for (letter, value) in fields {
        word = with(row, word, *letter, *value);
    }
    word
}

/// `word` with the field `letter` of its row replaced.
pub(crate) fn with(row: &isa::Row, word: u32, letter: char, value: u32) -> u32 {
    let places = row.encoding.chars().filter(|c| *c != ' ').rev().enumerate().filter(|(_, c)| *c == letter);
    places.enumerate().fold(word, |word, (bit, (at, _))| word & !(1 << at) | (value >> bit & 1) << at)
}

/// `op rt, immediate(rs)`, or any other instruction of that shape.
pub(crate) fn immediate(op: Op, rt: u32, rs: u32, immediate: i32) -> u32 {
    word(op, &[('t', rt), ('s', rs), ('i', immediate as u32)])
}

/// `op rd, rs, rt`.
pub(crate) fn three(op: Op, rd: u32, rs: u32, rt: u32) -> u32 {
    word(op, &[('d', rd), ('s', rs), ('t', rt)])
}

/// LUI and ORI: any constant.
pub(crate) fn constant(rt: u32, value: u32) -> [u32; 2] {
    let lui = word(Op::lui, &[('t', rt), ('i', value >> 16)]);
    [lui, immediate(Op::ori, rt, rt, (value & 0xffff) as i32)]
}

/// J or JAL.
pub(crate) fn jump(op: Op, to: u32) -> u32 {
    word(op, &[('j', to >> 2)])
}
