//! Where translated code is kept from run to run, and `strata cache`.

use crate::failure::{Done, Failure, print, say};
use cache::{Listed, Store, StoreError};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// Look at the translated code that is kept from run to run, or throw it away
///
/// What `strata run` translates it keeps, so that the next run of the same program starts with machine code. Each program
/// has a file of its own, found by its code and not by its path; another build of Strata makes new ones. All together
/// take up to 1 GiB; those that were not used for longest go first.
///
/// The directory is --cache-dir, $STRATA_CACHE_DIR, $XDG_CACHE_HOME/strata or ~/.cache/strata. It must be yours, and
/// writable for nobody else.
#[derive(Args)]
#[command(after_help = "Examples:
  strata cache ls
  strata cache clear
  strata run --no-cache ./hello          # as if there were none")]
pub(crate) struct Cache {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the programs, those used last first
    Ls {
        #[command(flatten)]
        place: Place,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Throw everything away
    Clear {
        #[command(flatten)]
        place: Place,
    },
}

/// Which directory it is.
#[derive(Args)]
pub(crate) struct Place {
    /// Keep translated code in DIR
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

impl Place {
    /// The directory that was asked for, or else where caches usually are.
    fn path(&self) -> Option<PathBuf> {
        // The specification has relative ones ignored.
        let caches = || env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || env::var_os("HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = || Some(caches().or_else(|| Some(home()?.join(".cache")))?.join("strata"));
        self.asked().or_else(usual)
    }

    /// The store there, for a guest that may write in some directories: if it cannot be used, that is said, and the run
    /// goes on without.
    pub(crate) fn store(&self, writable: &[PathBuf]) -> Option<Store> {
        let path = self.path()?;
        if let Some(directory) = writable.iter().find(|directory| overlap(directory, &path)) {
            let (cache, guests) = (path.display(), directory.display());
            say(&format!(
                "nothing is cached: the guest may write {guests}, and could put machine code into {cache}; choose another \
                 --cache-dir, add :ro to --dir, or use --no-cache"
            ));
            return None;
        }
        let opened = Store::open(&path).inspect_err(|error| {
            if !self.is_nobodys_business(error) {
                say(&format!("nothing is cached: {error}, or use --no-cache"));
            }
        });
        opened.ok()
    }

    /// Whether all that is wrong is that the usual directory cannot be had, as on a host without homes.
    pub(crate) fn is_nobodys_business(&self, error: &StoreError) -> bool {
        matches!(error, StoreError::Io { .. }) && self.asked().is_none()
    }

    fn asked(&self) -> Option<PathBuf> {
        let variable = || env::var_os("STRATA_CACHE_DIR").filter(|path| !path.is_empty()).map(PathBuf::from);
        self.cache_dir.clone().or_else(variable)
    }

    fn store_or_fail(&self) -> Result<Store, Failure> {
        let path = self.path().ok_or_else(|| anyhow::anyhow!("no home directory; give --cache-dir"))?;
        Ok(Store::open(&path).map_err(anyhow::Error::from)?)
    }
}

impl Cache {
    pub(crate) fn run(self) -> Done {
        match self.command {
            Command::Ls { place, json } => ls(&place.store_or_fail()?, json),
            Command::Clear { place } => {
                let store = place.store_or_fail()?;
                let (count, bytes) = store.clear();
                print(&format!("{}: removed {}, {}\n", store.path().display(), programs(count), size(bytes)))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// Whether one is in the other, symbolic links followed; of what is not there yet, as far as it is.
fn overlap(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
        there.map_or_else(|| path.clone(), |(part, real)| real.join(path.strip_prefix(part).unwrap_or(Path::new(""))))
    };
    let (one, other) = (real(one), real(other));
    one.starts_with(&other) || other.starts_with(&one)
}

fn ls(store: &Store, json: bool) -> Done {
    let list = store.list();
    let rows: Vec<Value> = list.iter().map(|listed| row(store, listed)).collect();
    if json {
        let all = json!({ "directory": store.path().display().to_string(), "programs": rows });
        return print(&format!("{all:#}\n"));
    }
    let mut text = format!("{:<24} {:>10} {:>8} {:>13}  last used\n", "program", "size", "modules", "instructions");
    for (row, listed) in rows.iter().zip(&list) {
        let name = row["program"].as_str().unwrap_or("(damaged)");
        let (modules, instructions) = (row["modules"].as_u64(), row["instructions"].as_u64());
        let number = |number: Option<u64>| number.map_or_else(|| String::from("-"), |number| number.to_string());
        let (modules, instructions) = (number(modules), number(instructions));
        let (size, age) = (size(listed.bytes), age(listed.used_s));
        // What escapes knows no width.
        let name = name.escape_debug().to_string();
        let _ = writeln!(text, "{name:<24} {size:>10} {modules:>8} {instructions:>13}  {age}");
    }
    let bytes = list.iter().map(|listed| listed.bytes).sum();
    let _ = writeln!(text, "{}: {}, {}", store.path().display(), programs(list.len()), size(bytes));
    print(&text)
}

fn row(store: &Store, listed: &Listed) -> Value {
    let bundle = store.read(&listed.id);
    let (name, counts) =
        (bundle.as_ref().map(|bundle| bundle.name.clone()), bundle.as_ref().map(cache::Bundle::counts));
    json!({
        "id": listed.id.to_string(),
        "program": name,
        "bytes": listed.bytes,
        "modules": counts.map(|(modules, _)| modules),
        "instructions": counts.map(|(_, instructions)| instructions),
        "used": listed.used_s,
    })
}

fn programs(count: usize) -> String {
    format!("{count} program{}", if count == 1 { "" } else { "s" })
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// How long ago a time was, given in seconds since the Unix epoch.
fn age(time_s: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let ago_s = now.saturating_sub(u64::try_from(time_s).unwrap_or(0));
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    match units.into_iter().find(|(unit_s, _)| ago_s >= *unit_s) {
        Some((unit_s, name)) => {
            let count = ago_s / unit_s;
            format!("{count} {name}{} ago", if count == 1 { "" } else { "s" })
        }
        None => String::from("just now"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_overlap_through_links_and_before_they_are_there() {
        let room = env::temp_dir().join(format!("strata-overlap-{}", std::process::id()));
        std::fs::create_dir_all(room.join("home")).expect("scratch room");
        std::os::unix::fs::symlink("home", room.join("link")).expect("scratch room");
        let cache = room.join("home/.cache/strata");
        assert!(overlap(&room.join("home"), &cache) && overlap(&room.join("link"), &cache));
        assert!(overlap(&cache.join("inside"), &room.join("link/.cache/strata")));
        assert!(!overlap(&room.join("hom"), &cache) && !overlap(&room.join("home/work"), &cache));
        std::fs::remove_dir_all(&room).expect("scratch room");
    }
}
