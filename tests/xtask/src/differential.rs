//! `cargo xtask differential --blocks N --seed S`: the differential test with as many random blocks as wanted.

use crate::step;
use anyhow::Result;

/// Builds `strata` and runs the test on `blocks` blocks of `seed`.
pub(crate) fn run(blocks: u64, seed: u64) -> Result<()> {
    step::run(step::command("cargo", &["build", "--release"]))?;
    let test = ["test", "--release", "--package", "strata-suite", "--test", "differential"];
    let mut command = step::command("cargo", &test);
    command.env("BLOCKS", blocks.to_string()).env("SEED", seed.to_string());
    step::run(command)
}
