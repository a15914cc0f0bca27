//! [`Outcome`]: what a run left behind, and how two of them differ.

use crate::case::{Case, GUEST_FOLDER};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a run left behind. Standard error is for the person who reads a failure and is not compared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Standard output; the case's directory reads as the guest sees it.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Exit status; 128 and the signal's number for death by one.
    pub status: i32,
    /// Every file left: its mode in octal and its content, or its link's target.
    pub files: BTreeMap<String, (String, Vec<u8>)>,
}

/// Runs a command for `case` in a fresh directory, which the command line is built from.
pub fn run(case: &Case, command_line: impl Fn(&Path) -> Vec<String>) -> Result<Outcome> {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let room = crate::place::scratch().join(RUNS.fetch_add(1, Ordering::Relaxed).to_string());
    let folder = room.join("w");
    case.lay_out(&folder)?;
    let input = room.join("stdin");
    fs::write(&input, &case.stdin)?;
    let words = command_line(&folder);
    let mut command = Command::new("timeout");
    command
        .args(["--signal=KILL", &case.limit_s.to_string()])
        .args(&words)
        .current_dir(&folder)
        .stdin(File::open(&input)?);
    command.env_clear().envs(case.environment()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = command.output().with_context(|| format!("cannot start {}", words.join(" ")))?;
    let mut files = BTreeMap::new();
    collect(&folder, "", &mut files)?;
    let mut stdout = replace(&output.stdout, folder.as_os_str().as_encoded_bytes(), GUEST_FOLDER.as_bytes());
    if case.is_unordered {
        stdout = sort_lines(&stdout);
    }
    fs::remove_dir_all(&room).with_context(|| format!("cannot remove {}", room.display()))?;
    let status = output.status.code().or(output.status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
    Ok(Outcome { stdout, stderr: output.stderr, status, files })
}

impl Outcome {
    /// How `self` differs from what is `right`, for a person; `None` if it does not.
    pub fn difference(&self, right: &Outcome) -> Option<String> {
        let mut text = String::new();
        if self.status != right.status {
            text += &format!("exit status {}, not {}\n", self.status, right.status);
        }
        if self.stdout != right.stdout {
            text += &first_difference("standard output", &self.stdout, &right.stdout);
        }
        for name in self.files.keys().chain(right.files.keys().filter(|name| !self.files.contains_key(*name))) {
            match (self.files.get(name), right.files.get(name)) {
                (Some(_), None) => text += &format!("file {name} should not be there\n"),
                (None, _) => text += &format!("file {name} is missing\n"),
                (Some(ours), Some(theirs)) if ours.0 != theirs.0 => {
                    text += &format!("file {name} has mode {}, not {}\n", ours.0, theirs.0);
                }
                (Some(ours), Some(theirs)) if ours.1 != theirs.1 => {
                    text += &first_difference(&format!("file {name}"), &ours.1, &theirs.1);
                }
                _ => {}
            }
        }
        if text.is_empty() {
            return None;
        }
        text += &format!("standard error: {}", String::from_utf8_lossy(&self.stderr));
        Some(text)
    }
}

fn first_difference(what: &str, ours: &[u8], right: &[u8]) -> String {
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (ours, right) = (lines(ours), lines(right));
    let at = ours.iter().zip(&right).position(|(a, b)| a != b).unwrap_or(ours.len().min(right.len()));
    let show = |lines: &[Vec<u8>]| match lines.get(at) {
        Some(line) => format!("{:?}", String::from_utf8_lossy(&line[..line.len().min(300)])),
        None => "the end".to_owned(),
    };
    format!("{what} differs in line {}:\n  is     {}\n  should {}\n", at + 1, show(&ours), show(&right))
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, (String, Vec<u8>)>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    for path in paths {
        let name = format!("{prefix}{}", path.file_name().unwrap_or_default().to_string_lossy());
        let metadata = fs::symlink_metadata(&path)?;
        let mode = format!("{:o}", metadata.permissions().mode());
        if metadata.is_dir() {
            files.insert(format!("{name}/"), (mode, Vec::new()));
            collect(&path, &format!("{name}/"), files)?;
        } else if metadata.is_symlink() {
            files.insert(name, (mode, fs::read_link(&path)?.into_os_string().into_encoded_bytes()));
        } else {
            // A named pipe or a sparse giant is compared by its kind and size alone.
            let content = match metadata.is_file() && metadata.len() < 64 << 20 {
                true => fs::read(&path)?,
                false => metadata.len().to_string().into_bytes(),
            };
            files.insert(name, (mode, content));
        }
    }
    Ok(())
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(from) {
            result.extend_from_slice(to);
            rest = after;
        } else {
            result.push(rest[0]);
            rest = &rest[1..];
        }
    }
    result
}

fn sort_lines(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_first_difference() {
        let outcome =
            |stdout: &str| Outcome { stdout: stdout.into(), stderr: vec![], status: 0, files: BTreeMap::new() };
        assert_eq!(outcome("a\nb\n").difference(&outcome("a\nb\n")), None);
        let text = outcome("a\nb\n").difference(&outcome("a\nc\n")).expect("they differ");
        assert!(text.contains("line 2") && text.contains("\"c\""), "{text}");
        assert_eq!(replace(b"x/tmp/w/y", b"/tmp/w", b"/w"), b"x/w/y");
        assert_eq!(sort_lines(b"b\na\n"), b"a\nb\n");
    }
}
