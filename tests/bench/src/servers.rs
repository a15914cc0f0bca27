//! Servers and threads: scripts that measure inside themselves, in a Debian root under QEMU and Strata, and natively with this
//! machine's own programs, each in namespaces of its own.

use crate::kernels;
use crate::list::{Goal as Wanted, List, Served};
use crate::place;
use crate::results::median;
use crate::runner::{Runner, Runners};
use crate::targets::Goal;
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// How a script is started natively: with a loopback interface of its own, in the folder of the scripts.
const NATIVE: &str = "/usr/sbin/ip link set lo up; cd \"$1\"; shift; exec \"$@\"";
/// The root, under the fetched inputs.
const ROOT: &str = "debian";
/// How much less a quick run does.
const PART_QUICK: u32 = 10;

/// A figure, and what each runner printed for it in each round.
#[derive(Serialize)]
pub(crate) struct Figure {
    pub(crate) what: String,
    #[serde(skip)]
    goals: Vec<Wanted>,
    #[serde(skip)]
    key: (String, String),
    by_runner: BTreeMap<String, Vec<f64>>,
}

impl Figure {
    pub(crate) fn median(&self, runner: &str) -> Option<f64> {
        median(self.by_runner.get(runner)?.clone())
    }

    /// Each goal in words, and what is reached.
    pub(crate) fn judged(&self) -> Vec<String> {
        let ours = self.median(Runner::Warm.name());
        let judge = |wanted: &Wanted| {
            let of = wanted.of.as_ref().map_or(Some(1.0), |runner| self.median(runner));
            let goal = wanted.at_least.map(Goal::AtLeast).or(wanted.at_most.map(Goal::AtMost))?;
            let unit = wanted.of.as_ref().map(|runner| format!(" × {runner}")).unwrap_or_default();
            Some(format!("{}{unit}: {}", goal.text(), goal.judge(ours? / of?)))
        };
        self.goals.iter().filter_map(judge).collect()
    }
}

/// The columns.
pub(crate) fn runners() -> [Runner; 3] {
    [Runner::Native, Runner::Qemu, Runner::Warm]
}

/// Measures those of `bench.toml` that `wants` says, all runners in turn. What fails is told beside.
pub(crate) fn measure(
    list: &List,
    runners: &Runners,
    rounds: u32,
    is_quick: bool,
    wants: impl Fn(&Served) -> bool,
) -> Result<(Vec<Figure>, Vec<String>)> {
    let wanted: Vec<&Served> = list.servers.iter().filter(|served| wants(served)).collect();
    let mut figures: Vec<Figure> = wanted.iter().map(|served| figure(served)).collect();
    let mut scripts: Vec<&str> = wanted.iter().map(|served| served.script.as_str()).collect();
    scripts.dedup();
    if scripts.is_empty() {
        return Ok((figures, Vec::new()));
    }
    let folder = folder()?;
    let (mut failures, mut said) = (Vec::new(), BTreeMap::new());
    // Before the first round everything runs once: caches are filled then, ours among them.
    for round in 0..=rounds {
        for script in &scripts {
            for runner in self::runners() {
                eprintln!("round {round} · {script} · {}", runner.name());
                let words =
                    runners.script(&runner, &folder, &place::inputs().join(ROOT), &words(script, &runner, is_quick));
                let printed = match run(&words, &folder) {
                    Ok(printed) => printed,
                    Err(error) => {
                        failures.push(format!("{script}, {}: {error:#}", runner.name()));
                        continue;
                    }
                };
                let results: Vec<String> =
                    printed.lines().filter(|line| line.starts_with('=')).map(str::to_owned).collect();
                if said.entry(*script).or_insert_with(|| results.clone()) != &results {
                    failures.push(format!("{script}, {}: other results than natively", runner.name()));
                }
                if round > 0 {
                    note(&mut figures, script, &runner, &printed);
                }
            }
        }
    }
    Ok((figures, failures))
}

fn figure(served: &Served) -> Figure {
    let key = (served.script.clone(), served.name.clone());
    Figure { what: served.what.clone(), goals: served.goals.clone(), key, by_runner: BTreeMap::new() }
}

/// Takes the figures out of what a script printed.
fn note(figures: &mut [Figure], script: &str, runner: &Runner, printed: &str) {
    for (name, number) in printed.lines().filter_map(|line| line.split_once(' ')) {
        let Ok(number) = number.trim().parse::<f64>() else { continue };
        for figure in figures.iter_mut().filter(|figure| figure.key.0 == script && figure.key.1 == name) {
            figure.by_runner.entry(runner.name().to_owned()).or_default().push(number);
        }
    }
}

/// The scripts, and the program that one of them runs, built for both machines.
fn folder() -> Result<std::path::PathBuf> {
    let (from, folder) = (place::bench().join("servers"), place::made("servers")?);
    for entry in fs::read_dir(&from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        fs::copy(entry.path(), folder.join(entry.file_name()))?;
    }
    kernels::threads(&folder)?;
    Ok(folder)
}

fn words(script: &str, runner: &Runner, is_quick: bool) -> Vec<OsString> {
    let machine = if *runner == Runner::Native { "native" } else { "mipsel" };
    let part = if is_quick { PART_QUICK } else { 1 };
    let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    let words = ["/usr/bin/env", path, &format!("MACHINE={machine}"), &format!("PART={part}"), "/bin/sh", "-eu"];
    words.iter().map(OsString::from).chain([format!("{script}.sh").into()]).collect()
}

fn run(words: &[OsString], folder: &Path) -> Result<String> {
    let (program, arguments) = words.split_first().context("a command line has a program")?;
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {said}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// How a command line begins that runs natively, in `folder`.
pub(crate) fn native(folder: &Path) -> Vec<OsString> {
    [in_namespaces(NATIVE), vec![folder.into()]].concat()
}

/// How one begins that runs under QEMU, in a root of which it gets a copy-on-write view; `folder` is its /w.
pub(crate) fn in_chroot(root: &Path, folder: &Path) -> Vec<OsString> {
    [in_namespaces(include_str!("../../suite/src/chroot.sh")), vec![root.into(), folder.into()]].concat()
}

fn in_namespaces(script: &str) -> Vec<OsString> {
    let own = ["unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child"];
    own.into_iter().chain(["sh", "-eu", "-c", script, "sh"]).map(OsString::from).collect()
}
