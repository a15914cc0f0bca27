//! Law: whatever the code, the regions found in it translate to a module that is valid Wasm, and not out of proportion.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::translate::region::{Limits, gather, translate};
use strata_fuzz::code::{self, Item};
use strata_fuzz::{AT, Words, check, options};

/// Bytes of Wasm that a guest instruction may become: copies of it, and registers brought to and fro around each.
const BYTES_MAX: usize = 4096;

/// Code by templates or as it comes, where to start, registers, and how far to go.
type Input = (Result<(Vec<Item>, bool), Vec<u32>>, u16, [u32; 32], [bool; 6], u16, u16);

fuzz_target!(|input: Input| {
    let (code, root, gpr, switches, blocks, instructions) = input;
    let words = code.map_or_else(|words| words, |(items, few_registers)| code::words(&items, few_registers));
    let root = AT + 4 * (u32::from(root) % (words.len() as u32).max(1));
    let options = options(switches);
    let limits = Limits { blocks: 1 + usize::from(blocks % 1000), instructions: 1 + u32::from(instructions % 2000) };
    let regions = gather(&Words(words), root, &gpr, limits, options, &mut |pc| pc % 12 != 8);
    let translated = translate(&regions, options);
    assert!(regions.iter().zip(&translated.functions).all(|(region, unit)| unit.entries == [region.root]));
    let instructions: u32 = translated.functions.iter().map(|unit| unit.instructions).sum();
    assert!(translated.wasm.len() <= BYTES_MAX * (16 + instructions as usize), "{instructions} become too much");
    check(&translated);
});
