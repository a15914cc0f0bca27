//! Errors of a WASI runtime as a guest sees them.

use vfs::Errno;

/// By the number that preview 1 gives them (`errno` in typenames.witx): by name, apart from the first and the last.
const ERRNOS: [Errno; 77] = [
    // success: an error that claims to be none.
    Errno::EIO,
    Errno::E2BIG,
    Errno::EACCES,
    Errno::EADDRINUSE,
    Errno::EADDRNOTAVAIL,
    Errno::EAFNOSUPPORT,
    Errno::EAGAIN,
    Errno::EALREADY,
    Errno::EBADF,
    Errno::EBADMSG,
    Errno::EBUSY,
    Errno::ECANCELED,
    Errno::ECHILD,
    Errno::ECONNABORTED,
    Errno::ECONNREFUSED,
    Errno::ECONNRESET,
    Errno::EDEADLK,
    Errno::EDESTADDRREQ,
    Errno::EDOM,
    Errno::EDQUOT,
    Errno::EEXIST,
    Errno::EFAULT,
    Errno::EFBIG,
    Errno::EHOSTUNREACH,
    Errno::EIDRM,
    Errno::EILSEQ,
    Errno::EINPROGRESS,
    Errno::EINTR,
    Errno::EINVAL,
    Errno::EIO,
    Errno::EISCONN,
    Errno::EISDIR,
    Errno::ELOOP,
    Errno::EMFILE,
    Errno::EMLINK,
    Errno::EMSGSIZE,
    Errno::EMULTIHOP,
    Errno::ENAMETOOLONG,
    Errno::ENETDOWN,
    Errno::ENETRESET,
    Errno::ENETUNREACH,
    Errno::ENFILE,
    Errno::ENOBUFS,
    Errno::ENODEV,
    Errno::ENOENT,
    Errno::ENOEXEC,
    Errno::ENOLCK,
    Errno::ENOLINK,
    Errno::ENOMEM,
    Errno::ENOMSG,
    Errno::ENOPROTOOPT,
    Errno::ENOSPC,
    Errno::ENOSYS,
    Errno::ENOTCONN,
    Errno::ENOTDIR,
    Errno::ENOTEMPTY,
    Errno::ENOTRECOVERABLE,
    Errno::ENOTSOCK,
    Errno::ENOTSUP,
    Errno::ENOTTY,
    Errno::ENXIO,
    Errno::EOVERFLOW,
    Errno::EOWNERDEAD,
    Errno::EPERM,
    Errno::EPIPE,
    Errno::EPROTO,
    Errno::EPROTONOSUPPORT,
    Errno::EPROTOTYPE,
    Errno::ERANGE,
    Errno::EROFS,
    Errno::ESPIPE,
    Errno::ESRCH,
    Errno::ESTALE,
    Errno::ETIMEDOUT,
    Errno::ETXTBSY,
    Errno::EXDEV,
    // notcapable: the descriptor was given for less.
    Errno::EACCES,
];

/// The error of that number; one that preview 1 does not know is `EIO`.
pub(crate) fn of(number: u16) -> Errno {
    ERRNOS.get(usize::from(number)).copied().unwrap_or(Errno::EIO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_names() {
        let name = |errno: &Errno| if *errno == Errno::ENOTSUP { "ENOTSUP" } else { errno.name() };
        let names: Vec<&str> = ERRNOS[1..76].iter().map(name).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert_eq!((of(2), of(44), of(75), of(76)), (Errno::EACCES, Errno::ENOENT, Errno::EXDEV, Errno::EACCES));
        assert_eq!((of(0), of(77), of(u16::MAX)), (Errno::EIO, Errno::EIO, Errno::EIO));
    }
}
