//! [`Interface`]: the network interfaces of a world (netdevice(7)): the loopback interface, and where there is a way out one that
//! looks like an Ethernet card with what QEMU's user networking has. Nothing about them can be changed.

use super::family::GUEST;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An interface.
pub(crate) struct Interface {
    /// Its number, from 1.
    pub(crate) index: u32,
    /// Its name, with a NUL behind it.
    name_ended: &'static [u8],
    /// IFF_*
    pub(crate) flags: u32,
    /// ARPHRD_*
    pub(crate) kind: u16,
    /// The most bytes of a packet.
    pub(crate) mtu: u32,
    /// Its hardware address, and the one that means all.
    pub(crate) hardware: [[u8; 6]; 2],
    /// IF_OPER_*
    pub(crate) state: u8,
    /// What its addresses reach: RT_SCOPE_*.
    pub(crate) scope: u8,
    /// Its addresses, with the bits of their networks.
    pub(crate) addresses: [(IpAddr, u8); 2],
}

/// The number of the loopback interface.
pub(crate) const LOOPBACK: u32 = 1;

/// All there may be.
static ALL: [Interface; 2] = [
    Interface {
        index: LOOPBACK,
        name_ended: b"lo\0",
        // IFF_UP, IFF_LOOPBACK, IFF_RUNNING, IFF_LOWER_UP; ARPHRD_LOOPBACK; IF_OPER_UNKNOWN; RT_SCOPE_HOST
        flags: 0x1_0049,
        kind: 772,
        mtu: 65_536,
        hardware: [[0; 6]; 2],
        state: 0,
        scope: 254,
        addresses: [(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)],
    },
    Interface {
        index: 2,
        name_ended: b"eth0\0",
        // IFF_UP, IFF_BROADCAST, IFF_RUNNING, IFF_LOWER_UP; ARPHRD_ETHER; IF_OPER_UP; RT_SCOPE_UNIVERSE
        flags: 0x1_0043,
        kind: 1,
        mtu: 1500,
        hardware: [[0x52, 0x54, 0, 0x12, 0x34, 0x56], [0xff; 6]],
        state: 6,
        scope: 0,
        addresses: [(GUEST[0], 24), (GUEST[1], 64)],
    },
];

/// The router of the way out, which is the host.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);

/// Those of a world that has a way out, or none.
pub(crate) fn interfaces(has_network: bool) -> &'static [Interface] {
    &ALL[..if has_network { 2 } else { 1 }]
}

impl Interface {
    /// Its name.
    pub(crate) fn name(&self) -> &'static [u8] {
        &self.name_ended[..self.name_ended.len() - 1]
    }

    /// Its name with a NUL behind it.
    pub(crate) fn name_ended(&self) -> &'static [u8] {
        self.name_ended
    }

    /// Its IPv4 address, the mask of that network, and the address there that means all, if one does.
    pub(crate) fn ipv4(&self) -> [[u8; 4]; 3] {
        let (ip, bits) = self.addresses[0];
        let IpAddr::V4(ip) = ip else { return [[0; 4]; 3] };
        let mask = u32::MAX << (32 - u32::from(bits));
        let all = if self.scope == 0 { ip.to_bits() | !mask } else { 0 };
        [ip.octets(), mask.to_be_bytes(), all.to_be_bytes()]
    }
}
