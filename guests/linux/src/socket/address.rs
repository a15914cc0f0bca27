//! [`Address`]: `struct sockaddr_un`.

use abi::Endian;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use vfs::{Errno, Result};

/// AF_UNIX
pub(crate) const AF_UNIX: u16 = 1;
/// AF_UNSPEC
const AF_UNSPEC: u16 = 0;

/// Bytes of a path in an address.
const PATH_BYTES: usize = 108;

/// Where a socket is bound, or somebody wants to reach one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) enum Address {
    /// Nowhere: only the family. To bind(2) it means a name of the system's choice.
    Unnamed,
    /// At a path.
    Path(Vec<u8>),
    /// Under a name without a file: the bytes behind the NUL, however many there are.
    Abstract(Vec<u8>),
}

impl Address {
    /// What the guest wrote; none if it is AF_UNSPEC.
    pub(crate) fn decode(endian: Endian, bytes: &[u8]) -> Result<Option<Address>> {
        let Some((family, path)) = bytes.split_first_chunk() else { return Err(Errno::EINVAL) };
        match endian.u16(*family) {
            AF_UNIX if path.len() > PATH_BYTES => Err(Errno::EINVAL),
            AF_UNIX => Ok(Some(Address::of(path))),
            AF_UNSPEC => Ok(None),
            _ => Err(Errno::EINVAL),
        }
    }

    fn of(path: &[u8]) -> Address {
        match path.split_first() {
            None => Address::Unnamed,
            Some((0, name)) => Address::Abstract(name.to_vec()),
            Some(_) => Address::Path(path.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()),
        }
    }

    /// As the guest reads it. A path has its NUL; 109 bytes of path are possible then (unix(7), BUGS).
    pub(crate) fn encode(&self, endian: Endian) -> Vec<u8> {
        let mut bytes = endian.bytes16(AF_UNIX).to_vec();
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
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back() {
        let decode = |bytes: &[u8]| Address::decode(Endian::Big, bytes);
        assert_eq!(decode(b"\0\x01"), Ok(Some(Address::Unnamed)));
        assert_eq!(decode(b"\0\x01/a\0junk"), Ok(Some(Address::Path(b"/a".to_vec()))));
        assert_eq!(decode(b"\0\x01\0a\0b"), Ok(Some(Address::Abstract(b"a\0b".to_vec()))));
        assert_eq!(
            (decode(b"\0\0"), decode(b"\0"), decode(b"\0\x02")),
            (Ok(None), Err(Errno::EINVAL), Err(Errno::EINVAL))
        );
        assert_eq!(decode(&[&b"\0\x01"[..], &[1; 109]].concat()), Err(Errno::EINVAL));
        assert_eq!(Address::Path(b"a".to_vec()).encode(Endian::Little), b"\x01\0a\0");
        assert_eq!(Address::Abstract(b"a".to_vec()).encode(Endian::Little), b"\x01\0\0a");
    }
}
