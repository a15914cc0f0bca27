//! [`PidFd`]: a process as a file: it is readable once that is over (pidfd_open(2)).

use crate::description::Description;
use crate::flags::{Fd, OpenFlags};
use crate::kernel::Kernel;
use crate::process::Standing;
use crate::ready::special;
use crate::task::Task;
use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::any::Any;
use vfs::node::{At, File, Ready};
use vfs::{Errno, Result, Watcher};

/// A process as a file.
pub(crate) struct PidFd {
    kernel: Weak<Kernel>,
    pid: u32,
}

impl PidFd {
    /// A descriptor for a process, which is closed by execve(2).
    pub(crate) fn open(task: &mut Task<'_, '_>, pid: u32, is_nonblocking: bool) -> Result<Fd> {
        let file = PidFd::new(&task.kernel, pid);
        let flags = OpenFlags::read_write(OpenFlags::CLOEXEC.0).with_nonblocking(is_nonblocking);
        task.install_anonymous("[pidfd]", Box::new(file), flags)
    }

    /// The process that a description stands for; EBADF if it stands for none.
    pub(crate) fn pid_of(description: &Description) -> Result<u32> {
        special::<PidFd>(description.file()?).map(|file| file.pid).ok_or(Errno::EBADF)
    }

    /// One for a process, over or not.
    pub(crate) fn new(kernel: &Arc<Kernel>, pid: u32) -> PidFd {
        PidFd { kernel: Arc::downgrade(kernel), pid }
    }

    /// The process's number.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
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

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}
