//! `cargo xtask setup`: what the tests need, and a plain list of what could not be had.

use crate::{build, debian, firmware, inputs, roots, runtimes, step};
use anyhow::Result;

/// Something the tests can do without, that is missing, and why.
pub(crate) type Skipped = Vec<String>;

/// Brings everything there. What may not be installed is skipped and named, not an error.
pub(crate) fn run() -> Result<Skipped> {
    let mut skipped = Skipped::new();
    debian::install(debian::PACKAGES, &mut skipped);
    inputs::fetch(&mut skipped);
    firmware::build(&mut skipped);
    wasm_target(&mut skipped);
    roots::make(&mut skipped);
    cargo_deny(&mut skipped);
    runtimes::fetch(&mut skipped);
    build::test_programs(&mut skipped)?;
    Ok(skipped)
}

/// Says what was skipped.
pub(crate) fn report(skipped: &Skipped) {
    if skipped.is_empty() {
        step::say("set-up complete");
    }
    for line in skipped {
        step::say(&format!("SKIPPED {line}"));
    }
}

/// The browser's target, through rustup where it is in charge.
fn wasm_target(skipped: &mut Skipped) {
    const TARGET: &str = "wasm32-unknown-unknown";
    let print = ["--print", "target-libdir", "--target", TARGET];
    if step::output(step::command("rustc", &print))
        .is_some_and(|folder| std::fs::exists(folder.trim()).unwrap_or(false))
    {
        return;
    }
    if let Err(error) = step::run(step::command("rustup", &["target", "add", TARGET])) {
        skipped.push(format!("the {TARGET} build: {error:#}; install Rust's standard library for that target"));
    }
}

fn cargo_deny(skipped: &mut Skipped) {
    if step::output(step::command("cargo", &["deny", "--version"])).is_some() {
        return;
    }
    // It looks at a few hundred lines: to optimize it takes longer than all that it will ever do here.
    if let Err(error) = step::run(step::command("cargo", &["install", "--locked", "--debug", "cargo-deny"])) {
        skipped.push(format!("cargo deny: {error:#}"));
    }
}
