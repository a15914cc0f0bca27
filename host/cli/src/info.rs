//! `strata info`: what a file is, and whether it can run.

use crate::failure::{Done, Failure, print};
use clap::Args;
use image::{Endian, Image, Kind, flag_names};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Say what a file is: architecture, ABI, what it needs, and whether Strata can run it
///
/// The exit status is 0 if it can run, 126 if not, 127 if it is not there.
#[derive(Args)]
pub(crate) struct Info {
    /// The file
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Info {
    pub(crate) fn run(self) -> Done {
        let bytes = std::fs::read(&self.file).map_err(|error| Failure::reading(&self.file, &error))?;
        let name = self.file.display().to_string();
        let image =
            Image::parse(&bytes).map_err(|error| Failure::cannot_run(anyhow::Error::from(error).context(name)))?;
        let verdict = verdict(&image);
        let facts = facts(&image, verdict.as_deref());
        let text = if self.json { format!("{facts:#}\n") } else { table(&facts) };
        print(&text)?;
        Ok(if verdict.is_none() { ExitCode::SUCCESS } else { ExitCode::from(126) })
    }
}

/// Why it cannot run, if it cannot.
fn verdict(image: &Image) -> Option<String> {
    if let Err(why) = image::can_run(image) {
        return Some(why.to_string());
    }
    image.interpreter.as_ref().map(|linker| {
        format!("a dynamic program that wants {linker}: only static programs run so far; link it with -static")
    })
}

fn facts(image: &Image, verdict: Option<&str>) -> Value {
    let segments = image.segments.iter().map(|segment| {
        let mut access = String::new();
        for (flag, letter) in [(segment.read, 'r'), (segment.write, 'w'), (segment.exec, 'x')] {
            access.push(if flag { letter } else { '-' });
        }
        format!("{:#010x}..{:#010x} {access}", segment.at, segment.end())
    });
    json!({
        "machine": image.machine.to_string(),
        "byte order": if image.endian == Endian::Big { "big-endian" } else { "little-endian" },
        "kind": kind(&image.kind),
        "ABI": image.abi.to_string(),
        "level": image.isa.to_string(),
        "extensions": image.ases.names().collect::<Vec<_>>(),
        "floating point": image.fp.to_string(),
        "NaN encoding": if image.nan2008 { "IEEE 754-2008" } else { "legacy" },
        "flags": flag_names(image.flags).collect::<Vec<_>>(),
        "entry": format!("{:#010x}", image.entry),
        "segments": segments.collect::<Vec<_>>(),
        "interpreter": image.interpreter,
        "needs": image.needed,
        "symbols": image.has_symbols,
        "runs": verdict.is_none(),
        "why not": verdict,
    })
}

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Exec => "program",
        Kind::Dyn => "position-independent program or library",
        Kind::Relocatable => "object file",
        Kind::Core => "core dump",
        Kind::Other(_) => "unknown",
    }
}

/// One fact a line, lists one entry a line.
fn table(facts: &Value) -> String {
    let mut text = String::new();
    for (name, value) in facts.as_object().into_iter().flatten() {
        let lines: Vec<String> = match value {
            Value::Null => continue,
            Value::Bool(value) => vec![String::from(if *value { "yes" } else { "no" })],
            Value::Array(list) if list.is_empty() => continue,
            Value::Array(list) => list.iter().filter_map(|each| each.as_str().map(String::from)).collect(),
            value => vec![value.as_str().unwrap_or_default().to_owned()],
        };
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { name } else { "" };
            let _ = writeln!(text, "{label:<15} {line}");
        }
    }
    text
}
