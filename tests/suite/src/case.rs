//! [`Case`]: a command line, what it reads, and the files it finds.

use anyhow::{Context, Result};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Where the guest sees the case's directory.
pub const GUEST_FOLDER: &str = "/w";

/// A test case: a guest program run once.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique, with slashes: `busybox/sort-numeric`.
    pub name: String,
    /// The root file system that the guest has, if it has one; `program` is in there.
    pub root: Option<PathBuf>,
    /// The guest program on this machine.
    pub program: PathBuf,
    /// QEMU's name for its architecture: `mipsel` or `mips`.
    pub architecture: String,
    /// Whether it starts the same program again, for which QEMU needs help.
    pub starts_itself: bool,
    /// Arguments after the program's name.
    pub arguments: Vec<String>,
    /// What it reads.
    pub stdin: Vec<u8>,
    /// Files it finds, by path.
    pub files: BTreeMap<String, Entry>,
    /// Lines of standard output come in no particular order.
    pub is_unordered: bool,
    /// The right standard output, where QEMU's is wrong; the exit status is then 0.
    pub expected: Option<String>,
    /// Longest it may take.
    pub limit_s: u32,
}

/// Longest most cases may take.
pub const LIMIT_S: u32 = 120;

/// What a case finds at a path. The directories above it are made.
#[derive(Clone, Debug, Hash)]
pub enum Entry {
    /// An empty directory.
    Directory,
    /// A symbolic link's target.
    Link(String),
    /// A file's content.
    File(Vec<u8>),
}

impl Case {
    /// What the guest calls its program, if it has a root.
    pub fn program_in_root(&self) -> Option<String> {
        let path = self.program.strip_prefix(self.root.as_ref()?).ok()?;
        Some(format!("/{}", path.display()))
    }

    /// The guest's whole environment.
    pub fn environment(&self) -> Vec<(&'static str, &'static str)> {
        let path = if self.root.is_some() { "/usr/bin:/bin" } else { "/bin" };
        vec![("PATH", path), ("TZ", "UTC"), ("HOME", GUEST_FOLDER)]
    }

    /// Makes a fresh directory with the case's files; all are as old as each other, so that listings agree.
    pub fn lay_out(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for (name, entry) in &self.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            match entry {
                Entry::Directory => fs::create_dir_all(&path)?,
                Entry::Link(target) => symlink(target, &path)?,
                Entry::File(content) => {
                    fs::write(&path, content)?;
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
                }
            }
        }
        age(folder)
    }
}

/// Sets the times of a tree to one moment, children first: writing into a directory makes it younger.
fn age(path: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            age(&entry?.path())?;
        }
    }
    let then = Timespec { tv_sec: 1_000_000_000, tv_nsec: 0 };
    let times = Timestamps { last_access: then, last_modification: then };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
