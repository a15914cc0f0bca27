//! `--snapshot-on`: when a snapshot is made of a guest, and where it is written.

use crate::failure::{Failure, say};
use anyhow::{Context, anyhow};
use clap::{ArgAction, Args};
use engine::Snapshots;
use hostio::stream::{Standard, terminal};
use indicatif::HumanBytes;
use linux::Signal;
use linux::snapshot::{Given, Unsaved};
use namespace::Grant;
use serde_bytes::ByteBuf;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use vfs::node::Open;
use vfs::terminal::SetWhen;
use vfs::termios::Termios;
use vfs::{Errno, NodeRef};

/// Options of snapshots.
#[derive(Args)]
pub(crate) struct When {
    /// When Strata is sent SIGNAL (HUP, INT, QUIT, TERM, USR1 or USR2), write the guest as it stands to FILE, for `strata
    /// resume FILE`, and end with 128 and the signal's number. The guest does not get the signal
    #[arg(long, value_names = ["SIGNAL", "FILE"], num_args = 2, action = ArgAction::Set)]
    snapshot_on: Option<Vec<OsString>>,
    /// Go on with the guest after a snapshot, which the next one then takes the place of
    #[arg(long, requires = "snapshot_on")]
    leave_running: bool,
}

/// Signals that a snapshot can be asked for by, with the host's numbers.
const SIGNALS: [(&str, Signal); 6] = [
    ("HUP", Signal::HUP),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("TERM", Signal::TERM),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
];

/// Where snapshots of one guest go.
struct Target {
    name: String,
    file: PathBuf,
    grants: Vec<String>,
    leave_running: bool,
    terminal: Option<Before>,
}

/// The terminal, and what it was set to before the guest had it.
struct Before {
    terminal: Standard,
    termios: Termios,
}

impl When {
    /// When a snapshot is made of a guest that was given its files by these words and grants.
    pub(crate) fn snapshots(
        &self,
        name: &str,
        words: Vec<String>,
        grants: &[Grant],
    ) -> Result<Option<Snapshots>, Failure> {
        let Some([signal, file]) = self.snapshot_on.as_deref() else { return Ok(None) };
        let wanted = signal.to_string_lossy().to_ascii_uppercase();
        let wanted = wanted.strip_prefix("SIG").unwrap_or(&wanted);
        let known = SIGNALS.iter().find(|(name, signal)| *name == wanted || signal.generic().to_string() == wanted);
        let names = SIGNALS.map(|(name, _)| name).join(", ");
        let (_, signal) = known.ok_or_else(|| anyhow!("--snapshot-on {}: give one of {names}", signal.display()))?;
        let file = std::path::absolute(file).context("the current directory is gone")?;
        let target = Target {
            name: name.to_owned(),
            file,
            grants: words.clone(),
            leave_running: self.leave_running,
            terminal: Before::now(),
        };
        let files = grants.iter().filter_map(|grant| match grant {
            Grant::File { node, at } => Some((at.clone(), node.clone())),
            _ => None,
        });
        let (name, files) = (name.to_owned(), files.collect::<Vec<_>>());
        let given = move || Ok(Given { name: name.clone(), grants: words.clone(), files: contents(&files)? });
        let take = move |saved| target.take(saved);
        Ok(Some(Snapshots { signal: signal.generic(), given: Box::new(given), take: Box::new(take) }))
    }
}

/// What is in files that go with a snapshot.
fn contents(files: &[(Vec<u8>, NodeRef)]) -> Result<Vec<(Vec<u8>, ByteBuf)>, Unsaved> {
    let read = |node: &NodeRef| {
        let mut bytes = vec![0; usize::try_from(node.metadata()?.size).map_err(|_| Errno::EFBIG)?];
        let file = node.open(Open { read: true, ..Open::default() })?;
        let read = file.read_full(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(ByteBuf::from(bytes))
    };
    let contents = files.iter().map(|(at, node)| {
        let failed = |errno: Errno| Unsaved::because(format!("{}: {}", String::from_utf8_lossy(at), errno.text()));
        Ok((at.clone(), read(node).map_err(failed)?))
    });
    contents.collect()
}

impl Target {
    /// Writes a snapshot; whether the guest goes on, which it does if there is none.
    fn take(&self, saved: Result<Vec<u8>, Unsaved>) -> bool {
        let written =
            saved.map_err(anyhow::Error::from).and_then(|bytes| Ok((write(&self.file, &bytes)?, bytes.len())));
        let (name, file) = (&self.name, self.file.display());
        let size = match written {
            Ok(((), size)) => HumanBytes(size as u64),
            Err(why) => {
                say(&format!("{name}: no snapshot was made, and it goes on: {why:#}"));
                return true;
            }
        };
        if !self.leave_running {
            self.terminal.iter().for_each(Before::restore);
        }
        let path = self.file.to_string_lossy();
        let path = shlex::try_quote(&path).unwrap_or_else(|_| path.clone());
        let again = [&[String::from("strata resume"), path.into_owned()], &self.grants[..]].concat().join(" ");
        say(&format!("{name}: snapshot of {size} in {file}; to go on: {again}"));
        self.leave_running
    }
}

/// Writes a file, whole or not at all, that is this user's alone: memory holds secrets.
fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = file.file_name().context("give the name of a file")?.to_owned();
    name.push(format!(".unfinished-{}", std::process::id()));
    let beside = file.with_file_name(name);
    let fill = || {
        let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        open.write_all(bytes)?;
        open.sync_all()?;
        fs::rename(&beside, file)
    };
    fill().inspect_err(|_| drop(fs::remove_file(&beside))).with_context(|| format!("{}", file.display()))
}

impl Before {
    /// As it is now, if there is a terminal.
    fn now() -> Option<Before> {
        let terminal = terminal()?;
        let termios = terminal.file.terminal()?.termios().ok()?;
        Some(Before { terminal, termios })
    }

    /// The terminal is what it was: settings, and if a guest changed them, also the screen with its cursor.
    fn restore(&self) {
        let Some(terminal) = self.terminal.file.terminal() else { return };
        if terminal.termios().is_ok_and(|now| now != self.termios) {
            // What cannot be restored stays as it is.
            let _ = terminal.set_termios(&self.termios, SetWhen::Drain);
            let _ = self.terminal.file.write(vfs::node::At::Stream, b"\x1b[?1049l\x1b[?25h\x1b[0m\r\n");
        }
    }
}
