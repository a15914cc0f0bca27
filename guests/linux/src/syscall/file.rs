//! Reading, writing and moving in open files.

use crate::description::Description;
use crate::event::SignalFile;
use crate::fdtable::Slot;
use crate::flags::{Bits, Fd, OpenFlags, Whence};
use crate::mm::SharedFile;
use crate::notify::event;
use crate::ready::special;
use crate::reply::Reply;
use crate::signal::{Info, Signal};
use crate::socket::SocketFile;
use crate::syscall::{message, signalfd};
use crate::task::{Resume, Task};
use abi::structs::file::Iovec;
use abi::{Addr, InBytes, InList, Out, OutBytes, USER_END};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use spin::Mutex;
use vfs::Errno;
use vfs::node::Kind;

/// Bytes moved at a time.
pub(super) const CHUNK_BYTES: u32 = 256 * 1024;

/// The most that one call moves (MAX_RW_COUNT).
const MOVED_BYTES_MAX: u32 = 0x7fff_f000;

/// Elements of a vector (IOV_MAX).
const VECTOR_MAX: u32 = 1024;

/// Where a read or write happens.
#[derive(Clone, Copy)]
enum Where {
    Offset,
    At(u64),
}

/// read(2)
pub(super) fn read(task: &mut Task<'_, '_>, fd: Fd, buffer: OutBytes, count: u32) -> Reply<u32> {
    let description = task.description(fd)?;
    input(task, &description, &[(buffer.0, count.min(MOVED_BYTES_MAX))], Where::Offset)
}

/// write(2)
pub(super) fn write(task: &mut Task<'_, '_>, fd: Fd, buffer: InBytes, count: u32) -> Reply<u32> {
    let description = task.description(fd)?;
    output(task, &description, &[(buffer.0, count.min(MOVED_BYTES_MAX))], Where::Offset)
}

/// pread64(2)
pub(super) fn pread64(task: &mut Task<'_, '_>, fd: Fd, buffer: OutBytes, count: u32, at: u64) -> Reply<u32> {
    let description = task.description(fd)?;
    input(task, &description, &[(buffer.0, count.min(MOVED_BYTES_MAX))], Where::At(offset(at)?))
}

/// pwrite64(2)
pub(super) fn pwrite64(task: &mut Task<'_, '_>, fd: Fd, buffer: InBytes, count: u32, at: u64) -> Reply<u32> {
    let description = task.description(fd)?;
    output(task, &description, &[(buffer.0, count.min(MOVED_BYTES_MAX))], Where::At(offset(at)?))
}

/// readv(2)
pub(super) fn readv(task: &mut Task<'_, '_>, fd: Fd, vector: InList<Iovec>, count: u32) -> Reply<u32> {
    let (description, pieces) = (task.description(fd)?, pieces(task, vector, count)?);
    input(task, &description, &pieces, Where::Offset)
}

/// writev(2)
pub(super) fn writev(task: &mut Task<'_, '_>, fd: Fd, vector: InList<Iovec>, count: u32) -> Reply<u32> {
    let (description, pieces) = (task.description(fd)?, pieces(task, vector, count)?);
    output(task, &description, &pieces, Where::Offset)
}

/// preadv(2): the offset is two words, low first in both byte orders.
pub(super) fn preadv(
    task: &mut Task<'_, '_>,
    fd: Fd,
    vector: InList<Iovec>,
    count: u32,
    low: u32,
    high: u32,
) -> Reply<u32> {
    let (description, pieces) = (task.description(fd)?, pieces(task, vector, count)?);
    input(task, &description, &pieces, Where::At(offset(pair(low, high))?))
}

/// pwritev(2)
pub(super) fn pwritev(
    task: &mut Task<'_, '_>,
    fd: Fd,
    vector: InList<Iovec>,
    count: u32,
    low: u32,
    high: u32,
) -> Reply<u32> {
    let (description, pieces) = (task.description(fd)?, pieces(task, vector, count)?);
    output(task, &description, &pieces, Where::At(offset(pair(low, high))?))
}

/// preadv2(2): an offset of -1 is where the file stands.
pub(super) fn preadv2(
    task: &mut Task<'_, '_>,
    fd: Fd,
    vector: InList<Iovec>,
    count: u32,
    low: u32,
    high: u32,
    flags: Bits,
) -> Reply<u32> {
    match (flags.0, pair(low, high)) {
        (0, u64::MAX) => readv(task, fd, vector, count),
        (0, _) => preadv(task, fd, vector, count, low, high),
        _ => Err(Errno::EOPNOTSUPP.into()),
    }
}

/// pwritev2(2)
pub(super) fn pwritev2(
    task: &mut Task<'_, '_>,
    fd: Fd,
    vector: InList<Iovec>,
    count: u32,
    low: u32,
    high: u32,
    flags: Bits,
) -> Reply<u32> {
    match (flags.0, pair(low, high)) {
        (0, u64::MAX) => writev(task, fd, vector, count),
        (0, _) => pwritev(task, fd, vector, count, low, high),
        _ => Err(Errno::EOPNOTSUPP.into()),
    }
}

fn pair(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// An offset, which is signed.
pub(super) fn offset(at: u64) -> Result<u64, Errno> {
    if at.cast_signed() < 0 { Err(Errno::EINVAL) } else { Ok(at) }
}

/// The pieces of a vector, no longer in all than one call moves (`import_iovec` of lib/iov_iter.c).
pub(super) fn pieces(task: &Task<'_, '_>, vector: InList<Iovec>, count: u32) -> Reply<Vec<(Addr, u32)>> {
    if count > VECTOR_MAX {
        return Err(Errno::EINVAL.into());
    }
    let vector = vector.read(task.guest, count)?;
    if vector.iter().any(|piece| piece.iov_len.cast_signed() < 0) {
        return Err(Errno::EINVAL.into());
    }
    let mut left = MOVED_BYTES_MAX;
    let mut piece = |Iovec { iov_base, iov_len }: Iovec| {
        iov_base.0.checked_add(iov_len).filter(|end| *end <= USER_END).ok_or(Errno::EFAULT)?;
        let length = iov_len.min(left);
        left -= length;
        Ok((iov_base, length))
    };
    vector.into_iter().map(&mut piece).collect()
}

/// Reads into pieces of memory, and tells who watches the file.
fn input(task: &mut Task<'_, '_>, description: &Description, pieces: &[(Addr, u32)], place: Where) -> Reply<u32> {
    let read = read_pieces(task, description, pieces, place)?;
    if read > 0 {
        task.kernel.commons.notify.tell(description.place(), event::ACCESS);
    }
    Ok(read)
}

/// Reads into pieces of memory, until one is not filled.
fn read_pieces(task: &mut Task<'_, '_>, description: &Description, pieces: &[(Addr, u32)], place: Where) -> Reply<u32> {
    description.readable()?;
    if let Where::At(_) = place
        && !description.is_seekable()
    {
        return Err(Errno::ESPIPE.into());
    }
    if let Some(terminal) = description.file()?.terminal() {
        return super::terminal::read(task, description, terminal, pieces);
    }
    if !description.is_seekable() {
        return stream_input(task, description, pieces);
    }
    if let Some(shared) = shared(task, description) {
        let from = match place {
            Where::Offset => description.offset()?,
            Where::At(from) => from,
        };
        shared.store(&*task.guest.space, from, pieces.iter().map(|(_, length)| u64::from(*length)).sum());
    }
    let mut moved = 0_u32;
    let mut short = [0_u8; 4096];
    let mut long = Vec::new();
    for &(at, length) in pieces {
        let mut within = 0;
        while within < length || length == 0 {
            let want = (length - within).min(CHUNK_BYTES) as usize;
            if want > short.len() {
                long.resize(want, 0);
            }
            let buffer = if want > short.len() { &mut long[..want] } else { &mut short[..want] };
            let result = match place {
                Where::Offset => description.read(buffer),
                Where::At(from) => description.read_at(from + u64::from(moved), buffer),
            };
            let read = match result {
                Ok(read) => read,
                Err(_) if moved > 0 => return Ok(moved),
                Err(errno) => return Err(errno.into()),
            };
            if let Err(fault) = task.guest.space.write(at + within, &buffer[..read]) {
                return if moved > 0 { Ok(moved) } else { Err(fault.into()) };
            }
            let count = u32::try_from(read).unwrap_or(0);
            moved += count;
            within += count;
            if read < want {
                return Ok(moved);
            }
            if length == 0 {
                break;
            }
        }
    }
    Ok(moved)
}

/// The pages that stand for a file, if somebody maps it.
fn shared(task: &Task<'_, '_>, description: &Description) -> Option<Arc<SharedFile>> {
    let shared = task.kernel.shared.lock();
    if shared.is_empty() || !description.is_seekable() {
        return None;
    }
    shared.get(super::lock::file_id(description).ok()?)
}

/// Reads what a stream has into pieces of memory: once, since asking again could wait, or take another message.
fn stream_input(task: &mut Task<'_, '_>, description: &Description, pieces: &[(Addr, u32)]) -> Reply<u32> {
    let room = pieces.iter().fold(0_u32, |room, (_, length)| room.saturating_add(*length)).min(CHUNK_BYTES);
    if let Some(signals) = special::<SignalFile>(description.file()?) {
        let bytes = signalfd::read(task, description, signals.set(), room as usize)?;
        return scatter(task, pieces, &bytes);
    }
    if special::<SocketFile>(description.file()?).is_some() {
        return message::read(task, description, pieces);
    }
    let (mut short, mut long) = ([0_u8; 4096], Vec::new());
    let buffer = if room as usize > short.len() {
        long.resize(room as usize, 0);
        &mut long[..]
    } else {
        &mut short[..room as usize]
    };
    match task.attempt(description, || description.read(buffer)) {
        Ok(read) => scatter(task, pieces, &buffer[..read]),
        Err(Errno::EAGAIN) => task.block_on(description, false),
        Err(errno) => Err(errno.into()),
    }
}

/// Writes bytes into pieces of memory, which have room for them.
pub(super) fn scatter(task: &mut Task<'_, '_>, pieces: &[(Addr, u32)], mut bytes: &[u8]) -> Reply<u32> {
    let mut moved = 0;
    for &(at, length) in pieces {
        let (head, rest) = bytes.split_at(bytes.len().min(length as usize));
        if let Err(fault) = task.guest.space.write(at, head) {
            return if moved > 0 { Ok(moved) } else { Err(fault.into()) };
        }
        moved += u32::try_from(head.len()).unwrap_or(0);
        bytes = rest;
    }
    Ok(moved)
}

/// Writes pieces of memory, and tells who watches the file.
fn output(task: &mut Task<'_, '_>, description: &Description, pieces: &[(Addr, u32)], place: Where) -> Reply<u32> {
    let written = write_pieces(task, description, pieces, place)?;
    if written > 0 {
        task.kernel.commons.notify.tell(description.place(), event::MODIFY);
    }
    Ok(written)
}

/// Writes pieces of memory; a stream that is full makes the call wait, and go on where it was.
fn write_pieces(
    task: &mut Task<'_, '_>,
    description: &Description,
    pieces: &[(Addr, u32)],
    place: Where,
) -> Reply<u32> {
    if special::<SocketFile>(description.writable()?).is_some() && matches!(place, Where::Offset) {
        return message::write(task, description, pieces);
    }
    let before = task.resume.map_or(0, |resume| resume.moved);
    if before == 0 {
        super::terminal::check_write(task, description)?;
    }
    let total = pieces.iter().map(|(_, length)| *length).sum::<u32>();
    let mut moved = before;
    loop {
        let bytes = gather(task, pieces, moved)?;
        let result = match place {
            Where::Offset => task.attempt(description, || description.write(&bytes)),
            Where::At(from) => description.write_at(from + u64::from(moved), &bytes),
        };
        match result {
            Ok(written) => {
                if let Some(shared) = shared(task, description) {
                    let from = match place {
                        Where::Offset => description.offset()?.saturating_sub(written as u64),
                        Where::At(from) => from + u64::from(moved),
                    };
                    shared.take(task.guest.space, from, &bytes[..written]);
                }
                moved += u32::try_from(written).unwrap_or(0);
                if moved >= total || written == 0 || written < bytes.len() && description.is_seekable() {
                    return Ok(moved);
                }
            }
            Err(Errno::EAGAIN) if moved > 0 && description.flags().is_nonblocking() => return Ok(moved),
            Err(Errno::EAGAIN) => {
                if moved > 0 {
                    task.resume = Some(Resume { moved, ..Resume::default() });
                }
                return task.block_on(description, true);
            }
            Err(errno) => {
                if errno == Errno::EPIPE {
                    task.signals.send(Info::kernel(Signal::PIPE));
                }
                return if moved > 0 { Ok(moved) } else { Err(errno.into()) };
            }
        }
    }
}

/// The next bytes of the pieces, `from` bytes on.
pub(super) fn gather(task: &Task<'_, '_>, pieces: &[(Addr, u32)], from: u32) -> Reply<Vec<u8>> {
    let (mut skip, mut bytes) = (from, Vec::new());
    for &(at, length) in pieces {
        if skip >= length {
            skip -= length;
            continue;
        }
        let room = CHUNK_BYTES - u32::try_from(bytes.len()).unwrap_or(CHUNK_BYTES);
        let take = (length - skip).min(room);
        let start = bytes.len();
        bytes.resize(start + take as usize, 0);
        task.guest.space.read(at + skip, &mut bytes[start..])?;
        skip = 0;
        if take == room {
            break;
        }
    }
    Ok(bytes)
}

/// close(2)
pub(super) fn close(task: &mut Task<'_, '_>, fd: Fd) -> Reply<()> {
    let slot = task.files.lock().close(fd.0)?;
    super::lock::closed(task, &slot.description);
    Ok(())
}

/// close_range(2)
pub(super) fn close_range(task: &mut Task<'_, '_>, first: u32, last: u32, flags: Bits) -> Reply<()> {
    /// CLOSE_RANGE_UNSHARE and CLOSE_RANGE_CLOEXEC.
    const UNSHARE: u32 = 2;
    const KNOWN: u32 = UNSHARE | 4;
    if first > last || flags.0 & !KNOWN != 0 {
        return Err(Errno::EINVAL.into());
    }
    if flags.0 & UNSHARE != 0 {
        let own = task.files.lock().clone();
        task.thread.files = Arc::new(Mutex::new(own));
    }
    let open = task.files.lock().open();
    for fd in open.into_iter().filter(|fd| (first..=last).contains(&fd.cast_unsigned())) {
        if flags.0 & 4 != 0 {
            task.files.lock().slot_mut(fd)?.closes_on_exec = true;
        } else {
            close(task, Fd(fd))?;
        }
    }
    Ok(())
}

/// lseek(2)
pub(super) fn lseek(task: &mut Task<'_, '_>, fd: Fd, offset: i32, whence: Whence) -> Reply<u32> {
    let at = seek(task, fd, i64::from(offset), whence)?;
    i32::try_from(at).map(i32::cast_unsigned).map_err(|_| Errno::EOVERFLOW.into())
}

/// _llseek(2)
pub(super) fn _llseek(
    task: &mut Task<'_, '_>,
    fd: Fd,
    high: u32,
    low: u32,
    result: Out<u64>,
    whence: Whence,
) -> Reply<()> {
    let at = seek(task, fd, pair(low, high).cast_signed(), whence)?;
    Ok(result.write(task.guest, &at)?)
}

fn seek(task: &mut Task<'_, '_>, fd: Fd, offset: i64, whence: Whence) -> Reply<u64> {
    let description = task.description(fd)?;
    let file = description.file()?;
    if !description.is_seekable() && !description.is_directory() {
        // Event descriptors take any offset for theirs, which they do not have.
        if description.node().kind()? == Kind::Anonymous && matches!(whence.0, 0..5) {
            return Ok(0);
        }
        return Err(Errno::ESPIPE.into());
    }
    let size = || Ok::<i64, Errno>(description.node().metadata()?.size.cast_signed());
    let base = match whence.0 {
        0 => 0,
        1 => description.offset()?.cast_signed(),
        2 => size()?,
        3 | 4 => {
            let from = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
            let at = match file.seek_data(from, whence.0 == 3) {
                // A file that knows no holes is all data, with a hole at its end.
                Err(Errno::EINVAL) if offset < size()? => {
                    if whence.0 == 3 {
                        from
                    } else {
                        size()?.cast_unsigned()
                    }
                }
                Err(Errno::EINVAL) => return Err(Errno::ENXIO.into()),
                result => result?,
            };
            description.set_offset(at)?;
            return Ok(at);
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    let at = base.checked_add(offset).and_then(|at| u64::try_from(at).ok()).ok_or(Errno::EINVAL)?;
    description.set_offset(at)?;
    Ok(at)
}

/// dup(2)
pub(super) fn dup(task: &mut Task<'_, '_>, fd: Fd) -> Reply<Fd> {
    duplicate(task, fd, 0, false)
}

/// The lowest free descriptor from `from` on, for the same description.
pub(super) fn duplicate(task: &mut Task<'_, '_>, fd: Fd, from: u32, closes_on_exec: bool) -> Reply<Fd> {
    let description = task.description(fd)?;
    let end = task.process.limits.lock().descriptors();
    if from >= end {
        return Err(Errno::EINVAL.into());
    }
    Ok(Fd(task.files.lock().add(Slot { description, closes_on_exec }, from, end)?))
}

/// dup2(2)
pub(super) fn dup2(task: &mut Task<'_, '_>, from: Fd, to: Fd) -> Reply<Fd> {
    if from == to {
        task.description(from)?;
        return Ok(to);
    }
    dup3(task, from, to, OpenFlags(0))
}

/// dup3(2)
pub(super) fn dup3(task: &mut Task<'_, '_>, from: Fd, to: Fd, flags: OpenFlags) -> Reply<Fd> {
    if from == to || !flags.is_only(OpenFlags::CLOEXEC) {
        return Err(Errno::EINVAL.into());
    }
    let slot = Slot { description: task.description(from)?, closes_on_exec: flags.closes_on_exec() };
    let end = task.process.limits.lock().descriptors();
    let mut files = task.files.lock();
    let replaced = files.close(to.0).ok();
    let result = files.replace(to.0, slot, end);
    drop(files);
    if let Some(replaced) = replaced {
        super::lock::closed(task, &replaced.description);
    }
    result?;
    Ok(to)
}

/// A buffer for moving `count` bytes in chunks.
pub(super) fn chunk(count: u32) -> Vec<u8> {
    vec![0; count.min(CHUNK_BYTES) as usize]
}
