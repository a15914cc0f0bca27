//! The only file seam there is: [`Node`] is a file, directory or device that exists; [`File`] is one that is open.
//!
//! A node is an inode held by `Arc`: an open directory stays itself when it is renamed, an unlinked file lives until its
//! last holder lets go. Every implementation (memory, overlay, dev, proc, a host directory) is behind these two traits,
//! and whoever holds a node may use it: authority is held, not checked. Permission bits of the guest's users are
//! checked by the personality, never here.

use crate::errno::Errno;
use crate::terminal::Terminal;
use crate::watch::Watcher;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::sync::atomic::{AtomicU32, Ordering};
use serde::{Deserialize, Serialize};

/// What a file operation gives, or why not.
pub type Result<T> = core::result::Result<T, Errno>;

/// A node, shared.
pub type NodeRef = Arc<dyn Node>;

/// What a node is (inode(7), `S_IFMT`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device: major, minor.
    CharDevice(u32, u32),
    /// A block device: major, minor.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
    /// A socket's name.
    Socket,
    /// A descriptor without a file, such as eventfd(2)'s: no kind at all to stat(2).
    Anonymous,
}

/// A point in time: nanoseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct TimeNs(pub i64);

/// Tells the time of day. It is handed in, so that a file system has no clock of its own.
pub type Clock = Arc<dyn Fn() -> TimeNs + Send + Sync>;

/// What stat(2) tells of a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metadata {
    /// What it is.
    pub kind: Kind,
    /// Permission bits with set-uid, set-gid and sticky: 0 to 0o7777.
    pub mode: u32,
    /// Identity of the file system it is in.
    pub device: u64,
    /// Identity in that file system.
    pub inode: u64,
    /// Hard links.
    pub links: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Length in bytes; of a symbolic link, its target's.
    pub size: u64,
    /// Space taken, in units of 512 bytes.
    pub blocks: u64,
    /// Last read.
    pub accessed: TimeNs,
    /// Last write.
    pub modified: TimeNs,
    /// Last change of the node itself.
    pub changed: TimeNs,
}

/// A change of a node's metadata: what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// Permission bits.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Length in bytes: shortens, or lengthens with zeros.
    pub size: Option<u64>,
    /// Last read.
    pub accessed: Option<TimeNs>,
    /// Last write.
    pub modified: Option<TimeNs>,
}

impl Change {
    /// Writes what is named, apart from the length, into `metadata`.
    pub fn apply(&self, metadata: &mut Metadata) {
        metadata.mode = self.mode.map_or(metadata.mode, |mode| mode & 0o7777);
        metadata.uid = self.uid.unwrap_or(metadata.uid);
        metadata.gid = self.gid.unwrap_or(metadata.gid);
        metadata.accessed = self.accessed.unwrap_or(metadata.accessed);
        metadata.modified = self.modified.unwrap_or(metadata.modified);
    }
}

/// The device number of nodes that have no file system of their own, such as pipes.
pub const PIPE_DEVICE: u64 = 1;

/// A device number that no other file system of this process has.
///
/// It is identity, not authority: all it lets one do is tell two file systems apart.
#[must_use]
pub fn new_device() -> u64 {
    static NEXT: AtomicU32 = AtomicU32::new(2);
    u64::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What to make in a directory, with its owner and mode.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// What it shall be; the symbolic link's target.
    pub what: Make<'a>,
    /// Permission bits, umask applied.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// What [`Node::create`] makes.
#[derive(Clone, Debug)]
pub enum Make<'a> {
    /// An empty file.
    File,
    /// An empty directory.
    Directory,
    /// A symbolic link to this.
    Symlink(&'a [u8]),
    /// A named pipe.
    Fifo,
    /// A socket's name.
    Socket,
    /// A character device: major, minor.
    CharDevice(u32, u32),
    /// A block device: major, minor.
    BlockDevice(u32, u32),
}

/// One name in a directory. `.` and `..` are the personality's business and not listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Without slash or NUL.
    pub name: Vec<u8>,
    /// Its inode number.
    pub inode: u64,
    /// What it is.
    pub kind: Kind,
}

/// How to open a node's contents.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Open {
    /// For reading.
    pub read: bool,
    /// For writing.
    pub write: bool,
    /// Writes go to the end.
    pub append: bool,
    /// Do not wait (fifos, terminals).
    pub nonblocking: bool,
}

/// How a rename treats a target that exists (renameat2(2)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rename {
    /// Replaces it.
    Replace,
    /// Fails with EEXIST.
    NoReplace,
    /// Swaps the two.
    Exchange,
}

/// What setting an extended attribute does with one that exists (setxattr(2)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetXattr {
    /// Replaces it, or makes it.
    Put,
    /// Fails with EEXIST.
    Create,
    /// Fails with ENODATA unless it exists.
    Replace,
}

/// A file, directory, link or device that exists. Names are bytes without slash or NUL, never `.` or `..`.
pub trait Node: Send + Sync {
    /// What stat(2) tells.
    fn metadata(&self) -> Result<Metadata>;
    /// Changes what `change` names.
    fn set_metadata(&self, change: &Change) -> Result<()>;
    /// Opens the contents. A directory opens for reading only.
    fn open(&self, how: Open) -> Result<Box<dyn File>>;
    /// What it is, without the rest of the metadata: cheap, since path resolution asks at every step.
    fn kind(&self) -> Result<Kind> {
        Ok(self.metadata()?.kind)
    }
    /// For telling implementations apart (a rename or link needs both ends in one file system).
    fn as_any(&self) -> &dyn Any;

    /// The node of that name. `ENOTDIR` by default, as for everything below.
    fn lookup(&self, _name: &[u8]) -> Result<NodeRef> {
        Err(Errno::ENOTDIR)
    }
    /// Makes a node; `EEXIST` if the name is taken.
    fn create(&self, _name: &[u8], _new: &New<'_>) -> Result<NodeRef> {
        Err(Errno::ENOTDIR)
    }
    /// Gives `node` another name here; `EXDEV` if it lives elsewhere.
    fn link(&self, _name: &[u8], _node: &NodeRef) -> Result<()> {
        Err(Errno::ENOTDIR)
    }
    /// Takes a name away from what is not a directory.
    fn unlink(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::ENOTDIR)
    }
    /// Removes an empty directory.
    fn rmdir(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::ENOTDIR)
    }
    /// Moves a name from here to `to_dir`; `EXDEV` if that is elsewhere.
    fn rename(&self, _from: &[u8], _to_dir: &NodeRef, _to: &[u8], _how: Rename) -> Result<()> {
        Err(Errno::ENOTDIR)
    }
    /// All names, in an order that stays while nothing changes.
    fn entries(&self) -> Result<Vec<Entry>> {
        Err(Errno::ENOTDIR)
    }
    /// A symbolic link's target. `EINVAL` for everything else.
    fn readlink(&self) -> Result<Vec<u8>> {
        Err(Errno::EINVAL)
    }
    /// A link of /proc that leads to a node rather than to a path (`/proc/self/exe`, `/proc/self/fd/3`).
    fn follow(&self) -> Option<NodeRef> {
        None
    }
    /// Makes a file that has no name; if `may_be_named`, [`Node::link`] can give it one (open(2), O_TMPFILE).
    fn create_unnamed(&self, _new: &New<'_>, _may_be_named: bool) -> Result<NodeRef> {
        Err(Errno::EOPNOTSUPP)
    }
    /// Extended attribute; `ENODATA` if it has none of that name. Who may see or change which is the personality's
    /// business (xattr(7)).
    fn xattr(&self, _name: &[u8]) -> Result<Vec<u8>> {
        Err(Errno::EOPNOTSUPP)
    }
    /// The names of its extended attributes.
    fn xattrs(&self) -> Result<Vec<Vec<u8>>> {
        Ok(Vec::new())
    }
    /// Gives it an extended attribute; `ENOSPC` if there is no room.
    fn set_xattr(&self, _name: &[u8], _value: &[u8], _how: SetXattr) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }
    /// Takes an extended attribute away; `ENODATA` if it has none of that name.
    fn remove_xattr(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }
    /// Space and inodes of the file system (statfs(2)).
    fn file_system(&self) -> FileSystemInfo;
}

/// What statfs(2) tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystemInfo {
    /// Magic number (statfs(2)).
    pub magic: u32,
    /// Bytes a block.
    pub block_bytes: u32,
    /// Blocks in all.
    pub blocks: u64,
    /// Blocks free.
    pub blocks_free: u64,
    /// Nodes in all.
    pub files: u64,
    /// Nodes free.
    pub files_free: u64,
    /// Longest name, in bytes; 0 where nobody said, which means 255.
    pub name_bytes_max: u32,
    /// Whether writes are refused with EROFS.
    pub is_read_only: bool,
}

/// What an open file is ready for (poll(2)).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ready {
    /// A read would not wait.
    pub readable: bool,
    /// A write would not wait.
    pub writable: bool,
    /// The other end has gone.
    pub hangup: bool,
    /// An error is pending.
    pub error: bool,
    /// The other end writes no more: POLLRDHUP.
    pub read_hangup: bool,
    /// There is something urgent to read: POLLPRI.
    pub urgent: bool,
}

/// How often a file became ready again: what edge-triggered epoll(7) compares. Both only ever grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Edges {
    /// Something came to be read, the end included.
    pub readable: u64,
    /// Room came to be written into, or nobody is left to read it.
    pub writable: u64,
}

/// Where a read or write happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// Byte offset in a seekable file.
    Offset(u64),
    /// At the end: O_APPEND. Writes only.
    End,
    /// Wherever a stream stands: pipes, terminals, sockets.
    Stream,
}

/// What the address spaces of a host can map a file's bytes from: whatever that host's files and memory know of each other.
pub type Mappable = Arc<dyn Any + Send + Sync>;

/// A file that is open. The offset of a seekable file is kept by its open file description, not here.
pub trait File: Send + Sync {
    /// Reads into `into`; 0 at the end. `EAGAIN` means it would wait; the caller decides how.
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize>;
    /// Writes from `from`; what was written may be less.
    fn write(&self, at: At, from: &[u8]) -> Result<usize>;
    /// Whether it has an offset: `lseek` gives ESPIPE if not.
    fn is_seekable(&self) -> bool {
        true
    }
    /// What it is ready for now.
    fn ready(&self) -> Ready {
        Ready { readable: true, writable: true, ..Ready::default() }
    }
    /// Has `watcher` told when it may be ready for something that it is not ready for now. What is told by
    /// [`File::host_descriptor`], or is always ready, tells nobody.
    fn watch(&self, _watcher: &Arc<dyn Watcher>) {}
    /// When it will be ready though nothing happens to it, on the monotonic clock: a timer.
    fn due_ns(&self) -> Option<u64> {
        None
    }
    /// How often it became ready again; none of files that do not count, which are then looked at for getting ready.
    fn edges(&self) -> Option<Edges> {
        None
    }
    /// What the personality knows it as, for calls that only such files have (epoll_wait(2), accept(2)).
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
    /// The offset that it shares with others outside, such as a redirected standard stream of the host. If it has one,
    /// read and write with [`At::Stream`], and seek here.
    fn shared_offset(&self) -> Option<&dyn SharedOffset> {
        None
    }
    /// Whether a fifo still waits for its other end: a blocking open(2) returns only once this is false.
    fn is_opening(&self) -> bool {
        false
    }
    /// Sends what was written to its medium.
    fn sync(&self) -> Result<()> {
        Ok(())
    }
    /// Makes a range zeros, and a hole where it can: the length stays (fallocate(2), FALLOC_FL_PUNCH_HOLE).
    fn punch_hole(&self, _offset: u64, _length: u64) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }
    /// Start of the next data (`true`) or hole (`false`) at or after `offset` (lseek SEEK_DATA, SEEK_HOLE).
    fn seek_data(&self, _offset: u64, _data: bool) -> Result<u64> {
        Err(Errno::EINVAL)
    }
    /// The terminal it is, if it is one.
    fn terminal(&self) -> Option<&dyn Terminal> {
        None
    }
    /// Bytes that a read would give at once (FIONREAD), for streams.
    fn pending(&self) -> Result<usize> {
        Err(Errno::ENOTTY)
    }
    /// What an address space of the same host can map bytes of it from, opaque here; none if its bytes must be copied.
    /// The mapped bytes are those that [`File::read`] gives, at the same offsets.
    fn mappable(&self) -> Option<Mappable> {
        None
    }
    /// Whether what is written to a shared mapping of that is written to the file.
    fn is_shareable(&self) -> bool {
        false
    }
    /// A descriptor of the host that becomes readable or writable with it, so that a host can sleep; none if always ready.
    fn host_descriptor(&self) -> Option<i32> {
        None
    }
}

/// A directory that is open: it has no bytes. Its names are its node's business.
pub struct OpenDirectory;

impl dyn File + '_ {
    /// Reads until `into` is full or the file at its end; how much that was.
    pub fn read_full(&self, offset: u64, into: &mut [u8]) -> Result<usize> {
        let mut done = 0;
        while done < into.len() {
            let at = offset.checked_add(done as u64).ok_or(Errno::EINVAL)?;
            match self.read(At::Offset(at), &mut into[done..])? {
                0 => break,
                count => done += count.min(into.len() - done),
            }
        }
        Ok(done)
    }
}

impl File for OpenDirectory {
    fn read(&self, _at: At, _into: &mut [u8]) -> Result<usize> {
        Err(Errno::EISDIR)
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EBADF)
    }
}

/// A file that is nothing but bytes in memory, for reading.
pub struct Bytes(pub Vec<u8>);

impl File for Bytes {
    fn read(&self, at: At, into: &mut [u8]) -> Result<usize> {
        let At::Offset(offset) = at else { return Err(Errno::EINVAL) };
        let from = usize::try_from(offset).map_or(self.0.len(), |offset| offset.min(self.0.len()));
        let count = into.len().min(self.0.len() - from);
        into[..count].copy_from_slice(&self.0[from..from + count]);
        Ok(count)
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EBADF)
    }
}

/// An offset that is not the guest's alone.
pub trait SharedOffset {
    /// Where it stands.
    fn get(&self) -> Result<u64>;
    /// Moves it.
    fn set(&self, offset: u64) -> Result<()>;
}
