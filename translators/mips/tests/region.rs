//! cargo test --release -p strata-mips --test region
//!
//! Code that no compiler writes: whatever it is, its regions translate, and what comes out is valid Wasm.

use strata_mips::reading::emit::Options;
use strata_mips::region::CodeSource;
use strata_mips::state::FpuMode;
use strata_mips::translate::Memories;
use strata_mips::translate::region::{INLINED_MAX, Limits, Profile, gather, translate};
use wasmparser::{Validator, WasmFeatures};

const AT: u32 = 0x40_0000;

struct Words<'a>(&'a [u32]);

impl CodeSource for Words<'_> {
    fn is_big_endian(&self) -> bool {
        false
    }
    fn word(&self, pc: u32) -> Option<u32> {
        let index = pc.checked_sub(AT)? / 4;
        self.0.get(index as usize).filter(|_| pc.is_multiple_of(4)).copied()
    }
    fn data(&self, at: u32) -> Option<u32> {
        self.word(at)
    }
}

/// What each is about, and the words.
const CASES: &[(&str, &[u32])] = &[
    ("jr zero", &[0x0000_0008, 0]),
    ("jalr zero", &[0x0000_f809, 0, 0x03e0_0008, 0]),
    // addiu v0, v0, 1 on both ways.
    ("bgez zero: always, in disguise", &[0x0401_0003, 0, 0x03e0_0008, 0x2442_0001, 0x03e0_0008, 0x2442_0002]),
    ("bgezl zero", &[0x0403_0003, 0, 0x03e0_0008, 0x2442_0001, 0x03e0_0008, 0x2442_0002]),
    ("blez zero, over little", &[0x1800_0002, 0, 0x2442_0001, 0x03e0_0008, 0]),
    ("bltz zero: never", &[0x0400_0003, 0, 0x03e0_0008, 0x2442_0001, 0x03e0_0008, 0x2442_0002]),
    ("a branch to itself", &[0x1440_ffff, 0, 0x03e0_0008, 0]),
    ("a branch to its slot", &[0x1440_0000, 0x2442_0001, 0x03e0_0008, 0]),
    ("a branch in a slot", &[0x1440_0001, 0x1440_0001, 0x03e0_0008, 0]),
    ("the end of the code", &[0x1440_0001]),
    ("a switch", SWITCH),
    ("floating point, and what it controls", FLOAT),
    ("code that changes code", &[0x049f_0000, 0x2442_0001, 0x1440_0001, 0x049f_0000, 0x03e0_0008, 0]), // synci 0(a0)
];

/// Of four, with a table of absolute addresses.
const SWITCH: &[u32] = &[
    0x8ca4_0000, // lw a0, 0(a1)
    0x1100_000c, // beq t0, zero, to the first return
    0x0004_4880, // sll t1, a0, 2
    0x3c08_0040, // lui t0, 0x40
    0x2508_0024, // addiu t0, t0, 0x24
    0x0109_4821, // addu t1, t0, t1
    0x8d29_0000, // lw t1, 0(t1)
    0x0120_0008, // jr t1
    0,
    0x0040_0034, // the table
    0x0040_0040,
    0x0040_004c,
    0x0040_0058,
    0x2442_0001, // addiu v0, v0, 1
    0x03e0_0008, // jr ra
    0,
    0x2442_0002,
    0x03e0_0008,
    0,
    0x2442_0003,
    0x03e0_0008,
    0,
    0x2442_0004,
    0x03e0_0008,
    0,
];

/// A profile in which all is warm, and computed calls go behind themselves.
struct Everything;

impl Profile for Everything {
    fn is_warm(&self, _root: u32) -> bool {
        true
    }
    fn is_translated(&self, _root: u32) -> bool {
        false
    }
    fn called(&self, site: u32) -> Vec<u32> {
        vec![site + 8, site + 4, site]
    }
    fn has_run(&self, _root: u32, _pc: u32) -> bool {
        true
    }
}
/// In lines and in slots of all kinds.
const FLOAT: &[u32] = &[
    0x4442_f800, // cfc1 v0, $31
    0x44c2_f800, // ctc1 v0, $31
    0x4622_003c, // c.lt.d $f0, $f2
    0x4501_0003, // bc1t, to the second c.lt.d
    0x4620_0024, // cvt.w.d $f0, $f0
    0x4622_0000, // add.d $f0, $f0, $f2
    0xe4a0_0000, // swc1 $f0, 0(a1)
    0x4602_003c, // c.lt.s $f0, $f2
    0x4503_fff9, // bc1tl, to the first c.lt.d
    0x4622_0082, // mul.d $f2, $f0, $f2
    0x0c10_0000, // jal, to the start
    0x4600_00a1, // cvt.d.s $f2, $f0
    0x03e0_0008, // jr ra
    0x4442_e000, // cfc1 v0, $28
];

#[test]
fn odd_code_translates() {
    for switches in 0..64u32 {
        let is = |bit: u32| switches >> bit & 1 != 0;
        let fpu = FpuMode { fr: is(1), nan2008: is(2), exact: is(3), abs2008: is(4) };
        let options = Options { big_endian: is(0), fpu, fault_precise: is(5) };
        // Where a region ends early, some of its ways lead outside.
        for ((name, words), blocks) in CASES.iter().flat_map(|case| (1..10).map(move |blocks| (case, blocks))) {
            check(
                &format!("{name}, {blocks} blocks"),
                words,
                Limits { blocks, instructions: 100, small: INLINED_MAX },
                options,
            );
        }
    }
}

/// Switches of two or three entries each, between so many blocks and so much across that there are dispatchers.
#[test]
fn tangled_switches_translate() {
    for (blocks, entries) in (8..48u32).flat_map(|blocks| [(blocks, 2), (blocks, 3)]) {
        let block_at = |number: u32| AT + 28 * (number % blocks);
        let code = (0..blocks).flat_map(|number| {
            let table = 28 * blocks + 4 * (entries + 1) * number;
            // lw a0, 0(a1); lui t0, 0x40; addiu t0, t0, table; addu t1, t0, a0; lw t1, 0(t1); jr t1; nop
            [0x8ca4_0000, 0x3c08_0040, 0x2508_0000 | table, 0x0104_4821, 0x8d29_0000, 0x0120_0008, 0]
        });
        let tables = (0..blocks).flat_map(|number| {
            let targets = (0..entries).map(move |entry| block_at((entry + 2) * number + entry + 1));
            targets.chain([0])
        });
        let words: Vec<u32> = code.chain(tables).collect();
        let limits = Limits { blocks: 1000, instructions: 100, small: INLINED_MAX };
        let options = Options { big_endian: false, fpu: FpuMode::default(), fault_precise: false };
        check(&format!("{blocks} switches of {entries}"), &words, limits, options);
    }
}

fn check(name: &str, words: &[u32], limits: Limits, options: Options) {
    // Alone, and joined with what else is there.
    for roots in [&[AT][..], &[AT, AT + 4, AT + 8, AT + 16, AT + 24]] {
        let regions = gather(&Words(words), roots, &[0; 32], limits, &Everything);
        let translated = translate(&regions, options, Memories::CpuDefined);
        let features = WasmFeatures::default() | WasmFeatures::THREADS | WasmFeatures::MULTI_MEMORY;
        let valid = Validator::new_with_features(features).validate_all(&translated.wasm);
        assert!(valid.is_ok(), "{name}, {} roots: {:?}", roots.len(), valid.err());
    }
}
