//! Blocks to a program: a driver that loads a record, runs a block and stores the record, block after block, and
//! finally writes all records to standard output.

use super::asm::{self, BASE, INDEX, constant, immediate, three, word};
use super::block::Block;
use super::elf::{self, DATA_AT, TEXT_AT};
use super::mode::Mode;
use super::record::{self, AREA, Record};
use mips::isa::Op;

const V0: u32 = 2;
const A0: u32 = 4;
const A1: u32 = 5;
const A2: u32 = 6;
const A3: u32 = 7;
const S0: u32 = 16;
const S1: u32 = 17;
const T9: u32 = 25;
const RA: u32 = 31;
const NOP: u32 = 0;

/// System calls of o32.
const EXIT: i32 = 4001;
const WRITE: i32 = 4004;
const SET_THREAD_AREA: i32 = 4283;

/// What RDHWR $29 shows.
const THREAD_POINTER: u32 = 0x1234_5678;

/// An executable, and where its blocks are.
pub(crate) struct Program {
    /// The ELF file.
    pub elf: Vec<u8>,
    /// The address of each block's body.
    pub bodies: Vec<u32>,
}

/// The records in a program's output; `None` if it is not whole.
pub(crate) fn records(output: &[u8], blocks: usize, mode: Mode) -> Option<Vec<Record>> {
    let is_whole = output.len() == blocks * record::BYTES;
    is_whole.then(|| output.chunks_exact(record::BYTES).map(|bytes| Record::parse(bytes, mode)).collect())
}

/// The program of `blocks`.
pub(crate) fn program(blocks: &[Block], mode: Mode) -> Program {
    let mut text = start();
    let load_at = here(&text);
    text.extend(load(mode));
    let save_at = here(&text);
    text.extend(save(mode));
    // Over the two routines.
    text[START_JUMP] = asm::jump(Op::j, here(&text));
    let mut bodies = Vec::new();
    for (at, block) in blocks.iter().enumerate() {
        let middle = DATA_AT + (at * record::BYTES + AREA / 2) as u32;
        text.extend(constant(BASE, middle));
        text.extend(constant(T9, load_at));
        text.extend([word(Op::jalr, &[('d', INDEX), ('s', T9)]), NOP]);
        bodies.push(here(&text) + 4 * Block::PROLOGUE as u32);
        let body = block.body(here(&text));
        text.extend(body);
        text.extend([immediate(Op::sw, RA, BASE, record::GPR + 4 * RA as i32), asm::jump(Op::jal, save_at), NOP]);
        // Through a register, so that a translated region ends with its block.
        let next = here(&text) + 4 * 4;
        text.extend(constant(T9, next));
        text.extend([word(Op::jr, &[('s', T9)]), NOP]);
    }
    let data: Vec<u8> = blocks.iter().flat_map(|block| block.record.bytes(mode)).collect();
    text.extend(finish(data.len() as u32));
    Program { elf: elf::executable(mode, &text, &data), bodies }
}

fn here(text: &[u32]) -> u32 {
    TEXT_AT + 4 * text.len() as u32
}

const START_JUMP: usize = 4;

fn start() -> Vec<u32> {
    let mut text = constant(A0, THREAD_POINTER).to_vec();
    text.extend([immediate(Op::addiu, V0, 0, SET_THREAD_AREA), word(Op::syscall, &[])]);
    assert!(text.len() == START_JUMP, "the jump's place");
    text.extend([NOP, NOP]);
    text
}

/// Registers that the routines load and store; the block itself takes care of the link register.
fn registers() -> impl Iterator<Item = u32> {
    (1..32).filter(|register| *register != BASE)
}

/// FCSR where the mode shows all of it, else its condition codes.
fn fcsr_number(mode: Mode) -> u32 {
    if mode.exact { 31 } else { 25 }
}

fn floating(mode: Mode, word: Op, long: Op) -> impl Iterator<Item = u32> {
    let (op, bytes) = if mode.fr { (long, 8) } else { (word, 4) };
    (0..32).map(move |register| immediate(op, register, BASE, record::FPR + bytes * register as i32))
}

fn load(mode: Mode) -> Vec<u32> {
    let mut text = vec![immediate(Op::lw, 1, BASE, record::HI), word(Op::mthi, &[('s', 1)])];
    text.extend([immediate(Op::lw, 1, BASE, record::LO), word(Op::mtlo, &[('s', 1)])]);
    let ctc1 = word(Op::ctc1, &[('t', 1), ('s', fcsr_number(mode))]);
    text.extend([immediate(Op::lw, 1, BASE, record::FCSR), ctc1]);
    text.extend(floating(mode, Op::lwc1, Op::ldc1));
    let link = INDEX;
    let general = registers().filter(|register| *register != link);
    text.extend(general.map(|register| immediate(Op::lw, register, BASE, record::GPR + 4 * register as i32)));
    text.extend([word(Op::jr, &[('s', link)]), NOP]);
    text
}

fn save(mode: Mode) -> Vec<u32> {
    let general = registers().filter(|register| *register != RA);
    let mut text: Vec<u32> =
        general.map(|register| immediate(Op::sw, register, BASE, record::GPR + 4 * register as i32)).collect();
    text.extend([word(Op::mfhi, &[('d', 1)]), immediate(Op::sw, 1, BASE, record::HI)]);
    text.extend([word(Op::mflo, &[('d', 1)]), immediate(Op::sw, 1, BASE, record::LO)]);
    let cfc1 = word(Op::cfc1, &[('t', 1), ('s', fcsr_number(mode))]);
    text.extend([cfc1, immediate(Op::sw, 1, BASE, record::FCSR)]);
    text.extend(floating(mode, Op::swc1, Op::sdc1));
    text.extend([word(Op::jr, &[('s', RA)]), NOP]);
    text
}

/// Writes the records, however many calls it takes, and exits with 0; with 1 if it cannot.
fn finish(bytes: u32) -> Vec<u32> {
    let mut text = constant(S0, DATA_AT).to_vec();
    text.extend(constant(S1, bytes));
    let again = text.len() as i32;
    text.extend([immediate(Op::addiu, A0, 0, 1), three(Op::addu, A1, S0, 0), three(Op::addu, A2, S1, 0)]);
    text.extend([immediate(Op::addiu, V0, 0, WRITE), word(Op::syscall, &[])]);
    let leave = text.len() as i32;
    text.extend([NOP, immediate(Op::addiu, A0, 0, 1)]);
    text.extend([three(Op::addu, S0, S0, V0), three(Op::subu, S1, S1, V0)]);
    let back = again - (text.len() as i32 + 1);
    text.extend([word(Op::bgtz, &[('s', S1), ('i', back as u32)]), NOP, three(Op::addu, A0, 0, 0)]);
    let out = text.len() as i32 - (leave + 1);
    text[leave as usize] = word(Op::bne, &[('s', A3), ('t', 0), ('i', out as u32)]);
    text.extend([immediate(Op::addiu, V0, 0, EXIT), word(Op::syscall, &[])]);
    text
}
