//! Netlink (netlink(7), rtnetlink(7)): what the kernel answers to who asks for interfaces, addresses and routes. There is the
//! loopback interface, and nothing about it can be changed.

use crate::errno;
use abi::Endian;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use vfs::Errno;

/// Types of messages: NLMSG_*, RTM_*.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const NEW_LINK: u16 = 16;
const GET_LINK: u16 = 18;
const NEW_ADDRESS: u16 = 20;
const GET_ADDRESS: u16 = 22;
/// All types of rtnetlink are in groups of four: new, delete, get, set.
const FIRST: u16 = 16;
const KIND: u16 = 3;
const GET: u16 = 2;

/// NLM_F_*
const IS_REQUEST: u16 = 0x1;
const MULTI: u16 = 0x2;
const WANTS_ACK: u16 = 0x4;
const DUMP: u16 = 0x300;

/// Bytes of a message's header, and of `struct ifinfomsg`.
const HEADER_BYTES: usize = 16;
const LINK_BYTES: usize = 16;

/// The loopback interface: its number, name, flags (IFF_UP, IFF_LOOPBACK, IFF_RUNNING, IFF_LOWER_UP), type (ARPHRD_LOOPBACK) and
/// MTU in bytes.
pub(crate) const INDEX: u32 = 1;
pub(crate) const NAME: &[u8] = b"lo";
const NAME_ENDED: &[u8] = b"lo\0";
pub(crate) const FLAGS: u32 = 0x1_0049;
pub(crate) const KIND_OF_LINK: u16 = 772;
pub(crate) const MTU: u32 = 65_536;

/// AF_INET, AF_INET6
const INET: u8 = 2;
const INET6: u8 = 10;

/// Its addresses, with the bits of their networks.
const ADDRESSES: [(IpAddr, u8); 2] = [(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), (IpAddr::V6(Ipv6Addr::LOCALHOST), 128)];

/// A message that is being put together.
struct Message {
    endian: Endian,
    bytes: Vec<u8>,
}

impl Message {
    fn new(endian: Endian, kind: u16, flags: u16, to: &Request<'_>) -> Message {
        let mut message = Message { endian, bytes: Vec::new() };
        message.word(0).half(kind).half(flags).word(to.sequence).word(to.port);
        message
    }

    fn put(&mut self, bytes: &[u8]) -> &mut Message {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn half(&mut self, half: u16) -> &mut Message {
        let bytes = self.endian.bytes16(half);
        self.put(&bytes)
    }

    fn word(&mut self, word: u32) -> &mut Message {
        let bytes = self.endian.bytes32(word);
        self.put(&bytes)
    }

    /// An attribute: `struct rtattr`.
    fn attribute(&mut self, kind: u16, value: &[u8]) -> &mut Message {
        self.half(value.len() as u16 + 4).half(kind).put(value);
        let whole = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(whole, 0);
        self
    }

    fn attribute_word(&mut self, kind: u16, value: u32) -> &mut Message {
        let bytes = self.endian.bytes32(value);
        self.attribute(kind, &bytes)
    }

    fn done(mut self) -> Vec<u8> {
        let length = self.endian.bytes32(self.bytes.len() as u32);
        self.bytes[..4].copy_from_slice(&length);
        self.bytes
    }
}

/// A message that the guest sent.
struct Request<'a> {
    header: &'a [u8],
    kind: u16,
    flags: u16,
    sequence: u32,
    /// Who asks (nl_pid).
    port: u32,
    body: &'a [u8],
}

/// What the kernel answers to the messages in `bytes` of the socket of that number, one message each.
pub(crate) fn answer(endian: Endian, port: u32, mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(HEADER_BYTES) {
        let word = |at: usize| header[at..].first_chunk().map_or(0, |word| endian.u32(*word));
        let half = |at: usize| header[at..].first_chunk().map_or(0, |half| endian.u16(*half));
        let length = word(0) as usize;
        let Some(body) = length.checked_sub(HEADER_BYTES).and_then(|length| rest.get(..length)) else { break };
        let request = Request { header, kind: half(4), flags: half(6), sequence: word(8), port, body };
        if request.flags & IS_REQUEST != 0 && request.kind >= FIRST {
            reply(endian, &request, &mut answers);
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    answers
}

fn reply(endian: Endian, request: &Request<'_>, answers: &mut Vec<Vec<u8>>) {
    let is_dump = request.flags & DUMP == DUMP;
    let family = request.body.first().copied().unwrap_or(0);
    let wants = |own: u8| family == 0 || family == own;
    let outcome = match request.kind {
        GET_LINK if is_dump || names_loopback(endian, request.body) => {
            answers.push(link(endian, request, is_dump));
            Ok(())
        }
        GET_LINK => Err(Errno::ENODEV),
        GET_ADDRESS => {
            let all = ADDRESSES.iter().filter(|(ip, _)| wants(if ip.is_ipv4() { INET } else { INET6 }));
            answers.extend(all.map(|(ip, bits)| address(endian, request, *ip, *bits)));
            Ok(())
        }
        // Of routes, neighbours, rules and the like there are none.
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

/// Whether a request for one interface means this one: by its number, or by an attribute with its name.
fn names_loopback(endian: Endian, body: &[u8]) -> bool {
    /// IFLA_IFNAME
    const IFNAME: u16 = 3;
    let index = body.get(4..8).and_then(|bytes| bytes.first_chunk()).map_or(0, |word| endian.u32(*word));
    let mut attributes = body.get(LINK_BYTES..).unwrap_or_default();
    while let Some((head, _)) = attributes.split_first_chunk::<4>() {
        let (length, kind) = (usize::from(endian.u16([head[0], head[1]])), endian.u16([head[2], head[3]]));
        let Some(value) = attributes.get(4..length) else { break };
        if kind == IFNAME {
            return value.split(|byte| *byte == 0).next() == Some(NAME);
        }
        attributes = attributes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    index == INDEX
}

/// RTM_NEWLINK: `struct ifinfomsg` and IFLA_*.
fn link(endian: Endian, request: &Request<'_>, is_dump: bool) -> Vec<u8> {
    let mut message = Message::new(endian, NEW_LINK, if is_dump { MULTI } else { 0 }, request);
    message.put(&[0, 0]).half(KIND_OF_LINK).word(INDEX).word(FLAGS).word(0);
    message.attribute(3, NAME_ENDED).attribute_word(13, 1000).attribute(16, &[0]).attribute(17, &[0]);
    message.attribute_word(4, MTU).attribute_word(27, 0).attribute(6, b"noqueue\0");
    message.attribute(1, &[0; 6]).attribute(2, &[0; 6]);
    message.done()
}

/// RTM_NEWADDR: `struct ifaddrmsg` and IFA_*.
fn address(endian: Endian, request: &Request<'_>, ip: IpAddr, bits: u8) -> Vec<u8> {
    /// IFA_F_PERMANENT and RT_SCOPE_HOST.
    const PERMANENT: u8 = 0x80;
    const HOST: u8 = 254;
    let mut message = Message::new(endian, NEW_ADDRESS, MULTI, request);
    message.put(&[if ip.is_ipv4() { INET } else { INET6 }, bits, PERMANENT, HOST]).word(INDEX);
    match ip {
        IpAddr::V4(ip) => {
            message.attribute(1, &ip.octets()).attribute(2, &ip.octets()).attribute(3, NAME_ENDED);
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
        super::answer(endian, 9, &bytes).into_iter().map(split).collect()
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
    fn what_is_not_there_is_an_error() {
        let mut body = [0; 16];
        body[7] = 5;
        let error =
            |answers: Vec<(u16, Vec<u8>)>| (answers[0].0, i32::from_be_bytes(*answers[0].1.first_chunk().unwrap()));
        assert_eq!(error(ask(GET_LINK, IS_REQUEST, &body)), (ERROR, -19));
        assert_eq!(error(ask(NEW_ADDRESS, IS_REQUEST | WANTS_ACK, &body)), (ERROR, -1));
        assert_eq!(ask(26, IS_REQUEST | DUMP, &[0])[0].0, DONE);
        assert!(ask(DONE, IS_REQUEST, &[]).is_empty() && super::answer(Endian::Little, 1, &[9; 15]).is_empty());
        assert!(super::answer(Endian::Little, 1, &[0; 64]).is_empty());
    }
}
