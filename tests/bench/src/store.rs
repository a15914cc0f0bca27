//! A cache of 1,000 programs: how long it takes to find one, whether its bound is kept, and what is left of it when runs are
//! killed. A directory of its own, made anew.

use crate::kernels;
use crate::place;
use crate::results::median;
use crate::targets::{Goal, Reached};
use anyhow::{Context, Result, ensure};
use cache::{Keep, Object, Store};
use serde::Serialize;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// Programs; and if it is to be quick.
const PROGRAMS: usize = 1000;
const PROGRAMS_QUICK: usize = 100;
/// Runs that are killed.
const KILLED: usize = 60;
/// How many programs' time to be made is looked at, the first ones and the last ones.
const EDGE: usize = 50;

/// The most that finding a program may take, in milliseconds.
const LOOKUP_MS: f64 = 0.2;
/// What `host/cache/src/store.rs` allows all bundles together, in MiB.
const BOUND_MIB: f64 = 1024.0;

/// Bundles that fill a cache beyond its bound: how many, and how big. They are holes, which take no room.
const HOLES: u64 = 20;
const HOLE_BYTES: u64 = 64 << 20;

/// What `start/count.S` has where each program has its number.
const MARK: [u8; 4] = 0x3c08_5eed_u32.to_le_bytes();
/// In no program's number.
const ODD: usize = 0x8000;

/// What was measured of it.
#[derive(Default, Serialize)]
pub(crate) struct FullStore {
    pub(crate) programs: usize,
    /// Bytes of all bundles together.
    pub(crate) bytes: u64,
    /// To name a program after its text, open the directory, and read the index of its bundle.
    pub(crate) lookup_us: f64,
    pub(crate) lookup_worst_us: f64,
    /// `strata cache ls`.
    pub(crate) listing_ms: f64,
    /// A run that translates and keeps, in an empty cache, and in a full one.
    pub(crate) first_ms: f64,
    pub(crate) last_ms: f64,
    /// How much is there after a run was kept that finds the cache beyond its bound, and how long that run took.
    pub(crate) trimmed_mib: f64,
    pub(crate) trimming_ms: f64,
    /// Programs that went though others had not been used for longer.
    pub(crate) lost: usize,
    pub(crate) killed: usize,
    /// Of those, how many were killed while they wrote.
    pub(crate) half_written: usize,
    /// Programs that did something else afterwards, and bundles that could not be read.
    pub(crate) wrong: usize,
}

/// Where it all is.
struct Room {
    strata: PathBuf,
    /// The pattern of all programs.
    pattern: Vec<u8>,
    mark: usize,
    programs: PathBuf,
    cache: PathBuf,
}

/// Measures all of it.
pub(crate) fn measure(is_quick: bool) -> Result<FullStore> {
    let room = Room::new()?;
    let programs = if is_quick { PROGRAMS_QUICK } else { PROGRAMS };
    let mut full = FullStore { programs, killed: KILLED, ..FullStore::default() };
    let made = (0..programs).map(|number| room.keep(number)).collect::<Result<Vec<f64>>>()?;
    full.first_ms = median(made[..EDGE].to_vec()).context("programs were run")?;
    full.last_ms = median(made[programs - EDGE..].to_vec()).context("programs were run")?;
    let list = Store::open(&room.cache)?.list();
    ensure!(list.len() == programs, "{} of {programs} programs were kept", list.len());
    full.bytes = list.iter().map(|listed| listed.bytes).sum();
    room.look_up(&mut full)?;
    room.list(&mut full)?;
    room.kill(&mut full)?;
    room.trim(&mut full)?;
    fs::remove_dir_all(&room.cache)?;
    Ok(full)
}

impl Room {
    fn new() -> Result<Room> {
        let folder = place::made("store")?;
        fs::remove_dir_all(&folder)?;
        let (programs, cache) = (place::made("store/programs")?, folder.join("cache"));
        let pattern = fs::read(kernels::bare("count")?)?;
        let mark = pattern.windows(MARK.len()).position(|bytes| bytes == MARK).context("count.S has no mark")?;
        Ok(Room { strata: place::strata()?, pattern, mark, programs, cache })
    }

    /// Writes the program with this number.
    fn program(&self, number: usize) -> Result<PathBuf> {
        let path = self.programs.join(number.to_string());
        let mut bytes = self.pattern.clone();
        bytes[self.mark..self.mark + 2].copy_from_slice(&u16::try_from(number)?.to_le_bytes());
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(path)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.strata);
        command.args(["run", "--cache-dir"]).arg(&self.cache).arg(program).stdin(Stdio::null());
        command
    }

    /// Runs a new program to its end, so that its code is kept, and says how many milliseconds that took.
    fn keep(&self, number: usize) -> Result<f64> {
        let mut command = self.command(&self.program(number)?);
        let begun = Instant::now();
        let status = command.status().context("cannot start strata")?;
        let ms = begun.elapsed().as_secs_f64() * 1000.0;
        ensure!(status.code().is_some_and(|code| code < 64), "program {number}: {status}");
        Ok(ms)
    }

    /// Finds each program by name. [`Keep`] names it after its text, but for other code than Strata's, and finds nothing;
    /// so its bundle is then read by the name that the directory gives it.
    fn look_up(&self, full: &mut FullStore) -> Result<()> {
        let mut us = Vec::new();
        for (number, listed) in Store::open(&self.cache)?.list().iter().enumerate() {
            let object = self.object(&self.programs.join(number.to_string()))?;
            let begun = Instant::now();
            let store = Store::open(&self.cache)?;
            let bundle = store.read(&listed.id);
            store.touch(&listed.id);
            let mut keep = Keep::new(store);
            keep.open(&"bench");
            keep.add_object(object);
            us.push(begun.elapsed().as_secs_f64() * 1e6);
            ensure!(bundle.is_some_and(|bundle| bundle.counts().0 > 0), "{} is damaged", listed.id);
        }
        full.lookup_worst_us = us.iter().copied().fold(0.0, f64::max);
        full.lookup_us = median(us).context("programs were kept")?;
        Ok(())
    }

    /// A program, as the cache knows it.
    fn object(&self, program: &Path) -> Result<Object> {
        let file = File::open(program)?;
        let bytes = file.metadata()?.len();
        let read = move |at: u64, into: &mut [u8]| file.read_exact_at(into, at).is_ok();
        Ok(Object { name: String::new(), base: 0x40_0000, bytes, big_endian: false, read: Box::new(read) })
    }

    fn list(&self, full: &mut FullStore) -> Result<()> {
        let mut ms = Vec::new();
        for _ in 0..5 {
            let mut command = Command::new(&self.strata);
            command.args(["cache", "ls", "--cache-dir"]).arg(&self.cache);
            let begun = Instant::now();
            let output = command.output().context("cannot start strata")?;
            ms.push(begun.elapsed().as_secs_f64() * 1000.0);
            let lines = output.stdout.iter().filter(|byte| **byte == b'\n').count();
            ensure!(output.status.success() && lines == full.programs + 2, "strata cache ls has {lines} lines");
        }
        full.listing_ms = median(ms).context("it was listed")?;
        Ok(())
    }

    /// Kills runs that are about to keep something, each a little later than the one before, and runs the same programs.
    fn kill(&self, full: &mut FullStore) -> Result<()> {
        let whole_us = 1000.0 * full.last_ms;
        for number in 0..KILLED {
            let program = self.program(ODD + number)?;
            let mut child = self.command(&program).spawn().context("cannot start strata")?;
            let share = 0.3 + 0.8 * number as f64 / KILLED as f64;
            thread::sleep(Duration::from_micros((whole_us * share) as u64));
            // It may be over already.
            let _ = child.kill();
            child.wait()?;
            let right = self.interpreted(&program)?;
            for _ in 0..2 {
                full.wrong += usize::from(self.command(&program).status()?.code() != right.code());
            }
        }
        let store = Store::open(&self.cache)?;
        let list = store.list();
        ensure!(list.len() == full.programs + KILLED, "{} programs are there", list.len());
        full.wrong += list.iter().filter(|listed| store.read(&listed.id).is_none()).count();
        full.half_written = fs::read_dir(&self.cache)?.count() - list.len();
        Ok(())
    }

    fn interpreted(&self, program: &Path) -> Result<ExitStatus> {
        let mut command = Command::new(&self.strata);
        Ok(command.args(["run", "--no-cache", "--tier", "interp"]).arg(program).status()?)
    }

    /// Fills the cache beyond its bound with what was not used for longer, and keeps one more program.
    fn trim(&self, full: &mut FullStore) -> Result<()> {
        for number in 0..HOLES {
            let hole = File::create_new(self.cache.join(format!("{number:064x}.bundle")))?;
            hole.set_len(HOLE_BYTES)?;
            hole.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(number))?;
        }
        full.trimming_ms = self.keep(2 * ODD - 1)?;
        let list = Store::open(&self.cache)?.list();
        full.trimmed_mib = list.iter().map(|listed| listed.bytes).sum::<u64>() as f64 / f64::from(1 << 20);
        let left = list.iter().filter(|listed| listed.bytes != HOLE_BYTES).count();
        full.lost = (full.programs + KILLED + 1).saturating_sub(left);
        Ok(())
    }
}

impl FullStore {
    /// The targets.
    pub(crate) fn reached(&self) -> Vec<Reached> {
        let at_most = |what: String, limit, figure| Reached {
            what,
            goal: Some(Goal::AtMost(limit)),
            figure: Some(figure),
            qemu: None,
        };
        let programs = self.programs;
        let (killed, half) = (self.killed, self.half_written);
        vec![
            at_most(format!("a cache of {programs} programs: looking one up, ms"), LOOKUP_MS, self.lookup_us / 1000.0),
            at_most("its size after a run that found it too big, MiB".into(), BOUND_MIB, self.trimmed_mib),
            at_most("programs it lost though others had not been used for longer".into(), 0.0, self.lost as f64),
            at_most(
                format!("wrong runs and damaged bundles after {killed} runs were killed, {half} while they wrote"),
                0.0,
                self.wrong as f64,
            ),
        ]
    }

    /// The rest, in words.
    pub(crate) fn about(&self) -> String {
        format!(
            "{} programs take {:.1} MiB. Looking one up took {:.0} µs at the median and {:.0} µs at worst; `strata cache ls` \
             {:.1} ms. A program's first run took {:.1} ms when the cache was empty, {:.1} ms when it was full, {:.1} ms when \
             it was too full.",
            self.programs,
            self.bytes as f64 / f64::from(1 << 20),
            self.lookup_us,
            self.lookup_worst_us,
            self.listing_ms,
            self.first_ms,
            self.last_ms,
            self.trimming_ms,
        )
    }
}
