//! Names: hard and symbolic links, device nodes, removing and renaming.

use crate::access::Wish;
use crate::flags::{AtFlags, Bits, DirFd};
use crate::notify::event;
use crate::paths::Entry;
use crate::reply::Reply;
use crate::syscall::dir;
use crate::syscall::open::new;
use crate::task::Task;
use abi::structs::file::Mode;
use abi::{OutBytes, Path};
use vfs::mount::Place;
use vfs::node::{Kind, Make, NodeRef, Rename};
use vfs::{Errno, Result};

/// link(2)
pub(super) fn link(task: &mut Task<'_, '_>, from: Path, to: Path) -> Reply<()> {
    linkat(task, DirFd::CURRENT, from, DirFd::CURRENT, to, AtFlags::NONE)
}

/// linkat(2)
pub(super) fn linkat(
    task: &mut Task<'_, '_>,
    from_dir: DirFd,
    from: Path,
    to_dir: DirFd,
    to: Path,
    flags: AtFlags,
) -> Reply<()> {
    if !flags.is_only(0x400 | 0x1000) {
        return Err(Errno::EINVAL.into());
    }
    let follow =
        if flags.follows_link() { AtFlags(flags.0 & 0x1000) } else { AtFlags(flags.0 & 0x1000 | AtFlags::NOFOLLOW.0) };
    let place = task.resolve(from_dir, &task.path(from)?, follow)?;
    let entry = task.entry(to_dir, &task.path(to)?, Errno::EEXIST)?;
    if place.node().kind()?.is_directory() {
        return Err(Errno::EPERM.into());
    }
    if entry.directory.node().lookup(&entry.name).is_ok() {
        return Err(Errno::EEXIST.into());
    }
    if entry.is_directory {
        return Err(Errno::ENOENT.into());
    }
    task.check_directory(&entry.directory)?;
    if place.mount() != entry.directory.mount() {
        return Err(Errno::EXDEV.into());
    }
    entry.directory.node().link(&entry.name, place.node())?;
    task.kernel.commons.notify.tell_node(place.node(), event::ATTRIB);
    task.kernel.commons.notify.tell_name(&entry.directory, &entry.name, false, event::CREATE, 0);
    Ok(())
}

/// symlink(2)
pub(super) fn symlink(task: &mut Task<'_, '_>, target: Path, path: Path) -> Reply<()> {
    symlinkat(task, target, DirFd::CURRENT, path)
}

/// symlinkat(2)
pub(super) fn symlinkat(task: &mut Task<'_, '_>, target: Path, directory: DirFd, path: Path) -> Reply<()> {
    let target = task.path(target)?;
    if target.is_empty() {
        return Err(Errno::ENOENT.into());
    }
    make(task, directory, path, Make::Symlink(&target), Mode(0o777))
}

/// mknod(2)
pub(super) fn mknod(task: &mut Task<'_, '_>, path: Path, mode: Mode, device: Bits) -> Reply<()> {
    mknodat(task, DirFd::CURRENT, path, mode, device)
}

/// mknodat(2)
pub(super) fn mknodat(task: &mut Task<'_, '_>, directory: DirFd, path: Path, mode: Mode, device: Bits) -> Reply<()> {
    let major = device.0 >> 8 & 0xfff;
    let minor = device.0 & 0xff | device.0 >> 12 & 0xf_ff00;
    let what = match mode.0 & 0o170000 {
        0 | 0o100000 => Make::File,
        0o010000 => Make::Fifo,
        0o140000 => Make::Socket,
        0o020000 | 0o060000 if !task.credentials.is_privileged() => return Err(Errno::EPERM.into()),
        0o020000 => Make::CharDevice(major, minor),
        0o060000 => Make::BlockDevice(major, minor),
        0o040000 => return Err(Errno::EPERM.into()),
        _ => return Err(Errno::EINVAL.into()),
    };
    make(task, directory, path, what, mode)
}

fn make(task: &Task<'_, '_>, directory: DirFd, path: Path, what: Make<'_>, mode: Mode) -> Reply<()> {
    let entry = task.entry(directory, &task.path(path)?, Errno::EEXIST)?;
    if entry.directory.node().lookup(&entry.name).is_ok() {
        return Err(Errno::EEXIST.into());
    }
    if entry.is_directory {
        return Err(Errno::ENOENT.into());
    }
    task.check_directory(&entry.directory)?;
    let mut new = new(task, what, mode);
    if matches!(new.what, Make::Symlink(_)) {
        new.mode = 0o777;
    }
    entry.directory.node().create(&entry.name, &new)?;
    task.kernel.commons.notify.tell_name(&entry.directory, &entry.name, false, event::CREATE, 0);
    Ok(())
}

/// unlink(2)
pub(super) fn unlink(task: &mut Task<'_, '_>, path: Path) -> Reply<()> {
    unlinkat(task, DirFd::CURRENT, path, AtFlags::NONE)
}

/// unlinkat(2)
pub(super) fn unlinkat(task: &mut Task<'_, '_>, directory: DirFd, path: Path, flags: AtFlags) -> Reply<()> {
    if !flags.is_only(0x200) {
        return Err(Errno::EINVAL.into());
    }
    if flags.removes_directory() {
        return dir::remove(task, directory, path);
    }
    let entry = task.entry(directory, &task.path(path)?, Errno::EISDIR)?;
    let node = entry.directory.node().lookup(&entry.name)?;
    task.check_removal(&entry)?;
    if node.kind()?.is_directory() {
        return Err(Errno::EISDIR.into());
    }
    if entry.is_directory {
        return Err(Errno::ENOTDIR.into());
    }
    if task.kernel.mounts.is_mount_point(&entry.directory, &entry.name) {
        return Err(Errno::EBUSY.into());
    }
    entry.directory.node().unlink(&entry.name)?;
    task.kernel.commons.notify.tell_node(&node, event::ATTRIB);
    task.kernel.commons.notify.tell_name(&entry.directory, &entry.name, false, event::DELETE, 0);
    task.kernel.commons.notify.tell_unlinked(&node);
    Ok(())
}

/// readlink(2)
pub(super) fn readlink(task: &mut Task<'_, '_>, path: Path, buffer: OutBytes, size: u32) -> Reply<u32> {
    readlinkat(task, DirFd::CURRENT, path, buffer, size)
}

/// readlinkat(2): what does not fit is cut off.
pub(super) fn readlinkat(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    buffer: OutBytes,
    size: u32,
) -> Reply<u32> {
    if size == 0 || size > 0x7fff_ffff {
        return Err(Errno::EINVAL.into());
    }
    let path = task.path(path)?;
    let is_empty = path.is_empty();
    let place = task.resolve(
        directory,
        &path,
        AtFlags(AtFlags::NOFOLLOW.0 | if directory == DirFd::CURRENT { 0 } else { 0x1000 }),
    )?;
    let target = match place.node().readlink() {
        Err(Errno::EINVAL) if is_empty => return Err(Errno::ENOENT.into()),
        result => result?,
    };
    let target = &target[..target.len().min(size as usize)];
    buffer.write(task.guest, target)?;
    Ok(u32::try_from(target.len()).unwrap_or(0))
}

/// rename(2)
pub(super) fn rename(task: &mut Task<'_, '_>, from: Path, to: Path) -> Reply<()> {
    renameat2(task, DirFd::CURRENT, from, DirFd::CURRENT, to, Bits(0))
}

/// renameat(2)
pub(super) fn renameat(task: &mut Task<'_, '_>, from_dir: DirFd, from: Path, to_dir: DirFd, to: Path) -> Reply<()> {
    renameat2(task, from_dir, from, to_dir, to, Bits(0))
}

/// renameat2(2)
pub(super) fn renameat2(
    task: &mut Task<'_, '_>,
    from_dir: DirFd,
    from: Path,
    to_dir: DirFd,
    to: Path,
    flags: Bits,
) -> Reply<()> {
    let how = match flags.0 {
        0 => Rename::Replace,
        1 => Rename::NoReplace,
        2 => Rename::Exchange,
        _ => return Err(Errno::EINVAL.into()),
    };
    let dots = if how == Rename::NoReplace { Errno::EEXIST } else { Errno::EBUSY };
    let from = task.entry(from_dir, &task.path(from)?, Errno::EBUSY)?;
    let to = task.entry(to_dir, &task.path(to)?, dots)?;
    if from.directory.mount() != to.directory.mount() {
        return Err(Errno::EXDEV.into());
    }
    let node = from.directory.node().lookup(&from.name)?;
    let is_directory = node.kind()?.is_directory();
    if (from.is_directory || to.is_directory && how != Rename::Exchange) && !is_directory {
        return Err(Errno::ENOTDIR.into());
    }
    task.check_removal(&from)?;
    let target = to.directory.node().lookup(&to.name);
    match &target {
        Ok(_) if how == Rename::NoReplace => return Err(Errno::EEXIST.into()),
        Ok(_) => task.check_removal(&to)?,
        Err(_) => task.check_directory(&to.directory)?,
    }
    check_tree(
        task,
        &from,
        &to,
        is_directory,
        target.as_ref().is_ok_and(|node| node.kind().is_ok_and(Kind::is_directory)),
        how,
    )?;
    for entry in [&from, &to] {
        if task.kernel.mounts.is_mount_point(&entry.directory, &entry.name) {
            return Err(Errno::EBUSY.into());
        }
    }
    from.directory.node().rename(&from.name, to.directory.node(), &to.name, how)?;
    tell_moved(task, &from, &to, &node, target.as_ref().ok().filter(|_| how != Rename::Exchange));
    if let (Ok(target), Rename::Exchange) = (&target, how) {
        tell_moved(task, &to, &from, target, None);
    }
    Ok(())
}

/// Tells that a node moved from one name to another, and replaced a target there.
fn tell_moved(task: &Task<'_, '_>, from: &Entry, to: &Entry, node: &NodeRef, target: Option<&NodeRef>) {
    let notify = &task.kernel.commons.notify;
    let (cookie, is_directory) = (notify.new_cookie(), node.kind().is_ok_and(Kind::is_directory));
    notify.tell_name(&from.directory, &from.name, is_directory, event::MOVED_FROM, cookie);
    notify.tell_name(&to.directory, &to.name, is_directory, event::MOVED_TO, cookie);
    if let Some(target) = target {
        notify.tell_node(target, event::ATTRIB);
    }
    notify.tell_node(node, event::MOVE_SELF);
    if let Some(target) = target {
        notify.tell_unlinked(target);
    }
}

/// Refuses to move a directory into itself, and what its owner forbids.
fn check_tree(
    task: &Task<'_, '_>,
    from: &Entry,
    to: &Entry,
    moves_directory: bool,
    replaces_directory: bool,
    how: Rename,
) -> Result<()> {
    let is_above = |upper: &Entry, lower: &Entry| -> Result<bool> {
        let moved = upper.directory.child(&upper.name, upper.directory.node().lookup(&upper.name)?);
        let mut at: Option<&Place> = Some(&lower.directory);
        while let Some(place) = at {
            if place.is_same(&moved) {
                return Ok(true);
            }
            at = place.parent();
        }
        Ok(false)
    };
    if moves_directory && is_above(from, to)? {
        return Err(Errno::EINVAL);
    }
    if replaces_directory && is_above(to, from)? {
        return Err(if how == Rename::Exchange { Errno::EINVAL } else { Errno::ENOTEMPTY });
    }
    if moves_directory && !from.directory.is_same(&to.directory) {
        // Its `..` changes.
        task.credentials.check(&from.directory.node().lookup(&from.name)?.metadata()?, Wish::WRITE)?;
    }
    Ok(())
}
