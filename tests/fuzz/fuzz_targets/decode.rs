//! Law: every word decodes or is reserved, in both instruction sets, prints, and has effects; printing and asking never
//! panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mips::reading::effects::effects;
use mips::{decode, decode16, disasm};

fuzz_target!(|input: (u32, Vec<u32>)| {
    let (mut pc, words) = input;
    for word in words {
        assert!(!disasm::word_at(pc, word).is_empty() && !disasm::word16_at(pc | 1, word).is_empty());
        for (insn, is_mips16e) in [(decode(word), false), (decode16(word), true), (decode16(word >> 16), true)] {
            let Some(insn) = insn else { continue };
            assert_eq!(insn.is_mips16e(), is_mips16e);
            assert!(insn.word == word || insn.word == word >> 16 && insn.bytes() == 2);
            let effects = effects(insn);
            assert!(!effects.links || effects.jumps());
        }
        pc = pc.wrapping_add(4);
    }
});
