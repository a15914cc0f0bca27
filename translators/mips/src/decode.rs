//! Word to instruction, by the table's patterns: one bucket of rows per major opcode, the most refined first.

use crate::insn::Insn;
use crate::isa::ROWS;

const OPCODES: usize = 64;

/// Row numbers grouped by major opcode, and where each group starts.
struct Buckets {
    rows: [u16; ROW_COUNT],
    starts: [u16; OPCODES + 1],
}

const ROW_COUNT: usize = ROWS.len();

const BUCKETS: Buckets = {
    let mut buckets = Buckets { rows: [0; ROW_COUNT], starts: [0; OPCODES + 1] };
    let (mut opcode, mut filled) = (0, 0);
    while opcode < OPCODES {
        buckets.starts[opcode] = filled as u16;
        // More fixed bits first, so that NOP is found before SLL.
        let mut fixed = 32;
        while fixed > 0 {
            let mut at = 0;
            while at < ROW_COUNT {
                let row = &ROWS[at];
                if row.bits >> 26 == opcode as u32 && row.mask.count_ones() == fixed {
                    buckets.rows[filled] = at as u16;
                    filled += 1;
                }
                at += 1;
            }
            fixed -= 1;
        }
        opcode += 1;
    }
    assert!(filled == ROW_COUNT, "every row fixes its major opcode");
    buckets.starts[OPCODES] = filled as u16;
    buckets
};

static INDEX: Buckets = BUCKETS;

/// The instruction in `word` (host order); `None` if it is reserved.
pub fn decode(word: u32) -> Option<Insn> {
    let opcode = (word >> 26) as usize;
    let bucket = INDEX.starts[opcode] as usize..INDEX.starts[opcode + 1] as usize;
    INDEX.rows[bucket]
        .iter()
        .map(|at| &ROWS[*at as usize])
        .find(|row| word & row.mask == row.bits)
        .map(|row| Insn { op: row.op, word })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::{self, Op};

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
                let found = isa::row(decode(word).expect("a row's own word decodes").op);
                assert!(found.mask & row.mask == row.mask, "{:08x}: {} hides {}", word, found.name, row.name);
            }
        }
    }

    #[test]
    fn overlapping_rows_refine_each_other() {
        for (at, a) in ROWS.iter().enumerate() {
            for b in &ROWS[at + 1..] {
                let overlap = (a.bits ^ b.bits) & a.mask & b.mask == 0;
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
}
