//! The project's own C test programs: each of `guests/programs/c`, static, for both byte orders and three levels of
//! optimization, and as MIPS16e code, into `target/inputs/c/<arch>/<level>/<name>`.

use crate::setup::Skipped;
use crate::step;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Byte orders: name of the folder, and of the compiler.
pub(crate) const ARCHITECTURES: &[(&str, &str)] = &[("mipsel", "mipsel-linux-gnu-gcc"), ("mips", "mips-linux-gnu-gcc")];
/// Levels of optimization, and what they are to the compiler. MIPS16e code calls the C library, which is 32-bit code.
const LEVELS: &[(&str, &[&str])] =
    &[("O0", &["-O0"]), ("O2", &["-O2"]), ("Os", &["-Os"]), (MIPS16E, &["-O2", "-mips16", "-minterlink-mips16"])];
/// The level that is another instruction set.
const MIPS16E: &str = "mips16";

struct Job {
    compiler: &'static str,
    options: &'static [&'static str],
    source: PathBuf,
    program: PathBuf,
}

/// Builds what is missing or older than its source.
pub(crate) fn test_programs(skipped: &mut Skipped) -> Result<()> {
    let mut jobs = Vec::new();
    for (architecture, compiler) in ARCHITECTURES {
        if step::output(step::command(compiler, &["--version"])).is_none() {
            skipped.push(format!("C test programs for {architecture}: {compiler} is not there"));
            continue;
        }
        for (level, options) in LEVELS {
            let folder = step::root().join("target/inputs/c").join(architecture).join(level);
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            for source in sources("guests/programs/c", "c")? {
                let program = folder.join(source.file_stem().unwrap_or_default());
                let is_possible = *level != MIPS16E || !has_assembly(&source)?;
                if is_possible && !is_newer(&program, &source) {
                    jobs.push(Job { compiler, options, source, program });
                }
            }
        }
    }
    if !jobs.is_empty() {
        step::say(&format!("building {} C test programs", jobs.len()));
    }
    in_parallel(&jobs, compile)
}

/// The files of a folder with that extension, sorted.
pub(crate) fn sources(folder: &str, extension: &str) -> Result<Vec<PathBuf>> {
    let folder = step::root().join(folder);
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    Ok(files)
}

/// Whether `made` exists and is at least as new as `from`.
fn is_newer(made: &Path, from: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    matches!((time(made), time(from)), (Some(made), Some(from)) if made >= from)
}

/// Whether a program is about instructions, those of 32-bit code: MIPS16e has not all of them.
fn has_assembly(source: &Path) -> Result<bool> {
    let text = fs::read_to_string(source).with_context(|| format!("cannot read {}", source.display()))?;
    Ok(text.contains("__asm__"))
}

fn compile(job: &Job) -> Result<()> {
    let mut command = step::command(job.compiler, &["-std=gnu11", "-static", "-Wall", "-Werror"]);
    // What the compiler would prove to be undefined or pointless is what these programs are about.
    for warning in ["array-bounds", "format-overflow", "format-truncation", "infinite-recursion", "stringop-overflow"] {
        command.arg(format!("-Wno-{warning}"));
    }
    command.args(["-Wno-stringop-truncation", "-fno-strict-aliasing", "-ffp-contract=off"]);
    command.args(job.options).arg("-o").arg(&job.program).arg(&job.source);
    command.args(["-lm", "-lrt", "-lpthread"]);
    let output = command.output().with_context(|| format!("cannot start {}", job.compiler))?;
    if !output.status.success() {
        bail!("{} does not compile:\n{}", job.source.display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// Runs `each` on every job, as many at once as there are processors; the first error ends it.
fn in_parallel<T: Sync>(jobs: &[T], each: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = each(job) {
                        next.store(jobs.len(), Ordering::Relaxed);
                        failed.lock().expect("no holder panics").get_or_insert(error);
                    }
                }
            });
        }
    });
    failed.into_inner().expect("no holder panics").map_or(Ok(()), Err)
}
