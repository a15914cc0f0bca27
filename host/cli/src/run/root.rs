//! `strata run --root` and `--commit`: what a guest's root is made of, and what becomes of its changes.

use super::Run;
use crate::failure::{Failure, say};
use crate::launch::host;
use anyhow::{Context, Result, anyhow};
use archive::{Folder, Tape, commit};
use namespace::{Grant, copy_on_write};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use vfs::NodeRef;
use vfs::layers::layered;

/// Changes that are to be kept.
pub(super) struct Commit {
    root: NodeRef,
    /// Paths that the guest found mounted on.
    apart: Vec<Vec<u8>>,
    to: PathBuf,
}

impl Run {
    /// The root file system that the guest is given, if it is given one, and what is to become of its changes.
    pub(super) fn root(&self, grants: &mut Vec<Grant>) -> Result<(Option<NodeRef>, Option<Commit>), Failure> {
        let mut lower: Option<NodeRef> = None;
        for path in &self.roots {
            let layer = layer(path).with_context(|| format!("--root {}", path.display()))?;
            lower = Some(match lower {
                Some(base) => {
                    layered(base, layer).map_err(|errno| anyhow!("--root {}: {}", path.display(), errno.text()))?
                }
                None => layer,
            });
        }
        let (Some(root), Some(to)) = (&lower, &self.commit) else {
            grants.extend(lower.clone().map(Grant::Root));
            return Ok((lower, None));
        };
        if fs::symlink_metadata(to).is_ok() {
            return Err(anyhow!("--commit {}: it is there already; give another name", to.display()).into());
        }
        let over = copy_on_write(root.clone(), host().time_of_day, self.limits()).map_err(|error| anyhow!(error))?;
        grants.push(Grant::CopyOnWrite(over.clone()));
        Ok((lower, Some(Commit { root: over, apart: Vec::new(), to: to.clone() })))
    }
}

/// One tree: a directory, or a file that has one in it.
fn layer(path: &Path) -> Result<NodeRef> {
    let metadata = fs::metadata(path).context("give a directory, or a tar file")?;
    if metadata.is_dir() {
        return Ok(hostio::directory::image(path)?);
    }
    Ok(archive::open(File::open(path)?)?)
}

impl Commit {
    /// Leaves out what is mounted.
    pub(super) fn apart(&mut self, grants: &[Grant]) {
        let mounted = grants.iter().filter_map(|grant| match grant {
            Grant::Directory { at, .. } | Grant::File { at, .. } => Some(at.as_slice()),
            _ => None,
        });
        let all = mounted.chain([&b"/dev"[..], b"/proc", b"/tmp"]);
        self.apart = all.map(|path| path.strip_prefix(b"/").unwrap_or(path).to_vec()).collect();
    }

    /// Writes the changes, whole or not at all.
    pub(super) fn write(&self) -> Result<()> {
        let to = &self.to;
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(format!(".unfinished-{}", std::process::id()));
        let beside = to.with_file_name(name);
        let is_tar = to.extension() == Some(OsStr::new("tar"));
        let written = if is_tar { self.tape(&beside) } else { self.folder(&beside) };
        let written = written.and_then(|lost| Ok(fs::rename(&beside, to).map(|()| lost)?));
        if written.is_err() {
            // Whatever went wrong first is what matters.
            let _ = if is_tar { fs::remove_file(&beside) } else { fs::remove_dir_all(&beside) };
        }
        let lost = written.with_context(|| format!("--commit {}: nothing was kept", to.display()))?;
        if let [first, more @ ..] = &lost[..] {
            let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
            say(&format!("--commit {}: not kept: {first}{more}", to.display()));
        }
        Ok(())
    }

    fn tape(&self, to: &Path) -> Result<Vec<String>> {
        let mut tape = Tape::new(BufWriter::new(File::create_new(to)?));
        let lost = self.commit(&mut tape)?;
        tape.finish()?.flush()?;
        Ok(lost)
    }

    fn folder(&self, to: &Path) -> Result<Vec<String>> {
        let mut folder = Folder::create(to)?;
        let lost = self.commit(&mut folder)?;
        folder.finish()?;
        Ok(lost)
    }

    fn commit(&self, sink: &mut impl archive::Sink) -> Result<Vec<String>> {
        let apart: Vec<&[u8]> = self.apart.iter().map(Vec::as_slice).collect();
        Ok(commit(&self.root, &apart, sink)?)
    }
}
