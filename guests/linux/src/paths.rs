//! From a path and a directory descriptor to a place, with the permissions of who asks.

use crate::access::Wish;
use crate::flags::{AtFlags, DirFd, Fd};
use crate::thread::Thread;
use alloc::vec::Vec;
use vfs::mount::Place;
use vfs::walk::{Last, Limits, Named, Reached, Walk};
use vfs::{Errno, Result};

/// A name in a directory that is to be made, removed or moved.
pub(crate) struct Entry {
    pub(crate) directory: Place,
    pub(crate) name: Vec<u8>,
    /// A slash follows.
    pub(crate) is_directory: bool,
}

impl Thread {
    /// Where relative paths begin.
    fn start_of(&self, directory: DirFd, path: &[u8]) -> Result<Place> {
        if path.first() == Some(&b'/') || directory == DirFd::CURRENT {
            return Ok(self.whereabouts.lock().directory.clone());
        }
        let description = self.description(Fd(directory.0))?;
        if description.is_directory() { Ok(description.place().clone()) } else { Err(Errno::ENOTDIR) }
    }

    fn walk<T>(&self, directory: DirFd, path: &[u8], limits: Limits, go: impl Fn(&Walk<'_>) -> Result<T>) -> Result<T> {
        let start = self.start_of(directory, path)?;
        let root = self.whereabouts.lock().root.clone();
        let walk = Walk::from(&self.kernel.mounts, &root, &start).within(limits);
        if self.credentials.user.file_system == 0 {
            return go(&walk);
        }
        let search = |place: &Place| self.credentials.check(&place.node().metadata()?, Wish::SEARCH);
        go(&walk.searching(&search))
    }

    /// The place a path leads to.
    pub(crate) fn resolve(&self, directory: DirFd, path: &[u8], flags: AtFlags) -> Result<Place> {
        if path.is_empty() && flags.allows_empty() {
            return self.at(directory);
        }
        let limits = Limits { keep_last_link: flags.keeps_link(), ..Limits::default() };
        self.walk(directory, path, limits, |walk| walk.resolve(path))
    }

    /// The place a path leads to, or where it could be made.
    pub(crate) fn find(&self, directory: DirFd, path: &[u8], limits: Limits) -> Result<Reached> {
        self.walk(directory, path, limits, |walk| walk.find(path))
    }

    /// The place a descriptor leads to.
    fn at(&self, directory: DirFd) -> Result<Place> {
        if directory == DirFd::CURRENT {
            return Ok(self.whereabouts.lock().directory.clone());
        }
        Ok(self.description(Fd(directory.0))?.place().clone())
    }

    /// The directory and name of a path whose last component is to be changed. `dots` is the error for a path that ends
    /// in `.`, `..` or `/`.
    pub(crate) fn entry(&self, directory: DirFd, path: &[u8], dots: Errno) -> Result<Entry> {
        let Named { directory, last, is_directory } =
            self.walk(directory, path, Limits::default(), |walk| walk.parent(path))?;
        match last {
            Last::Name(name) => Ok(Entry { directory, name, is_directory }),
            Last::Dot | Last::DotDot | Last::Root => Err(dots),
        }
    }

    /// Refuses to change a directory's names.
    pub(crate) fn check_directory(&self, directory: &Place) -> Result<()> {
        if self.credentials.user.file_system == 0 {
            return Ok(());
        }
        self.credentials.check(&directory.node().metadata()?, Wish(3))
    }

    /// Refuses to take a name away: as above, and of a sticky directory unless it or the file is one's own.
    pub(crate) fn check_removal(&self, entry: &Entry) -> Result<()> {
        self.check_directory(&entry.directory)?;
        let user = self.credentials.user.file_system;
        let directory = entry.directory.node().metadata()?;
        if user == 0 || directory.mode & 0o1000 == 0 || directory.uid == user {
            return Ok(());
        }
        let owner = entry.directory.node().lookup(&entry.name)?.metadata()?.uid;
        if owner == user { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// The absolute path of a place, as /proc and getcwd(2) tell it.
    pub(crate) fn path_of(&self, place: &Place) -> Option<Vec<u8>> {
        place.path(&self.whereabouts.lock().root)
    }
}
