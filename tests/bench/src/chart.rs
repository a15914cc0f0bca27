//! `results.svg`: a bar for each runner's time against native, on a logarithmic scale, in light and dark.

use crate::results::Results;
use crate::runner::Runner;
use svg::Document;
use svg::node::element::{Line, Rectangle, Style, Text};

/// Colours by column: for a light page, for a dark one.
const COLOURS: &[(&str, &str)] = &[
    ("#8c959f", "#8b949e"),
    ("#d1570a", "#f0883e"),
    ("#b8a1e3", "#6e5494"),
    ("#c69026", "#d4a72c"),
    ("#0969da", "#58a6ff"),
    ("#1a7f37", "#3fb950"),
    ("#bf3989", "#f778ba"),
    ("#1b7c83", "#39c5cf"),
];

const WIDTH: f64 = 900.0;
/// Where the bars may be.
const LEFT: f64 = 120.0;
const RIGHT: f64 = 870.0;
const TOP: f64 = 60.0;
const BAR: f64 = 6.0;
/// Between two rows.
const GAP: f64 = 8.0;

/// Where a ratio lies.
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    fn x(&self, ratio: f64) -> f64 {
        let share = (ratio / self.least).ln() / (self.most / self.least).ln();
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    /// 1, 2, 5 and their tens.
    fn ticks(&self) -> Vec<f64> {
        let all = (-3..6).flat_map(|power| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(power)));
        all.filter(|tick| (self.least..=self.most).contains(tick)).collect()
    }
}

/// The chart.
pub(crate) fn chart(results: &Results) -> String {
    let runners: Vec<&str> = results.others().collect();
    let native = Runner::Native.name();
    let ratios = results.rows.iter().flat_map(|row| runners.iter().filter_map(|name| row.ratio(name, native)));
    let (least, most) = ratios.fold((0.8f64, 2.0f64), |(least, most), ratio| (least.min(ratio), most.max(ratio)));
    let scale = Scale { least: least.max(0.1), most: most * 1.05 };
    let row_height = runners.len() as f64 * BAR + GAP;
    let height = TOP + results.rows.len() as f64 * row_height + 20.0;

    let mut document = Document::new()
        .set("viewBox", format!("0 0 {WIDTH} {height}"))
        .set("width", WIDTH)
        .set("height", height)
        .add(Style::new(style(runners.len())));
    for (index, runner) in runners.iter().enumerate() {
        let x = LEFT + index as f64 * 90.0;
        document = document.add(bar(x, 10.0, 12.0, 10.0, index)).add(label(x + 17.0, 19.0, "start", runner));
    }
    for tick in scale.ticks() {
        let x = scale.x(tick);
        let class = if tick == 1.0 { "one" } else { "grid" };
        let line = Line::new().set("class", class).set("x1", x).set("x2", x);
        document = document.add(line.set("y1", TOP - 8.0).set("y2", height - 15.0)).add(label(
            x,
            TOP - 14.0,
            "middle",
            &format!("{tick}×"),
        ));
    }
    for (row_index, row) in results.rows.iter().enumerate() {
        let y = TOP + row_index as f64 * row_height;
        document = document.add(label(LEFT - 8.0, y + row_height / 2.0, "end", &row.name));
        for (index, runner) in runners.iter().enumerate() {
            let Some(ratio) = row.ratio(runner, native) else { continue };
            let (one, end) = (scale.x(1.0), scale.x(ratio));
            let bar = bar(one.min(end), y + index as f64 * BAR, (end - one).abs().max(1.0), BAR - 1.0, index);
            document = document.add(bar);
        }
    }
    format!("{document}\n")
}

fn bar(x: f64, y: f64, width: f64, height: f64, index: usize) -> Rectangle {
    let bar = Rectangle::new().set("class", format!("r{index}"));
    bar.set("x", tidy(x)).set("y", y).set("width", tidy(width)).set("height", height)
}

fn label(x: f64, y: f64, anchor: &str, text: &str) -> Text {
    Text::new(text).set("x", tidy(x)).set("y", y).set("text-anchor", anchor)
}

/// No more digits than can be seen.
fn tidy(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

fn style(runners: usize) -> String {
    let fills = |pick: fn(&(&'static str, &'static str)) -> &'static str| -> String {
        let colours = COLOURS.iter().cycle().take(runners).enumerate();
        colours.map(|(index, pair)| format!(".r{index}{{fill:{}}}", pick(pair))).collect()
    };
    format!(
        "text{{font:12px system-ui,sans-serif;fill:#1f2328}}.grid{{stroke:#d0d7de}}.one{{stroke:#57606a;stroke-width:2}}{}\n\
         @media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.grid{{stroke:#3d444d}}.one{{stroke:#9198a1}}{}}}",
        fills(|pair| pair.0),
        fills(|pair| pair.1)
    )
}
