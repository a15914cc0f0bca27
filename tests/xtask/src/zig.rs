//! zig, from the package registry of Python: a C compiler that brings musl for every architecture it compiles for.

use crate::step;
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// The package; `--target` has pip put it there and change nothing else.
const PACKAGE: &str = "ziglang==0.17.1";

/// The compiler's path, after fetching it if it is not there.
pub(crate) fn fetch() -> Result<PathBuf> {
    let folder = step::root().join("target/inputs/zig");
    let zig = folder.join("ziglang/zig");
    let mark = folder.join("package");
    if fs::read_to_string(&mark).is_ok_and(|fetched| fetched == PACKAGE) {
        return Ok(zig);
    }
    if fs::exists(&folder)? {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let mut command = step::command("python3", &["-m", "pip", "install", "--quiet", "--root-user-action=ignore"]);
    command.args(["--no-cache-dir", "--retries=1", "--no-compile", "--no-deps", "--target"]).arg(&folder).arg(PACKAGE);
    step::run(command)?;
    fs::write(&mark, PACKAGE).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(zig)
}
