//! Instruction to text, from the table's operand column.

use crate::decode::{decode, decode16};
use crate::insn::Insn;
use crate::isa::{operands, row};
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

/// Prints as an assembler would read it: `lw v0, 4(a0)`. Branch targets are relative to the instruction.
impl fmt::Display for Insn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&text(*self, &|offset| format!(".{offset:+}")))
    }
}

/// The text of the instruction at `pc`, with branch and jump targets as addresses.
pub fn at(pc: u32, insn: Insn) -> String {
    text(insn, &|offset| format!("{:#x}", pc.wrapping_add_signed(offset)))
}

/// The text of any word: `.word 0x…` if it is reserved.
pub fn word_at(pc: u32, word: u32) -> String {
    decode(word).map_or_else(|| format!(".word {word:#010x}"), |insn| at(pc, insn))
}

/// The text of any word of MIPS16e, as [`decode16`] takes it: `.half 0x…` or `.word 0x…` if it is reserved.
pub fn word16_at(pc: u32, word: u32) -> String {
    let reserved = || if word >> 16 == 0 { format!(".half {word:#06x}") } else { format!(".word {word:#010x}") };
    decode16(word).map_or_else(reserved, |insn| at(pc, insn))
}

fn text(insn: Insn, branch: &dyn Fn(i32) -> String) -> String {
    let mut mnemonic = String::from(row(insn.op).text);
    let mut list = String::new();
    let mut last = "";
    operands(insn, &mut |name, operand| match name {
        "fmt" | "fmt3" | "ifmt" => mnemonic = mnemonic.replace("fmt", &operand.to_string()),
        "cond" => mnemonic = mnemonic.replace("cond", &operand.to_string()),
        // Condition code 0 and code 0 are left out, as assemblers do.
        "cc" | "ccd" if operand.to_string() == "$fcc0" => {}
        "code" | "code6" | "trap_code" | "sel" if matches!(operand.to_string().as_str(), "0x0" | "0") => {}
        "sa" if row(insn.op).name == "sync" && operand.to_string() == "0" => {}
        // MIPS16e's text leaves out what its encoding implies, and names what is read and written once.
        "t8" | "zero" => {}
        _ if name == last => {}
        _ => {
            last = name;
            list.push_str(if list.is_empty() { " " } else { ", " });
            match name {
                "off" => list.push_str(&branch(insn.off().0)),
                "off8" => list.push_str(&branch(insn.off8().0)),
                "off11" => list.push_str(&branch(insn.off11().0)),
                "offx" => list.push_str(&branch(insn.offx().0)),
                _ => list.push_str(&operand.to_string()),
            }
        }
    });
    mnemonic + &list
}
