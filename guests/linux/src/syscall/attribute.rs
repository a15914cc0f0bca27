//! Extended attributes (xattr(7)): what a node has can be read; none can be set.

use crate::flags::{AtFlags, Bits, DirFd, Fd};
use crate::reply::Reply;
use crate::task::Task;
use abi::{InBytes, OutBytes, Path};
use vfs::node::NodeRef;
use vfs::{Errno, Result};

fn node_at(task: &Task<'_, '_>, path: Path, flags: AtFlags) -> Result<NodeRef> {
    Ok(task.resolve(DirFd::CURRENT, &task.path(path)?, flags)?.node().clone())
}

fn get(task: &mut Task<'_, '_>, node: &NodeRef, name: Path, value: OutBytes, size: u32) -> Reply<u32> {
    let bytes = node.xattr(&task.path(name)?)?;
    if size > 0 {
        if bytes.len() > size as usize {
            return Err(Errno::ERANGE.into());
        }
        value.write(task.guest, &bytes)?;
    }
    Ok(u32::try_from(bytes.len()).unwrap_or(0))
}

/// getxattr(2)
pub(super) fn getxattr(task: &mut Task<'_, '_>, path: Path, name: Path, value: OutBytes, size: u32) -> Reply<u32> {
    let node = node_at(task, path, AtFlags::NONE)?;
    get(task, &node, name, value, size)
}

/// lgetxattr(2)
pub(super) fn lgetxattr(task: &mut Task<'_, '_>, path: Path, name: Path, value: OutBytes, size: u32) -> Reply<u32> {
    let node = node_at(task, path, AtFlags::NOFOLLOW)?;
    get(task, &node, name, value, size)
}

/// fgetxattr(2)
pub(super) fn fgetxattr(task: &mut Task<'_, '_>, fd: Fd, name: Path, value: OutBytes, size: u32) -> Reply<u32> {
    let node = task.description(fd)?.node().clone();
    get(task, &node, name, value, size)
}

/// listxattr(2)
pub(super) fn listxattr(task: &mut Task<'_, '_>, path: Path, _list: OutBytes, _size: u32) -> Reply<u32> {
    node_at(task, path, AtFlags::NONE)?;
    Ok(0)
}

/// llistxattr(2)
pub(super) fn llistxattr(task: &mut Task<'_, '_>, path: Path, _list: OutBytes, _size: u32) -> Reply<u32> {
    node_at(task, path, AtFlags::NOFOLLOW)?;
    Ok(0)
}

/// flistxattr(2)
pub(super) fn flistxattr(task: &mut Task<'_, '_>, fd: Fd, _list: OutBytes, _size: u32) -> Reply<u32> {
    task.description(fd)?;
    Ok(0)
}

/// setxattr(2)
pub(super) fn setxattr(
    task: &mut Task<'_, '_>,
    path: Path,
    _name: Path,
    _value: InBytes,
    _size: u32,
    _flags: Bits,
) -> Reply<()> {
    node_at(task, path, AtFlags::NONE)?;
    Err(Errno::EOPNOTSUPP.into())
}

/// lsetxattr(2)
pub(super) fn lsetxattr(
    task: &mut Task<'_, '_>,
    path: Path,
    _name: Path,
    _value: InBytes,
    _size: u32,
    _flags: Bits,
) -> Reply<()> {
    node_at(task, path, AtFlags::NOFOLLOW)?;
    Err(Errno::EOPNOTSUPP.into())
}

/// fsetxattr(2)
pub(super) fn fsetxattr(
    task: &mut Task<'_, '_>,
    fd: Fd,
    _name: Path,
    _value: InBytes,
    _size: u32,
    _flags: Bits,
) -> Reply<()> {
    task.description(fd)?;
    Err(Errno::EOPNOTSUPP.into())
}

/// removexattr(2)
pub(super) fn removexattr(task: &mut Task<'_, '_>, path: Path, _name: Path) -> Reply<()> {
    node_at(task, path, AtFlags::NONE)?;
    Err(Errno::EOPNOTSUPP.into())
}

/// lremovexattr(2)
pub(super) fn lremovexattr(task: &mut Task<'_, '_>, path: Path, _name: Path) -> Reply<()> {
    node_at(task, path, AtFlags::NOFOLLOW)?;
    Err(Errno::EOPNOTSUPP.into())
}

/// fremovexattr(2)
pub(super) fn fremovexattr(task: &mut Task<'_, '_>, fd: Fd, _name: Path) -> Reply<()> {
    task.description(fd)?;
    Err(Errno::EOPNOTSUPP.into())
}
