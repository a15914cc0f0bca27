//! cargo test --release -p strata-suite --test disassembly
//!
//! The text of random words of every row, against binutils' disassembler. Where the two differ on purpose is listed in
//! `KNOWN`, with the reason.

use mips::isa::{self, Isa, ROWS, Row};
use mips::{Insn, decode, decode16, disasm};
use std::fs;
use std::process::Command;
use strata_suite::differential::Random;
use strata_suite::place;

const OBJDUMP: &str = "mipsel-linux-gnu-objdump";
/// Words of each row.
const WORDS: usize = 40;

/// Where the words lie, far enough from zero for branches.
const AT: u32 = 0x10_0000;

/// What binutils writes for `bytes` of a machine, from [`AT`] on.
fn binutils(machine: &str, bytes: &[u8]) -> Option<Vec<String>> {
    let folder = place::scratch();
    fs::create_dir_all(&folder).expect("scratch room");
    let file = folder.join(format!("{machine}.bin"));
    fs::write(&file, bytes).expect("scratch room");
    let options = "no-aliases,gpr-names=32,cp0-names=numeric,hwr-names=numeric";
    let from = format!("--adjust-vma={AT}");
    let format = ["-D", "-z", "-b", "binary", "-m", machine, "-EB", "-M", options, &from];
    let output = Command::new(OBJDUMP).args(format).arg(&file).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // `   4:	24420001 	addiu	v0,v0,1`
    let lines = text.lines().filter_map(|line| line.split_once(":\t")?.1.split_once('\t'));
    Some(lines.map(|(_, text)| text.trim().to_owned()).collect())
}

/// Rows whose text is different on purpose, and why.
const KNOWN: &[(&[&str], &str)] = &[
    (&["b", "bal", "ehb", "nop", "ssnop"], "binutils without aliases calls them what they refine; pause it knows"),
    (&["rotr", "rotrv"], "binutils says ror and rorv; the manual says ROTR"),
    (&["sub", "subu"], "binutils keeps the aliases neg and negu even without aliases"),
    (&["jalr", "jalr_hb"], "binutils leaves the usual link register out"),
    (&["div", "divu"], "binutils writes the destination of Release 6, register zero"),
    (&["clo", "clz"], "binutils names both fields that must be alike"),
    (&["break_"], "binutils splits the code in two; both are one field to the manual and to Linux"),
    (&["wait"], "the code of WAIT has no meaning and is left out"),
    (&["cop2"], "binutils calls it c2"),
    (&["jalx"], "binutils adds the mode bit to the target"),
    (&["di", "ei"], "binutils leaves out register zero"),
    (&["cfc1", "ctc1"], "binutils names control registers; they are numbers here"),
    (&["movf", "movt", "movf_fmt", "movt_fmt"], "condition code 0 is left out as in branches and comparisons"),
    (&["ldc2", "lwc2", "sdc2", "swc2"], "binutils writes $ before registers of coprocessor 2"),
    (&["ins"], "binutils prints the size of a void field as negative"),
];

/// Blanks and the base of numbers do not matter.
fn normal(text: &str) -> String {
    let mut out = String::new();
    for part in text.replace(['\t', ' '], ",").split_inclusive([',', '(', ')']) {
        let (word, end) = part.split_at(part.trim_end_matches([',', '(', ')']).len());
        let number = word.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        out += &number.map_or_else(|| word.to_owned(), |number| number.to_string());
        out += end;
    }
    out.replace(",,", ",")
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn text_is_as_binutils_writes_it() {
    let mut random = Random::new(1);
    let mut words = Vec::new();
    let is_known_row = |row: &&Row| KNOWN.iter().any(|(names, _)| names.contains(&row.name));
    for row in ROWS.iter().filter(|row| row.since != Isa::MIPS16E && !is_known_row(row)) {
        words.extend((0..WORDS).map(|_| row.bits | random.word() & !row.mask));
    }
    // A word may be another row's, which refines this one.
    let is_known = |insn: Insn| KNOWN.iter().any(|(names, _)| names.contains(&isa::row(insn.op).name));
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    let Some(theirs) = binutils("mips:isa32r2", &bytes) else {
        return eprintln!("skipped: no {OBJDUMP}; cargo xtask setup installs it");
    };
    assert_eq!(theirs.len(), words.len());
    let mut wrong = Vec::new();
    for (at, (word, theirs)) in words.iter().zip(&theirs).enumerate() {
        let insn = decode(*word).expect("a row's word decodes");
        let ours = disasm::at(AT + 4 * at as u32, insn);
        if normal(&ours) != normal(theirs) && !is_known(insn) {
            wrong.push(format!("{word:08x}  {ours}  {theirs}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is different on purpose for MIPS16e. Branch targets are compared in the other test, by the same code.
const KNOWN16: &[(&[&str], &str)] = &[
    (&["addiu_pc", "addiu_pc_x", "lw_pc", "lw_pc_x"], "binutils writes addresses; the distance is what the code says"),
    (&["restore", "restore_x", "save", "save_x"], "binutils writes ranges of registers, and no name for s8"),
    (&["div16", "divu16"], "binutils writes the destination of Release 6, register zero"),
    (&["jal16", "jalx16"], "binutils adds the mode bit to the target, or takes the pair for another"),
    (&["nop16"], "binutils calls it what it refines, or not"),
    (&["asmacro"], "binutils writes its fields"),
];

/// A register that is source and destination, written once, as binutils does.
fn once(text: &str) -> String {
    let mut parts: Vec<&str> = text.split(',').collect();
    while parts.len() > 2 && parts[1] == parts[2] {
        parts.remove(1);
    }
    parts.join(",")
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn text_of_mips16e_is_as_binutils_writes_it() {
    let mut random = Random::new(2);
    let nop = isa::row(isa::Op::nop16).bits as u16;
    // Binutils says where it is by bytes: each instruction takes two halfwords.
    let mut words = Vec::new();
    let is_known = |name: &str| KNOWN16.iter().any(|(names, _)| names.contains(&name));
    for row in ROWS.iter().filter(|row| row.since == Isa::MIPS16E && !is_known(row.name)) {
        words.extend((0..WORDS).map(|_| row.bits | random.word() & !row.mask));
    }
    let halves = |word: u32| if word >> 16 == 0 { [word as u16, nop] } else { [(word >> 16) as u16, word as u16] };
    let bytes: Vec<u8> = words.iter().flat_map(|word| halves(*word)).flat_map(u16::to_be_bytes).collect();
    let Some(theirs) = binutils("mips:16", &bytes) else {
        return eprintln!("skipped: no {OBJDUMP}; cargo xtask setup installs it");
    };
    let mut theirs = theirs.iter();
    let mut wrong = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let text = theirs.next().expect("a line for each instruction");
        if word >> 16 == 0 {
            let filling = theirs.next().expect("what fills the word");
            assert!(filling.starts_with("nop") || filling.starts_with("move"), "{filling} behind {word:04x} {text}");
        }
        let insn = decode16(*word).expect("a row's word decodes");
        let ours = disasm::at((AT + 4 * at as u32) | 1, insn);
        if !is_known(isa::row(insn.op).name) && once(&normal(&ours)) != once(&normal(text)) {
            wrong.push(format!("{word:08x}  {ours}  {text}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
