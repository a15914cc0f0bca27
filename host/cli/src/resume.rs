//! `strata resume`: goes on with a guest that a snapshot was made of.

use crate::failure::{Done, Failure};
use crate::launch::{self, streams};
use crate::run::{Execution, Files, Net, in_memory, report};
use anyhow::{Context, anyhow};
use clap::Args;
use linux::snapshot::{Given, Snapshot};
use namespace::Grant;
use std::path::PathBuf;

/// Go on with a guest that a snapshot was made of
///
/// All its processes go on where they stood, with their memory, open files, pipes, sockets, terminals, timers, and
/// what they had changed in their root. Standard streams and terminal are the ones that `strata resume` has. Programs see
/// that some time has passed, and that the window's size may have changed.
///
/// A snapshot says which files it was given, but gives itself nothing: --root and --dir are given anew, here or on another
/// host; so are networks, with --net. Files that were mapped from them must be the same; connections to others are broken.
#[derive(Args)]
#[command(after_help = "Examples:
  strata run --root ./debian-mipsel --snapshot-on USR1 later.snap /usr/bin/python3 &
  kill -USR1 %1
  strata resume later.snap --root ./debian-mipsel")]
pub(crate) struct Resume {
    /// The snapshot, which `strata run --snapshot-on` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    net: Net,
    #[command(flatten)]
    execution: Execution,
}

impl Resume {
    pub(crate) fn run(mut self) -> Done {
        hostio::descriptors::raise_limit();
        let path = self.file.display().to_string();
        let bytes = std::fs::read(&self.file).map_err(|error| Failure::reading(&self.file, &error))?;
        let snapshot = Snapshot::read(&bytes).map_err(|error| Failure::cannot_run(anyhow!("{path}: {error}")))?;
        drop(bytes);
        let given = snapshot.given().clone();
        self.check(&given)?;
        let mut grants = streams();
        let (_, mut commit) = self.files.root(&mut grants, self.execution.limits())?;
        for (at, bytes) in &given.files {
            let node = in_memory(bytes).with_context(|| format!("{path}: a file of it"))?;
            grants.push(Grant::File { node, at: at.clone() });
        }
        let writable = self.files.directories(&mut grants)?;
        commit.iter_mut().for_each(|commit| commit.apart(&grants));
        let mut how = self.execution.how(&writable)?;
        how.network = self.net.network()?;
        how.snapshots = self.execution.when.snapshots(&given.name, self.files.words(), &grants)?;
        let mut ended =
            launch::Resume { snapshot, grants, how }.run().map_err(|failure| failure.within(&self.hint(&given)))?;
        commit.map_or(Ok(()), |commit| commit.write())?;
        self.execution.forgive(&mut ended);
        Ok(report(&given.name, &ended, self.execution.stats))
    }

    /// Refuses to go on without files that there were.
    fn check(&self, given: &Given) -> Result<(), Failure> {
        if given.grants.is_empty() || !self.files.words().is_empty() {
            return Ok(());
        }
        Err(Failure::cannot_run(anyhow!("{}", self.hint(given))))
    }

    /// What it was given, for who gives it something else.
    fn hint(&self, given: &Given) -> String {
        let path = self.file.display();
        if given.grants.is_empty() {
            return path.to_string();
        }
        format!(
            "{path}: it was made of a guest with {0}; give it that again: strata resume {path} {0}",
            given.grants.join(" ")
        )
    }
}
