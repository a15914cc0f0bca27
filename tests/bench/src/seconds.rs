//! Programs that compute for about a second, with nothing left by earlier runs: how much of that second is spent at full
//! speed, in translated code.
//!
//! The share is measured from outside. A quarter of the work is done, too: what all of it takes beyond that is three quarters
//! of the work at full speed, when all is translated that will be. What a run takes beyond all of the work at that speed is
//! the process, interpreting, and translating.

use crate::kernels;
use crate::list::List;
use crate::measure::{Measurer, Sample};
use crate::results::median;
use crate::runner::{Runner, Runners};
use crate::start;
use crate::targets::{Goal, Reached};
use anyhow::{Context, Result};
use serde::Serialize;
use std::collections::BTreeMap;

/// How often everything is run; and if it is to be quick.
const ROUNDS: u32 = 3;
const ROUNDS_QUICK: u32 = 1;
/// How often a kernel's own repetitions are done, to make it a second.
const TIMES: u32 = 2;
/// The least share that is to be at full speed.
const SHARE: f64 = 0.8;
/// A part of that, and where its samples are.
const PART: u32 = 4;
const OF_PART: &str = "auto, a quarter of the work";

/// A kernel that was run for a second.
#[derive(Serialize)]
pub(crate) struct Second {
    pub(crate) kernel: String,
    /// By runner.
    samples: BTreeMap<String, Vec<Sample>>,
}

/// Measures those that `bench.toml` lists.
pub(crate) fn measure(list: &List, runners: &Runners, measurer: &Measurer, is_quick: bool) -> Result<Vec<Second>> {
    let mut all = Vec::new();
    for name in &list.seconds {
        let kernel = list.kernels.iter().find(|kernel| kernel.name == *name);
        let kernel = kernel.with_context(|| format!("{name} is no kernel of bench.toml"))?;
        let built = kernels::build(kernel)?;
        let work = TIMES * kernel.repetitions;
        let command = |name: &str, runner: &Runner, work| {
            runners.kernel(runner, &built, work).map(|words| (name.to_owned(), words))
        };
        let mut commands: Vec<_> =
            start::runners().iter().filter_map(|runner| command(runner.name(), runner, work)).collect();
        commands.extend(command(OF_PART, &start::cold(), work / PART));
        all.push((Second { kernel: name.clone(), samples: BTreeMap::new() }, commands));
    }
    for _ in 0..if is_quick { ROUNDS_QUICK } else { ROUNDS } {
        for (second, commands) in &mut all {
            for (name, words) in commands {
                let sample = measurer.run(words, &measurer.scratch, &measurer.scratch.join("output"))?;
                second.samples.entry(name.clone()).or_default().push(sample);
            }
        }
    }
    Ok(all.into_iter().map(|(second, _)| second).collect())
}

impl Second {
    fn median(&self, runner: &str, figure: fn(&Sample) -> Option<u64>) -> Option<f64> {
        median(self.samples.get(runner)?.iter().filter_map(figure).map(|number| number as f64).collect())
    }

    /// Wall time in seconds.
    pub(crate) fn wall_s(&self, runner: &str) -> Option<f64> {
        Some(self.median(runner, |sample| Some(sample.wall_us))? / 1e6)
    }

    /// Processor time that a cold run spends translating, in milliseconds.
    pub(crate) fn translating_ms(&self) -> Option<f64> {
        Some(self.median(start::cold().name(), |sample| sample.counters.translating_us)? / 1000.0)
    }

    /// How much of a cold run's processor time is spent at full speed: of the least times, which others disturbed least.
    pub(crate) fn share(&self) -> Option<f64> {
        let least = |name: &str| self.samples.get(name)?.iter().map(|sample| sample.cpu_us as f64).reduce(f64::min);
        let all = least(start::cold().name())?;
        let at_full_speed = (all - least(OF_PART)?) / (1.0 - 1.0 / f64::from(PART));
        Some(at_full_speed / all)
    }
}

/// The targets.
pub(crate) fn reached(all: &[Second]) -> Vec<Reached> {
    let mut rows = Vec::new();
    for second in all {
        let (kernel, qemu) = (&second.kernel, second.wall_s("qemu"));
        rows.push(Reached {
            what: format!("cold: a second of `{kernel}`, share of it at full speed"),
            goal: Some(Goal::AtLeast(SHARE)),
            figure: second.share(),
            qemu: None,
        });
        rows.push(Reached {
            what: format!("cold: a second of `{kernel}`, s"),
            goal: qemu.map(Goal::AtMost),
            figure: second.wall_s(start::cold().name()),
            qemu,
        });
    }
    rows
}
