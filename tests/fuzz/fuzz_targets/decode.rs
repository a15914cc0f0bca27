//! Law: every word decodes or is reserved, prints, and has effects; printing and asking never panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::reading::effects::effects;
use mips::{decode, disasm};

fuzz_target!(|input: (u32, Vec<u32>)| {
    let (mut pc, words) = input;
    for word in words {
        assert!(!disasm::word_at(pc, word).is_empty());
        if let Some(insn) = decode(word) {
            assert_eq!(insn.word, word);
            let effects = effects(insn);
            assert!(!effects.links || effects.has_slot);
        }
        pc = pc.wrapping_add(4);
    }
});
