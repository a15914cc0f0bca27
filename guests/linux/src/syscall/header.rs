//! Ancillary data of messages of the internet: what their headers say (ip(7), ipv6(7)).

use crate::reply::Reply;
use crate::socket::header::{IP, IPV6};
use crate::socket::{Endpoint, Header, Marks};
use crate::syscall::ancillary::Piece;
use crate::task::Task;
use abi::Addr;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};
use vfs::Errno;

/// IP_TOS, IP_TTL, IP_PKTINFO, which are options, too.
const TOS: u32 = 1;
const TTL: u32 = 2;
const PKTINFO: u32 = 8;
/// IPV6_PKTINFO, IPV6_HOPLIMIT, IPV6_TCLASS, IPV6_DONTFRAG
const PKTINFO_6: u32 = 50;
const HOPLIMIT: u32 = 52;
const TCLASS: u32 = 67;
const DONTFRAG: u32 = 62;
/// What asks for them: IP_RECVTTL, IP_RECVTOS; IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS.
const RECVTTL: u32 = 12;
const RECVTOS: u32 = 13;
const RECVPKTINFO: u32 = 49;
const RECVHOPLIMIT: u32 = 51;
const RECVTCLASS: u32 = 66;

/// A number from `least` on; less than 0 is none, and stands for what the socket's options say.
fn number(task: &Task<'_, '_>, at: Addr, bytes: u32, least: i32) -> Reply<Option<u8>> {
    if bytes != 4 {
        return Err(Errno::EINVAL.into());
    }
    match task.guest.read::<i32>(at)? {
        -1 if least < 0 => Ok(None),
        value if value >= least => Ok(Some(u8::try_from(value).map_err(|_| Errno::EINVAL)?)),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Reads what a message that goes to an address of one family is to say (`ip_cmsg_send`, `ip6_datagram_send_ctl`).
pub(super) fn read(
    task: &Task<'_, '_>,
    (level, kind): (u32, u32),
    (at, bytes): (Addr, u32),
    marks: &mut Marks,
) -> Reply<()> {
    match (level, kind) {
        (IP, TTL) => marks.hops = number(task, at, bytes, 1)?,
        (IP, TOS) if bytes == 1 => marks.class = Some(task.guest.read(at)?),
        (IP, TOS) => marks.class = number(task, at, bytes, 0)?,
        // `struct in_pktinfo`: the interface, where it is to come from, and where it goes.
        (IP, PKTINFO) if bytes == 12 => {
            let ip: [u8; 4] = task.guest.read(at + 4)?;
            marks.from = Some(IpAddr::from(ip)).filter(|ip| !ip.is_unspecified());
        }
        (IPV6, HOPLIMIT) => marks.hops = number(task, at, bytes, -1)?,
        (IPV6, TCLASS) => marks.class = number(task, at, bytes, -1)?,
        // `struct in6_pktinfo`: where it is to come from, and the interface.
        (IPV6, PKTINFO_6) if bytes >= 20 => {
            let ip = IpAddr::from(task.guest.read::<[u8; 16]>(at)?);
            marks.from = Some(ip.to_canonical()).filter(|ip| !ip.is_unspecified());
        }
        // Nothing here has to be cut into pieces.
        (IPV6, DONTFRAG) => _ = number(task, at, bytes, 0)?.filter(|value| *value <= 1).ok_or(Errno::EINVAL)?,
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(())
}

/// What a socket's options want to be told of a header (`ip6_datagram_recv_common_ctl`, `ip6_datagram_recv_specific_ctl`,
/// `ip_cmsg_recv_offset`), in that order.
pub(super) fn told(task: &Task<'_, '_>, endpoint: &Endpoint, header: &Header) -> Vec<Piece> {
    let (options, endian) = (endpoint.options.lock(), task.guest.endian);
    let wants = |level, option| options.other(level, option) != 0;
    let int = |value: u8| endian.bytes32(u32::from(value)).to_vec();
    let interface = endian.bytes32(header.interface);
    let six = match header.to {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let about = |ip: Ipv6Addr| [&ip.octets()[..], &interface].concat();
    let mut pieces = Vec::new();
    let mut tell = |is_wanted: bool, level, kind, data| {
        if is_wanted {
            pieces.push(Piece { level, kind, data });
        }
    };
    tell(wants(IPV6, RECVPKTINFO), IPV6, PKTINFO_6, about(six));
    if let IpAddr::V4(ip) = header.to {
        tell(wants(IP, PKTINFO), IP, PKTINFO, [interface, ip.octets(), ip.octets()].concat());
        tell(wants(IP, RECVTTL), IP, TTL, int(header.hops));
        tell(wants(IP, RECVTOS), IP, TOS, [header.class].to_vec());
    } else {
        tell(wants(IPV6, RECVHOPLIMIT), IPV6, HOPLIMIT, int(header.hops));
        tell(wants(IPV6, RECVTCLASS), IPV6, TCLASS, int(header.class));
    }
    pieces
}
