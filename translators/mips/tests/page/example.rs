//! One word of each row, its fields filled so that they can be told apart.

use strata_mips::Insn;
use strata_mips::isa::{Isa, Row};

/// Values of the fields, by their letter: registers a0, a2, v0 or $f4, $f6, $f2, $f8; format D; condition `lt`.
const FIELDS: &[(char, u32)] = &[
    ('s', 4),
    ('t', 6),
    ('d', 2),
    ('r', 8),
    ('i', 8),
    ('a', 3),
    ('l', 4),
    ('m', 11),
    ('h', 0),
    ('c', 1),
    ('f', 1),
    ('n', 12),
    ('j', 0x10_0000),
];

/// The same for MIPS16e: a0, a2, v1, and of any register a1.
const FIELDS16: &[(char, u32)] =
    &[('x', 4), ('y', 6), ('z', 3), ('r', 5), ('i', 8), ('m', 1), ('a', 3), ('c', 1), ('s', 1), ('t', 0), ('f', 4)];

/// The example of `row`.
pub(crate) fn of(row: &Row) -> Insn {
    let mut word = row.bits;
    let fields = if row.since == Isa::MIPS16E { FIELDS16 } else { FIELDS };
    for (letter, value) in fields {
        // SDXC1 and its kin name a register, RDHWR and MFC0 a number of a system register.
        let value = match (*letter, row.name) {
            ('f', _) if row.encoding.contains("fffff") => 4,
            ('d', "rdhwr") => 29,
            ('d', "mfc0" | "mtc0") => 12,
            ('s', "cfc1" | "ctc1") => 31,
            _ => *value,
        };
        let places = row.encoding.chars().filter(|c| *c != ' ').rev().enumerate().filter(|(_, c)| c == letter);
        for (bit, (at, _)) in places.enumerate() {
            word |= (value >> bit & 1) << at;
        }
    }
    row.decode(word)
        .filter(|insn| insn.op == row.op)
        .unwrap_or_else(|| panic!("{} has no example: {word:08x}", row.name))
}
