//! Requests about network interfaces (netdevice(7)), about which nothing can be changed.

use crate::reply::Reply;
use crate::socket::interface::{Interface, interfaces};
use crate::task::Task;
use abi::Addr;
use alloc::vec::Vec;
use vfs::{Errno, Result};

/// SIOCGIFNAME and SIOCGIFCONF; the others tell something of the interface that they name.
const GET_NAME: u32 = 0x8910;
const GET_ALL: u32 = 0x8912;
/// The requests: SIOC*, those that change something included.
const REQUESTS: core::ops::RangeInclusive<u32> = 0x890b..=0x89ff;

/// Bytes of an interface's name, and of `struct ifreq`.
const NAME_BYTES: usize = 16;
const REQUEST_BYTES: u32 = 32;

/// Whether a request is about interfaces.
pub(super) fn is_about(request: u32) -> bool {
    REQUESTS.contains(&request)
}

/// ioctl(2) of a socket.
pub(super) fn ioctl(task: &mut Task<'_, '_>, request: u32, at: Addr) -> Reply<u32> {
    if request == GET_ALL {
        return all(task, at);
    }
    let mut name = [0; NAME_BYTES];
    task.guest.space.read(at, &mut name)?;
    if request == GET_NAME {
        let index = task.guest.read::<u32>(at + NAME_BYTES as u32)?;
        let interface = own(task).iter().find(|interface| interface.index == index).ok_or(Errno::ENODEV)?;
        task.guest.space.write(at, &padded(interface.name()))?;
        return Ok(0);
    }
    let value = value(task, request, &name)?;
    task.guest.space.write(at + NAME_BYTES as u32, &value)?;
    Ok(0)
}

/// The world's interfaces.
fn own(task: &Task<'_, '_>) -> &'static [Interface] {
    interfaces(task.kernel.commons.ports.network.is_some())
}

fn padded(name: &[u8]) -> [u8; NAME_BYTES] {
    core::array::from_fn(|at| name.get(at).copied().unwrap_or(0))
}

/// `struct sockaddr_in` of an IPv4 address.
fn address(task: &Task<'_, '_>, octets: [u8; 4]) -> Vec<u8> {
    let mut bytes = task.guest.endian.bytes16(2).to_vec();
    bytes.extend([0; 2]);
    bytes.extend(octets);
    bytes.extend([0; 8]);
    bytes
}

/// What is told of an interface.
fn value(task: &Task<'_, '_>, request: u32, name: &[u8]) -> Result<Vec<u8>> {
    let name = name.split(|byte| *byte == 0 || *byte == b':').next();
    let interface = own(task).iter().find(|interface| Some(interface.name()) == name).ok_or(Errno::ENODEV)?;
    let [ip, mask, all] = interface.ipv4();
    let endian = task.guest.endian;
    let word = |word: u32| Ok(endian.bytes32(word).to_vec());
    match request {
        // SIOCGIFFLAGS: 16 bits of them.
        0x8913 => Ok(endian.bytes16(interface.flags as u16).to_vec()),
        // SIOCGIFADDR, SIOCGIFDSTADDR, SIOCGIFBRDADDR, SIOCGIFNETMASK
        0x8915 | 0x8917 => Ok(address(task, ip)),
        0x8919 => Ok(address(task, all)),
        0x891b => Ok(address(task, mask)),
        // SIOCGIFMETRIC, SIOCGIFMTU, SIOCGIFINDEX, SIOCGIFTXQLEN
        0x891d => word(0),
        0x8921 => word(interface.mtu),
        0x8933 => word(interface.index),
        0x8942 => word(1000),
        // SIOCGIFHWADDR
        0x8927 => Ok([&endian.bytes16(interface.kind)[..], &interface.hardware[0], &[0; 8]].concat()),
        // SIOCGIFMAP
        0x8970 => Ok([0; 16].to_vec()),
        // SIOCSIF*
        0x8914 | 0x8916 | 0x8918 | 0x891a | 0x891c | 0x891e | 0x8922 | 0x8923 | 0x8924 => Err(Errno::EPERM),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

/// SIOCGIFCONF: `struct ifconf`, a length and where there is room for so many bytes of `struct ifreq`.
fn all(task: &mut Task<'_, '_>, at: Addr) -> Reply<u32> {
    let [room, list]: [u32; 2] = task.guest.read(at)?;
    let entries =
        own(task).iter().flat_map(|interface| [padded(interface.name()).to_vec(), address(task, interface.ipv4()[0])]);
    let entries = entries.collect::<Vec<_>>().concat();
    let mut used = entries.len() as u32;
    if list != 0 {
        used = used.min(room / REQUEST_BYTES * REQUEST_BYTES);
        task.guest.space.write(Addr(list), &entries[..used as usize])?;
    }
    task.guest.write(at, &used)?;
    Ok(0)
}
