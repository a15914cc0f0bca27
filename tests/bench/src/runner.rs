//! The ways of running the same work, and the command line of each.

use crate::kernels::Built;
use crate::list::Software;
use crate::place;
use crate::servers;
use crate::translated;
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A way of running.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Runner {
    /// Built for this machine; what all are compared with.
    Native,
    /// Compiled straight to Wasm, on Strata's engine.
    Wasm,
    /// The newest qemu-mipsel.
    Qemu,
    /// What `strata translate` makes of it, on wasmtime as it comes.
    Portable,
    /// The same, where a run before taught it what is called.
    Taught,
    /// Machine code that `strata translate` makes of it, in Strata.
    Ahead,
    /// Strata, in a tier.
    Strata(String),
    /// Strata as it is on its own, with the code that earlier runs left.
    Warm,
}

/// The tier whose ratios need no precision, and whose runs take longest.
pub(crate) const INTERPRETER: &str = "interp";
/// The tier that is for tests only.
const STRESS: &str = "mixed";

impl Runner {
    /// Its column.
    pub(crate) fn name(&self) -> &str {
        match self {
            Runner::Native => "native",
            Runner::Wasm => "wasm",
            Runner::Qemu => "qemu",
            Runner::Portable => "portable",
            Runner::Taught => "taught",
            Runner::Ahead => "ahead",
            Runner::Strata(tier) => tier,
            Runner::Warm => "warm",
        }
    }
}

/// The programs that run others.
pub(crate) struct Runners {
    strata: PathBuf,
    qemu: PathBuf,
    itself: PathBuf,
    /// Where code is left for [`Runner::Warm`].
    cache: PathBuf,
}

impl Runners {
    pub(crate) fn new() -> Result<Runners> {
        let cache = place::made("cache")?;
        // What other sessions left is none of this one's.
        fs::remove_dir_all(&cache).with_context(|| format!("cannot remove {}", cache.display()))?;
        Ok(Runners { strata: place::strata()?, qemu: place::qemu(), itself: place::itself()?, cache })
    }

    /// All of them, in the order of the columns; the tiers are those that Strata itself names.
    pub(crate) fn all(&self) -> Result<Vec<Runner>> {
        let mut all = vec![Runner::Native, Runner::Wasm, Runner::Qemu];
        // A tier without a name is an error that lists the names.
        let output = Command::new(&self.strata).args(["run", "--tier"]).output().context("cannot start strata")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let names = said.split_once("[possible values:").and_then(|(_, rest)| rest.split_once(']'));
        let (names, _) = names.context("strata run --tier does not name the tiers")?;
        let names = names.split(',').map(str::trim).filter(|name| *name != STRESS);
        all.extend(names.map(|name| Runner::Strata(name.to_owned())));
        all.push(Runner::Warm);
        match place::wasmtime() {
            Some(_) => all.extend([Runner::Portable, Runner::Taught]),
            None => eprintln!("no columns portable and taught: `cargo xtask setup` fetches wasmtime with its own WASI"),
        }
        Ok(all)
    }

    /// The command line of a kernel; None where it cannot be run this way.
    pub(crate) fn kernel(&self, runner: &Runner, built: &Built, repetitions: u32) -> Option<Vec<OsString>> {
        let mut words = match runner {
            Runner::Native => vec![built.native.clone().into()],
            Runner::Wasm => vec![self.itself.clone().into(), "wasm".into(), built.wasm.clone()?.into()],
            Runner::Qemu => vec![self.qemu.clone().into(), built.mipsel.clone().into()],
            Runner::Portable => wasmtime(built.portable.as_ref())?,
            Runner::Taught => wasmtime(built.taught.as_ref())?,
            Runner::Ahead => return None,
            Runner::Strata(_) | Runner::Warm => {
                [self.run(runner, &["--stats"]), vec![built.mipsel.clone().into()]].concat()
            }
        };
        words.push(repetitions.to_string().into());
        Some(words)
    }

    /// The command line of a program that works on the files in `folder`, where natives and QEMU are started.
    pub(crate) fn program(
        &self,
        runner: &Runner,
        software: &Software,
        arguments: &[String],
        folder: &Path,
    ) -> Option<Vec<OsString>> {
        let root = software.root.as_ref().map(|root| place::inputs().join(root));
        let mipsel: OsString = match &root {
            Some(root) => root.join(software.mipsel.trim_start_matches('/')).into(),
            None => place::inputs().join(&software.mipsel).into(),
        };
        let mut words = match runner {
            Runner::Native => vec![place::inputs().join(&software.native).into()],
            Runner::Wasm | Runner::Portable | Runner::Taught | Runner::Ahead => return None,
            Runner::Qemu => {
                let prefix = root.iter().flat_map(|root| ["-L".into(), root.into()]);
                [self.qemu.clone().into()].into_iter().chain(prefix).chain([mipsel]).collect()
            }
            Runner::Strata(_) | Runner::Warm => {
                let options = root.iter().flat_map(|root| [OsString::from("--root"), root.into()]).collect();
                let program = if root.is_some() { software.mipsel.clone().into() } else { mipsel };
                let grant = format!("{}:/work:ro", folder.display());
                let grant = ["--dir", &grant, "--workdir", "/work"].map(OsString::from);
                [self.run(runner, &["--stats"]), options, grant.to_vec(), vec![program]].concat()
            }
        };
        words.extend(arguments.iter().map(OsString::from));
        Some(words)
    }

    /// The command line that runs `words` in `folder`, with a root for QEMU and Strata, which have this as `/w` and `/work`.
    pub(crate) fn script(&self, runner: &Runner, folder: &Path, root: &Path, words: &[OsString]) -> Vec<OsString> {
        let mut all = match runner {
            Runner::Native => servers::native(folder),
            Runner::Qemu => servers::in_chroot(root, folder),
            _ => {
                let grant = format!("{}:/work:ro", folder.display());
                let options = ["--dir", &grant, "--workdir", "/work"].map(OsString::from);
                [self.run(runner, &[]), vec!["--root".into(), root.into()], options.to_vec()].concat()
            }
        };
        all.extend_from_slice(words);
        all
    }

    /// The command line that asks QEMU or Strata who it is, which is over as soon as it has started.
    pub(crate) fn version(&self, runner: &Runner) -> Option<Vec<OsString>> {
        let program = match runner {
            Runner::Qemu => &self.qemu,
            Runner::Strata(_) | Runner::Warm | Runner::Ahead => &self.strata,
            _ => return None,
        };
        Some(vec![program.into(), "--version".into()])
    }

    /// The command line of a program that needs no files, with nothing measured or told beside; `is_traced` names each of
    /// its system calls.
    pub(crate) fn bare(&self, runner: &Runner, mipsel: &Path, is_traced: bool) -> Result<Option<Vec<OsString>>> {
        let trace: &[&str] = if is_traced { &["--strace"] } else { &[] };
        let mut words = match runner {
            Runner::Qemu if is_traced => vec![self.qemu.clone().into(), "-strace".into()],
            Runner::Qemu => vec![self.qemu.clone().into()],
            Runner::Strata(_) | Runner::Warm => self.run(runner, trace),
            Runner::Ahead => {
                let words = [self.run(runner, trace), vec!["--allow-precompiled".into()]].concat();
                return Ok(Some([words, vec![translated::ahead(mipsel)?.into()]].concat()));
            }
            _ => return Ok(None),
        };
        words.push(mipsel.into());
        Ok(Some(words))
    }

    fn run(&self, runner: &Runner, options: &[&str]) -> Vec<OsString> {
        let mut words = vec![self.strata.clone().into(), "run".into()];
        words.extend(options.iter().map(OsString::from));
        match runner {
            Runner::Strata(tier) => words.extend(["--no-cache".into(), "--tier".into(), tier.into()]),
            Runner::Ahead => words.push("--no-cache".into()),
            _ => words.extend(["--cache-dir".into(), self.cache.clone().into()]),
        }
        words
    }

    /// What QEMU and Strata say they are.
    pub(crate) fn versions(&self) -> Vec<String> {
        let ask = |program: &Path| {
            let output = Command::new(program).arg("--version").output().ok()?;
            String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
        };
        [&self.qemu, &self.strata].into_iter().filter_map(|program| ask(program)).collect()
    }
}

/// The command line that runs a compiled portable module.
fn wasmtime(compiled: Option<&PathBuf>) -> Option<Vec<OsString>> {
    let mut words = place::wasmtime()?;
    words.extend(["run".into(), compiled?.into()]);
    Some(words)
}
