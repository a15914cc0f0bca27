//! Builds each kernel three ways: natively, for mipsel as Debian builds (static, PIC code), straight to Wasm. And what is
//! measured beside them: programs of no library.

use crate::list::Kernel;
use crate::place;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// For all: no contraction of products and sums, or the results would differ; no errno, so that a square root is an
/// instruction.
const OPTIONS: &[&str] = &["-O2", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Werror"];
/// The native compiler.
pub(crate) const GCC: &str = "gcc";
/// Debian's cross compiler.
pub(crate) const MIPS_GCC: &str = "mipsel-linux-gnu-gcc";
/// The newest clang of Debian stable.
pub(crate) const CLANG: &str = "clang-19";
/// Bare Wasm: no library, the kernel exported.
const WASM: &[&str] =
    &["--target=wasm32", "-mbulk-memory", "-ffreestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-debug"];

/// Where a kernel's builds lie.
pub(crate) struct Built {
    pub(crate) native: PathBuf,
    pub(crate) mipsel: PathBuf,
    /// None without clang.
    pub(crate) wasm: Option<PathBuf>,
    /// None unless asked for: see [`crate::translated`].
    pub(crate) portable: Option<PathBuf>,
    /// The same, by who knows an earlier run.
    pub(crate) taught: Option<PathBuf>,
}

/// Whether a compiler is there.
pub(crate) fn is_there(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Builds what is missing or older than its sources.
pub(crate) fn build(kernel: &Kernel) -> Result<Built> {
    let sources = place::bench().join("kernels");
    let source = sources.join(&kernel.name).with_extension("c");
    let with_main = [source.clone(), sources.join("main.c")];
    let native = compile(GCC, &[], &with_main, place::made("native")?.join(&kernel.name))?;
    let mipsel = compile(MIPS_GCC, &["-static"], &with_main, place::made("mipsel")?.join(&kernel.name))?;
    let wasm = match is_there(CLANG) {
        true => Some(compile(CLANG, WASM, &[source], place::made("wasm")?.join(&kernel.name).with_extension("wasm"))?),
        false => None,
    };
    Ok(Built { native, mipsel, wasm, portable: None, taught: None })
}

/// Builds `servers/threads.c` natively and for mipsel, into `folder`.
pub(crate) fn threads(folder: &Path) -> Result<()> {
    let source = place::bench().join("servers/threads.c");
    for (compiler, program) in [(GCC, "threads-native"), (MIPS_GCC, "threads-mipsel")] {
        compile(compiler, &["-static", "-pthread"], std::slice::from_ref(&source), folder.join(program))?;
    }
    Ok(())
}

/// Builds the program that measures.
pub(crate) fn measurer() -> Result<PathBuf> {
    compile(GCC, &["-static"], &[place::bench().join("measure.c")], place::made("")?.join("measure"))
}

/// Builds `start/NAME.S` for mipsel, with nothing in it but that.
pub(crate) fn bare(name: &str) -> Result<PathBuf> {
    let source = place::bench().join("start").join(name).with_extension("S");
    compile(MIPS_GCC, &["-nostdlib", "-static"], &[source], place::made("mipsel")?.join(name))
}

fn compile(compiler: &str, options: &[&str], sources: &[PathBuf], program: PathBuf) -> Result<PathBuf> {
    let header = place::bench().join("kernels/kernel.h");
    if sources.iter().chain([&header]).all(|source| is_newer(&program, source)) {
        return Ok(program);
    }
    let mut command = Command::new(compiler);
    command.args(OPTIONS).args(options).arg("-o").arg(&program).args(sources);
    let output = command.output().with_context(|| format!("cannot start {compiler}"))?;
    if !output.status.success() {
        bail!("{} does not compile:\n{}", sources[0].display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(program)
}

/// Whether `made` exists and is at least as new as `from`.
pub(crate) fn is_newer(made: &Path, from: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    matches!((time(made), time(from)), (Some(made), Some(from)) if made >= from)
}
