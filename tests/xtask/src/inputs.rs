//! Unmodified packages, unpacked under `target/inputs` and never installed.
//!
//! apt keeps a state of its own there for each source, so that neither root nor `dpkg --add-architecture` is needed and
//! the machine stays as it was.

use crate::setup::Skipped;
use crate::step;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Packages of one architecture and release, and where they go.
struct Source {
    /// The folder under `target/inputs` that they are unpacked into.
    folder: &'static str,
    /// The folder of apt's state beside it.
    state: &'static str,
    architecture: &'static str,
    /// A release of Debian; None for the machine's own.
    release: Option<&'static str>,
    /// Package and the program that proves it is there.
    packages: &'static [(&'static str, &'static str)],
}

const TESTS: &[Source] = &[Source {
    folder: "mipsel",
    state: "apt",
    architecture: "mipsel",
    release: None,
    packages: &[("busybox-static", "bin/busybox"), ("bash-static", "bin/bash-static")],
}];

const BENCH: &[Source] = &[
    Source {
        folder: "amd64",
        state: "apt-amd64",
        architecture: "amd64",
        release: None,
        packages: &[("busybox-static", "bin/busybox")],
    },
    // The newest that Debian has; it is linked statically, so that it runs on any release.
    Source {
        folder: "qemu",
        state: "apt-qemu",
        architecture: "amd64",
        release: Some("sid"),
        packages: &[("qemu-user", "usr/bin/qemu-mipsel")],
    },
];

/// Fetches what the tests need and is missing.
pub(crate) fn fetch(skipped: &mut Skipped) {
    TESTS.iter().for_each(|source| source.fetch(skipped));
}

/// Fetches what the bench needs beyond that: the same programs for this machine, the newest QEMU.
pub(crate) fn fetch_for_bench(skipped: &mut Skipped) {
    BENCH.iter().for_each(|source| source.fetch(skipped));
}

impl Source {
    fn fetch(&self, skipped: &mut Skipped) {
        let folder = step::root().join("target/inputs").join(self.folder);
        let is_missing = |row: &&(&str, &str)| !folder.join(row.1).is_file();
        let missing: Vec<&str> = self.packages.iter().filter(is_missing).map(|row| row.0).collect();
        if missing.is_empty() {
            return;
        }
        step::say(&format!("fetching for {}: {}", self.folder, missing.join(" ")));
        if let Err(error) = self.download(&missing, &folder) {
            skipped.push(format!("{} for {}: {error:#}", missing.join(", "), self.folder));
        }
    }

    fn download(&self, packages: &[&str], folder: &Path) -> Result<()> {
        let state = self.state();
        for part in ["lists/partial", "cache/archives/partial", "packages"] {
            let path = state.join(part);
            fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        }
        fs::write(state.join("status"), "")?;
        if let Some(release) = self.release {
            fs::write(state.join("sources.list"), self.sources(release)?)?;
        }
        fs::create_dir_all(folder)?;
        step::run(self.apt(&["update"]))?;
        step::run(self.apt(&[&["download"], packages].concat()))?;
        for entry in fs::read_dir(state.join("packages"))? {
            let package = entry?.path();
            let mut unpack = step::command("dpkg-deb", &["-x"]);
            unpack.arg(&package).arg(folder);
            step::run(unpack)?;
            fs::remove_file(&package)?;
        }
        Ok(())
    }

    fn state(&self) -> PathBuf {
        step::root().join("target/inputs").join(self.state)
    }

    /// A list with that release, from the mirror that the machine itself uses.
    fn sources(&self, release: &str) -> Result<String> {
        const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let format =
            ["indextargets", "--no-release-info", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"];
        let text = step::output(step::command("apt-get", &format)).context("apt-get does not name its sources")?;
        // Releases have plain names; security and updates do not.
        let mirror = text.lines().find_map(|line| line.split_once(' ').filter(|(name, _)| !name.contains('-')));
        let (_, mirror) = mirror.context("apt-get names no Debian release")?;
        let signed = if fs::exists(KEYS)? { format!("[signed-by={KEYS}] ") } else { String::new() };
        Ok(format!("deb {signed}{mirror} {release} main\n"))
    }

    fn apt(&self, arguments: &[&str]) -> std::process::Command {
        let state = self.state();
        let mut command = step::command("apt-get", &["-q"]);
        let mut option = |text: String| {
            command.args(["-o", &text]);
        };
        option(format!("APT::Architecture={}", self.architecture));
        option(format!("APT::Architectures={}", self.architecture));
        // Descriptions for software centres: 4 MB that nobody reads here.
        option("Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false".to_owned());
        // Without root the download runs as the user it belongs to.
        option("APT::Sandbox::User=".to_owned());
        option(format!("Dir::State={}", state.display()));
        option(format!("Dir::State::status={}", state.join("status").display()));
        option(format!("Dir::Cache={}", state.join("cache").display()));
        if self.release.is_some() {
            option(format!("Dir::Etc::sourcelist={}", state.join("sources.list").display()));
            option("Dir::Etc::sourceparts=/dev/null".to_owned());
        }
        command.args(arguments).current_dir(state.join("packages"));
        command
    }
}
