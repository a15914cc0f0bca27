//! Law: whatever the code, the regions found in it translate to a module that is valid Wasm, and not out of proportion.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::translate::region::{Limits, gather, translate};
use strata_fuzz::{Case, check};

/// Bytes of Wasm that a guest instruction may become: copies of it, and registers brought to and fro around each.
const BYTES_MAX: usize = 4096;

fuzz_target!(|bytes: &[u8]| {
    let Some(Case { words, root, gpr, options, blocks, instructions, .. }) = Case::parse(bytes) else { return };
    let limits = Limits { blocks: 1 + blocks % 1000, instructions: 1 + instructions % 2000 };
    let regions = gather(&words, root, &gpr, limits, options, &mut |pc| pc % 12 != 8);
    let translated = translate(&regions, options);
    assert!(regions.iter().zip(&translated.functions).all(|(region, unit)| unit.entries == [region.root]));
    let instructions: u32 = translated.functions.iter().map(|unit| unit.instructions).sum();
    assert!(translated.wasm.len() <= BYTES_MAX * (16 + instructions as usize), "{instructions} become too much");
    check(&translated);
});
