//! [`Family`]: AF_*, and what addresses of the internet lead to in a world that has nothing but itself.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use serde::{Deserialize, Serialize};
use vfs::{Errno, Result};

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

/// Whether an address is one of this world's own: those of its loopback interface.
pub(crate) fn is_own(ip: IpAddr) -> bool {
    ip.is_loopback()
}

/// Whether it means all addresses, of IPv4 or of both.
pub(crate) fn is_any(ip: IpAddr) -> bool {
    ip.is_unspecified()
}

/// Where what is sent to an address arrives: an address that means all leads to the loopback interface. ENETUNREACH if it is not
/// of this world, which has no way to another one.
pub(crate) fn route(to: IpAddr) -> Result<IpAddr> {
    match to {
        IpAddr::V4(ip) if ip.is_unspecified() => Ok(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => Ok(Ipv6Addr::LOCALHOST.into()),
        ip if is_own(ip) => Ok(ip),
        _ => Err(Errno::ENETUNREACH),
    }
}

/// Where from it is sent, if the sender is not bound to an address.
pub(crate) fn source(to: IpAddr) -> IpAddr {
    if to.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() }
}
