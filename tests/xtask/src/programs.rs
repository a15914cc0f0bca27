//! `cargo xtask programs`: rebuilds the committed demo programs, `guests/programs/bin/<arch>/<name>`.
//!
//! Freestanding C: no libc, no linked-in code of others, so that what is committed is ours and a few KiB each.

use crate::build::{ARCHITECTURES, sources};
use crate::step;
use anyhow::{Context, Result};
use std::fs;

/// Small, static, without anything a kernel would have to provide beyond system calls.
const OPTIONS: &[&str] = &[
    "-std=gnu11",
    "-Os",
    "-mips32r2",
    "-mno-abicalls",
    "-fno-pic",
    "-G0",
    "-ffreestanding",
    "-fno-builtin",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-ffp-contract=off",
    "-Wall",
    "-Werror",
    "-nostdlib",
    "-static",
    "-Wl,--build-id=none",
    "-Wl,-z,max-page-size=4096",
    "-Wl,-s",
];

/// Rebuilds all of them.
pub(crate) fn run() -> Result<()> {
    for (architecture, compiler) in ARCHITECTURES {
        let folder = step::root().join("guests/programs/bin").join(architecture);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for source in sources("guests/programs/demo", "c")? {
            let mut command = step::command(compiler, OPTIONS);
            command.arg("-o").arg(folder.join(source.file_stem().unwrap_or_default())).arg(&source);
            step::run(command)?;
        }
    }
    Ok(())
}
