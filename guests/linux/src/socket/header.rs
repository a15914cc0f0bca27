//! [`Header`]: what a message of the internet says beside its bytes (ip(7), ipv6(7)), and [`Marks`], what its sender wants it to
//! say.

use super::endpoint::Endpoint;
use super::interface::LOOPBACK;
use core::net::IpAddr;
use serde::{Deserialize, Serialize};

/// Levels of options: IPPROTO_IP, IPPROTO_IPV6.
pub(crate) const IP: u32 = 0;
pub(crate) const IPV6: u32 = 41;
/// IP_TTL and IP_TOS, IPV6_UNICAST_HOPS and IPV6_TCLASS.
const OPTIONS: [[(u32, u32); 2]; 2] = [[(IP, 2), (IP, 1)], [(IPV6, 16), (IPV6, 67)]];
/// How many routers may pass a message on that says nothing else (net.ipv4.ip_default_ttl).
const HOPS: u8 = 64;

/// What the header of a packet says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    /// Where it was sent to.
    pub(crate) to: IpAddr,
    /// The number of the interface where it arrived.
    pub(crate) interface: u32,
    /// How many routers may pass it on.
    pub(crate) hops: u8,
    /// Type of service, or traffic class.
    pub(crate) class: u8,
}

impl Header {
    /// That of a message from outside, which tells no more than where it arrived.
    pub(super) fn foreign(to: IpAddr) -> Header {
        Header { to, interface: LOOPBACK + 1, hops: HOPS, class: 0 }
    }
}

/// What a message is to say, in place of what the options of its socket do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// The address that it comes from.
    pub(crate) from: Option<IpAddr>,
    /// How many routers may pass it on.
    pub(crate) hops: Option<u8>,
    /// Type of service, or traffic class.
    pub(crate) class: Option<u8>,
}

impl Endpoint {
    /// The header of a message to an address of this world's.
    pub(super) fn header(&self, to: IpAddr, marks: &Marks) -> Header {
        let options = self.options.lock();
        let [hops, class] = OPTIONS[usize::from(to.is_ipv6())]
            .map(|option| options.others.get(&option).and_then(|value| u8::try_from(*value).ok()));
        Header {
            to,
            interface: LOOPBACK,
            hops: marks.hops.or(hops).unwrap_or(HOPS),
            class: marks.class.or(class).unwrap_or(0),
        }
    }
}
