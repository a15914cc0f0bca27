//! [`Family`]: AF_*; [`Protocol`]: IPPROTO_*; and what addresses of the internet mean in a world.

use super::endpoint::Style;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use serde::{Deserialize, Serialize};

/// Which addresses a socket has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Family {
    /// AF_UNIX
    Local,
    /// AF_INET
    Inet,
    /// AF_INET6
    Inet6,
    /// AF_NETLINK, of which there is NETLINK_ROUTE.
    Netlink,
}

impl Family {
    /// The family of that number, if there is one.
    pub(crate) fn of(number: u32) -> Option<Family> {
        [Family::Local, Family::Inet, Family::Inet6, Family::Netlink]
            .into_iter()
            .find(|family| u32::from(family.number()) == number)
    }

    /// Its number.
    pub(crate) fn number(self) -> u16 {
        match self {
            Family::Local => 1,
            Family::Inet => 2,
            Family::Inet6 => 10,
            Family::Netlink => 16,
        }
    }

    /// Whether it is one of the internet's.
    pub(crate) fn is_internet(self) -> bool {
        matches!(self, Family::Inet | Family::Inet6)
    }

    /// The address that means all of the family's.
    pub(crate) fn any(self) -> IpAddr {
        if self == Family::Inet6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
    }
}

/// How a socket of the internet sends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Protocol {
    /// It is none of the internet's.
    None,
    /// IPPROTO_TCP
    Tcp,
    /// IPPROTO_UDP
    Udp,
    /// IPPROTO_UDPLITE: UDP with ports of its own, and checksums, which are nowhere here, over less than all (RFC 3828).
    UdpLite,
}

impl Protocol {
    /// That of a socket for which nobody named another.
    pub(crate) fn of(family: Family, style: Style) -> Protocol {
        match style {
            _ if !family.is_internet() => Protocol::None,
            Style::Stream => Protocol::Tcp,
            _ => Protocol::Udp,
        }
    }

    /// Its number (SO_PROTOCOL).
    pub(crate) fn number(self) -> u32 {
        match self {
            Protocol::None => 0,
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
            Protocol::UdpLite => 136,
        }
    }
}

/// The addresses of a world that reaches others, as QEMU's user networking gives them to its guests.
pub const GUEST: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(10, 0, 2, 15)), IpAddr::V6(Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0x15))];

/// Whether an address is one of those.
pub(crate) fn is_guest(ip: IpAddr) -> bool {
    GUEST.contains(&ip)
}

/// Where something may be heard that comes from outside: at those addresses, or at the loopback interface's.
pub(super) fn public(is_shown: bool) -> [IpAddr; 2] {
    if is_shown { GUEST } else { [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] }
}

/// Whether it means all addresses, of IPv4 or of both.
pub(crate) fn is_any(ip: IpAddr) -> bool {
    ip.is_unspecified()
}

/// Where what is sent to an address arrives: an address that means all leads to the loopback interface.
pub(crate) fn route(to: IpAddr) -> IpAddr {
    match to {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// Where from it is sent, if the sender is not bound to an address.
pub(crate) fn source(to: IpAddr) -> IpAddr {
    let [four, six] = public(!to.is_loopback());
    if to.is_ipv4() { four } else { six }
}
