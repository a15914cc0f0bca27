//! Arguments that are numbers with names, as o32 numbers them: flags, commands, descriptors.
//!
//! The numbers end here: handlers ask by name.

mod event;
mod ipc;
mod socket;

pub(crate) use event::*;
pub(crate) use ipc::*;
pub(crate) use socket::*;

use abi::arg::{show_bits, show_name};
use abi::o32::ArgReader;
use abi::structs::file::Mode;
use abi::structs::signal::show_signal;
use abi::{Arg, BadAddress, OutBytes, Scene, word_args};
use alloc::string::String;
use core::fmt::Write as _;

/// AT_FDCWD.
const AT_FDCWD: i32 = -100;

/// O_* of MIPS (asm/fcntl.h).
const OPEN: &[(u32, &str)] = &[
    (0x0008, "O_APPEND"),
    (0x4010, "O_SYNC"),
    (0x0010, "O_DSYNC"),
    (0x0080, "O_NONBLOCK"),
    (0x0100, "O_CREAT"),
    (0x0200, "O_TRUNC"),
    (0x0400, "O_EXCL"),
    (0x0800, "O_NOCTTY"),
    (0x1000, "FASYNC"),
    (0x2000, "O_LARGEFILE"),
    (0x8000, "O_DIRECT"),
    (0x0041_0000, "O_TMPFILE"),
    (0x0001_0000, "O_DIRECTORY"),
    (0x0002_0000, "O_NOFOLLOW"),
    (0x0004_0000, "O_NOATIME"),
    (0x0008_0000, "O_CLOEXEC"),
    (0x0020_0000, "O_PATH"),
];

const AT: &[(u32, &str)] = &[
    (0x100, "AT_SYMLINK_NOFOLLOW"),
    (0x200, "AT_EACCESS|AT_REMOVEDIR"),
    (0x400, "AT_SYMLINK_FOLLOW"),
    (0x800, "AT_NO_AUTOMOUNT"),
    (0x1000, "AT_EMPTY_PATH"),
    (0x2000, "AT_STATX_FORCE_SYNC"),
    (0x4000, "AT_STATX_DONT_SYNC"),
];

const ACCESS: &[(u32, &str)] = &[(4, "R_OK"), (2, "W_OK"), (1, "X_OK")];

const PROT: &[(u32, &str)] = &[
    (1, "PROT_READ"),
    (2, "PROT_WRITE"),
    (4, "PROT_EXEC"),
    (0x10, "PROT_SEM"),
    (0x0100_0000, "PROT_GROWSDOWN"),
    (0x0200_0000, "PROT_GROWSUP"),
];

/// MAP_* of MIPS (asm/mman.h).
const MAP: &[(u32, &str)] = &[
    (3, "MAP_SHARED_VALIDATE"),
    (1, "MAP_SHARED"),
    (2, "MAP_PRIVATE"),
    (0x10, "MAP_FIXED"),
    (0x400, "MAP_NORESERVE"),
    (0x800, "MAP_ANONYMOUS"),
    (0x1000, "MAP_GROWSDOWN"),
    (0x2000, "MAP_DENYWRITE"),
    (0x4000, "MAP_EXECUTABLE"),
    (0x8000, "MAP_LOCKED"),
    (0x1_0000, "MAP_POPULATE"),
    (0x2_0000, "MAP_NONBLOCK"),
    (0x4_0000, "MAP_STACK"),
    (0x8_0000, "MAP_HUGETLB"),
    (0x10_0000, "MAP_FIXED_NOREPLACE"),
];

const CLOCKS: &[(u32, &str)] = &[
    (0, "CLOCK_REALTIME"),
    (1, "CLOCK_MONOTONIC"),
    (2, "CLOCK_PROCESS_CPUTIME_ID"),
    (3, "CLOCK_THREAD_CPUTIME_ID"),
    (4, "CLOCK_MONOTONIC_RAW"),
    (5, "CLOCK_REALTIME_COARSE"),
    (6, "CLOCK_MONOTONIC_COARSE"),
    (7, "CLOCK_BOOTTIME"),
    (8, "CLOCK_REALTIME_ALARM"),
    (9, "CLOCK_BOOTTIME_ALARM"),
    (11, "CLOCK_TAI"),
];

/// F_* of MIPS (asm/fcntl.h).
const FCNTL: &[(u32, &str)] = &[
    (0, "F_DUPFD"),
    (1, "F_GETFD"),
    (2, "F_SETFD"),
    (3, "F_GETFL"),
    (4, "F_SETFL"),
    (6, "F_SETLK"),
    (7, "F_SETLKW"),
    (14, "F_GETLK"),
    (15, "F_SETOWN_EX"),
    (16, "F_GETOWN_EX"),
    (23, "F_GETOWN"),
    (24, "F_SETOWN"),
    (33, "F_GETLK64"),
    (34, "F_SETLK64"),
    (35, "F_SETLKW64"),
    (36, "F_OFD_GETLK"),
    (37, "F_OFD_SETLK"),
    (38, "F_OFD_SETLKW"),
    (1024, "F_SETLEASE"),
    (1025, "F_GETLEASE"),
    (1030, "F_DUPFD_CLOEXEC"),
    (1031, "F_SETPIPE_SZ"),
    (1032, "F_GETPIPE_SZ"),
];

/// Terminal and file ioctls of MIPS (asm/ioctls.h).
const IOCTL: &[(u32, &str)] = &[
    (0x540d, "TCGETS"),
    (0x540e, "TCSETS"),
    (0x540f, "TCSETSW"),
    (0x5410, "TCSETSF"),
    (0x4030_542a, "TCGETS2"),
    (0x8030_542b, "TCSETS2"),
    (0x8030_542c, "TCSETSW2"),
    (0x8030_542d, "TCSETSF2"),
    (0x5405, "TCSBRK"),
    (0x5406, "TCXONC"),
    (0x5407, "TCFLSH"),
    (0x4008_7468, "TIOCGWINSZ"),
    (0x8008_7467, "TIOCSWINSZ"),
    (0x4004_7477, "TIOCGPGRP"),
    (0x8004_7476, "TIOCSPGRP"),
    (0x7416, "TIOCGSID"),
    (0x5480, "TIOCSCTTY"),
    (0x5471, "TIOCNOTTY"),
    (0x5486, "TCSBRKP"),
    (0x7472, "TIOCOUTQ"),
    (0x5472, "TIOCSTI"),
    (0x740d, "TIOCEXCL"),
    (0x740e, "TIOCNXCL"),
    (0x4004_5440, "TIOCGEXCL"),
    (0x7400, "TIOCGETD"),
    (0x7401, "TIOCSETD"),
    (0x4004_5430, "TIOCGPTN"),
    (0x8004_5431, "TIOCSPTLCK"),
    (0x4004_5439, "TIOCGPTLCK"),
    (0x5470, "TIOCPKT"),
    (0x4004_5438, "TIOCGPKT"),
    (0x8004_5436, "TIOCSIG"),
    (0x2000_5441, "TIOCGPTPEER"),
    (0x6601, "FIOCLEX"),
    (0x6602, "FIONCLEX"),
    (0x667e, "FIONBIO"),
    (0x667d, "FIOASYNC"),
    (0x467f, "FIONREAD"),
    (0x2000_0002, "FIGETBSZ"),
];

/// RLIMIT_* of MIPS (asm/resource.h).
pub(crate) const RESOURCES: &[(u32, &str)] = &[
    (0, "RLIMIT_CPU"),
    (1, "RLIMIT_FSIZE"),
    (2, "RLIMIT_DATA"),
    (3, "RLIMIT_STACK"),
    (4, "RLIMIT_CORE"),
    (5, "RLIMIT_NOFILE"),
    (6, "RLIMIT_AS"),
    (7, "RLIMIT_RSS"),
    (8, "RLIMIT_NPROC"),
    (9, "RLIMIT_MEMLOCK"),
    (10, "RLIMIT_LOCKS"),
    (11, "RLIMIT_SIGPENDING"),
    (12, "RLIMIT_MSGQUEUE"),
    (13, "RLIMIT_NICE"),
    (14, "RLIMIT_RTPRIO"),
    (15, "RLIMIT_RTTIME"),
];

const FUTEX: &[(u32, &str)] = &[
    (0, "FUTEX_WAIT"),
    (1, "FUTEX_WAKE"),
    (3, "FUTEX_REQUEUE"),
    (4, "FUTEX_CMP_REQUEUE"),
    (5, "FUTEX_WAKE_OP"),
    (6, "FUTEX_LOCK_PI"),
    (7, "FUTEX_UNLOCK_PI"),
    (8, "FUTEX_TRYLOCK_PI"),
    (9, "FUTEX_WAIT_BITSET"),
    (10, "FUTEX_WAKE_BITSET"),
    (11, "FUTEX_WAIT_REQUEUE_PI"),
    (12, "FUTEX_CMP_REQUEUE_PI"),
    (13, "FUTEX_LOCK_PI2"),
];

const ADVICE: &[(u32, &str)] = &[
    (0, "MADV_NORMAL"),
    (1, "MADV_RANDOM"),
    (2, "MADV_SEQUENTIAL"),
    (3, "MADV_WILLNEED"),
    (4, "MADV_DONTNEED"),
    (8, "MADV_FREE"),
    (14, "MADV_HUGEPAGE"),
    (15, "MADV_NOHUGEPAGE"),
    (16, "MADV_DONTDUMP"),
];

fn show_open(flags: u32, out: &mut String) {
    let access = ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"][(flags & 3) as usize];
    out.push_str(access);
    if flags & !3 != 0 {
        out.push('|');
        show_bits(flags & !3, OPEN, "", out);
    }
}

fn show_fd(fd: i32, out: &mut String) {
    let _ = if fd == AT_FDCWD { write!(out, "AT_FDCWD") } else { write!(out, "{fd}") };
}

word_args! {
    /// A descriptor.
    Fd(i32) = show_fd;
    /// A descriptor of a directory, or AT_FDCWD.
    DirFd(i32) = show_fd;
    /// O_*.
    OpenFlags(u32) = show_open;
    /// AT_*.
    AtFlags(u32) = |flags, out| show_bits(flags, AT, "0", out);
    /// R_OK and so on.
    AccessMode(u32) = |mode, out| show_bits(mode, ACCESS, "F_OK", out);
    /// SEEK_*.
    Whence(u32) = |whence, out| show_name(whence, &[(0, "SEEK_SET"), (1, "SEEK_CUR"), (2, "SEEK_END"), (3, "SEEK_DATA"), (4, "SEEK_HOLE")], out);
    /// PROT_*.
    ProtFlags(u32) = |prot, out| show_bits(prot, PROT, "PROT_NONE", out);
    /// MAP_*.
    MapFlags(u32) = |flags, out| show_bits(flags, MAP, "0", out);
    /// MREMAP_*.
    RemapFlags(u32) = |flags, out| show_bits(flags, &[(1, "MREMAP_MAYMOVE"), (2, "MREMAP_FIXED"), (4, "MREMAP_DONTUNMAP")], "0", out);
    /// MS_*.
    SyncFlags(u32) = |flags, out| show_bits(flags, &[(1, "MS_ASYNC"), (2, "MS_INVALIDATE"), (4, "MS_SYNC")], "0", out);
    /// MADV_*.
    Advice(u32) = |advice, out| show_name(advice, ADVICE, out);
    /// CLOCK_*.
    ClockId(u32) = |clock, out| show_name(clock, CLOCKS, out);
    /// TIMER_ABSTIME or not.
    TimerFlags(u32) = |flags, out| show_bits(flags, &[(1, "TIMER_ABSTIME")], "0", out);
    /// A signal's number.
    SigNum(u32) = show_signal;
    /// SIG_BLOCK and so on, which count from 1 on MIPS.
    SigHow(u32) = |how, out| show_name(how, &[(1, "SIG_BLOCK"), (2, "SIG_UNBLOCK"), (3, "SIG_SETMASK")], out);
    /// F_*.
    FcntlCommand(u32) = |command, out| show_name(command, FCNTL, out);
    /// An ioctl's request.
    IoctlRequest(u32) = |request, out| show_name(request, IOCTL, out);
    /// RLIMIT_*.
    Resource(u32) = |resource, out| show_name(resource, RESOURCES, out);
    /// FUTEX_*.
    FutexOp(u32) = |op, out| { show_name(op & 0x7f, FUTEX, out); out.push_str(if op & 0x80 != 0 { "_PRIVATE" } else { "" }); };
    /// GRND_*.
    RandomFlags(u32) = |flags, out| show_bits(flags, &[(1, "GRND_NONBLOCK"), (2, "GRND_RANDOM"), (4, "GRND_INSECURE")], "0", out);
    /// ITIMER_*.
    Which(u32) = |which, out| show_name(which, &[(0, "ITIMER_REAL"), (1, "ITIMER_VIRTUAL"), (2, "ITIMER_PROF")], out);
    /// RUSAGE_*.
    Who(i32) = |who, out| show_name(who.cast_unsigned(), &[(0, "RUSAGE_SELF"), (u32::MAX, "RUSAGE_CHILDREN"), (1, "RUSAGE_THREAD")], out);
    /// A word shown in hexadecimal.
    Bits(u32) = |bits, out| { let _ = write!(out, "{bits:#x}"); };
}

/// The mode of a file to be made: means nothing unless the flags before it ask for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewMode(pub(crate) Mode);

impl Arg for NewMode {
    fn take(reader: &mut ArgReader<'_>) -> Result<NewMode, BadAddress> {
        Mode::take(reader).map(NewMode)
    }
    fn trace(&self, scene: &Scene<'_>, out: &mut String) {
        let flags = OpenFlags(scene.previous);
        if flags.creates() || flags.is_temporary() {
            self.0.trace(scene, out);
        }
    }
}

/// Where getdents(2) puts records; `NARROW` are those of the old call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutRecords<const NARROW: bool>(pub(crate) OutBytes);

impl<const NARROW: bool> Arg for OutRecords<NARROW> {
    const AT_EXIT: bool = true;
    fn take(reader: &mut ArgReader<'_>) -> Result<Self, BadAddress> {
        OutBytes::take(reader).map(OutRecords)
    }
    fn trace(&self, scene: &Scene<'_>, out: &mut String) {
        let at = self.0.0;
        let length_at = if NARROW { 8 } else { 16 };
        let (mut from, mut count) = (0, 0);
        while from < scene.result.unwrap_or(0)
            && let Ok(length @ 1..) = abi::guest::read::<u16>(scene.space, scene.endian, at + from + length_at)
        {
            (from, count) = (from + u32::from(length), count + 1);
        }
        let _ = write!(out, "{:#x} /* {count} entries */", at.0);
    }
}

impl abi::Ret for Fd {
    fn words(&self) -> (u32, Option<u32>) {
        (self.0.cast_unsigned(), None)
    }
}

impl OpenFlags {
    /// O_CREAT|O_WRONLY|O_TRUNC: creat(2).
    pub(crate) const CREAT: OpenFlags = OpenFlags(0x0100 | 0x0200 | 1);
    /// O_LARGEFILE, which Linux shows of every descriptor a 64-bit kernel opened; ours keeps what was asked.
    const STATUS: u32 = 0x0008 | 0x0080 | 0x1000 | 0x8000 | 0x0004_0000;
    /// Flags that open(2) acts on and fcntl(2) F_GETFL no longer shows.
    const FORGOTTEN: u32 = 0x0100 | 0x0200 | 0x0400 | 0x0800 | 0x0008_0000;

    /// From how a stream was opened.
    pub(crate) fn of(how: vfs::node::Open) -> OpenFlags {
        let access = match (how.read, how.write) {
            (true, true) => 2,
            (false, true) => 1,
            _ => 0,
        };
        OpenFlags(access | if how.append { 0x0008 } else { 0 } | if how.nonblocking { 0x0080 } else { 0 })
    }

    pub(crate) fn reads(self) -> bool {
        self.0 & 3 != 1 && !self.is_path()
    }
    pub(crate) fn writes(self) -> bool {
        matches!(self.0 & 3, 1 | 2) && !self.is_path()
    }
    pub(crate) fn appends(self) -> bool {
        self.0 & 0x0008 != 0
    }
    pub(crate) fn is_nonblocking(self) -> bool {
        self.0 & 0x0080 != 0
    }
    pub(crate) fn creates(self) -> bool {
        self.0 & 0x0100 != 0
    }
    pub(crate) fn truncates(self) -> bool {
        self.0 & 0x0200 != 0
    }
    pub(crate) fn is_exclusive(self) -> bool {
        self.0 & 0x0400 != 0
    }
    /// O_NOCTTY: a terminal that is opened does not become the session's.
    pub(crate) fn keeps_terminal(self) -> bool {
        self.0 & 0x0800 != 0
    }
    pub(crate) fn is_directory(self) -> bool {
        self.0 & 0x0001_0000 != 0
    }
    pub(crate) fn keeps_link(self) -> bool {
        self.0 & 0x0002_0000 != 0
    }
    pub(crate) fn closes_on_exec(self) -> bool {
        self.0 & 0x0008_0000 != 0
    }
    pub(crate) fn is_path(self) -> bool {
        self.0 & 0x0020_0000 != 0
    }
    pub(crate) fn is_temporary(self) -> bool {
        self.0 & 0x0041_0000 == 0x0041_0000
    }
    /// Whether only flags of pipe2(2), dup3(2) and their like are set.
    pub(crate) fn is_only(self, allowed: OpenFlags) -> bool {
        self.0 & !allowed.0 == 0
    }
    /// O_CLOEXEC.
    pub(crate) const CLOEXEC: OpenFlags = OpenFlags(0x0008_0000);
    /// O_NONBLOCK.
    pub(crate) const NONBLOCK: OpenFlags = OpenFlags(0x0080);
    /// O_CLOEXEC|O_NONBLOCK|O_DIRECT.
    pub(crate) const PIPE: OpenFlags = OpenFlags(0x0008_0000 | 0x0080 | 0x8000);

    /// What the description keeps.
    pub(crate) fn kept(self) -> OpenFlags {
        OpenFlags(self.0 & !OpenFlags::FORGOTTEN)
    }
    /// What the description of a message queue keeps (mq_open(2)).
    pub(crate) fn of_queue(self) -> OpenFlags {
        OpenFlags(self.0 & (3 | OpenFlags::NONBLOCK.0))
    }
    /// After F_SETFL.
    pub(crate) fn with_status(self, status: u32) -> OpenFlags {
        OpenFlags(self.0 & !OpenFlags::STATUS | status & OpenFlags::STATUS)
    }
    /// After FIONBIO.
    pub(crate) fn with_nonblocking(self, is_nonblocking: bool) -> OpenFlags {
        OpenFlags(self.0 & !0x0080 | if is_nonblocking { 0x0080 } else { 0 })
    }
    /// How to open a node.
    pub(crate) fn how(self) -> vfs::node::Open {
        vfs::node::Open {
            read: self.reads(),
            write: self.writes(),
            append: self.appends(),
            nonblocking: self.is_nonblocking(),
        }
    }
}

impl AtFlags {
    pub(crate) const NONE: AtFlags = AtFlags(0);
    pub(crate) const NOFOLLOW: AtFlags = AtFlags(0x100);

    pub(crate) fn keeps_link(self) -> bool {
        self.0 & 0x100 != 0
    }
    /// AT_REMOVEDIR.
    pub(crate) fn removes_directory(self) -> bool {
        self.0 & 0x200 != 0
    }
    /// AT_EACCESS, the same bit.
    pub(crate) fn is_effective(self) -> bool {
        self.0 & 0x200 != 0
    }
    /// AT_SYMLINK_FOLLOW.
    pub(crate) fn follows_link(self) -> bool {
        self.0 & 0x400 != 0
    }
    pub(crate) fn allows_empty(self) -> bool {
        self.0 & 0x1000 != 0
    }
    /// Whether only these bits are set.
    pub(crate) fn is_only(self, allowed: u32) -> bool {
        self.0 & !allowed == 0
    }
}

impl DirFd {
    pub(crate) const CURRENT: DirFd = DirFd(AT_FDCWD);
}

impl ProtFlags {
    /// EINVAL's condition, and the protection.
    pub(crate) fn prot(self) -> Option<abi::Prot> {
        let known = 0x7 | 0x10 | 0x0300_0000;
        (self.0 & !known == 0).then(|| abi::Prot::from_bits_truncate((self.0 & 7) as u8))
    }
}

impl MapFlags {
    pub(crate) fn is_shared(self) -> Option<bool> {
        match self.0 & 0xf {
            1 | 3 => Some(true),
            2 => Some(false),
            _ => None,
        }
    }
    pub(crate) fn is_fixed(self) -> bool {
        self.0 & 0x10 != 0
    }
    pub(crate) fn is_anonymous(self) -> bool {
        self.0 & 0x800 != 0
    }
    pub(crate) fn keeps(self) -> bool {
        self.0 & 0x10_0000 != 0
    }
}
