//! Extended attributes (xattr(7)): who may see and change which. The nodes keep them.

use crate::access::Wish;
use crate::flags::{AtFlags, Bits, DirFd, Fd};
use crate::reply::Reply;
use crate::task::Task;
use abi::{InBytes, OutBytes, Path};
use alloc::vec::Vec;
use vfs::node::{Kind, NodeRef, SetXattr};
use vfs::{Errno, Result};

/// XATTR_NAME_MAX (linux/limits.h).
const NAME_BYTES_MAX: usize = 255;
/// XATTR_SIZE_MAX.
const VALUE_BYTES_MAX: u32 = 65536;
/// XATTR_LIST_MAX.
const LIST_BYTES_MAX: usize = 65536;

/// What a name begins with says who may use it (xattr(7), Extended attribute namespaces).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Namespace {
    /// By the file's permission bits; only on files and directories.
    User,
    /// Root alone, who alone sees that they are there.
    Trusted,
    /// Everybody may read, root may write.
    Security,
}

impl Namespace {
    /// `system.`, which is access control lists, is not there.
    fn of(name: &[u8]) -> Result<Namespace> {
        let spaces: [(&[u8], Namespace); 3] =
            [(b"user.", Namespace::User), (b"trusted.", Namespace::Trusted), (b"security.", Namespace::Security)];
        let space = spaces.into_iter().find(|(prefix, _)| name.starts_with(prefix));
        match space {
            Some((prefix, _)) if prefix.len() == name.len() => Err(Errno::EINVAL),
            Some((_, space)) => Ok(space),
            None => Err(Errno::EOPNOTSUPP),
        }
    }

    fn check_read(self, task: &Task<'_, '_>, node: &NodeRef) -> Result<()> {
        match self {
            Namespace::User if !takes_user(node.kind()?) => Err(Errno::ENODATA),
            Namespace::User => task.credentials.check(&node.metadata()?, Wish(4)),
            Namespace::Trusted if !task.credentials.is_privileged() => Err(Errno::ENODATA),
            Namespace::Trusted | Namespace::Security => Ok(()),
        }
    }

    fn check_write(self, task: &Task<'_, '_>, node: &NodeRef) -> Result<()> {
        if self != Namespace::User {
            return if task.credentials.is_privileged() { Ok(()) } else { Err(Errno::EPERM) };
        }
        let metadata = node.metadata()?;
        if !takes_user(metadata.kind) {
            return Err(Errno::EPERM);
        }
        if metadata.kind == Kind::Directory && metadata.mode & 0o1000 != 0 {
            task.credentials.check_owner(&metadata)?;
        }
        task.credentials.check(&metadata, Wish::WRITE)
    }
}

/// Whatever users may write is bounded by quotas for files and directories only.
fn takes_user(kind: Kind) -> bool {
    matches!(kind, Kind::File | Kind::Directory)
}

fn node_at(task: &Task<'_, '_>, path: Path, flags: AtFlags) -> Result<NodeRef> {
    Ok(task.resolve(DirFd::CURRENT, &task.path(path)?, flags)?.node().clone())
}

/// The node of a descriptor that is open, not one of O_PATH.
fn node_of(task: &Task<'_, '_>, fd: Fd) -> Result<NodeRef> {
    let description = task.description(fd)?;
    description.file()?;
    Ok(description.node().clone())
}

fn name_of(task: &Task<'_, '_>, name: Path) -> Result<Vec<u8>> {
    match task.path(name) {
        Ok(name) if (1..=NAME_BYTES_MAX).contains(&name.len()) => Ok(name),
        Ok(_) | Err(Errno::ENAMETOOLONG) => Err(Errno::ERANGE),
        Err(errno) => Err(errno),
    }
}

/// Gives bytes into a buffer of that size; size 0 asks how many there are.
fn give(task: &mut Task<'_, '_>, bytes: &[u8], into: OutBytes, size: u32) -> Reply<u32> {
    if size > 0 {
        if bytes.len() > size as usize {
            return Err(Errno::ERANGE.into());
        }
        into.write(task.guest, bytes)?;
    }
    Ok(u32::try_from(bytes.len()).unwrap_or(u32::MAX))
}

fn get(task: &mut Task<'_, '_>, node: &NodeRef, name: &[u8], value: OutBytes, size: u32) -> Reply<u32> {
    Namespace::of(name)?.check_read(task, node)?;
    let bytes = node.xattr(name)?;
    give(task, &bytes, value, size)
}

fn list(task: &mut Task<'_, '_>, node: &NodeRef, into: OutBytes, size: u32) -> Reply<u32> {
    let is_privileged = task.credentials.is_privileged();
    let is_shown = |name: &Vec<u8>| Namespace::of(name).is_ok_and(|space| space != Namespace::Trusted || is_privileged);
    let mut bytes = Vec::new();
    for name in node.xattrs()?.into_iter().filter(is_shown) {
        bytes.extend(name);
        bytes.push(0);
    }
    if bytes.len() > LIST_BYTES_MAX {
        return Err(Errno::E2BIG.into());
    }
    give(task, &bytes, into, size)
}

/// What is to be set, read before the file is looked at, as Linux does.
struct Setting {
    name: Vec<u8>,
    value: Vec<u8>,
    how: SetXattr,
}

impl Setting {
    fn read(task: &Task<'_, '_>, name: Path, value: InBytes, size: u32, flags: Bits) -> Reply<Setting> {
        let how = match flags.0 {
            0 => SetXattr::Put,
            1 => SetXattr::Create,
            2 => SetXattr::Replace,
            _ => return Err(Errno::EINVAL.into()),
        };
        let name = name_of(task, name)?;
        if size > VALUE_BYTES_MAX {
            return Err(Errno::E2BIG.into());
        }
        let value = if size == 0 { Vec::new() } else { value.read(task.guest, size)? };
        Ok(Setting { name, value, how })
    }

    fn apply(&self, task: &Task<'_, '_>, node: &NodeRef) -> Reply<()> {
        Namespace::of(&self.name)?.check_write(task, node)?;
        Ok(node.set_xattr(&self.name, &self.value, self.how)?)
    }
}

fn remove(task: &Task<'_, '_>, node: &NodeRef, name: &[u8]) -> Reply<()> {
    Namespace::of(name)?.check_write(task, node)?;
    Ok(node.remove_xattr(name)?)
}

/// getxattr(2)
pub(super) fn getxattr(task: &mut Task<'_, '_>, path: Path, name: Path, value: OutBytes, size: u32) -> Reply<u32> {
    let name = name_of(task, name)?;
    let node = node_at(task, path, AtFlags::NONE)?;
    get(task, &node, &name, value, size)
}

/// lgetxattr(2)
pub(super) fn lgetxattr(task: &mut Task<'_, '_>, path: Path, name: Path, value: OutBytes, size: u32) -> Reply<u32> {
    let name = name_of(task, name)?;
    let node = node_at(task, path, AtFlags::NOFOLLOW)?;
    get(task, &node, &name, value, size)
}

/// fgetxattr(2)
pub(super) fn fgetxattr(task: &mut Task<'_, '_>, fd: Fd, name: Path, value: OutBytes, size: u32) -> Reply<u32> {
    let node = node_of(task, fd)?;
    let name = name_of(task, name)?;
    get(task, &node, &name, value, size)
}

/// listxattr(2)
pub(super) fn listxattr(task: &mut Task<'_, '_>, path: Path, names: OutBytes, size: u32) -> Reply<u32> {
    let node = node_at(task, path, AtFlags::NONE)?;
    list(task, &node, names, size)
}

/// llistxattr(2)
pub(super) fn llistxattr(task: &mut Task<'_, '_>, path: Path, names: OutBytes, size: u32) -> Reply<u32> {
    let node = node_at(task, path, AtFlags::NOFOLLOW)?;
    list(task, &node, names, size)
}

/// flistxattr(2)
pub(super) fn flistxattr(task: &mut Task<'_, '_>, fd: Fd, names: OutBytes, size: u32) -> Reply<u32> {
    let node = node_of(task, fd)?;
    list(task, &node, names, size)
}

/// setxattr(2)
pub(super) fn setxattr(
    task: &mut Task<'_, '_>,
    path: Path,
    name: Path,
    value: InBytes,
    size: u32,
    flags: Bits,
) -> Reply<()> {
    let setting = Setting::read(task, name, value, size, flags)?;
    setting.apply(task, &node_at(task, path, AtFlags::NONE)?)
}

/// lsetxattr(2)
pub(super) fn lsetxattr(
    task: &mut Task<'_, '_>,
    path: Path,
    name: Path,
    value: InBytes,
    size: u32,
    flags: Bits,
) -> Reply<()> {
    let setting = Setting::read(task, name, value, size, flags)?;
    setting.apply(task, &node_at(task, path, AtFlags::NOFOLLOW)?)
}

/// fsetxattr(2)
pub(super) fn fsetxattr(
    task: &mut Task<'_, '_>,
    fd: Fd,
    name: Path,
    value: InBytes,
    size: u32,
    flags: Bits,
) -> Reply<()> {
    let node = node_of(task, fd)?;
    Setting::read(task, name, value, size, flags)?.apply(task, &node)
}

/// removexattr(2)
pub(super) fn removexattr(task: &mut Task<'_, '_>, path: Path, name: Path) -> Reply<()> {
    let name = name_of(task, name)?;
    remove(task, &node_at(task, path, AtFlags::NONE)?, &name)
}

/// lremovexattr(2)
pub(super) fn lremovexattr(task: &mut Task<'_, '_>, path: Path, name: Path) -> Reply<()> {
    let name = name_of(task, name)?;
    remove(task, &node_at(task, path, AtFlags::NOFOLLOW)?, &name)
}

/// fremovexattr(2)
pub(super) fn fremovexattr(task: &mut Task<'_, '_>, fd: Fd, name: Path) -> Reply<()> {
    let node = node_of(task, fd)?;
    let name = name_of(task, name)?;
    remove(task, &node, &name)
}
