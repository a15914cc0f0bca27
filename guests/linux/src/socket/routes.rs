//! Routes as rtnetlink(7) tells them: those of the loopback interface, as Linux makes them when it comes up, and those of the
//! way out.

use super::interface::{Interface, LOOPBACK, ROUTER};
use super::netlink::{INET, INET6, MULTI, Message, Request};
use abi::Endian;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use vfs::{Errno, Result};

/// RTM_NEWROUTE
const NEW_ROUTE: u16 = 24;
/// Bytes of `struct rtmsg`.
const ROUTE_BYTES: usize = 12;

/// RT_TABLE_LOCAL, and the main table, which answers for IPv4 (RT_TABLE_MAIN).
const LOCAL: u8 = 255;
const MAIN: u8 = 254;
/// RTPROT_KERNEL and RTPROT_BOOT
const KERNEL: u8 = 2;
const BOOT: u8 = 3;
/// RTN_UNICAST, RTN_LOCAL and RTN_BROADCAST.
const UNICAST: u8 = 1;
const OWN: u8 = 2;
const BROADCAST: u8 = 3;
/// RT_SCOPE_HOST, RT_SCOPE_LINK and RT_SCOPE_UNIVERSE.
const HOST: u8 = 254;
const LINK: u8 = 253;
const UNIVERSE: u8 = 0;
/// RTCF_LOCAL, and RTM_F_CLONED, which the answer of a cache has.
const IS_LOCAL: u32 = 0x8000_0000;
const IS_CLONED: u32 = 0x200;

/// RTA_*
const DESTINATION: u16 = 1;
const SOURCE: u16 = 2;
const OUT: u16 = 4;
const GATEWAY: u16 = 5;
const PRIORITY: u16 = 6;
const PREFERRED_SOURCE: u16 = 7;
const CACHE: u16 = 12;
const TABLE: u16 = 15;
const PREFERENCE: u16 = 20;
const USER: u16 = 25;

/// Where IPv4 routes lead, with the bits of their networks, types and scopes.
const ROUTES: [(Ipv4Addr, u8, u8, u8); 3] = [
    (Ipv4Addr::new(127, 0, 0, 0), 8, OWN, HOST),
    (Ipv4Addr::LOCALHOST, 32, OWN, HOST),
    (Ipv4Addr::new(127, 255, 255, 255), 32, BROADCAST, LINK),
];

fn begin(endian: Endian, request: &Request<'_>, flags: u16, header: [u8; 8], route_flags: u32) -> Message {
    let mut message = Message::new(endian, NEW_ROUTE, flags, request);
    message.put(&header).word(route_flags);
    message
}

/// All routes of a family, or of both if it is 0.
pub(super) fn all(endian: Endian, request: &Request<'_>, family: u8) -> Vec<Vec<u8>> {
    let mut routes = Vec::new();
    if family != INET6 {
        routes.extend(ROUTES.iter().map(|(to, bits, kind, scope)| {
            let header = [INET, *bits, 0, 0, LOCAL, KERNEL, *scope, *kind];
            let mut message = begin(endian, request, MULTI, header, 0);
            message.attribute_word(TABLE, u32::from(LOCAL)).attribute(DESTINATION, &to.octets());
            message.attribute(PREFERRED_SOURCE, &Ipv4Addr::LOCALHOST.octets()).attribute_word(OUT, LOOPBACK);
            message.done()
        }));
    }
    if family != INET {
        let mut message = begin(endian, request, MULTI, [INET6, 128, 0, 0, LOCAL, KERNEL, UNIVERSE, OWN], 0);
        message.attribute_word(TABLE, u32::from(LOCAL)).attribute(DESTINATION, &Ipv6Addr::LOCALHOST.octets());
        message.attribute_word(PRIORITY, 0).attribute_word(OUT, LOOPBACK);
        message.attribute(CACHE, &[0; 32]).attribute(PREFERENCE, &[0]);
        routes.push(message.done());
    }
    routes
}

/// The routes of an interface by which others are reached: everything, and its network.
pub(super) fn outer(endian: Endian, request: &Request<'_>, interface: &Interface) -> [Vec<u8>; 2] {
    let [own, mask, _] = interface.ipv4();
    let network: [u8; 4] = core::array::from_fn(|at| own[at] & mask[at]);
    let bits = interface.addresses[0].1;
    let mut everything = begin(endian, request, MULTI, [INET, 0, 0, 0, MAIN, BOOT, UNIVERSE, UNICAST], 0);
    everything.attribute_word(TABLE, u32::from(MAIN)).attribute(GATEWAY, &ROUTER.octets());
    everything.attribute_word(OUT, interface.index);
    let mut near = begin(endian, request, MULTI, [INET, bits, 0, 0, MAIN, KERNEL, LINK, UNICAST], 0);
    near.attribute_word(TABLE, u32::from(MAIN)).attribute(DESTINATION, &network);
    near.attribute(PREFERRED_SOURCE, &own).attribute_word(OUT, interface.index);
    [everything.done(), near.done()]
}

/// The way to the address that a request names; ENETUNREACH if there is none.
pub(super) fn way(endian: Endian, request: &Request<'_>, all: &[Interface]) -> Result<Vec<u8>> {
    match destination(endian, request.body)? {
        IpAddr::V4(to) if to.is_loopback() => {
            let header = [INET, 32, 0, 0, MAIN, 0, UNIVERSE, OWN];
            let mut message = begin(endian, request, 0, header, IS_LOCAL | IS_CLONED);
            message.attribute_word(TABLE, u32::from(MAIN)).attribute(DESTINATION, &to.octets());
            message.attribute_word(OUT, LOOPBACK).attribute(PREFERRED_SOURCE, &Ipv4Addr::LOCALHOST.octets());
            message.attribute_word(USER, 0).attribute(CACHE, &[0; 32]);
            Ok(message.done())
        }
        IpAddr::V6(to) if to.is_loopback() => {
            let header = [INET6, 128, 128, 0, LOCAL, KERNEL, UNIVERSE, OWN];
            let mut message = begin(endian, request, 0, header, 0);
            message.attribute_word(TABLE, u32::from(LOCAL)).attribute(DESTINATION, &to.octets());
            message.attribute(SOURCE, &[0; 16]).attribute(PREFERRED_SOURCE, &to.octets());
            message.attribute_word(PRIORITY, 0).attribute_word(OUT, LOOPBACK);
            message.attribute(CACHE, &[0; 32]).attribute(PREFERENCE, &[0]);
            Ok(message.done())
        }
        IpAddr::V4(to) => {
            let interface = all.iter().find(|interface| interface.scope == 0).ok_or(Errno::ENETUNREACH)?;
            let mut message = begin(endian, request, 0, [INET, 32, 0, 0, MAIN, 0, UNIVERSE, UNICAST], IS_CLONED);
            message.attribute_word(TABLE, u32::from(MAIN)).attribute(DESTINATION, &to.octets());
            message.attribute(GATEWAY, &ROUTER.octets()).attribute_word(OUT, interface.index);
            message.attribute(PREFERRED_SOURCE, &interface.ipv4()[0]).attribute_word(USER, 0);
            message.attribute(CACHE, &[0; 32]);
            Ok(message.done())
        }
        IpAddr::V6(_) => Err(Errno::ENETUNREACH),
    }
}

/// What RTA_DST of a request says.
fn destination(endian: Endian, body: &[u8]) -> Result<IpAddr> {
    let mut attributes = body.get(ROUTE_BYTES..).ok_or(Errno::EINVAL)?;
    while let Some((head, _)) = attributes.split_first_chunk::<4>() {
        let (length, kind) = (usize::from(endian.u16([head[0], head[1]])), endian.u16([head[2], head[3]]));
        let value = attributes.get(4..length).ok_or(Errno::EINVAL)?;
        if kind == DESTINATION {
            let four = <[u8; 4]>::try_from(value).map(IpAddr::from);
            return four.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from)).map_err(|_| Errno::EINVAL);
        }
        attributes = attributes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Err(Errno::EINVAL)
}
