//! What a run says about itself on standard error: lines of `NAME: NUMBER LABEL`, as `strata run --stats` prints them.

use serde::Serialize;

/// The figures that are reported; absent where a runner does not tell.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Counters {
    /// Processor time spent translating and compiling.
    pub(crate) translating_us: Option<u64>,
    /// Machine code made.
    pub(crate) machine_code_bytes: Option<u64>,
    /// Wasm made.
    pub(crate) wasm_bytes: Option<u64>,
    /// Guest instructions translated.
    pub(crate) guest_instructions: Option<u64>,
    /// What could not be compiled, and so ran interpreted.
    pub(crate) refused: Option<u64>,
}

/// Reads them.
pub(crate) fn read(text: &str) -> Counters {
    let mut counters = Counters::default();
    for line in text.lines() {
        let Some((_, rest)) = line.split_once(':') else { continue };
        let Some((number, label)) = rest.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse() else { continue };
        match label {
            "microseconds translating" => counters.translating_us = Some(number),
            "bytes of machine code" => counters.machine_code_bytes = Some(number),
            "bytes of WebAssembly" => counters.wasm_bytes = Some(number),
            "guest instructions in them" => counters.guest_instructions = Some(number),
            "regions refused by the engine" => counters.refused = Some(number),
            _ => {}
        }
    }
    counters
}

#[cfg(test)]
mod tests {
    #[test]
    fn takes_what_it_knows() {
        let counters = super::read("strata:   12 bytes of machine code\nstrata: 3 wishes\nnothing: here\n");
        assert_eq!(counters.machine_code_bytes, Some(12));
        assert_eq!(counters.translating_us, None);
    }
}
