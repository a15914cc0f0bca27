//! Law: whatever the code, blocks found in it translate to a module that is valid Wasm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::region::{Reach, discover};
use mips::translate::Memories;
use mips::translate::block::translate;
use strata_fuzz::{Case, check};

fuzz_target!(|bytes: &[u8]| {
    let Some(case) = Case::parse(bytes) else { return };
    let reach = Reach { blocks: 1 + case.blocks % 256, is_past_interpreter: case.is_special };
    let Some(region) = discover(&case.words, case.root, reach) else { return };
    let translated = translate(&region, case.options, Memories::Imported);
    assert_eq!(translated.functions[0].entries.len(), region.blocks.len());
    check(&translated);
});
