//! The runtime's functions (WASI preview 1), each under its own name, with slices for pointers and errors of the guest's.

#![expect(unsafe_code, reason = "calls the runtime, which reads and writes this memory")]

use crate::errno;
use crate::listing::{Listed, parse};
use crate::metadata::Filestat;
use std::io::{self, Write};
use vfs::{Errno, Result};
use wasip1::{Ciovec, Fdflags, Iovec, Oflags, Rights};

pub(crate) use wasip1::{
    CLOCKID_MONOTONIC, CLOCKID_PROCESS_CPUTIME_ID, CLOCKID_REALTIME, Clockid, FDFLAGS_APPEND,
    FILETYPE_CHARACTER_DEVICE, FSTFLAGS_ATIM, FSTFLAGS_MTIM, Fd, Fstflags, OFLAGS_CREAT, OFLAGS_DIRECTORY, OFLAGS_EXCL,
    RIGHTS_FD_FDSTAT_SET_FLAGS, RIGHTS_FD_FILESTAT_GET, RIGHTS_FD_FILESTAT_SET_SIZE, RIGHTS_FD_READ, RIGHTS_FD_READDIR,
    RIGHTS_FD_SEEK, RIGHTS_FD_SYNC, RIGHTS_FD_TELL, RIGHTS_FD_WRITE,
};

/// Bytes of a directory listing asked for at a time: runtimes begin at its start each time.
const LISTING_BYTES: usize = 64 << 10;

/// Bytes of a symbolic link's target, as many as a path may have (`PATH_MAX`).
const TARGET_BYTES: usize = 4096;

/// A descriptor of the runtime's, closed with its last holder.
pub(crate) struct Descriptor(pub(crate) Fd);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: no memory is passed. What close(2) says of a descriptor that is gone helps nobody.
        let _ = unsafe { wasip1::fd_close(self.0) };
    }
}

/// What a call gave, made again if a signal of the host interrupted it.
fn told<T>(mut call: impl FnMut() -> core::result::Result<T, wasip1::Errno>) -> Result<T> {
    loop {
        match call() {
            Err(wasip1::ERRNO_INTR) => {}
            Err(errno) => return Err(errno::of(errno.raw())),
            Ok(value) => return Ok(value),
        }
    }
}

/// A function that gives a list of strings in two buffers: one of addresses and one of bytes.
type GetStrings = unsafe fn(*mut *mut u8, *mut u8) -> core::result::Result<(), wasip1::Errno>;

/// `args_get`.
pub(crate) fn args_get() -> Result<Vec<Vec<u8>>> {
    // SAFETY: the sizes come back by value.
    strings(told(|| unsafe { wasip1::args_sizes_get() })?, wasip1::args_get)
}

/// `environ_get`.
pub(crate) fn environ_get() -> Result<Vec<Vec<u8>>> {
    // SAFETY: the sizes come back by value.
    strings(told(|| unsafe { wasip1::environ_sizes_get() })?, wasip1::environ_get)
}

fn strings((count, bytes): (usize, usize), get: GetStrings) -> Result<Vec<Vec<u8>>> {
    let (mut addresses, mut buffer) = (vec![core::ptr::null_mut(); count], vec![0; bytes]);
    // SAFETY: both buffers have the sizes that were asked for.
    told(|| unsafe { get(addresses.as_mut_ptr(), buffer.as_mut_ptr()) })?;
    Ok(buffer.split(|byte| *byte == 0).take(count).map(<[u8]>::to_vec).collect())
}

/// `clock_time_get`, in nanoseconds.
pub(crate) fn clock_time_get(clock: Clockid) -> Result<u64> {
    // SAFETY: the time comes back by value. A precision of 1 is the best there is.
    told(|| unsafe { wasip1::clock_time_get(clock, 1) })
}

/// `random_get`.
pub(crate) fn random_get(into: &mut [u8]) -> Result<()> {
    // SAFETY: exactly this slice is filled.
    told(|| unsafe { wasip1::random_get(into.as_mut_ptr(), into.len()) })
}

/// `proc_exit`, with a status from 0 to 255.
pub(crate) fn proc_exit(status: u8) -> ! {
    // SAFETY: no memory is passed.
    unsafe { wasip1::proc_exit(u32::from(status)) };
    unreachable!("proc_exit does not return")
}

/// `sched_yield`.
pub(crate) fn sched_yield() {
    // SAFETY: no memory is passed. If there is nothing to yield to, we go on at once.
    let _ = unsafe { wasip1::sched_yield() };
}

/// The name of a preopened directory; `EBADF` behind the last (`fd_prestat_get`, `fd_prestat_dir_name`).
pub(crate) fn preopen_name(fd: Fd) -> Result<Vec<u8>> {
    // SAFETY: what there is comes back by value.
    let prestat = told(|| unsafe { wasip1::fd_prestat_get(fd) })?;
    if prestat.tag != wasip1::PREOPENTYPE_DIR.raw() {
        return Err(Errno::ENOTDIR);
    }
    // SAFETY: the tag says that it is a directory.
    let mut name = vec![0; unsafe { prestat.u.dir.pr_name_len }];
    // SAFETY: the buffer has the size that was asked for.
    told(|| unsafe { wasip1::fd_prestat_dir_name(fd, name.as_mut_ptr(), name.len()) })?;
    // Some runtimes count a closing NUL.
    while name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

/// A descriptor's `filetype` and rights (`fd_fdstat_get`).
pub(crate) fn fd_fdstat_get(fd: Fd) -> Result<(u8, Rights)> {
    // SAFETY: what there is comes back by value.
    let stat = told(|| unsafe { wasip1::fd_fdstat_get(fd) })?;
    Ok((stat.fs_filetype.raw(), stat.fs_rights_base))
}

/// `fd_fdstat_set_flags`.
pub(crate) fn fd_fdstat_set_flags(fd: Fd, flags: Fdflags) -> Result<()> {
    // SAFETY: no memory is passed.
    told(|| unsafe { wasip1::fd_fdstat_set_flags(fd, flags) })
}

/// `fd_filestat_get`.
pub(crate) fn fd_filestat_get(fd: Fd) -> Result<Filestat> {
    // SAFETY: what there is comes back by value.
    told(|| unsafe { wasip1::fd_filestat_get(fd) }).map(filestat)
}

/// `path_filestat_get`; symbolic links are not followed, here as everywhere.
pub(crate) fn path_filestat_get(fd: Fd, path: &str) -> Result<Filestat> {
    // SAFETY: the path is borrowed, and what there is comes back by value.
    told(|| unsafe { wasip1::path_filestat_get(fd, 0, path) }).map(filestat)
}

fn filestat(stat: wasip1::Filestat) -> Filestat {
    Filestat {
        dev: stat.dev,
        ino: stat.ino,
        filetype: stat.filetype.raw(),
        nlink: stat.nlink,
        size: stat.size,
        atim: stat.atim,
        mtim: stat.mtim,
        ctim: stat.ctim,
    }
}

/// `fd_filestat_set_size`.
pub(crate) fn fd_filestat_set_size(fd: Fd, bytes: u64) -> Result<()> {
    // SAFETY: no memory is passed.
    told(|| unsafe { wasip1::fd_filestat_set_size(fd, bytes) })
}

/// `path_filestat_set_times`, in nanoseconds since the Unix epoch.
pub(crate) fn path_filestat_set_times(fd: Fd, path: &str, atim: u64, mtim: u64, flags: Fstflags) -> Result<()> {
    // SAFETY: the path is borrowed.
    told(|| unsafe { wasip1::path_filestat_set_times(fd, 0, path, atim, mtim, flags) })
}

/// `fd_read`.
pub(crate) fn fd_read(fd: Fd, into: &mut [u8]) -> Result<usize> {
    let pieces = [Iovec { buf: into.as_mut_ptr(), buf_len: into.len() }];
    // SAFETY: the piece is this slice, which is borrowed to be written.
    told(|| unsafe { wasip1::fd_read(fd, &pieces) })
}

/// `fd_pread`.
pub(crate) fn fd_pread(fd: Fd, into: &mut [u8], offset: u64) -> Result<usize> {
    let pieces = [Iovec { buf: into.as_mut_ptr(), buf_len: into.len() }];
    // SAFETY: the piece is this slice, which is borrowed to be written.
    told(|| unsafe { wasip1::fd_pread(fd, &pieces, offset) })
}

/// `fd_write`.
pub(crate) fn fd_write(fd: Fd, from: &[u8]) -> Result<usize> {
    let pieces = [Ciovec { buf: from.as_ptr(), buf_len: from.len() }];
    // SAFETY: the piece is this slice, which is borrowed.
    told(|| unsafe { wasip1::fd_write(fd, &pieces) })
}

/// `fd_pwrite`.
pub(crate) fn fd_pwrite(fd: Fd, from: &[u8], offset: u64) -> Result<usize> {
    let pieces = [Ciovec { buf: from.as_ptr(), buf_len: from.len() }];
    // SAFETY: the piece is this slice, which is borrowed.
    told(|| unsafe { wasip1::fd_pwrite(fd, &pieces, offset) })
}

/// `fd_sync`.
pub(crate) fn fd_sync(fd: Fd) -> Result<()> {
    // SAFETY: no memory is passed.
    told(|| unsafe { wasip1::fd_sync(fd) })
}

/// `fd_tell`.
pub(crate) fn fd_tell(fd: Fd) -> Result<u64> {
    // SAFETY: the offset comes back by value.
    told(|| unsafe { wasip1::fd_tell(fd) })
}

/// `fd_seek`, from the start.
pub(crate) fn fd_seek(fd: Fd, offset: u64) -> Result<()> {
    let offset = i64::try_from(offset).map_err(|_| Errno::EINVAL)?;
    // SAFETY: no memory is passed.
    told(|| unsafe { wasip1::fd_seek(fd, offset, wasip1::WHENCE_SET) }).map(|_| ())
}

/// `path_open`.
pub(crate) fn path_open(fd: Fd, path: &str, make: Oflags, rights: Rights, flags: Fdflags) -> Result<Descriptor> {
    // SAFETY: the path is borrowed.
    told(|| unsafe { wasip1::path_open(fd, 0, path, make, rights, 0, flags) }).map(Descriptor)
}

/// All of a directory (`fd_readdir`), `.` and `..` included.
pub(crate) fn fd_readdir(fd: Fd) -> Result<Vec<Listed>> {
    let (mut found, mut buffer, mut from) = (Vec::new(), vec![0; LISTING_BYTES], wasip1::DIRCOOKIE_START);
    loop {
        // SAFETY: exactly this buffer is filled.
        let filled = told(|| unsafe { wasip1::fd_readdir(fd, buffer.as_mut_ptr(), buffer.len(), from) })?;
        let filled = filled.min(buffer.len());
        let listed = parse(&buffer[..filled]);
        from = listed.last().map_or(from, |last| last.next);
        let is_stuck = listed.is_empty();
        found.extend(listed);
        // A buffer that is not full holds the end of the list. One entry may be longer than the buffer.
        match filled == buffer.len() {
            true if is_stuck => buffer.resize(2 * filled, 0),
            true => {}
            false => return Ok(found),
        }
    }
}

/// `path_create_directory`.
pub(crate) fn path_create_directory(fd: Fd, path: &str) -> Result<()> {
    // SAFETY: the path is borrowed.
    told(|| unsafe { wasip1::path_create_directory(fd, path) })
}

/// `path_remove_directory`.
pub(crate) fn path_remove_directory(fd: Fd, path: &str) -> Result<()> {
    // SAFETY: the path is borrowed.
    told(|| unsafe { wasip1::path_remove_directory(fd, path) })
}

/// `path_unlink_file`.
pub(crate) fn path_unlink_file(fd: Fd, path: &str) -> Result<()> {
    // SAFETY: the path is borrowed.
    told(|| unsafe { wasip1::path_unlink_file(fd, path) })
}

/// `path_rename`, in one preopen.
pub(crate) fn path_rename(fd: Fd, from: &str, to: &str) -> Result<()> {
    // SAFETY: the paths are borrowed.
    told(|| unsafe { wasip1::path_rename(fd, from, fd, to) })
}

/// `path_link`, in one preopen.
pub(crate) fn path_link(fd: Fd, from: &str, to: &str) -> Result<()> {
    // SAFETY: the paths are borrowed.
    told(|| unsafe { wasip1::path_link(fd, 0, from, fd, to) })
}

/// `path_symlink`.
pub(crate) fn path_symlink(target: &str, fd: Fd, path: &str) -> Result<()> {
    // SAFETY: the paths are borrowed.
    told(|| unsafe { wasip1::path_symlink(target, fd, path) })
}

/// `path_readlink`.
pub(crate) fn path_readlink(fd: Fd, path: &str) -> Result<Vec<u8>> {
    let mut target = vec![0; TARGET_BYTES];
    // SAFETY: the path is borrowed, and exactly this buffer is filled.
    let bytes = told(|| unsafe { wasip1::path_readlink(fd, path, target.as_mut_ptr(), target.len()) })?;
    target.truncate(bytes);
    Ok(target)
}

/// What a descriptor is wanted for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wanted {
    Read,
    Write,
}

/// What `poll_oneoff` found of a descriptor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// It cannot be polled, or is broken: reading or writing says why.
    pub(crate) is_error: bool,
    /// The other end has gone.
    pub(crate) is_hangup: bool,
}

/// Waits until one of the descriptors is ready, or so long (`poll_oneoff`). The answer is what of those that are ready.
pub(crate) fn poll_oneoff(wanted: &[(Fd, Wanted)], timeout_ns: Option<u64>) -> Result<Vec<Found>> {
    let descriptor = |(fd, wanted): &(Fd, Wanted)| match wanted {
        Wanted::Read => (wasip1::EVENTTYPE_FD_READ, readwrite(*fd)),
        Wanted::Write => (wasip1::EVENTTYPE_FD_WRITE, readwrite(*fd)),
    };
    let clock = timeout_ns.map(|timeout| (wasip1::EVENTTYPE_CLOCK, after(timeout)));
    let subscriptions: Vec<wasip1::Subscription> = wanted
        .iter()
        .map(descriptor)
        .chain(clock)
        .map(|(of, u)| wasip1::Subscription { userdata: 0, u: wasip1::SubscriptionU { tag: of.raw(), u } })
        .collect();
    let mut events: Vec<wasip1::Event> = Vec::with_capacity(subscriptions.len());
    // SAFETY: there is room for an event for each subscription.
    let count =
        told(|| unsafe { wasip1::poll_oneoff(subscriptions.as_ptr(), events.as_mut_ptr(), subscriptions.len()) })?;
    // SAFETY: the runtime has written so many, and no more than there is room for.
    unsafe { events.set_len(count.min(subscriptions.len())) };
    let of_descriptor = events.iter().filter(|event| event.type_ != wasip1::EVENTTYPE_CLOCK);
    Ok(of_descriptor
        .map(|event| Found {
            is_error: event.error != wasip1::ERRNO_SUCCESS,
            is_hangup: event.fd_readwrite.flags & wasip1::EVENTRWFLAGS_FD_READWRITE_HANGUP != 0,
        })
        .collect())
}

fn readwrite(file_descriptor: Fd) -> wasip1::SubscriptionUU {
    wasip1::SubscriptionUU { fd_read: wasip1::SubscriptionFdReadwrite { file_descriptor } }
}

fn after(timeout: u64) -> wasip1::SubscriptionUU {
    let clock = wasip1::SubscriptionClock { id: CLOCKID_MONOTONIC, timeout, precision: 0, flags: 0 };
    wasip1::SubscriptionUU { clock }
}

/// Standard error, for messages of ours.
struct Messages;

impl Write for Messages {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        fd_write(wasip1::FD_STDERR, from).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line on standard error. A closed standard error is nobody's business.
pub(crate) fn say(line: &str) {
    let _ = Messages.write_all(format!("strata: {line}\n").as_bytes());
}
