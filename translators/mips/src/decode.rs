//! Word to instruction, by the table's patterns: one bucket of rows per major opcode, the most refined first.

use crate::insn::Insn;
use crate::isa::{FIRST_MIPS16E, ROWS};

const OPCODES: usize = 64;

/// Row numbers grouped by major opcode, and where each group starts.
struct Buckets {
    rows: [u16; ROW_COUNT],
    starts: [u16; OPCODES + 1],
}

const ROW_COUNT: usize = ROWS.len();

/// The bucket of a 32-bit instruction.
const fn opcode(word: u32) -> u32 {
    word >> 26
}

/// The bucket of a MIPS16e instruction: five bits, that of an extended one behind its EXTEND.
const fn opcode16(word: u32) -> u32 {
    match word >> 27 {
        0 => word >> 11,
        EXTEND => 32 | word >> 11 & 31,
        opcode => 32 | opcode,
    }
}

/// The major opcodes of MIPS16e that another halfword follows (MD00076 §3.9).
const EXTEND: u32 = 0b11110;
const JAL: u32 = 0b00011;

/// The buckets of the rows from `first` up to `end`.
const fn buckets(first: usize, end: usize, is_mips16e: bool) -> Buckets {
    let mut buckets = Buckets { rows: [0; ROW_COUNT], starts: [0; OPCODES + 1] };
    let (mut number, mut filled) = (0, 0);
    while number < OPCODES {
        buckets.starts[number] = filled as u16;
        // More fixed bits first, so that NOP is found before SLL.
        let mut fixed = 32;
        while fixed > 0 {
            let mut at = first;
            while at < end {
                let row = &ROWS[at];
                let opcode = if is_mips16e { opcode16(row.bits) } else { opcode(row.bits) };
                if opcode == number as u32 && row.mask.count_ones() == fixed {
                    buckets.rows[filled] = at as u16;
                    filled += 1;
                }
                at += 1;
            }
            fixed -= 1;
        }
        number += 1;
    }
    assert!(filled == end - first, "every row fixes its major opcode");
    buckets.starts[OPCODES] = filled as u16;
    buckets
}

static INDEX: Buckets = buckets(0, FIRST_MIPS16E, false);
static INDEX16: Buckets = buckets(FIRST_MIPS16E, ROW_COUNT, true);

fn find(index: &Buckets, opcode: u32, word: u32) -> Option<Insn> {
    let bucket = index.starts[opcode as usize] as usize..index.starts[opcode as usize + 1] as usize;
    index.rows[bucket]
        .iter()
        .map(|at| &ROWS[*at as usize])
        .find(|row| word & row.mask == row.bits)
        .map(|row| Insn { op: row.op, word })
}

/// The 32-bit instruction in `word` (host order); `None` if it is reserved.
pub fn decode(word: u32) -> Option<Insn> {
    find(&INDEX, opcode(word), word)
}

/// The MIPS16e instruction in `word`: its halfword, or the first of two above the second; `None` if it is reserved.
pub fn decode16(word: u32) -> Option<Insn> {
    let is_long = is_long(word >> 16);
    if is_long == (word >> 16 != 0) { find(&INDEX16, opcode16(word), word) } else { None }
}

/// Whether a MIPS16e instruction that begins with `half` has another halfword.
pub const fn is_long(half: u32) -> bool {
    matches!(half >> 11, EXTEND | JAL)
}

/// The instruction at `pc`, bit 0 of which is the ISA mode, from aligned words of code that `fetch` reads, in host order.
/// `None` is a reserved one; the error says which halfword or word could not be fetched.
pub fn decode_at<E>(
    pc: u32,
    big_endian: bool,
    mut fetch: impl FnMut(u32) -> Result<u32, E>,
) -> Result<Option<Insn>, Unfetched<E>> {
    match pc & 3 {
        0 => fetch(pc).map(decode).map_err(|why| Unfetched { at: pc, why: Some(why) }),
        2 => Err(Unfetched { at: pc, why: None }),
        _ => word16(pc & !1, big_endian, &mut fetch).map(decode16),
    }
}

/// Where no instruction could be fetched, and why; without a reason it is that none can lie there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unfetched<E> {
    /// The address, without an ISA mode.
    pub at: u32,
    /// What the memory said.
    pub why: Option<E>,
}

/// What [`decode16`] takes, from the halfwords at `at`.
fn word16<E>(at: u32, big_endian: bool, fetch: &mut dyn FnMut(u32) -> Result<u32, E>) -> Result<u32, Unfetched<E>> {
    let mut half = |at: u32| {
        let word = fetch(at & !3).map_err(|why| Unfetched { at, why: Some(why) })?;
        let is_upper = (at & 2 == 0) == big_endian;
        Ok(if is_upper { word >> 16 } else { word & 0xffff })
    };
    let first = half(at)?;
    if is_long(first) { Ok(first << 16 | half(at.wrapping_add(2))?) } else { Ok(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::{self, Isa, Op};

    /// Fills a row's free bits from a counter-based generator.
    fn sample(row: &isa::Row, seed: u32) -> u32 {
        let noise = (seed.wrapping_mul(0x9e37_79b9) ^ seed.rotate_left(13)).wrapping_mul(0x85eb_ca6b);
        row.bits | (noise & !row.mask)
    }

    #[test]
    fn every_row_decodes_to_itself_or_a_refinement() {
        for row in ROWS {
            for seed in 0..200 {
                let word = sample(row, seed);
                let found = isa::row(row.decode(word).expect("a row's own word decodes").op);
                assert!(found.mask & row.mask == row.mask, "{:08x}: {} hides {}", word, found.name, row.name);
            }
        }
    }

    #[test]
    fn overlapping_rows_refine_each_other() {
        for (at, a) in ROWS.iter().enumerate() {
            for b in &ROWS[at + 1..] {
                let are_alike = (a.since == Isa::MIPS16E) == (b.since == Isa::MIPS16E);
                let overlap = are_alike && (a.bits ^ b.bits) & a.mask & b.mask == 0;
                assert!(
                    !overlap || a.mask & b.mask == a.mask || a.mask & b.mask == b.mask,
                    "{} and {} compete",
                    a.name,
                    b.name
                );
            }
        }
    }

    #[test]
    fn rows_are_where_their_number_says() {
        assert!(ROWS.iter().enumerate().all(|(at, row)| row.op as usize == at));
        assert_eq!(decode(0).map(|insn| insn.op), Some(Op::nop));
        assert_eq!(decode(0x0000_0001 | 1 << 17), None);
    }

    #[test]
    fn halfwords_follow_each_other_in_both_orders() {
        // nop; li v0, 258, which crosses a word; jr ra.
        let halves = [0x6500, 0xf102, 0x6a02, 0xe820];
        let at = |pc: u32, big: bool| {
            let fetch = |at: u32| {
                let two = halves.get(at as usize / 2..at as usize / 2 + 2).ok_or(())?;
                Ok(if big { two[0] << 16 | two[1] } else { two[1] << 16 | two[0] })
            };
            decode_at(pc, big, fetch).map(|insn| insn.map(|insn| (insn.op, insn.bytes())))
        };
        for big in [false, true] {
            assert_eq!(at(1, big), Ok(Some((Op::nop16, 2))));
            assert_eq!(at(3, big), Ok(Some((Op::li_x, 4))));
            assert_eq!(at(7, big), Ok(Some((Op::jr_ra, 2))));
            assert_eq!(at(9, big), Err(Unfetched { at: 8, why: Some(()) }));
            assert_eq!(at(2, big), Err(Unfetched { at: 2, why: None }));
        }
        // What is extended and cannot be, and a halfword too many.
        assert_eq!((decode16(0xf000_6500), decode16(0x6500_6500), decode16(0xf000)), (None, None, None));
    }
}
