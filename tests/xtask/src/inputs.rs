//! Unmodified MIPS packages, unpacked under `target/inputs/mipsel` and never installed.
//!
//! apt keeps a state of its own there for the foreign architecture, so that neither root nor
//! `dpkg --add-architecture` is needed and the machine stays as it was.

use crate::setup::Skipped;
use crate::step;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// Package and the program that proves it is there.
const PACKAGES: &[(&str, &str)] = &[("busybox-static", "bin/busybox"), ("bash-static", "bin/bash-static")];

/// Fetches what is missing.
pub(crate) fn fetch(skipped: &mut Skipped) {
    let folder = step::root().join("target/inputs/mipsel");
    let missing: Vec<&str> = PACKAGES.iter().filter(|row| !folder.join(row.1).is_file()).map(|row| row.0).collect();
    if missing.is_empty() {
        return;
    }
    step::say(&format!("fetching for mipsel: {}", missing.join(" ")));
    if let Err(error) = download(&missing, &folder) {
        skipped.push(format!("{} for mipsel: {error:#}", missing.join(", ")));
    }
}

fn download(packages: &[&str], folder: &Path) -> Result<()> {
    let state = step::root().join("target/inputs/apt");
    for part in ["lists/partial", "cache/archives/partial", "packages"] {
        let path = state.join(part);
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
    }
    fs::write(state.join("status"), "")?;
    fs::create_dir_all(folder)?;
    apt(&state, &["update"])?;
    apt(&state, &[&["download"], packages].concat())?;
    for entry in fs::read_dir(state.join("packages"))? {
        let package = entry?.path();
        let mut unpack = step::command("dpkg-deb", &["-x"]);
        unpack.arg(&package).arg(folder);
        step::run(unpack)?;
        fs::remove_file(&package)?;
    }
    Ok(())
}

fn apt(state: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = step::command("apt-get", &["-q"]);
    let mut option = |text: String| {
        command.args(["-o", &text]);
    };
    option("APT::Architecture=mipsel".to_owned());
    option("APT::Architectures=mipsel".to_owned());
    // Descriptions for software centres: 4 MB that nobody reads here.
    option("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned());
    // Without root the download runs as the user it belongs to.
    option("APT::Sandbox::User=".to_owned());
    option(format!("Dir::State={}", state.display()));
    option(format!("Dir::State::status={}", state.join("status").display()));
    option(format!("Dir::Cache={}", state.join("cache").display()));
    command.args(arguments).current_dir(state.join("packages"));
    step::run(command)
}
