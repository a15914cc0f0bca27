//! `strata`: runs unmodified MIPS Linux programs as WebAssembly. One file per subcommand.

mod binfmt;
mod cache;
mod clocks;
mod demo;
mod disasm;
mod failure;
mod info;
mod launch;
mod libraries;
mod loaded;
mod parallel;
mod resume;
mod rootfs;
mod run;
mod snapshot;
mod statistics;
mod translate;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Runs unmodified MIPS Linux programs, as WebAssembly, with nothing but what they are given.
///
/// Without a command, `strata` shows what it can do on programs it brings along (`strata demo`).
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Run),
    Resume(resume::Resume),
    Demo(demo::Demo),
    Info(info::Info),
    Disasm(disasm::Disasm),
    Translate(translate::Translate),
    Cache(cache::Cache),
    Rootfs(rootfs::Rootfs),
    Binfmt(binfmt::Binfmt),
}

fn main() -> ExitCode {
    warn_on_stderr();
    let arguments = Arguments::parse_from(binfmt::arguments());
    let done = match arguments.command.unwrap_or(Command::Demo(demo::Demo::default())) {
        Command::Run(run) => run.run(),
        Command::Resume(resume) => resume.run(),
        Command::Demo(demo) => demo.run(),
        Command::Info(info) => info.run(),
        Command::Disasm(disasm) => disasm.run(),
        Command::Translate(translate) => translate.run(),
        Command::Cache(cache) => cache.run(),
        Command::Rootfs(rootfs) => rootfs.run(),
        Command::Binfmt(binfmt) => binfmt.run(),
    };
    done.unwrap_or_else(|failure| failure.report())
}

/// Shows what a guest met of our limits, once each, and what it logs but for debugging (syslog(3)), where its own error output goes.
fn warn_on_stderr() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .with_ansi(false)
        .init();
}
