//! What random blocks leave out, each with its reason. The `.ins` cases cover what is left out here.
//!
//! Where QEMU is known to be wrong and cannot judge: unaligned loads and stores ([`super::generate`], SIGBUS instead of
//! Linux's mending), NaN2008 without FR=1 ([`super::mode`]), CTC1 to FCCR with reserved bits (below).

use super::mode::Mode;
use mips::insn::{Fmt, Insn};
use mips::isa::{Isa, Op, Row};

/// Rows that always raise an exception in user mode, or leave the instruction set.
const RAISES: &[Op] = &[Op::break_, Op::sdbbp, Op::syscall, Op::jalx];

/// Why `row` is not generated in `mode`; `None` if it is.
pub(crate) fn row(row: &Row, mode: Mode) -> Option<&'static str> {
    let only_fr1 =
        matches!(row.op, Op::ceil_l | Op::cvt_l | Op::floor_l | Op::round_l | Op::trunc_l | Op::luxc1 | Op::suxc1);
    match row.op {
        _ if row.since == Isa::MIPS16E => Some("of another instruction set; generated in stretches of its own"),
        _ if RAISES.contains(&row.op) => Some("raises an exception"),
        Op::ll | Op::sc => Some("UNPREDICTABLE if SC's address is not LL's; generated in pairs instead"),
        Op::rdhwr => None,
        _ if row.group == "system" => Some("raises an exception in user mode"),
        _ if only_fr1 && !mode.fr => Some("UNPREDICTABLE with FR=0 (MD00086)"),
        _ => None,
    }
}

/// Why this very instruction is not generated; `None` if it is. Its row is.
pub(crate) fn insn(insn: Insn, mode: Mode) -> Option<&'static str> {
    let reads_link = matches!(insn.op, Op::bgezal | Op::bgezall | Op::bltzal | Op::bltzall) && insn.rs().index() == 31;
    match insn.op {
        _ if reads_link => Some("UNPREDICTABLE: the link register is the source"),
        Op::jalr | Op::jalr_hb if insn.rs() == insn.rd() => Some("UNPREDICTABLE: target and link are one register"),
        Op::ext if insn.pos().0 + insn.ext_size().0 > 32 => Some("UNPREDICTABLE: the field leaves the word"),
        Op::ins if insn.ins_size().0 == 0 => Some("UNPREDICTABLE: msb < lsb"),
        Op::cvt_d_int | Op::cvt_s_int if !mode.fr && insn.ifmt() == Fmt::L => Some("UNPREDICTABLE with FR=0 (MD00086)"),
        // CPUNum, SYNCI_Step, CCRes, UserLocal. The cycle counter has no repeatable value; the others are reserved.
        Op::rdhwr if !matches!(insn.control().0, 0 | 1 | 3 | 29) => Some("not repeatable, or reserved"),
        Op::cfc1 | Op::ctc1 => control(insn, mode),
        _ => None,
    }
}

fn control(insn: Insn, mode: Mode) -> Option<&'static str> {
    match (insn.fcr().0, insn.op) {
        (25, Op::cfc1) => None,
        (25, _) => {
            Some("QEMU drops a value with bits that FCCR does not have; generated with constants that have none")
        }
        (0, Op::cfc1) if !mode.nan2008 => None,
        (0, Op::cfc1) => Some("FIR of the P5600 that QEMU needs for NaN2008 differs from our 24Kf's"),
        (26 | 28 | 31, Op::cfc1) if mode.exact => None,
        (26 | 28 | 31, Op::cfc1) => Some("flags are kept only once a program touches them"),
        (26 | 28 | 31, _) => Some("any value could enable an exception; generated with safe constants instead"),
        _ => Some("no such control register"),
    }
}

/// Floating-point operands that are 64 bits wide, by the letter of their field.
pub(crate) fn long_operands(insn: Insn, row: &Row) -> Vec<char> {
    let letter = |operand: &&str| match *operand {
        "fd" => Some('d'),
        "fs" => Some(if row.group == "fpumove" && row.encoding.contains("fffff") { 'f' } else { 's' }),
        "ft" => Some('t'),
        "fr" => Some('r'),
        _ => None,
    };
    row.operands.iter().filter(|operand| is_long(insn, row, operand)).filter_map(letter).collect()
}

fn is_long(insn: Insn, row: &Row, operand: &str) -> bool {
    let source = operand != "fd";
    match (row.name, row.group) {
        ("ldc1" | "ldxc1" | "luxc1" | "sdc1" | "sdxc1" | "suxc1" | "mfhc1" | "mthc1", _) => true,
        (_, "fpumove") => false,
        ("cvt_d_s", _) => !source,
        ("cvt_s_d", _) => source,
        ("cvt_d_int", _) => !source || insn.ifmt() == Fmt::L,
        ("cvt_s_int", _) => source && insn.ifmt() == Fmt::L,
        (name, _) if name.ends_with("_l") && !source => true,
        (name, _) if name.ends_with("_w") && !source => false,
        _ if row.operands.contains(&"fmt3") => insn.fmt3() == Fmt::D,
        _ => insn.fmt() == Fmt::D,
    }
}
