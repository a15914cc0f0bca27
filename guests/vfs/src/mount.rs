//! What a namespace can name: [`Mounts`], the tree of mounted file systems, and [`Place`], a node with the way to it.
//!
//! A place holds its parent, so `..` and absolute paths need nothing from a file system, and a mount is left the way it
//! was entered. Whoever holds a place may use it.

use crate::errno::Errno;
use crate::node::{Kind, Make, New, Node, NodeRef, Result};
use crate::readonly::read_only;
use crate::walk::{Reached, Walk};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};
use spin::RwLock;

/// A node and the way to it from the root: what a working directory or a directory descriptor holds.
#[derive(Clone)]
pub struct Place(Arc<Step>);

struct Step {
    node: NodeRef,
    /// None at the root, and of what has no name.
    parent: Option<Place>,
    name: Box<[u8]>,
    mount: MountId,
}

/// Identity of a mount in its namespace, as in /proc/self/mountinfo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MountId(pub u32);

impl MountId {
    /// Of what is mounted nowhere.
    pub const NONE: MountId = MountId(0);
}

impl Place {
    /// A node that no path leads to, such as a pipe. Its `..` is itself.
    #[must_use]
    pub fn detached(node: NodeRef) -> Place {
        Place(Arc::new(Step { node, parent: None, name: Box::default(), mount: MountId::NONE }))
    }

    /// `node`, found under `name` in this directory, without looking for a mount on it.
    #[must_use]
    pub fn child(&self, name: &[u8], node: NodeRef) -> Place {
        let step = Step { node, parent: Some(self.clone()), name: name.into(), mount: self.0.mount };
        Place(Arc::new(step))
    }

    /// The places on the way to it, from the root, which is the first, to itself; none of what has no name.
    #[must_use]
    pub fn way(&self) -> Option<Vec<&Place>> {
        let mut way = Vec::from([self]);
        while let Some(parent) = way.last().and_then(|place| place.parent()) {
            way.push(parent);
        }
        way.reverse();
        (way[0].mount() != MountId::NONE).then_some(way)
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> &NodeRef {
        &self.0.node
    }

    /// The directory it was found in; none at the root and of detached places.
    #[must_use]
    pub fn parent(&self) -> Option<&Place> {
        self.0.parent.as_ref()
    }

    /// The name it was found under; empty at the root and of detached places.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.0.name
    }

    /// The mount it is in.
    #[must_use]
    pub fn mount(&self) -> MountId {
        self.0.mount
    }

    /// Whether both are the same node in the same mount.
    #[must_use]
    pub fn is_same(&self, other: &Place) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        self.0.mount == other.0.mount && is_same_node(&self.0.node, &other.0.node)
    }

    /// The absolute path below `root`, or `None` if it does not lie there. Names of moved directories are looked up again.
    #[must_use]
    pub fn path(&self, root: &Place) -> Option<Vec<u8>> {
        let mut names: Vec<Box<[u8]>> = Vec::new();
        let mut at = self;
        while !at.is_same(root) {
            let parent = at.parent()?;
            names.push(at.present_name(parent)?);
            at = parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        Some(path)
    }

    /// The name it has now in the directory it was found in.
    fn present_name(&self, parent: &Place) -> Option<Box<[u8]>> {
        if self.0.mount != parent.0.mount {
            return Some(self.0.name.clone());
        }
        let is_it = |name: &[u8]| parent.0.node.lookup(name).is_ok_and(|node| is_same_node(&node, &self.0.node));
        if is_it(&self.0.name) {
            return Some(self.0.name.clone());
        }
        let entries = parent.0.node.entries().ok()?;
        let inode = self.0.node.metadata().ok()?.inode;
        entries.into_iter().find(|entry| entry.inode == inode && is_it(&entry.name)).map(|entry| entry.name.into())
    }
}

/// Takes the way back apart in a loop: a guest chooses its length, so recursion could exhaust the host's stack.
impl Drop for Step {
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(Place(step)) = parent {
            parent = Arc::into_inner(step).and_then(|mut step| step.parent.take());
        }
    }
}

/// Whether both are one node, by pointer or by device and inode number.
fn is_same_node(one: &NodeRef, other: &NodeRef) -> bool {
    if Arc::ptr_eq(one, other) {
        return true;
    }
    match (one.metadata(), other.metadata()) {
        (Ok(one), Ok(other)) => one.device == other.device && one.inode == other.inode,
        _ => false,
    }
}

/// What to mount, and how /proc/self/mounts shall show it.
pub struct Mount {
    /// The root of what is mounted; a directory, or a file to be mounted on a file.
    pub root: NodeRef,
    /// Every write is refused with EROFS.
    pub is_read_only: bool,
    /// First column: where it comes from, such as `tmpfs`.
    pub source: String,
    /// Third column: the kind of file system.
    pub kind: String,
}

impl Mount {
    /// A writable mount.
    #[must_use]
    pub fn new(root: NodeRef, kind: &str) -> Mount {
        Mount { root, is_read_only: false, source: kind.into(), kind: kind.into() }
    }

    /// The same, read-only.
    #[must_use]
    pub fn read_only(self) -> Mount {
        Mount { is_read_only: true, ..self }
    }
}

/// A mount as it is told (/proc/self/mountinfo).
#[derive(Clone, Debug)]
pub struct MountInfo {
    /// Its identity.
    pub id: MountId,
    /// The mount it is mounted in; its own for the root.
    pub parent: MountId,
    /// Where, as a path from the namespace's root.
    pub path: Vec<u8>,
    /// Where it comes from.
    pub source: String,
    /// The kind of file system.
    pub kind: String,
    /// Whether every write is refused.
    pub is_read_only: bool,
    /// Device number.
    pub device: u64,
}

/// The mount table of a namespace.
pub struct Mounts {
    table: RwLock<Vec<Arc<Mounted>>>,
    root: Place,
    next: AtomicU32,
}

struct Mounted {
    /// What it covers; none for the root.
    over: Option<Place>,
    root: NodeRef,
    info: MountInfo,
}

impl Mounts {
    /// A table with nothing but a root.
    #[must_use]
    pub fn new(root: Mount) -> Mounts {
        let id = MountId(1);
        let mounted = Arc::new(Mounted::new(root, None, id, id, b"/".to_vec()));
        let root = Place(Arc::new(Step { node: mounted.root.clone(), parent: None, name: Box::default(), mount: id }));
        Mounts { table: RwLock::new(alloc::vec![mounted]), root, next: AtomicU32::new(2) }
    }

    /// The root of the namespace.
    #[must_use]
    pub fn root(&self) -> &Place {
        &self.root
    }

    /// Mounts at an absolute path, on top of what is there. A directory goes on a directory, anything else on a file.
    pub fn mount(&self, path: &[u8], mount: Mount) -> Result<()> {
        let over = Walk::new(self).resolve(path)?;
        self.mount_over(&over, mount)
    }

    /// As [`Mounts::mount`], making the directories on the way and the mount point itself where they are missing.
    pub fn mount_making(&self, path: &[u8], mount: Mount) -> Result<()> {
        let is_directory = mount.root.kind()?.is_directory();
        let ends = path.iter().enumerate().filter(|&(at, &byte)| byte == b'/' && at > 0).map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            let is_last = end == path.len();
            if let Reached::Missing { directory, name, .. } = Walk::new(self).find(&path[..end])? {
                let what = if is_last && !is_directory { Make::File } else { Make::Directory };
                directory.node().create(&name, &New { what, mode: 0o755, uid: 0, gid: 0 })?;
            }
        }
        self.mount(path, mount)
    }

    /// Mounts on top of a place; `EINVAL` on the root of the namespace or where no path leads.
    pub fn mount_over(&self, over: &Place, mount: Mount) -> Result<()> {
        if over.node().kind()?.is_directory() != mount.root.kind()?.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        if over.parent().is_none() {
            return Err(Errno::EINVAL);
        }
        let path = over.path(&self.root).ok_or(Errno::EINVAL)?;
        let id = MountId(self.next.fetch_add(1, Ordering::Relaxed));
        let mounted = Mounted::new(mount, Some(over.clone()), id, over.mount(), path);
        self.table.write().push(Arc::new(mounted));
        Ok(())
    }

    /// Takes away the topmost mount whose root `place` is; `EBUSY` if others are mounted in it, `EINVAL` if there is none.
    pub fn unmount(&self, place: &Place) -> Result<()> {
        let mut table = self.table.write();
        if table.iter().any(|mounted| mounted.info.parent == place.mount() && mounted.info.id != place.mount()) {
            return Err(Errno::EBUSY);
        }
        let at = table.iter().position(|mounted| mounted.info.id == place.mount() && mounted.over.is_some());
        let at = at.filter(|_| place.parent().is_none_or(|parent| parent.mount() != place.mount()));
        table.remove(at.ok_or(Errno::EINVAL)?);
        Ok(())
    }

    /// Puts all mounts again where they are mounted, by their paths: after the file systems they are mounted in were given
    /// other nodes.
    pub fn reattach(&self) -> Result<()> {
        let before = core::mem::take(&mut *self.table.write());
        let mut mounts = before.into_iter();
        self.table.write().extend(mounts.next());
        for mounted in mounts {
            let over = Walk::new(self).resolve(&mounted.info.path)?;
            let Mounted { root, info, .. } = &*mounted;
            let info = MountInfo { parent: over.mount(), ..info.clone() };
            self.table.write().push(Arc::new(Mounted { over: Some(over), root: root.clone(), info }));
        }
        Ok(())
    }

    /// The root of a mount, as it was given to be mounted.
    #[must_use]
    pub fn mounted(&self, id: MountId) -> Option<NodeRef> {
        self.table.read().iter().find(|mounted| mounted.info.id == id).map(|mounted| mounted.root.clone())
    }

    /// What is mounted on `place`, or `place` itself.
    pub fn cover(&self, mut place: Place) -> Place {
        while let Some(mounted) = self.covering(&place) {
            let (parent, name) = (place.0.parent.clone(), place.0.name.clone());
            place = Place(Arc::new(Step { node: mounted.root.clone(), parent, name, mount: mounted.info.id }));
        }
        place
    }

    fn covering(&self, place: &Place) -> Option<Arc<Mounted>> {
        // Names are compared first, so that hardly any component of a path costs more than that.
        let is_candidate = |mounted: &&Arc<Mounted>| {
            mounted.over.as_ref().is_some_and(|over| over.name() == place.name() && over.mount() == place.mount())
        };
        let candidates: Vec<_> = self.table.read().iter().rev().filter(is_candidate).cloned().collect();
        candidates.into_iter().find(|mounted| mounted.over.as_ref().is_some_and(|over| over.is_same(place)))
    }

    /// Whether something is mounted on the node of that name in `directory`: it can be neither removed nor renamed.
    #[must_use]
    pub fn is_mount_point(&self, directory: &Place, name: &[u8]) -> bool {
        let has_candidate = self.table.read().iter().any(|mounted| {
            mounted.over.as_ref().is_some_and(|over| over.name() == name && over.mount() == directory.mount())
        });
        has_candidate
            && directory.node().lookup(name).is_ok_and(|node| self.covering(&directory.child(name, node)).is_some())
    }

    /// All mounts, in the order they were made.
    #[must_use]
    pub fn list(&self) -> Vec<MountInfo> {
        self.table.read().iter().map(|mounted| mounted.info.clone()).collect()
    }
}

impl Mounted {
    fn new(mount: Mount, over: Option<Place>, id: MountId, parent: MountId, path: Vec<u8>) -> Mounted {
        let Mount { root, is_read_only, source, kind } = mount;
        let device = root.metadata().map_or(0, |metadata| metadata.device);
        let root = if is_read_only { read_only(root) } else { root };
        Mounted { over, root, info: MountInfo { id, parent, path, source, kind, is_read_only, device } }
    }
}

/// Whether a node is a directory; what cannot be asked is none.
pub(crate) fn is_directory(node: &dyn Node) -> bool {
    node.kind().is_ok_and(Kind::is_directory)
}
