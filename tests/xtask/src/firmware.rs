//! Firmware as it is found: busybox from Debian's source, big-endian and static, into `target/inputs/firmware/<kind>`.
//!
//! One is built by zig, for musl and without floating-point instructions; one is MIPS16e code that calls glibc. Both have the
//! few applets that `firmware/busybox.config` names, and start themselves for what their shell runs.

use crate::setup::Skipped;
use crate::{step, zig};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// What is chosen; the features of each applet are busybox's defaults.
const CONFIG: &str = include_str!("firmware/busybox.config");
/// What zig is called through.
const ZIGCC: &str = include_str!("firmware/zigcc.sh");
/// What is changed in libbb.h: the one pointer that `BB_GLOBAL_CONST` does not reach. Why it should, zigcc.sh says.
const POINTER: [&str; 2] =
    ["extern struct globals *const ptr_to_globals;", "extern struct globals *BB_GLOBAL_CONST ptr_to_globals;"];

/// A build of busybox.
struct Firmware {
    /// The folder under `target/inputs/firmware`.
    kind: &'static str,
    compiler: &'static str,
    is_zig: bool,
}

const FIRMWARE: &[Firmware] = &[
    Firmware { kind: "mips-musl-softfloat", compiler: "sh tests/xtask/src/firmware/zigcc.sh", is_zig: true },
    Firmware { kind: "mips16", compiler: "mips-linux-gnu-gcc -mips16 -minterlink-mips16", is_zig: false },
];

/// Builds what is missing, or not of this recipe.
pub(crate) fn build(skipped: &mut Skipped) {
    for firmware in FIRMWARE {
        if let Err(error) = firmware.build() {
            skipped.push(format!("the firmware {}: {error:#}", firmware.kind));
        }
    }
}

impl Firmware {
    fn build(&self) -> Result<()> {
        let folder = step::root().join("target/inputs/firmware").join(self.kind);
        let recipe = [CONFIG, ZIGCC, self.compiler].join("\n");
        let mark = folder.join("recipe");
        if fs::read_to_string(&mark).is_ok_and(|built| built == recipe) {
            return Ok(());
        }
        let source = step::root().join("target/inputs/busybox");
        if !source.join("Makefile").is_file() {
            bail!("Debian's source of busybox is not there");
        }
        if fs::exists(&folder)? {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        let build = folder.join("build");
        fs::create_dir_all(&build).with_context(|| format!("cannot make {}", build.display()))?;
        step::say(&format!("building busybox as firmware: {}", self.kind));
        let_pointers_change(&source.join("include/libbb.h"))?;
        self.configure(&source, &build)?;
        run(self.make(&source, &build, "busybox")?)?;
        fs::rename(build.join("busybox"), folder.join("busybox"))?;
        fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))?;
        fs::write(&mark, recipe).with_context(|| format!("cannot write {}", mark.display()))
    }

    /// Chooses what [`CONFIG`] names and no other applet.
    fn configure(&self, source: &Path, build: &Path) -> Result<()> {
        run(self.make(source, build, "allnoconfig")?)?;
        let path = build.join(".config");
        let nothing = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        // Without a line, a feature is asked for; an empty answer takes its default. The first line for an option counts.
        let is_feature = |line: &&str| line.contains("CONFIG_FEATURE_") || line.contains("CONFIG_ASH_");
        let others: Vec<&str> = nothing.lines().filter(|line| !is_feature(line)).collect();
        fs::write(&path, format!("{CONFIG}{}\n", others.join("\n")))?;
        let answers = build.join("answers");
        fs::write(&answers, "\n".repeat(others.len()))?;
        let mut ask = self.make(source, build, "oldconfig")?;
        ask.stdin(File::open(&answers)?);
        run(ask)
    }

    fn make(&self, source: &Path, build: &Path, goal: &str) -> Result<Command> {
        let root = step::root();
        let jobs = thread::available_parallelism().map_or(1, usize::from);
        let mut make = step::command("make", &["--silent", "--jobs", &jobs.to_string(), "--directory"]);
        make.arg(source).arg(format!("O={}", build.display()));
        make.args(["HOSTCC=cc", "CROSS_COMPILE=mips-linux-gnu-"]);
        make.arg(format!("CC={}", self.compiler.replace("tests/", &format!("{}/tests/", root.display()))));
        if self.is_zig {
            let cache = root.join("target/inputs/zig/cache");
            make.env("ZIG", zig::fetch()?).env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", &cache);
        }
        make.arg(goal);
        Ok(make)
    }
}

fn let_pointers_change(header: &PathBuf) -> Result<()> {
    let text = fs::read_to_string(header).with_context(|| format!("cannot read {}", header.display()))?;
    fs::write(header, text.replace(POINTER[0], POINTER[1]))
        .with_context(|| format!("cannot write {}", header.display()))
}

/// Runs a command in silence: compilers warn of much in others' code.
fn run(mut command: Command) -> Result<()> {
    let output = command.stdout(Stdio::null()).output().context("cannot start make")?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().rev().take(20).collect::<Vec<_>>();
        bail!("make failed:\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    Ok(())
}
