//! Structs of socket calls (linux/socket.h, asm/socket.h of MIPS).

use crate::layout::Pad;
use crate::memory::Addr;
use crate::structs::file::Hex;

crate::layout! {
    /// `struct msghdr`.
    Msghdr 28 {
        /// Where the address is.
        msg_name: Addr,
        /// Its length, and the room for one.
        msg_namelen: u32,
        /// Where the vector is.
        msg_iov: Addr,
        /// Its elements.
        msg_iovlen: u32,
        /// Where ancillary data is.
        msg_control: Addr,
        /// Its length, and the room for some.
        msg_controllen: u32,
        /// MSG_*, of what was received.
        msg_flags: Hex,
    }

    /// `struct mmsghdr`.
    Mmsghdr 32 {
        /// The message.
        msg_hdr: Msghdr,
        /// Bytes that were sent or received.
        msg_len: u32,
    }

    /// `struct cmsghdr`: its data follow.
    Cmsghdr 12 {
        /// Bytes, these included.
        cmsg_len: u32,
        /// SOL_*.
        cmsg_level: u32,
        /// SCM_*.
        cmsg_type: u32,
    }

    /// `struct ucred`.
    Ucred 12 {
        /// Process.
        pid: u32,
        /// User.
        uid: u32,
        /// Group.
        gid: u32,
    }

    /// `struct linger`.
    Linger 8 {
        /// Whether to.
        l_onoff: u32,
        /// Seconds.
        l_linger: u32,
    }

    /// `struct sockaddr`, as far as its family.
    Sockaddr 4 {
        /// AF_*.
        sa_family: u16,
        /// What follows is the family's.
        _0: Pad<2>,
    }
}
