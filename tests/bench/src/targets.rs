//! The targets, and what each translating tier makes of them.

use crate::results::{Pick, Results, Row, geometric_mean};
use crate::runner::{INTERPRETER, Runner};

/// A target.
pub(crate) struct Target {
    pub(crate) what: &'static str,
    goal: Goal,
    measure: fn(&Results, &str) -> Option<f64>,
}

/// How far a figure may go.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    /// In words.
    pub(crate) fn text(self) -> String {
        match self {
            Goal::AtMost(limit) => format!("≤ {}", text(limit)),
            Goal::AtLeast(limit) => format!("≥ {}", text(limit)),
        }
    }

    /// A figure, and whether it is enough.
    pub(crate) fn judge(self, figure: f64) -> String {
        let is_met = match self {
            Goal::AtMost(limit) => figure <= limit,
            Goal::AtLeast(limit) => figure >= limit,
        };
        format!("{} {}", text(figure), if is_met { "met" } else { "missed" })
    }
}

impl Target {
    /// The goal in words.
    pub(crate) fn goal(&self) -> String {
        self.goal.text()
    }

    /// What a tier reaches, and whether that is enough; none where nothing was measured.
    pub(crate) fn reached(&self, results: &Results, tier: &str) -> Option<String> {
        (self.measure)(results, tier).map(|figure| self.goal.judge(figure))
    }
}

/// A figure that is no tier's, with its goal and what QEMU makes of it.
pub(crate) struct Reached {
    pub(crate) what: String,
    /// None where there is nothing to compare with.
    pub(crate) goal: Option<Goal>,
    pub(crate) figure: Option<f64>,
    pub(crate) qemu: Option<f64>,
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target {
        what: "kernels: time against native, geometric mean",
        goal: Goal::AtMost(1.5),
        measure: |results, tier| mean(results, Row::is_kernel, tier, "native"),
    },
    Target {
        what: "kernels: time against native, the worst",
        goal: Goal::AtMost(2.5),
        measure: |results, tier| worst(results, Row::is_kernel, tier, "native"),
    },
    Target {
        what: "kernels: speed against C straight to Wasm, geometric mean",
        goal: Goal::AtLeast(0.9),
        measure: |results, tier| mean(results, Row::is_kernel, "wasm", tier),
    },
    Target {
        what: "integer kernels: speed against QEMU, geometric mean",
        goal: Goal::AtLeast(2.5),
        measure: |results, tier| mean(results, Row::is_integer, "qemu", tier),
    },
    Target {
        what: "double-precision kernels: speed against QEMU, geometric mean",
        goal: Goal::AtLeast(20.0),
        measure: |results, tier| mean(results, Row::is_double, "qemu", tier),
    },
    Target {
        what: "kernels: speed against QEMU, the worst",
        goal: Goal::AtLeast(1.0),
        measure: |results, tier| worst(results, Row::is_kernel, tier, "qemu").map(f64::recip),
    },
    Target {
        what: "real programs: speed against QEMU, geometric mean",
        goal: Goal::AtLeast(2.5),
        measure: |results, tier| mean(results, Row::is_program, "qemu", tier),
    },
    Target {
        what: "programs of a root: speed against QEMU, geometric mean",
        goal: Goal::AtLeast(3.0),
        measure: |results, tier| mean(results, Row::is_dynamic, "qemu", tier),
    },
    Target {
        what: "programs of a root: speed against QEMU, the worst",
        goal: Goal::AtLeast(1.0),
        measure: |results, tier| worst(results, Row::is_dynamic, tier, "qemu").map(f64::recip),
    },
    Target {
        what: "kernels: time of the portable module against this tier, geometric mean",
        goal: Goal::AtMost(1.2),
        measure: |results, tier| portable(results, &Runner::Portable, tier, mean),
    },
    Target {
        what: "kernels: time of the portable module against this tier, the worst",
        goal: Goal::AtMost(1.2),
        measure: |results, tier| portable(results, &Runner::Portable, tier, worst),
    },
    Target {
        what: "kernels: time of the portable module made after a run against this tier, geometric mean",
        goal: Goal::AtMost(1.2),
        measure: |results, tier| portable(results, &Runner::Taught, tier, mean),
    },
    Target {
        what: "kernels: time of the portable module made after a run against this tier, the worst",
        goal: Goal::AtMost(1.2),
        measure: |results, tier| portable(results, &Runner::Taught, tier, worst),
    },
    Target { what: "translation: guest instructions a second", goal: Goal::AtLeast(45_000.0), measure: translation },
];

/// A figure with as many digits as are worth reading.
pub(crate) fn text(figure: f64) -> String {
    if figure < 1000.0 { format!("{figure:.2}") } else { format!("{figure:.0}") }
}

/// The tiers that translate.
pub(crate) fn tiers(results: &Results) -> Vec<&str> {
    let known = [Runner::Native, Runner::Wasm, Runner::Qemu, Runner::Portable, Runner::Taught];
    let is_tier = |name: &&str| *name != INTERPRETER && !known.iter().any(|runner| runner.name() == *name);
    results.others().filter(is_tier).collect()
}

fn mean(results: &Results, is_wanted: Pick, runner: &str, to: &str) -> Option<f64> {
    geometric_mean(results.pick(is_wanted).iter().map(|row| row.ratio(runner, to)))
}

fn worst(results: &Results, is_wanted: Pick, runner: &str, to: &str) -> Option<f64> {
    results.pick(is_wanted).iter().filter_map(|row| row.ratio(runner, to)).reduce(f64::max)
}

/// Against the tier that translates all there is, as portable modules do, and against what is best.
fn portable(
    results: &Results,
    module: &Runner,
    tier: &str,
    of: fn(&Results, Pick, &str, &str) -> Option<f64>,
) -> Option<f64> {
    if tier != "region" && tier != Runner::Warm.name() {
        return None;
    }
    of(results, Row::is_kernel, module.name(), tier)
}

/// Over all programs together, for single ones are small.
fn translation(results: &Results, tier: &str) -> Option<f64> {
    let (mut instructions, mut us) = (0.0, 0.0);
    for row in &results.rows {
        let figures = row.median(tier, |sample| sample.counters.guest_instructions);
        let time = row.median(tier, |sample| sample.counters.translating_us);
        if let (Some(figures), Some(time)) = (figures, time) {
            instructions += figures;
            us += time;
        }
    }
    (instructions > 0.0 && us > 0.0).then(|| instructions / us * 1e6)
}
