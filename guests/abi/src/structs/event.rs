//! Structs of event descriptors: epoll, signalfd, inotify (linux/eventpoll.h, linux/signalfd.h, linux/inotify.h).

use crate::arg::show_bits;
use crate::layout::Pad;
use crate::structs::file::Hex;
use crate::word_args;

/// EPOLL*.
const CONDITIONS: &[(u32, &str)] = &[
    (0x001, "EPOLLIN"),
    (0x002, "EPOLLPRI"),
    (0x004, "EPOLLOUT"),
    (0x008, "EPOLLERR"),
    (0x010, "EPOLLHUP"),
    (0x040, "EPOLLRDNORM"),
    (0x080, "EPOLLRDBAND"),
    (0x100, "EPOLLWRNORM"),
    (0x200, "EPOLLWRBAND"),
    (0x400, "EPOLLMSG"),
    (0x2000, "EPOLLRDHUP"),
    (1 << 28, "EPOLLEXCLUSIVE"),
    (1 << 29, "EPOLLWAKEUP"),
    (1 << 30, "EPOLLONESHOT"),
    (1 << 31, "EPOLLET"),
];

word_args! {
    /// epoll(7) conditions and modes.
    EpollConditions(u32) = |bits, out| show_bits(bits, CONDITIONS, "0", out);
}

crate::layout! {
    /// `struct epoll_event`; packed on x86 only.
    EpollEvent 16 {
        /// Conditions, and how to tell of them.
        events: EpollConditions,
        /// Padding.
        _0: Pad<4>,
        /// What the program calls the file.
        data: u64,
    }

    /// `struct signalfd_siginfo`.
    SignalfdSiginfo 128 {
        /// Signal.
        ssi_signo: u32,
        /// Not used.
        ssi_errno: i32,
        /// SI_* or the signal's own code.
        ssi_code: i32,
        /// Sender.
        ssi_pid: u32,
        /// Sender's user.
        ssi_uid: u32,
        /// Descriptor, of SIGIO.
        ssi_fd: i32,
        /// Timer.
        ssi_tid: u32,
        /// Conditions, of SIGIO.
        ssi_band: u32,
        /// Timer's overrun.
        ssi_overrun: u32,
        /// Not used.
        ssi_trapno: u32,
        /// Exit status or signal, of SIGCHLD.
        ssi_status: i32,
        /// Value, as a number.
        ssi_int: i32,
        /// Value, as a pointer.
        ssi_ptr: u64,
        /// Time in user mode, of SIGCHLD.
        ssi_utime: u64,
        /// Time in the kernel, of SIGCHLD.
        ssi_stime: u64,
        /// Address, of faults.
        ssi_addr: u64,
        /// Padding: what newer kernels tell of faults and of seccomp(2).
        _0: Pad<48>,
    }

    /// `struct inotify_event`, without the name that follows.
    InotifyEvent 16 {
        /// Watch.
        wd: i32,
        /// What happened.
        mask: Hex,
        /// What joins the two events of a move.
        cookie: u32,
        /// Bytes of the name, with its padding.
        len: u32,
    }
}
