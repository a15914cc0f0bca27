//! Packages of Python's registry, each in a folder of its own; nothing of the machine's Python changes.

use crate::step;
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// The folder below `target/inputs` that holds `package`, `NAME==VERSION`, after fetching it if it is not there.
pub(crate) fn fetch(folder: &str, package: &str) -> Result<PathBuf> {
    let folder = step::root().join("target/inputs").join(folder);
    let mark = folder.join("package");
    if fs::read_to_string(&mark).is_ok_and(|fetched| fetched == package) {
        return Ok(folder);
    }
    if fs::exists(&folder)? {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let mut command = step::command("python3", &["-m", "pip", "install", "--quiet", "--root-user-action=ignore"]);
    command.args(["--no-cache-dir", "--retries=1", "--no-compile", "--no-deps", "--target"]).arg(&folder).arg(package);
    step::run(command)?;
    fs::write(&mark, package).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(folder)
}
