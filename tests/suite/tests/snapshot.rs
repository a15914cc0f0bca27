//! cargo test --release -p strata-suite --test snapshot
//!
//! What `strata run --snapshot-on` writes, `strata resume` goes on with, in another process, and nothing is lost: a program that
//! has one of everything, a prompt, an editor with an open file, a pipeline. What cannot be resumed is refused, by name.

#![expect(clippy::print_stderr, reason = "a test that skips says why")]

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use strata_suite::place;
use strata_suite::terminal::{self, Session};

/// What `strata run` ends with after a snapshot on SIGUSR1.
const SNAPPED: i32 = 128 + 10;
/// Cannot be run.
const CANNOT: i32 = 126;

/// A folder for one test.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = place::scratch().join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Starts a guest, waits for its line `ready`, and makes a snapshot; what it printed up to there.
fn snap(to: &Path, options: &[&str], guest: &[&str]) -> Result<String> {
    let mut command = Command::new("env");
    command.arg("--default-signal").arg(place::strata()).args(["run", "--no-cache", "--timeout=120"]);
    command.args(["--snapshot-on", "usr1"]).arg(to).args(options).args(guest);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut output = BufReader::new(child.stdout.take().context("it is a pipe")?);
    let mut printed = String::new();
    while !printed.ends_with("ready\n") {
        ensure!(output.read_line(&mut printed)? > 0, "the guest ended, having printed {printed:?}");
    }
    // It may not have come to where it waits.
    std::thread::sleep(std::time::Duration::from_millis(100));
    kill_process(Pid::from_child(&child), Signal::USR1)?;
    output.read_to_string(&mut printed)?;
    let ended = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.code() == Some(SNAPPED), "{:?}: {said}", ended.status);
    ensure!(said.contains("strata resume"), "{said}");
    Ok(printed)
}

/// Goes on with a snapshot whose guest reads `typed`.
fn resume(from: &Path, options: &[&str], typed: &str) -> Result<Output> {
    let mut command = Command::new(place::strata());
    command.arg("resume").arg(from).args(["--no-cache", "--timeout=120"]).args(options);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // One that refuses does not read.
    let _ = child.stdin.take().context("it is a pipe")?.write_all(typed.as_bytes());
    Ok(child.wait_with_output()?)
}

/// The words of what went wrong, with exit status 126.
fn refusal(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(CANNOT), "{said}");
    said
}

/// A program that has one of everything; none without set-up.
fn standstill(order: &str) -> Option<String> {
    let program = place::inputs().join(format!("c/{order}/O2/standstill"));
    if !program.is_file() {
        eprintln!("skipped: no {}; cargo xtask setup builds it", program.display());
        return None;
    }
    Some(program.display().to_string())
}

#[test]
fn one_of_everything_goes_on() -> Result<()> {
    let expected = fs::read_to_string(place::root().join("guests/programs/c/standstill.out"))?;
    let folder = folder("snapshot-everything")?;
    for order in ["mipsel", "mips"] {
        let Some(program) = standstill(order) else { return Ok(()) };
        for (before, after) in [("auto", "auto"), ("interp", "region"), ("region", "interp"), ("mixed", "block")] {
            let file = folder.join(format!("{order}-{before}"));
            let mut printed = snap(&file, &["--tier", before], &[&program])?;
            // It goes on as often as one likes.
            for _ in 0..2 {
                let output = resume(&file, &["--tier", after], "\n")?;
                let rest = String::from_utf8_lossy(&output.stdout).into_owned();
                assert_eq!(
                    (format!("{printed}{rest}"), output.status.code()),
                    (expected.clone(), Some(0)),
                    "{order}, {before} and then {after}: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
            }
            printed.clear();
        }
    }
    Ok(())
}

/// Waits until something is so.
fn wait_for(is_so: impl Fn() -> bool) -> Result<()> {
    for _ in 0..600 {
        if is_so() {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    anyhow::bail!("it did not come to pass")
}

/// Whether a process has SIGUSR1 in hand (proc_pid_status(5)).
fn catches(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.is_some_and(|mask| mask >> (Signal::USR1.as_raw() - 1) & 1 != 0)
}

#[test]
fn a_snapshot_of_a_resumed_guest_goes_on() -> Result<()> {
    let Some(program) = standstill("mipsel") else { return Ok(()) };
    let folder = folder("snapshot-again")?;
    let (first, second) = (folder.join("first"), folder.join("second"));
    let printed = snap(&first, &[], &[&program])?;
    let mut command = Command::new("env");
    command.arg("--default-signal").arg(place::strata()).arg("resume").arg(&first).arg("--no-cache");
    command.args(["--leave-running", "--snapshot-on", "SIGUSR1"]).arg(&second);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    wait_for(|| catches(child.id()))?;
    kill_process(Pid::from_child(&child), Signal::USR1)?;
    wait_for(|| second.exists())?;
    // One that has ended does not read, which shows below.
    let _ = child.stdin.take().context("it is a pipe")?.write_all(b"\n");
    let left = child.wait_with_output()?;
    let right = resume(&second, &[], "\n")?;
    let expected = fs::read_to_string(place::root().join("guests/programs/c/standstill.out"))?;
    for (which, output) in [("left running", left), ("resumed again", right)] {
        let rest = String::from_utf8_lossy(&output.stdout);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((format!("{printed}{rest}"), output.status.code()), (expected.clone(), Some(0)), "{which}: {said}");
    }
    Ok(())
}

/// Debian's root and a busybox for it; none without set-up.
fn root() -> Option<(String, String)> {
    let (root, busybox) = (place::inputs().join("debian"), place::inputs().join("mipsel/bin/busybox"));
    if !root.join("usr/bin/python3").exists() || !busybox.is_file() {
        eprintln!("skipped: no {}; cargo xtask setup makes it", root.display());
        return None;
    }
    Some((root.display().to_string(), busybox.display().to_string()))
}

/// Starts a session, has `begin` done in it, and goes on with its snapshot in another session.
fn move_session(name: &str, guest: &[&str], begin: impl FnOnce(&mut Session) -> Result<()>) -> Result<Option<Session>> {
    let Some((root, _)) = root() else { return Ok(None) };
    if !terminal::are_there() {
        eprintln!("skipped: no pseudoterminals here; mount devpts");
        return Ok(None);
    }
    let file = folder(name)?.join("snapshot").display().to_string();
    let arguments = ["run", "--no-cache", "--timeout=300", "--root", &root, "--env=TERM=xterm", "--env=HOME=/root"];
    let mut session = Session::start(&[&arguments[..], &["--snapshot-on", "USR1", &file], guest].concat())?;
    begin(&mut session)?;
    session.signal(Signal::USR1)?;
    session.expect("strata resume")?;
    assert_eq!(session.end()?, SNAPPED);
    Session::start(&["resume", &file, "--no-cache", "--timeout=300", "--root", &root]).map(Some)
}

#[test]
fn a_prompt_goes_on() -> Result<()> {
    let session = move_session("snapshot-prompt", &["/usr/bin/python3", "-i", "-q"], |session| {
        session.expect(">>> ")?;
        session.type_in("import sqlite3, threading; f = open('/tmp/kept', 'w+'); n = f.write('half')\r")?;
        session.expect(">>> ")?;
        session.type_in("d = sqlite3.connect(':memory:'); c = d.execute('create table t as select 42 as x')\r")?;
        session.expect(">>> ")?;
        session.type_in("print('unfin")?;
        session.expect("unfin").map(drop)
    })?;
    let Some(mut session) = session else { return Ok(()) };
    session.type_in("ished')\r")?;
    session.expect("unfinished\r\n")?;
    session.type_in("n = f.write(' and half'); f.flush(); print(open('/tmp/kept').read(), d.execute('select x from t').fetchone())\r")?;
    session.expect("half and half (42,)\r\n")?;
    session.type_in("exit(5)\r")?;
    assert_eq!(session.end()?, 5);
    Ok(())
}

#[test]
fn an_editor_with_an_open_file_goes_on() -> Result<()> {
    let Some((_, busybox)) = root() else { return Ok(()) };
    let script = "cd /etc; /host/busybox vi profile; /host/busybox head -n 1 profile";
    let guest = &["--host-program", &busybox, "sh", "-c", script];
    let session = move_session("snapshot-editor", guest, |session| {
        session.expect("system-wide")?;
        session.type_in("Otyped before")?;
        session.expect("typed before").map(drop)
    })?;
    let Some(mut session) = session else { return Ok(()) };
    session.type_in(" and after\x1b")?;
    // It has drawn all of the screen anew.
    session.expect("typed before")?;
    // What follows an escape at once belongs to it.
    session.expect("- profile [Modified]")?;
    session.type_in(":wq\r")?;
    session.expect("typed before and after\r\n")?;
    assert_eq!(session.end()?, 0);
    Ok(())
}

#[test]
fn a_pipeline_goes_on() -> Result<()> {
    let Some((root, _)) = root() else { return Ok(()) };
    let file = folder("snapshot-pipeline")?.join("snapshot");
    let script = "for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done | tee /tmp/all | while read n; do \
                  test $n = 2 && echo ready || echo $n; done; wc -l < /tmp/all; cat /etc/hostname";
    let printed = snap(&file, &["--root", &root], &["/bin/bash", "-c", script])?;
    let output = resume(&file, &["--root", &root], "")?;
    let rest = String::from_utf8_lossy(&output.stdout);
    let hostname = fs::read_to_string(Path::new(&root).join("etc/hostname")).unwrap_or_default();
    assert_eq!(format!("{printed}{rest}"), format!("1\nready\n3\n4\n5\n6\n6\n{hostname}"));
    Ok(())
}

#[test]
fn what_is_no_snapshot_is_refused() -> Result<()> {
    let Some(program) = standstill("mipsel") else { return Ok(()) };
    let folder = folder("snapshot-bad")?;
    let good = folder.join("good");
    snap(&good, &[], &[&program])?;
    let bytes = fs::read(&good)?;
    let bad = folder.join("bad");
    let said = |bytes: &[u8]| -> Result<String> {
        fs::write(&bad, bytes)?;
        Ok(refusal(&resume(&bad, &[], "")?))
    };
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    assert!(said(b"")?.contains("not a snapshot"));
    assert!(said(&fs::read(&program)?)?.contains("not a snapshot"));
    assert!(said(&changed(16))?.contains("a snapshot of format 5"));
    for at in [20, 30, 59, 60, bytes.len() / 2, bytes.len() - 1] {
        assert!(said(&changed(at))?.contains("damaged"), "byte {at}");
    }
    for length in [17, 40, 61, bytes.len() - 1] {
        assert!(said(&bytes[..length])?.contains("damaged"), "{length} bytes");
    }
    assert_eq!(resume(&folder.join("none"), &[], "")?.status.code(), Some(127));
    Ok(())
}

#[test]
fn files_must_be_what_they_were() -> Result<()> {
    let Some((root, busybox)) = root() else { return Ok(()) };
    let folder = folder("snapshot-files")?;
    let (file, small) = (folder.join("snapshot"), folder.join("root"));
    fs::create_dir_all(small.join("bin"))?;
    fs::copy(&busybox, small.join("bin/busybox"))?;
    fs::write(small.join("open"), "one\ntwo\n")?;
    let own = small.display().to_string();
    let script = "exec 3< /open; read line <&3; echo $line > /written; echo ready; read n; read line <&3; \
                  echo $line; cat /written";
    snap(&file, &["--root", &own], &["/bin/busybox", "sh", "-c", script])?;
    let output = resume(&file, &["--root", &own], "")?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "two\none\n", "{}", String::from_utf8_lossy(&output.stderr));
    // Another host has equal files elsewhere.
    let copy = folder.join("copy");
    ensure!(Command::new("cp").arg("-r").arg(&small).arg(&copy).status()?.success());
    let output = resume(&file, &["--root", &copy.display().to_string()], "")?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "two\none\n", "{}", String::from_utf8_lossy(&output.stderr));
    let said = refusal(&resume(&file, &[], "")?);
    assert!(said.contains(&format!("--root {own}")), "{said}");
    let said = refusal(&resume(&file, &["--root", &root], "")?);
    assert!(said.contains("is not there"), "{said}");
    fs::remove_file(small.join("open"))?;
    let said = refusal(&resume(&file, &["--root", &own], "")?);
    assert!(said.contains("/open is not there"), "{said}");
    fs::write(small.join("open"), "one\ntwo\n")?;
    let mut other = fs::read(&busybox)?;
    other.push(0);
    fs::write(small.join("bin/busybox"), other)?;
    let said = refusal(&resume(&file, &["--root", &own], "")?);
    assert!(said.contains("/bin/busybox is not the file that it was"), "{said}");
    Ok(())
}
