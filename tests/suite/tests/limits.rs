//! cargo test --release -p strata-suite --test limits
//!
//! A guest that wants all there is gets what it was allowed, learns of it as Linux would tell it, and goes on or ends. What
//! ends it by a signal is told.

use std::process::{Command, Output, Stdio};
use strata_suite::place;

/// What timeout(1) ends with when the time was up.
const TIMED_OUT: i32 = 124;

/// Runs a script in the guest's shell under limits; none without a guest.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn run(limits: &[&str], script: &str) -> Option<Output> {
    let busybox = place::inputs().join("mipsel/bin/busybox");
    if !busybox.is_file() {
        eprintln!("skipped: no {}; cargo xtask setup fetches it", busybox.display());
        return None;
    }
    let mut command = Command::new(place::strata());
    command.args(["run", "--no-cache"]).args(limits).arg(busybox).args(["sh", "-c", script]).stdin(Stdio::null());
    Some(command.output().expect("the program under test is built"))
}

/// Whether it printed `words` on either stream and had this exit status.
#[track_caller]
fn check(limits: &[&str], script: &str, words: &[&str], status: i32) {
    let Some(ended) = run(limits, script) else { return };
    let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
    assert_eq!(ended.status.code(), Some(status), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in:\n{said}");
    }
}

#[test]
fn a_fork_bomb_runs_out_of_processes() {
    check(&["--max-procs=20", "--timeout=60"], "while :; do sleep 1 & done", &["can't fork"], 2);
    check(&["--max-procs=20", "--timeout=60"], "f() { f | f & }; (f; wait); echo went on", &["went on"], 0);
}

#[test]
fn processes_that_never_end_run_out_of_time() {
    let started = std::time::Instant::now();
    let script = "for n in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; wait";
    check(&["--timeout=2"], script, &["its time was up"], TIMED_OUT);
    assert!(started.elapsed().as_secs() < 30, "the world ends with its processes");
}

#[test]
fn memory_runs_out() {
    let script = "x=0123456789abcdef; while :; do x=$x$x; done";
    check(&["--max-memory=64M", "--timeout=60"], script, &["out of memory"], 1);
}

#[test]
fn descriptors_run_out() {
    let script = "for fd in 3 4 5 6 7 8 9; do eval \"exec $fd</dev/null\" || break; done; echo never";
    let Some(ended) = run(&["--max-fds=6", "--timeout=60"], script) else { return };
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.code().is_some_and(|status| status != 0 && status < 126), "{said}");
}

#[test]
fn output_that_nobody_reads_any_more_ends() {
    let Some(mut busybox) = run(&["--timeout=60"], "yes | head -n 3") else { return };
    assert_eq!((busybox.status.code(), busybox.stdout.split_off(0)), (Some(0), b"y\ny\ny\n".to_vec()));
}

#[test]
fn what_kills_a_program_is_told() {
    let words = ["killed by SIGSEGV at pc 0x", "in ", "ra is 0x", " sp 7ff", "--strace"];
    check(&["--timeout=60"], "kill -SEGV $$", &words, 139);
    check(&["--timeout=60"], "kill -TERM $$", &["killed by SIGTERM\n"], 143);
    check(&["--timeout=60"], "kill -INT $$", &[], 130);
    check(&["--timeout=60"], "(kill -SEGV $(exec sh -c 'echo $PPID')); echo $?", &["139"], 0);
}

/// With symbols, where it was is told by name.
#[test]
fn a_fault_is_told_by_its_function() {
    let killed = place::inputs().join("c/mipsel/O0/killed");
    if !killed.is_file() {
        return;
    }
    for (tier, registers) in [("interp", "ra is 0x"), ("region", "translated code had its registers")] {
        let options = ["run", "--no-cache", "--tier", tier];
        let ended = Command::new(place::strata()).args(options).arg(&killed).output().expect("it is built");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(139), "{said}");
        for words in [" main+0x", "it wanted 0x00000010, where nothing is mapped", registers] {
            assert!(said.contains(words), "{words:?} is not in:\n{said}");
        }
    }
}
