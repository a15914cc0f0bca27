//! Moving bytes between pipes and other files: splice, tee, vmsplice. Nothing is moved but by copying.

use crate::description::Description;
use crate::flags::{Fd, SpliceFlags};
use crate::notify::event;
use crate::reply::{Reply, Stop};
use crate::signal::{Info, Signal};
use crate::syscall::file::{CHUNK_BYTES, chunk, gather, offset, pieces, scatter};
use crate::task::Task;
use abi::structs::file::Iovec;
use abi::{InList, InOut};
use vfs::pipe::End;
use vfs::{Errno, Result};

/// SPLICE_F_NONBLOCK
const NONBLOCK: u32 = 2;
/// SPLICE_F_MOVE, SPLICE_F_NONBLOCK, SPLICE_F_MORE, SPLICE_F_GIFT
const KNOWN: u32 = 0xf;

/// The end of a pipe that a description is.
fn pipe_of(description: &Description) -> Result<Option<&End>> {
    Ok(End::of(description.file()?))
}

/// Ends a call that would wait for a file, unless it may.
fn wait<T>(task: &mut Task<'_, '_>, waits: bool, description: &Description, is_write: bool) -> Reply<T> {
    if waits { task.block_on(description, is_write) } else { Err(Errno::EAGAIN.into()) }
}

/// Room in a pipe; it is waited for. Nobody there to read is SIGPIPE.
fn room(task: &mut Task<'_, '_>, waits: bool, description: &Description, end: &End) -> Reply<usize> {
    match task.attempt(description, || end.room()) {
        Err(Errno::EAGAIN) => wait(task, waits, description, true),
        Err(Errno::EPIPE) => {
            task.signals.send(Info::kernel(Signal::PIPE));
            Err(Errno::EPIPE.into())
        }
        result => Ok(result?),
    }
}

/// Whether the call may wait: neither the flag nor one of the pipes says otherwise.
fn may_wait(flags: SpliceFlags, pipes: &[&Description]) -> bool {
    flags.0 & NONBLOCK == 0 && !pipes.iter().any(|pipe| pipe.flags().is_nonblocking())
}

/// splice(2)
pub(super) fn splice(
    task: &mut Task<'_, '_>,
    from: Fd,
    from_at: InOut<u64>,
    to: Fd,
    to_at: InOut<u64>,
    count: u32,
    flags: SpliceFlags,
) -> Reply<u32> {
    if flags.0 & !KNOWN != 0 {
        return Err(Errno::EINVAL.into());
    }
    if count == 0 {
        return Ok(0);
    }
    let (from, to) = (task.description(from)?, task.description(to)?);
    from.readable()?;
    to.writable()?;
    let count = count.min(CHUNK_BYTES);
    let at = |task: &Task<'_, '_>, at: InOut<u64>, is_pipe: bool, is_seekable: bool| -> Reply<Option<u64>> {
        match at.is_null() {
            true => Ok(None),
            false if is_pipe => Err(Errno::ESPIPE.into()),
            false if !is_seekable => Err(Errno::EINVAL.into()),
            false => Ok(Some(offset(at.read(task.guest)?)?)),
        }
    };
    let (source, sink) = (pipe_of(&from)?, pipe_of(&to)?);
    let from_start = at(task, from_at, source.is_some(), from.is_seekable())?;
    let to_start = at(task, to_at, sink.is_some(), to.is_seekable())?;
    let moved = match (source, sink) {
        (Some(source), Some(sink)) if source.is_same_pipe(sink) => return Err(Errno::EINVAL.into()),
        (Some(source), Some(sink)) => {
            let waits = may_wait(flags, &[&from, &to]);
            let most = room(task, waits, &to, sink)?.min(count as usize);
            let bytes = match task.attempt(&from, || source.take(most)) {
                Err(Errno::EAGAIN) => return wait(task, waits, &from, false),
                result => result?,
            };
            sink.put(&bytes);
            bytes.len()
        }
        (Some(source), None) => drain(task, (&from, source), (&to, to_start), count, flags)?,
        (None, Some(sink)) => fill(task, (&from, from_start), (&to, sink), count, flags)?,
        (None, None) => return Err(Errno::EINVAL.into()),
    };
    for (at, start) in [(from_at, from_start), (to_at, to_start)] {
        if let Some(start) = start {
            at.write(task.guest, &(start + moved as u64))?;
        }
    }
    if moved > 0 {
        task.kernel.commons.notify.tell(from.place(), event::ACCESS);
        task.kernel.commons.notify.tell(to.place(), event::MODIFY);
    }
    Ok(u32::try_from(moved).unwrap_or(0))
}

/// From a pipe to another file. What that does not take goes back.
fn drain(
    task: &mut Task<'_, '_>,
    (from, source): (&Description, &End),
    (to, start): (&Description, Option<u64>),
    count: u32,
    flags: SpliceFlags,
) -> Reply<usize> {
    if to.flags().appends() {
        return Err(Errno::EINVAL.into());
    }
    let waits = may_wait(flags, &[from]);
    let bytes = match task.attempt(from, || source.take(count as usize)) {
        Err(Errno::EAGAIN) => return wait(task, waits, from, false),
        result => result?,
    };
    if bytes.is_empty() {
        return Ok(0);
    }
    let written = match start {
        Some(start) => to.write_at(start, &bytes),
        None => task.attempt(to, || to.write(&bytes)),
    };
    source.put_back(&bytes[written.unwrap_or(0).min(bytes.len())..]);
    match written {
        Err(Errno::EAGAIN) => wait(task, waits, to, true),
        Err(Errno::EPIPE) => {
            task.signals.send(Info::kernel(Signal::PIPE));
            Err(Stop::Errno(Errno::EPIPE))
        }
        result => Ok(result?),
    }
}

/// From another file to a pipe.
fn fill(
    task: &mut Task<'_, '_>,
    (from, start): (&Description, Option<u64>),
    (to, sink): (&Description, &End),
    count: u32,
    flags: SpliceFlags,
) -> Reply<usize> {
    let waits = may_wait(flags, &[to]);
    let most = room(task, waits, to, sink)?.min(count as usize);
    let mut buffer = chunk(u32::try_from(most).unwrap_or(CHUNK_BYTES));
    let read = match start {
        Some(start) => from.read_at(start, &mut buffer),
        None => task.attempt(from, || from.read(&mut buffer)),
    };
    match read {
        Ok(read) => {
            sink.put(&buffer[..read]);
            Ok(read)
        }
        Err(Errno::EAGAIN) => wait(task, waits, from, false),
        Err(errno) => Err(errno.into()),
    }
}

/// tee(2): from one pipe to another, and both have it.
pub(super) fn tee(task: &mut Task<'_, '_>, from: Fd, to: Fd, count: u32, flags: SpliceFlags) -> Reply<u32> {
    if flags.0 & !KNOWN != 0 {
        return Err(Errno::EINVAL.into());
    }
    if count == 0 {
        return Ok(0);
    }
    let (from, to) = (task.description(from)?, task.description(to)?);
    from.readable()?;
    to.writable()?;
    let (Some(source), Some(sink)) = (pipe_of(&from)?, pipe_of(&to)?) else { return Err(Errno::EINVAL.into()) };
    if source.is_same_pipe(sink) {
        return Err(Errno::EINVAL.into());
    }
    let waits = may_wait(flags, &[&from, &to]);
    let bytes = match task.attempt(&from, || source.peek(count as usize)) {
        Err(Errno::EAGAIN) => return wait(task, waits, &from, false),
        result => result?,
    };
    if bytes.is_empty() {
        return Ok(0);
    }
    let most = room(task, waits, &to, sink)?.min(bytes.len());
    sink.put(&bytes[..most]);
    Ok(u32::try_from(most).unwrap_or(0))
}

/// vmsplice(2): between memory and a pipe.
pub(super) fn vmsplice(
    task: &mut Task<'_, '_>,
    fd: Fd,
    vector: InList<Iovec>,
    count: u32,
    flags: SpliceFlags,
) -> Reply<u32> {
    if flags.0 & !KNOWN != 0 {
        return Err(Errno::EINVAL.into());
    }
    let description = task.description(fd)?;
    let end = pipe_of(&description)?.ok_or(Errno::EBADF)?;
    let pieces = pieces(task, vector, count)?;
    let total: u32 = pieces.iter().map(|(_, length)| *length).sum();
    if total == 0 {
        return Ok(0);
    }
    let waits = may_wait(flags, &[&description]);
    if description.flags().writes() {
        let most = room(task, waits, &description, end)?;
        let mut bytes = gather(task, &pieces, 0)?;
        bytes.truncate(most);
        end.put(&bytes);
        return Ok(u32::try_from(bytes.len()).unwrap_or(0));
    }
    match task.attempt(&description, || end.take(total.min(CHUNK_BYTES) as usize)) {
        Ok(bytes) => scatter(task, &pieces, &bytes),
        Err(Errno::EAGAIN) => wait(task, waits, &description, false),
        Err(errno) => Err(errno.into()),
    }
}
