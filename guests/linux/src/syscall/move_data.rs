//! From one file to another without passing through the guest.

use crate::description::Description;
use crate::flags::{Bits, Fd};
use crate::notify::event;
use crate::reply::{Reply, Stop};
use crate::syscall::file::{chunk, offset};
use crate::task::Task;
use abi::InOut;
use vfs::node::Kind;
use vfs::{Errno, Result};

/// What is moved at once: what Linux's pipe in between holds. A peer that has gone answers each piece, so that not all is lost.
const PIECE_BYTES: u32 = 64 * 1024;

/// sendfile(2)
pub(super) fn sendfile(task: &mut Task<'_, '_>, to: Fd, from: Fd, at: InOut<i32>, count: u32) -> Reply<u32> {
    let start = if at.is_null() { None } else { Some(u64::try_from(at.read(task.guest)?).map_err(|_| Errno::EINVAL)?) };
    let (moved, end) = send(task, to, from, start, count)?;
    if let Some(end) = end {
        at.write(task.guest, &i32::try_from(end).map_err(|_| Errno::EOVERFLOW)?)?;
    }
    Ok(moved)
}

/// sendfile64(2)
pub(super) fn sendfile64(task: &mut Task<'_, '_>, to: Fd, from: Fd, at: InOut<u64>, count: u32) -> Reply<u32> {
    let start = if at.is_null() { None } else { Some(offset(at.read(task.guest)?)?) };
    let (moved, end) = send(task, to, from, start, count)?;
    if let Some(end) = end {
        at.write(task.guest, &end)?;
    }
    Ok(moved)
}

fn send(task: &mut Task<'_, '_>, to: Fd, from: Fd, start: Option<u64>, count: u32) -> Reply<(u32, Option<u64>)> {
    let (to, from) = (task.description(to)?, task.description(from)?);
    from.readable()?;
    to.writable()?;
    if !from.is_seekable() || to.flags().appends() {
        return Err(Errno::EINVAL.into());
    }
    match transfer(task, (&from, start), (&to, None), count) {
        Ok(moved) => Ok((moved, start.map(|start| start + u64::from(moved)))),
        Err(Errno::EAGAIN) => task.block_on(&to, true),
        Err(errno) => Err(Stop::Errno(errno)),
    }
}

/// Moves up to `count` bytes; where no offset is given, the files' own are used.
fn transfer(
    task: &Task<'_, '_>,
    from: (&Description, Option<u64>),
    to: (&Description, Option<u64>),
    count: u32,
) -> Result<u32> {
    let mut buffer = chunk(count.min(PIECE_BYTES));
    let mut moved = 0;
    while moved < count {
        let want = ((count - moved) as usize).min(buffer.len());
        let done = u64::from(moved);
        let start = match from.1 {
            Some(start) => start,
            None => from.0.offset()?,
        };
        let at = if from.1.is_some() { start + done } else { start };
        let read = from.0.read_at(at, &mut buffer[..want])?;
        if read == 0 {
            break;
        }
        let result = match to.1 {
            Some(start) => to.0.write_at(start + done, &buffer[..read]),
            None => task.attempt(to.0, || to.0.write(&buffer[..read])),
        };
        let written = match result {
            Err(_) if moved > 0 => break,
            result => result?,
        };
        if from.1.is_none() {
            from.0.set_offset(at + written as u64)?;
        }
        moved += u32::try_from(written).unwrap_or(0);
        if written < read {
            break;
        }
    }
    if moved > 0 {
        task.kernel.commons.notify.tell(from.0.place(), event::ACCESS);
        task.kernel.commons.notify.tell(to.0.place(), event::MODIFY);
    }
    Ok(moved)
}

/// copy_file_range(2)
pub(super) fn copy_file_range(
    task: &mut Task<'_, '_>,
    from: Fd,
    from_at: InOut<u64>,
    to: Fd,
    to_at: InOut<u64>,
    count: u32,
    flags: Bits,
) -> Reply<u32> {
    let (from, to) = (task.description(from)?, task.description(to)?);
    from.readable()?;
    to.writable()?;
    if flags.0 != 0 {
        return Err(Errno::EINVAL.into());
    }
    if to.flags().appends() {
        return Err(Errno::EBADF.into());
    }
    for file in [&from, &to] {
        match file.node().kind()? {
            Kind::File => {}
            Kind::Directory => return Err(Errno::EISDIR.into()),
            _ => return Err(Errno::EINVAL.into()),
        }
    }
    let start = |at: InOut<u64>, task: &Task<'_, '_>| {
        if at.is_null() { Ok::<_, Stop>(None) } else { Ok(Some(offset(at.read(task.guest)?)?)) }
    };
    let (from_start, to_start) = (start(from_at, task)?, start(to_at, task)?);
    let moved = transfer(task, (&from, from_start), (&to, to_start), count.min(0x7fff_f000))?;
    for (at, start) in [(from_at, from_start), (to_at, to_start)] {
        if let Some(start) = start {
            at.write(task.guest, &(start + u64::from(moved)))?;
        }
    }
    Ok(moved)
}
