//! Flags of event descriptors; the descriptor flags among them are O_CLOEXEC and O_NONBLOCK of MIPS.

use super::OpenFlags;
use abi::arg::{show_bits, show_name};
use abi::word_args;

word_args! {
    /// EFD_*.
    CounterFlags(u32) = |flags, out| show_bits(flags, &[(1, "EFD_SEMAPHORE"), (0x80, "EFD_NONBLOCK"), (0x8_0000, "EFD_CLOEXEC")], "0", out);
    /// TFD_* of timerfd_create(2).
    AlarmFlags(u32) = |flags, out| show_bits(flags, &[(0x80, "TFD_NONBLOCK"), (0x8_0000, "TFD_CLOEXEC")], "0", out);
    /// TFD_TIMER_*.
    AlarmSetFlags(u32) = |flags, out| show_bits(flags, &[(1, "TFD_TIMER_ABSTIME"), (2, "TFD_TIMER_CANCEL_ON_SET")], "0", out);
    /// SFD_*.
    SignalFileFlags(u32) = |flags, out| show_bits(flags, &[(0x80, "SFD_NONBLOCK"), (0x8_0000, "SFD_CLOEXEC")], "0", out);
    /// EPOLL_CLOEXEC or not.
    EpollFlags(u32) = |flags, out| show_bits(flags, &[(0x8_0000, "EPOLL_CLOEXEC")], "0", out);
    /// EPOLL_CTL_*.
    EpollOp(u32) = |op, out| show_name(op, &[(1, "EPOLL_CTL_ADD"), (2, "EPOLL_CTL_DEL"), (3, "EPOLL_CTL_MOD")], out);
    /// IN_NONBLOCK and IN_CLOEXEC.
    InotifyFlags(u32) = |flags, out| show_bits(flags, &[(0x80, "IN_NONBLOCK"), (0x8_0000, "IN_CLOEXEC")], "0", out);
    /// IN_* of inotify_add_watch(2).
    InotifyMask(u32) = |mask, out| show_bits(mask, INOTIFY, "0", out);
    /// SPLICE_F_*.
    SpliceFlags(u32) = |flags, out| show_bits(flags, &[(1, "SPLICE_F_MOVE"), (2, "SPLICE_F_NONBLOCK"), (4, "SPLICE_F_MORE"), (8, "SPLICE_F_GIFT")], "0", out);
}

/// IN_* (linux/inotify.h).
const INOTIFY: &[(u32, &str)] = &[
    (0xfff, "IN_ALL_EVENTS"),
    (0x001, "IN_ACCESS"),
    (0x002, "IN_MODIFY"),
    (0x004, "IN_ATTRIB"),
    (0x018, "IN_CLOSE"),
    (0x008, "IN_CLOSE_WRITE"),
    (0x010, "IN_CLOSE_NOWRITE"),
    (0x020, "IN_OPEN"),
    (0x0c0, "IN_MOVE"),
    (0x040, "IN_MOVED_FROM"),
    (0x080, "IN_MOVED_TO"),
    (0x100, "IN_CREATE"),
    (0x200, "IN_DELETE"),
    (0x400, "IN_DELETE_SELF"),
    (0x800, "IN_MOVE_SELF"),
    (0x0100_0000, "IN_ONLYDIR"),
    (0x0200_0000, "IN_DONT_FOLLOW"),
    (0x0400_0000, "IN_EXCL_UNLINK"),
    (0x1000_0000, "IN_MASK_CREATE"),
    (0x2000_0000, "IN_MASK_ADD"),
    (0x8000_0000, "IN_ONESHOT"),
];

impl OpenFlags {
    /// Those of a descriptor that is read and written: of `flags`, O_NONBLOCK and O_CLOEXEC count.
    pub(crate) fn read_write(flags: u32) -> OpenFlags {
        OpenFlags(2 | flags & 0x8_0080)
    }

    /// Those of a descriptor that is only read.
    pub(crate) fn read_only(flags: u32) -> OpenFlags {
        OpenFlags(flags & 0x8_0080)
    }
}

/// Whether `flags` has bits beside the descriptor flags and `known`.
pub(crate) fn has_others(flags: u32, known: u32) -> bool {
    flags & !(0x8_0080 | known) != 0
}
