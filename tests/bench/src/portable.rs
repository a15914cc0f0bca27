//! Portable modules of kernels: translated whole by `strata translate`, then compiled by wasmtime as it comes.

use crate::kernels::is_newer;
use crate::place;
use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes what is missing, or older than what it is made of and with; none without that runtime.
pub(crate) fn build(name: &str, mipsel: &Path) -> Result<Option<PathBuf>> {
    let Some(runtime) = place::runtime() else { return Ok(None) };
    let strata = place::strata()?;
    let module = place::made("portable")?.join(name).with_extension("wasm");
    if ![mipsel, &strata].iter().all(|from| is_newer(&module, from)) {
        eprintln!("translating all of {name}");
        run(&strata, &["translate".as_ref(), mipsel.as_ref(), "-o".as_ref(), module.as_ref()])?;
    }
    let compiled = module.with_extension("cwasm");
    if ![&module, &runtime].iter().all(|from| is_newer(&compiled, from)) {
        run(&runtime, &["compile".as_ref(), module.as_ref(), compiled.as_ref()])?;
    }
    Ok(Some(compiled))
}

fn run(program: &Path, arguments: &[&OsStr]) -> Result<()> {
    let mut command = Command::new(program);
    let output = command.args(arguments).output().with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
