//! Driving mmdebstrap(1): [`Order`] says what is wanted, and [`Order::unpack`] has it made.

use anyhow::{Context, Result, anyhow, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Lines of its output that are kept for the message when it fails.
const LINES_KEPT: usize = 12;
/// Where apt leaves packages, and its lists, in the root.
const ARCHIVES: &str = "var/cache/apt/archives";
const LISTS: &str = "var/lib/apt/lists";

/// A root that is wanted.
pub(super) struct Order<'a> {
    pub(super) packages: &'a [&'a str],
    pub(super) architecture: &'a str,
    pub(super) release: &'a str,
    pub(super) mirror: Option<&'a str>,
    /// Where to; it is not there yet.
    pub(super) directory: &'a Path,
}

/// How it gets by without the powers it lacks (mmdebstrap(1), MODES).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Root,
    /// Files belong to the user, and fakeroot pretends otherwise to dpkg.
    Fakechroot,
    /// Files would belong to users of a namespace, so they come as an archive and are unpacked outside.
    Unshare,
}

impl Order<'_> {
    /// Downloads and unpacks. The packages themselves stay in it, for [`Order::archives`].
    pub(super) fn unpack(&self) -> Result<()> {
        let mode = mode()?;
        let mut child = self.command(mode).spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => missing("mmdebstrap"),
            _ => anyhow!("mmdebstrap cannot be started: {error}"),
        })?;
        let unpacking = match child.stdout.take().filter(|_| mode == Mode::Unshare) {
            Some(archive) => Some(self.unpacking(archive)?),
            None => None,
        };
        let last = watch(child.stderr.take().context("it was piped")?);
        let status = child.wait().context("mmdebstrap cannot be waited for")?;
        let unpacked = unpacking.map(|mut tar| tar.wait()).transpose().context("tar cannot be waited for")?;
        judge(status, &last)?;
        ensure!(unpacked.is_none_or(|status| status.success()), "tar could not unpack what mmdebstrap made");
        Ok(())
    }

    fn command(&self, mode: Mode) -> Command {
        let mut command = Command::new("mmdebstrap");
        command.args(["--verbose", "--variant=extract", "--skip=cleanup/apt,output/dev"]);
        command.arg("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr");
        command.arg(format!("--architectures={}", self.architecture));
        command.arg(format!("--include={}", self.packages.join(",")));
        match mode {
            Mode::Root => command.args(["--mode=root", "--format=directory"]),
            Mode::Fakechroot => command.args(["--mode=fakechroot", "--format=directory"]),
            Mode::Unshare => command.args(["--mode=unshare", "--format=tar"]),
        };
        command.arg("--").arg(self.release);
        match mode {
            Mode::Unshare => command.arg("-").stdout(Stdio::piped()),
            _ => command.arg(self.directory).stdout(Stdio::null()),
        };
        command.args(self.mirror).stdin(Stdio::null()).stderr(Stdio::piped()).env("LC_ALL", "C");
        command
    }

    fn unpacking(&self, archive: impl Into<Stdio>) -> Result<Child> {
        fs::create_dir(self.directory).with_context(|| format!("{} cannot be made", self.directory.display()))?;
        let mut command = Command::new("tar");
        command.args(["--extract", "--preserve-permissions", "--no-same-owner", "--exclude=./dev/*", "--directory"]);
        command.arg(self.directory).stdin(archive).spawn().context("tar cannot be started")
    }

    /// The packages it was made of.
    pub(super) fn archives(&self) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(self.directory.join(ARCHIVES)).context("mmdebstrap left no packages")?;
        let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
        paths.sort();
        ensure!(!paths.is_empty(), "mmdebstrap left no packages");
        Ok(paths)
    }

    /// Takes away what is needed no more.
    pub(super) fn clean(&self) -> Result<()> {
        for folder in [ARCHIVES, LISTS] {
            let folder = self.directory.join(folder);
            fs::remove_dir_all(&folder).and_then(|()| fs::create_dir(&folder)).context("apt's files stay")?;
        }
        Ok(())
    }
}

fn missing(package: &str) -> anyhow::Error {
    anyhow!("{package} is not installed: `apt-get install {package}`, or the like of your system")
}

/// root, or what is there to do without.
fn mode() -> Result<Mode> {
    if rustix::process::geteuid().is_root() {
        return Ok(Mode::Root);
    }
    let has = |program: &str| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
    };
    match (has("fakechroot") && has("fakeroot"), has("newuidmap")) {
        (true, _) => Ok(Mode::Fakechroot),
        (false, true) => Ok(Mode::Unshare),
        (false, false) => bail!(
            "who is not root needs fakechroot and fakeroot, or uidmap: `apt-get install fakechroot`, \
             or run this as root"
        ),
    }
}

/// Shows how far it is, on a terminal; gives the last lines it wrote.
fn watch(output: impl Read) -> VecDeque<String> {
    let bar = ProgressBar::new_spinner().with_message("starting mmdebstrap");
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut last = VecDeque::new();
    let mut is_fetching = false;
    for line in BufReader::new(output).split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if let Some(stage) = line.strip_prefix("I: ") {
            is_fetching = stage.starts_with("downloading");
            bar.set_message(stage.trim_end_matches('.').to_owned());
        }
        if let Some(count) = new_packages(&line) {
            let style = ProgressStyle::with_template("{spinner} {msg:<32} {bar:30} {pos}/{len} packages, {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_length(count);
        }
        if is_fetching && line.starts_with("Get:") {
            bar.inc(1);
        }
        if last.len() == LINES_KEPT {
            last.pop_front();
        }
        last.push_back(line);
    }
    bar.finish_and_clear();
    last
}

/// `0 upgraded, 19 newly installed, …`, as apt-get(8) says it.
fn new_packages(line: &str) -> Option<u64> {
    let (before, _) = line.split_once(" newly installed")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// What to say if it failed.
fn judge(status: ExitStatus, last: &VecDeque<String>) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let has = |word: &str| last.iter().any(|line| line.contains(word));
    if has("NO_PUBKEY") || has("is not signed") {
        bail!(
            "apt does not know the key of the archive: `apt-get install debian-archive-keyring`, or the like of your system"
        );
    }
    // What fails in turn because something else did says nothing new.
    let errors = last.iter().filter_map(|line| line.strip_prefix("E: "));
    let errors: Vec<&str> =
        errors.filter(|line| !line.ends_with("failed") && !line.ends_with("failed to run")).collect();
    let lines = if errors.is_empty() { last.iter().map(String::as_str).collect() } else { errors };
    bail!("mmdebstrap failed ({status}):\n  {}", lines.join("\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn the_count_of_packages_is_read() {
        assert_eq!(new_packages("0 upgraded, 19 newly installed, 0 to remove and 0 not upgraded."), Some(19));
        assert_eq!(new_packages("I: downloading packages with apt..."), None);
    }

    #[test]
    fn a_failure_says_what_to_do() {
        let say = |lines: &str| {
            let last = watch(lines.as_bytes());
            judge(ExitStatus::from_raw(0x100), &last).map_err(|error| error.to_string()).unwrap_err()
        };
        assert!(
            say("W: GPG error: x InRelease: NO_PUBKEY 0E98404D386FA1D9\nE: apt-get update failed").contains("keyring")
        );
        let text = say("Reading package lists...\nE: Unable to locate package nosuch\nI: main() received signal PIPE");
        assert!(text.contains("locate package nosuch") && !text.contains("Reading"), "{text}");
        assert!(judge(ExitStatus::from_raw(0), &VecDeque::new()).is_ok());
    }
}
