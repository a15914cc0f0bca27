//! Law: whatever the code, the regions found in it translate to a module that is valid Wasm, and not out of proportion.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::translate::Unit;
use mips::translate::Memories;
use mips::translate::region::{INLINED_MAX, Limits, Profile, gather, translate};
use strata_fuzz::{Case, check};

/// Bytes of Wasm that a guest instruction may become: copies of it, and registers brought to and fro around each.
const BYTES_MAX: usize = 4096;

/// What a program may have been seen to do: most of it is warm, most blocks ran, and calls call something near.
struct Anything;

impl Profile for Anything {
    fn is_warm(&self, root: u32) -> bool {
        root % 12 != 8
    }
    fn is_translated(&self, root: u32) -> bool {
        root % 20 == 4
    }
    fn called(&self, site: u32) -> Vec<u32> {
        (0..site / 8 % 4).map(|number| site.wrapping_add(site % 52).wrapping_add(12 * number)).collect()
    }
    fn has_run(&self, _root: u32, pc: u32) -> bool {
        pc % 28 != 12
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some(Case { words, root, gpr, options, blocks, instructions, .. }) = Case::parse(bytes) else { return };
    let limits = Limits { blocks: 1 + blocks % 1000, instructions: 1 + instructions % 2000, small: instructions % INLINED_MAX };
    let roots: Vec<u32> = (0..1 + blocks % 5).map(|number| root.wrapping_add(20 * number as u32)).collect();
    let regions = gather(&words, &roots, &gpr, limits, &Anything);
    let translated = translate(&regions, options, Memories::CpuDefined);
    let is_root = |unit: &Unit| regions.iter().any(|region| unit.entries == [region.root]);
    assert!(translated.functions.iter().all(is_root) && translated.functions.len() <= regions.len());
    let instructions: u32 = translated.functions.iter().map(|unit| unit.instructions).sum();
    assert!(translated.wasm.len() <= BYTES_MAX * (16 + instructions as usize), "{instructions} become too much");
    check(&translated);
});
