//! Unmodified packages, unpacked under `target/inputs` and never installed.
//!
//! apt keeps a state of its own there for each source, so that neither root nor `dpkg --add-architecture` is needed and
//! the machine stays as it was.

use crate::setup::Skipped;
use crate::step;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What of a package is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// What it installs.
    Built,
    /// What it is built from, with Debian's changes made.
    Source,
}

/// Packages of one architecture and release, and where they go.
struct Source {
    form: Form,
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

const TESTS: &[Source] = &[
    Source {
        form: Form::Built,
        folder: "mipsel",
        state: "apt",
        architecture: "mipsel",
        release: None,
        packages: &[("busybox-static", "bin/busybox"), ("bash-static", "bin/bash-static")],
    },
    // A release, so that all machines build the same firmware of it.
    Source {
        form: Form::Source,
        folder: "busybox",
        state: "apt-source",
        architecture: "mipsel",
        release: Some("bookworm"),
        packages: &[("busybox", "Makefile")],
    },
];

const BENCH: &[Source] = &[
    Source {
        form: Form::Built,
        folder: "amd64",
        state: "apt-amd64",
        architecture: "amd64",
        release: None,
        packages: &[("busybox-static", "bin/busybox")],
    },
    // The newest that Debian has; it is linked statically, so that it runs on any release.
    Source {
        form: Form::Built,
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
        step::run(self.apt(&["update"]))?;
        step::run(self.apt(&[self.form.request(), packages].concat()))?;
        let files = fs::read_dir(state.join("packages"))?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        for file in &files {
            if let Some(unpack) = self.form.unpack(file, folder)? {
                step::run(unpack)?;
            }
        }
        files.iter().try_for_each(|file| Ok(fs::remove_file(file)?))
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
        let kind = self.form.kind();
        Ok(format!("{kind} {signed}{mirror} {release} main\n"))
    }

    fn apt(&self, arguments: &[&str]) -> Command {
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

impl Form {
    /// How a list of sources says it.
    fn kind(self) -> &'static str {
        match self {
            Form::Built => "deb",
            Form::Source => "deb-src",
        }
    }

    /// What apt-get is asked for.
    fn request(self) -> &'static [&'static str] {
        match self {
            Form::Built => &["download"],
            Form::Source => &["source", "--download-only"],
        }
    }

    /// How a file that apt-get brought gets into `folder`; `None` for one that goes with another. apt-get has checked both.
    fn unpack(self, file: &Path, folder: &Path) -> Result<Option<Command>> {
        if self == Form::Source && file.extension().is_none_or(|extension| extension != "dsc") {
            return Ok(None);
        }
        let mut command = match self {
            Form::Built => step::command("dpkg-deb", &["-x"]),
            Form::Source => step::command("dpkg-source", &["--no-check", "--no-copy", "-x"]),
        };
        match self {
            Form::Built => fs::create_dir_all(folder)?,
            // dpkg-source wants to make it itself.
            Form::Source if fs::exists(folder)? => fs::remove_dir_all(folder)?,
            Form::Source => {}
        }
        command.arg(file).arg(folder);
        Ok(Some(command))
    }
}
