//! cargo test --release -p strata-suite --test tiers
//!
//! What `--tier` and `--stats` promise: each tier runs a program its own way, and `auto` finds out what is worth translating,
//! and what was worth translating otherwise.

#![expect(clippy::print_stderr, reason = "a test that skips says why")]

use std::process::{Command, Output};
use strata_suite::place;

/// A run with `--stats`.
struct Ran(Output);

impl Ran {
    /// Runs a program that calls a lot through pointers; none if it was not built.
    fn callbacks(tier: &str, arguments: &[&str]) -> Option<Ran> {
        Ran::program("c/mipsel/O2/callbacks", tier, arguments)
    }

    /// Runs one of the programs under `target/inputs`; none if it is not there.
    fn program(name: &str, tier: &str, arguments: &[&str]) -> Option<Ran> {
        let program = place::inputs().join(name);
        if !program.is_file() {
            eprintln!("skipped: {}; `cargo xtask setup` brings it", program.display());
            return None;
        }
        let mut command = Command::new(place::strata());
        command.args(["run", "--no-cache", "--stats", "--tier", tier]).arg(program).args(arguments);
        Some(Ran(command.output().expect("strata starts")))
    }

    /// A figure.
    fn count(&self, what: &str) -> u64 {
        let said = String::from_utf8_lossy(&self.0.stderr);
        let line = said.lines().find_map(|line| line.strip_suffix(what)).unwrap_or_else(|| panic!("no {what}: {said}"));
        line.trim_start_matches("strata:").trim().parse().expect("a number")
    }
}

#[test]
fn each_tier_runs_a_program_its_own_way() {
    let tiers = ["interp", "block", "region"];
    let runs: Vec<Ran> = tiers.iter().filter_map(|tier| Ran::callbacks(tier, &[])).collect();
    let [interp, block, region] = runs.as_slice() else { return };
    for run in [interp, block, region] {
        assert_eq!(run.0.stdout, interp.0.stdout);
        // Nothing is a matter of temperature.
        assert_eq!(run.count(" modules wanted, as a function or loop was hot"), 0);
    }
    assert_eq!(interp.count(" modules made"), 0);
    assert_eq!(interp.count(" microseconds in translated code and system calls made from it"), 0);
    assert!(interp.count(" microseconds interpreting") > 0);
    for run in [block, region] {
        assert!(run.count(" modules made") > 0);
        assert!(run.count(" microseconds in translated code and system calls made from it") > 0);
        // But for what code leaves to it, the interpreter has nothing to do.
        assert!(run.count(" guest instructions interpreted") < interp.count(" guest instructions interpreted") / 1000);
    }
}

#[test]
fn auto_translates_what_is_hot_and_learns_what_it_calls() {
    // A loop is translated while it calls one thing, then calls another for so long that it is seen in samples.
    let often = ["5000000"];
    let (Some(interp), Some(auto)) = (Ran::callbacks("interp", &often), Ran::callbacks("auto", &often)) else { return };
    assert_eq!(auto.0.stdout, interp.0.stdout);
    assert!(auto.count(" modules wanted, as a function or loop was hot") > 0);
    assert!(auto.count(" modules wanted, as translated code often left there") > 0);
    assert!(auto.count(" modules wanted anew, as it was seen what they call") > 0);
    assert!(auto.count(" guest instructions interpreted") < interp.count(" guest instructions interpreted") / 2);
}

#[test]
fn auto_joins_what_calls_each_other_all_the_time() {
    let script = r#"BEGIN {
        for (i = 0; i < 1500000; i++) { s = s + substr("abcdef", i % 5, 2) i % 7; if (length(s) > 9) s = "" }
        print s
    }"#;
    let Some(ran) = Ran::program("mipsel/bin/busybox", "auto", &["awk", script]) else { return };
    // QEMU says so.
    assert_eq!(ran.0.stdout, b"04\n");
    assert!(ran.count(" modules wanted of several, as they called each other all the time") > 0);
}

#[test]
fn auto_goes_on_behind_code_that_is_missing() {
    // What hardly ever runs is interpreted, and what calls it goes on as the code that it is.
    let script = r#"BEGIN {
        for (i = 0; i < 300000; i++) {
            s += i % 7
            if (i % 1000 == 0) { t = t substr(toupper("abc" i), 1, 2); gsub("A", "x", t) }
        }
        print s, length(t)
    }"#;
    let Some(ran) = Ran::program("mipsel/bin/busybox", "auto", &["awk", script]) else { return };
    // QEMU says so.
    assert_eq!(ran.0.stdout, b"899997 600\n");
    let (entered, interpreted) = (ran.count(" times translated code was entered"), ran.count(" interpreted stretches"));
    assert!(entered * 20 < interpreted * 19, "{entered} of {interpreted}");
}

#[test]
fn auto_goes_on_behind_what_is_inlined_and_left() {
    // Each of a million turns leaves what stands in place of a call, and that comes back.
    let Some(ran) = Ran::program("c/mipsel/O2/leaves", "auto", &["1000000"]) else { return };
    // QEMU says so.
    assert!(String::from_utf8_lossy(&ran.0.stdout).ends_with("3: be73d2b7, 2280338 mended, 440 jumps\n"));
    // Seen: 9,000 to 11,000, and 1,900,000 when each such way took down the stack.
    let entered = ran.count(" times translated code was entered");
    assert!(entered < 100_000, "{entered}");
}
