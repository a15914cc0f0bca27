//! What fuzz targets of the translator share: code to translate, in [`Words`], and the laws of what comes out.
//!
//! Random words are mostly straight lines, so [`code::words`] makes programs of templates, with branches that hit.

pub mod code;

use mips::reading::emit::Options;
use mips::region::CodeSource;
use mips::state::FpuMode;
use mips::translate::Translated;
use wasmparser::{Validator, WasmFeatures};

/// Words at the start of a page, as a fuzzer likes them: short; and whether they are big-endian.
pub struct Words(pub Vec<u32>, pub bool);

/// Where they lie.
pub const AT: u32 = 0x40_0000;

impl CodeSource for Words {
    fn is_big_endian(&self) -> bool {
        self.1
    }
    fn word(&self, pc: u32) -> Option<u32> {
        let index = pc.checked_sub(AT)? / 4;
        self.0.get(index as usize).filter(|_| pc.is_multiple_of(4)).copied()
    }
    fn data(&self, at: u32) -> Option<u32> {
        self.word(at)
    }
}

/// What a translator is asked to do, from a fuzzer's bytes: collections as `arbitrary` reads them stay short.
pub struct Case {
    /// The code.
    pub words: Words,
    /// Where to start.
    pub root: u32,
    /// What registers hold there.
    pub gpr: [u32; 32],
    /// All of them there are.
    pub options: Options,
    /// A number, for some limit.
    pub blocks: usize,
    /// Another one.
    pub instructions: u32,
    /// Whatever else there is to choose.
    pub is_special: bool,
}

/// Bytes of a case before its code.
const HEADER: usize = 12;
/// Bytes of an [`code::Item`].
const ITEM: usize = 6;

impl Case {
    /// The case that `bytes` say; `None` if they are too few.
    pub fn parse(bytes: &[u8]) -> Option<Case> {
        let (header, code) = bytes.split_first_chunk::<HEADER>()?;
        let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        let is = |bit: u32| header[0] >> bit & 1 != 0;
        let fpu = FpuMode { fr: is(1), nan2008: is(2), exact: is(3), abs2008: is(4) };
        let options = Options { big_endian: is(0), fpu, fault_precise: is(5) };
        let words = if header[1] & 1 == 0 {
            let items = code.chunks_exact(ITEM).map(|item| (item[0], item[1], word(&item[2..])));
            code::words(&items.collect::<Vec<_>>(), header[1] & 2 == 0, header[1] & 4 != 0, options.big_endian)
        } else {
            code.chunks_exact(4).map(word).collect()
        };
        // One case in two enters it as MIPS16e, at either halfword.
        let place = u32::from(half(2)) % (words.len() as u32).max(1);
        let root = AT + 4 * place + if header[1] & 4 == 0 { 0 } else { 1 | u32::from(header[1] & 8) >> 2 };
        let mut gpr = [word(&header[8..]); 32];
        gpr[25] = root;
        gpr[28] = AT + 0x7ff0;
        let (blocks, instructions) = (half(4).into(), half(6).into());
        Some(Case { words: Words(words, options.big_endian), root, gpr, options, blocks, instructions, is_special: is(6) })
    }
}

/// Checks what holds of every module of translated code.
pub fn check(translated: &Translated) {
    for unit in &translated.functions {
        assert!(unit.sites.iter().is_sorted());
        assert!(unit.ranges.iter().all(|(start, end)| start < end));
        let is_inside = |pc: &u32| unit.ranges.iter().any(|(start, end)| (start..end).contains(&pc));
        assert!(unit.entries.iter().all(is_inside));
        assert!(unit.sites.iter().all(|(_, pc)| is_inside(&pc)));
    }
    Validator::new_with_features(features()).validate_all(&translated.wasm).expect("valid Wasm");
}

/// What modules of translated code may have beyond the least.
pub fn features() -> WasmFeatures {
    WasmFeatures::default() | WasmFeatures::THREADS | WasmFeatures::MULTI_MEMORY | WasmFeatures::TAIL_CALL
}
