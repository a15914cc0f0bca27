//! The root of /proc: a directory for each process, and what is told of the system.

use crate::kernel::Kernel;
use crate::proc::{own, system};
use alloc::format;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use vfs::node::{Entry, Kind, NodeRef};
use vfs::procfs::{Generator, Identity, Listing};
use vfs::{Errno, Result};

/// The names that stay, and how to find the others.
struct Root {
    make: Arc<Generator>,
    kernel: Weak<Kernel>,
    names: Vec<(&'static str, NodeRef)>,
}

/// The directory.
pub(super) fn directory(make: &Arc<Generator>, kernel: &Weak<Kernel>) -> NodeRef {
    let link = |target: fn((u32, u32)) -> String| {
        let kernel = kernel.clone();
        let target = move || Ok(target(kernel.upgrade().ok_or(Errno::ESRCH)?.current()).into_bytes());
        make.link(Identity::mode(0o777), target)
    };
    let mut names = system::files(make, kernel);
    names.push(("self", link(|(pid, _)| format!("{pid}"))));
    names.push(("thread-self", link(|(pid, tid)| format!("{pid}/task/{tid}"))));
    names.push(("net", link(|_| String::from("self/net"))));
    names.push(("mounts", link(|_| String::from("self/mounts"))));
    let root = Root { make: make.clone(), kernel: kernel.clone(), names };
    make.directory(Identity::mode(0o555), root)
}

impl Listing for Root {
    fn lookup(&self, name: &[u8]) -> Result<NodeRef> {
        if let Some((_, node)) = self.names.iter().find(|(own, _)| own.as_bytes() == name) {
            return Ok(node.clone());
        }
        let pid = own::number(name)?;
        own::process(&self.make, &self.kernel, pid)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let kernel = self.kernel.upgrade().ok_or(Errno::ESRCH)?;
        let pids: Vec<u32> = kernel.table.lock().iter().map(|(pid, _)| pid).collect();
        let stays = |(name, node): &(&'static str, NodeRef)| {
            let metadata = node.metadata()?;
            Ok(Entry { name: name.as_bytes().to_vec(), inode: metadata.inode, kind: metadata.kind })
        };
        let goes = |pid: u32| {
            Ok(Entry { name: format!("{pid}").into_bytes(), inode: own::inode(pid, 0), kind: Kind::Directory })
        };
        self.names.iter().map(stays).chain(pids.into_iter().map(goes)).collect()
    }
}
