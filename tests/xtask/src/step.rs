//! Running other programs: says what it runs, and fails with what was run.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The checkout's root folder.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.ancestors().nth(2).expect("xtask lies in tests/xtask").to_path_buf()
}

/// Says what is about to happen.
pub(crate) fn say(what: &str) {
    eprintln!("── {what}");
}

/// A command with arguments, run in the checkout's root.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command with its output shown; fails if it does.
pub(crate) fn run(mut command: Command) -> Result<()> {
    say(&text(&command));
    let status = command.status().with_context(|| format!("cannot start {}", text(&command)))?;
    if !status.success() {
        bail!("{} failed: {status}", text(&command));
    }
    Ok(())
}

/// Runs a command in silence; its output, if it succeeded.
pub(crate) fn output(mut command: Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn text(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
