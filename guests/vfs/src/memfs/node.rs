//! A node in memory: [`MemNode`], its metadata, and how one with another beneath it becomes its own.

use super::attributes::Attributes;
use super::contents::Contents;
use super::file::MemFile;
use super::names::Names;
use super::{MemFs, PAGE_BYTES, Shared};
use crate::errno::Errno;
use crate::node::{
    Change, Entry, File, FileSystemInfo, Kind, Make, Metadata, New, Node, NodeRef, Open, OpenDirectory, Rename, Result,
    SetXattr, TimeNs,
};
use crate::pipe::Pipe;
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::any::Any;
use core::mem;
use spin::{Mutex, RwLock};

/// Access times are refreshed after a day even without a write (`relatime`, mount(8)).
const ACCESS_STALE_NS: i64 = 86_400_000_000_000;

/// A file, directory, link or device in memory.
pub(crate) struct MemNode {
    pub(crate) me: Weak<MemNode>,
    pub(crate) fs: Arc<Shared>,
    pub(crate) inode: u64,
    pub(crate) kind: Kind,
    /// What shows through until it is changed.
    pub(crate) below: Option<Below>,
    /// None as long as it is what the node beneath says.
    pub(crate) metadata: Mutex<Option<Metadata>>,
    /// None as long as they are those beneath.
    pub(crate) attributes: Mutex<Option<Attributes>>,
    pub(crate) up: Mutex<Up>,
    pub(crate) body: Body,
}

/// The node beneath.
pub(crate) struct Below {
    pub(crate) node: NodeRef,
    pub(crate) device: u64,
    /// Several names beneath lead to it, so its changes must be found by all of them.
    pub(crate) is_shared: bool,
}

/// How a node hangs in its tree.
pub(crate) enum Up {
    /// It is the root.
    Root,
    /// It is unchanged and its directory does not hold it, so that it holds its directory.
    Borrowed { parent: Arc<MemNode>, name: Box<[u8]> },
    /// Its directory holds it.
    Owned(Weak<MemNode>),
    /// It never had a name, and may be given one.
    Unnamed,
    /// It has lost its name.
    Detached,
}

/// What the kinds have apart from metadata.
pub(crate) enum Body {
    /// Bytes; none as long as they are those beneath.
    File(RwLock<Option<Contents>>),
    Directory(RwLock<Names>),
    Symlink(Box<[u8]>),
    Fifo(Arc<Pipe>),
    /// Devices, sockets, and links that are as beneath.
    Other,
}

impl MemNode {
    /// The root of an empty file system.
    pub(crate) fn root(fs: &Arc<Shared>, settings: &MemFs) -> Arc<MemNode> {
        // A limit that leaves no room for the root itself leaves none for anything.
        let _ = fs.take_file();
        let new = New { what: Make::Directory, mode: settings.mode, uid: settings.uid, gid: settings.gid };
        let root = MemNode::new(fs, &new, Up::Root);
        fs.root.call_once(|| Arc::downgrade(&root));
        root
    }

    /// A new node without anything beneath. The caller has counted it.
    pub(crate) fn new(fs: &Arc<Shared>, new: &New<'_>, up: Up) -> Arc<MemNode> {
        let (kind, body) = match new.what {
            Make::File => (Kind::File, Body::File(RwLock::new(Some(Contents::over(0))))),
            Make::Directory => (Kind::Directory, Body::Directory(RwLock::default())),
            Make::Symlink(target) => (Kind::Symlink, Body::Symlink(target.into())),
            Make::Fifo => (Kind::Fifo, Body::Fifo(Pipe::new())),
            Make::Socket => (Kind::Socket, Body::Other),
            Make::CharDevice(major, minor) => (Kind::CharDevice(major, minor), Body::Other),
            Make::BlockDevice(major, minor) => (Kind::BlockDevice(major, minor), Body::Other),
        };
        let (now, inode) = (fs.now(), fs.new_inode());
        let metadata = Metadata {
            kind,
            mode: if kind == Kind::Symlink { 0o777 } else { new.mode & 0o7777 },
            device: fs.device,
            inode,
            links: if kind.is_directory() { 2 } else { 1 },
            uid: new.uid,
            gid: new.gid,
            size: if let Make::Symlink(target) = new.what { target.len() as u64 } else { 0 },
            blocks: 0,
            accessed: now,
            modified: now,
            changed: now,
        };
        Arc::new_cyclic(|me| MemNode {
            me: me.clone(),
            fs: fs.clone(),
            inode,
            kind,
            below: None,
            metadata: Mutex::new(Some(metadata)),
            attributes: Mutex::default(),
            up: Mutex::new(up),
            body,
        })
    }

    /// Itself, shared. Whoever calls a method holds it, so it is there.
    pub(crate) fn shared(&self) -> Result<Arc<MemNode>> {
        self.me.upgrade().ok_or(Errno::ESTALE)
    }

    pub(crate) fn contents(&self) -> Result<&RwLock<Option<Contents>>> {
        let Body::File(contents) = &self.body else { return Err(Errno::EINVAL) };
        Ok(contents)
    }

    pub(crate) fn names(&self) -> Result<&RwLock<Names>> {
        let Body::Directory(names) = &self.body else { return Err(Errno::ENOTDIR) };
        Ok(names)
    }

    /// The metadata of the node beneath, as this file system's.
    fn metadata_below(&self) -> Result<Metadata> {
        let below = self.below.as_ref().ok_or(Errno::EIO)?;
        Ok(Metadata { device: self.fs.device, inode: self.inode, ..below.node.metadata()? })
    }

    /// Makes sure that there is metadata of its own to be changed; it stays equal to what is beneath.
    pub(crate) fn load_metadata(&self) -> Result<()> {
        if self.metadata.lock().is_none() {
            let metadata = self.metadata_below()?;
            self.metadata.lock().get_or_insert(metadata);
        }
        Ok(())
    }

    /// Changes metadata that [`MemNode::load_metadata`] has made its own.
    pub(crate) fn edit(&self, edit: impl FnOnce(&mut Metadata)) {
        if let Some(metadata) = self.metadata.lock().as_mut() {
            edit(metadata);
        }
    }

    /// Notes that names in it, or its bytes, have changed.
    pub(crate) fn was_changed(&self, now: TimeNs) {
        self.edit(|metadata| (metadata.modified, metadata.changed) = (now, now));
    }

    pub(crate) fn was_written(&self) {
        self.was_changed(self.fs.now());
    }

    /// Refreshes the access time of what is this file system's own, as `relatime` does.
    pub(crate) fn was_read(&self) {
        let is_stale = |metadata: &Metadata, now: TimeNs| {
            metadata.accessed <= metadata.modified.max(metadata.changed)
                || now.0.saturating_sub(metadata.accessed.0) > ACCESS_STALE_NS
        };
        if self.metadata.lock().is_some() {
            let now = self.fs.now();
            self.edit(|metadata| {
                if is_stale(metadata, now) {
                    metadata.accessed = now;
                }
            });
        }
    }

    /// Makes it this file system's own, with all directories above it, so that changes to it stay.
    pub(crate) fn own(&self) -> Result<()> {
        self.load_metadata()?;
        let mut above = match &*self.up.lock() {
            Up::Borrowed { parent, .. } => Some(parent.clone()),
            _ => None,
        };
        let is_borrowed = above.is_some();
        while let Some(directory) = above {
            directory.load_metadata()?;
            above = match &*directory.up.lock() {
                Up::Borrowed { parent, .. } => Some(parent.clone()),
                _ => None,
            };
        }
        if is_borrowed {
            let mut node = self.shared()?;
            let _changes = self.fs.changes.lock();
            node.pin();
            while let Some(parent) = node.attach() {
                node = parent;
            }
        }
        Ok(())
    }

    /// Hangs a borrowed node into its directory and gives that.
    fn attach(self: &Arc<Self>) -> Option<Arc<MemNode>> {
        let mut up = self.up.lock();
        let (parent, name) = match mem::replace(&mut *up, Up::Detached) {
            Up::Borrowed { parent, name } => (parent, name),
            other => {
                *up = other;
                return None;
            }
        };
        let attached = parent.names().is_ok_and(|names| names.write().adopt(name, self));
        if attached {
            *up = Up::Owned(Arc::downgrade(&parent));
        }
        Some(parent)
    }

    /// Keeps a file that several names beneath lead to for as long as the file system lives.
    pub(crate) fn pin(self: &Arc<Self>) {
        if !self.below.as_ref().is_some_and(|below| below.is_shared) {
            return;
        }
        if let Some(root) = self.fs.root.get().and_then(Weak::upgrade)
            && let Ok(names) = root.names()
        {
            names.write().pin(self);
        }
    }

    /// Lets go of what [`MemNode::pin`] kept.
    pub(crate) fn unpin(&self) {
        if let Some(root) = self.fs.root.get().and_then(Weak::upgrade)
            && let (Ok(names), true) = (root.names(), self.below.is_some())
        {
            names.write().unpin(self);
        }
    }

    /// Gives it bytes of its own, which show those beneath until they are written.
    pub(crate) fn own_contents(&self) -> Result<()> {
        self.own()?;
        let size = self.metadata.lock().as_ref().map_or(0, |metadata| metadata.size);
        self.contents()?.write().get_or_insert_with(|| Contents::over(size));
        Ok(())
    }

    /// Whether its bytes may be others than those beneath.
    pub(crate) fn has_own_contents(&self) -> bool {
        matches!(&self.body, Body::File(contents) if contents.read().is_some())
    }

    fn resize(&self, size: u64) -> Result<()> {
        match self.kind {
            Kind::File => {}
            Kind::Directory => return Err(Errno::EISDIR),
            _ => return Err(Errno::EINVAL),
        }
        self.own_contents()?;
        self.contents()?.write().as_mut().map_or(Err(Errno::EIO), |contents| contents.resize(size, &self.fs))?;
        self.was_written();
        Ok(())
    }

    fn open_file(&self, how: Open) -> Result<Box<dyn File>> {
        if how.write {
            self.own_contents()?;
        }
        let shows_below = self.contents()?.read().as_ref().is_none_or(|contents| contents.below() > 0);
        let below = match &self.below {
            Some(below) if shows_below => Some(below.node.open(Open { read: true, ..Open::default() })?),
            _ => None,
        };
        Ok(Box::new(MemFile { node: self.shared()?, how, below }))
    }
}

impl Node for MemNode {
    fn metadata(&self) -> Result<Metadata> {
        let own = self.metadata.lock().clone();
        let mut metadata = match own {
            Some(metadata) => metadata,
            None => self.metadata_below()?,
        };
        match &self.body {
            Body::File(contents) => {
                if let Some(contents) = contents.read().as_ref() {
                    metadata.size = contents.size();
                    let pages = contents.page_count() as u64 + contents.below().div_ceil(PAGE_BYTES as u64);
                    metadata.blocks = pages * (PAGE_BYTES as u64 / 512);
                }
            }
            Body::Directory(names) if self.below.is_none() => metadata.size = names.read().bytes(),
            _ => {}
        }
        Ok(metadata)
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        if let Some(size) = change.size {
            self.resize(size)?;
        }
        self.own()?;
        let now = self.fs.now();
        self.edit(|metadata| {
            change.apply(metadata);
            metadata.changed = now;
        });
        Ok(())
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        match (&self.body, self.kind) {
            (Body::File(_), _) => self.open_file(how),
            (Body::Directory(_), _) if how.write => Err(Errno::EISDIR),
            (Body::Directory(_), _) => Ok(Box::new(OpenDirectory)),
            (Body::Fifo(pipe), _) => pipe.open(how),
            (_, Kind::Symlink) => Err(Errno::ELOOP),
            (_, Kind::CharDevice(..) | Kind::BlockDevice(..)) => match &self.below {
                Some(below) => below.node.open(how),
                None => Err(Errno::ENXIO),
            },
            _ => Err(Errno::ENXIO),
        }
    }

    fn kind(&self) -> Result<Kind> {
        Ok(self.kind)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        let child = self.child(name)?.ok_or(Errno::ENOENT)?;
        Ok(child)
    }

    fn create(&self, name: &[u8], new: &New<'_>) -> Result<NodeRef> {
        Ok(self.create_child(name, new)?)
    }

    fn link(&self, name: &[u8], node: &NodeRef) -> Result<()> {
        self.link_child(name, &self.sibling(node)?)
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        self.remove_child(name, false)
    }

    fn rmdir(&self, name: &[u8]) -> Result<()> {
        self.remove_child(name, true)
    }

    fn rename(&self, from: &[u8], to_dir: &NodeRef, to: &[u8], how: Rename) -> Result<()> {
        self.rename_child(from, &self.sibling(to_dir)?, to, how)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        self.list()
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        match (&self.body, &self.below) {
            (Body::Symlink(target), _) => Ok(target.to_vec()),
            (Body::Other, Some(below)) if self.kind == Kind::Symlink => below.node.readlink(),
            _ => Err(Errno::EINVAL),
        }
    }

    fn xattr(&self, name: &[u8]) -> Result<Vec<u8>> {
        self.attribute(name)
    }

    fn xattrs(&self) -> Result<Vec<Vec<u8>>> {
        self.attribute_names()
    }

    fn set_xattr(&self, name: &[u8], value: &[u8], how: SetXattr) -> Result<()> {
        self.set_attribute(name, value, how)
    }

    fn remove_xattr(&self, name: &[u8]) -> Result<()> {
        self.remove_attribute(name)
    }

    fn create_unnamed(&self, new: &New<'_>, may_be_named: bool) -> Result<NodeRef> {
        Ok(self.unnamed_child(new, may_be_named)?)
    }

    fn file_system(&self) -> FileSystemInfo {
        self.fs.info()
    }
}

impl MemNode {
    /// `node` as one of this file system, or `EXDEV`.
    fn sibling(&self, node: &NodeRef) -> Result<Arc<MemNode>> {
        let node = node.as_any().downcast_ref::<MemNode>().filter(|node| Arc::ptr_eq(&node.fs, &self.fs));
        node.ok_or(Errno::EXDEV)?.shared()
    }
}

/// Takes a tree apart in a loop: a guest chooses its depth, so recursion could exhaust the host's stack.
impl Drop for MemNode {
    fn drop(&mut self) {
        let mut held = self.let_go();
        while let Some(node) = held.pop() {
            if let Some(mut last) = Arc::into_inner(node) {
                held.extend(last.let_go());
            }
        }
        if let Body::File(contents) = &mut self.body
            && let Some(contents) = contents.get_mut()
        {
            self.fs.give_pages(contents.page_count());
        }
        self.fs.give_pages(self.attributes.get_mut().as_ref().map_or(0, Attributes::page_count));
        if self.below.is_none() {
            self.fs.give_file();
        }
    }
}

impl MemNode {
    /// All nodes that it keeps alive.
    fn let_go(&mut self) -> Vec<Arc<MemNode>> {
        let mut held = match &mut self.body {
            Body::Directory(names) => names.get_mut().take(),
            _ => Vec::new(),
        };
        if let Up::Borrowed { parent, .. } = mem::replace(self.up.get_mut(), Up::Detached) {
            held.push(parent);
        }
        held
    }
}
