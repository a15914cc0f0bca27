//! Opening files and making pipes.

use crate::access::Wish;
use crate::description::Description;
use crate::flags::{Bits, DirFd, Fd, NewMode, OpenFlags};
use crate::notify::{Opened, event};
use crate::reply::{Interrupted, Reply, Wait};
use crate::syscall::Pair;
use crate::task::Task;
use abi::structs::file::Mode;
use abi::{InList, Out, Path};
use alloc::sync::Arc;
use vfs::MemFs;
use vfs::mount::Place;
use vfs::node::{Change, Clock, Kind, Make, New, NodeRef, Open};
use vfs::pipe::PipeNode;
use vfs::walk::{Limits, Reached};
use vfs::{Errno, Result};

/// open(2)
pub(super) fn open(task: &mut Task<'_, '_>, path: Path, flags: OpenFlags, mode: NewMode) -> Reply<Fd> {
    openat(task, DirFd::CURRENT, path, flags, mode)
}

/// creat(2)
pub(super) fn creat(task: &mut Task<'_, '_>, path: Path, mode: Mode) -> Reply<Fd> {
    openat(task, DirFd::CURRENT, path, OpenFlags::CREAT, NewMode(mode))
}

/// openat(2)
pub(super) fn openat(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    flags: OpenFlags,
    mode: NewMode,
) -> Reply<Fd> {
    open_within(task, directory, path, flags, mode.0, Limits::default())
}

/// openat2(2): flags, mode and RESOLVE_* bits, 64 bits each.
pub(super) fn openat2(task: &mut Task<'_, '_>, directory: DirFd, path: Path, how: InList<u64>, size: u32) -> Reply<Fd> {
    if size < 24 {
        return Err(Errno::EINVAL.into());
    }
    let how = how.read(task.guest, 3)?;
    let (Ok(flags), Ok(mode), Ok(resolve)) = (u32::try_from(how[0]), u32::try_from(how[1]), u32::try_from(how[2]))
    else {
        return Err(Errno::EINVAL.into());
    };
    let flags = OpenFlags(flags);
    if resolve & !0x3f != 0 || mode & !0o7777 != 0 || mode != 0 && !flags.creates() && !flags.is_temporary() {
        return Err(Errno::EINVAL.into());
    }
    let limits = Limits {
        one_mount: resolve & 1 != 0,
        no_magic_links: resolve & 2 != 0,
        no_links: resolve & 4 != 0,
        beneath: resolve & 8 != 0,
        in_root: resolve & 16 != 0,
        ..Limits::default()
    };
    open_within(task, directory, path, flags, Mode(mode), limits)
}

fn open_within(
    task: &mut Task<'_, '_>,
    directory: DirFd,
    path: Path,
    flags: OpenFlags,
    mode: Mode,
    limits: Limits,
) -> Reply<Fd> {
    if let Some(description) = task.thread.opening.take() {
        return install(task, description, flags);
    }
    let path = task.path(path)?;
    if flags.is_temporary() {
        let description = open_unnamed(task, task.find(directory, &path, limits)?, flags, mode)?;
        return install(task, description, flags);
    }
    let keep_last_link = flags.keeps_link() || flags.creates() && flags.is_exclusive();
    let limits = Limits { keep_last_link, directory: flags.is_directory(), ..limits };
    let (place, is_new) = match task.find(directory, &path, limits)? {
        Reached::Found(_) if flags.creates() && flags.is_exclusive() && !flags.is_path() => {
            return Err(Errno::EEXIST.into());
        }
        Reached::Found(place) => (place, false),
        Reached::Missing { .. } if !flags.creates() || flags.is_path() => return Err(Errno::ENOENT.into()),
        Reached::Missing { is_directory: true, .. } => return Err(Errno::EISDIR.into()),
        Reached::Missing { directory, name, .. } => {
            task.check_directory(&directory)?;
            let node = directory.node().create(&name, &new(task, Make::File, mode))?;
            task.kernel.commons.notify.tell_name(&directory, &name, false, event::CREATE, 0);
            (directory.child(&name, node), true)
        }
    };
    let description = open_place(task, place, flags, is_new)?;
    install(task, description, flags)
}

/// A new file without a name in a directory (open(2), O_TMPFILE). O_EXCL means that it is never given one.
fn open_unnamed(task: &Task<'_, '_>, reached: Reached, flags: OpenFlags, mode: Mode) -> Result<Description> {
    let Reached::Found(directory) = reached else { return Err(Errno::ENOENT) };
    if !directory.node().kind()?.is_directory() {
        return Err(Errno::ENOTDIR);
    }
    if !flags.writes() || flags.creates() {
        return Err(Errno::EINVAL);
    }
    task.check_directory(&directory)?;
    let node = directory.node().create_unnamed(&new(task, Make::File, mode), !flags.is_exclusive())?;
    let file = node.open(flags.how())?;
    // In that mount, so that it can be linked there; the name is what Linux shows.
    let name = alloc::format!("#{}", node.metadata()?.inode);
    Ok(Description::new(directory.child(name.as_bytes(), node), Some(file), flags.kept()))
}

/// Gives the file a descriptor; a fifo only once its other end is open.
fn install(task: &mut Task<'_, '_>, description: Description, flags: OpenFlags) -> Reply<Fd> {
    if let Ok(file) = description.file()
        && file.is_opening()
    {
        file.watch(&task.watcher);
        // The other end may have come in between.
        if file.is_opening() {
            task.thread.opening = Some(description);
            return task.block(Wait::default(), Interrupted::Restarts);
        }
    }
    Ok(task.install(description, flags)?)
}

/// A new node of this process's: umask applied.
pub(super) fn new<'a>(task: &Task<'_, '_>, what: Make<'a>, mode: Mode) -> New<'a> {
    let (uid, gid) = (task.credentials.user.file_system, task.credentials.group.file_system);
    New { what, mode: mode.0 & 0o7777 & !task.whereabouts.lock().umask, uid, gid }
}

/// Opens what a path leads to.
fn open_place(task: &mut Task<'_, '_>, place: Place, flags: OpenFlags, is_new: bool) -> Result<Description> {
    if flags.is_path() {
        return Ok(Description::new(place, None, flags.kept()));
    }
    let metadata = place.node().metadata()?;
    match metadata.kind {
        Kind::Symlink => return Err(Errno::ELOOP),
        Kind::Socket => return Err(Errno::ENXIO),
        Kind::Directory if flags.writes() || flags.creates() => return Err(Errno::EISDIR),
        _ => {}
    }
    // Whoever makes a file may open it, whatever its mode.
    if !is_new {
        let wish = Wish(if flags.reads() { 4 } else { 0 } | if flags.writes() { 2 } else { 0 });
        task.credentials.check(&metadata, wish)?;
    }
    let file = super::terminal::open(task, &place, metadata.kind, flags)?;
    let opened = Opened::new(&task.kernel.commons, &place, &metadata, flags.writes());
    if flags.truncates() && metadata.kind == Kind::File && !is_new {
        place.node().set_metadata(&Change { size: Some(0), ..Change::default() })?;
        task.kernel.commons.notify.tell(&place, event::MODIFY);
    }
    Ok(Description::new(place, Some(file), flags.kept()).telling(opened))
}

/// pipe(2): the second descriptor is a second result.
pub(super) fn pipe(task: &mut Task<'_, '_>) -> Reply<Pair> {
    let (read, write) = make_pipe(task, OpenFlags(0))?;
    Ok(Pair(read, write))
}

/// pipe2(2)
pub(super) fn pipe2(task: &mut Task<'_, '_>, ends: Out<[u32; 2]>, flags: OpenFlags) -> Reply<()> {
    if !flags.is_only(OpenFlags::PIPE) {
        return Err(Errno::EINVAL.into());
    }
    let (read, write) = make_pipe(task, flags)?;
    if let Err(fault) = ends.write(task.guest, &[read.0.cast_unsigned(), write.0.cast_unsigned()]) {
        super::file::close(task, read)?;
        super::file::close(task, write)?;
        return Err(fault.into());
    }
    Ok(())
}

fn make_pipe(task: &mut Task<'_, '_>, flags: OpenFlags) -> Reply<(Fd, Fd)> {
    let (uid, gid) = (task.credentials.user.file_system, task.credentials.group.file_system);
    let node: NodeRef = Arc::new(PipeNode::new(task.kernel.next_pipe(), uid, gid, &clock(task)));
    let nonblocking = flags.is_nonblocking();
    // Opened so as not to wait for each other.
    let read = node.open(Open { read: true, nonblocking: true, ..Open::default() })?;
    let write = node.open(Open { write: true, nonblocking: true, ..Open::default() })?;
    let place = Place::detached(node);
    let end = |file, how: Open| {
        let how = Open { nonblocking, ..how };
        Description::new(place.clone(), Some(file), OpenFlags::of(how))
    };
    let read = task.install(end(read, Open { read: true, ..Open::default() }), flags)?;
    match task.install(end(write, Open { write: true, ..Open::default() }), flags) {
        Ok(write) => Ok((read, write)),
        Err(errno) => {
            super::file::close(task, read)?;
            Err(errno.into())
        }
    }
}

/// The time of day, for nodes that are made.
pub(super) fn clock(task: &Task<'_, '_>) -> Clock {
    let clocks = task.clocks.clone();
    Arc::new(move || clocks.realtime())
}

/// memfd_create(2)
pub(super) fn memfd_create(task: &mut Task<'_, '_>, name: Path, flags: Bits) -> Reply<Fd> {
    /// MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_NOEXEC_SEAL, MFD_EXEC.
    const KNOWN: u32 = 1 | 2 | 8 | 16;
    let mut title = b"memfd:".to_vec();
    title.extend(task.path(name)?);
    if flags.0 & !KNOWN != 0 || title.len() > 255 {
        return Err(Errno::EINVAL.into());
    }
    let root = MemFs::new(clock(task)).root();
    let (uid, gid) = (task.credentials.user.file_system, task.credentials.group.file_system);
    let node = root.create(b"memfd", &New { what: Make::File, mode: 0o777, uid, gid })?;
    root.unlink(b"memfd")?;
    let how = Open { read: true, write: true, ..Open::default() };
    let file = node.open(how)?;
    let closes = if flags.0 & 1 != 0 { OpenFlags::CLOEXEC } else { OpenFlags(0) };
    let description = Description::new(Place::detached(node), Some(file), OpenFlags::of(how)).titled(title);
    Ok(task.install(description, closes)?)
}
