//! What should come of a case: QEMU's user mode runs the same command line, and its outcome is kept for the next time.

use crate::case::Case;
use crate::outcome::{self, Outcome};
use crate::place;
use anyhow::Result;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Whether the oracle for a case is there.
pub fn is_there(case: &Case) -> bool {
    static CHROOT: OnceLock<bool> = OnceLock::new();
    static STARTED: OnceLock<bool> = OnceLock::new();
    match &case.root {
        Some(root) => *CHROOT.get_or_init(|| succeeds(&in_chroot(root, &std::env::temp_dir(), "/bin/true", &[]))),
        None if !is_installed(&case.architecture) => false,
        None => !case.starts_itself || *STARTED.get_or_init(|| succeeds(&starting(vec!["/bin/true".to_owned()]))),
    }
}

fn succeeds(words: &[String]) -> bool {
    Command::new(&words[0]).args(&words[1..]).status().is_ok_and(|status| status.success())
}

fn is_installed(architecture: &str) -> bool {
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
    let outcome = outcome::run(case, |folder| {
        if let (Some(root), Some(program)) = (&case.root, case.program_in_root()) {
            return in_chroot(root, folder, &program, &case.arguments);
        }
        let program = case.program.to_string_lossy().into_owned();
        // QEMU would otherwise show the guest the path of this machine.
        let name = program.rsplit('/').next().unwrap_or_default().to_owned();
        let mut words = vec![format!("/usr/bin/{}", qemu(&case.architecture)), "-0".to_owned(), name, program];
        words.extend(case.arguments.iter().cloned());
        if case.starts_itself { starting(words) } else { words }
    })?;
    fs::create_dir_all(place::cache())?;
    fs::write(kept, serde_json::to_vec(&outcome)?)?;
    Ok(outcome)
}

/// A command line for a program in a root, of which it gets a copy-on-write view: Linux starts QEMU for MIPS programs there,
/// and nowhere else.
fn in_chroot(root: &Path, folder: &Path, program: &str, arguments: &[String]) -> Vec<String> {
    let folders = [root, folder].map(|folder| folder.display().to_string());
    let words = folders.into_iter().chain([program.to_owned()]).chain(arguments.iter().cloned());
    in_namespaces(include_str!("chroot.sh"), words)
}

/// A command line whose big-endian programs may start others: Linux starts QEMU for them.
fn starting(words: Vec<String>) -> Vec<String> {
    in_namespaces(include_str!("binfmt.sh"), words.into_iter())
}

fn in_namespaces(script: &str, words: impl Iterator<Item = String>) -> Vec<String> {
    let own = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "--pid",
        "--net",
        "--fork",
        "--kill-child",
        "sh",
        "-eu",
        "-c",
    ];
    own.into_iter().chain([script, "sh"]).map(str::to_owned).chain(words).collect()
}

fn qemu(architecture: &str) -> String {
    format!("qemu-{architecture}")
}

/// The outcome depends on the program, the root around it, the command line and the files, and on nothing else.
fn kept_at(case: &Case) -> Result<PathBuf> {
    let program = fs::metadata(&case.program)?;
    let mut hasher = DefaultHasher::new();
    (&case.program, program.len(), program.modified()?, &case.architecture, &case.arguments).hash(&mut hasher);
    (&case.stdin, &case.files, case.is_unordered).hash(&mut hasher);
    if case.starts_itself {
        include_str!("binfmt.sh").hash(&mut hasher);
    }
    if let Some(root) = &case.root {
        (fs::metadata(place::mark(root))?.modified()?, include_str!("chroot.sh")).hash(&mut hasher);
    }
    Ok(place::cache().join(format!("{:016x}.json", hasher.finish())))
}
