//! cargo test --release -p strata-mips --test program
//!
//! Whole programs of nonsense become valid modules, and all of their code belongs to some function.

use std::collections::BTreeSet;
use strata_mips::isa::{Isa, Op, ROWS, Row};
use strata_mips::reading::emit::Options;
use strata_mips::region::{Block, CodeSource, insn_at};
use strata_mips::state::FpuMode;
use strata_mips::translate::Memories;
use strata_mips::translate::program::Program;
use strata_mips::translate::region::{Text, gather_all};
use wasmparser::{Validator, WasmFeatures};

const START: u32 = 0x40_0000;
const WORDS: u32 = 3_000;

/// Code at `START`, and data that is the same words.
struct Words(Vec<u32>);

impl CodeSource for Words {
    fn is_big_endian(&self) -> bool {
        false
    }
    fn word(&self, pc: u32) -> Option<u32> {
        let place = pc.checked_sub(START)?;
        if place.is_multiple_of(4) { self.0.get(place as usize / 4).copied() } else { None }
    }
    fn data(&self, at: u32) -> Option<u32> {
        self.word(at)
    }
}

/// Numbers that look random and are the same each time (xorshift, Marsaglia 2003).
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % end
    }
}

/// Instructions of all kinds; branches and jumps lead to somewhere in it, mostly.
fn nonsense(seed: u32) -> Words {
    let mut numbers = Numbers(seed);
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.since != Isa::MIPS16E).collect();
    let word = |_| {
        let row = rows[numbers.below(rows.len() as u32) as usize];
        let fields = numbers.below(u32::MAX);
        let fields =
            if numbers.below(2) == 0 { fields & !0xff00 | (START >> 2) & 0x3ff_0000 } else { fields & !0x7c00 };
        row.bits | fields & !row.mask
    };
    Words((0..WORDS).map(word).collect())
}

/// The same of MIPS16e.
fn nonsense16(seed: u32) -> Words {
    let mut numbers = Numbers(seed);
    let rows: Vec<&Row> = ROWS.iter().filter(|row| row.since == Isa::MIPS16E).collect();
    let mut halves = Vec::new();
    while halves.len() < 2 * WORDS as usize {
        let row = rows[numbers.below(rows.len() as u32) as usize];
        let word = row.bits | numbers.below(u32::MAX) & !row.mask;
        // Near, if it is a jump, and few are long branches.
        let word = if row.name.starts_with("ja") { word & 0xfc00_0fff | START >> 18 << 21 } else { word };
        halves.extend((row.bytes == 4).then_some(word >> 16).into_iter().chain([word & 0xffff]));
    }
    Words(halves.chunks_exact(2).map(|two| two[0] | two[1] << 16).take(WORDS as usize).collect())
}

#[test]
fn nonsense_becomes_valid_modules() {
    for (seed, mode) in (1..=20).flat_map(|seed| [(seed, 0), (seed, 1)]) {
        let code = if mode == 0 { nonsense(seed) } else { nonsense16(seed) };
        let mut numbers = Numbers(seed + 100);
        let place = |numbers: &mut Numbers| START + 4 * numbers.below(WORDS) + mode;
        let mut hints: Vec<u32> = (0..50).map(|_| place(&mut numbers)).collect();
        hints.sort_unstable();
        let end = START + 4 * WORDS;
        let regions = gather_all(&Text {
            code: &code,
            parts: [START..START + 400, START + 400..end].into(),
            starts: vec![START + mode, START + 400 + mode],
            hints,
            called: (0..50).map(|_| (place(&mut numbers), vec![place(&mut numbers), place(&mut numbers)])).collect(),
        });
        let blocks = regions.iter().flat_map(|rooted| &rooted.region.blocks);
        let until = |block: &Block| if block.slot.is_some() { block.behind() } else { block.end() };
        let covered: BTreeSet<u32> = blocks.flat_map(|block| (block.pc..until(block)).step_by(2)).collect();
        let missing = (START + mode..end).step_by(if mode == 0 { 4 } else { 2 }).filter(|pc| !covered.contains(pc));
        let is_code =
            |pc: &u32| insn_at(&code, *pc).flatten().is_some_and(|insn| !matches!(insn.op, Op::nop | Op::nop16));
        let missing: Vec<u32> = missing.filter(is_code).collect();
        // Nonsense of MIPS16e calls addresses as 32-bit code, and what lies behind those counts as that.
        assert!(mode == 1 || missing.is_empty(), "seed {seed}: {missing:?}");
        let fpu = FpuMode { exact: seed % 3 == 0, fr: seed % 2 == 0, ..FpuMode::default() };
        let program = Program::new(&regions, Options { big_endian: seed % 5 == 0, fpu, fault_precise: false });
        let functions: Vec<_> = (0..regions.len()).map(|number| program.function(number).0).collect();
        let portable = program.portable_module(&functions, b"the file");
        let native = Program::module(functions, Memories::CpuDefined);
        let features = WasmFeatures::default() | WasmFeatures::THREADS | WasmFeatures::MULTI_MEMORY;
        for module in [portable, native] {
            let mut validator = Validator::new_with_features(features);
            validator.validate_all(&module).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
    }
}
