//! `cargo xtask`: set-up, tests, guest programs, documents. One file a subcommand; each says what it does as it does it.

#![allow(clippy::print_stderr, reason = "a program for people")]

mod bench;
mod build;
mod debian;
mod differential;
mod docs;
mod firmware;
mod inputs;
mod pip;
mod programs;
mod python;
mod roots;
mod runtimes;
mod setup;
mod step;
mod test;
mod zig;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Looks after Strata: set-up, tests, guest programs, documents.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs, fetches and builds everything the tests need; quick when all is there
    Setup,
    /// Sets up and runs every check and test
    Test,
    /// Rebuilds the committed demo programs from guests/programs/demo
    Programs,
    /// Regenerates the generated pages
    Docs,
    /// Measures Strata against native code, QEMU, and C compiled straight to Wasm (`bench --help` says more)
    #[command(disable_help_flag = true)]
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs python3's own test modules under Strata, and compares with QEMU
    Python {
        /// Only modules whose names have this in them
        filter: Option<String>,
    },
    /// Compares random blocks of instructions with QEMU
    Differential {
        /// How many blocks
        #[arg(long, default_value_t = 5000)]
        blocks: u64,
        /// Another seed makes other blocks
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Setup => setup::run().map(|skipped| setup::report(&skipped)),
        Task::Test => test::run(),
        Task::Programs => programs::run(),
        Task::Docs => docs::run(),
        Task::Bench { arguments } => bench::run(&arguments),
        Task::Python { filter } => python::run(filter.as_deref()),
        Task::Differential { blocks, seed } => differential::run(blocks, seed),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
