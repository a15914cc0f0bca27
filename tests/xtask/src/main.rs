//! `cargo xtask`: set-up, tests, guest programs, documents. One file a subcommand; each says what it does as it does it.

#![allow(clippy::print_stderr, reason = "a program for people")]

mod build;
mod debian;
mod docs;
mod inputs;
mod programs;
mod setup;
mod step;
mod test;

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
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Setup => setup::run().map(|skipped| setup::report(&skipped)),
        Task::Test => test::run(),
        Task::Programs => programs::run(),
        Task::Docs => docs::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
