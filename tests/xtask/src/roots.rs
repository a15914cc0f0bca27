//! Whole root file systems of Debian packages, unpacked under `target/inputs` and never installed.

use crate::setup::Skipped;
use crate::step;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::Path;

/// What the root that dynamic programs are tested in is made of, the essential packages by name.
const PACKAGES: &[&str] = &[
    "base-files",
    "base-passwd",
    "bash",
    "bzip2",
    "coreutils",
    "dash",
    "diffutils",
    "file",
    "findutils",
    "gawk",
    "git",
    "grep",
    "gzip",
    "hostname",
    "less",
    "libc-bin",
    "lua5.4",
    "m4",
    "make",
    "mawk",
    "openssl",
    "patch",
    "perl",
    "procps",
    "python3",
    "sed",
    "sqlite3",
    "tar",
    "util-linux",
    "xz-utils",
    "zstd",
];

/// Makes the root if it is not there, or not of these packages.
pub(crate) fn make(skipped: &mut Skipped) {
    let folder = step::root().join("target/inputs/debian");
    let list = PACKAGES.join(",");
    let mark = folder.join("strata-packages");
    if fs::read_to_string(&mark).is_ok_and(|made| made == list) {
        return;
    }
    step::say("making a root file system of Debian packages for mipsel");
    if let Err(error) = unpack(&folder, &list).and_then(|()| Ok(fs::write(&mark, &list)?)) {
        skipped.push(format!("the root of dynamic programs: {error:#}"));
    }
}

fn unpack(folder: &Path, list: &str) -> Result<()> {
    if fs::exists(folder)? {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let release = step::output(step::command("sh", &["-c", ". /etc/os-release; echo $VERSION_CODENAME"]));
    let release = release.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let is_root = step::output(step::command("id", &["-u"])).is_some_and(|uid| uid.trim() == "0");
    let mut command = step::command("mmdebstrap", &["--quiet", "--variant=extract", "--architectures=mipsel"]);
    command.arg("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr");
    command.arg(if is_root { "--mode=root" } else { "--mode=fakechroot" });
    command.arg(format!("--include={list}")).arg(release.context("this is no release of Debian")?).arg(folder);
    step::run(command)?;
    ensure!(folder.join("bin/true").is_file(), "mmdebstrap made no root");
    Ok(())
}
