//! A program of 50 MB, all of it translated: how long that takes, and how much memory.
//!
//! It is generated: functions of about a hundred instructions that differ, each of which is called once. No compiler could
//! make so much in so little time.

use crate::kernels;
use crate::measure::Measurer;
use crate::place;
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// Bytes of its file.
const BYTES: usize = 50_000_000;
/// Where it is loaded: the page of its headers, then code.
const BASE: u32 = 0x0040_0000;
const HEADERS: usize = 0x1000;
/// Instructions of a function that are picked at random.
const PICKED: usize = 85;

// Registers by number.
const V0: u32 = 2;
const A0: u32 = 4;
const S0: u32 = 16;
const S1: u32 = 17;
const S2: u32 = 18;
const T9: u32 = 25;
const SP: u32 = 29;
const RA: u32 = 31;

// Opcodes and functions (MD00086, tables A.2 and A.3).
const ADDIU: u32 = 9;
const ORI: u32 = 13;
const LUI: u32 = 15;
const LW: u32 = 35;
const SW: u32 = 43;
const BEQ: u32 = 4;
const BNE: u32 = 5;
const ADDU: u32 = 33;
const SUBU: u32 = 35;
const AND: u32 = 36;
const OR: u32 = 37;
const XOR: u32 = 38;
const SLTU: u32 = 43;
const JR: u32 = 8;
const JALR: u32 = 9;
const SYSCALL: u32 = 12;

const fn immediate(op: u32, rs: u32, rt: u32, value: u32) -> u32 {
    op << 26 | rs << 21 | rt << 16 | value & 0xffff
}

const fn registers(function: u32, rd: u32, rs: u32, rt: u32) -> u32 {
    rs << 21 | rt << 16 | rd << 11 | function
}

/// The program: what it prints depends on all of its functions.
fn program() -> Vec<u8> {
    let mut seed = 5u32;
    let mut below = |limit: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % limit
    };
    let mut words: Vec<u32> = Vec::with_capacity(BYTES / 4);
    let mut functions = Vec::new();
    // A function, and its word in the table.
    while HEADERS + 4 * (words.len() + functions.len()) < BYTES {
        functions.push(BASE + (HEADERS + 4 * words.len()) as u32);
        words.extend([immediate(ADDIU, SP, SP, 0u32.wrapping_sub(32)), immediate(SW, SP, S0, 24)]);
        words.push(registers(ADDU, S0, A0, 0));
        let end = words.len() + PICKED;
        while words.len() < end {
            // v0 to t7.
            let (a, b, c) = (V0 + below(14), V0 + below(14), V0 + below(14));
            match below(20) {
                0..7 => words.push(registers([ADDU, SUBU, AND, OR, XOR, SLTU][below(6) as usize], a, b, c)),
                7..11 => words.push(immediate(ADDIU, b, a, below(1998))),
                11..14 => words.push(immediate(LW, SP, a, 4 * below(6))),
                14..17 => words.push(immediate(SW, SP, a, 4 * below(6))),
                _ => words.extend([
                    immediate(BEQ, a, b, 3),
                    0,
                    immediate(ADDIU, c, c, 1 + below(99)),
                    immediate(ADDIU, a, a, 1 + below(99)),
                ]),
            }
        }
        words.extend([registers(XOR, V0, V0, S0), immediate(LW, SP, S0, 24)]);
        words.extend([registers(JR, 0, RA, 0), immediate(ADDIU, SP, SP, 32)]);
    }
    let table = BASE + (HEADERS + 4 * words.len()) as u32;
    let end = table + 4 * functions.len() as u32;
    words.append(&mut functions);
    let address = |rt, at: u32| [immediate(LUI, 0, rt, at >> 16), immediate(ORI, rt, rt, at)];
    words.extend([address(S0, table), address(S1, end)].concat());
    words.extend([
        immediate(LW, S0, T9, 0),
        registers(JALR, RA, T9, 0),
        registers(ADDU, A0, S2, 0),
        immediate(ADDIU, S0, S0, 4),
        immediate(BNE, S0, S1, 0u32.wrapping_sub(5)),
        registers(ADDU, S2, S2, V0),
        // write(1, sp, 4), exit(0)
        immediate(SW, SP, S2, 0),
        immediate(ADDIU, 0, A0, 1),
        registers(ADDU, A0 + 1, SP, 0),
        immediate(ADDIU, 0, A0 + 2, 4),
        immediate(ADDIU, 0, V0, 4004),
        SYSCALL,
        immediate(ADDIU, 0, A0, 0),
        immediate(ADDIU, 0, V0, 4001),
        SYSCALL,
    ]);
    let mut file = headers(end, HEADERS + 4 * words.len());
    file.resize(HEADERS, 0);
    file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    file
}

/// ELF's: one segment, which is all of the file.
fn headers(entry: u32, bytes: usize) -> Vec<u8> {
    const MIPS32R2_O32: u32 = 0x7000_1000;
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x08\0".to_vec();
    let bytes = bytes as u32;
    let words = [1, entry, 52, 0, MIPS32R2_O32, 32 << 16 | 52, 1, 0, 1, 0, BASE, BASE, bytes, bytes, 5, 0x1000];
    file.extend(words.iter().flat_map(|word: &u32| word.to_le_bytes()));
    file
}

/// Measures it, and compares what it prints with what the interpreter makes of it.
pub(crate) fn run() -> Result<String> {
    let folder = place::made("big")?;
    let file = folder.join("program");
    fs::write(&file, program()).with_context(|| format!("cannot write {}", file.display()))?;
    let measurer = Measurer { program: kernels::measurer()?, scratch: place::made("scratch")? };
    let measure = |tier: &str, output: &Path| {
        let words = ["run", "--stats", "--no-cache", "--tier", tier].map(OsString::from);
        let words = [vec![place::strata()?.into()], words.to_vec(), vec![file.clone().into()]].concat();
        measurer.run(&words, &folder, output)
    };
    let (right, ours) = (folder.join("interp"), folder.join("region"));
    measure("interp", &right)?;
    let sample = measure("region", &ours)?;
    ensure!(fs::read(&right)? == fs::read(&ours)?, "tiers interp and region print different things");
    let counters = sample.counters;
    let count = |count: Option<u64>| count.context("strata run --stats does not tell");
    let (instructions, us) = (count(counters.guest_instructions)?, count(counters.translating_us)?);
    Ok(format!(
        "{instructions} instructions translated in {:.0} s, {:.0} a second; at most {} MiB of memory",
        us as f64 / 1e6,
        instructions as f64 / us as f64 * 1e6,
        sample.peak_kib / 1024
    ))
}
