//! A file system in memory as data: [`Saver`] makes a [`SavedFs`] of it, [`SavedFs::restore`] fills an empty one with that.
//!
//! What shows a node beneath is told by the path of that: the tree beneath is not part of the data, and must be the same
//! where it is restored.

use super::attributes::Attributes;
use super::contents::{BYTES_MAX, Contents, Page};
use super::names::{Slot, check_name};
use super::{Below, Body, MemFs, MemNode, PAGE_BYTES, Shared, Up};
use crate::errno::Errno;
use crate::node::{Clock, Entry, Kind, Metadata, NodeRef};
use crate::numbered::Numbered;
use crate::pipe::Pipe;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use spin::{Mutex, RwLock};

/// A file system in memory.
#[derive(Serialize, Deserialize)]
pub struct SavedFs {
    nodes: Vec<SavedNode>,
    next_inode: u64,
}

#[derive(Serialize, Deserialize)]
struct SavedNode {
    inode: u64,
    kind: Kind,
    up: SavedUp,
    /// Where the node beneath is, if there is one: a path without a slash in front.
    below: Option<ByteBuf>,
    metadata: Option<Metadata>,
    attributes: Option<Vec<(ByteBuf, ByteBuf)>>,
    body: SavedBody,
}

/// How it hangs in its tree, other nodes by number.
#[derive(Clone, Serialize, Deserialize)]
enum SavedUp {
    Root,
    Borrowed(u32, ByteBuf),
    Owned(u32),
    Unnamed,
    Detached,
}

#[derive(Serialize, Deserialize)]
enum SavedBody {
    File(Option<SavedContents>),
    Directory { names: Vec<(ByteBuf, Option<u32>)>, is_removed: bool, pinned: Vec<u32> },
    Symlink(ByteBuf),
    Other,
}

#[derive(Serialize, Deserialize)]
struct SavedContents {
    size: u64,
    below: u64,
    pages: Vec<(u64, ByteBuf)>,
}

/// Makes data of a file system.
pub struct Saver {
    fs: Arc<Shared>,
    nodes: Numbered<MemNode>,
    /// Where the nodes beneath are, by device and inode; looked for once something was renamed.
    beneath: Option<BTreeMap<(u64, u64), Vec<u8>>>,
}

impl Saver {
    /// Of the file system that a node is in, if it is one in memory. All that its root leads to is saved.
    #[must_use]
    pub fn of(node: &NodeRef) -> Option<Saver> {
        let fs = node.as_any().downcast_ref::<MemNode>()?.fs.clone();
        let mut saver = Saver { fs, nodes: Numbered::default(), beneath: None };
        if let Some(root) = saver.fs.root.get().and_then(Weak::upgrade) {
            saver.nodes.number(&root);
        }
        Some(saver)
    }

    /// The number of a node, which is saved with whatever it needs; none if it is in another file system.
    pub fn number(&mut self, node: &NodeRef) -> Option<u32> {
        let node = node.as_any().downcast_ref::<MemNode>().filter(|node| Arc::ptr_eq(&node.fs, &self.fs))?;
        Some(self.nodes.number(&node.shared().ok()?))
    }

    /// All of it.
    pub fn finish(mut self) -> Result<SavedFs, Errno> {
        let mut nodes = Vec::new();
        while let Some(node) = self.nodes.get(nodes.len()) {
            let saved = self.save(&node)?;
            nodes.push(saved);
        }
        Ok(SavedFs { nodes, next_inode: self.fs.new_inode() })
    }

    fn save(&mut self, node: &Arc<MemNode>) -> Result<SavedNode, Errno> {
        let up = match &*node.up.lock() {
            Up::Root => SavedUp::Root,
            Up::Borrowed { parent, name } => SavedUp::Borrowed(self.nodes.number(parent), ByteBuf::from(name.to_vec())),
            Up::Owned(parent) => match parent.upgrade() {
                Some(parent) => SavedUp::Owned(self.nodes.number(&parent)),
                None => SavedUp::Detached,
            },
            Up::Unnamed => SavedUp::Unnamed,
            Up::Detached => SavedUp::Detached,
        };
        let is_borrowed = matches!(up, SavedUp::Borrowed(..));
        let below = match &node.below {
            Some(below) if !is_borrowed => Some(ByteBuf::from(self.beneath(below)?)),
            _ => None,
        };
        let body = match &node.body {
            Body::File(contents) => SavedBody::File(contents.read().as_ref().map(save_contents)),
            Body::Directory(names) => {
                let names = names.read();
                let slots = names.slots().map(|(name, slot)| {
                    let of = if let Slot::Node(node) = slot { Some(self.nodes.number(node)) } else { None };
                    (ByteBuf::from(name), of)
                });
                let slots = slots.collect();
                let pinned = names.pinned().map(|node| self.nodes.number(node)).collect();
                SavedBody::Directory { names: slots, is_removed: names.is_removed(), pinned }
            }
            Body::Symlink(target) => SavedBody::Symlink(ByteBuf::from(target.to_vec())),
            Body::Fifo(_) | Body::Other => SavedBody::Other,
        };
        let attributes = node.attributes.lock();
        let owned = |bytes: &[u8]| ByteBuf::from(bytes);
        let attributes = attributes.as_ref().map(|all| all.iter().map(|(name, value)| (owned(name), owned(value))));
        let attributes = attributes.map(Iterator::collect);
        let metadata = node.metadata.lock().clone();
        Ok(SavedNode { inode: node.inode, kind: node.kind, up, below, metadata, attributes, body })
    }

    /// Where a node beneath is.
    fn beneath(&mut self, below: &Below) -> Result<Vec<u8>, Errno> {
        if self.beneath.is_none() {
            let root = self.fs.root.get().and_then(Weak::upgrade).ok_or(Errno::ESTALE)?;
            let root = root.below.as_ref().ok_or(Errno::ESTALE)?;
            self.beneath = Some(paths(&root.node)?);
        }
        let metadata = below.node.metadata()?;
        let paths = self.beneath.as_ref().ok_or(Errno::ESTALE)?;
        paths.get(&(metadata.device, metadata.inode)).cloned().ok_or(Errno::ESTALE)
    }
}

/// The paths of a tree, by device and inode.
fn paths(root: &NodeRef) -> Result<BTreeMap<(u64, u64), Vec<u8>>, Errno> {
    let mut paths = BTreeMap::new();
    let mut left = Vec::from([(Vec::new(), root.clone())]);
    while let Some((path, directory)) = left.pop() {
        let metadata = directory.metadata()?;
        if paths.insert((metadata.device, metadata.inode), path.clone()).is_some() {
            continue;
        }
        for Entry { name, inode, kind } in directory.entries()? {
            let path = if path.is_empty() { name.clone() } else { [&path[..], &name].join(&b'/') };
            if kind.is_directory() {
                // What may not be entered could not be changed.
                left.extend(directory.lookup(&name).ok().map(|node| (path, node)));
            } else {
                paths.entry((metadata.device, inode)).or_insert(path);
            }
        }
    }
    Ok(paths)
}

fn save_contents(contents: &Contents) -> SavedContents {
    let pages = contents.pages().map(|(number, page)| (number, ByteBuf::from(page.to_vec()))).collect();
    SavedContents { size: contents.size(), below: contents.below(), pages }
}

/// Why a file system could not be restored.
#[derive(Debug, PartialEq, Eq)]
pub enum Unrestored {
    /// The tree beneath does not have this path, or something else there.
    Missing(Vec<u8>),
    /// The data contradict themselves.
    Malformed,
    /// There is no room, or the tree beneath cannot be read.
    Errno(Errno),
}

impl From<Errno> for Unrestored {
    fn from(errno: Errno) -> Unrestored {
        Unrestored::Errno(errno)
    }
}

impl SavedFs {
    /// Fills an empty file system, whose root is given, and gives all nodes by number.
    pub fn restore(self, root: &NodeRef) -> Result<Vec<NodeRef>, Unrestored> {
        let root = root.as_any().downcast_ref::<MemNode>().ok_or(Unrestored::Malformed)?.shared()?;
        if !matches!(self.nodes.first(), Some(SavedNode { up: SavedUp::Root, .. })) {
            return Err(Unrestored::Malformed);
        }
        self.fill(&root, Some(root.clone()))
    }

    /// Restores files whose file system has no root any more, as of memfd_create(2).
    pub fn restore_loose(self, clock: Clock) -> Result<Vec<NodeRef>, Unrestored> {
        let settings = MemFs::new(clock);
        let fs = Arc::new(Shared::new(&settings, 1));
        let place = MemNode::root(&fs, &settings);
        self.fill(&place, None)
    }

    fn fill(self, place: &Arc<MemNode>, root: Option<Arc<MemNode>>) -> Result<Vec<NodeRef>, Unrestored> {
        let fs = &place.fs;
        let mut nodes: Vec<Option<Arc<MemNode>>> = Vec::new();
        for (number, saved) in self.nodes.iter().enumerate() {
            nodes.push(match (&saved.up, &root) {
                (SavedUp::Root, Some(root)) if number == 0 => Some(root.clone()),
                (SavedUp::Root, _) => return Err(Unrestored::Malformed),
                (SavedUp::Borrowed(..), _) => None,
                _ => Some(saved.make(place)?),
            });
        }
        self.check_tree()?;
        fs.start_inodes(self.next_inode);
        let _changes = fs.changes.lock();
        for (saved, node) in self.nodes.iter().zip(&nodes) {
            let Some(node) = node else { continue };
            saved.hang(node, &nodes)?;
            saved.fill(node, &nodes)?;
        }
        drop(_changes);
        self.borrow(&mut nodes)?;
        nodes.into_iter().map(|node| node.map(|node| node as NodeRef).ok_or(Unrestored::Malformed)).collect()
    }

    /// No directory is in itself, or in two places.
    fn check_tree(&self) -> Result<(), Unrestored> {
        let mut parents = alloc::vec![None; self.nodes.len()];
        for (number, saved) in self.nodes.iter().enumerate() {
            let SavedBody::Directory { names, .. } = &saved.body else { continue };
            for child in names.iter().filter_map(|(_, child)| *child) {
                let child = child as usize;
                let is_directory = self.nodes.get(child).ok_or(Unrestored::Malformed)?.kind.is_directory();
                if is_directory && (parents[child].replace(number).is_some() || child == 0) {
                    return Err(Unrestored::Malformed);
                }
            }
        }
        // Each is looked at once: what leads to what was found good is good.
        let mut good = alloc::vec![false; self.nodes.len()];
        for start in 0..self.nodes.len() {
            let (mut at, mut way) = (start, Vec::new());
            while !good[at] {
                if way.len() > self.nodes.len() {
                    return Err(Unrestored::Malformed);
                }
                way.push(at);
                match parents[at] {
                    Some(parent) => at = parent,
                    None => break,
                }
            }
            way.into_iter().for_each(|at| good[at] = true);
        }
        Ok(())
    }

    /// Finds those that show what is beneath, unchanged.
    fn borrow(&self, nodes: &mut [Option<Arc<MemNode>>]) -> Result<(), Unrestored> {
        loop {
            let mut has_found = false;
            for (number, saved) in self.nodes.iter().enumerate() {
                let (SavedUp::Borrowed(parent, name), None) = (&saved.up, &nodes[number]) else { continue };
                let Some(parent) = nodes.get(*parent as usize).cloned().flatten() else { continue };
                let found = parent.child(name).ok().flatten().ok_or_else(|| Unrestored::Missing(name.to_vec()))?;
                nodes[number] = Some(found);
                has_found = true;
            }
            if !has_found {
                return Ok(());
            }
        }
    }
}

impl SavedNode {
    /// A node that hangs nowhere and has nothing in it.
    fn make(&self, place: &Arc<MemNode>) -> Result<Arc<MemNode>, Unrestored> {
        let fs = &place.fs;
        let below = self.below.as_ref().map(|path| find_below(place, path, self.kind)).transpose()?;
        if below.is_none() {
            fs.take_file()?;
        }
        let body = match (&self.body, self.kind) {
            (SavedBody::File(_), Kind::File) => Body::File(RwLock::new(None)),
            (SavedBody::Directory { .. }, Kind::Directory) => Body::Directory(RwLock::default()),
            (SavedBody::Symlink(target), Kind::Symlink) => Body::Symlink(target.as_slice().into()),
            (SavedBody::Other, Kind::Fifo) => Body::Fifo(Pipe::new()),
            (SavedBody::Other, Kind::File | Kind::Directory) => return Err(Unrestored::Malformed),
            (SavedBody::Other, _) => Body::Other,
            _ => return Err(Unrestored::Malformed),
        };
        let id = below.as_ref().map(|(below, metadata)| (below.device, metadata.inode));
        let node = Arc::new_cyclic(|me| MemNode {
            me: me.clone(),
            fs: fs.clone(),
            inode: self.inode,
            kind: self.kind,
            below: below.map(|(below, _)| below),
            metadata: Mutex::new(None),
            attributes: Mutex::default(),
            up: Mutex::new(Up::Detached),
            body,
        });
        if let Some(id) = id {
            fs.adopted.lock().insert(id, &node);
        }
        Ok(node)
    }

    /// Hangs it where it was.
    fn hang(&self, node: &Arc<MemNode>, nodes: &[Option<Arc<MemNode>>]) -> Result<(), Unrestored> {
        let up = match &self.up {
            SavedUp::Root | SavedUp::Borrowed(..) => return Ok(()),
            SavedUp::Owned(parent) => Up::Owned(Arc::downgrade(find(nodes, *parent)?)),
            SavedUp::Unnamed => Up::Unnamed,
            SavedUp::Detached => Up::Detached,
        };
        *node.up.lock() = up;
        Ok(())
    }

    /// Gives it what it had.
    fn fill(&self, node: &Arc<MemNode>, nodes: &[Option<Arc<MemNode>>]) -> Result<(), Unrestored> {
        let fs = &node.fs;
        *node.metadata.lock() = match &self.metadata {
            Some(metadata) if metadata.kind == self.kind => {
                Some(Metadata { device: fs.device, inode: self.inode, ..metadata.clone() })
            }
            None if node.below.is_some() => None,
            _ => return Err(Unrestored::Malformed),
        };
        if let Some(saved) = &self.attributes {
            let values = saved.iter().map(|(name, value)| (name.as_slice().into(), value.as_slice().into()));
            *node.attributes.lock() = Some(Attributes::restored(values.collect(), fs)?);
        }
        match (&self.body, &node.body) {
            (SavedBody::File(Some(saved)), Body::File(contents)) => *contents.write() = Some(saved.restore(fs)?),
            (SavedBody::Directory { names: saved, is_removed, pinned }, Body::Directory(names)) => {
                let mut names = names.write();
                names.clear(*is_removed);
                for (name, child) in saved {
                    check_name(name)?;
                    match child {
                        Some(child) => names.put(name, find(nodes, *child)?),
                        None => names.remove(name, true),
                    }
                }
                for node in pinned {
                    names.pin(find(nodes, *node)?);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn find(nodes: &[Option<Arc<MemNode>>], number: u32) -> Result<&Arc<MemNode>, Unrestored> {
    nodes.get(number as usize).and_then(Option::as_ref).ok_or(Unrestored::Malformed)
}

/// The node of that kind at a path of the tree beneath.
fn find_below(place: &Arc<MemNode>, path: &[u8], kind: Kind) -> Result<(Below, Metadata), Unrestored> {
    let missing = |_| Unrestored::Missing(path.to_vec());
    let mut node = place.below.as_ref().ok_or(Unrestored::Malformed)?.node.clone();
    for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
        node = node.lookup(name).map_err(missing)?;
    }
    let metadata = node.metadata().map_err(missing)?;
    if metadata.kind != kind {
        return Err(Unrestored::Missing(path.to_vec()));
    }
    let is_shared = metadata.links > 1 && !metadata.kind.is_directory();
    Ok((Below { node, device: metadata.device, is_shared }, metadata))
}

impl SavedContents {
    fn restore(&self, fs: &Shared) -> Result<Contents, Unrestored> {
        if self.size > BYTES_MAX || self.below > self.size {
            return Err(Unrestored::Malformed);
        }
        let mut pages: BTreeMap<u64, Box<Page>> = BTreeMap::new();
        for (number, bytes) in &self.pages {
            let page: &Page = bytes.as_slice().try_into().map_err(|_| Unrestored::Malformed)?;
            if *number >= self.size.div_ceil(PAGE_BYTES as u64) || pages.insert(*number, Box::new(*page)).is_some() {
                return Err(Unrestored::Malformed);
            }
        }
        Ok(Contents::restored(self.size, self.below, pages, fs)?)
    }
}
