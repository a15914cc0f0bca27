//! Netlink (netlink(7), rtnetlink(7)): what the kernel answers to who asks for interfaces, addresses and routes, about which
//! nothing can be changed.

use super::interface::{Interface, interfaces};
use super::routes;
use crate::errno;
use abi::Endian;
use alloc::vec::Vec;
use core::net::IpAddr;
use vfs::Errno;

/// Types of messages: NLMSG_*, RTM_*.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const NEW_LINK: u16 = 16;
const GET_LINK: u16 = 18;
const NEW_ADDRESS: u16 = 20;
const GET_ADDRESS: u16 = 22;
const GET_ROUTE: u16 = 26;
/// All types of rtnetlink are in groups of four: new, delete, get, set.
const FIRST: u16 = 16;
const KIND: u16 = 3;
const GET: u16 = 2;

/// NLM_F_*
const IS_REQUEST: u16 = 0x1;
pub(super) const MULTI: u16 = 0x2;
const WANTS_ACK: u16 = 0x4;
const DUMP: u16 = 0x300;

/// Bytes of a message's header, and of `struct ifinfomsg`.
const HEADER_BYTES: usize = 16;
const LINK_BYTES: usize = 16;

/// AF_INET, AF_INET6
pub(super) const INET: u8 = 2;
pub(super) const INET6: u8 = 10;

/// A message that is being put together.
pub(super) struct Message {
    endian: Endian,
    bytes: Vec<u8>,
}

impl Message {
    pub(super) fn new(endian: Endian, kind: u16, flags: u16, to: &Request<'_>) -> Message {
        let mut message = Message { endian, bytes: Vec::new() };
        message.word(0).half(kind).half(flags).word(to.sequence).word(to.port);
        message
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> &mut Message {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn half(&mut self, half: u16) -> &mut Message {
        let bytes = self.endian.bytes16(half);
        self.put(&bytes)
    }

    pub(super) fn word(&mut self, word: u32) -> &mut Message {
        let bytes = self.endian.bytes32(word);
        self.put(&bytes)
    }

    /// An attribute: `struct rtattr`.
    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) -> &mut Message {
        self.half(value.len() as u16 + 4).half(kind).put(value);
        let whole = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(whole, 0);
        self
    }

    pub(super) fn attribute_word(&mut self, kind: u16, value: u32) -> &mut Message {
        let bytes = self.endian.bytes32(value);
        self.attribute(kind, &bytes)
    }

    pub(super) fn done(mut self) -> Vec<u8> {
        let length = self.endian.bytes32(self.bytes.len() as u32);
        self.bytes[..4].copy_from_slice(&length);
        self.bytes
    }
}

/// A message that the guest sent.
pub(super) struct Request<'a> {
    header: &'a [u8],
    kind: u16,
    flags: u16,
    sequence: u32,
    /// Who asks (nl_pid).
    port: u32,
    pub(super) body: &'a [u8],
}

/// What the kernel of a world that has a way out, or none, answers to the messages in `bytes` of the socket of that number, one
/// message each.
pub(crate) fn answer(endian: Endian, port: u32, mut bytes: &[u8], has_network: bool) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(HEADER_BYTES) {
        let word = |at: usize| header[at..].first_chunk().map_or(0, |word| endian.u32(*word));
        let half = |at: usize| header[at..].first_chunk().map_or(0, |half| endian.u16(*half));
        let length = word(0) as usize;
        let Some(body) = length.checked_sub(HEADER_BYTES).and_then(|length| rest.get(..length)) else { break };
        let request = Request { header, kind: half(4), flags: half(6), sequence: word(8), port, body };
        if request.flags & IS_REQUEST != 0 && request.kind >= FIRST {
            reply(endian, &request, interfaces(has_network), &mut answers);
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    answers
}

fn reply(endian: Endian, request: &Request<'_>, all: &[Interface], answers: &mut Vec<Vec<u8>>) {
    let is_dump = request.flags & DUMP == DUMP;
    let family = request.body.first().copied().unwrap_or(0);
    let wants = |own: u8| family == 0 || family == own;
    let outcome = match request.kind {
        GET_LINK if is_dump => {
            answers.extend(all.iter().map(|interface| link(endian, request, interface, true)));
            Ok(())
        }
        GET_LINK => {
            let named = named(endian, request.body, all).map(|interface| link(endian, request, interface, false));
            named.map(|link| answers.push(link)).ok_or(Errno::ENODEV)
        }
        GET_ADDRESS => {
            for interface in all {
                let own = interface.addresses.iter().filter(|(ip, _)| wants(if ip.is_ipv4() { INET } else { INET6 }));
                answers.extend(own.map(|(ip, bits)| address(endian, request, interface, *ip, *bits)));
            }
            Ok(())
        }
        GET_ROUTE if is_dump => {
            answers.extend(routes::all(endian, request, family));
            let outer = all.iter().filter(|interface| interface.scope == 0 && wants(INET));
            answers.extend(outer.flat_map(|interface| routes::outer(endian, request, interface)));
            Ok(())
        }
        GET_ROUTE => routes::way(endian, request, all).map(|way| answers.push(way)),
        // Of neighbours, rules and the like there are none.
        kind if kind & KIND == GET && is_dump => Ok(()),
        kind if kind & KIND == GET => Err(Errno::EOPNOTSUPP),
        _ => Err(Errno::EPERM),
    };
    match outcome {
        Ok(()) if is_dump => {
            let mut done = Message::new(endian, DONE, MULTI, request);
            done.word(0);
            answers.push(done.done());
        }
        Ok(()) if request.flags & WANTS_ACK == 0 => {}
        outcome => {
            let mut error = Message::new(endian, ERROR, 0, request);
            error.word(outcome.err().map_or(0, |errno| errno::number(errno).wrapping_neg())).put(request.header);
            answers.push(error.done());
        }
    }
}

/// The interface that a request is about: by an attribute with its name, or by its number.
fn named<'a>(endian: Endian, body: &[u8], all: &'a [Interface]) -> Option<&'a Interface> {
    /// IFLA_IFNAME
    const IFNAME: u16 = 3;
    let index = body.get(4..8).and_then(|bytes| bytes.first_chunk()).map_or(0, |word| endian.u32(*word));
    let mut attributes = body.get(LINK_BYTES..).unwrap_or_default();
    while let Some((head, _)) = attributes.split_first_chunk::<4>() {
        let (length, kind) = (usize::from(endian.u16([head[0], head[1]])), endian.u16([head[2], head[3]]));
        let Some(value) = attributes.get(4..length) else { break };
        if kind == IFNAME {
            let name = value.split(|byte| *byte == 0).next();
            return all.iter().find(|interface| Some(interface.name()) == name);
        }
        attributes = attributes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    all.iter().find(|interface| interface.index == index)
}

/// RTM_NEWLINK: `struct ifinfomsg` and IFLA_*.
fn link(endian: Endian, request: &Request<'_>, interface: &Interface, is_dump: bool) -> Vec<u8> {
    let Interface { index, flags, kind, mtu, hardware: [own, all], state, .. } = interface;
    let mut message = Message::new(endian, NEW_LINK, if is_dump { MULTI } else { 0 }, request);
    message.put(&[0, 0]).half(*kind).word(*index).word(*flags).word(0);
    message.attribute(3, interface.name_ended()).attribute_word(13, 1000).attribute(16, &[*state]).attribute(17, &[0]);
    message.attribute_word(4, *mtu).attribute_word(27, 0).attribute(6, b"noqueue\0");
    message.attribute(1, own).attribute(2, all);
    message.done()
}

/// RTM_NEWADDR: `struct ifaddrmsg` and IFA_*.
fn address(endian: Endian, request: &Request<'_>, interface: &Interface, ip: IpAddr, bits: u8) -> Vec<u8> {
    /// IFA_F_PERMANENT
    const PERMANENT: u8 = 0x80;
    let mut message = Message::new(endian, NEW_ADDRESS, MULTI, request);
    message.put(&[if ip.is_ipv4() { INET } else { INET6 }, bits, PERMANENT, interface.scope]).word(interface.index);
    match ip {
        IpAddr::V4(ip) => {
            message.attribute(1, &ip.octets()).attribute(2, &ip.octets());
            if interface.scope == 0 {
                message.attribute(4, &interface.ipv4()[2]);
            }
            message.attribute(3, interface.name_ended());
        }
        IpAddr::V6(ip) => {
            message.attribute(1, &ip.octets());
        }
    }
    // It is preferred, and valid, for ever.
    let for_ever = [u32::MAX, u32::MAX, 0, 0].map(|word| endian.bytes32(word));
    message.attribute(6, for_ever.as_flattened()).attribute_word(8, u32::from(PERMANENT));
    message.done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn ask(kind: u16, flags: u16, body: &[u8]) -> Vec<(u16, Vec<u8>)> {
        ask_of(false, kind, flags, body)
    }

    fn ask_of(has_network: bool, kind: u16, flags: u16, body: &[u8]) -> Vec<(u16, Vec<u8>)> {
        let endian = Endian::Big;
        let mut bytes = endian.bytes32(16 + body.len() as u32).to_vec();
        bytes.extend(endian.bytes16(kind));
        bytes.extend(endian.bytes16(flags));
        bytes.extend([0, 0, 0, 7, 0, 0, 0, 0]);
        bytes.extend(body);
        let split = |answer: Vec<u8>| {
            assert_eq!(answer.len(), endian.u32(*answer.first_chunk().unwrap()) as usize);
            assert_eq!(answer[8..16], [0, 0, 0, 7, 0, 0, 0, 9]);
            (endian.u16([answer[4], answer[5]]), answer[16..].to_vec())
        };
        super::answer(endian, 9, &bytes, has_network).into_iter().map(split).collect()
    }

    #[test]
    fn there_is_a_loopback_interface() {
        let links = ask(GET_LINK, IS_REQUEST | DUMP, &[0; 16]);
        assert_eq!(links.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [NEW_LINK, DONE]);
        assert_eq!(links[0].1[20..23], *b"lo\0");
        let six = ask(GET_ADDRESS, IS_REQUEST | DUMP, &[INET6]);
        assert_eq!((six.len(), six[0].0, six[0].1[0..2].to_vec()), (2, NEW_ADDRESS, vec![INET6, 128]));
        assert_eq!(ask(GET_ADDRESS, IS_REQUEST | DUMP, &[0]).len(), 3);
    }

    #[test]
    fn a_way_out_is_an_interface_with_routes() {
        let links = ask_of(true, GET_LINK, IS_REQUEST | DUMP, &[0; 16]);
        assert_eq!((links.len(), &links[1].1[20..25]), (3, &b"eth0\0"[..]));
        let mut body = vec![0; 16];
        body.extend([0, 9, 0, 3]);
        body.extend(b"eth0\0\0\0\0");
        assert_eq!(ask_of(true, GET_LINK, IS_REQUEST, &body)[0].1[4..8], [0, 0, 0, 2]);
        assert_eq!(ask_of(true, GET_ADDRESS, IS_REQUEST | DUMP, &[INET]).len(), 3);
        let routes = ask_of(true, GET_ROUTE, IS_REQUEST | DUMP, &[0]);
        assert_eq!(routes.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [24, 24, 24, 24, 24, 24, DONE]);
        assert!(routes[4].1.windows(4).any(|octets| octets == [10, 0, 2, 2]));
    }

    #[test]
    fn what_is_its_own_is_reached() {
        let kinds = |answers: &[(u16, Vec<u8>)]| answers.iter().map(|(kind, _)| *kind).collect::<Vec<_>>();
        assert_eq!(kinds(&ask(GET_ROUTE, IS_REQUEST | DUMP, &[INET; 12])), [24, 24, 24, DONE]);
        assert_eq!(kinds(&ask(GET_ROUTE, IS_REQUEST | DUMP, &[0; 12])), [24, 24, 24, 24, DONE]);
        let mut body = vec![INET, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 127, 0, 0, 9];
        assert_eq!(kinds(&ask(GET_ROUTE, IS_REQUEST, &body)), [24]);
        body[16] = 10;
        assert_eq!(ask(GET_ROUTE, IS_REQUEST, &body)[0].1[..4], (-128i32).to_be_bytes());
        assert_eq!(ask(GET_ROUTE, IS_REQUEST, &body[..13])[0].0, ERROR);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let mut body = [0; 16];
        body[7] = 5;
        let error =
            |answers: Vec<(u16, Vec<u8>)>| (answers[0].0, i32::from_be_bytes(*answers[0].1.first_chunk().unwrap()));
        assert_eq!(error(ask(GET_LINK, IS_REQUEST, &body)), (ERROR, -19));
        assert_eq!(error(ask(NEW_ADDRESS, IS_REQUEST | WANTS_ACK, &body)), (ERROR, -1));
        assert!(ask(DONE, IS_REQUEST, &[]).is_empty() && super::answer(Endian::Little, 1, &[9; 15], true).is_empty());
        assert!(super::answer(Endian::Little, 1, &[0; 64], true).is_empty());
    }

    #[test]
    fn whatever_is_asked_has_an_end() {
        let mut seed = 1_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize
        };
        for _ in 0..20_000 {
            let mut bytes: Vec<u8> = (0..random() % 80).map(|_| random() as u8).collect();
            // Mostly something that looks like a request.
            for (at, value) in
                [(0, random() as u8 % 80), (1, 0), (2, 0), (3, 0), (4, random() as u8 % 32), (5, 0), (6, 1), (7, 3)]
            {
                if let Some(byte) = bytes.get_mut(at).filter(|_| random() % 16 > 0) {
                    *byte = value;
                }
            }
            assert!(super::answer(Endian::Little, 1, &bytes, true).len() <= 64);
        }
    }
}
