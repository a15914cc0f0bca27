//! Programs that `strata translate` translated whole: portable modules of kernels, compiled by wasmtime as it comes, and
//! machine code.

use crate::kernels::is_newer;
use crate::place;
use anyhow::{Context, Result, ensure};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What earlier runs of a program leave that a translation may learn from.
pub(crate) enum Lesson {
    /// None: there were none.
    Nothing,
    /// What one run with this argument left.
    Run(u32),
}

/// Makes a portable module if there is none, or one older than what it is made of and with; none without that runtime.
pub(crate) fn portable(name: &str, mipsel: &Path, lesson: &Lesson) -> Result<Option<PathBuf>> {
    let Some(wasmtime) = place::wasmtime() else { return Ok(None) };
    let packages = wasmtime.last().map(PathBuf::from).unwrap_or_default();
    let part = match lesson {
        Lesson::Nothing => "portable",
        Lesson::Run(_) => "taught",
    };
    let module = translate(mipsel, place::made(part)?.join(name).with_extension("wasm"), lesson)?;
    let compiled = module.with_extension("cwasm");
    if ![&module, &packages].iter().all(|from| is_newer(&compiled, from)) {
        let words =
            wasmtime.iter().map(OsString::as_os_str).chain(["compile".as_ref(), module.as_ref(), compiled.as_ref()]);
        run(words)?;
    }
    Ok(Some(compiled))
}

/// Makes machine code of a program in the same way.
pub(crate) fn ahead(mipsel: &Path) -> Result<PathBuf> {
    let name = mipsel.file_name().context("a program has a name")?;
    translate(mipsel, place::made("ahead")?.join(name).with_extension("cwasm"), &Lesson::Nothing)
}

fn translate(mipsel: &Path, out: PathBuf, lesson: &Lesson) -> Result<PathBuf> {
    let strata = place::strata()?;
    if [mipsel, &strata].iter().all(|from| is_newer(&out, from)) {
        return Ok(out);
    }
    eprintln!("translating all of {}", mipsel.display());
    let cache = place::made("lessons")?;
    let (strata, cache, program): (&OsStr, &OsStr, &OsStr) = (strata.as_ref(), cache.as_ref(), mipsel.as_ref());
    let cached = match lesson {
        Lesson::Nothing => vec!["--no-cache".as_ref()],
        Lesson::Run(argument) => {
            let argument = argument.to_string();
            run([strata, "run".as_ref(), "--cache-dir".as_ref(), cache, program, argument.as_ref()])?;
            vec!["--cache-dir".as_ref(), cache]
        }
    };
    run([strata, "translate".as_ref(), program, "-o".as_ref(), out.as_ref()].into_iter().chain(cached))?;
    Ok(out)
}

fn run<'words>(words: impl IntoIterator<Item = &'words OsStr>) -> Result<()> {
    let mut words = words.into_iter();
    let mut command = Command::new(words.next().context("a command has a program")?);
    let output = command.args(words).output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
