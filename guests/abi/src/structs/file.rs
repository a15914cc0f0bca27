//! Structs of file calls: stat, statfs, iovec, pollfd, flock.

use crate::arg::show_name;
use crate::layout::Pad;
use crate::memory::Addr;
use crate::structs::time::StatxTime;
use crate::word_args;
use alloc::string::String;
use core::fmt::Write as _;

/// The kinds of files, as the top bits of `st_mode`.
const KINDS: &[(u32, &str)] = &[
    (0o010000, "S_IFIFO"),
    (0o020000, "S_IFCHR"),
    (0o040000, "S_IFDIR"),
    (0o060000, "S_IFBLK"),
    (0o100000, "S_IFREG"),
    (0o120000, "S_IFLNK"),
    (0o140000, "S_IFSOCK"),
];

fn show_mode(mode: u32, out: &mut String) {
    if mode & 0o170000 != 0 {
        show_name(mode & 0o170000, KINDS, out);
        out.push('|');
    }
    let _ = write!(out, "{:04o}", mode & 0o7777);
}

word_args! {
    /// `st_mode`: kind and permissions.
    Mode(u32) = show_mode;
    /// `st_mode` in 16 bits.
    ShortMode(u16) = |mode, out| show_mode(u32::from(mode), out);
    /// A word best read in hexadecimal.
    Hex(u32) = |word, out| { let _ = write!(out, "{word:#x}"); };
    /// poll(2) conditions.
    Conditions(u16) = |bits, out| crate::arg::show_bits(u32::from(bits), CONDITIONS, "0", out);
}

/// POLL* (asm/poll.h); POLLWRNORM is POLLOUT on MIPS.
const CONDITIONS: &[(u32, &str)] = &[
    (0x001, "POLLIN"),
    (0x002, "POLLPRI"),
    (0x004, "POLLOUT"),
    (0x008, "POLLERR"),
    (0x010, "POLLHUP"),
    (0x020, "POLLNVAL"),
    (0x040, "POLLRDNORM"),
    (0x080, "POLLRDBAND"),
    (0x100, "POLLWRBAND"),
    (0x2000, "POLLRDHUP"),
];

crate::layout! {
    /// `struct stat` (asm/stat.h).
    Stat 144 {
        /// Device.
        st_dev: u32 => quiet,
        /// Padding.
        _0: Pad<12>,
        /// Inode.
        st_ino: u32 => quiet,
        /// Kind and permissions.
        st_mode: Mode,
        /// Hard links.
        st_nlink: u32 => quiet,
        /// Owner.
        st_uid: u32 => quiet,
        /// Group.
        st_gid: u32 => quiet,
        /// Device it is.
        st_rdev: u32 => quiet,
        /// Padding.
        _1: Pad<8>,
        /// Length in bytes.
        st_size: i32,
        /// Padding.
        _2: Pad<4>,
        /// Last read: seconds.
        st_atime: i32 => quiet,
        /// Nanoseconds.
        st_atime_nsec: u32 => quiet,
        /// Last write.
        st_mtime: i32 => quiet,
        /// Nanoseconds.
        st_mtime_nsec: u32 => quiet,
        /// Last change.
        st_ctime: i32 => quiet,
        /// Nanoseconds.
        st_ctime_nsec: u32 => quiet,
        /// Best size of a read.
        st_blksize: u32 => quiet,
        /// Units of 512 bytes.
        st_blocks: u32 => quiet,
        /// Padding.
        _3: Pad<56>,
    }

    /// `struct stat64` (asm/stat.h).
    Stat64 104 {
        /// Device.
        st_dev: u32 => quiet,
        /// Padding.
        _0: Pad<12>,
        /// Inode.
        st_ino: u64 => quiet,
        /// Kind and permissions.
        st_mode: Mode,
        /// Hard links.
        st_nlink: u32 => quiet,
        /// Owner.
        st_uid: u32 => quiet,
        /// Group.
        st_gid: u32 => quiet,
        /// Device it is.
        st_rdev: u32 => quiet,
        /// Padding.
        _1: Pad<12>,
        /// Length in bytes.
        st_size: i64,
        /// Last read: seconds.
        st_atime: i32 => quiet,
        /// Nanoseconds.
        st_atime_nsec: u32 => quiet,
        /// Last write.
        st_mtime: i32 => quiet,
        /// Nanoseconds.
        st_mtime_nsec: u32 => quiet,
        /// Last change.
        st_ctime: i32 => quiet,
        /// Nanoseconds.
        st_ctime_nsec: u32 => quiet,
        /// Best size of a read.
        st_blksize: u32 => quiet,
        /// Padding.
        _2: Pad<4>,
        /// Units of 512 bytes.
        st_blocks: u64 => quiet,
    }

    /// `struct statx` (linux/stat.h).
    Statx 256 {
        /// What is filled in.
        stx_mask: Hex,
        /// Best size of a read.
        stx_blksize: u32 => quiet,
        /// Attributes that are set.
        stx_attributes: u64 => quiet,
        /// Hard links.
        stx_nlink: u32 => quiet,
        /// Owner.
        stx_uid: u32 => quiet,
        /// Group.
        stx_gid: u32 => quiet,
        /// Kind and permissions.
        stx_mode: ShortMode,
        /// Padding.
        _0: Pad<2>,
        /// Inode.
        stx_ino: u64 => quiet,
        /// Length in bytes.
        stx_size: u64,
        /// Units of 512 bytes.
        stx_blocks: u64 => quiet,
        /// Attributes that could be set.
        stx_attributes_mask: u64 => quiet,
        /// Last read.
        stx_atime: StatxTime => quiet,
        /// Creation.
        stx_btime: StatxTime => quiet,
        /// Last change.
        stx_ctime: StatxTime => quiet,
        /// Last write.
        stx_mtime: StatxTime => quiet,
        /// Device it is: major.
        stx_rdev_major: u32 => quiet,
        /// Minor.
        stx_rdev_minor: u32 => quiet,
        /// Device it is on: major.
        stx_dev_major: u32 => quiet,
        /// Minor.
        stx_dev_minor: u32 => quiet,
        /// Mount.
        stx_mnt_id: u64 => quiet,
        /// Alignment of direct transfers and the rest.
        _1: Pad<104>,
    }

    /// `struct statfs` (asm/statfs.h).
    Statfs 68 {
        /// Magic number.
        f_type: Hex,
        /// Bytes a block.
        f_bsize: u32,
        /// Bytes a fragment.
        f_frsize: u32 => quiet,
        /// Blocks.
        f_blocks: u32,
        /// Blocks free.
        f_bfree: u32,
        /// Nodes.
        f_files: u32 => quiet,
        /// Nodes free.
        f_ffree: u32 => quiet,
        /// Blocks free to users.
        f_bavail: u32 => quiet,
        /// Identity.
        f_fsid: [u32; 2] => quiet,
        /// Longest name.
        f_namelen: u32,
        /// Mount flags.
        f_flags: Hex => quiet,
        /// Padding.
        _0: Pad<20>,
    }

    /// `struct statfs64` (asm/statfs.h).
    Statfs64 96 {
        /// Magic number.
        f_type: Hex,
        /// Bytes a block.
        f_bsize: u32,
        /// Bytes a fragment.
        f_frsize: u32 => quiet,
        /// Padding.
        _0: Pad<4>,
        /// Blocks.
        f_blocks: u64,
        /// Blocks free.
        f_bfree: u64,
        /// Nodes.
        f_files: u64 => quiet,
        /// Nodes free.
        f_ffree: u64 => quiet,
        /// Blocks free to users.
        f_bavail: u64 => quiet,
        /// Identity.
        f_fsid: [u32; 2] => quiet,
        /// Longest name.
        f_namelen: u32,
        /// Mount flags.
        f_flags: Hex => quiet,
        /// Padding.
        _1: Pad<24>,
    }

    /// `struct iovec`.
    Iovec 8 {
        /// Where.
        iov_base: Addr,
        /// Bytes.
        iov_len: u32,
    }

    /// `struct pollfd`.
    Pollfd 8 {
        /// Descriptor; negative ones are left out.
        fd: i32,
        /// Conditions asked for.
        events: Conditions,
        /// Conditions that hold.
        revents: Conditions,
    }

    /// `struct flock` (bits/fcntl.h of glibc: `l_sysid` before `l_pid`).
    Flock 36 {
        /// Kind of lock.
        l_type: i16,
        /// What `l_start` counts from.
        l_whence: i16,
        /// First byte.
        l_start: i32,
        /// Bytes; 0 is to the end.
        l_len: i32,
        /// Not used.
        l_sysid: i32,
        /// Holder.
        l_pid: i32,
        /// Padding.
        _0: Pad<16>,
    }

    /// `struct flock64`.
    Flock64 32 {
        /// Kind of lock.
        l_type: i16,
        /// What `l_start` counts from.
        l_whence: i16,
        /// Padding.
        _0: Pad<4>,
        /// First byte.
        l_start: i64,
        /// Bytes; 0 is to the end.
        l_len: i64,
        /// Holder.
        l_pid: i32,
        /// Padding.
        _1: Pad<4>,
    }
}
