//! One interleaved run: in each round every kernel and program once by every runner, so that a machine that is busy for
//! a while is busy for all of them. What a run prints is compared with what the native one printed.

use crate::input;
use crate::kernels;
use crate::list::{List, Served};
use crate::machine;
use crate::measure::{Measurer, text};
use crate::place;
use crate::results::{Kind, Results, Row};
use crate::runner::{INTERPRETER, Runner, Runners};
use crate::seconds;
use crate::servers;
use crate::start;
use crate::store;
use crate::translated::{self, Lesson};
use anyhow::{Context, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// What of the list is run, and how often.
pub(crate) struct Plan {
    pub(crate) rounds: u32,
    /// Parts of names and groups; none for everything.
    pub(crate) only: Vec<String>,
    /// Tiers; none for all.
    pub(crate) tiers: Vec<String>,
    /// A tenth of the work.
    pub(crate) is_quick: bool,
}

/// A row to be, with the command line of each runner that can.
struct Work {
    row: Row,
    folder: PathBuf,
    commands: Vec<(Runner, Vec<OsString>)>,
    /// Where the native run's output lies.
    expected: PathBuf,
}

/// Builds, makes and runs everything in `plan`.
pub(crate) fn run(list: &List, plan: &Plan) -> Result<Results> {
    let measurer = Measurer { program: kernels::measurer()?, scratch: place::made("scratch")? };
    let runners = Runners::new()?;
    let mut chosen = runners.all()?;
    chosen.retain(|runner| match runner {
        Runner::Strata(_) | Runner::Warm | Runner::Portable | Runner::Taught => {
            plan.tiers.is_empty() || plan.tiers.iter().any(|tier| tier == runner.name())
        }
        _ => true,
    });
    let mut work = kernel_work(list, plan, &runners, &chosen)?;
    work.extend(program_work(list, plan, &runners, &chosen)?);
    let (wants_start, wants_store) = (plan.wants(&["start"]), plan.wants(&["cache"]));
    let is_served = |served: &Served| plan.wants(&[&served.what, &served.script, "servers"]);
    let wants_servers = list.servers.iter().any(is_served);
    ensure!(
        !work.is_empty() || wants_start || wants_servers || wants_store,
        "nothing in bench.toml has {} in its name or group",
        plan.only.join(" or ")
    );
    let mut results = Results {
        machine: machine::describe(&runners),
        rounds: plan.rounds,
        runners: chosen.iter().map(|runner| runner.name().to_owned()).collect(),
        rows: Vec::new(),
        start: None,
        seconds: Vec::new(),
        servers: Vec::new(),
        store: None,
        failures: Vec::new(),
    };
    results.failures = measure(&mut work, plan.rounds, &measurer)?;
    results.rows = work.into_iter().map(|work| work.row).collect();
    let mut failures = Vec::new();
    let mut failed = |what: &str, error| failures.push(format!("{what}: {error:#}"));
    if wants_start {
        let quick = plan.is_quick;
        results.start = start::measure(list, &runners, &measurer, quick).map_err(|error| failed("start", error)).ok();
        let seconds = seconds::measure(list, &runners, &measurer, quick);
        results.seconds = seconds.map_err(|error| failed("seconds of computing", error)).unwrap_or_default();
    }
    if wants_store {
        results.store = store::measure(plan.is_quick).map_err(|error| failed("cache", error)).ok();
    }
    results.failures.extend(failures);
    if wants_servers {
        let (figures, failures) = servers::measure(list, &runners, plan.rounds, plan.is_quick, is_served)?;
        results.servers = figures;
        results.failures.extend(failures);
    }
    Ok(results)
}

fn kernel_work(list: &List, plan: &Plan, runners: &Runners, chosen: &[Runner]) -> Result<Vec<Work>> {
    let mut all = Vec::new();
    for kernel in list.kernels.iter().filter(|kernel| plan.wants(&[&kernel.name, &kernel.group, "kernels"])) {
        let mut built = kernels::build(kernel)?;
        if chosen.contains(&Runner::Portable) {
            built.portable = translated::portable(&kernel.name, &built.mipsel, &Lesson::Nothing)?;
        }
        if chosen.contains(&Runner::Taught) {
            built.taught = translated::portable(&kernel.name, &built.mipsel, &Lesson::Run(kernel.repetitions))?;
        }
        let repetitions = if plan.is_quick { kernel.repetitions.div_ceil(10) } else { kernel.repetitions };
        let command = |runner: &Runner| Some((runner.clone(), runners.kernel(runner, &built, repetitions)?));
        all.push(Work {
            row: row(&kernel.name, Kind::Kernel, &kernel.group, &kernel.about),
            folder: place::made("scratch")?,
            commands: chosen.iter().filter_map(command).collect(),
            expected: place::made("expected")?.join(&kernel.name),
        });
    }
    Ok(all)
}

fn program_work(list: &List, plan: &Plan, runners: &Runners, chosen: &[Runner]) -> Result<Vec<Work>> {
    let mut all = Vec::new();
    let folder = place::made(if plan.is_quick { "work-quick" } else { "work" })?;
    for program in &list.programs {
        let words = shlex::split(&program.run).with_context(|| format!("unbalanced quotes: {}", program.run))?;
        let (name, arguments) = words.split_first().with_context(|| format!("{} runs nothing", program.name))?;
        let software = list.software(name)?;
        let part = if software.root.is_some() { "root" } else { "programs" };
        if !plan.wants(&[&program.name, name, part]) {
            continue;
        }
        let command = |runner: &Runner| Some((runner.clone(), runners.program(runner, software, arguments, &folder)?));
        let kind = if software.root.is_some() { Kind::Dynamic } else { Kind::Program };
        // Unless asked for: all of a big program translated before it runs takes minutes a round, and says what small ones do.
        let is_wanted = |runner: &&Runner| match runner {
            _ if software.root.is_none() || !plan.tiers.is_empty() => true,
            Runner::Strata(tier) => tier == "auto",
            runner => **runner != Runner::Ahead,
        };
        all.push(Work {
            row: row(&program.name, kind, name, &program.run),
            folder: folder.clone(),
            commands: chosen.iter().filter(is_wanted).filter_map(command).collect(),
            expected: place::made("expected")?.join(format!("{name}-{}", program.name)),
        });
    }
    if !all.is_empty() {
        input::make(&list.inputs, &list.software, &folder, if plan.is_quick { 10 } else { 1 })?;
    }
    Ok(all)
}

fn row(name: &str, kind: Kind, group: &str, about: &str) -> Row {
    Row { name: name.into(), kind, group: group.into(), about: about.into(), samples: BTreeMap::new() }
}

impl Plan {
    fn wants(&self, names: &[&str]) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| names.iter().any(|name| name.contains(only.as_str())))
    }
}

/// Runs all rounds; the answer is what went wrong. What failed once is not run again.
fn measure(work: &mut [Work], rounds: u32, measurer: &Measurer) -> Result<Vec<String>> {
    let runs = |round: u32, runner: &Runner| round == 0 || runner.name() != INTERPRETER;
    let count = |round| work.iter().flat_map(|work| &work.commands).filter(|command| runs(round, &command.0)).count();
    let total: usize = (0..rounds).map(count).sum();
    let bar = ProgressBar::new(total as u64);
    let style = "{bar:30} {pos}/{len} {elapsed} of {duration} · {msg}";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is well formed"));
    let mut failures = Vec::new();
    for round in 0..rounds {
        for work in work.iter_mut() {
            let mut commands = std::mem::take(&mut work.commands);
            commands.retain(|(runner, words)| {
                if !runs(round, runner) {
                    return true;
                }
                bar.set_message(format!("round {} · {} · {}", round + 1, work.row.name, runner.name()));
                let outcome = once(work, runner, words, measurer);
                bar.inc(1);
                outcome
                    .map_err(|error| failures.push(format!("{}, {}: {error:#}", work.row.name, runner.name())))
                    .is_ok()
            });
            if !commands.iter().any(|(runner, _)| *runner == Runner::Native) {
                bail!("nothing to compare with: {}", failures.join("\n"));
            }
            work.commands = commands;
        }
    }
    bar.finish_and_clear();
    // Half a series would look like a whole one.
    for work in work.iter_mut() {
        let commands = &work.commands;
        work.row.samples.retain(|name, _| commands.iter().any(|(runner, _)| runner.name() == name));
    }
    failures.extend(work.iter().flat_map(|work| refusals(&work.row)));
    Ok(failures)
}

/// A tier that could not translate everything ran something else than its name says.
fn refusals(row: &Row) -> Vec<String> {
    let mut lines = Vec::new();
    for runner in row.samples.keys() {
        match row.median(runner, |sample| sample.counters.refused) {
            Some(count) if count > 0.0 => {
                lines.push(format!("{}, {runner}: {count} regions were not translated", row.name));
            }
            _ => {}
        }
    }
    lines
}

fn once(work: &mut Work, runner: &Runner, words: &[OsString], measurer: &Measurer) -> Result<()> {
    let is_first = *runner == Runner::Native;
    let output = if is_first { work.expected.clone() } else { measurer.scratch.join("output") };
    // What is measured of this one is not its first run.
    if *runner == Runner::Warm && !work.row.samples.contains_key(runner.name()) {
        measurer.run(words, &work.folder, &output)?;
    }
    let sample = measurer.run(words, &work.folder, &output)?;
    if !is_first && fs::read(&output)? != fs::read(&work.expected)? {
        bail!("prints something else than the native program: {}", text(words));
    }
    work.row.samples.entry(runner.name().to_owned()).or_default().push(sample);
    Ok(())
}
