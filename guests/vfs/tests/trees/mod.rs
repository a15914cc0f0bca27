//! Random trees, random steps, and trees as text, for the tests that compare trees.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use strata_vfs::node::{At, Change, Clock, Kind, Make, New, Open, Rename, SetXattr, TimeNs};
use strata_vfs::{File, MemFs, Node, NodeRef, Result};

const NAMES: [&[u8]; 5] = [b"a", b"b", b"c", b"d", b"e"];
pub(crate) const BOTH: Open = Open { read: true, write: true, append: false, nonblocking: true };

/// A small generator of numbers (xorshift).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

pub(crate) fn clock() -> Clock {
    let now = AtomicI64::new(0);
    Arc::new(move || TimeNs(now.fetch_add(1, Ordering::Relaxed)))
}

pub(crate) fn new(what: Make<'_>) -> New<'_> {
    New { what, mode: 0o755, uid: 7, gid: 8 }
}

/// A path of up to three names.
pub(crate) type Path = Vec<&'static [u8]>;

fn path(dice: &mut Dice) -> (Path, &'static [u8]) {
    let directories = (0..dice.below(3)).map(|_| NAMES[dice.below(3) as usize]).collect();
    (directories, NAMES[dice.below(5) as usize])
}

fn reach(root: &NodeRef, path: &[&[u8]]) -> Result<NodeRef> {
    path.iter().try_fold(root.clone(), |node, name| node.lookup(name))
}

/// One operation, drawn once and done twice.
#[derive(Debug)]
pub(crate) enum Step {
    Create((Path, &'static [u8]), u64),
    Write((Path, &'static [u8]), u64, usize, u8),
    Resize((Path, &'static [u8]), u64),
    Chmod((Path, &'static [u8]), u32),
    Remove((Path, &'static [u8]), bool),
    Rename((Path, &'static [u8]), (Path, &'static [u8]), Rename),
    Link((Path, &'static [u8]), (Path, &'static [u8])),
    Keep((Path, &'static [u8])),
    WriteKept(usize, u64, usize, u8),
    ReadKept(usize, u64, usize),
    Attribute((Path, &'static [u8]), usize, Option<SetXattr>),
    Punch((Path, &'static [u8]), u64, u64),
    Unnamed((Path, &'static [u8])),
}

pub(crate) fn draw(dice: &mut Dice) -> Step {
    let (offset, count) = (dice.below(20_000), dice.below(9_000) as usize);
    let how = [Rename::Replace, Rename::Replace, Rename::NoReplace, Rename::Exchange][dice.below(4) as usize];
    match dice.below(23) {
        0..4 => Step::Create(path(dice), dice.below(4)),
        4..7 => Step::Write(path(dice), offset, count, dice.below(256) as u8),
        7 => Step::Resize(path(dice), offset),
        8 => Step::Chmod(path(dice), dice.below(0o10000) as u32),
        9..11 => Step::Remove(path(dice), dice.below(2) == 0),
        11..15 => Step::Rename(path(dice), path(dice), how),
        15..17 => Step::Link(path(dice), path(dice)),
        17 => Step::Keep(path(dice)),
        20 => {
            let how = [None, Some(SetXattr::Put), Some(SetXattr::Create), Some(SetXattr::Replace)];
            Step::Attribute(path(dice), dice.below(3) as usize, how[dice.below(4) as usize])
        }
        21 => Step::Punch(path(dice), offset, count as u64),
        22 => Step::Unnamed(path(dice)),
        18 => Step::WriteKept(dice.below(4) as usize, offset, count, dice.below(256) as u8),
        _ => Step::ReadKept(dice.below(4) as usize, offset, count),
    }
}

/// A tree with a few files held open.
pub(crate) struct World {
    pub(crate) root: NodeRef,
    pub(crate) kept: Vec<Box<dyn File>>,
}

impl World {
    /// Does a step and tells all that can be seen of it.
    pub(crate) fn run(&mut self, step: &Step) -> Result<Vec<u8>> {
        let at = |(directories, name): &(Path, &'static [u8])| reach(&self.root, directories)?.lookup(name);
        let directory = |(directories, _): &(Path, &'static [u8])| reach(&self.root, directories);
        match step {
            Step::Create(path, what) => {
                let what = [Make::File, Make::Directory, Make::Symlink(b"x/y"), Make::Fifo][*what as usize].clone();
                directory(path)?.create(path.1, &new(what))?;
            }
            Step::Write(path, offset, count, byte) => {
                let node = at(path)?;
                if node.kind()? == Kind::File {
                    node.open(BOTH)?.write(At::Offset(*offset), &vec![*byte; *count])?;
                }
            }
            Step::Resize(path, size) => at(path)?.set_metadata(&Change { size: Some(*size), ..Change::default() })?,
            Step::Chmod(path, mode) => at(path)?.set_metadata(&Change { mode: Some(*mode), ..Change::default() })?,
            Step::Remove(path, true) => directory(path)?.rmdir(path.1)?,
            Step::Remove(path, false) => directory(path)?.unlink(path.1)?,
            Step::Rename(from, to, how) => directory(from)?.rename(from.1, &directory(to)?, to.1, *how)?,
            Step::Link(from, to) => directory(to)?.link(to.1, &at(from)?)?,
            Step::Keep(path) => {
                let node = at(path)?;
                if node.kind()? == Kind::File {
                    let file = node.open(BOTH)?;
                    self.kept.insert(0, file);
                    self.kept.truncate(4);
                }
            }
            Step::WriteKept(which, offset, count, byte) => {
                if let Some(file) = self.kept.get(*which) {
                    file.write(if offset % 3 == 0 { At::End } else { At::Offset(*offset) }, &vec![*byte; *count])?;
                }
            }
            Step::Attribute(path, which, how) => {
                let name = NAMES[*which];
                match how {
                    Some(how) => at(path)?.set_xattr(name, &vec![7; which * 100], *how)?,
                    None => at(path)?.remove_xattr(name)?,
                }
            }
            Step::Punch(path, offset, count) => {
                let node = at(path)?;
                if node.kind()? == Kind::File {
                    node.open(BOTH)?.punch_hole(*offset, *count)?;
                }
            }
            Step::Unnamed(path) => {
                let node = directory(path)?.create_unnamed(&new(Make::File), true)?;
                node.open(BOTH)?.write(At::Offset(0), b"unnamed")?;
                directory(path)?.link(path.1, &node)?;
            }
            Step::ReadKept(which, offset, count) => {
                let mut bytes = vec![0; *count];
                let file = self.kept.get(*which);
                let count = file.map_or(Ok(0), |file| file.read(At::Offset(*offset), &mut bytes))?;
                return Ok(bytes[..count].to_vec());
            }
        }
        Ok(Vec::new())
    }
}

pub(crate) fn read_all(node: &dyn Node) -> Vec<u8> {
    let file = node.open(Open { read: true, ..Open::default() }).unwrap();
    let (mut all, mut piece) = (Vec::new(), vec![0; 7000]);
    loop {
        match file.read(At::Offset(all.len() as u64), &mut piece).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&piece[..count]),
        }
    }
}

/// A tree as text: path, kind, mode, links, and what is in it. Inode numbers go apart.
fn describe(node: &NodeRef, path: &str, into: &mut BTreeMap<String, String>) {
    let metadata = node.metadata().unwrap();
    let contents = match metadata.kind {
        Kind::File => format!("{:x?}", read_all(&**node)),
        Kind::Symlink => format!("{:?}", node.readlink()),
        _ => String::new(),
    };
    let size = if metadata.kind == Kind::Directory { 0 } else { metadata.size };
    let (kind, mode, links, uid) = (metadata.kind, metadata.mode, metadata.links, metadata.uid);
    let attribute = |name: Vec<u8>| (node.xattr(&name).unwrap().len(), name);
    let attributes: Vec<_> = node.xattrs().unwrap().into_iter().map(attribute).collect();
    into.insert(
        path.into(),
        format!("{kind:?} {mode:o} links={links} uid={uid} size={size} {attributes:?} {contents}"),
    );
    if metadata.kind == Kind::Directory {
        for entry in node.entries().unwrap() {
            let child = node.lookup(&entry.name).unwrap();
            let found = child.metadata().unwrap();
            assert_eq!((found.inode, found.kind), (entry.inode, entry.kind), "listed and found in {path}");
            describe(&child, &format!("{path}/{}", String::from_utf8_lossy(&entry.name)), into);
        }
    }
}

pub(crate) fn tree(root: &NodeRef) -> BTreeMap<String, String> {
    let mut tree = BTreeMap::new();
    describe(root, "", &mut tree);
    tree
}

/// The same random tree each time it is called with the same seed.
pub(crate) fn populate(seed: u64) -> NodeRef {
    let mut world = World { root: MemFs::new(clock()).root(), kept: Vec::new() };
    let mut dice = Dice(seed);
    for _ in 0..60 {
        let _ = world.run(&draw(&mut dice));
    }
    world.root
}
