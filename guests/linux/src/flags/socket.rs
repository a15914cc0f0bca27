//! Numbers of socket calls, as MIPS has them (asm/socket.h): types and options are its own.

use abi::arg::{show_bits, show_name};
use abi::word_args;

word_args! {
    /// AF_*.
    Domain(u32) = |domain, out| show_name(domain, DOMAINS, out);
    /// SOCK_*, with SOCK_NONBLOCK and SOCK_CLOEXEC.
    SocketType(u32) = |kind, out| { show_name(kind & 0xf, TYPES, out); if kind & !0xf != 0 { out.push('|'); show_bits(kind & !0xf, DESCRIPTOR, "", out); } };
    /// SOCK_NONBLOCK and SOCK_CLOEXEC of accept4(2).
    AcceptFlags(u32) = |flags, out| show_bits(flags, DESCRIPTOR, "0", out);
    /// MSG_*.
    MessageFlags(u32) = |flags, out| show_bits(flags, MESSAGE, "0", out);
    /// SHUT_*.
    ShutHow(u32) = |how, out| show_name(how, &[(0, "SHUT_RD"), (1, "SHUT_WR"), (2, "SHUT_RDWR")], out);
    /// SOL_*.
    SocketLevel(u32) = |level, out| show_name(level, &[(SOL_SOCKET, "SOL_SOCKET"), (0, "SOL_IP"), (6, "SOL_TCP"), (17, "SOL_UDP"), (41, "SOL_IPV6"), (270, "SOL_NETLINK")], out);
    /// SO_*.
    SocketOption(u32) = |option, out| show_name(option, OPTIONS, out);
}

/// SOL_SOCKET
pub(crate) const SOL_SOCKET: u32 = 0xffff;

const DESCRIPTOR: &[(u32, &str)] = &[(0x80, "SOCK_NONBLOCK"), (0x8_0000, "SOCK_CLOEXEC")];

const DOMAINS: &[(u32, &str)] = &[
    (0, "AF_UNSPEC"),
    (1, "AF_UNIX"),
    (2, "AF_INET"),
    (10, "AF_INET6"),
    (16, "AF_NETLINK"),
    (17, "AF_PACKET"),
    (38, "AF_ALG"),
    (40, "AF_VSOCK"),
];

const TYPES: &[(u32, &str)] = &[
    (1, "SOCK_DGRAM"),
    (2, "SOCK_STREAM"),
    (3, "SOCK_RAW"),
    (4, "SOCK_RDM"),
    (5, "SOCK_SEQPACKET"),
    (6, "SOCK_DCCP"),
    (10, "SOCK_PACKET"),
];

const MESSAGE: &[(u32, &str)] = &[
    (0x1, "MSG_OOB"),
    (0x2, "MSG_PEEK"),
    (0x4, "MSG_DONTROUTE"),
    (0x8, "MSG_CTRUNC"),
    (0x20, "MSG_TRUNC"),
    (0x40, "MSG_DONTWAIT"),
    (0x80, "MSG_EOR"),
    (0x100, "MSG_WAITALL"),
    (0x800, "MSG_CONFIRM"),
    (0x2000, "MSG_ERRQUEUE"),
    (0x4000, "MSG_NOSIGNAL"),
    (0x8000, "MSG_MORE"),
    (0x1_0000, "MSG_WAITFORONE"),
    (0x4000_0000, "MSG_CMSG_CLOEXEC"),
];

const OPTIONS: &[(u32, &str)] = &[
    (0x0001, "SO_DEBUG"),
    (0x0004, "SO_REUSEADDR"),
    (0x0008, "SO_KEEPALIVE"),
    (0x0010, "SO_DONTROUTE"),
    (0x0020, "SO_BROADCAST"),
    (0x0080, "SO_LINGER"),
    (0x0100, "SO_OOBINLINE"),
    (0x0200, "SO_REUSEPORT"),
    (0x1001, "SO_SNDBUF"),
    (0x1002, "SO_RCVBUF"),
    (0x1003, "SO_SNDLOWAT"),
    (0x1004, "SO_RCVLOWAT"),
    (0x1005, "SO_SNDTIMEO_OLD"),
    (0x1006, "SO_RCVTIMEO_OLD"),
    (0x1007, "SO_ERROR"),
    (0x1008, "SO_TYPE"),
    (0x1009, "SO_ACCEPTCONN"),
    (0x1028, "SO_PROTOCOL"),
    (0x1029, "SO_DOMAIN"),
    (11, "SO_NO_CHECK"),
    (12, "SO_PRIORITY"),
    (17, "SO_PASSCRED"),
    (18, "SO_PEERCRED"),
    (29, "SO_TIMESTAMP_OLD"),
    (30, "SO_PEERSEC"),
    (31, "SO_SNDBUFFORCE"),
    (33, "SO_RCVBUFFORCE"),
    (34, "SO_PASSSEC"),
    (42, "SO_PEEK_OFF"),
    (59, "SO_PEERGROUPS"),
    (66, "SO_RCVTIMEO_NEW"),
    (67, "SO_SNDTIMEO_NEW"),
];

impl MessageFlags {
    pub(crate) fn is_out_of_band(self) -> bool {
        self.0 & 0x1 != 0
    }
    pub(crate) fn peeks(self) -> bool {
        self.0 & 0x2 != 0
    }
    /// MSG_TRUNC: tells how long the message was.
    pub(crate) fn tells_length(self) -> bool {
        self.0 & 0x20 != 0
    }
    pub(crate) fn never_waits(self) -> bool {
        self.0 & 0x40 != 0
    }
    pub(crate) fn waits_for_all(self) -> bool {
        self.0 & 0x100 != 0
    }
    pub(crate) fn is_error_queue(self) -> bool {
        self.0 & 0x2000 != 0
    }
    pub(crate) fn is_quiet(self) -> bool {
        self.0 & 0x4000 != 0
    }
    /// MSG_WAITFORONE: behind the first message, it does not wait.
    pub(crate) fn waits_for_one(self) -> bool {
        self.0 & 0x1_0000 != 0
    }
    pub(crate) fn closes_on_exec(self) -> bool {
        self.0 & 0x4000_0000 != 0
    }
    pub(crate) fn without_waiting(self) -> MessageFlags {
        MessageFlags(self.0 | 0x40)
    }
    /// MSG_CTRUNC and MSG_TRUNC of what was received, with MSG_CMSG_CLOEXEC as it was asked for.
    pub(crate) fn told(self, is_control_cut: bool, is_cut: bool) -> u32 {
        self.0 & 0x4000_0000 | if is_control_cut { 0x8 } else { 0 } | if is_cut { 0x20 } else { 0 }
    }
}
