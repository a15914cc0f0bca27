//! [`PidFd`]: a process as a file: it is readable once that is over (pidfd_open(2)).

use crate::description::Description;
use crate::flags::{Fd, OpenFlags};
use crate::kernel::Kernel;
use crate::process::Standing;
use crate::task::Task;
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::any::Any;
use vfs::mount::Place;
use vfs::node::{At, Change, File, FileSystemInfo, Kind, Metadata, Node, Open, Ready, TimeNs};
use vfs::{Errno, Result, Watcher};

/// File system magic of anonymous inodes (statfs(2), `ANON_INODE_FS_MAGIC`).
const MAGIC: u32 = 0x0904_1934;

/// A process as a file.
#[derive(Clone)]
pub(crate) struct PidFd {
    kernel: Weak<Kernel>,
    pid: u32,
}

impl PidFd {
    /// A descriptor for a process, which is closed by execve(2).
    pub(crate) fn open(task: &mut Task<'_, '_>, pid: u32, is_nonblocking: bool) -> Result<Fd> {
        let file = PidFd { kernel: Arc::downgrade(&task.kernel), pid };
        let place = Place::detached(Arc::new(PidNode(file.clone())));
        let flags = OpenFlags::of(Open { read: true, write: true, ..Open::default() });
        let description = Description::new(place, Some(Box::new(file)), flags.with_nonblocking(is_nonblocking));
        task.install(description.titled(b"anon_inode:[pidfd]".to_vec()), OpenFlags::CLOEXEC)
    }

    /// The process that a description stands for; EBADF if it stands for none.
    pub(crate) fn pid_of(description: &Description) -> Result<u32> {
        description.node().as_any().downcast_ref::<PidNode>().map(|node| node.0.pid).ok_or(Errno::EBADF)
    }

    fn is_over(&self) -> bool {
        let Some(kernel) = self.kernel.upgrade() else { return true };
        let table = kernel.table.lock();
        table.get(self.pid).is_none_or(|member| matches!(member.standing, Standing::Dead(_)))
    }
}

impl File for PidFd {
    fn read(&self, _at: At, _into: &mut [u8]) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        Ready { readable: self.is_over(), ..Ready::default() }
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        if let Some(kernel) = self.kernel.upgrade()
            && let Some(member) = kernel.table.lock().get(self.pid)
        {
            member.watchers.add(watcher);
        }
    }
}

/// What fstat(2) tells of it.
struct PidNode(PidFd);

impl Node for PidNode {
    fn metadata(&self) -> Result<Metadata> {
        Ok(Metadata {
            kind: Kind::File,
            mode: 0o600,
            device: vfs::node::PIPE_DEVICE,
            inode: u64::from(self.0.pid),
            links: 1,
            uid: 0,
            gid: 0,
            size: 0,
            blocks: 0,
            accessed: TimeNs(0),
            modified: TimeNs(0),
            changed: TimeNs(0),
        })
    }

    fn set_metadata(&self, _change: &Change) -> Result<()> {
        Err(Errno::EPERM)
    }

    fn open(&self, _how: Open) -> Result<Box<dyn File>> {
        Err(Errno::ENXIO)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn file_system(&self) -> FileSystemInfo {
        FileSystemInfo { magic: MAGIC, block_bytes: 4096, ..FileSystemInfo::default() }
    }
}
