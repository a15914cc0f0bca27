//! One run of one program, measured: processor time, wall time, peak memory, what it printed.

use crate::counters::{self, Counters};
use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What one run used.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Sample {
    /// User and system time of all its threads.
    pub(crate) cpu_us: u64,
    pub(crate) wall_us: u64,
    /// Most memory it had in RAM.
    pub(crate) peak_kib: u64,
    #[serde(flatten)]
    pub(crate) counters: Counters,
}

impl Sample {
    /// Processor time without translation, where a runner tells what that took.
    pub(crate) fn running_us(&self) -> u64 {
        self.cpu_us.saturating_sub(self.counters.translating_us.unwrap_or(0))
    }
}

/// Runs programs, one after the other.
pub(crate) struct Measurer {
    /// `measure.c`, built.
    pub(crate) program: PathBuf,
    /// Room for what runs leave.
    pub(crate) scratch: PathBuf,
}

impl Measurer {
    /// Runs `words` in `folder`, standard output into `output`; an exit status but 0 is an error.
    pub(crate) fn run(&self, words: &[OsString], folder: &Path, output: &Path) -> Result<Sample> {
        let (report, errors) = (self.scratch.join("report"), self.scratch.join("errors"));
        let create = |path: &Path| File::create(path).with_context(|| format!("cannot write {}", path.display()));
        let status = Command::new(&self.program)
            .arg(&report)
            .args(words)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(create(output)?)
            .stderr(create(&errors)?)
            .status()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let said = fs::read(&errors).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        ensure!(status.success(), "measuring failed: {}\n{said}", text(words));
        let numbers = fs::read_to_string(&report)?;
        let numbers: Vec<u64> = numbers.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let &[status, user_us, system_us, wall_us, peak_kib] = numbers.as_slice() else {
            anyhow::bail!("no report of {}", text(words));
        };
        ensure!(status == 0, "exit status {status}: {}\n{said}", text(words));
        Ok(Sample { cpu_us: user_us + system_us, wall_us, peak_kib, counters: counters::read(&said) })
    }
}

/// A command line for people.
pub(crate) fn text(words: &[OsString]) -> String {
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
