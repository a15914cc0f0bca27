//! Files and directories that are made when they are looked at: [`Generator`] builds their nodes.
//!
//! The mechanism of /proc, without its contents: those are the personality's. Nothing here can be created or removed, and
//! only what was given an `accept` can be written.

use crate::errno::Errno;
use crate::mount::Place;
use crate::node::{
    At, Change, Clock, Entry, File, FileSystemInfo, Kind, Metadata, New, Node, NodeRef, Open, OpenDirectory, Rename,
    Result, new_device,
};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::{AtomicU32, Ordering};
use spin::Mutex;

/// File system magic of /proc (statfs(2), `PROC_SUPER_MAGIC`).
pub const PROC_MAGIC: u32 = 0x9fa0;
/// Inode numbers that the generator gives begin here; numbers below are the caller's.
pub const OWN_INODES: u32 = 0xf000_0000;

/// Makes the bytes of a file.
pub type Produce = Box<dyn Fn() -> Result<Vec<u8>> + Send + Sync>;
/// Takes the bytes that were written to a file.
pub type Accept = Box<dyn Fn(&[u8]) -> Result<usize> + Send + Sync>;

/// A directory whose names come and go, such as /proc/self/fd.
pub trait Listing: Send + Sync {
    /// The node of that name, or `ENOENT`.
    fn lookup(&self, name: &[u8]) -> Result<NodeRef>;
    /// All names. An inode number here should be that of the node.
    fn entries(&self) -> Result<Vec<Entry>>;
}

/// Inode number, mode and owner of a generated node.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Inode number; given by the generator if none. Nodes made anew at each lookup want one.
    pub inode: Option<u64>,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

impl Identity {
    /// Root's, with that mode.
    #[must_use]
    pub const fn mode(mode: u32) -> Identity {
        Identity { inode: None, mode, uid: 0, gid: 0 }
    }

    /// Somebody's.
    #[must_use]
    pub const fn owner(self, uid: u32, gid: u32) -> Identity {
        Identity { uid, gid, ..self }
    }

    /// With that inode number.
    #[must_use]
    pub const fn inode(self, inode: u64) -> Identity {
        Identity { inode: Some(inode), ..self }
    }
}

/// Builds the nodes of one generated file system.
pub struct Generator {
    device: u64,
    magic: u32,
    clock: Clock,
    next_inode: AtomicU32,
}

impl Generator {
    /// A generator of nodes with that file system magic.
    #[must_use]
    pub fn new(clock: Clock, magic: u32) -> Generator {
        Generator { device: new_device(), magic, clock, next_inode: AtomicU32::new(OWN_INODES) }
    }

    /// A file whose bytes are made when it is opened, and again when it is read from the start.
    pub fn file(&self, is: Identity, produce: impl Fn() -> Result<Vec<u8>> + Send + Sync + 'static) -> NodeRef {
        self.node(Kind::File, is, Body::File(Arc::new(Produced { produce: Box::new(produce), accept: None })))
    }

    /// A file that can be written, too.
    pub fn control(&self, is: Identity, produce: Produce, accept: Accept) -> NodeRef {
        self.node(Kind::File, is, Body::File(Arc::new(Produced { produce, accept: Some(accept) })))
    }

    /// A symbolic link.
    pub fn link(&self, is: Identity, target: impl Fn() -> Result<Vec<u8>> + Send + Sync + 'static) -> NodeRef {
        self.node(Kind::Symlink, is, Body::Link(Box::new(target)))
    }

    /// A link that leads to a place; `text` is what readlink(2) tells.
    pub fn magic_link(
        &self,
        is: Identity,
        text: impl Fn() -> Result<Vec<u8>> + Send + Sync + 'static,
        place: impl Fn() -> Result<Place> + Send + Sync + 'static,
    ) -> NodeRef {
        let node = self.make(Kind::Symlink, is, Body::Link(Box::new(text)));
        Arc::new(MagicLink { node, place: Box::new(place) })
    }

    /// A directory of names that stay.
    pub fn table(&self, is: Identity, names: Vec<(&str, NodeRef)>) -> NodeRef {
        let names = names.into_iter().map(|(name, node)| (String::from(name), node)).collect();
        self.node(Kind::Directory, is, Body::Directory(Box::new(Table(names))))
    }

    /// A directory of names that come and go.
    pub fn directory(&self, is: Identity, listing: impl Listing + 'static) -> NodeRef {
        self.node(Kind::Directory, is, Body::Directory(Box::new(listing)))
    }

    /// A device, opened by `open`.
    pub fn device(
        &self,
        kind: Kind,
        is: Identity,
        open: impl Fn(Open) -> Result<Box<dyn File>> + Send + Sync + 'static,
    ) -> NodeRef {
        self.node(kind, is, Body::Device(Box::new(open)))
    }

    fn node(&self, kind: Kind, is: Identity, body: Body) -> NodeRef {
        Arc::new(self.make(kind, is, body))
    }

    fn make(&self, kind: Kind, is: Identity, body: Body) -> Generated {
        let now = (self.clock)();
        let next_inode = || u64::from(self.next_inode.fetch_add(1, Ordering::Relaxed));
        let metadata = Metadata {
            kind,
            mode: is.mode & 0o7777,
            device: self.device,
            inode: is.inode.unwrap_or_else(next_inode),
            links: if kind.is_directory() { 2 } else { 1 },
            uid: is.uid,
            gid: is.gid,
            size: 0,
            blocks: 0,
            accessed: now,
            modified: now,
            changed: now,
        };
        Generated { metadata: Mutex::new(metadata), kind, magic: self.magic, body }
    }
}

type OpenDevice = Box<dyn Fn(Open) -> Result<Box<dyn File>> + Send + Sync>;

enum Body {
    File(Arc<Produced>),
    Directory(Box<dyn Listing>),
    Link(Produce),
    Device(OpenDevice),
}

struct Generated {
    metadata: Mutex<Metadata>,
    kind: Kind,
    magic: u32,
    body: Body,
}

struct Table(Vec<(String, NodeRef)>);

impl Listing for Table {
    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        let found = self.0.iter().find(|(own, _)| own.as_bytes() == name);
        found.map(|(_, node)| node.clone()).ok_or(Errno::ENOENT)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let entry = |(name, node): &(String, NodeRef)| {
            let metadata = node.metadata()?;
            Ok(Entry { name: name.as_bytes().to_vec(), inode: metadata.inode, kind: metadata.kind })
        };
        self.0.iter().map(entry).collect()
    }
}

impl Generated {
    fn listing(&self) -> Result<&dyn Listing> {
        if let Body::Directory(listing) = &self.body { Ok(&**listing) } else { Err(Errno::ENOTDIR) }
    }

    fn refuse(&self) -> Result<()> {
        self.listing().and(Err(Errno::EPERM))
    }
}

impl Node for Generated {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.metadata.lock().clone())
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        // Opening with O_TRUNC is how shells write to control files and devices.
        match (change.size, &self.body) {
            (Some(_), Body::Directory(_)) => return Err(Errno::EISDIR),
            (Some(_), Body::File(file)) if file.accept.is_none() => return Err(Errno::EACCES),
            _ => {}
        }
        change.apply(&mut self.metadata.lock());
        Ok(())
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        match &self.body {
            Body::File(file) if how.write && file.accept.is_none() => Err(Errno::EACCES),
            Body::File(file) => Ok(Box::new(OpenProduced { file: file.clone(), how, bytes: Mutex::new(None) })),
            Body::Directory(_) if how.write => Err(Errno::EISDIR),
            Body::Directory(_) => Ok(Box::new(OpenDirectory)),
            Body::Link(_) => Err(Errno::ELOOP),
            Body::Device(open) => open(how),
        }
    }

    fn kind(&self) -> Result<Kind> {
        Ok(self.kind)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        self.listing()?.lookup(name)
    }

    fn create(&self, name: &[u8], _new: &New<'_>) -> Result<NodeRef> {
        match self.listing()?.lookup(name) {
            Ok(_) => Err(Errno::EEXIST),
            Err(_) => Err(Errno::EPERM),
        }
    }

    fn link(&self, _name: &[u8], _node: &NodeRef) -> Result<()> {
        self.refuse()
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        self.listing()?.lookup(name).and(Err(Errno::EPERM))
    }

    fn rmdir(&self, name: &[u8]) -> Result<()> {
        self.listing()?.lookup(name).and(Err(Errno::EPERM))
    }

    fn rename(&self, _from: &[u8], _to_dir: &NodeRef, _to: &[u8], _how: Rename) -> Result<()> {
        self.refuse()
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        self.listing()?.entries()
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        if let Body::Link(target) = &self.body { target() } else { Err(Errno::EINVAL) }
    }

    fn file_system(&self) -> FileSystemInfo {
        FileSystemInfo { magic: self.magic, block_bytes: 4096, name_bytes_max: 255, ..FileSystemInfo::default() }
    }
}

/// A symbolic link that leads to a place rather than to a path, such as /proc/self/cwd.
pub struct MagicLink {
    node: Generated,
    place: Box<dyn Fn() -> Result<Place> + Send + Sync>,
}

impl MagicLink {
    /// Where it leads.
    pub fn place(&self) -> Result<Place> {
        (self.place)()
    }
}

impl Node for MagicLink {
    fn metadata(&self) -> Result<Metadata> {
        self.node.metadata()
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        self.node.set_metadata(change)
    }

    fn open(&self, how: Open) -> Result<Box<dyn File>> {
        self.node.open(how)
    }

    fn kind(&self) -> Result<Kind> {
        Ok(Kind::Symlink)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn readlink(&self) -> Result<Vec<u8>> {
        self.node.readlink()
    }

    fn follow(&self) -> Option<NodeRef> {
        self.place().ok().map(|place| place.node().clone())
    }

    fn file_system(&self) -> FileSystemInfo {
        self.node.file_system()
    }
}

struct Produced {
    produce: Produce,
    accept: Option<Accept>,
}

/// A generated file that is open, with the bytes it had when it was last read from the start.
struct OpenProduced {
    file: Arc<Produced>,
    how: Open,
    bytes: Mutex<Option<Arc<[u8]>>>,
}

impl File for OpenProduced {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        if !self.how.read {
            return Err(Errno::EBADF);
        }
        let At::Offset(offset) = at else { return Err(Errno::EINVAL) };
        let kept = self.bytes.lock().clone();
        let bytes = match kept {
            Some(bytes) if offset > 0 => bytes,
            _ => {
                let bytes: Arc<[u8]> = (self.file.produce)()?.into();
                *self.bytes.lock() = Some(bytes.clone());
                bytes
            }
        };
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or(&[]);
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write(&self, _at: At, from: &[u8]) -> Result<usize> {
        match &self.file.accept {
            Some(accept) if self.how.write => accept(from),
            _ => Err(Errno::EBADF),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::TimeNs;

    const READ: Open = Open { read: true, write: false, append: false, nonblocking: false };

    #[test]
    fn a_file_is_made_anew_when_read_from_the_start() {
        let generator = Generator::new(Arc::new(|| TimeNs(0)), PROC_MAGIC);
        let count = AtomicU32::new(0);
        let produce = move || Ok(alloc::format!("call {}", count.fetch_add(1, Ordering::Relaxed)).into_bytes());
        let node = generator.file(Identity::mode(0o444), produce);
        let file = node.open(READ).unwrap();
        let mut bytes = [0; 6];
        for wanted in [b"call 0", b"call 1"] {
            assert_eq!(file.read(At::Offset(0), &mut bytes), Ok(6));
            assert_eq!(&bytes, wanted);
            assert_eq!(file.read(At::Offset(5), &mut bytes), Ok(1));
            assert_eq!(file.read(At::Offset(u64::MAX), &mut bytes), Ok(0));
        }
        assert!(matches!(node.open(Open { write: true, ..READ }), Err(Errno::EACCES)));
    }

    #[test]
    fn a_table_lists_and_finds_its_names() {
        let generator = Generator::new(Arc::new(|| TimeNs(0)), PROC_MAGIC);
        let link = generator.link(Identity::mode(0o777), || Ok(b"there".to_vec()));
        let table = generator.table(Identity::mode(0o555), alloc::vec![("link", link)]);
        assert_eq!(table.entries().unwrap()[0].inode, table.lookup(b"link").unwrap().metadata().unwrap().inode);
        assert_eq!(table.lookup(b"link").unwrap().readlink(), Ok(b"there".to_vec()));
        assert_eq!(table.unlink(b"link"), Err(Errno::EPERM));
        assert_eq!(table.lookup(b"none").err(), Some(Errno::ENOENT));
    }
}
