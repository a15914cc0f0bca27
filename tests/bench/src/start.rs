//! What starting takes: programs that are over at once, wall-clock, all runners in turn.
//!
//! Two instants are measured. *The end* is when whoever started it has waited for it. *The first word* is when the first byte
//! comes out of it, which is how the time to the first system call is had without looking inside: with `--strace`, that byte
//! is the line of the guest's first system call. `--version` is measured both ways, too: that is the process itself.

use crate::kernels;
use crate::list::List;
use crate::measure::{Measurer, text};
use crate::place;
use crate::results::median;
use crate::runner::{Runner, Runners};
use crate::targets::{Goal, Reached};
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// How often everything is run; and if it is to be quick.
const ROUNDS: u32 = 40;
const ROUNDS_QUICK: u32 = 8;

/// Where a row without a command line of `bench.toml` is found again.
const PROCESS: &str = "`--version`, to the end";
const PROCESS_SAYS: &str = "`--version`, to the first word";
const BARE: &str = "a program whose third instruction ends it, to the end";
const FIRST_CALL: &str = "`busybox true`, to its first system call";

/// The most that a warm start may take beyond the process, in milliseconds.
const WARM_MS: f64 = 3.0;

/// One thing that is started, and how long that took in milliseconds, by runner.
#[derive(Serialize)]
pub(crate) struct Times {
    pub(crate) what: String,
    ms: BTreeMap<String, Vec<f64>>,
}

impl Times {
    /// The median.
    pub(crate) fn median(&self, runner: &str) -> Option<f64> {
        median(self.ms.get(runner)?.clone())
    }
}

/// All of them.
#[derive(Serialize)]
pub(crate) struct Start {
    pub(crate) rounds: u32,
    pub(crate) times: Vec<Times>,
}

/// Strata without a cache.
pub(crate) fn cold() -> Runner {
    Runner::Strata("auto".into())
}

/// The columns.
pub(crate) fn runners() -> [Runner; 5] {
    [Runner::Native, Runner::Qemu, cold(), Runner::Warm, Runner::Ahead]
}

/// What is run, and until when.
struct Work {
    times: Times,
    is_first_word: bool,
    commands: Vec<(Runner, Vec<OsString>)>,
}

/// Measures all of it.
pub(crate) fn measure(list: &List, runners: &Runners, measurer: &Measurer, is_quick: bool) -> Result<Start> {
    let mut all = work(list, runners)?;
    let rounds = if is_quick { ROUNDS_QUICK } else { ROUNDS };
    // The first round fills caches, ours among them.
    for round in 0..=rounds {
        for work in &mut all {
            let mut said = None;
            for (runner, words) in &work.commands {
                let ms = match work.is_first_word {
                    true => first_word_ms(words)?,
                    false => {
                        let output = measurer.scratch.join("output");
                        let sample = measurer.run(words, &measurer.scratch, &output)?;
                        let expected = said.get_or_insert(fs::read(&output)?);
                        let is_same = work.times.what == PROCESS || *expected == fs::read(&output)?;
                        ensure!(is_same, "prints something else than others: {}", text(words));
                        sample.wall_us as f64 / 1000.0
                    }
                };
                if round > 0 {
                    work.times.ms.entry(runner.name().to_owned()).or_default().push(ms);
                }
            }
        }
    }
    Ok(Start { rounds, times: all.into_iter().map(|work| work.times).collect() })
}

fn work(list: &List, runners: &Runners) -> Result<Vec<Work>> {
    let version = |runner: &Runner| Ok(runners.version(runner));
    let mut all = vec![to_the_end(PROCESS, version)?];
    let bare = kernels::bare("exit")?;
    all.push(to_the_end(BARE, |runner| runners.bare(runner, &bare, false))?);
    for line in &list.starts {
        let words = shlex::split(line).with_context(|| format!("unbalanced quotes: {line}"))?;
        let (name, arguments) = words.split_first().context("a line of starts is empty")?;
        let software = list.software(name)?;
        all.push(to_the_end(&format!("`{line}`"), |runner| {
            let words = match runner {
                Runner::Native => Some(vec![place::inputs().join(&software.native).into()]),
                _ => runners.bare(runner, &place::inputs().join(&software.mipsel), false)?,
            };
            Ok(words.map(|words| [words, arguments.iter().map(OsString::from).collect()].concat()))
        })?);
    }
    all.push(to_the_first_word(PROCESS_SAYS, version)?);
    let busybox = place::inputs().join(&list.software("busybox")?.mipsel);
    all.push(to_the_first_word(FIRST_CALL, |runner| traced(runners, runner, &busybox))?);
    Ok(all)
}

fn traced(runners: &Runners, runner: &Runner, busybox: &Path) -> Result<Option<Vec<OsString>>> {
    let words = runners.bare(runner, busybox, true)?;
    Ok(words.map(|words| [words, vec!["true".into()]].concat()))
}

fn to_the_end(what: &str, command: impl Fn(&Runner) -> Result<Option<Vec<OsString>>>) -> Result<Work> {
    let mut commands = Vec::new();
    for runner in runners() {
        commands.extend(command(&runner)?.map(|words| (runner, words)));
    }
    let times = Times { what: what.to_owned(), ms: BTreeMap::new() };
    Ok(Work { times, is_first_word: false, commands })
}

fn to_the_first_word(what: &str, command: impl Fn(&Runner) -> Result<Option<Vec<OsString>>>) -> Result<Work> {
    Ok(Work { is_first_word: true, ..to_the_end(what, command)? })
}

/// Until the first byte comes out of it, on either stream.
fn first_word_ms(words: &[OsString]) -> Result<f64> {
    let (mut reader, writer) = io::pipe()?;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let begun = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", text(words)))?;
    let count = reader.read(&mut [0])?;
    let ms = begun.elapsed().as_secs_f64() * 1000.0;
    // It holds the pipe's other end, and the child would be waited for in vain.
    drop(command);
    reader.read_to_end(&mut Vec::new())?;
    let status = child.wait()?;
    ensure!(count == 1 && status.success(), "{status}: {}", text(words));
    Ok(ms)
}

impl Start {
    fn ms(&self, what: &str, runner: &str) -> Option<f64> {
        self.times.iter().find(|times| times.what == what)?.median(runner)
    }

    /// The targets.
    pub(crate) fn reached(&self) -> Vec<Reached> {
        let beyond = |what, process, runner| Some(self.ms(what, runner)? - self.ms(process, runner)?);
        let mut all = Vec::new();
        for (what, process) in [(FIRST_CALL, PROCESS_SAYS), (BARE, PROCESS)] {
            all.push(Reached {
                what: format!("warm: {what}, beyond `--version`, ms"),
                goal: Some(Goal::AtMost(WARM_MS)),
                figure: beyond(what, process, "warm"),
                qemu: beyond(what, process, "qemu"),
            });
        }
        let is_listed = |times: &&Times| times.median(Runner::Native.name()).is_some();
        for times in self.times.iter().filter(is_listed) {
            let qemu = times.median("qemu");
            all.push(Reached {
                what: format!("cold: {}, ms", times.what),
                goal: qemu.map(Goal::AtMost),
                figure: times.median("auto"),
                qemu,
            });
        }
        all
    }
}
