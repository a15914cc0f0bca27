//! Stretches of MIPS16e in a random block: 32-bit code calls one, and it comes back.
//!
//! A stretch is a list of pieces: an instruction with what it needs before it, a branch over some of them, a loop, a call.
//! Its accesses stay in the block's data area, or read the stretch itself; it never links but to come back.

use super::asm::{self, BASE};
use super::random::Random;
use super::record::AREA;
use mips::isa::{self, Isa, Op, ROWS, Row};
use mips::reading::effects::{Flow, effects};
use mips::{Gpr, Insn};

/// Pieces in a stretch.
const PIECES: usize = 12;
/// Registers that a stretch leaves alone: those that blocks keep, and where it returns.
const KEPT: u32 = 1 << 26 | 1 << 27 | 1 << 30 | 1 << 31;
/// Where a call inside a stretch keeps that: s1.
const SAVED: u32 = 1;
/// The register that a call inside goes through, and the counter of loops: v0 and s0.
const THROUGH: u32 = 2;
const COUNTER: u32 = 0;

/// What a stretch is made from.
pub(crate) struct Shorts {
    big: bool,
    plain: Vec<&'static Row>,
}

impl Shorts {
    /// For this byte order.
    pub(crate) fn new(big: bool) -> Shorts {
        let is_plain = |row: &&Row| {
            let first = row.decode(row.bits);
            row.since == Isa::MIPS16E && first.is_some_and(|insn| effects(insn).flow == Flow::Next)
        };
        Shorts { big, plain: ROWS.iter().filter(is_plain).collect() }
    }

    /// The words of a stretch and of its call, which stand behind each other. `through` is the register that the call goes
    /// through, `slot` what its slot does.
    pub(crate) fn called(&self, random: &mut Random, through: u32, slot: u32) -> Vec<u32> {
        let mut halves = Vec::new();
        for _ in 0..1 + random.below(PIECES) {
            let piece = self.piece(random, halves.len());
            halves.extend(piece);
        }
        halves.extend(self.back(random));
        if halves.len() % 2 != 0 {
            halves.push(isa::row(Op::nop16).bits);
        }
        let stretch: Vec<u32> = halves
            .chunks_exact(2)
            .map(|two| if self.big { two[0] << 16 | two[1] } else { two[1] << 16 | two[0] })
            .collect();
        // BAL says where it is; the stretch lies before it.
        let back = 4 * (stretch.len() as i32 + 2);
        let mut words = vec![asm::word(Op::b, &[('i', stretch.len() as u32 + 1)]), 0];
        words.extend(stretch);
        words.extend([asm::word(Op::bal, &[('i', 1)]), 0]);
        words.push(asm::immediate(Op::addiu, through, 31, 1 - back));
        words.extend([asm::word(Op::jalr, &[('d', 31), ('s', through)]), slot]);
        words
    }

    /// The end of a stretch.
    fn back(&self, random: &mut Random) -> Vec<u32> {
        let from_ra = asm::word(Op::movr32, &[('y', THROUGH), ('r', 31)]);
        match random.below(4) {
            0 => vec![isa::row(Op::jrc_ra).bits],
            1 => vec![isa::row(Op::jr_ra).bits, self.slot(random)],
            2 => vec![from_ra, asm::word(Op::jrc, &[('x', THROUGH)])],
            _ => vec![from_ra, asm::word(Op::jr16, &[('x', THROUGH)]), self.slot(random)],
        }
    }

    fn piece(&self, random: &mut Random, at: usize) -> Vec<u32> {
        match random.below(10) {
            0 | 1 => self.over(random),
            2 => self.repeat(random),
            3 => self.inner_call(random, at),
            _ => self.plain(random, 0),
        }
    }

    /// An instruction that goes on to the next and spares `kept`, with the registers it needs made right before.
    fn plain(&self, random: &mut Random, kept: u32) -> Vec<u32> {
        loop {
            let row = random.pick(&self.plain);
            let bits = random.word() & !row.mask;
            let word = fit(random, row, row.bits | bits);
            let is_own = |insn: &Insn| insn.op == row.op && effects(*insn).flow == Flow::Next;
            let Some(insn) = row.decode(word).filter(is_own) else { continue };
            let (mut before, mut written) = (Vec::new(), effects(insn).writes);
            let from_base =
                row.operands.iter().any(|operand| matches!(*operand, "mem_byte" | "mem_half" | "mem_word" | "memx"));
            let from_sp =
                row.operands.iter().any(|operand| matches!(*operand, "mem_sp" | "memx_sp" | "frame" | "framex"));
            // The middle of the area.
            let base = if from_base { word >> 8 & 7 } else { 2 + random.below(6) as u32 };
            if from_base || from_sp {
                before.push(asm::word(Op::movr32, &[('y', base), ('r', BASE)]));
                written |= 1 << register(base);
            }
            if from_sp {
                before.push(asm::word(Op::mov32r, &[('r', to32(Gpr::SP)), ('z', base)]));
                written |= 1 << Gpr::SP.index();
            }
            if written & (KEPT | kept) == 0 {
                return before.into_iter().chain(halves(insn)).collect();
            }
        }
    }

    /// One that a slot can hold.
    fn slot(&self, random: &mut Random) -> u32 {
        loop {
            if let [half] = self.plain(random, 1 << register(SAVED))[..] {
                return half;
            }
        }
    }

    /// A branch over some instructions.
    fn over(&self, random: &mut Random) -> Vec<u32> {
        let skipped: Vec<u32> = (0..random.below(4)).flat_map(|_| self.plain(random, 0)).collect();
        let (tested, by) = (random.word() & 7, skipped.len() as u32);
        let op = *random.pick(&[Op::b16, Op::beqz, Op::bnez, Op::bteqz, Op::btnez]);
        let extended = [Op::b_x, Op::beqz_x, Op::bnez_x, Op::bteqz_x, Op::btnez_x];
        let word = match random.below(3) {
            0 => asm::word(*random.pick(&extended), &[('x', tested), ('i', by & 31), ('m', by >> 5)]),
            _ => asm::word(op, &[('x', tested), ('i', by)]),
        };
        split(word).into_iter().chain(skipped).collect()
    }

    /// A loop of a few rounds.
    fn repeat(&self, random: &mut Random) -> Vec<u32> {
        let counter = 1 << register(COUNTER);
        let rounds = 1 + random.below(9) as u32;
        let body: Vec<u32> = (0..1 + random.below(3)).flat_map(|_| self.plain(random, counter)).collect();
        let mut halves = vec![asm::word(Op::li, &[('x', COUNTER), ('i', rounds)])];
        let back = body.len() as i32 + 2;
        halves.extend(body);
        halves.push(asm::word(Op::addiu2_16, &[('x', COUNTER), ('i', -1i32 as u32)]));
        halves.push(asm::word(Op::bnez, &[('x', COUNTER), ('i', -back as u32)]));
        halves
    }

    /// A function in the stretch, and its call. `at` is how many halfwords of the stretch are before.
    fn inner_call(&self, random: &mut Random, at: usize) -> Vec<u32> {
        let mut function = self.plain(random, 1 << register(SAVED));
        function.extend(match random.below(2) {
            0 => vec![isa::row(Op::jrc_ra).bits],
            _ => vec![isa::row(Op::jr_ra).bits, self.slot(random)],
        });
        let mut halves = vec![asm::word(Op::b16, &[('i', function.len() as u32)])];
        halves.extend(function);
        halves.push(asm::word(Op::movr32, &[('y', SAVED), ('r', 31)]));
        // From the word that it is in to the function behind B, and its ISA mode.
        let counts_from = (at + halves.len()) & !1;
        let by = 2 * (at as i32 + 1 - counts_from as i32) + 1;
        let fields = [('x', THROUGH), ('i', by as u32 & 31), ('m', by as u32 >> 5 & 63), ('n', by as u32 >> 11 & 31)];
        halves.extend(split(asm::word(Op::addiu_pc_x, &fields)));
        match random.below(2) {
            0 => halves.push(asm::word(Op::jalrc, &[('x', THROUGH)])),
            _ => halves.extend([asm::word(Op::jalr16, &[('x', THROUGH)]), self.slot(random)]),
        }
        halves.push(asm::word(Op::mov32r, &[('r', to32(Gpr::RA)), ('z', SAVED)]));
        halves
    }
}

/// `word` of `row` with an offset that stays in the area's upper half, or in the stretch.
fn fit(random: &mut Random, row: &Row, word: u32) -> u32 {
    let half = AREA as u32 / 2;
    let bytes = if row.text.starts_with("lb") || row.text == "sb" {
        1
    } else if row.text.contains('h') {
        2
    } else {
        4
    };
    // Aligned: QEMU's user mode does not mend unaligned accesses, as Linux does.
    let offset = random.below((half / bytes) as usize) as u32 * bytes;
    let extended = |word| {
        [('i', offset & 31), ('m', offset >> 5), ('n', 0)]
            .iter()
            .fold(word, |word, field| asm::with(row, word, field.0, field.1))
    };
    match row.operands.last().copied() {
        Some("mem_sp") => asm::with(row, word, 'i', offset / 4),
        Some("pc_mem" | "pc_plus") => asm::with(row, word, 'i', offset / 8),
        Some("memx" | "memx_sp" | "pc_memx") => extended(word),
        // At most 64 bytes, which is what RESTORE may reach.
        Some("frame") => asm::with(row, word, 'f', 1 + offset % 8),
        Some("framex") => asm::with(row, asm::with(row, word, 'h', 0), 'f', offset % 9),
        _ => word,
    }
}

/// The halfwords of an instruction.
fn halves(insn: Insn) -> Vec<u32> {
    if insn.bytes() == 2 { vec![insn.word] } else { split(insn.word) }
}

fn split(word: u32) -> Vec<u32> {
    let both = [word >> 16, word & 0xffff];
    both[usize::from(both[0] == 0)..].to_vec()
}

/// The number of the register that three bits name.
fn register(three_bits: u32) -> u32 {
    if three_bits < 2 { 16 + three_bits } else { three_bits }
}

/// A register as MOV32R names its destination: the lower three bits first.
fn to32(reg: Gpr) -> u32 {
    let number = reg.index() as u32;
    (number & 7) << 2 | number >> 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use mips::decode::decode_at;
    use std::collections::BTreeSet;

    #[test]
    fn stretches_have_every_instruction() {
        for big in [false, true] {
            let (shorts, mut random) = (Shorts::new(big), Random::new(3));
            let mut seen = BTreeSet::new();
            for _ in 0..2_000 {
                let words = shorts.called(&mut random, 4, 0);
                let end = 4 * (words.len() as u32 - 5);
                let mut pc = 8 | 1;
                while pc < end {
                    let insn = decode_at(pc, big, |at| words.get(at as usize / 4).copied().ok_or(()));
                    let insn = insn.ok().flatten().expect("no reserved instruction");
                    seen.insert(insn.op);
                    pc += insn.bytes();
                }
            }
            let own = [
                Op::b16,
                Op::beqz_x,
                Op::bnez,
                Op::bteqz,
                Op::jalrc,
                Op::jalr16,
                Op::jr16,
                Op::jr_ra,
                Op::jrc,
                Op::jrc_ra,
            ];
            let missing: Vec<Op> =
                shorts.plain.iter().map(|row| row.op).chain(own).filter(|op| !seen.contains(op)).collect();
            assert_eq!(missing, []);
        }
    }
}
