//! Path resolution, and nothing else: [`Walk`] turns a path into a [`Place`] (path_resolution(7)).
//!
//! `..` follows the places that were walked, so that nothing leads above the root. Whether the guest's user may search a
//! directory is asked of whoever starts the walk.

use crate::errno::Errno;
use crate::mount::{Mounts, Place, is_directory};
use crate::node::{Kind, Result};
use crate::procfs::MagicLink;
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::ops::Range;

/// Longest path, with its closing NUL.
pub const PATH_BYTES_MAX: usize = 4096;
/// Longest name.
pub const NAME_BYTES_MAX: usize = 255;
/// Symbolic links that one walk follows.
pub const LINKS_MAX: usize = 40;

/// Says whether a directory may be searched.
pub type Search<'a> = &'a dyn Fn(&Place) -> Result<()>;

/// How to walk: where from, and which turns not to take.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    mounts: &'a Mounts,
    root: &'a Place,
    start: &'a Place,
    search: Option<Search<'a>>,
    limits: Limits,
}

/// Turns not to take (openat2(2), RESOLVE_…; O_NOFOLLOW).
#[derive(Clone, Copy, Default, Debug)]
pub struct Limits {
    /// A symbolic link at the end is what was asked for.
    pub keep_last_link: bool,
    /// The last component must be a directory.
    pub directory: bool,
    /// No symbolic link at all.
    pub no_links: bool,
    /// No link that leads to a node rather than to a path.
    pub no_magic_links: bool,
    /// Not above the start, nor to the root.
    pub beneath: bool,
    /// The start is the root.
    pub in_root: bool,
    /// Not into another mount.
    pub one_mount: bool,
}

/// Where a walk ended.
pub enum Reached {
    /// At something that exists.
    Found(Place),
    /// All but the last component exist: what could be made there.
    Missing {
        /// Where it would be.
        directory: Place,
        /// Its name.
        name: Vec<u8>,
        /// A slash follows, so it would have to be a directory.
        is_directory: bool,
    },
}

/// A directory and what is named in it, for calls that change the name (unlink(2), rename(2), …).
pub struct Named {
    /// The directory.
    pub directory: Place,
    /// What the path ends with.
    pub last: Last,
    /// A slash follows, so it must be a directory.
    pub is_directory: bool,
}

/// The last component of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Last {
    /// A name.
    Name(Vec<u8>),
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// There is none: the path is `/`.
    Root,
}

impl<'a> Walk<'a> {
    /// A walk that begins at the root of `mounts`.
    #[must_use]
    pub fn new(mounts: &'a Mounts) -> Walk<'a> {
        Walk::from(mounts, mounts.root(), mounts.root())
    }

    /// A walk whose relative paths begin at `start` and whose absolute ones begin at `root`.
    #[must_use]
    pub fn from(mounts: &'a Mounts, root: &'a Place, start: &'a Place) -> Walk<'a> {
        Walk { mounts, root, start, search: None, limits: Limits::default() }
    }

    /// Asks before each directory that is searched.
    #[must_use]
    pub fn searching(self, search: Search<'a>) -> Walk<'a> {
        Walk { search: Some(search), ..self }
    }

    /// Keeps within limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Walk<'a> {
        let root = if limits.in_root { self.start } else { self.root };
        Walk { limits, root, ..self }
    }

    /// A symbolic link at the end is what was asked for (O_NOFOLLOW, lstat).
    #[must_use]
    pub fn keeping_last_link(self) -> Walk<'a> {
        self.within(Limits { keep_last_link: true, ..self.limits })
    }

    /// The place that the path leads to, or `ENOENT`.
    pub fn resolve(&self, path: &[u8]) -> Result<Place> {
        match self.find(path)? {
            Reached::Found(place) => Ok(place),
            Reached::Missing { .. } => Err(Errno::ENOENT),
        }
    }

    /// The place that the path leads to, or where it could be made.
    pub fn find(&self, path: &[u8]) -> Result<Reached> {
        let mut steps = Steps::new(self, path)?;
        while let Some(component) = steps.next() {
            let is_last = steps.is_at_end();
            let ends_in_slash = is_last && steps.ends_in_slash();
            match &steps.path[component.clone()] {
                b"." => steps.search()?,
                b".." => steps.up()?,
                _ => {
                    let keep_link = is_last && self.limits.keep_last_link && !ends_in_slash;
                    if !steps.down(component.clone(), keep_link)? {
                        if !is_last {
                            return Err(Errno::ENOENT);
                        }
                        let name = steps.path[component].to_vec();
                        return Ok(Reached::Missing { directory: steps.at, name, is_directory: ends_in_slash });
                    }
                }
            }
        }
        if (steps.ends_in_slash() || self.limits.directory) && !is_directory(&**steps.at.node()) {
            return Err(Errno::ENOTDIR);
        }
        Ok(Reached::Found(steps.at))
    }

    /// The directory that the last component of the path is named in; that component is not looked at.
    pub fn parent(&self, path: &[u8]) -> Result<Named> {
        check_path(path)?;
        let is_directory = path.last() == Some(&b'/');
        let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |at| at + 1);
        let begin = path[..end].iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
        let last = match &path[begin..end] {
            b"" => Last::Root,
            b"." => Last::Dot,
            b".." => Last::DotDot,
            name if name.len() > NAME_BYTES_MAX => return Err(Errno::ENAMETOOLONG),
            name => Last::Name(name.to_vec()),
        };
        let limits = Limits { keep_last_link: false, directory: true, ..self.limits };
        let directory = match &path[..begin] {
            b"" if last == Last::Root => self.root.clone(),
            b"" => self.start.clone(),
            before => self.within(limits).resolve(before)?,
        };
        if !self::is_directory(&**directory.node()) {
            return Err(Errno::ENOTDIR);
        }
        if let Some(search) = self.search {
            search(&directory)?;
        }
        Ok(Named { directory, last, is_directory })
    }
}

/// Refuses what cannot be a path.
fn check_path(path: &[u8]) -> Result<()> {
    match path.len() {
        0 => Err(Errno::ENOENT),
        PATH_BYTES_MAX.. => Err(Errno::ENAMETOOLONG),
        _ if path.contains(&0) => Err(Errno::EINVAL),
        _ => Ok(()),
    }
}

/// A walk under way.
struct Steps<'a> {
    walk: &'a Walk<'a>,
    /// The path, with the links met so far put in.
    path: Cow<'a, [u8]>,
    /// How much of it is done.
    done: usize,
    at: Place,
    links: usize,
}

impl<'a> Steps<'a> {
    fn new(walk: &'a Walk<'a>, path: &'a [u8]) -> Result<Steps<'a>> {
        check_path(path)?;
        let mut steps = Steps { walk, path: Cow::Borrowed(path), done: 0, at: walk.start.clone(), links: 0 };
        if path[0] == b'/' {
            steps.restart()?;
        }
        Ok(steps)
    }

    /// The next component that is not empty.
    fn next(&mut self) -> Option<Range<usize>> {
        let rest = &self.path[self.done..];
        let begin = rest.iter().position(|&byte| byte != b'/')?;
        let length = rest[begin..].iter().position(|&byte| byte == b'/').unwrap_or(rest.len() - begin);
        let begin = self.done + begin;
        self.done = begin + length;
        Some(begin..begin + length)
    }

    /// Whether no component follows.
    fn is_at_end(&self) -> bool {
        self.path[self.done..].iter().all(|&byte| byte == b'/')
    }

    fn ends_in_slash(&self) -> bool {
        self.path.last() == Some(&b'/')
    }

    fn restart(&mut self) -> Result<()> {
        if self.walk.limits.beneath {
            return Err(Errno::EXDEV);
        }
        self.enter(self.walk.root.clone())
    }

    fn enter(&mut self, place: Place) -> Result<()> {
        if self.walk.limits.one_mount && place.mount() != self.walk.start.mount() {
            return Err(Errno::EXDEV);
        }
        self.at = place;
        Ok(())
    }

    /// Makes sure that names may be looked up here.
    fn search(&self) -> Result<()> {
        if !is_directory(&**self.at.node()) {
            return Err(Errno::ENOTDIR);
        }
        self.walk.search.map_or(Ok(()), |search| search(&self.at))
    }

    fn up(&mut self) -> Result<()> {
        self.search()?;
        let limits = &self.walk.limits;
        if limits.beneath && self.at.is_same(self.walk.start) {
            return Err(Errno::EXDEV);
        }
        match self.at.parent().filter(|_| !self.at.is_same(self.walk.root)).cloned() {
            Some(parent) => self.enter(parent),
            None => Ok(()),
        }
    }

    /// Goes to the name that lies there in the path; false if there is none.
    fn down(&mut self, name: Range<usize>, keep_link: bool) -> Result<bool> {
        let name = &self.path[name];
        if name.len() > NAME_BYTES_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        self.search()?;
        let node = match self.at.node().lookup(name) {
            Err(Errno::ENOENT) => return Ok(false),
            result => result?,
        };
        let place = self.walk.mounts.cover(self.at.child(name, node));
        if keep_link || place.node().kind()? != Kind::Symlink {
            self.enter(place)?;
        } else {
            self.follow(&place)?;
        }
        Ok(true)
    }

    fn follow(&mut self, link: &Place) -> Result<()> {
        let limits = &self.walk.limits;
        self.links += 1;
        if self.links > LINKS_MAX || limits.no_links {
            return Err(Errno::ELOOP);
        }
        let node = link.node();
        let magic = match node.as_any().downcast_ref::<MagicLink>() {
            Some(link) => Some(link.place()?),
            None => node.follow().map(Place::detached),
        };
        if let Some(place) = magic {
            return match (limits.no_magic_links, limits.beneath || limits.in_root) {
                (true, _) => Err(Errno::ELOOP),
                (false, true) => Err(Errno::EXDEV),
                (false, false) => self.enter(place),
            };
        }
        let mut path = node.readlink()?;
        if path.is_empty() || path.len() >= PATH_BYTES_MAX {
            return Err(if path.is_empty() { Errno::ENOENT } else { Errno::ENAMETOOLONG });
        }
        let is_absolute = path[0] == b'/';
        path.extend_from_slice(&self.path[self.done..]);
        self.path = Cow::Owned(path);
        self.done = 0;
        if is_absolute { self.restart() } else { Ok(()) }
    }
}
