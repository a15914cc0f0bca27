//! `cargo xtask python`: all of python3's own test modules that `tests/linux/python.toml` lists, under Strata and QEMU.

use crate::{setup, step};
use anyhow::Result;

/// Sets up and runs them; `filter` is a part of their names.
pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    setup::report(&setup::run()?);
    // The whole workspace, as the tests are: another selection has other features, and wasmtime would be compiled twice.
    step::run(step::command("cargo", &["build", "--release", "--workspace"]))?;
    let mut command = step::command("cargo", &["test", "--release", "--workspace", "--test", "python"]);
    command.env("EVERYTHING", "1").arg("--").args(filter);
    step::run(command)
}
