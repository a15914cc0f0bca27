//! Options of sockets of the internet and of netlink below SOL_SOCKET: ip(7), ipv6(7), tcp(7), udp(7), udplite(7), netlink(7).
//!
//! Most are about what happens between hosts, of which there is one only: they are checked, remembered and told.

use crate::reply::Reply;
use crate::socket::header::{IP, IPV6};
use crate::socket::{Endpoint, Family, Protocol, Style, V6ONLY};
use crate::task::Task;
use abi::Addr;
use alloc::vec;
use alloc::vec::Vec;
use vfs::{Errno, Result};

/// Levels: IPPROTO_*.
const TCP: u32 = 6;
const UDP: u32 = 17;
const UDPLITE: u32 = 136;
const NETLINK: u32 = 270;

/// TCP_INFO and the bytes of `struct tcp_info` of Linux 4.9, and TCP_CONGESTION.
const INFO: u32 = 11;
const INFO_BYTES: usize = 192;
const CONGESTION: u32 = 13;
/// The only way that there is, as what it is called on most hosts.
const CUBIC: &[u8] = b"cubic\0\0\0\0\0\0\0\0\0\0\0";

/// UDPLITE_SEND_CSCOV and UDPLITE_RECV_CSCOV, which are 0 or from these bytes on.
const COVERAGES: [(u32, u32); 2] = [(UDPLITE, 10), (UDPLITE, 11)];
const COVERAGE_MIN: u32 = 8;
const COVERAGE_MAX: u32 = 65_535;

/// IP_TTL, IP_MULTICAST_TTL, IPV6_UNICAST_HOPS, IPV6_MULTICAST_HOPS, IPV6_TCLASS: -1 is what they are at first.
const RESET: [(u32, u32); 5] = [(IP, 2), (IP, 33), (IPV6, 16), (IPV6, 18), (IPV6, 67)];

/// An option that is a number.
struct Row {
    level: u32,
    option: u32,
    /// What it is at first, and the most that it can be set to.
    first: u32,
    most: u32,
}

const fn row(level: u32, option: u32, first: u32, most: u32) -> Row {
    Row { level, option, first, most }
}

const FLAG: u32 = u32::MAX;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // IP_TOS, IP_TTL, IP_RECVOPTS, IP_RETOPTS, IP_PKTINFO
    row(IP, 1, 0, 255), row(IP, 2, 64, 255), row(IP, 6, 0, FLAG), row(IP, 7, 0, FLAG), row(IP, 8, 0, FLAG),
    // IP_MTU_DISCOVER, IP_RECVERR, IP_RECVTTL, IP_RECVTOS, IP_FREEBIND, IP_BIND_ADDRESS_NO_PORT
    row(IP, 10, 1, 5), row(IP, 11, 0, FLAG), row(IP, 12, 0, FLAG), row(IP, 13, 0, FLAG), row(IP, 15, 0, FLAG), row(IP, 24, 0, FLAG),
    // IP_MULTICAST_TTL, IP_MULTICAST_LOOP, IP_MULTICAST_ALL
    row(IP, 33, 1, 255), row(IP, 34, 1, 1), row(IP, 49, 1, 1),
    // TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT
    row(TCP, 1, 0, FLAG), row(TCP, 2, 536, 32_767), row(TCP, 3, 0, FLAG), row(TCP, 4, 7200, 32_767), row(TCP, 5, 75, 32_767),
    row(TCP, 6, 9, 127), row(TCP, 7, 6, 127),
    // TCP_LINGER2, TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP, TCP_QUICKACK, TCP_USER_TIMEOUT, TCP_FASTOPEN, TCP_NOTSENT_LOWAT
    row(TCP, 8, 60, FLAG), row(TCP, 9, 0, FLAG), row(TCP, 10, 0, FLAG), row(TCP, 12, 1, FLAG), row(TCP, 18, 0, FLAG),
    row(TCP, 23, 0, FLAG), row(TCP, 25, u32::MAX, FLAG),
    // UDP_CORK, UDP_NO_CHECK6_TX, UDP_NO_CHECK6_RX
    row(UDP, 1, 0, FLAG), row(UDP, 101, 0, FLAG), row(UDP, 102, 0, FLAG),
    row(COVERAGES[0].0, COVERAGES[0].1, 0, FLAG), row(COVERAGES[1].0, COVERAGES[1].1, 0, FLAG),
    // IPV6_UNICAST_HOPS, IPV6_MULTICAST_HOPS, IPV6_MULTICAST_LOOP, IPV6_MTU_DISCOVER, IPV6_RECVERR, IPV6_V6ONLY
    row(IPV6, 16, 64, 255), row(IPV6, 18, 1, 255), row(IPV6, 19, 1, 1), row(IPV6, 23, 1, 5), row(IPV6, 25, 0, FLAG), row(V6ONLY.0, V6ONLY.1, 0, FLAG),
    // NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP, NETLINK_PKTINFO, NETLINK_BROADCAST_ERROR, NETLINK_NO_ENOBUFS
    row(NETLINK, 1, 0, FLAG), row(NETLINK, 2, 0, FLAG), row(NETLINK, 3, 0, FLAG), row(NETLINK, 4, 0, FLAG), row(NETLINK, 5, 0, FLAG),
    // NETLINK_LISTEN_ALL_NSID, NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK
    row(NETLINK, 8, 0, FLAG), row(NETLINK, 10, 0, FLAG), row(NETLINK, 11, 0, FLAG), row(NETLINK, 12, 0, FLAG),
    // IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_TCLASS, IPV6_AUTOFLOWLABEL
    row(IPV6, 49, 0, FLAG), row(IPV6, 51, 0, FLAG), row(IPV6, 66, 0, FLAG), row(IPV6, 67, 0, 255), row(IPV6, 70, 0, FLAG),
];

/// Whether a socket has options of a level.
fn has(endpoint: &Endpoint, level: u32) -> bool {
    match level {
        NETLINK => endpoint.family == Family::Netlink,
        _ if !endpoint.family.is_internet() => false,
        IP => true,
        TCP => endpoint.style == Style::Stream,
        UDP => endpoint.style == Style::Datagram,
        UDPLITE => endpoint.protocol == Protocol::UdpLite,
        IPV6 => endpoint.family == Family::Inet6,
        _ => false,
    }
}

/// The row of an option; ENOPROTOOPT if there is none.
fn find(level: u32, option: u32) -> Result<&'static Row> {
    ROWS.iter().find(|row| row.level == level && row.option == option).ok_or(Errno::ENOPROTOOPT)
}

/// setsockopt(2): the value is `length` bytes at `at`.
pub(super) fn set(
    task: &Task<'_, '_>,
    endpoint: &Endpoint,
    (level, option): (u32, u32),
    (at, length): (Addr, u32),
) -> Reply<()> {
    if !has(endpoint, level) {
        return Err(Errno::ENOPROTOOPT.into());
    }
    if (level, option) == (TCP, CONGESTION) {
        let name = task.guest.bytes(at, length.min(16))?;
        let is_known = name.split(|byte| *byte == 0).next() == Some(b"cubic");
        return if is_known { Ok(()) } else { Err(Errno::ENOENT.into()) };
    }
    let row = find(level, option)?;
    // A byte is enough for IP's.
    let value = match length {
        0 => return Err(Errno::EINVAL.into()),
        1..4 if level == IP => u32::from(task.guest.bytes(at, 1)?[0]),
        1..4 => return Err(Errno::EINVAL.into()),
        _ => task.guest.read::<u32>(at)?,
    };
    if RESET.contains(&(level, option)) && value == u32::MAX {
        endpoint.options.lock().others.remove(&(level, option));
        return Ok(());
    }
    // No message may have no way to go (IP_TTL).
    if row.most != FLAG && value > row.most || (level, option, value) == (IP, 2, 0) {
        return Err(Errno::EINVAL.into());
    }
    let value = match value.cast_signed() {
        _ if !COVERAGES.contains(&(level, option)) => value,
        0 => 0,
        ..0 => COVERAGE_MIN,
        _ => value.clamp(COVERAGE_MIN, COVERAGE_MAX),
    };
    if (level, option) == V6ONLY && endpoint.address().is_some() {
        return Err(Errno::EINVAL.into());
    }
    endpoint.options.lock().others.insert((level, option), value);
    Ok(())
}

/// getsockopt(2)
pub(super) fn get(task: &Task<'_, '_>, endpoint: &Endpoint, level: u32, option: u32) -> Result<Vec<u8>> {
    match (level, option) {
        _ if !has(endpoint, level) => return Err(Errno::EOPNOTSUPP),
        (TCP, CONGESTION) => return Ok(CUBIC.to_vec()),
        (TCP, INFO) => {
            let mut info = vec![0; INFO_BYTES];
            info[0] = endpoint.tcp_state();
            return Ok(info);
        }
        _ => {}
    }
    let row = find(level, option)?;
    let value = endpoint.options.lock().others.get(&(level, option)).copied().unwrap_or(row.first);
    Ok(task.guest.endian.bytes32(value).to_vec())
}
