//! cargo test --release -p strata-mips --test program
//!
//! Whole programs of nonsense become valid modules, and all of their code belongs to some function.

use std::collections::BTreeSet;
use strata_mips::isa::ROWS;
use strata_mips::reading::emit::Options;
use strata_mips::region::CodeSource;
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
    let word = |_| {
        let row = &ROWS[numbers.below(ROWS.len() as u32) as usize];
        let fields = numbers.below(u32::MAX);
        let fields =
            if numbers.below(2) == 0 { fields & !0xff00 | (START >> 2) & 0x3ff_0000 } else { fields & !0x7c00 };
        row.bits | fields & !row.mask
    };
    Words((0..WORDS).map(word).collect())
}

#[test]
fn nonsense_becomes_valid_modules() {
    for seed in 1..=20 {
        let code = nonsense(seed);
        let mut numbers = Numbers(seed + 100);
        let place = |numbers: &mut Numbers| START + 4 * numbers.below(WORDS);
        let mut hints: Vec<u32> = (0..50).map(|_| place(&mut numbers)).collect();
        hints.sort_unstable();
        let end = START + 4 * WORDS;
        let regions = gather_all(&Text {
            code: &code,
            parts: [START..START + 400, START + 400..end].into(),
            starts: vec![START, START + 400],
            hints,
            called: (0..50).map(|_| (place(&mut numbers), vec![place(&mut numbers), place(&mut numbers)])).collect(),
        });
        let blocks = regions.iter().flat_map(|rooted| &rooted.region.blocks);
        let covered: BTreeSet<u32> =
            blocks.flat_map(|block| (block.pc..block.end() + 4 * u32::from(block.slot.is_some())).step_by(4)).collect();
        let missing = (START..end).step_by(4).filter(|pc| !covered.contains(pc));
        let missing: Vec<u32> = missing
            .filter(|pc| code.word(*pc).is_some_and(|word| word != 0 && strata_mips::decode(word).is_some()))
            .collect();
        assert_eq!(missing, [], "seed {seed}");
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
