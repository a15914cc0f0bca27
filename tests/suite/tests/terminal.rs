//! cargo test --release -p strata-suite --test terminal
//!
//! A shell of the guest's has the terminal that `strata run` was started in: what the keys for signals send goes to the job in
//! its foreground.

#![expect(clippy::print_stderr, reason = "a test that skips says why")]

use anyhow::Result;
use strata_suite::place;
use strata_suite::terminal::{self, Session};

/// An interactive shell; none without a guest.
fn shell() -> Result<Option<Session>> {
    let bash = place::inputs().join("mipsel/bin/bash-static");
    let busybox = place::inputs().join("mipsel/bin/busybox");
    if !bash.is_file() || !busybox.is_file() {
        eprintln!("skipped: no {}; cargo xtask setup fetches it", bash.display());
        return Ok(None);
    }
    if !terminal::are_there() {
        eprintln!("skipped: no pseudoterminals here; mount devpts");
        return Ok(None);
    }
    let tools = format!("{}:/tools:ro", place::inputs().join("mipsel/bin").display());
    let mut session = Session::start(&[
        "run",
        "--no-cache",
        "--timeout=120",
        "--dir",
        &tools,
        "--env=PS1=> ",
        "--env=TERM=dumb",
        &bash.display().to_string(),
        "--norc",
        "--noprofile",
        "-i",
    ])?;
    session.expect("> ")?;
    Ok(Some(session))
}

#[test]
fn interrupt_and_suspend_reach_the_job_in_the_foreground() -> Result<()> {
    let Some(mut session) = shell()? else { return Ok(()) };
    session.type_in("b=/tools/busybox; $b sleep 100\r")?;
    session.expect("sleep 100")?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    session.type_in("\x03")?;
    session.expect("> ")?;
    session.type_in("echo status $?; $b cat\r")?;
    session.expect("status 130")?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    session.type_in("\x1a")?;
    session.expect("Stopped")?;
    session.expect("> ")?;
    session.type_in("fg\r")?;
    session.expect("cat")?;
    session.type_in("typed\r")?;
    session.expect("typed")?;
    session.expect("typed")?;
    session.type_in("\x04")?;
    session.expect("> ")?;
    session.type_in("exit 9\r")?;
    assert_eq!(session.end()?, 9);
    Ok(())
}
