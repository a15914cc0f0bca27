//! `cargo xtask test`: set-up, then every check and test, cheapest first. All run; one failure fails the whole.

use crate::{setup, step};
use anyhow::{Result, bail};
use std::fs;
use std::time::Instant;

/// Runs everything, then says what failed and what was skipped.
pub(crate) fn run() -> Result<()> {
    let skipped = setup::run()?;
    let mut steps = vec![
        vec!["fmt", "--all", "--check"],
        vec!["clippy", "--release", "--workspace", "--all-targets", "--", "--deny", "warnings"],
    ];
    if step::output(step::command("cargo", &["deny", "--version"])).is_some() {
        steps.push(vec!["deny", "check", "bans", "licenses", "sources"]);
    }
    let pure = pure_crates()?;
    let mut browser = vec!["build", "--release", "--target", "wasm32-unknown-unknown"];
    browser.extend(pure.iter().flat_map(|name| ["--package", name.as_str()]));
    steps.push(browser);
    // The whole workspace, as the tests are: another selection has other features, and wasmtime would be compiled twice.
    steps.push(vec!["build", "--release", "--workspace"]);
    steps.push(vec!["test", "--release", "--workspace", "--no-fail-fast"]);

    let mut failed = Vec::new();
    for arguments in steps {
        let started = Instant::now();
        if let Err(error) = step::run(step::command("cargo", &arguments)) {
            failed.push(format!("{error:#}"));
        }
        step::say(&format!("took {} s", started.elapsed().as_secs()));
    }
    setup::report(&skipped);
    if !failed.is_empty() {
        bail!("{}", failed.join("\n       "));
    }
    Ok(())
}

/// The crates that must also build for a browser: all of two storeys, and the pure part of the third.
fn pure_crates() -> Result<Vec<String>> {
    let mut folders = vec!["web-demo".into(), "host/namespace".into(), "host/remap".into()];
    for storey in ["translators", "guests"] {
        for entry in fs::read_dir(step::root().join(storey))? {
            folders.push(entry?.path());
        }
    }
    let mut names = Vec::new();
    for folder in folders {
        let Ok(manifest) = fs::read_to_string(step::root().join(folder).join("Cargo.toml")) else { continue };
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        names.extend(name.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
