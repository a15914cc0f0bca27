//! `cargo xtask docs`: regenerates the generated pages.
//!
//! Each page has a test that says when it is stale; the same test, told to bless, writes it.

use crate::step;
use anyhow::Result;

/// Crates with generated pages.
const CRATES: &[&str] = &["strata-linux", "strata-mips"];

/// Regenerates all of them.
pub(crate) fn run() -> Result<()> {
    for name in CRATES {
        let mut command =
            step::command("cargo", &["test", "--quiet", "--release", "--package", name, "page_is_not_stale"]);
        command.env("BLESS", "1");
        step::run(command)?;
    }
    Ok(())
}
