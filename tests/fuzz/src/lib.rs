//! What fuzz targets of the translator share: code to translate, in [`Words`], and the laws of what comes out.
//!
//! Random words are mostly straight lines, so [`code::words`] makes programs of templates, with branches that hit.

pub mod code;

use mips::reading::emit::Options;
use mips::region::CodeSource;
use mips::state::FpuMode;
use mips::translate::Translated;
use wasmparser::{Validator, WasmFeatures};

/// Words at the start of a page, as a fuzzer likes them: short.
pub struct Words(pub Vec<u32>);

/// Where they lie.
pub const AT: u32 = 0x40_0000;

impl CodeSource for Words {
    fn word(&self, pc: u32) -> Option<u32> {
        let index = pc.checked_sub(AT)? / 4;
        self.0.get(index as usize).filter(|_| pc.is_multiple_of(4)).copied()
    }
    fn data(&self, at: u32) -> Option<u32> {
        self.word(at)
    }
}

/// All options there are.
pub fn options([big_endian, fr, nan2008, exact, abs2008, fault_precise]: [bool; 6]) -> Options {
    Options { big_endian, fpu: FpuMode { fr, nan2008, exact, abs2008 }, fault_precise }
}

/// Checks what holds of every module of translated code.
pub fn check(translated: &Translated) {
    for unit in &translated.functions {
        assert!(unit.sites.is_sorted());
        assert!(unit.ranges.iter().all(|(start, end)| start < end));
        let is_inside = |pc: &u32| unit.ranges.iter().any(|(start, end)| (start..end).contains(&pc));
        assert!(unit.entries.iter().all(is_inside));
        assert!(unit.sites.iter().map(|(_, pc)| pc).all(is_inside));
    }
    let features =
        WasmFeatures::default() | WasmFeatures::THREADS | WasmFeatures::MULTI_MEMORY | WasmFeatures::TAIL_CALL;
    Validator::new_with_features(features).validate_all(&translated.wasm).expect("valid Wasm");
}
