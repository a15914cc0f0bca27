//! [`Address`]: `struct sockaddr_un`, `sockaddr_in` and `sockaddr_in6`.

use super::family::Family;
use abi::Endian;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use serde::{Deserialize, Serialize};
use vfs::{Errno, Result};

/// AF_UNSPEC
const AF_UNSPEC: u16 = 0;

/// Bytes of a path in an address.
const PATH_BYTES: usize = 108;
/// The least that an IPv6 address has: without its scope (SIN6_LEN_RFC2133).
const INET6_BYTES_MIN: usize = 24;

/// Where a socket is bound, or somebody wants to reach one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Address {
    /// Nowhere: only the family. To bind(2) it means a name of the system's choice.
    Unnamed,
    /// At a path.
    Path(Vec<u8>),
    /// Under a name without a file: the bytes behind the NUL, however many there are.
    Abstract(Vec<u8>),
    /// A port of an internet address. Of IPv4 addresses there is one form only, whichever the guest uses.
    Internet(SocketAddr),
    /// A number for the kernel to answer to, and groups of news (`struct sockaddr_nl`).
    Netlink(u32, u32),
}

impl Address {
    /// What the guest wrote for a socket of that family; none if it is AF_UNSPEC.
    pub(crate) fn decode(family: Family, endian: Endian, bytes: &[u8]) -> Result<Option<Address>> {
        let Some((number, rest)) = bytes.split_first_chunk() else { return Err(Errno::EINVAL) };
        let number = endian.u16(*number);
        if number == AF_UNSPEC {
            return Ok(None);
        }
        if number != family.number() {
            return Err(if family.is_internet() { Errno::EAFNOSUPPORT } else { Errno::EINVAL });
        }
        match family {
            Family::Local if rest.len() > PATH_BYTES => Err(Errno::EINVAL),
            Family::Local => Ok(Some(Address::of(rest))),
            Family::Netlink => {
                let word = |at: usize| rest.get(at..).and_then(|rest| rest.first_chunk()).map(|word| endian.u32(*word));
                let (port, groups) = word(2).zip(word(6)).ok_or(Errno::EINVAL)?;
                Ok(Some(Address::Netlink(port, groups)))
            }
            Family::Inet | Family::Inet6 => internet(family, bytes).map(|address| Some(Address::Internet(address))),
        }
    }

    fn of(path: &[u8]) -> Address {
        match path.split_first() {
            None => Address::Unnamed,
            Some((0, name)) => Address::Abstract(name.to_vec()),
            Some(_) => Address::Path(path.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()),
        }
    }

    /// As the guest reads it of a socket of that family. A path has its NUL; 109 bytes of path are possible then (unix(7),
    /// BUGS).
    pub(crate) fn encode(&self, family: Family, endian: Endian) -> Vec<u8> {
        let mut bytes = endian.bytes16(family.number()).to_vec();
        match self {
            Address::Unnamed => {}
            Address::Path(path) => {
                bytes.extend_from_slice(path);
                bytes.push(0);
            }
            Address::Abstract(name) => {
                bytes.push(0);
                bytes.extend_from_slice(name);
            }
            Address::Netlink(port, groups) => {
                bytes.extend_from_slice(&[0; 2]);
                bytes.extend_from_slice(&endian.bytes32(*port));
                bytes.extend_from_slice(&endian.bytes32(*groups));
            }
            Address::Internet(address) => {
                bytes.extend_from_slice(&address.port().to_be_bytes());
                match (family, address.ip()) {
                    (Family::Inet6, ip) => {
                        let ip = match ip {
                            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
                            IpAddr::V6(ip) => ip,
                        };
                        bytes.extend_from_slice(&[0; 4]);
                        bytes.extend_from_slice(&ip.octets());
                        bytes.extend_from_slice(&[0; 4]);
                    }
                    (_, IpAddr::V4(ip)) => bytes.extend_from_slice(&ip.octets()),
                    (_, IpAddr::V6(_)) => bytes.extend_from_slice(&[0; 4]),
                }
                if family == Family::Inet {
                    bytes.extend_from_slice(&[0; 8]);
                }
            }
        }
        bytes
    }

    /// The port of an internet address.
    pub(crate) fn internet(&self) -> Option<SocketAddr> {
        if let Address::Internet(address) = self { Some(*address) } else { None }
    }
}

fn internet(family: Family, bytes: &[u8]) -> Result<SocketAddr> {
    let part = |at: usize, length: usize| bytes.get(at..at + length).ok_or(Errno::EINVAL);
    let port = u16::from_be_bytes(part(2, 2)?.try_into().map_err(|_| Errno::EINVAL)?);
    if family == Family::Inet {
        part(8, 8)?;
        let octets: [u8; 4] = part(4, 4)?.try_into().map_err(|_| Errno::EINVAL)?;
        return Ok(SocketAddr::new(Ipv4Addr::from(octets).into(), port));
    }
    part(0, INET6_BYTES_MIN)?;
    let octets: [u8; 16] = part(8, 16)?.try_into().map_err(|_| Errno::EINVAL)?;
    let ip = Ipv6Addr::from(octets);
    Ok(match ip.to_ipv4_mapped() {
        Some(ip) => SocketAddr::new(ip.into(), port),
        None => SocketAddrV6::new(ip, port, 0, 0).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back() {
        let decode = |bytes: &[u8]| Address::decode(Family::Local, Endian::Big, bytes);
        let encode = |address: &Address| address.encode(Family::Local, Endian::Little);
        assert_eq!(decode(b"\0\x01"), Ok(Some(Address::Unnamed)));
        assert_eq!(decode(b"\0\x01/a\0junk"), Ok(Some(Address::Path(b"/a".to_vec()))));
        assert_eq!(decode(b"\0\x01\0a\0b"), Ok(Some(Address::Abstract(b"a\0b".to_vec()))));
        assert_eq!(
            (decode(b"\0\0"), decode(b"\0"), decode(b"\0\x02")),
            (Ok(None), Err(Errno::EINVAL), Err(Errno::EINVAL))
        );
        assert_eq!(decode(&[&b"\0\x01"[..], &[1; 109]].concat()), Err(Errno::EINVAL));
        assert_eq!(encode(&Address::Path(b"a".to_vec())), b"\x01\0a\0");
        assert_eq!(encode(&Address::Abstract(b"a".to_vec())), b"\x01\0\0a");
    }

    #[test]
    fn an_ipv4_address_is_one_address_in_both_families() {
        let address = Address::Internet("127.0.0.1:258".parse().unwrap());
        for (family, bytes) in [(Family::Inet, 16), (Family::Inet6, 28)] {
            let written = address.encode(family, Endian::Big);
            assert_eq!((written.len(), &written[2..4]), (bytes, &[1, 2][..]));
            assert_eq!(Address::decode(family, Endian::Big, &written), Ok(Some(address.clone())));
            assert_eq!(Address::decode(family, Endian::Big, &written[..8]), Err(Errno::EINVAL));
            assert_eq!(Address::decode(family, Endian::Big, b"\0\x01/a"), Err(Errno::EAFNOSUPPORT));
        }
        let six = Address::Internet("[::1]:80".parse().unwrap());
        let written = six.encode(Family::Inet6, Endian::Little);
        assert_eq!(Address::decode(Family::Inet6, Endian::Little, &written[..24]), Ok(Some(six)));
    }
}
