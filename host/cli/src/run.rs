//! `strata run`: runs a MIPS Linux program.

mod execution;
mod files;
pub(crate) mod gdb;
mod net;
mod user;

pub(crate) use execution::{Execution, FILES_BYTES, TierName};
pub(crate) use files::{Files, in_memory};
pub(crate) use net::Net;

use crate::failure::{Done, Failure, say};
use crate::launch::{Ended, Launch, streams};
use crate::statistics;
use anyhow::anyhow;
use cache::Precompiled;
use clap::Args;
use linux::{ExitStatus, Signal};
use namespace::Grant;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vfs::node::Open;
use vfs::{Mount, Mounts, NodeRef, Walk};

/// Run a MIPS Linux program, little- or big-endian, as it is
///
/// The guest sees its standard streams, its own program, /dev/null and its like, /proc/self and an empty /tmp of its own.
/// Everything else is given: files with --dir or --root, variables with --env.
///
/// The exit status is the guest's; 128 and the signal's number if one ended it; 126 if the program cannot be run, 127 if
/// it is not there, 124 if its time was up, 125 if Strata failed.
///
/// Signals that would end Strata, SIGUSR1, SIGUSR2 and SIGWINCH go to the guest, which may handle them; Ctrl-C and its like
/// to the job in the foreground of its shell. Ctrl-Z stops all of Strata where the guest has no such job.
#[derive(Args)]
#[command(after_help = "Examples:
  strata run ./hello
  strata run --dir .:/work --workdir /work ./busybox md5sum file
  strata run --root ./debian-mipsel /bin/busybox ls -l /etc
  strata run --strace ./hello
  strata run --root ./debian-mipsel --net publish=8080:80 /usr/sbin/nginx -g 'daemon off;'
  strata run --root ./debian-mipsel --snapshot-on USR1 later.snap /bin/bash    # kill -USR1: see `strata resume --help`
  strata run --gdb 1234 ./hello       and in gdb-multiarch: target remote :1234

Translated code is kept for the next run: `strata cache --help` says where.")]
pub(crate) struct Run {
    #[command(flatten)]
    files: Files,
    /// Run PROGRAM as the kernel would if it could, on the host's files and as this user: the first argument is its name.
    /// This is what binfmt_misc starts (`strata binfmt --help`)
    #[arg(long, conflicts_with_all = ["roots", "directories", "host_program", "environment", "workdir", "snapshot_on", "net"])]
    binfmt: bool,
    /// Run a file of the host in the guest's root (it appears as /host/NAME); PROGRAM is then its first argument
    #[arg(long, value_name = "FILE", requires = "roots")]
    host_program: Option<PathBuf>,
    /// Set a variable of the guest; NAME alone passes the host's on
    #[arg(short, long = "env", value_name = "NAME[=VALUE]")]
    environment: Vec<OsString>,
    /// Start in this directory of the guest
    #[arg(short, long, value_name = "DIR", default_value = "/")]
    workdir: OsString,
    #[command(flatten)]
    net: Net,
    #[command(flatten)]
    execution: Execution,
    /// Run the machine code in a PROGRAM that `strata translate` made; allow it only if you know who made it
    #[arg(long)]
    allow_precompiled: bool,
    /// The program: a file of the host, or with --root a path in there. Its arguments follow
    #[arg(
        value_name = "PROGRAM",
        required_unless_present = "host_program",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    program: Vec<OsString>,
}

/// Where a program of the host appears in the guest, before its name.
const PROGRAMS_AT: &[u8] = b"/bin/";
/// The same with a root of its own, where /bin is the root's.
const HOST_PROGRAMS_AT: &[u8] = b"/host/";

/// A program, found.
struct Found {
    file: Box<dyn vfs::File>,
    /// Its length in bytes.
    bytes: u64,
    path: Vec<u8>,
    name: String,
    /// Its code, if the file has that.
    precompiled: Option<Precompiled>,
}

impl Run {
    pub(crate) fn run(mut self) -> Done {
        hostio::descriptors::raise_limit();
        let mut grants = streams();
        if self.binfmt {
            self.become_user(&mut grants)?;
        }
        let (root, mut commit) = self.files.root(&mut grants, self.execution.limits())?;
        let found = self.find(root, &mut grants)?;
        let name = found.name.clone();
        let writable = self.files.directories(&mut grants)?;
        commit.iter_mut().for_each(|commit| commit.apart(&grants));
        let mut how = self.execution.how(&writable)?;
        how.network = self.net.network()?;
        grants.extend(
            how.network.iter().flat_map(|network| files::of_network(network)).collect::<anyhow::Result<Vec<_>>>()?,
        );
        how.snapshots = self.execution.when.snapshots(&name, self.files.words(), &grants)?;
        let launch = Launch {
            file: found.file,
            bytes: found.bytes,
            path: found.path,
            name: found.name,
            arguments: self.program.into_iter().map(OsString::into_vec).collect(),
            environment: self.environment.iter().filter_map(variable).collect(),
            directory: self.workdir.into_vec(),
            grants,
            // What is made ahead knows nothing of breakpoints.
            precompiled: found.precompiled.filter(|_| how.gdb.is_none()),
            how,
        };
        let mut ended = launch.run()?;
        commit.map_or(Ok(()), |commit| commit.write())?;
        self.execution.forgive(&mut ended);
        Ok(report(&name, &ended, self.execution.stats))
    }

    /// Finds the program, grants what it is found through, and puts its name in front of its arguments.
    fn find(&mut self, root: Option<NodeRef>, grants: &mut Vec<Grant>) -> Result<Found, Failure> {
        if self.binfmt {
            return self.user_program(grants);
        }
        if let Some(file) = self.host_program.clone() {
            self.program.insert(0, file.clone().into_os_string());
            return self.host_program(&file, HOST_PROGRAMS_AT, grants);
        }
        let program = self.program[0].clone();
        match root {
            Some(root) => root_program(root, program.as_bytes()),
            None => self.host_program(Path::new(&program), PROGRAMS_AT, grants),
        }
    }

    fn host_program(&self, file: &Path, at: &[u8], grants: &mut Vec<Grant>) -> Result<Found, Failure> {
        let mut node = hostio::file::open(file).map_err(|error| Failure::reading(file, &error))?;
        let mut guest_name = file.file_name().unwrap_or_default().as_bytes();
        let name = file.display().to_string();
        let cannot = |why: &dyn Display| Failure::cannot_run(anyhow!("{name}: {why}"));
        let precompiled = File::open(file).map_err(|error| Failure::reading(file, &error))?;
        let precompiled = Precompiled::open(&precompiled).map_err(|error| cannot(&error))?;
        if let Some(Precompiled { program, file, .. }) = &precompiled {
            if !self.allow_precompiled {
                return Err(cannot(&"has machine code in it, which would be run: allow that with --allow-precompiled"));
            }
            node = hostio::file::of_part(file, program.clone()).map_err(|error| cannot(&error))?;
            // What a program does may depend on what it is called.
            guest_name = guest_name.strip_suffix(b".cwasm").filter(|name| !name.is_empty()).unwrap_or(guest_name);
        }
        let (opened, bytes) = contents(&node).map_err(|errno| cannot(&errno.text()))?;
        let path = [at, guest_name].concat();
        grants.push(Grant::File { node, at: path.clone() });
        Ok(Found { file: opened, bytes, path, name, precompiled })
    }
}

/// Finds a program in a root by the guest's own path resolution, so that its symbolic links stay inside.
fn root_program(root: NodeRef, path: &[u8]) -> Result<Found, Failure> {
    let name = String::from_utf8_lossy(path).into_owned();
    let mounts = Mounts::new(Mount::new(root, "root"));
    let absolute = if path.starts_with(b"/") { path.to_vec() } else { [b"/", path].concat() };
    let wrong = |errno: vfs::Errno| {
        let error =
            anyhow!("{name}: {} in the root; give a path in there, or bring a file with --host-program", errno.text());
        if errno == vfs::Errno::ENOENT { Failure::not_found(error) } else { Failure::cannot_run(error) }
    };
    let place = Walk::new(&mounts).resolve(&absolute).map_err(wrong)?;
    let (file, bytes) = contents(place.node()).map_err(wrong)?;
    Ok(Found { file, bytes, path: absolute, name, precompiled: None })
}

/// A program's file, open, and its length in bytes.
fn contents(node: &NodeRef) -> vfs::Result<(Box<dyn vfs::File>, u64)> {
    let metadata = node.metadata()?;
    if metadata.kind.is_directory() {
        return Err(vfs::Errno::EISDIR);
    }
    Ok((node.open(Open { read: true, ..Open::default() })?, metadata.size))
}

/// `NAME=VALUE`, or the host's value of `NAME`.
fn variable(text: &OsString) -> Option<Vec<u8>> {
    if text.as_bytes().contains(&b'=') {
        return Some(text.as_bytes().to_vec());
    }
    let value = std::env::var_os(text)?;
    Some([text.as_bytes(), b"=", value.as_bytes()].concat())
}

/// Says how it ended where the guest could not, and gives the exit status.
pub(crate) fn report(name: &str, ended: &Ended, wants_stats: bool) -> ExitCode {
    if let Some(refusal) = &ended.refusal {
        say(&format!("a region was not translated and ran interpreted: {refusal}"));
    }
    if let Err(error) = &ended.published {
        say(&format!("what was translated is not kept: {error}, or use --no-cache"));
    }
    if wants_stats {
        statistics::say_all(ended);
    }
    if ended.is_time_up {
        say(&format!("{name}: its time was up; allow more with --timeout"));
    }
    if let [first, ..] = &ended.missing[..] {
        let all = ended.missing.join(", ");
        say(&format!(
            "{name} needs {all}, which the guest's root does not have: make a root with the Debian packages that have it \
             (`apt-file search {first}` names them, `strata rootfs` makes it), or put the file into /usr/lib there"
        ));
    }
    match ended.status {
        ExitStatus::Code(code) => ExitCode::from(code),
        ExitStatus::Killed(signal) => {
            // Whoever interrupts a program, or closes its pipe, knows why it ended: shells keep silent, too.
            if signal != Signal::INT && signal != Signal::PIPE {
                let crash = ended.crash.as_ref().map(ToString::to_string).unwrap_or_default();
                say(&format!("{name}: killed by {signal}{crash}"));
            }
            ExitCode::from(128u8.saturating_add(signal.generic()))
        }
    }
}
