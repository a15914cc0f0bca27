//! How a guest is executed: options that `strata run` and `strata resume` have in common.

use super::gdb::Port;
use crate::cache::Place;
use crate::failure::Failure;
use crate::launch::{Ended, How};
use crate::snapshot::When;
use anyhow::Context;
use clap::{Args, ValueEnum};
use linux::TraceSink;
use namespace::Limits;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Options of execution.
#[derive(Args)]
pub(crate) struct Execution {
    /// How to execute
    #[arg(long, value_enum, default_value_t = TierName::Auto)]
    tier: TierName,
    /// Write each system call to standard error, or to FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    strace: Option<Option<PathBuf>>,
    /// Wait, before the first instruction, for gdb to connect to this port (0: any that is free; the address is 127.0.0.1), and
    /// have it debug the program: `gdb-multiarch`, then `target remote :PORT`. Child processes run free. If gdb goes, the
    /// program goes on. No code is kept. Whoever may connect to the port may do all that the guest may
    #[arg(long, value_name = "[ADDRESS:]PORT", conflicts_with = "snapshot_on")]
    gdb: Option<Port>,
    /// Say at the end what ran where
    #[arg(long)]
    pub(crate) stats: bool,
    /// Write /tmp/perf-PID.map, by which `perf` names translated code after the guest's functions
    #[arg(long)]
    perf_map: bool,
    /// Keep no translated code for the next run, and use none of an earlier one
    #[arg(long, conflicts_with = "cache_dir")]
    no_cache: bool,
    #[command(flatten)]
    cache: Place,
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
    #[command(flatten)]
    pub(crate) when: When,
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

/// Bytes of files that a guest may keep in memory.
pub(crate) const FILES_BYTES: u64 = 1 << 30;

impl Execution {
    /// What the guest may use up.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            memory_bytes: self.max_memory,
            files_bytes: FILES_BYTES,
            descriptors: self.max_fds,
            threads: self.max_procs,
        }
    }

    /// What it says of how to run a guest that may write in some directories of the host.
    pub(crate) fn how(&mut self, writable: &[PathBuf]) -> Result<How, Failure> {
        let tier = run::Tier::from(self.tier);
        let gdb = self.gdb.as_ref().map(Port::listen).transpose()?;
        // Code that is kept knows nothing of breakpoints.
        let keeps = !self.no_cache && gdb.is_none() && tier == run::Tier::Auto;
        Ok(How {
            limits: self.limits(),
            tier,
            names_code: self.perf_map,
            is_timed: self.stats,
            cache: if keeps { self.cache.store(writable) } else { None },
            gdb,
            trace: self.strace.take().map(|to| sink(to.as_deref())).transpose()?,
            timeout: self.timeout,
            snapshots: None,
            network: None,
        })
    }

    /// Forgets that nothing could be kept, where nobody wants to know.
    pub(crate) fn forgive(&self, ended: &mut Ended) {
        if ended.published.as_ref().is_err_and(|error| self.cache.is_nobodys_business(error)) {
            ended.published = Ok(None);
        }
    }
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
