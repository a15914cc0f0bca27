//! The arithmetic of `mips::float`, against committed answers and against QEMU itself.
//!
//! Alone: `cargo test --release -p strata-mips --test float`. The answers in `tests/isa/fpu-vectors.txt` are QEMU's;
//! with QEMU and a cross compiler here, `BLESS=1` writes them anew and `FLOAT_CASES=100000` asks more at random.

mod case;
mod oracle;
mod sample;
mod vector;

use case::{Answer, Case, instructions};

/// How many disagreements are printed.
const SHOWN: usize = 40;

/// Compares `exact`, and `fast` where it applies, with the right answers.
fn check(answers: impl IntoIterator<Item = (Case, Answer)>) {
    let mut wrong = 0;
    let mut shown = String::new();
    for (case, right) in answers {
        for (by, ours) in case.answers() {
            let agree = ours.result == right.result && ours.flags.is_none_or(|flags| Some(flags) == right.flags);
            if !agree {
                wrong += 1;
                if wrong <= SHOWN {
                    shown += &format!("{by}: {}  gives {ours}\n", vector::line(&case, &right));
                }
            }
        }
    }
    assert!(wrong == 0, "{wrong} answers differ, the first of them:\n{shown}");
}

#[test]
fn agrees_with_the_committed_vectors() {
    if std::env::var_os("BLESS").is_some() {
        let oracle = oracle::Oracle::build().expect("blessing takes QEMU and a cross compiler");
        std::fs::write(vector::path(), vector::file(&oracle)).expect("the vectors can be written");
    }
    let text = std::fs::read_to_string(vector::path()).expect("the vectors are committed");
    let answers: Vec<_> = text.lines().filter_map(vector::parse).collect();
    assert!(answers.len() > 300, "only {} vectors", answers.len());
    check(answers);
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn agrees_with_qemu() {
    let oracle = match oracle::Oracle::build() {
        Ok(oracle) => oracle,
        Err(missing) => return eprintln!("skipped, no oracle: {missing}"),
    };
    let random = std::env::var("FLOAT_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1000);
    for instruction in instructions() {
        let cases = sample::cases(&instruction, random);
        check(oracle.ask(&cases));
    }
}
