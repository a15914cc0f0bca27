//! Options of sockets.

use crate::flags::{Fd, SOL_SOCKET, SocketLevel, SocketOption};
use crate::reply::Reply;
use crate::socket::{Credentials, Endpoint, Family, Style, buffer_bytes};
use crate::syscall::netopt;
use crate::syscall::socket::socket_of;
use crate::syscall::time::{Span, timespec64, timeval};
use crate::task::Task;
use abi::layout::encoded;
use abi::structs::socket::{Linger, Ucred};
use abi::structs::time::{Timespec64, Timeval};
use abi::{Addr, InOut, Layout};
use alloc::vec::Vec;
use vfs::{Errno, Result};

/// SO_* of MIPS.
const LINGER: u32 = 0x0080;
const SNDBUF: u32 = 0x1001;
const RCVBUF: u32 = 0x1002;
const SNDLOWAT: u32 = 0x1003;
const RCVLOWAT: u32 = 0x1004;
const SNDTIMEO_OLD: u32 = 0x1005;
const RCVTIMEO_OLD: u32 = 0x1006;
const ERROR: u32 = 0x1007;
const TYPE: u32 = 0x1008;
const ACCEPTCONN: u32 = 0x1009;
const PROTOCOL: u32 = 0x1028;
const DOMAIN: u32 = 0x1029;
const PASSCRED: u32 = 17;
const PEERCRED: u32 = 18;
const BINDTODEVICE: u32 = 25;
const SNDBUFFORCE: u32 = 31;
const RCVBUFFORCE: u32 = 33;
const RCVTIMEO_NEW: u32 = 66;
const SNDTIMEO_NEW: u32 = 67;

/// Options that are remembered as on or off: SO_DEBUG, SO_REUSEADDR, SO_KEEPALIVE,
/// SO_DONTROUTE, SO_BROADCAST, SO_OOBINLINE, SO_REUSEPORT, SO_TIMESTAMP.
const SWITCHES: &[u32] = &[0x0001, 0x0004, 0x0008, 0x0010, 0x0020, 0x0100, 0x0200, 29];
/// SO_PRIORITY, remembered as a number.
const PRIORITY: u32 = 12;

/// A timeout: 0 is none.
fn timeout(span: Span) -> Result<Option<u64>> {
    match span.ns() {
        Ok(0) => Ok(None),
        Ok(ns) => Ok(Some(ns)),
        Err(_) => Err(Errno::EDOM),
    }
}

/// A value that is a number, if there are bytes for one.
fn number(task: &Task<'_, '_>, at: Addr, length: u32) -> Reply<u32> {
    if length < 4 { Err(Errno::EINVAL.into()) } else { Ok(task.guest.read(at)?) }
}

/// SO_BINDTODEVICE: the loopback interface is the only one.
fn bind_to_device(task: &Task<'_, '_>, at: Addr, length: u32) -> Reply<()> {
    let name = task.guest.bytes(at, length.min(16))?;
    match name.split(|byte| *byte == 0).next() {
        None | Some(b"" | b"lo") => Ok(()),
        _ => Err(Errno::ENODEV.into()),
    }
}

/// setsockopt(2)
pub(super) fn setsockopt(
    task: &mut Task<'_, '_>,
    fd: Fd,
    level: SocketLevel,
    option: SocketOption,
    at: Addr,
    length: u32,
) -> Reply<()> {
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    match level.0 {
        SOL_SOCKET => {}
        level if endpoint.family != Family::Local => {
            return netopt::set(task, endpoint, (level, option.0), (at, length));
        }
        _ => return Err(Errno::EOPNOTSUPP.into()),
    }
    if option.0 == BINDTODEVICE {
        return bind_to_device(task, at, length);
    }
    let value = number(task, at, length)?;
    let ns = |is_new: bool| -> Reply<Option<u64>> {
        match is_new {
            false if length < Timeval::BYTES => Err(Errno::EINVAL.into()),
            false => Ok(timeout(task.guest.read::<Timeval>(at)?.into())?),
            true if length < Timespec64::BYTES => Err(Errno::EINVAL.into()),
            // `struct __kernel_sock_timeval`: seconds and microseconds, 64 bits each.
            true => {
                let Timespec64 { tv_sec, tv_nsec } = task.guest.read(at)?;
                Ok(timeout(Timespec64 { tv_sec, tv_nsec: tv_nsec.saturating_mul(1000) }.into())?)
            }
        }
    };
    let mut options = endpoint.options.lock();
    match option.0 {
        LINGER if length < Linger::BYTES => return Err(Errno::EINVAL.into()),
        LINGER => options.linger = (u32::from(value != 0), task.guest.read(at + 4)?),
        SNDBUF => options.send_bytes = buffer_bytes(value),
        RCVBUF => options.receive_bytes = buffer_bytes(value),
        SNDBUFFORCE | RCVBUFFORCE if !task.credentials.is_privileged() => return Err(Errno::EPERM.into()),
        SNDBUFFORCE => options.send_bytes = buffer_bytes(value),
        RCVBUFFORCE => options.receive_bytes = buffer_bytes(value),
        SNDTIMEO_OLD | SNDTIMEO_NEW => options.send_timeout_ns = ns(option.0 == SNDTIMEO_NEW)?,
        RCVTIMEO_OLD | RCVTIMEO_NEW => options.receive_timeout_ns = ns(option.0 == RCVTIMEO_NEW)?,
        PASSCRED => options.passes_credentials = value != 0,
        PRIORITY => drop(options.others.insert((SOL_SOCKET, PRIORITY), value)),
        // Any byte is enough for a reader.
        RCVLOWAT => {}
        switch if SWITCHES.contains(&switch) => {
            options.others.insert((SOL_SOCKET, switch), u32::from(value != 0));
        }
        _ => return Err(Errno::ENOPROTOOPT.into()),
    }
    Ok(())
}

/// The value of an option, as the guest reads it.
fn value(task: &Task<'_, '_>, endpoint: &Endpoint, option: u32) -> Result<Vec<u8>> {
    let options = endpoint.options.lock().clone();
    let endian = task.guest.endian;
    let microseconds = |ns: Option<u64>| ns.unwrap_or(0) / 1000 * 1000;
    let number = match option {
        SNDTIMEO_OLD => return Ok(encoded(endian, &timeval(microseconds(options.send_timeout_ns)))),
        RCVTIMEO_OLD => return Ok(encoded(endian, &timeval(microseconds(options.receive_timeout_ns)))),
        SNDTIMEO_NEW | RCVTIMEO_NEW => {
            let ns = if option == SNDTIMEO_NEW { options.send_timeout_ns } else { options.receive_timeout_ns };
            let Timespec64 { tv_sec, tv_nsec } = timespec64(microseconds(ns));
            return Ok(encoded(endian, &[tv_sec, tv_nsec / 1000]));
        }
        LINGER => {
            return Ok(encoded(endian, &Linger { l_onoff: options.linger.0, l_linger: options.linger.1 }));
        }
        PEERCRED => {
            let nobody = Credentials { pid: 0, uid: u32::MAX, gid: u32::MAX };
            let Credentials { pid, uid, gid } =
                endpoint.peer_credentials().filter(|_| endpoint.family == Family::Local).unwrap_or(nobody);
            return Ok(encoded(endian, &Ucred { pid, uid, gid }));
        }
        SNDBUF => options.send_bytes,
        RCVBUF => options.receive_bytes,
        SNDLOWAT | RCVLOWAT => 1,
        ERROR => endpoint.take_error().map_or(0, crate::errno::number),
        TYPE => match endpoint.style {
            Style::Datagram => 1,
            Style::Stream => 2,
            Style::Packets => 5,
        },
        ACCEPTCONN => u32::from(endpoint.is_listening()),
        PROTOCOL => endpoint.protocol.number(),
        DOMAIN => u32::from(endpoint.family.number()),
        PASSCRED => u32::from(options.passes_credentials),
        PRIORITY => options.other(SOL_SOCKET, PRIORITY),
        switch if SWITCHES.contains(&switch) => options.other(SOL_SOCKET, switch),
        _ => return Err(Errno::ENOPROTOOPT),
    };
    Ok(encoded(endian, &number))
}

/// getsockopt(2)
pub(super) fn getsockopt(
    task: &mut Task<'_, '_>,
    fd: Fd,
    level: SocketLevel,
    option: SocketOption,
    at: Addr,
    length: InOut<u32>,
) -> Reply<()> {
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    let room = usize::try_from(length.read(task.guest)?.cast_signed()).map_err(|_| Errno::EINVAL)?;
    let bytes = match level.0 {
        SOL_SOCKET => value(task, endpoint, option.0)?,
        level if endpoint.family != Family::Local => netopt::get(task, endpoint, level, option.0)?,
        _ => return Err(Errno::EOPNOTSUPP.into()),
    };
    let bytes = &bytes[..bytes.len().min(room)];
    task.guest.space.write(at, bytes)?;
    Ok(length.write(task.guest, &u32::try_from(bytes.len()).unwrap_or(0))?)
}
