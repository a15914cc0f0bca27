//! The committed answers: one line of text a case, written by QEMU.

use crate::case::{Answer, Case, instructions};
use crate::oracle::Oracle;
use crate::sample;
use std::path::PathBuf;
use strata_mips::cpu::Round;
use strata_mips::float::Env;

const HEADER: &str = "\
# What COP1 computes: answers of QEMU 7.2 (24Kf for legacy, P5600 for 2008), written by tests/float with BLESS=1.
#
#   NaN encoding, rounding mode (n, z, p, m; fs: flush to zero), instruction, operands => result, flags
#
# Operands and result are raw bits in hexadecimal, a comparison's result 0 or 1. The flags are I inexact, U underflow,
# O overflow, Z division by zero, V invalid, or -.
";

const FLAGS: [char; 5] = ['I', 'U', 'O', 'Z', 'V'];
const MODES: [(&str, Round); 4] = [("n", Round::Nearest), ("z", Round::Zero), ("p", Round::Up), ("m", Round::Down)];

pub(crate) fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/isa/fpu-vectors.txt"))
}

pub(crate) fn letters(flags: u8) -> String {
    let set: String = (0..).zip(FLAGS).filter(|&(bit, _)| flags >> bit & 1 != 0).map(|(_, letter)| letter).collect();
    if set.is_empty() { "-".into() } else { set }
}

pub(crate) fn line(case: &Case, answer: &Answer) -> String {
    let Case { instruction, a, b, env } = case;
    let nan = if env.nan2008 { "2008" } else { "legacy" };
    let mode = MODES.iter().find(|(_, round)| *round == env.round).map_or("?", |(name, _)| name);
    let flush = if env.flush { "fs" } else { "" };
    let second = if instruction.meaning.has_two_operands() { format!(" {b:x}") } else { String::new() };
    format!("{nan:6} {mode}{flush:2} {:9} {a:x}{second} => {answer}", instruction.name)
}

/// Nothing, if the line is a comment or empty.
pub(crate) fn parse(line: &str) -> Option<(Case, Answer)> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (question, answer) = line.split_once(" => ").expect(line);
    let hex = |word: &str| u64::from_str_radix(word, 16).expect(line);
    let words: Vec<_> = question.split_whitespace().collect();
    let [nan, mode, name, a, ..] = words[..] else { panic!("{line}") };
    let (round, flush) = mode.strip_suffix("fs").map_or((mode, false), |round| (round, true));
    let round = MODES.iter().find(|(name, _)| *name == round).expect(line).1;
    let instruction = instructions().into_iter().find(|it| it.name == name).expect(line);
    let b = words.get(4).map_or(0, |word| hex(word));
    let (result, set) = answer.split_once(' ').expect(line);
    let flags = (0..).zip(FLAGS).filter(|&(_, letter)| set.contains(letter)).map(|(bit, _)| 1 << bit).sum();
    let nan2008 = nan == "2008";
    let env = Env { round, nan2008, flush };
    Some((Case { instruction, a: hex(a), b, env }, Answer { result: hex(result), flags: Some(flags) }))
}

/// The file: of each instruction's cases one of each kind of outcome.
pub(crate) fn file(oracle: &Oracle) -> String {
    let mut text = String::from(HEADER);
    for instruction in instructions() {
        let mut seen = std::collections::BTreeMap::new();
        for (case, answer) in oracle.ask(&sample::cases(&instruction, 500)) {
            // The last of a kind is a random one, and has more bits.
            seen.insert(sample::outcome(&case, &answer), line(&case, &answer));
        }
        seen.values().for_each(|line| text = format!("{text}{line}\n"));
    }
    text
}
