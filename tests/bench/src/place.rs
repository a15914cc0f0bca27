//! Where things are: the checkout, what set-up fetched, what the bench makes, the programs it was built with.

use anyhow::{Context, Result, ensure};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The checkout's root folder.
pub(crate) fn root() -> PathBuf {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.ancestors().nth(2).expect("the bench lies in tests/bench").to_path_buf()
}

/// The bench's own folder: list, kernels, the generated page.
pub(crate) fn bench() -> PathBuf {
    root().join("tests/bench")
}

/// What `cargo xtask bench` fetched.
pub(crate) fn inputs() -> PathBuf {
    root().join("target/inputs")
}

/// Room for what the bench makes; `part` is made if need be.
pub(crate) fn made(part: &str) -> Result<PathBuf> {
    let folder = root().join("target/bench").join(part);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// This program.
pub(crate) fn itself() -> Result<PathBuf> {
    env::current_exe().context("a running program has a path")
}

/// The program under test, beside this one; `STRATA` names another build of it.
pub(crate) fn strata() -> Result<PathBuf> {
    let strata = match env::var_os("STRATA") {
        Some(path) => PathBuf::from(path),
        None => itself()?.with_file_name("strata"),
    };
    ensure!(strata.is_file(), "{} is not there: cargo build --release --workspace", strata.display());
    Ok(strata)
}

/// How a command begins that is wasmtime with its own WASI, if set-up fetched it; tests/runtime/wasmtime.py says how it goes on.
pub(crate) fn wasmtime() -> Option<Vec<OsString>> {
    let packages = Some(inputs().join("wasmtime")).filter(|folder| folder.join("package").is_file())?;
    Some(vec!["python3".into(), root().join("tests/runtime/wasmtime.py").into(), packages.into()])
}

/// The newest QEMU: the one set-up fetched, else the machine's.
pub(crate) fn qemu() -> PathBuf {
    let fetched = inputs().join("qemu/usr/bin/qemu-mipsel");
    if fetched.is_file() { fetched } else { PathBuf::from("qemu-mipsel") }
}
