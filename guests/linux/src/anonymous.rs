//! Descriptors that no path leads to: the node that they show to fstat(2) and /proc.

use crate::description::Description;
use crate::flags::{Fd, OpenFlags};
use crate::task::Task;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::any::Any;
use core::sync::atomic::{AtomicU32, Ordering};
use spin::Mutex;
use vfs::mount::Place;
use vfs::node::{Change, File, FileSystemInfo, Kind, Metadata, Node, Open, PIPE_DEVICE};
use vfs::{Errno, Result};

/// ANON_INODE_FS_MAGIC (linux/magic.h).
const ANONYMOUS_MAGIC: u32 = 0x0904_1934;
/// SOCKFS_MAGIC.
const SOCKET_MAGIC: u32 = 0x534f_434b;
/// MQUEUE_MAGIC
const QUEUE_MAGIC: u32 = 0x1980_0202;

/// The inode of all descriptors that are nothing but a descriptor; Linux has one for them, too.
const ANONYMOUS_INODE: u64 = (1 << 31) - 1;
/// Inode numbers of sockets begin behind it, in 32 bits for the old stat(2); those of pipes begin at 1.
const SOCKET_INODES: u64 = ANONYMOUS_INODE + 1;

static NEXT_SOCKET: AtomicU32 = AtomicU32::new(0);

/// An inode number that no other socket has. It is identity, not authority.
pub(crate) fn new_socket_inode() -> u64 {
    SOCKET_INODES + u64::from(NEXT_SOCKET.fetch_add(1, Ordering::Relaxed))
}

/// A node that can be looked at, and not opened.
pub(crate) struct AnonymousNode {
    /// What /proc/self/fd calls it, such as `[eventfd]`; none of sockets, which have a number.
    pub(crate) title: Option<Cow<'static, str>>,
    metadata: Mutex<Metadata>,
}

/// Socket inode numbers up to that one are taken: a snapshot has them.
pub(crate) fn take_socket_inodes(last: u64) {
    let next = last.saturating_sub(SOCKET_INODES) + 1;
    NEXT_SOCKET.fetch_max(u32::try_from(next).unwrap_or(0), Ordering::Relaxed);
}

impl AnonymousNode {
    /// One as it was.
    pub(crate) fn restored(title: Option<String>, metadata: Metadata) -> AnonymousNode {
        AnonymousNode { title: title.map(Cow::Owned), metadata: Mutex::new(metadata) }
    }

    /// That of a POSIX message queue of that name, which is a file in its mode (`FILENT_SIZE` of ipc/mqueue.c).
    pub(crate) fn of_queue(task: &Task<'_, '_>, name: &[u8], mode: u32) -> AnonymousNode {
        let metadata = AnonymousNode::metadata_of(task, Kind::File, mode, new_socket_inode());
        metadata.lock().size = 80;
        let title = alloc::format!("/{}", String::from_utf8_lossy(name));
        AnonymousNode { title: Some(Cow::Owned(title)), metadata }
    }

    fn metadata_of(task: &Task<'_, '_>, kind: Kind, mode: u32, inode: u64) -> Mutex<Metadata> {
        let (uid, gid) = (task.credentials.user.file_system, task.credentials.group.file_system);
        let now = task.clocks.realtime();
        Mutex::new(Metadata {
            kind,
            mode,
            device: PIPE_DEVICE,
            inode,
            links: 1,
            uid,
            gid,
            size: 0,
            blocks: 0,
            accessed: now,
            modified: now,
            changed: now,
        })
    }
}

impl Node for AnonymousNode {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.metadata.lock().clone())
    }

    fn set_metadata(&self, change: &Change) -> Result<()> {
        if change.size.is_some() {
            return Err(Errno::EINVAL);
        }
        change.apply(&mut self.metadata.lock());
        Ok(())
    }

    fn open(&self, _how: Open) -> Result<Box<dyn File>> {
        Err(Errno::ENXIO)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn file_system(&self) -> FileSystemInfo {
        let magic = match self.metadata.lock().kind {
            Kind::File => QUEUE_MAGIC,
            Kind::Socket => SOCKET_MAGIC,
            _ => ANONYMOUS_MAGIC,
        };
        FileSystemInfo { magic, block_bytes: 4096, ..FileSystemInfo::default() }
    }
}

impl Task<'_, '_> {
    /// Gives a file that is nothing but a descriptor the lowest free one. Of `flags`, access, O_NONBLOCK and O_CLOEXEC
    /// count.
    pub(crate) fn install_anonymous(
        &mut self,
        title: &'static str,
        file: Box<dyn File>,
        flags: OpenFlags,
    ) -> Result<Fd> {
        let metadata = AnonymousNode::metadata_of(self, Kind::Anonymous, 0o600, ANONYMOUS_INODE);
        let place = Place::detached(Arc::new(AnonymousNode { title: Some(title.into()), metadata }));
        self.install(Description::new(place, Some(file), flags.kept()), flags)
    }

    /// A description of a socket that has that inode number.
    pub(crate) fn describe_socket(&self, inode: u64, file: Box<dyn File>, flags: OpenFlags) -> Description {
        let metadata = AnonymousNode::metadata_of(self, Kind::Socket, 0o777, inode);
        let place = Place::detached(Arc::new(AnonymousNode { title: None, metadata }));
        Description::new(place, Some(file), flags.kept())
    }
}
