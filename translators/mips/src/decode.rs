//! Word to instruction, by the table's patterns: rows in buckets by major opcode and lowest bits, the most refined first.

use crate::insn::Insn;
use crate::isa::{FIRST_MIPS16E, Op, ROWS};

const OPCODES: usize = 64;
/// The lowest bits: where most opcodes with many rows say which.
const LOW_BITS: u32 = 6;
const BUCKETS: usize = OPCODES << LOW_BITS;

const ROW_COUNT: usize = ROWS.len();

/// What a word is compared with.
#[derive(Clone, Copy)]
struct Pattern {
    mask: u32,
    bits: u32,
    op: Op,
}

/// All rows' patterns, near each other.
static PATTERNS: [Pattern; ROW_COUNT] = {
    let mut patterns = [Pattern { mask: 0, bits: 0, op: ROWS[0].op }; ROW_COUNT];
    let mut at = 0;
    while at < ROW_COUNT {
        let row = &ROWS[at];
        patterns[at] = Pattern { mask: row.mask, bits: row.bits, op: row.op };
        at += 1;
    }
    patterns
};

/// Row numbers by bucket, and where each bucket starts. A row that leaves low bits open is in several.
struct Index<const PLACES: usize> {
    rows: [u16; PLACES],
    starts: [u16; BUCKETS + 1],
}

/// The bucket of a 32-bit instruction.
const fn bucket(word: u32) -> usize {
    ((word >> 26) << LOW_BITS | word & LOW) as usize
}

/// The bucket of a MIPS16e instruction: five bits, that of an extended one behind its EXTEND.
const fn bucket16(word: u32) -> usize {
    let opcode = match word >> 27 {
        0 => word >> 11,
        EXTEND => 32 | word >> 11 & 31,
        opcode => 32 | opcode,
    };
    (opcode << LOW_BITS | word & LOW) as usize
}

const LOW: u32 = (1 << LOW_BITS) - 1;

/// The major opcodes of MIPS16e that another halfword follows (MD00076 §3.9).
const EXTEND: u32 = 0b11110;
const JAL: u32 = 0b00011;

/// How many places the rows from `first` up to `end` take in all buckets.
const fn places(first: usize, end: usize) -> usize {
    let (mut sum, mut at) = (0, first);
    while at < end {
        sum += 1 << (LOW & !ROWS[at].mask).count_ones();
        at += 1;
    }
    sum
}

/// The rows from `first` up to `end`, those with more fixed bits first, so that NOP is found before SLL.
const fn by_refinement(first: usize, end: usize) -> [u16; ROW_COUNT] {
    let (mut order, mut filled, mut fixed) = ([0; ROW_COUNT], 0, 32);
    while fixed > 0 {
        let mut at = first;
        while at < end {
            if ROWS[at].mask.count_ones() == fixed {
                order[filled] = at as u16;
                filled += 1;
            }
            at += 1;
        }
        fixed -= 1;
    }
    order
}

/// The buckets of the rows from `first` up to `end`.
const fn index<const PLACES: usize>(first: usize, end: usize, is_mips16e: bool) -> Index<PLACES> {
    let order = by_refinement(first, end);
    let mut sizes = [0; BUCKETS];
    let mut index = Index { rows: [0; PLACES], starts: [0; BUCKETS + 1] };
    // Once to see how big they are, and once to fill them.
    let mut is_filling = false;
    loop {
        let mut number = 0;
        while number < end - first {
            let row = &ROWS[order[number] as usize];
            let mut low = 0;
            while low <= LOW {
                if low & row.mask & LOW == row.bits & LOW {
                    let word = row.bits | low;
                    let bucket = if is_mips16e { bucket16(word) } else { bucket(word) };
                    if is_filling {
                        index.rows[index.starts[bucket] as usize + sizes[bucket]] = order[number];
                    }
                    sizes[bucket] += 1;
                }
                low += 1;
            }
            number += 1;
        }
        if is_filling {
            return index;
        }
        let mut at = 0;
        while at < BUCKETS {
            index.starts[at + 1] = index.starts[at] + sizes[at] as u16;
            sizes[at] = 0;
            at += 1;
        }
        is_filling = true;
    }
}

static INDEX: Index<{ places(0, FIRST_MIPS16E) }> = index(0, FIRST_MIPS16E, false);
static INDEX16: Index<{ places(FIRST_MIPS16E, ROW_COUNT) }> = index(FIRST_MIPS16E, ROW_COUNT, true);

fn find<const PLACES: usize>(index: &Index<PLACES>, bucket: usize, word: u32) -> Option<Insn> {
    let rows = index.starts[bucket] as usize..index.starts[bucket + 1] as usize;
    let mut patterns = index.rows[rows].iter().map(|at| PATTERNS[*at as usize]);
    patterns.find(|pattern| word & pattern.mask == pattern.bits).map(|pattern| Insn { op: pattern.op, word })
}

/// The 32-bit instruction in `word` (host order); `None` if it is reserved.
pub fn decode(word: u32) -> Option<Insn> {
    find(&INDEX, bucket(word), word)
}

/// The MIPS16e instruction in `word`: its halfword, or the first of two above the second; `None` if it is reserved.
pub fn decode16(word: u32) -> Option<Insn> {
    let is_long = is_long(word >> 16);
    if is_long == (word >> 16 != 0) { find(&INDEX16, bucket16(word), word) } else { None }
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
