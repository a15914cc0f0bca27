//! Law: whatever the code, blocks found in it translate to a module that is valid Wasm.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::region::{Reach, discover};
use mips::translate::block::translate;
use strata_fuzz::{AT, Words, check, options};

fuzz_target!(|input: (Vec<u32>, [bool; 6], u8, bool)| {
    let (words, switches, blocks_max, is_past_interpreter) = input;
    let options = options(switches);
    let reach = Reach { blocks: 1 + usize::from(blocks_max), is_past_interpreter };
    let Some(region) = discover(&Words(words), AT, reach, options) else { return };
    let translated = translate(&region, options);
    assert_eq!(translated.functions[0].entries.len(), region.blocks.len());
    check(&translated);
});
