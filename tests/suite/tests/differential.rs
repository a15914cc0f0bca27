//! cargo test --release -p strata-suite --test differential     (or cargo xtask differential --blocks N --seed S)
//!
//! Random blocks of instructions: the interpreter and translated code against QEMU.

use strata_suite::differential::{Mode, qemu, run};
use strata_suite::place;

/// Blocks in an ordinary run.
const BLOCKS: u64 = 5000;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn random_blocks_agree_with_qemu() {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    for mode in (0..Mode::COUNT).map(Mode::number) {
        if !std::env::split_paths(&paths).any(|folder| folder.join(qemu(mode)).is_file()) {
            return eprintln!("skipped: {} is not installed; cargo xtask setup installs it", qemu(mode));
        }
    }
    let strata = place::strata();
    assert!(strata.is_file(), "no {}: cargo build --release, or name it in STRATA", strata.display());
    let (blocks, seed) = (number("BLOCKS", BLOCKS), number("SEED", 1));
    let reports = run(blocks, seed, &place::scratch()).expect("programs can be written and run");
    assert!(reports.is_empty(), "of {blocks} blocks (seed {seed}) differ:\n\n{}", reports.join("\n"));
}
