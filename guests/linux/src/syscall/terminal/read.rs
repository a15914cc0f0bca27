//! Reading from a terminal, which waits for as much and as long as it is set to (termios(3), VMIN and VTIME).

use super::job;
use crate::description::Description;
use crate::reply::Reply;
use crate::signal::Signal;
use crate::task::{Resume, Task};
use abi::Addr;
use alloc::vec;
use vfs::Errno;
use vfs::terminal::{Patience, Terminal};

/// Most bytes that one read of a terminal gives.
const READ_BYTES: u32 = vfs::tty::INPUT_BYTES as u32;

/// Reads into pieces of memory. What comes before there is enough is handed over at once, as Linux does: a signal that
/// interrupts the call then ends it with that.
pub(in crate::syscall) fn read(
    task: &mut Task<'_, '_>,
    description: &Description,
    terminal: &dyn Terminal,
    pieces: &[(Addr, u32)],
) -> Reply<u32> {
    let before = task.resume.map_or(0, |resume| resume.moved);
    if before == 0 {
        job::check(task, terminal, Signal::TTIN)?;
    }
    let total = pieces.iter().map(|(_, length)| *length).sum::<u32>();
    // One that was hung up has no settings, and is at its end.
    let patience = terminal.patience().unwrap_or(Patience { bytes: 1, first_ns: None, next_ns: None });
    let enough = u32::try_from(patience.bytes).unwrap_or(u32::MAX).min(total);
    let mut moved = before;
    loop {
        let mut buffer = vec![0; (total - moved.min(total)).min(READ_BYTES) as usize];
        match task.attempt(description, || description.read(&mut buffer)) {
            Ok(count) => {
                scatter(task, pieces, moved, &buffer[..count.min(buffer.len())])?;
                moved += u32::try_from(count).unwrap_or(0);
                if count == 0 || moved >= enough {
                    return Ok(moved);
                }
            }
            Err(Errno::EAGAIN) if patience.first_ns == Some(0) => return Ok(moved),
            Err(Errno::EAGAIN) if moved > 0 && description.flags().is_nonblocking() => return Ok(moved),
            Err(Errno::EAGAIN) => return wait(task, description, patience, (before, moved)),
            Err(_) if moved > 0 => return Ok(moved),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Waits for more, unless it has waited long enough. What has come meanwhile has the clock begin anew.
fn wait(
    task: &mut Task<'_, '_>,
    description: &Description,
    patience: Patience,
    (before, moved): (u32, u32),
) -> Reply<u32> {
    let now = task.clocks.monotonic_ns();
    let after = |wait_ns: Option<u64>| wait_ns.map(|wait_ns| now.saturating_add(wait_ns));
    let until_ns = if moved > before { after(patience.next_ns) } else { task.deadline(|_| after(patience.first_ns)) };
    if until_ns.is_some_and(|until_ns| until_ns <= now) {
        return Ok(moved);
    }
    if moved > 0 {
        task.resume = Some(Resume { until_ns, moved, ..Resume::default() });
    }
    task.block_until(description, false, until_ns)
}

/// Writes bytes into pieces of memory, from the byte `from` on.
fn scatter(task: &mut Task<'_, '_>, pieces: &[(Addr, u32)], from: u32, mut bytes: &[u8]) -> Reply<()> {
    let mut skip = from;
    for &(at, length) in pieces {
        let count = length.saturating_sub(skip).min(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let (now, rest) = bytes.split_at(count as usize);
        if count > 0 {
            task.guest.space.write(at + skip, now)?;
        }
        (skip, bytes) = (skip.saturating_sub(length), rest);
    }
    Ok(())
}
