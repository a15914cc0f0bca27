//! What the system says of itself: names, memory, usage, randomness.

use crate::flags::{Bits, RandomFlags, Who};
use crate::reply::{Interrupted, Reply, Wait};
use crate::syscall::file::CHUNK_BYTES;
use crate::syscall::time::timeval;
use crate::task::Task;
use abi::layout::Text;
use abi::structs::system::{Rusage, Sysinfo, Utsname};
use abi::{Addr, InBytes, Out, OutBytes};
use alloc::vec;
use alloc::vec::Vec;
use vfs::Errno;

/// Longest host name (`__NEW_UTS_LEN`).
const NAME_BYTES_MAX: u32 = 64;

/// uname(2)
pub(super) fn uname(task: &mut Task<'_, '_>, result: Out<Utsname>) -> Reply<()> {
    let names = task.kernel.names.lock().clone();
    let value = Utsname {
        sysname: Text::new(b"Linux"),
        nodename: Text::new(&names.host),
        release: Text::new(&names.release),
        version: Text::new(&names.version),
        machine: Text::new(&names.machine),
        domainname: Text::new(&names.domain),
    };
    Ok(result.write(task.guest, &value)?)
}

fn new_name(task: &Task<'_, '_>, name: InBytes, length: u32) -> Reply<Vec<u8>> {
    if !task.credentials.is_privileged() {
        return Err(Errno::EPERM.into());
    }
    if length > NAME_BYTES_MAX {
        return Err(Errno::EINVAL.into());
    }
    Ok(name.read(task.guest, length)?)
}

/// sethostname(2)
pub(super) fn sethostname(task: &mut Task<'_, '_>, name: InBytes, length: u32) -> Reply<()> {
    let name = new_name(task, name, length)?;
    task.kernel.names.lock().host = name;
    Ok(())
}

/// setdomainname(2)
pub(super) fn setdomainname(task: &mut Task<'_, '_>, name: InBytes, length: u32) -> Reply<()> {
    let name = new_name(task, name, length)?;
    task.kernel.names.lock().domain = name;
    Ok(())
}

/// sysinfo(2)
pub(super) fn sysinfo(task: &mut Task<'_, '_>, result: Out<Sysinfo>) -> Reply<()> {
    let memory = task.memory_info();
    let kib = |bytes: u64| u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
    let value = Sysinfo {
        uptime: i32::try_from(memory.uptime_ns / 1_000_000_000).unwrap_or(i32::MAX),
        totalram: kib(memory.total),
        freeram: kib(memory.free),
        procs: u16::try_from(task.kernel.table.lock().thread_count()).unwrap_or(u16::MAX),
        mem_unit: 1024,
        ..Sysinfo::default()
    };
    Ok(result.write(task.guest, &value)?)
}

/// getrusage(2)
pub(super) fn getrusage(task: &mut Task<'_, '_>, who: Who, result: Out<Rusage>) -> Reply<()> {
    let value = match who.0 {
        // RUSAGE_SELF, RUSAGE_THREAD
        0 | 1 => Rusage {
            ru_utime: timeval(if who.0 == 0 { task.clocks.cpu_ns() } else { task.thread_ns() }),
            ru_maxrss: i32::try_from(task.memory.lock().bytes_peak / 1024).unwrap_or(i32::MAX),
            ..Rusage::default()
        },
        // RUSAGE_CHILDREN
        -1 => {
            let used_ns = super::process::member(task, 0, |member| member.children_ns)?;
            Rusage { ru_utime: timeval(used_ns), ..Rusage::default() }
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    Ok(result.write(task.guest, &value)?)
}

/// getrandom(2)
pub(super) fn getrandom(task: &mut Task<'_, '_>, buffer: OutBytes, count: u32, flags: RandomFlags) -> Reply<u32> {
    if flags.0 & !7 != 0 || flags.0 & 6 == 6 {
        return Err(Errno::EINVAL.into());
    }
    let count = count.min(0x7fff_ffff);
    let mut bytes = vec![0; count.min(CHUNK_BYTES) as usize];
    let mut done = 0;
    while done < count {
        let length = (count - done).min(CHUNK_BYTES);
        let piece = &mut bytes[..length as usize];
        (task.kernel.random)(piece);
        task.guest.space.write(buffer.0 + done, piece)?;
        done += length;
    }
    Ok(count)
}

/// Bytes of the kernel's own log, in which there is nothing: what concerns the host is in the host's.
const LOG_BYTES: u32 = 128 << 10;

/// syslog(2): SYSLOG_ACTION_*.
pub(super) fn syslog(task: &mut Task<'_, '_>, kind: u32, buffer: OutBytes, length: i32) -> Reply<u32> {
    const READ: u32 = 2;
    const READ_ALL: u32 = 3;
    const READ_CLEAR: u32 = 4;
    const CONSOLE_LEVEL: u32 = 8;
    const SIZE_UNREAD: u32 = 9;
    const SIZE_BUFFER: u32 = 10;
    if !matches!(kind, READ_ALL | SIZE_BUFFER) && !task.credentials.is_privileged() {
        return Err(Errno::EPERM.into());
    }
    match kind {
        READ | READ_ALL | READ_CLEAR if buffer.0.is_null() || length < 0 => Err(Errno::EINVAL.into()),
        READ if length > 0 => task.block(Wait::default(), Interrupted::Restarts),
        CONSOLE_LEVEL if !(1..=8).contains(&length) => Err(Errno::EINVAL.into()),
        SIZE_BUFFER => Ok(LOG_BYTES),
        0..=SIZE_UNREAD => Ok(0),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// reboot(2)
pub(super) fn reboot(
    _task: &mut Task<'_, '_>,
    _magic: Bits,
    _magic2: Bits,
    _command: Bits,
    _argument: Addr,
) -> Reply<()> {
    Err(Errno::EPERM.into())
}

/// vhangup(2)
pub(super) fn vhangup(_task: &mut Task<'_, '_>) -> Reply<()> {
    Err(Errno::EPERM.into())
}
