//! [`Permission`]: `struct ipc_perm`, and who may do what by it.

use crate::access::Credentials;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use vfs::{Errno, Result};

/// Who calls.
pub(crate) struct Caller {
    pub(crate) pid: u32,
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

impl Caller {
    pub(crate) fn new(pid: u32, credentials: &Credentials) -> Caller {
        let (uid, gid) = (credentials.user.effective, credentials.group.effective);
        Caller { pid, uid, gid, groups: credentials.groups.clone() }
    }

    pub(crate) fn is_privileged(&self) -> bool {
        self.uid == 0
    }

    fn is_in(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }
}

/// Owner, creator and mode of an object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Permission {
    pub(crate) key: i32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) creator_uid: u32,
    pub(crate) creator_gid: u32,
    /// Permission bits.
    pub(crate) mode: u32,
}

impl Permission {
    /// Those of an object that the caller makes.
    pub(crate) fn new(key: i32, mode: u32, caller: &Caller) -> Permission {
        let (uid, gid) = (caller.uid, caller.gid);
        Permission { key, uid, gid, creator_uid: uid, creator_gid: gid, mode: mode & 0o777 }
    }

    /// EACCES unless the caller may do what `wish` says: 4 read, 2 write.
    pub(crate) fn check(&self, caller: &Caller, wish: u32) -> Result<()> {
        let shift = if caller.uid == self.uid || caller.uid == self.creator_uid {
            6
        } else if caller.is_in(self.gid) || caller.is_in(self.creator_gid) {
            3
        } else {
            0
        };
        let is_allowed = caller.is_privileged() || self.mode >> shift & wish == wish;
        if is_allowed { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// EPERM unless the caller may change or remove the object.
    pub(crate) fn check_owner(&self, caller: &Caller) -> Result<()> {
        let is_owner = caller.is_privileged() || caller.uid == self.uid || caller.uid == self.creator_uid;
        if is_owner { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// Gives it away (IPC_SET).
    pub(crate) fn set(&mut self, uid: u32, gid: u32, mode: u32) {
        (self.uid, self.gid, self.mode) = (uid, gid, mode & 0o777);
    }
}
