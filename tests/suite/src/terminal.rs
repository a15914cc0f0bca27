//! [`Session`]: the program under test with a terminal of its own, and somebody who types.

use crate::place;
use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{read, write};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long what is expected may take to appear.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether this machine has terminals to give.
pub fn are_there() -> bool {
    openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).is_ok_and(|master| ptsname(&master, Vec::new()).is_ok())
}

/// A program that runs in a terminal.
pub struct Session {
    master: OwnedFd,
    child: Child,
    /// What it has shown and nobody has expected yet.
    shown: Vec<u8>,
}

impl Session {
    /// Starts Strata with these arguments in a terminal of 24 lines.
    pub fn start(arguments: &[&str]) -> Result<Session> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let slave = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 })?;
        let end = || Ok::<_, std::io::Error>(Stdio::from(slave.try_clone()?));
        let mut command = Command::new("setsid");
        command.args(["--ctty", "env", "--default-signal"]).arg(place::strata()).args(arguments);
        let child = command.stdin(end()?).stdout(end()?).stderr(end()?).spawn().context("cannot start setsid")?;
        Ok(Session { master, child, shown: Vec::new() })
    }

    /// Types.
    pub fn type_in(&self, text: &str) -> Result<()> {
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() {
            let done = write(&self.master, bytes)?;
            bytes = &bytes[done..];
        }
        Ok(())
    }

    /// Waits until this is shown, and gives all that was, up to it.
    pub fn expect(&mut self, text: &str) -> Result<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.shown.windows(text.len()).position(|window| window == text.as_bytes());
            if let Some(at) = found {
                let shown = self.shown.drain(..at + text.len()).collect::<Vec<u8>>();
                return Ok(String::from_utf8_lossy(&shown).into_owned());
            }
            if Instant::now() > end || !self.look()? {
                bail!("{text:?} was not shown, but {:?}", String::from_utf8_lossy(&self.shown));
            }
        }
    }

    /// Takes in what is shown within a while; false if the program is gone.
    fn look(&mut self) -> Result<bool> {
        let mut polled = [PollFd::new(&self.master, PollFlags::IN)];
        let while_ns = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
        poll(&mut polled, Some(&while_ns))?;
        if polled[0].revents().is_empty() {
            return Ok(true);
        }
        let mut bytes = [0; 4096];
        // The last one who had the terminal has closed it.
        let count = read(&self.master, &mut bytes).unwrap_or(0);
        self.shown.extend_from_slice(&bytes[..count]);
        Ok(count > 0)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed()).context("it has a number")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Waits for its end; its exit status.
    pub fn end(mut self) -> Result<i32> {
        while self.look()? {}
        Ok(self.child.wait()?.code().unwrap_or(-1))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // One that has ended need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
