//! The files of a guest: options that `strata run` and `strata resume` have in common. What a root is made of, what becomes of
//! its changes, and directories of the host.

use crate::failure::{Failure, say};
use crate::launch::host;
use anyhow::{Context, Result, anyhow};
use archive::{Folder, Tape, commit};
use clap::Args;
use namespace::{Grant, Limits, copy_on_write};
use network::HostNetwork;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use vfs::layers::layered;
use vfs::node::{At, Make, New, Open};
use vfs::{MemFs, NodeRef};

/// Changes that are to be kept.
pub(crate) struct Commit {
    root: NodeRef,
    /// Paths that the guest found mounted on.
    apart: Vec<Vec<u8>>,
    to: PathBuf,
}

/// Options of files.
#[derive(Args)]
pub(crate) struct Files {
    /// Use a directory, or what is in a tar file or a squashfs image, as the guest's root file system, copy-on-write: it is never changed.
    /// Given again, changes that --commit wrote, or layers of an OCI image, go on top
    #[arg(long = "root", value_name = "DIR|FILE")]
    roots: Vec<PathBuf>,
    /// At the end, write what the guest changed in its root to a new directory, or to NAME.tar: files as they are now,
    /// and an empty .wh.NAME for each NAME that is gone, as in layers of OCI images. What is in /tmp, and on --dir, is not
    /// part of the root
    #[arg(long, value_name = "DIR|NAME.tar", requires = "roots")]
    commit: Option<PathBuf>,
    /// Let the guest use a directory; it finds it at GUEST (default: the same path)
    #[arg(long = "dir", value_name = "HOST[:GUEST][:ro]")]
    directories: Vec<OsString>,
}

impl Files {
    /// The options as they were given, for who wants to give them again.
    pub(crate) fn words(&self) -> Vec<String> {
        let roots = self.roots.iter().map(|root| ("--root", root.as_os_str()));
        let directories = self.directories.iter().map(|directory| ("--dir", directory.as_os_str()));
        let quoted = |text: &OsStr| {
            shlex::try_quote(&text.to_string_lossy())
                .map_or_else(|_| text.to_string_lossy().into_owned(), std::borrow::Cow::into_owned)
        };
        roots.chain(directories).flat_map(|(option, value)| [String::from(option), quoted(value)]).collect()
    }

    /// Grants the directories; gives those of the host that may be written.
    pub(crate) fn directories(&self, grants: &mut Vec<Grant>) -> Result<Vec<PathBuf>, Failure> {
        let mut writable = Vec::new();
        for directory in &self.directories {
            let (grant, host) = directory_grant(directory)?;
            writable.extend(host);
            grants.push(grant);
        }
        Ok(writable)
    }

    /// The root file system that the guest is given, if it is given one, and what is to become of its changes.
    pub(crate) fn root(
        &self,
        grants: &mut Vec<Grant>,
        limits: Limits,
    ) -> Result<(Option<NodeRef>, Option<Commit>), Failure> {
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
        let over = copy_on_write(root.clone(), host().time_of_day, limits).map_err(|error| anyhow!(error))?;
        grants.push(Grant::CopyOnWrite(over.clone()));
        Ok((lower, Some(Commit { root: over, apart: Vec::new(), to: to.clone() })))
    }
}

/// What a network brings along: who is where.
pub(super) fn of_network(network: &HostNetwork) -> impl Iterator<Item = Result<Grant>> {
    network.files().into_iter().map(|(at, text)| {
        let node = in_memory(text.as_bytes()).map_err(|errno| anyhow!(errno.text()))?;
        Ok(Grant::File { node, at: at.to_vec() })
    })
}

/// A file in memory.
pub(crate) fn in_memory(bytes: &[u8]) -> vfs::Result<NodeRef> {
    let root = MemFs::new(host().time_of_day).root();
    let node = root.create(b"file", &New { what: Make::File, mode: 0o755, uid: 0, gid: 0 })?;
    let open = node.open(Open { read: true, write: true, ..Open::default() })?;
    let mut done = 0;
    while done < bytes.len() {
        done += open.write(At::Offset(done as u64), &bytes[done..])?;
    }
    Ok(node)
}

/// `HOST[:GUEST][:ro]`; and the host's directory, if it may be written.
fn directory_grant(text: &OsString) -> Result<(Grant, Option<PathBuf>), Failure> {
    let bytes = text.as_bytes();
    let (rest, is_read_only) = match bytes.strip_suffix(b":ro") {
        Some(rest) => (rest, true),
        None => (bytes.strip_suffix(b":rw").unwrap_or(bytes), false),
    };
    let split = rest.iter().position(|byte| *byte == b':');
    let host = Path::new(std::ffi::OsStr::from_bytes(&rest[..split.unwrap_or(rest.len())]));
    let at = match split {
        Some(split) => rest[split + 1..].to_vec(),
        None => std::path::absolute(host).context("the current directory is gone")?.into_os_string().into_vec(),
    };
    if !at.starts_with(b"/") {
        return Err(anyhow!("--dir {}: the guest's path must be absolute", text.display()).into());
    }
    let open = if is_read_only { hostio::directory::grant_read_only } else { hostio::directory::grant };
    let node = open(host).with_context(|| format!("--dir {}: give a directory", host.display()))?;
    Ok((Grant::Directory { node, at, is_read_only }, (!is_read_only).then(|| host.to_owned())))
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
    pub(crate) fn apart(&mut self, grants: &[Grant]) {
        let mounted = grants.iter().filter_map(|grant| match grant {
            Grant::Directory { at, .. } | Grant::File { at, .. } => Some(at.as_slice()),
            _ => None,
        });
        let all = mounted.chain([&b"/dev"[..], b"/proc", b"/tmp"]);
        self.apart = all.map(|path| path.strip_prefix(b"/").unwrap_or(path).to_vec()).collect();
    }

    /// Writes the changes, whole or not at all.
    pub(crate) fn write(&self) -> Result<()> {
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
