//! Waiting for files: select and pselect.

use crate::reply::{Interrupted, Reply};
use crate::signal::SignalSet;
use crate::syscall::poll::{Watch, left_ns, masked};
use crate::syscall::time::{Span, after, timespec, timespec64, timeval};
use crate::task::Task;
use abi::structs::signal::Sigset;
use abi::structs::time::{Timespec, Timespec64, Timeval};
use abi::{Addr, In, InOut, Layout};
use alloc::vec;
use alloc::vec::Vec;
use vfs::Errno;

/// Conditions that make a descriptor readable, writable, exceptional (fs/select.c).
const IN: u16 = 0x040 | 0x080 | 0x001 | 0x010 | 0x008;
const OUT: u16 = 0x100 | 0x004 | 0x008;
const EXCEPT: u16 = 0x002;
const INVALID: u16 = 0x020;

/// Descriptors that a set may name.
const COUNT_MAX: i32 = 1 << 16;

/// One of the three sets: where it is, and its words.
struct Set {
    at: Addr,
    words: Vec<u32>,
    wanted: u16,
}

impl Set {
    fn read(task: &Task<'_, '_>, at: Addr, count: usize, wanted: u16) -> Reply<Set> {
        let words = if at.is_null() {
            vec![0; count.div_ceil(32)]
        } else {
            (0..count.div_ceil(32)).map(|word| task.guest.read(at + 4 * word as u32)).collect::<Result<_, _>>()?
        };
        Ok(Set { at, words, wanted })
    }

    fn has(&self, fd: usize) -> bool {
        self.words[fd / 32] >> (fd % 32) & 1 != 0
    }
}

/// Looks at three sets, and waits if nothing is ready.
fn select(task: &mut Task<'_, '_>, count: i32, at: [Addr; 3], timeout_ns: Option<u64>) -> Reply<u32> {
    let count = usize::try_from(count.min(COUNT_MAX)).map_err(|_| Errno::EINVAL)?;
    let [read, write, except] = at;
    let mut sets = [
        Set::read(task, read, count, IN)?,
        Set::read(task, write, count, OUT)?,
        Set::read(task, except, count, EXCEPT)?,
    ];
    let named: Vec<usize> = (0..count).filter(|fd| sets.iter().any(|set| set.has(*fd))).collect();
    let wanted = |fd: usize| sets.iter().filter(|set| set.has(fd)).fold(0, |bits, set| bits | set.wanted);
    let watch = Watch::new(named.iter().map(|fd| (i32::try_from(*fd).unwrap_or(-1), wanted(*fd))).collect());
    let (found, wait) = watch.look(task, timeout_ns != Some(0));
    if found.contains(&INVALID) {
        return Err(Errno::EBADF.into());
    }
    let mut ready = 0;
    for set in &mut sets {
        let mut words = vec![0; set.words.len()];
        for (fd, bits) in named.iter().zip(&found) {
            if set.has(*fd) && bits & set.wanted != 0 {
                words[fd / 32] |= 1 << (fd % 32);
                ready += 1;
            }
        }
        set.words = words;
    }
    let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    if ready == 0 && until_ns.is_none_or(|until| until > task.clocks.monotonic_ns()) {
        return task.block_by(until_ns, wait, Interrupted::Fails);
    }
    for set in sets.iter().filter(|set| !set.at.is_null()) {
        for (index, word) in (0..).zip(&set.words) {
            task.guest.write(set.at + 4 * index, word)?;
        }
    }
    Ok(ready)
}

/// _newselect(2): the timeout is told what was left.
pub(super) fn _newselect(
    task: &mut Task<'_, '_>,
    count: i32,
    read: Addr,
    write: Addr,
    except: Addr,
    timeout: InOut<Timeval>,
) -> Reply<u32> {
    let timeout_ns = if timeout.is_null() { None } else { Some(span_of(timeout.read(task.guest)?)?) };
    let until = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    let ready = select(task, count, [read, write, except], timeout_ns)?;
    if !timeout.is_null() {
        let left = left_ns(task, until);
        timeout.write(task.guest, &timeval(left))?;
    }
    Ok(ready)
}

/// A timeout, whose microseconds may be a million and more.
fn span_of(time: Timeval) -> Reply<u64> {
    let (Ok(seconds), Ok(micro)) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_usec)) else {
        return Err(Errno::EINVAL.into());
    };
    Ok(seconds * 1_000_000_000 + micro * 1000)
}

/// The mask of pselect6(2): where it is, and its length.
fn mask_of(task: &Task<'_, '_>, pair: In<[u32; 2]>) -> Reply<Option<SignalSet>> {
    match pair.optional(task.guest)? {
        Some([at, size]) if at != 0 => {
            if size != Sigset::BYTES {
                return Err(Errno::EINVAL.into());
            }
            Ok(Some(task.guest.read::<Sigset>(Addr(at))?.into()))
        }
        _ => Ok(None),
    }
}

/// pselect6(2)
pub(super) fn pselect6(
    task: &mut Task<'_, '_>,
    count: i32,
    read: Addr,
    write: Addr,
    except: Addr,
    timeout: InOut<Timespec>,
    mask: In<[u32; 2]>,
) -> Reply<u32> {
    let mask = mask_of(task, mask)?;
    let timeout_ns = if timeout.is_null() { None } else { Some(Span::from(timeout.read(task.guest)?).ns()?) };
    let until = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    let ready = masked(task, mask, |task| select(task, count, [read, write, except], timeout_ns))?;
    if !timeout.is_null() {
        let left = left_ns(task, until);
        timeout.write(task.guest, &timespec(left))?;
    }
    Ok(ready)
}

/// pselect6_time64(2)
pub(super) fn pselect6_time64(
    task: &mut Task<'_, '_>,
    count: i32,
    read: Addr,
    write: Addr,
    except: Addr,
    timeout: InOut<Timespec64>,
    mask: In<[u32; 2]>,
) -> Reply<u32> {
    let mask = mask_of(task, mask)?;
    let timeout_ns = if timeout.is_null() { None } else { Some(Span::from(timeout.read(task.guest)?).ns()?) };
    let until = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    let ready = masked(task, mask, |task| select(task, count, [read, write, except], timeout_ns))?;
    if !timeout.is_null() {
        let left = left_ns(task, until);
        timeout.write(task.guest, &timespec64(left))?;
    }
    Ok(ready)
}
