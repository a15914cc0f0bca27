//! `cargo xtask bench`: native code, QEMU, Strata's tiers and C straight to Wasm, measured in one interleaved run.
//!
//! A crate of its own, because it links the engine: the fourth column runs on it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod big;
mod chart;
mod counters;
mod input;
mod kernels;
mod list;
mod machine;
mod measure;
mod page;
mod place;
mod results;
mod runner;
mod seconds;
mod servers;
mod session;
mod start;
mod store;
mod tables;
mod targets;
mod translated;
mod wasm;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use comfy_table::Table;
use comfy_table::presets::UTF8_BORDERS_ONLY;
use results::Results;
use session::Plan;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "strata-bench", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure Strata against native code, QEMU, and the same C compiled straight to Wasm
    ///
    /// A whole run writes tests/bench/RESULTS.md and results.svg; a part of one writes them to target/bench.
    Bench(Bench),
    /// Run a kernel that was compiled to Wasm
    #[command(hide = true)]
    Wasm { file: PathBuf, repetitions: u32 },
}

#[derive(Args)]
struct Bench {
    /// How often everything is run; the interpreter runs once
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Only what has PATTERN in its name or group (also: kernels, programs, root, start, servers, cache); may be given again
    #[arg(long, value_name = "PATTERN")]
    only: Vec<String>,
    /// Only these tiers of Strata, such as block,auto; warm is auto with code that an earlier run left, portable is what
    /// `strata translate` makes, on wasmtime as it comes, and taught the same after a run
    #[arg(long, value_name = "TIERS", value_delimiter = ',')]
    tiers: Vec<String>,
    /// A tenth of the work, once
    #[arg(long)]
    quick: bool,
    /// Instead, translate all of a program of 50 MB, and say what that takes
    #[arg(long, conflicts_with_all = ["rounds", "only", "tiers", "quick", "json"])]
    big: bool,
    /// Write every single figure to FILE
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Bench(bench) => bench.run(),
        Task::Wasm { file, repetitions } => wasm::run(&file, repetitions),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Bench {
    fn run(self) -> Result<()> {
        if self.big {
            println!("{}", big::run()?);
            return Ok(());
        }
        let is_whole = self.only.is_empty() && self.tiers.is_empty() && !self.quick;
        let rounds = if self.quick { 1 } else { self.rounds };
        let plan = Plan { rounds, only: self.only, tiers: self.tiers, is_quick: self.quick };
        let results = session::run(&list::read()?, &plan)?;
        show(&results);
        if let Some(file) = self.json {
            write(&file, &serde_json::to_string_pretty(&results)?)?;
        }
        let folder = if is_whole { place::bench() } else { place::made("")? };
        let words: Vec<String> = std::env::args().skip(1).collect();
        write(&folder.join("RESULTS.md"), &page::page(&results, &format!("cargo xtask {}", words.join(" "))))?;
        write(&folder.join("results.svg"), &chart::chart(&results))?;
        println!("written: {}", folder.join("RESULTS.md").display());
        ensure!(results.failures.is_empty(), "{} failed:\n{}", results.failures.len(), results.failures.join("\n"));
        Ok(())
    }
}

fn show(results: &Results) {
    let print = |title: &str, mut table: Table| {
        table.load_style(UTF8_BORDERS_ONLY);
        println!("{title}\n{table}\n");
    };
    for (title, is_wanted) in page::KINDS {
        if !results.pick(is_wanted).is_empty() {
            let title = format!("{title}: processor time, native in ms, the others as multiples of it");
            print(&title, tables::cpu(results, *is_wanted));
        }
    }
    if !results.rows.is_empty() {
        print("Peak memory, MiB", tables::memory(results));
        print("Translation", tables::translation(results));
        print("Targets", tables::targets(results));
    }
    for (title, table) in page::start_tables(results) {
        print(title, table);
    }
    if !results.servers.is_empty() {
        print("Servers and threads", tables::servers(&results.servers));
    }
    if let Some(store) = &results.store {
        println!("{}\n", store.about());
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
