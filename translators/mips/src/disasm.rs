//! Instruction to text, from the table's operand column.

use crate::decode::decode;
use crate::insn::Insn;
use crate::isa::{operands, row};
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

/// Prints as an assembler would read it: `lw v0, 4(a0)`. Branch targets are relative to the instruction.
impl fmt::Display for Insn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&text(*self, &|offset| format!(".{:+}", i64::from(offset) + 4)))
    }
}

/// The text of the instruction at `pc`, with branch and jump targets as addresses.
pub fn at(pc: u32, insn: Insn) -> String {
    text(insn, &|offset| format!("{:#x}", pc.wrapping_add(4).wrapping_add_signed(offset)))
}

/// The text of any word: `.word 0x…` if it is reserved.
pub fn word_at(pc: u32, word: u32) -> String {
    decode(word).map_or_else(|| format!(".word {word:#010x}"), |insn| at(pc, insn))
}

fn text(insn: Insn, branch: &dyn Fn(i32) -> String) -> String {
    let mut mnemonic = String::from(row(insn.op).text);
    let mut list = String::new();
    operands(insn, &mut |name, operand| match name {
        "fmt" | "fmt3" | "ifmt" => mnemonic = mnemonic.replace("fmt", &operand.to_string()),
        "cond" => mnemonic = mnemonic.replace("cond", &operand.to_string()),
        // Condition code 0 and code 0 are left out, as assemblers do.
        "cc" | "ccd" if operand.to_string() == "$fcc0" => {}
        "code" | "trap_code" | "sel" if matches!(operand.to_string().as_str(), "0x0" | "0") => {}
        "sa" if row(insn.op).name == "sync" && operand.to_string() == "0" => {}
        _ => {
            list.push_str(if list.is_empty() { " " } else { ", " });
            match name {
                "off" => list.push_str(&branch(insn.off().0)),
                _ => list.push_str(&operand.to_string()),
            }
        }
    });
    mnemonic + &list
}
