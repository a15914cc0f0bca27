//! cargo test --release -p strata-suite --test cache
//!
//! Translated code that is kept from run to run: a second run does what the first one did and translates next to
//! nothing; and whatever happens to the files, programs run as if there were none.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Instant;
use strata_suite::place;

/// A directory for one test's cache, not there yet.
struct Room(PathBuf);

impl Room {
    fn new(name: &str) -> Room {
        let room = Room(place::scratch().join(format!("cache-{name}")));
        let _ = fs::remove_dir_all(&room.0);
        fs::create_dir_all(room.0.parent().expect("it has a parent")).expect("scratch room");
        room
    }

    fn strata(&self, words: &[&str]) -> Command {
        let mut command = Command::new(place::strata());
        command.env_clear().env("STRATA_CACHE_DIR", &self.0).args(words);
        command
    }

    /// Runs a program that was brought along.
    fn run(&self, name: &str) -> Ran {
        let program = place::root().join("guests/programs/bin").join(name);
        self.run_file(&program, &[])
    }

    fn run_file(&self, program: &Path, arguments: &[&str]) -> Ran {
        let mut command = self.strata(&["run", "--stats"]);
        Ran(command.arg(program).args(arguments).output().expect("the program under test is built"))
    }

    fn bundles(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0).map_or(Vec::new(), |all| all.map(|entry| entry.expect("it can be read").path()).collect())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Ran(Output);

impl Ran {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// A number of `--stats`.
    fn count(&self, what: &str) -> u64 {
        let said = self.said();
        let line = said.lines().find_map(|line| line.strip_suffix(what)).unwrap_or_else(|| panic!("no {what}: {said}"));
        line.trim_start_matches("strata:").trim().parse().expect("a number")
    }

    fn made(&self) -> u64 {
        self.count(" modules made")
    }

    fn recalled(&self) -> u64 {
        self.count(" modules from the cache")
    }

    /// Is like another run, as far as anybody but `--stats` can tell.
    fn is_like(&self, other: &Ran) {
        assert_eq!(self.0.stdout, other.0.stdout);
        assert_eq!(self.0.status.code(), other.0.status.code(), "{}", self.said());
    }
}

/// What keeps translators busy, in both byte orders.
const BUSY: &[&str] = &["mipsel/race", "mips/race", "mipsel/sha256", "mips/nbody"];

#[test]
fn a_second_run_translates_next_to_nothing() {
    let room = Room::new("second");
    for program in BUSY {
        let first = room.run(program);
        assert_eq!((first.0.status.code(), first.recalled()), (Some(0), 0), "{program}: {}", first.said());
        // Chance has it that another function is found busy in each run, until all were.
        let later: Vec<Ran> = (0..8).map(|_| room.run(program)).collect();
        later.iter().for_each(|ran| ran.is_like(&first));
        let made: Vec<u64> = later.iter().map(Ran::made).collect();
        let fewest = made.iter().min().is_some_and(|fewest| *fewest <= first.made() / 5);
        assert!(
            fewest && later.iter().all(|ran| ran.recalled() > 0),
            "{program}: {} made, then {made:?}",
            first.made()
        );
    }
    let mode = fs::metadata(&room.0).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn no_cache_means_none() {
    let room = Room::new("none");
    let mut command = room.strata(&["run", "--no-cache"]);
    command.arg(place::root().join("guests/programs/bin/mipsel/race")).output().expect("it runs");
    assert!(!room.0.exists());
}

#[test]
fn damaged_bundles_are_as_good_as_none() {
    let room = Room::new("damaged");
    let first = room.run("mipsel/race");
    let path = room.bundles().pop().expect("a bundle");
    let whole = fs::read(&path).expect("it can be read");
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let spread = (0..8).map(|part| whole.len() * part / 8 + 50 * part);
    let mut files: Vec<Vec<u8>> = [0, 7, 9, 20, 50, 100].into_iter().chain(spread).map(flipped).collect();
    files.extend([0, 10, 44, 1000, whole.len() - 1].map(|bytes| whole[..bytes].to_vec()));
    files.push(b"\x7fELF and more".repeat(1000));
    // Lengths that nobody has.
    files.push([&whole[..8], &[0xff; 4], &whole[12..]].concat());
    for (number, bytes) in files.iter().enumerate() {
        fs::write(&path, bytes).expect("it can be written");
        let ran = room.run("mipsel/race");
        assert_eq!(ran.0.stdout, first.0.stdout, "file {number}");
        assert_eq!(ran.0.status.code(), Some(0), "file {number}: {}", ran.said());
    }
    fs::remove_file(&path).expect("it is there");
    fs::create_dir(&path).expect("nothing is there");
    let ran = room.run("mipsel/race");
    assert_eq!((&ran.0.stdout, ran.0.status.code()), (&first.0.stdout, Some(0)), "{}", ran.said());
}

#[test]
fn directories_that_others_can_write_are_refused() {
    let room = Room::new("foreign");
    let first = room.run("mipsel/race");
    fs::set_permissions(&room.0, fs::Permissions::from_mode(0o777)).expect("it is ours");
    let open = room.run("mipsel/race");
    open.is_like(&first);
    assert!(open.said().contains("others may write it (mode 777)") && open.recalled() == 0, "{}", open.said());
    fs::set_permissions(&room.0, fs::Permissions::from_mode(0o700)).expect("it is ours");
    // A bundle that others may write, too.
    let path = room.bundles().pop().expect("a bundle");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("it is ours");
    assert_eq!(room.run("mipsel/race").recalled(), 0);
    let is_root = fs::metadata("/proc/self").expect("it is there").uid() == 0;
    let theirs = if is_root { room.0.clone() } else { PathBuf::from("/usr") };
    if is_root {
        chown(&theirs, Some(65_534), None).expect("root may");
    }
    let mut command = Command::new(place::strata());
    command.env_clear().arg("run").arg("--cache-dir").arg(&theirs).arg("--stats");
    let ran = Ran(command.arg(place::root().join("guests/programs/bin/mipsel/race")).output().expect("it runs"));
    ran.is_like(&first);
    assert!(ran.said().contains("belongs to user") && ran.recalled() == 0, "{}", ran.said());
}

#[test]
fn what_the_guest_may_write_is_no_cache() {
    let room = Room::new("granted");
    fs::create_dir(&room.0).expect("scratch room");
    let run = |grant: &str| {
        let mut command = room.strata(&["run", "--stats", "--cache-dir"]);
        command.arg(room.0.join("cache")).arg("--dir").arg(format!("{}{grant}", room.0.display()));
        Ran(command.arg(place::root().join("guests/programs/bin/mipsel/race")).output().expect("it runs"))
    };
    let writable = run(":/w");
    assert!(writable.0.status.success() && writable.said().contains("nothing is cached"), "{}", writable.said());
    assert!(room.bundles().is_empty());
    assert!(run(":/w:ro").count(" modules added to the cache") > 0);
}

#[test]
fn runs_that_race_leave_a_whole_bundle() {
    let room = Room::new("racing");
    let right = room.run("mipsel/race");
    for _ in 0..3 {
        room.strata(&["cache", "clear"]).output().expect("it runs");
        let start = |name| room.strata(&["run"]).arg(place::root().join("guests/programs/bin").join(name)).output();
        std::thread::scope(|scope| {
            let names = ["mipsel/race", "mipsel/race", "mipsel/race", "mips/race"];
            let all = names.map(|name| scope.spawn(move || start(name).expect("it runs")));
            for run in all {
                assert_eq!(run.join().expect("nothing panics").stdout, right.0.stdout);
            }
        });
        let listed = room.strata(&["cache", "ls", "--json"]).output().expect("it runs").stdout;
        let listed: serde_json::Value = serde_json::from_slice(&listed).expect("JSON");
        let programs = listed["programs"].as_array().expect("a list");
        assert!(programs.len() == 2 && programs.iter().all(|row| row["modules"].as_u64() > Some(0)), "{listed}");
        assert_eq!(room.bundles().len(), 2, "nothing half-written is left");
        assert!(room.run("mipsel/race").recalled() > 0);
    }
}

/// Runs that are killed at some moment, and runs that are killed while they write.
const KILLED: u32 = 16;
/// What ends those.
const SIGXFSZ: i32 = 25;

/// The number of a processor that this may run on.
fn processor() -> String {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("Linux tells");
    list.trim().chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn runs_that_are_killed_leave_what_can_be_used() {
    let room = Room::new("killed");
    let race = place::root().join("guests/programs/bin/mipsel/race");
    let begun = Instant::now();
    let right = room.run_file(&race, &[]);
    let whole = begun.elapsed();
    let clear = || room.strata(&["cache", "clear"]).output().expect("it runs");
    for number in 0..KILLED {
        clear();
        let mut child = room.strata(&["run"]).arg(&race).stdout(Stdio::null()).spawn().expect("it runs");
        thread::sleep(whole * number / KILLED);
        // It may be over already.
        let _ = child.kill();
        child.wait().expect("it is our child");
        room.run_file(&race, &[]).is_like(&right);
    }
    // The host ends what writes more than so many blocks of a file; nobody is told, as with SIGKILL. On one
    // processor each run compiles the same; elsewhere it is a matter of chance how much is done at the end.
    let alone = |blocks: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -c 0; ulimit -f $1; shift; exec taskset -c \"$@\"", "sh", blocks]);
        command.arg(processor()).arg(place::strata()).arg("run").arg(&race).env("STRATA_CACHE_DIR", &room.0);
        command.output().expect("it runs").status
    };
    clear();
    assert!(alone("unlimited").success());
    let blocks = fs::metadata(room.bundles().pop().expect("a bundle")).expect("it is ours").len() / 512;
    for number in 0..u64::from(KILLED) {
        clear();
        let ended = alone(&(blocks * number / u64::from(KILLED)).to_string());
        assert_eq!(ended.signal(), Some(SIGXFSZ), "{ended}: block {number}");
        assert!(room.bundles().iter().all(|path| path.extension().is_some_and(|extension| extension == "half")));
        let again = room.run_file(&race, &[]);
        again.is_like(&right);
        assert_eq!(again.recalled(), 0, "nothing half-written is used");
    }
    assert!(room.run_file(&race, &[]).recalled() > 0);
    clear();
    assert!(room.bundles().is_empty(), "what is half-written goes, too");
}

/// Counts to 8,388,625 in steps, and exits with the low byte. With an argument it first rewrites the step from 1 to 3; with
/// two it has counted before.
const COUNTER: &[u32] = &[
    0x8fb2_0000, // lw s2, 0(sp)          argc
    0x3c10_0040, // lui s0, 0x40
    0x3610_0100, // ori s0, s0, 0x100     count
    0x2a49_0002, // slti t1, s2, 2
    0x1520_0010, // bne t1, zero, last
    0x0000_0000, // nop
    0x2a49_0003, // slti t1, s2, 3
    0x1520_0003, // bne t1, zero, rewrite
    0x0000_0000, // nop
    0x0200_f809, // jalr s0
    0x0000_0000, // nop
    0x3c0a_2442, // rewrite: lui t2, 0x2442
    0x354a_0003, // ori t2, t2, 3         addiu v0, v0, 3
    0xae0a_000c, // sw t2, 12(s0)
    0x0200_2025, // move a0, s0
    0x2405_0040, // li a1, 64
    0x2406_0003, // li a2, 3              BCACHE
    0x2402_1033, // li v0, 4147           cacheflush
    0x0000_000c, // syscall
    0x0000_0000, // nop
    0x0000_0000, // nop
    0x0200_f809, // last: jalr s0
    0x0000_0000, // nop
    0x0040_2025, // move a0, v0
    0x2402_0fa1, // li v0, 4001           exit
    0x0000_000c, // syscall
];

/// At 0x400100.
const COUNT: &[u32] = &[
    0x3c0b_0080, // lui t3, 0x80
    0x356b_0011, // ori t3, t3, 0x11
    0x0000_1025, // move v0, zero
    0x2442_0001, // addiu v0, v0, 1
    0x256b_ffff, // addiu t3, t3, -1
    0x1560_fffd, // bne t3, zero, -3
    0x0000_0000, // nop
    0x03e0_0008, // jr ra
    0x0000_0000, // nop
];

/// An executable whose only segment may be written, too.
fn executable(text: &[u32], function: &[u32]) -> Vec<u8> {
    const AT: u32 = 0x40_0000;
    const TEXT: u32 = 0x60;
    let bytes = 0x200;
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x08\0".to_vec();
    for word in [1, AT + TEXT, 52, 0, 0x7000_1001, 32 << 16 | 52, 1, 0] {
        file.extend(u32::to_le_bytes(word));
    }
    // PT_LOAD, read, write, execute.
    for word in [1, 0, AT, AT, bytes, bytes, 7, 0x1000] {
        file.extend(u32::to_le_bytes(word));
    }
    for (at, words) in [(TEXT, text), (0x100, function)] {
        file.resize(at as usize, 0);
        file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }
    file.resize(bytes as usize, 0);
    file
}

#[test]
fn rewritten_text_is_neither_used_nor_kept() {
    let room = Room::new("rewritten");
    let program = room.0.with_extension("program");
    fs::write(&program, executable(COUNTER, COUNT)).expect("scratch room");
    let run = |arguments: &[&str], status: i32, what: &str| {
        let ran = room.run_file(&program, arguments);
        assert_eq!(ran.0.status.code(), Some(status), "{what}: {}", ran.said());
        ran
    };
    // Rewritten text first: nothing of it may be published.
    assert_eq!(run(&["rewrite"], 0x33, "rewritten").count(" modules added to the cache"), 0);
    let first = run(&[], 0x11, "as it is, first");
    assert!(first.recalled() == 0 && first.made() > 0, "{}", first.said());
    assert!(run(&[], 0x11, "as it is, again").recalled() > 0);
    let rewritten = run(&["rewrite"], 0x33, "rewritten, with code there");
    assert!(rewritten.recalled() == 0 && rewritten.made() > 0, "{}", rewritten.said());
    let late = run(&["rewrite", "late"], 0x33, "rewritten while code of the cache was installed");
    assert!(late.recalled() > 0, "{}", late.said());
    assert!(run(&[], 0x11, "as it is, at last").recalled() > 0);
    fs::remove_file(&program).expect("it is there");
}
