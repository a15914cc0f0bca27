//! Errors of the host as a guest sees them.

use std::io;
use vfs::Errno;

/// An error of a system call. Hosts with other than the generic numbers are not supported.
pub(crate) fn of(errno: rustix::io::Errno) -> Errno {
    u16::try_from(errno.raw_os_error()).ok().and_then(Errno::from_number).unwrap_or(Errno::EIO)
}

/// An error of std or cap-std; the latter's refusal to leave a directory has no number and becomes `EXDEV`.
pub(crate) fn of_io(error: &io::Error) -> Errno {
    match error.raw_os_error() {
        Some(number) => of(rustix::io::Errno::from_raw_os_error(number)),
        None if error.kind() == io::ErrorKind::PermissionDenied => Errno::EXDEV,
        None => Errno::EIO,
    }
}
