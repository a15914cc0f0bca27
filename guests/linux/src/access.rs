//! Who a process is, and what permission bits let it do (path_resolution(7), credentials(7)).

use crate::world::Ids;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use vfs::node::{Kind, Metadata};
use vfs::{Errno, Result};

/// Users, groups and capabilities of a process. The user 0 has all capabilities.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) user: Triple,
    pub(crate) group: Triple,
    pub(crate) groups: Vec<u32>,
}

/// Real, effective and saved; the file system's follows the effective one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Triple {
    pub(crate) real: u32,
    pub(crate) effective: u32,
    pub(crate) saved: u32,
    pub(crate) file_system: u32,
}

impl Triple {
    fn new(id: u32) -> Triple {
        Triple { real: id, effective: id, saved: id, file_system: id }
    }

    /// Whether `id` is one of the three.
    pub(crate) fn has(self, id: u32) -> bool {
        [self.real, self.effective, self.saved].contains(&id)
    }
}

/// What is to be done with a file: as permission bits, 4 read, 2 write, 1 execute or search.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wish(pub(crate) u32);

impl Wish {
    pub(crate) const SEARCH: Wish = Wish(1);
    pub(crate) const WRITE: Wish = Wish(2);
}

impl Credentials {
    pub(crate) fn new(ids: &Ids) -> Credentials {
        Credentials { user: Triple::new(ids.uid), group: Triple::new(ids.gid), groups: ids.groups.clone() }
    }

    /// What a program's file gives whoever runs it (S_ISUID, S_ISGID); the effective ones are saved in any case.
    pub(crate) fn take_rights(&mut self, (owner, group): (Option<u32>, Option<u32>)) {
        for (triple, id) in [(&mut self.user, owner), (&mut self.group, group)] {
            triple.effective = id.unwrap_or(triple.effective);
            (triple.saved, triple.file_system) = (triple.effective, triple.effective);
        }
    }

    /// Whether it has the capabilities of root.
    pub(crate) fn is_privileged(&self) -> bool {
        self.user.effective == 0
    }

    /// Whether it is in a group.
    pub(crate) fn is_in(&self, gid: u32) -> bool {
        self.group.file_system == gid || self.groups.contains(&gid)
    }

    /// Refuses what permission bits forbid.
    pub(crate) fn check(&self, metadata: &Metadata, wish: Wish) -> Result<()> {
        let (user, group) = (self.user.file_system, self.group.file_system);
        self.check_as(metadata, wish, user, group == metadata.gid || self.groups.contains(&metadata.gid))
    }

    /// access(2) asks for the real user and group.
    pub(crate) fn check_real(&self, metadata: &Metadata, wish: Wish) -> Result<()> {
        let is_in = self.group.real == metadata.gid || self.groups.contains(&metadata.gid);
        self.check_as(metadata, wish, self.user.real, is_in)
    }

    fn check_as(&self, metadata: &Metadata, wish: Wish, uid: u32, is_in_group: bool) -> Result<()> {
        if uid == 0 {
            // Root may do all but execute what nobody may.
            let is_refused = wish.0 & 1 != 0 && metadata.kind == Kind::File && metadata.mode & 0o111 == 0;
            return if is_refused { Err(Errno::EACCES) } else { Ok(()) };
        }
        let shift = match (uid == metadata.uid, is_in_group) {
            (true, _) => 6,
            (false, true) => 3,
            (false, false) => 0,
        };
        if metadata.mode >> shift & wish.0 == wish.0 { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// Refuses changes of a node that only its owner may make.
    pub(crate) fn check_owner(&self, metadata: &Metadata) -> Result<()> {
        let is_owner = self.user.file_system == 0 || self.user.file_system == metadata.uid;
        if is_owner { Ok(()) } else { Err(Errno::EPERM) }
    }
}
