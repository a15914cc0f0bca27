//! cargo test --release -p strata-suite --test isa
//!
//! The instruction cases of tests/isa/*.ins: decoding, text and effect, interpreted and translated, in both byte orders,
//! alone and in delay slots. And that there are cases for every row.

use mips::isa::ROWS;
use run::Tier;
use std::collections::HashMap;
use strata_suite::isa::{Bench, Case, load};

/// Cases that every row has.
const CASES_MIN: usize = 2;

fn cases() -> Vec<Case> {
    load().expect("the cases can be read")
}

#[test]
fn text_is_what_the_case_says() {
    for case in cases() {
        let Case { place, word, text, .. } = &case;
        let insn = case.insn().unwrap_or_else(|| panic!("{place}: {word:#010x} is reserved"));
        assert_eq!(insn.to_string(), *text, "{place}");
    }
}

#[test]
fn every_row_has_cases() {
    let mut count = HashMap::new();
    for case in cases() {
        *count.entry(case.insn().map(|insn| insn.op)).or_insert(0) += 1;
    }
    let few = |row: &&mips::isa::Row| count.get(&Some(row.op)).is_none_or(|count| *count < CASES_MIN);
    let few: Vec<_> = ROWS.iter().filter(few).map(|row| row.name).collect();
    assert!(few.is_empty(), "fewer than {CASES_MIN} cases: {few:?}");
}

fn check(tier: Tier) {
    let cases = cases();
    let mut wrong = Vec::new();
    for big in [false, true] {
        let mut bench = Bench::new(big, tier).expect("the host has address space");
        for case in &cases {
            if !bench.takes(case) {
                continue;
            }
            for line in bench.check(case) {
                let order = if big { "big" } else { "little" };
                wrong.push(format!("{} {} ({order}, {tier:?}) {line}", case.place, case.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(60)].join("\n"));
}

#[test]
fn interpreter_does_what_the_cases_say() {
    check(Tier::Interp);
}

#[test]
fn translated_blocks_do_what_the_cases_say() {
    check(Tier::Block);
}

#[test]
fn translated_regions_do_what_the_cases_say() {
    check(Tier::Region);
}
