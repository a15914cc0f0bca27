//! What runs portable modules and the browser's core in tests: a Node that lets a module have two memories, and wasmtime with
//! its own WASI.

use crate::setup::Skipped;
use crate::{pip, step};
use anyhow::{Context, Result, bail};
use std::fs;

/// Node's version with long-term support; its npm package holds the program as it is.
const NODE: &str = "24";
/// wasmtime, as its makers build it for Python.
const WASMTIME: &str = "wasmtime==50.0.1";

/// Fetches what is missing.
pub(crate) fn fetch(skipped: &mut Skipped) {
    if let Err(error) = node() {
        skipped.push(format!("Node {NODE}: {error:#}; tests of portable modules run without it"));
    }
    fetch_for_bench(skipped);
}

/// Fetches wasmtime with its own WASI, which the bench uses, too.
pub(crate) fn fetch_for_bench(skipped: &mut Skipped) {
    if let Err(error) = pip::fetch("wasmtime", WASMTIME) {
        skipped.push(format!("{WASMTIME}: {error:#}; tests of portable modules run without it"));
    }
}

fn node() -> Result<()> {
    let folder = step::root().join("target/inputs/node");
    if folder.join("bin/node").is_file() {
        return Ok(());
    }
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("npm has no node package for {other}"),
    };
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let package = format!("node-linux-{machine}@{NODE}");
    let mut pack = step::command("npm", &["pack", "--silent", &package]);
    pack.current_dir(&folder);
    let archive = step::output(pack).with_context(|| format!("npm pack {package} failed"))?;
    let archive = archive.lines().last().unwrap_or_default().trim().to_owned();
    let mut unpack = step::command("tar", &["--extract", "--strip-components=1", "--file", &archive]);
    unpack.current_dir(&folder);
    step::run(unpack)?;
    fs::remove_file(folder.join(&archive)).with_context(|| format!("cannot remove {archive}"))
}
