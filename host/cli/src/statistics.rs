//! `--stats`: what ran where, why, and what that cost.

use crate::failure::say;
use crate::launch::Ended;
use mips::border::CALLS_A_SAMPLE;

/// Says it, a line a figure: where the time went, where instructions ran, what was translated and why, and what became of it.
pub(crate) fn say_all(ended: &Ended) {
    let of = &ended.statistics;
    let kept = ended.published.as_ref().ok().copied().flatten();
    for (what, count) in [
        ("microseconds interpreting", of.interpreting_ns / 1_000),
        ("microseconds in translated code and system calls made from it", of.running_ns / 1_000),
        ("microseconds translating", of.translating),
        ("microseconds using the cache", of.recalling),
        ("guest instructions interpreted", of.interpreted),
        ("interpreted stretches", of.stretches),
        ("times something hot was interpreted, as it was still being compiled", of.awaited),
        ("times translated code was entered", of.drives),
        ("ways from module to module, about", of.samples * u64::from(CALLS_A_SAMPLE)),
        ("system calls made in place", of.served),
        ("single instructions interpreted in place", of.in_place),
        ("single instructions interpreted for it", of.single_steps),
        ("modules wanted, as a function or loop was hot", of.hot),
        ("modules wanted, as translated code often left there", of.left),
        ("modules wanted anew, as it was seen what they call", of.learned),
        ("modules wanted of several, as they called each other all the time", of.joined),
        ("modules made", of.modules),
        ("regions in them", of.regions),
        ("blocks in them", of.blocks),
        ("guest instructions in them", of.instructions),
        ("bytes of WebAssembly", of.wasm_bytes),
        ("bytes of machine code", of.machine_bytes),
        ("modules from the cache", of.recalled),
        ("guest instructions from the cache", of.recalled_instructions),
        ("modules added to the cache", kept.map_or(0, |kept| kept.modules as u64)),
        ("regions refused by the engine", of.refused),
        ("times all translations were dropped", of.flushes),
    ] {
        say(&format!("{count:>12} {what}"));
    }
}
