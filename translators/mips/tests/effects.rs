//! What the effects analysis says, against what the interpreter does: no register changes that is not said to be written,
//! and none matters that is not said to be read.
//!
//! Alone: `cargo test --release -p strata-mips --test effects`.

use std::collections::BTreeMap;
use strata_mips::cpu::Size;
use strata_mips::exception::Fault;
use strata_mips::isa::{self, Op, ROWS, Row};
use strata_mips::reading::effects::{Effects, effects};
use strata_mips::reading::interp::{Bus, Decoded, Interp};
use strata_mips::{Exception, Gpr, Insn, State};

/// Words of each row.
const WORDS: u32 = 60;
const AT: u32 = 0x40_0000;

/// Memory without end: what was not stored is a hash of its address. All code but one instruction is NOP.
#[derive(Clone, Default, PartialEq)]
struct Memory {
    words: [u32; 2],
    nop: u32,
    stored: BTreeMap<u32, u8>,
    accesses: u32,
}

impl Bus for Memory {
    fn is_big_endian(&self) -> bool {
        false
    }
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault> {
        self.accesses += 1;
        let byte = |n: u32| {
            let at = at.wrapping_add(n);
            u32::from(self.stored.get(&at).copied().unwrap_or((noise(at) >> 24) as u8))
        };
        Ok((0..size.bytes()).map(|n| byte(n) << (8 * n)).sum())
    }
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault> {
        self.accesses += 1;
        self.stored.extend((0..size.bytes()).map(|n| (at.wrapping_add(n), (value >> (8 * n)) as u8)));
        Ok(())
    }
    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        Ok(*self.words.get((at.wrapping_sub(AT) / 4) as usize).unwrap_or(&self.nop))
    }
    fn cycles(&mut self) -> u32 {
        0
    }
}

fn noise(seed: u32) -> u32 {
    let mixed = (seed ^ seed >> 16).wrapping_mul(0x7feb_352d);
    let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x846c_a68b);
    mixed ^ mixed >> 16
}

/// Does the instruction once.
fn step(insn: Insn, before: &State, decoded: &mut Decoded) -> (State, Memory, Result<(), Exception>) {
    let (word, nop16) = (insn.word, isa::row(Op::nop16).bits);
    let (words, nop) = match (insn.is_mips16e(), insn.bytes()) {
        (false, _) => ([word, 0], 0),
        (true, 2) => ([word | nop16 << 16, nop16 | nop16 << 16], nop16 | nop16 << 16),
        // The first halfword comes first.
        (true, _) => ([word.rotate_left(16), nop16 | nop16 << 16], nop16 | nop16 << 16),
    };
    let (mut state, mut memory) = (before.clone(), Memory { words, nop, ..Memory::default() });
    decoded.forget(AT, 4);
    let result = Interp::new(&mut state, &mut memory, decoded).step();
    (state, memory, result)
}

fn check(row: &Row, word: u32, seed: u32, decoded: &mut Decoded) {
    let Some(insn) = row.decode(word) else { return };
    let Effects { reads, writes, memory, .. } = effects(insn);
    let mut before =
        State { pc: AT | u32::from(insn.is_mips16e()), hi: noise(seed), lo: noise(seed + 1), ..State::default() };
    // Addresses that LL and SC like, and values that are equal now and then.
    before.gpr[1..].iter_mut().enumerate().for_each(|(at, reg)| *reg = noise(seed % 7 + at as u32 % 5) & !3);
    before.fpr.iter_mut().enumerate().for_each(|(at, reg)| *reg = noise(seed + 100 + at as u32));
    let (after, touched, result) = step(insn, &before, decoded);
    assert!(memory || touched.accesses == 0, "{}: {insn} accesses memory", row.name);
    for reg in Gpr::all() {
        let (bit, name) = (1 << reg.index(), row.name);
        assert!(writes & bit != 0 || after.get(reg) == before.get(reg), "{name}: {insn} changes {reg}");
        if reads & bit == 0 && reg != Gpr::ZERO {
            let mut other = before.clone();
            other.set(reg, !before.get(reg));
            let (mut changed, other_touched, other_result) = step(insn, &other, decoded);
            // An exception leaves what would be written as it was.
            if writes & bit == 0 || other_result.is_err() {
                changed.set(reg, before.get(reg));
            }
            let is_same = changed == after && other_touched == touched && other_result == result;
            assert!(is_same, "{name}: {insn} depends on {reg}");
        }
    }
}

#[test]
fn nothing_is_touched_that_effects_do_not_name() {
    let mut decoded = Decoded::new();
    for row in ROWS {
        for seed in 0..WORDS {
            check(row, row.bits | noise(seed + 1000) & !row.mask, seed, &mut decoded);
        }
    }
}
