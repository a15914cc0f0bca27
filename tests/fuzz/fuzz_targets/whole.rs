//! Law: whatever the code, and whatever is said of it, all of it translates to modules that are valid Wasm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::translate::program::Program;
use mips::translate::region::{Text, gather_all};
use mips::translate::{Memories, Translated};
use std::collections::BTreeMap;
use strata_fuzz::{AT, Case, check, features};
use wasmparser::Validator;

fuzz_target!(|bytes: &[u8]| {
    let Some(Case { words, root, options, blocks, instructions, .. }) = Case::parse(bytes) else { return };
    let end = AT + 4 * words.0.len() as u32;
    // Some of it is data, and calls were seen that are none.
    let cut = AT + 4 * (blocks as u32 % (words.0.len() as u32).max(1));
    let pointed_to = words.0.iter().copied().filter(|word| (AT..end).contains(word) && word % 4 != 2);
    let mut hints: Vec<u32> = pointed_to.chain((AT | root & 1..end).step_by(68)).collect();
    hints.sort_unstable();
    hints.dedup();
    let called: BTreeMap<u32, Vec<u32>> =
        (AT..end).step_by(4).filter(|site| site % 52 == 0).map(|site| (site, vec![root, site ^ instructions])).collect();
    let text = Text { code: &words, parts: vec![AT..cut, cut + 4..end], starts: vec![root], hints, called };
    let regions = gather_all(&text);
    let program = Program::new(&regions, options);
    let (functions, units): (Vec<_>, Vec<_>) =
        (0..regions.len()).map(|number| program.function(number)).unzip();
    let portable = program.portable_module(&functions, bytes);
    Validator::new_with_features(features()).validate_all(&portable).expect("valid Wasm");
    check(&Translated { wasm: Program::module(functions, Memories::CpuDefined), functions: units });
});
