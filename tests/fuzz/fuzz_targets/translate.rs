//! Law: whatever the code, a region found in it translates to a module that is valid Wasm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::reading::emit::Options;
use mips::region::{CodeSource, discover};
use mips::state::FpuMode;
use mips::translate::translate;
use wasmparser::{Validator, WasmFeatures};

/// Words at the start of a page, as a fuzzer likes them: short.
struct Words(Vec<u32>);

const AT: u32 = 0x40_0000;

impl CodeSource for Words {
    fn word(&self, pc: u32) -> Option<u32> {
        let index = pc.checked_sub(AT)? / 4;
        self.0.get(index as usize).filter(|_| pc % 4 == 0).copied()
    }
    fn data(&self, at: u32) -> Option<u32> {
        self.word(at)
    }
}

fuzz_target!(|input: (Vec<u32>, [bool; 6], u8)| {
    let (words, switches, blocks_max) = input;
    let options = options(switches);
    let Some(region) = discover(&Words(words), AT, 1 + usize::from(blocks_max), options) else { return };
    let translated = translate(&region, options);
    assert_eq!(translated.entries.len(), region.blocks.len());
    assert!(translated.sites.is_sorted());
    let features = WasmFeatures::default() | WasmFeatures::THREADS | WasmFeatures::MULTI_MEMORY;
    Validator::new_with_features(features).validate_all(&translated.wasm).expect("valid Wasm");
});

fn options([big_endian, fr, nan2008, exact, abs2008, fault_precise]: [bool; 6]) -> Options {
    Options { big_endian, fpu: FpuMode { fr, nan2008, exact, abs2008 }, fault_precise }
}
