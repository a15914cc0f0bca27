//! What a whole run found, and the arithmetic on it: medians, ratios, geometric means.

use crate::measure::Sample;
use crate::runner::Runner;
use crate::seconds::{self, Second};
use crate::servers::Figure;
use crate::start::Start;
use crate::store::FullStore;
use crate::targets::Reached;
use serde::Serialize;
use std::collections::BTreeMap;

/// The whole run.
#[derive(Serialize)]
pub(crate) struct Results {
    /// What it ran on and with.
    pub(crate) machine: Vec<String>,
    pub(crate) rounds: u32,
    /// Columns, native first.
    pub(crate) runners: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// What starting takes, if that was asked for.
    pub(crate) start: Option<Start>,
    /// Kernels that are run for a second, if starting was asked for.
    pub(crate) seconds: Vec<Second>,
    /// What servers and threads do, if that was asked for.
    pub(crate) servers: Vec<Figure>,
    /// What a full cache takes, if that was asked for.
    pub(crate) store: Option<FullStore>,
    /// What went wrong, a line each.
    pub(crate) failures: Vec<String>,
}

/// What kind of work a row is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// One of our own.
    Kernel,
    /// Debian's.
    Program,
    /// Debian's, dynamically linked, with its libraries.
    Dynamic,
}

/// One kernel or program.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) group: String,
    pub(crate) about: String,
    /// By runner, a sample for each round.
    pub(crate) samples: BTreeMap<String, Vec<Sample>>,
}

/// Picks rows.
pub(crate) type Pick = fn(&Row) -> bool;

/// Groups of floating point; the other kernels count as integers.
const FLOATING: &[&str] = &["single", "double"];

impl Row {
    /// The median of a figure over the rounds; none if it was not run so, or does not tell.
    pub(crate) fn median(&self, runner: &str, figure: impl Fn(&Sample) -> Option<u64>) -> Option<f64> {
        let samples = self.samples.get(runner)?;
        median(samples.iter().filter_map(figure).map(|number| number as f64).collect())
    }

    /// Processor time in microseconds: a kernel's without translation, as far as the runner tells that apart, because it
    /// runs as long as we please; a program's as a whole.
    pub(crate) fn cpu_us(&self, runner: &str) -> Option<f64> {
        match self.kind {
            Kind::Kernel => self.median(runner, |sample| Some(sample.running_us())),
            Kind::Program | Kind::Dynamic => self.whole_cpu_us(runner),
        }
    }

    fn whole_cpu_us(&self, runner: &str) -> Option<f64> {
        self.median(runner, |sample| Some(sample.cpu_us))
    }

    /// Processor time of one runner for each unit of another's.
    pub(crate) fn ratio(&self, runner: &str, to: &str) -> Option<f64> {
        Some(self.cpu_us(runner)? / self.cpu_us(to)?.max(1.0))
    }

    /// The same with translation, whatever it is.
    pub(crate) fn whole_ratio(&self, runner: &str, to: &str) -> Option<f64> {
        Some(self.whole_cpu_us(runner)? / self.whole_cpu_us(to)?.max(1.0))
    }

    /// The same in wall time, translation and all.
    pub(crate) fn wall_ratio(&self, runner: &str, to: &str) -> Option<f64> {
        let wall = |runner| self.median(runner, |sample| Some(sample.wall_us));
        Some(wall(runner)? / wall(to)?.max(1.0))
    }

    pub(crate) fn is_kernel(&self) -> bool {
        self.kind == Kind::Kernel
    }

    pub(crate) fn is_program(&self) -> bool {
        self.kind == Kind::Program
    }

    pub(crate) fn is_dynamic(&self) -> bool {
        self.kind == Kind::Dynamic
    }

    pub(crate) fn is_integer(&self) -> bool {
        self.is_kernel() && !FLOATING.contains(&self.group.as_str())
    }

    pub(crate) fn is_double(&self) -> bool {
        self.is_kernel() && self.group == "double"
    }
}

impl Results {
    /// The rows that `is_wanted` picks.
    pub(crate) fn pick(&self, is_wanted: impl Fn(&Row) -> bool) -> Vec<&Row> {
        self.rows.iter().filter(|row| is_wanted(row)).collect()
    }

    /// The targets that are no tier's.
    pub(crate) fn reached(&self) -> Vec<Reached> {
        let mut all: Vec<Reached> = self.start.iter().flat_map(Start::reached).collect();
        all.extend(seconds::reached(&self.seconds));
        all.extend(self.store.iter().flat_map(FullStore::reached));
        all
    }

    /// Runners but native.
    pub(crate) fn others(&self) -> impl Iterator<Item = &str> {
        self.runners.iter().map(String::as_str).filter(|name| *name != Runner::Native.name())
    }
}

/// The middle one, or between the two.
pub(crate) fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(numbers[middle]),
        _ => Some(f64::midpoint(numbers[middle - 1], numbers[middle])),
    }
}

/// The geometric mean of what is there.
pub(crate) fn geometric_mean(numbers: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let logarithms: Vec<f64> = numbers.into_iter().flatten().map(f64::ln).collect();
    let count = logarithms.len() as f64;
    (count > 0.0).then(|| (logarithms.iter().sum::<f64>() / count).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_means() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
        let mean = geometric_mean([Some(1.0), None, Some(4.0)]).unwrap();
        assert!((mean - 2.0).abs() < 1e-9);
        assert_eq!(geometric_mean([None]), None);
    }
}
