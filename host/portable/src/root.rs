//! A preopen as the guest's root directory: [`at_root`].
//!
//! The root is then the preopen itself, written through. What else is mounted needs directories to be mounted on, such as
//! /proc, and those are not made in the user's directory: a [`Union`] shows them beside what is there.

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use vfs::node::{Change, Entry, File, FileSystemInfo, Kind, Metadata, New, Open, Rename};
use vfs::{Errno, Mount, Mounts, Node, NodeRef, Result, Walk};

/// The same mounts as `mounts`, with `root` in the place of the root, whose directories are now mount points.
pub(crate) fn at_root(root: &NodeRef, mounts: &Mounts) -> Result<Mounts> {
    let points = mounts.root().node().clone();
    let has_tmp = root.lookup(b"tmp").is_ok();
    let rooted = Mounts::new(Mount::new(Arc::new(Union { files: root.clone(), points }), "host"));
    for mount in mounts.list().into_iter().skip(1) {
        // The user's own /tmp is not hidden behind a private one.
        if has_tmp && mount.path == b"/tmp" && mount.kind == "tmpfs" {
            continue;
        }
        let node = Walk::new(mounts).resolve(&mount.path)?.node().clone();
        let again = Mount { root: node, is_read_only: false, source: mount.source, kind: mount.kind };
        rooted.mount(&mount.path, again)?;
    }
    Ok(rooted)
}

/// A directory of the user's, in which mount points are seen that it does not have. All that changes, changes there.
struct Union {
    files: NodeRef,
    points: NodeRef,
}

impl Union {
    /// Refuses a name that only a mount point has.
    fn check_free(&self, name: &[u8]) -> Result<()> {
        if self.files.lookup(name).is_err() && self.points.lookup(name).is_ok() { Err(Errno::EBUSY) } else { Ok(()) }
    }
}

impl Node for Union {
    fn metadata(&self) -> Result<Metadata> {
        self.files.metadata()
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        self.files.set_metadata(change)
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        self.files.open(how)
    }

    fn kind(&self) -> Result<Kind> {
        Ok(Kind::Directory)
    }

    /// That of the user's directory: whoever renames or links asks whether both ends are in one preopen.
    fn as_any(&self) -> &dyn Any {
        self.files.as_any()
    }

    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        match (self.files.lookup(name), self.points.lookup(name)) {
            (Ok(files), Ok(points)) if files.kind()?.is_directory() && points.kind()?.is_directory() => {
                Ok(Arc::new(Union { files, points }))
            }
            (Err(Errno::ENOENT), Ok(point)) => Ok(point),
            (found, _) => found,
        }
    }

    fn create(&self, name: &[u8], new: &New<'_>) -> Result<NodeRef> {
        if self.points.lookup(name).is_ok() { Err(Errno::EEXIST) } else { self.files.create(name, new) }
    }

    fn link(&self, name: &[u8], node: &NodeRef) -> Result<()> {
        if self.points.lookup(name).is_ok() { Err(Errno::EEXIST) } else { self.files.link(name, node) }
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        self.check_free(name)?;
        self.files.unlink(name)
    }

    fn rmdir(&self, name: &[u8]) -> Result<()> {
        self.check_free(name)?;
        self.files.rmdir(name)
    }

    fn rename(&self, from: &[u8], to_dir: &NodeRef, to: &[u8], how: Rename) -> Result<()> {
        self.check_free(from)?;
        self.files.rename(from, to_dir, to, how)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let mut entries = self.files.entries()?;
        let names: BTreeSet<Vec<u8>> = entries.iter().map(|entry| entry.name.clone()).collect();
        entries.extend(self.points.entries()?.into_iter().filter(|point| !names.contains(&point.name)));
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn file_system(&self) -> FileSystemInfo {
        self.files.file_system()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vfs::MemFs;
    use vfs::node::{Clock, Make, TimeNs};

    #[test]
    fn mount_points_are_seen_and_not_made() {
        let clock: Clock = Arc::new(|| TimeNs(0));
        let memory = || MemFs::new(clock.clone()).root();
        let new = |what| New { what, mode: 0o755, uid: 0, gid: 0 };
        let (users, other) = (memory(), memory());
        users.create(b"bin", &new(Make::Directory)).unwrap();
        users.create(b"tmp", &new(Make::Directory)).unwrap();
        other.create(b"inside", &new(Make::File)).unwrap();
        let mounts = Mounts::new(Mount::new(memory(), "tmpfs"));
        for path in [&b"/tmp"[..], b"/bin/deep", b"/data"] {
            mounts.mount_making(path, Mount::new(other.clone(), "tmpfs")).unwrap();
        }
        let rooted = at_root(&users, &mounts).unwrap();
        let find = |path: &[u8]| Walk::new(&rooted).resolve(path);
        assert!(find(b"/data/inside").is_ok() && find(b"/bin/deep/inside").is_ok());
        assert_eq!(find(b"/tmp/inside").err(), Some(Errno::ENOENT));
        let names = |node: &NodeRef| node.entries().unwrap().into_iter().map(|entry| entry.name).collect::<Vec<_>>();
        let root = rooted.root().node();
        assert_eq!(names(root), [&b"bin"[..], b"data", b"tmp"]);
        assert_eq!(names(&users), [&b"bin"[..], b"tmp"]);
        assert_eq!((root.rmdir(b"data"), root.rmdir(b"tmp")), (Err(Errno::EBUSY), Ok(())));
        assert_eq!(root.create(b"data", &new(Make::File)).err(), Some(Errno::EEXIST));
    }
}
