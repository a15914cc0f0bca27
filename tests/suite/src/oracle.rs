//! What should come of a case: QEMU's user mode runs the same command line, and its outcome is kept for the next time.

use crate::case::Case;
use crate::outcome::{self, Outcome};
use crate::place;
use anyhow::Result;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// Whether the oracle for that architecture is installed.
pub fn is_there(architecture: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(qemu(architecture)).is_file())
}

/// The right outcome. What is wrong in QEMU is written beside the case instead ([`Case::expected`]).
pub fn outcome(case: &Case) -> Result<Outcome> {
    if let Some(stdout) = &case.expected {
        let stdout = stdout.clone().into_bytes();
        return Ok(Outcome { stdout, stderr: Vec::new(), status: 0, files: Default::default() });
    }
    let kept = kept_at(case)?;
    if let Ok(text) = fs::read(&kept)
        && let Ok(outcome) = serde_json::from_slice(&text)
    {
        return Ok(outcome);
    }
    let outcome = outcome::run(case, |_| {
        let program = case.program.to_string_lossy().into_owned();
        // QEMU would otherwise show the guest the path of this machine.
        let name = program.rsplit('/').next().unwrap_or_default().to_owned();
        let mut words = vec![format!("/usr/bin/{}", qemu(&case.architecture)), "-0".to_owned(), name, program];
        words.extend(case.arguments.iter().cloned());
        words
    })?;
    fs::create_dir_all(place::cache())?;
    fs::write(kept, serde_json::to_vec(&outcome)?)?;
    Ok(outcome)
}

fn qemu(architecture: &str) -> String {
    format!("qemu-{architecture}")
}

/// The outcome depends on the program, the command line and the files, and on nothing else.
fn kept_at(case: &Case) -> Result<PathBuf> {
    let program = fs::metadata(&case.program)?;
    let mut hasher = DefaultHasher::new();
    (&case.program, program.len(), program.modified()?, &case.architecture, &case.arguments).hash(&mut hasher);
    (&case.stdin, &case.files, case.is_unordered).hash(&mut hasher);
    Ok(place::cache().join(format!("{:016x}.json", hasher.finish())))
}
