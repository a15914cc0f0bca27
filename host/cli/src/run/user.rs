//! `strata run --binfmt`: a program as its user's own, on the host's files.
//!
//! Whoever starts a MIPS program by its name, as binfmt_misc lets them, means one program among others: it has the host's
//! root, the directory and environment it was started in, and the user's identity. Nothing is gained by keeping things
//! from it, and nothing is given that the user has not: the host's kernel checks every access as this user's. Beyond that
//! the limits of granted directories hold (`hostio::directory`): no devices, fifos or set-user-ID files are made or opened.
//!
//! As it may write what the user may, the cache of translated code is no exception.

use super::{Found, Run, root_program};
use crate::failure::Failure;
use anyhow::Context;
use linux::Ids;
use namespace::Grant;
use rustix::fs::Mode;
use rustix::process::{getgid, getgroups, getpid, getppid, getuid, umask};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

impl Run {
    /// Gives it the identity, directory and environment of this process.
    pub(super) fn become_user(&mut self, grants: &mut Vec<Grant>) -> Result<(), Failure> {
        let directory = std::env::current_dir().context("the current directory is gone")?;
        self.workdir = directory.into_os_string();
        let variable = |(mut name, value): (OsString, OsString)| {
            name.push("=");
            name.push(value);
            name
        };
        self.environment = std::env::vars_os().map(variable).collect();
        let groups = getgroups().context("the user's groups cannot be had")?;
        let pid = |pid: rustix::process::Pid| pid.as_raw_nonzero().get().unsigned_abs();
        let ids = Ids {
            uid: getuid().as_raw(),
            gid: getgid().as_raw(),
            groups: groups.into_iter().map(rustix::process::Gid::as_raw).collect(),
            pid: pid(getpid()),
            parent: getppid().map_or(0, pid),
        };
        // It can only be read by setting it.
        let mask = umask(Mode::from_raw_mode(0o022));
        umask(mask);
        grants.push(Grant::User(ids, mask.as_raw_mode()));
        Ok(())
    }

    /// Finds the program by the path that the kernel was given; what follows is its name and its arguments.
    pub(super) fn user_program(&mut self, grants: &mut Vec<Grant>) -> Result<Found, Failure> {
        let root = hostio::directory::grant(Path::new("/")).context("the root directory cannot be opened")?;
        grants.push(Grant::HostRoot(root.clone()));
        let path = self.program.remove(0);
        if self.program.is_empty() {
            self.program.push(path.clone());
        }
        let absolute = std::path::absolute(&path).context("the current directory is gone")?;
        root_program(root, absolute.as_os_str().as_bytes())
    }
}
