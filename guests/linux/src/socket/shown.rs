//! [`Name`] and [`NameOut`]: addresses of sockets as arguments of system calls, for strace text.

use super::address::Address;
use super::family::Family;
use abi::o32::ArgReader;
use abi::{Addr, Arg, BadAddress, Scene};
use alloc::string::String;
use alloc::vec;
use core::fmt::Write as _;
use core::net::IpAddr;

/// The longest address of any family (`struct sockaddr_storage`).
const BYTES_MAX: u32 = 128;

/// An address that the call reads; its length is the next argument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name(pub(crate) Addr);

impl Arg for Name {
    fn take(reader: &mut ArgReader<'_>) -> Result<Name, BadAddress> {
        Ok(Name(Addr(reader.word()?)))
    }
    fn trace(&self, scene: &Scene<'_>, out: &mut String) {
        show(self.0, scene.next, scene, out);
    }
}

/// An address that the call writes; where its length is, is the next argument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameOut(pub(crate) Addr);

impl Arg for NameOut {
    const AT_EXIT: bool = true;
    fn take(reader: &mut ArgReader<'_>) -> Result<NameOut, BadAddress> {
        Ok(NameOut(Addr(reader.word()?)))
    }
    fn trace(&self, scene: &Scene<'_>, out: &mut String) {
        let mut length = [0; 4];
        let is_there = scene.result.is_some() && scene.space.read(Addr(scene.next), &mut length).is_ok();
        let length = if is_there { scene.endian.u32(length) } else { 0 };
        show(self.0, length, scene, out);
    }
}

fn show(at: Addr, length: u32, scene: &Scene<'_>, out: &mut String) {
    let mut bytes = vec![0; length.min(BYTES_MAX) as usize];
    let is_read = !at.is_null() && scene.space.read(at, &mut bytes).is_ok();
    let family = bytes.first_chunk().filter(|_| is_read).map(|number| scene.endian.u16(*number));
    let family = family.and_then(|number| Family::of(u32::from(number)));
    let address = family.and_then(|family| Address::decode(family, scene.endian, &bytes).ok()?.map(|it| (family, it)));
    // Writing to a string cannot fail.
    let _ = match address {
        Some((Family::Local, Address::Path(path))) => {
            write!(out, "{{sa_family=AF_UNIX, sun_path=\"{}\"}}", path.escape_ascii())
        }
        Some((Family::Local, Address::Abstract(name))) => {
            write!(out, "{{sa_family=AF_UNIX, sun_path=@\"{}\"}}", name.escape_ascii())
        }
        Some((family, Address::Internet(address))) => match (family, address.ip()) {
            (Family::Inet, ip) => {
                write!(out, "{{sa_family=AF_INET, sin_port=htons({}), sin_addr=inet_addr(\"{ip}\")}}", address.port())
            }
            (_, ip) => {
                let ip = if let IpAddr::V4(ip) = ip { ip.to_ipv6_mapped().into() } else { ip };
                write!(
                    out,
                    "{{sa_family=AF_INET6, sin6_port=htons({}), inet_pton(AF_INET6, \"{ip}\")}}",
                    address.port()
                )
            }
        },
        Some((_, Address::Netlink(port, groups))) => {
            write!(out, "{{sa_family=AF_NETLINK, nl_pid={port}, nl_groups={groups:#010x}}}")
        }
        Some(_) => write!(out, "{{sa_family=AF_UNIX}}"),
        None if at.is_null() => write!(out, "NULL"),
        None => write!(out, "{:#x}", at.0),
    };
}
