//! `cargo xtask bench`: brings there what measuring needs, then runs `strata-bench`, a crate of its own because it links
//! the engine.

use crate::{debian, inputs, roots, runtimes, setup, step};
use anyhow::{Context, Result};

/// Compilers: native, and straight to Wasm; and for this machine what a guest has in its root.
const PACKAGES: &[&str] = &[
    "gcc",
    "libc6-dev",
    "gcc-mipsel-linux-gnu",
    "libc6-dev-mipsel-cross",
    "clang-19",
    "lld-19",
    "gawk",
    "iproute2",
    "lua5.4",
    "nginx-light",
    "nodejs",
    "openssl",
    "perl",
    "python3",
    "qemu-user-static",
    "redis-server",
    "redis-tools",
    "sqlite3",
    "wrk",
    "xz-utils",
];

/// Sets up, builds, measures; `arguments` are those of `strata-bench`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if !arguments.iter().any(|word| ["-h", "--help"].contains(&word.as_str())) {
        let mut skipped = setup::Skipped::new();
        debian::install(PACKAGES, &mut skipped);
        inputs::fetch(&mut skipped);
        inputs::fetch_for_bench(&mut skipped);
        roots::make(&mut skipped);
        runtimes::fetch_for_bench(&mut skipped);
        setup::report(&skipped);
    }
    // The whole workspace, as the tests are: another selection has other features, and wasmtime would be compiled twice.
    step::run(step::command("cargo", &["build", "--quiet", "--release", "--workspace"]))?;
    let itself = std::env::current_exe().context("a running program has a path")?;
    let mut bench = std::process::Command::new(itself.with_file_name("strata-bench"));
    bench.arg("bench").args(arguments);
    step::run(bench)
}
