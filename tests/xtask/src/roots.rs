//! Whole root file systems of Debian packages under `target/inputs`, made by `strata rootfs` as a user would.

use crate::setup::Skipped;
use crate::step;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;

/// What the root that dynamic programs are tested in has beside what every root of `strata rootfs` has.
const PACKAGES: &[&str] = &[
    "busybox",
    "bzip2",
    "curl",
    "file",
    "gawk",
    "gcc",
    "git",
    "iproute2",
    "less",
    "libc6-dev",
    "libpython3.11-testsuite",
    "lighttpd",
    "lua5.4",
    "luajit",
    "m4",
    "make",
    "memcached",
    "netcat-openbsd",
    "nginx-light",
    "nodejs",
    "openssl",
    "patch",
    "perl",
    "procps",
    "psmisc",
    "python3",
    "redis-server",
    "redis-tools",
    "socat",
    "sqlite3",
    "stress-ng",
    "tcl",
    "wget",
    "wrk",
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
    if let Err(error) = unpack(&folder).and_then(|()| Ok(fs::write(&mark, &list)?)) {
        skipped.push(format!("the root of dynamic programs: {error:#}"));
    }
}

fn unpack(folder: &Path) -> Result<()> {
    if fs::exists(folder)? {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    // The whole workspace, as the tests build it, so that wasmtime is not compiled twice.
    step::run(step::command("cargo", &["build", "--release", "--workspace"]))?;
    let strata = std::env::current_exe()?.with_file_name("strata");
    let mut command = step::command(&strata.to_string_lossy(), &["rootfs"]);
    command.arg(folder).args(PACKAGES);
    step::run(command)
}
