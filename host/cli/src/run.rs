//! `strata run`: runs a MIPS Linux program.

pub(crate) mod gdb;
mod root;
mod user;

use crate::cache::Place;
use crate::failure::{Done, Failure, say};
use crate::launch::{Ended, Launch, streams};
use crate::statistics;
use anyhow::{Context, anyhow};
use cache::Precompiled;
use clap::{Args, ValueEnum};
use linux::{ExitStatus, Signal, TraceSink};
use namespace::{Grant, Limits};
use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
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
/// Signals that would end Strata (Ctrl-C and its like), SIGUSR1, SIGUSR2 and SIGWINCH go to the guest, which may handle them.
#[derive(Args)]
#[command(after_help = "Examples:
  strata run ./hello
  strata run --dir .:/work --workdir /work ./busybox md5sum file
  strata run --root ./debian-mipsel /bin/busybox ls -l /etc
  strata run --strace ./hello
  strata run --gdb 1234 ./hello       and in gdb-multiarch: target remote :1234

Translated code is kept for the next run: `strata cache --help` says where.")]
pub(crate) struct Run {
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
    /// Run PROGRAM as the kernel would if it could, on the host's files and as this user: the first argument is its name.
    /// This is what binfmt_misc starts (`strata binfmt --help`)
    #[arg(long, conflicts_with_all = ["roots", "directories", "host_program", "environment", "workdir"])]
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
    /// How to execute
    #[arg(long, value_enum, default_value_t = TierName::Auto)]
    tier: TierName,
    /// Write each system call to standard error, or to FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    strace: Option<Option<PathBuf>>,
    /// Wait, before the first instruction, for gdb to connect to this port (0: any that is free; the address is 127.0.0.1), and
    /// have it debug the program: `gdb-multiarch`, then `target remote :PORT`. Child processes run free. If gdb goes, the
    /// program goes on. No code is kept. Whoever may connect to the port may do all that the guest may
    #[arg(long, value_name = "[ADDRESS:]PORT")]
    gdb: Option<gdb::Port>,
    /// Say at the end what ran where
    #[arg(long)]
    stats: bool,
    /// Write /tmp/perf-PID.map, by which `perf` names translated code after the guest's functions
    #[arg(long)]
    perf_map: bool,
    /// Keep no translated code for the next run, and use none of an earlier one
    #[arg(long, conflicts_with = "cache_dir")]
    no_cache: bool,
    #[command(flatten)]
    cache: Place,
    /// Run the machine code in a PROGRAM that `strata translate` made; allow it only if you know who made it
    #[arg(long)]
    allow_precompiled: bool,
    /// Most memory a process of the guest may map, such as 256M or 1G
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value = "2G")]
    max_memory: u64,
    /// Most processes and threads at once
    #[arg(long, value_name = "COUNT", default_value_t = Limits::THREADS, value_parser = clap::value_parser!(u32).range(1..))]
    max_procs: u32,
    /// Most descriptors of a process
    #[arg(long, value_name = "COUNT", default_value_t = Limits::DESCRIPTORS, value_parser = clap::value_parser!(u32).range(3..))]
    max_fds: u32,
    /// End the guest after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// The program: a file of the host, or with --root a path in there. Its arguments follow
    #[arg(
        value_name = "PROGRAM",
        required_unless_present = "host_program",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    program: Vec<OsString>,
}

/// The tiers by name.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum TierName {
    /// Interpret everything
    Interp,
    /// Translate every block to WebAssembly before it runs
    Block,
    /// Translate every function to WebAssembly before it runs
    Region,
    /// Interpret first, translate what is hot
    Auto,
    /// Change between all of these at random, to test them against each other
    Mixed,
}

impl From<TierName> for run::Tier {
    fn from(name: TierName) -> run::Tier {
        match name {
            TierName::Interp => run::Tier::Interp,
            TierName::Block => run::Tier::Block,
            TierName::Region => run::Tier::Region,
            TierName::Auto => run::Tier::Auto,
            TierName::Mixed => run::Tier::Mixed,
        }
    }
}

/// A number of bytes with K, M or G.
fn bytes(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        text if text.ends_with('K') => (text.trim_end_matches('K').to_owned(), 1 << 10),
        text if text.ends_with('M') => (text.trim_end_matches('M').to_owned(), 1 << 20),
        text if text.ends_with('G') => (text.trim_end_matches('G').to_owned(), 1 << 30),
        text => (text.to_owned(), 1),
    };
    let number: u64 = digits.parse().map_err(|_| String::from("give a number of bytes, such as 4096, 256M or 1G"))?;
    number.checked_mul(unit).ok_or_else(|| String::from("more than a computer has"))
}

/// A time in seconds, with a fraction if need be.
fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| String::from("give seconds, such as 10 or 0.5"))?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}

/// Where a program of the host appears in the guest, before its name.
const PROGRAMS_AT: &[u8] = b"/bin/";
/// The same with a root of its own, where /bin is the root's.
const HOST_PROGRAMS_AT: &[u8] = b"/host/";

/// Bytes of files that a guest may keep in memory.
pub(crate) const FILES_BYTES: u64 = 1 << 30;

/// A program, found.
struct Found {
    file: Box<dyn vfs::File>,
    /// Its length in bytes.
    bytes: u64,
    node: NodeRef,
    path: Vec<u8>,
    name: String,
    /// Its code, if the file has that.
    precompiled: Option<Precompiled>,
}

impl Run {
    /// What the guest may use up.
    fn limits(&self) -> Limits {
        Limits {
            memory_bytes: self.max_memory,
            files_bytes: FILES_BYTES,
            descriptors: self.max_fds,
            threads: self.max_procs,
        }
    }

    pub(crate) fn run(mut self) -> Done {
        hostio::descriptors::raise_limit();
        let (wants_stats, tier) = (self.stats, run::Tier::from(self.tier));
        let mut grants = streams();
        if self.binfmt {
            self.become_user(&mut grants)?;
        }
        let gdb = self.gdb.as_ref().map(gdb::Port::listen).transpose()?;
        let (root, mut commit) = self.root(&mut grants)?;
        let found = self.find(root, &mut grants)?;
        let name = found.name.clone();
        let mut writable = Vec::new();
        for directory in &self.directories {
            let (grant, host) = directory_grant(directory)?;
            writable.extend(host);
            grants.push(grant);
        }
        commit.iter_mut().for_each(|commit| commit.apart(&grants));
        let limits = self.limits();
        let launch = Launch {
            file: found.file,
            bytes: found.bytes,
            path: found.path,
            node: Some(found.node),
            name: found.name,
            arguments: self.program.into_iter().map(OsString::into_vec).collect(),
            environment: self.environment.iter().filter_map(variable).collect(),
            directory: self.workdir.into_vec(),
            grants,
            limits,
            tier,
            names_code: self.perf_map,
            is_timed: wants_stats,
            // What is made ahead knows nothing of breakpoints.
            precompiled: found.precompiled.filter(|_| gdb.is_none()),
            cache: if self.no_cache || gdb.is_some() || tier != run::Tier::Auto {
                None
            } else {
                self.cache.store(&writable)
            },
            gdb,
            trace: self.strace.map(|to| sink(to.as_deref())).transpose()?,
            timeout: self.timeout,
        };
        let mut ended = launch.run()?;
        commit.map_or(Ok(()), |commit| commit.write())?;
        if ended.published.as_ref().is_err_and(|error| self.cache.is_nobodys_business(error)) {
            ended.published = Ok(None);
        }
        Ok(report(&name, &ended, wants_stats))
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
        grants.push(Grant::File { node: node.clone(), at: path.clone() });
        Ok(Found { file: opened, bytes, node, path, name, precompiled })
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
    let node = place.node().clone();
    let (file, bytes) = contents(&node).map_err(wrong)?;
    Ok(Found { file, bytes, node, path: absolute, name, precompiled: None })
}

/// A program's file, open, and its length in bytes.
fn contents(node: &NodeRef) -> vfs::Result<(Box<dyn vfs::File>, u64)> {
    let metadata = node.metadata()?;
    if metadata.kind.is_directory() {
        return Err(vfs::Errno::EISDIR);
    }
    Ok((node.open(Open { read: true, ..Open::default() })?, metadata.size))
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

/// `NAME=VALUE`, or the host's value of `NAME`.
fn variable(text: &OsString) -> Option<Vec<u8>> {
    if text.as_bytes().contains(&b'=') {
        return Some(text.as_bytes().to_vec());
    }
    let value = std::env::var_os(text)?;
    Some([text.as_bytes(), b"=", value.as_bytes()].concat())
}

fn sink(to: Option<&Path>) -> Result<TraceSink, Failure> {
    Ok(match to {
        None => Box::new(|line| drop(writeln!(std::io::stderr(), "{line}"))),
        Some(path) => {
            let file =
                File::create(path).with_context(|| format!("--strace={}: give a file to write", path.display()))?;
            let mut file = BufWriter::new(file);
            // Each line goes out whole, so that a crash loses none.
            Box::new(move |line| drop(writeln!(file, "{line}").and_then(|()| file.flush())))
        }
    })
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
