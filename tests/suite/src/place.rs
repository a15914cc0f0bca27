//! Where things are: the checkout, the inputs that set-up fetched, the program under test, scratch room.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout's root folder.
pub fn root() -> PathBuf {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR"));
    suite.ancestors().nth(2).expect("the suite lies in tests/suite").to_path_buf()
}

/// What `cargo xtask setup` fetched and built.
pub fn inputs() -> PathBuf {
    root().join("target/inputs")
}

/// The list of packages that set-up leaves in a root when it is whole.
pub fn mark(root: &Path) -> PathBuf {
    root.join("strata-packages")
}

/// The folder of built programs: this test runs from its `deps`.
pub fn built() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    test.ancestors().nth(2).expect("a test lies in deps").to_path_buf()
}

/// The program under test; `STRATA` names another build of it.
pub fn strata() -> PathBuf {
    std::env::var_os("STRATA").map_or_else(|| built().join("strata"), PathBuf::from)
}

/// Scratch room that lasts between runs: oracle outputs.
pub fn cache() -> PathBuf {
    built().join("suite-cache")
}

/// Scratch room of this run.
pub fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("strata-suite-{}", std::process::id()))
}

/// A Node to run WebAssembly with, and its major version: the one that set-up fetched, or the machine's.
pub fn node() -> Option<(PathBuf, u32)> {
    [inputs().join("node/bin/node"), PathBuf::from("node")].into_iter().find_map(|program| {
        let output = Command::new(&program).arg("--version").output().ok()?;
        let version = String::from_utf8(output.stdout).ok()?;
        let major = version.trim_start_matches('v').split('.').next()?.parse().ok()?;
        Some((program, major))
    })
}

/// A command that begins with wasmtime with its own WASI, which set-up fetched; tests/runtime/wasmtime.py says how it goes on.
pub fn wasmtime() -> Option<Command> {
    let packages = Some(inputs().join("wasmtime")).filter(|folder| folder.join("package").is_file())?;
    let mut command = Command::new("python3");
    command.arg(root().join("tests/runtime/wasmtime.py")).arg(packages);
    Some(command)
}
