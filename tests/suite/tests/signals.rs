//! cargo test --release -p strata-suite --test signals
//!
//! Signals that `strata run` is sent are the guest's: it handles or ignores them, or they end it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};
use strata_suite::place;

/// What the guest writes once it is ready, and stops at.
const READY: &str = "ready\n";

/// Runs a script in the guest's shell, and sends a signal when it says that it is ready; none without a guest.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn send(signal: &str, script: &str, cache: &[&str]) -> Option<Output> {
    let busybox = place::inputs().join("mipsel/bin/busybox");
    if !busybox.is_file() {
        eprintln!("skipped: no {}; cargo xtask setup fetches it", busybox.display());
        return None;
    }
    // Who started the tests may ignore signals, as `nohup` and `&` do, and the guest would, too.
    let mut child = Command::new("env")
        .arg("--default-signal")
        .arg(place::strata())
        .arg("run")
        .args(cache)
        .arg("--timeout=60")
        .arg(busybox)
        .args(["sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program under test is built");
    let mut output = BufReader::new(child.stdout.take().expect("it is a pipe"));
    let mut line = String::new();
    output.read_line(&mut line).expect("the guest writes");
    assert_eq!(line, READY);
    // It may not have come to where it waits; it has to be right there, too.
    let kill = format!("kill -{signal} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().expect("there is a shell").success());
    let mut rest = Vec::new();
    output.read_to_end(&mut rest).expect("the guest writes");
    let mut ended = child.wait_with_output().expect("it ends");
    ended.stdout = rest;
    Some(ended)
}

/// Whether that printed this, and had this exit status.
#[track_caller]
fn check(signal: &str, script: &str, printed: &str, status: i32) {
    let Some(ended) = send(signal, script, &["--no-cache"]) else { return };
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(
        (String::from_utf8_lossy(&ended.stdout).as_ref(), ended.status.code()),
        (printed, Some(status)),
        "{said}"
    );
}

#[test]
fn a_handler_runs_while_the_guest_computes() {
    check("INT", "trap 'echo caught; exit 3' INT; echo ready; while :; do :; done", "caught\n", 3);
    check("USR1", "trap 'echo caught; exit 4' USR1; echo ready; while :; do :; done", "caught\n", 4);
}

#[test]
fn a_handler_runs_while_the_guest_waits() {
    check("HUP", "trap 'echo caught; exit 5' HUP; echo ready; read line", "caught\n", 5);
    check("USR2", "trap 'echo caught; exit 6' USR2; echo ready; read line", "caught\n", 6);
}

#[test]
fn what_is_not_handled_ends_the_guest() {
    check("TERM", "echo ready; while :; do :; done", "", 128 + 15);
    check("INT", "echo ready; read line", "", 128 + 2);
}

#[test]
fn what_is_ignored_changes_nothing() {
    let script = "trap '' INT; echo ready; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i";
    check("INT", script, "20000\n", 0);
    check("WINCH", "echo ready; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i", "20000\n", 0);
}

#[test]
fn what_was_translated_is_kept_after_an_interrupt() {
    let folder = place::scratch().join("cache-interrupted");
    let _ = std::fs::remove_dir_all(&folder);
    let cache = format!("--cache-dir={}", folder.display());
    let script = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo ready; while :; do :; done";
    let Some(ended) = send("INT", script, &[&cache]) else { return };
    assert_eq!(ended.status.code(), Some(128 + 2));
    let bundles = std::fs::read_dir(&folder).expect("the cache was made").count();
    assert!(bundles > 0);
    std::fs::remove_dir_all(&folder).expect("it can be removed");
}
