//! The results as tables, for the terminal and for the page alike.

use crate::results::{Pick, Results, Row, geometric_mean};
use crate::runner::Runner;
use crate::seconds::Second;
use crate::servers::{self, Figure};
use crate::start::{self, Start};
use crate::targets::{self, Goal, Reached, TARGETS, tiers};
use comfy_table::{CellAlignment, Table};

/// A cell without a figure.
const NONE: &str = "–";

/// Processor time: native in milliseconds, the others as multiples of it; the groups' geometric means below.
pub(crate) fn cpu(results: &Results, is_wanted: Pick) -> Table {
    let native = Runner::Native.name();
    let rows = results.pick(is_wanted);
    let mut table = table(["", "group", "native ms"].into_iter().chain(results.others()));
    for row in &rows {
        let mut cells = vec![row.name.clone(), row.group.clone(), number(row.cpu_us(native).map(|us| us / 1000.0), 0)];
        cells.extend(results.others().map(|runner| number(row.ratio(runner, native), 2)));
        table.add_row(cells);
    }
    let mut groups: Vec<&str> = rows.iter().map(|row| row.group.as_str()).collect();
    groups.dedup();
    if groups.len() > 1 {
        for group in groups {
            let members: Vec<&&Row> = rows.iter().filter(|row| row.group == group).collect();
            if members.len() < 2 {
                continue;
            }
            table.add_row(means(results, &format!("mean of {group}"), &members, Row::ratio));
        }
    }
    let all: Vec<&&Row> = rows.iter().collect();
    table.add_row(means(results, "geometric mean", &all, Row::ratio));
    if rows.iter().any(|row| row.is_kernel()) {
        table.add_row(means(results, "the same with translation", &all, Row::whole_ratio));
    }
    table.add_row(means(results, "the same in wall time", &all, Row::wall_ratio));
    table
}

fn means(results: &Results, what: &str, rows: &[&&Row], ratio: fn(&Row, &str, &str) -> Option<f64>) -> Vec<String> {
    let native = Runner::Native.name();
    let mean = |runner| number(geometric_mean(rows.iter().map(|row| ratio(row, runner, native))), 2);
    let mut cells = vec![what.to_owned(), String::new(), String::new()];
    cells.extend(results.others().map(mean));
    cells
}

/// Peak memory in MiB, by runner.
pub(crate) fn memory(results: &Results) -> Table {
    let mut table = table([""].into_iter().chain(results.runners.iter().map(String::as_str)));
    for row in &results.rows {
        let peak =
            |runner: &String| number(row.median(runner, |sample| Some(sample.peak_kib)).map(|kib| kib / 1024.0), 1);
        table.add_row([row.name.clone()].into_iter().chain(results.runners.iter().map(peak)));
    }
    table
}

/// What translation costs, by tier: guest instructions, milliseconds, KiB of machine code.
pub(crate) fn translation(results: &Results) -> Table {
    let tiers = tiers(results);
    let mut heads = vec![String::new()];
    for tier in &tiers {
        heads.extend([format!("{tier}: instructions"), format!("{tier}: ms"), format!("{tier}: KiB of code")]);
    }
    let mut table = table(heads.iter().map(String::as_str));
    for row in &results.rows {
        let mut cells = vec![row.name.clone()];
        for tier in &tiers {
            let instructions = row.median(tier, |sample| sample.counters.guest_instructions);
            let us = row.median(tier, |sample| sample.counters.translating_us);
            let code = row.median(tier, |sample| sample.counters.machine_code_bytes);
            cells.push(number(instructions, 0));
            cells.push(number(us.map(|us| us / 1000.0), 1));
            cells.push(number(code.map(|bytes| bytes / 1024.0), 0));
        }
        table.add_row(cells);
    }
    table
}

/// Each target, and what each tier reaches.
pub(crate) fn targets(results: &Results) -> Table {
    let tiers = tiers(results);
    let mut table = table(["", "target"].into_iter().chain(tiers.iter().copied()));
    for target in TARGETS {
        let mut cells = vec![target.what.to_owned(), target.goal()];
        cells.extend(tiers.iter().map(|tier| target.reached(results, tier).unwrap_or_else(|| NONE.to_owned())));
        table.add_row(cells);
    }
    table
}

/// Each target that is no tier's, what is reached, and what QEMU reaches.
pub(crate) fn reached(all: &[Reached]) -> Table {
    let mut table = table(["", "target", "reached", "qemu"].into_iter());
    for row in all {
        let text = |figure: Option<f64>| figure.map_or_else(|| NONE.to_owned(), targets::text);
        let ours = match (row.goal, row.figure) {
            (Some(goal), Some(figure)) => goal.judge(figure),
            _ => text(row.figure),
        };
        let goal = row.goal.map_or_else(|| NONE.to_owned(), Goal::text);
        table.add_row([row.what.clone(), goal, ours, text(row.qemu)]);
    }
    table
}

/// What starting takes in milliseconds, by runner.
pub(crate) fn start(start: &Start) -> Table {
    let runners = start::runners();
    let mut table = table([""].into_iter().chain(runners.iter().map(Runner::name)));
    for row in &start.times {
        let cells = runners.iter().map(|runner| number(row.median(runner.name()), 2));
        table.add_row([row.what.clone()].into_iter().chain(cells));
    }
    table
}

/// What servers and threads do, and which goals are met.
pub(crate) fn servers(all: &[Figure]) -> Table {
    let runners = servers::runners();
    let mut table = table([""].into_iter().chain(runners.iter().map(Runner::name)).chain(["targets"]));
    for figure in all {
        let text = |runner: &Runner| figure.median(runner.name()).map_or_else(|| NONE.to_owned(), targets::text);
        let cells = [figure.what.clone()].into_iter().chain(runners.iter().map(text));
        table.add_row(cells.chain([figure.judged().join("; ")]));
    }
    table
}

/// Kernels that are run for a second: seconds by runner, and what a cold run spends them on.
pub(crate) fn seconds(all: &[Second]) -> Table {
    let runners = start::runners();
    let heads = [""].into_iter().chain(runners.iter().map(Runner::name));
    let mut table = table(heads.chain(["auto: translating, ms", "auto: share at full speed"]));
    for second in all {
        let mut cells = vec![second.kernel.clone()];
        cells.extend(runners.iter().map(|runner| number(second.wall_s(runner.name()), 3)));
        cells.extend([number(second.translating_ms(), 1), number(second.share(), 3)]);
        table.add_row(cells);
    }
    table
}

fn table<'a>(heads: impl Iterator<Item = &'a str>) -> Table {
    let heads: Vec<&str> = heads.collect();
    let mut table = Table::new();
    table.set_header(&heads);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_cell_alignment(if holds_numbers(index, heads[index]) {
            CellAlignment::Right
        } else {
            CellAlignment::Left
        });
    }
    table
}

/// Whether a column holds numbers, by its place and head.
pub(crate) fn holds_numbers(index: usize, head: &str) -> bool {
    index > 0 && head != "group"
}

fn number(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| NONE.to_owned(), |figure| format!("{figure:.digits$}"))
}
