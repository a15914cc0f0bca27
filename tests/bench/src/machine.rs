//! What was measured on and with: processor, system, compilers, versions.

use crate::kernels;
use crate::place;
use crate::runner::Runners;
use std::fs;
use std::process::Command;

/// Lines for the page.
pub(crate) fn describe(runners: &Runners) -> Vec<String> {
    let mut lines = vec![processor()];
    lines.extend(first_line("uname", &["-srm"]));
    for compiler in [kernels::GCC, kernels::MIPS_GCC, kernels::CLANG] {
        lines.extend(first_line(compiler, &["--version"]));
    }
    lines.extend(runners.versions());
    if let Some(commit) = first_line("git", &["describe", "--always", "--dirty"]) {
        lines.push(format!("this checkout: {commit}"));
    }
    lines.extend(engine().map(|version| format!("wasmtime {version}")));
    lines
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = text.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let models: Vec<&str> = models.map(|(_, model)| model).collect();
    format!("{} × {}", models.len(), models.first().unwrap_or(&"processor of unknown make"))
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(place::root()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().filter(|_| output.status.success()).map(str::to_owned)
}

/// wasmtime's version, as locked.
fn engine() -> Option<String> {
    let lock = fs::read_to_string(place::root().join("Cargo.lock")).ok()?;
    let (_, rest) = lock.split_once("name = \"wasmtime\"\nversion = \"")?;
    rest.split_once('"').map(|(version, _)| version.to_owned())
}
