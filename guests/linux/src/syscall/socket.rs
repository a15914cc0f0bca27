//! Making sockets and bringing them together.

use crate::access::Wish;
use crate::description::Description;
use crate::flags::{AcceptFlags, AtFlags, DirFd, Domain, Fd, OpenFlags, ShutHow, SocketType};
use crate::notify::event;
use crate::ready::special;
use crate::reply::{Interrupted, Reply, Stop, Wait};
use crate::socket::{
    Address, Credentials, Endpoint, Ends, Family, Name, NameOut, Progress, Protocol, SocketFile, Style,
};
use crate::syscall::open::new;
use crate::syscall::time::after;
use crate::task::Task;
use crate::trace;
use abi::structs::file::Mode;
use abi::{Addr, InOut, Out};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicU64, Ordering};
use vfs::node::{Kind, Make};
use vfs::{Errno, Result};

/// AF_UNIX
const AF_UNIX: u32 = 1;
/// The longest address of any family (`struct sockaddr_storage`).
const ADDRESS_BYTES_MAX: u32 = 128;
/// Ports below this are for privileged processes (net.ipv4.ip_unprivileged_port_start).
const PRIVILEGED_END: u16 = 1024;
/// SOCK_MAX
const TYPES: u32 = 11;

/// The socket that a description is.
pub(super) fn socket_of(description: &Description) -> Result<&SocketFile> {
    special(description.file()?).ok_or(Errno::ENOTSOCK)
}

/// This process, as others are told of it: SO_PEERCRED.
fn who(task: &Task<'_, '_>) -> Credentials {
    let (uid, gid) = (task.credentials.user.effective, task.credentials.group.effective);
    Credentials { pid: task.pid(), uid, gid }
}

/// IPPROTO_*
const ICMP: u32 = 1;
const TCP: u32 = 6;
const UDP: u32 = 17;
const UDPLITE: u32 = 136;
const ICMPV6: u32 = 58;

/// The family and style of a type of socket, and the flags of its descriptor.
fn style(task: &Task<'_, '_>, domain: Domain, kind: SocketType, protocol: u32) -> Result<(Family, Style, OpenFlags)> {
    if kind.0 & !0x8_008f != 0 || kind.0 & 0xf >= TYPES {
        return Err(Errno::EINVAL);
    }
    let Some(family) = Family::of(domain.0) else {
        warn_family(domain.0);
        return Err(Errno::EAFNOSUPPORT);
    };
    let flags = OpenFlags::read_write(kind.0);
    if family.is_internet() {
        let style = match (kind.0 & 0xf, protocol) {
            (2, 0 | TCP) => Style::Stream,
            (1, 0 | UDP | UDPLITE) => Style::Datagram,
            // net.ipv4.ping_group_range is empty.
            (1, ICMP | ICMPV6) => return Err(Errno::EACCES),
            (3, _) if !task.credentials.is_privileged() => return Err(Errno::EPERM),
            (1..=3, _) => return Err(Errno::EPROTONOSUPPORT),
            _ => return Err(Errno::ESOCKTNOSUPPORT),
        };
        return Ok((family, style, flags));
    }
    if family == Family::Netlink {
        return match (kind.0 & 0xf, protocol) {
            (1 | 3, 0) => Ok((family, Style::Datagram, flags)),
            (1 | 3, _) => Err(Errno::EPROTONOSUPPORT),
            _ => Err(Errno::ESOCKTNOSUPPORT),
        };
    }
    if protocol != 0 && protocol != AF_UNIX {
        return Err(Errno::EPROTONOSUPPORT);
    }
    let style = match kind.0 & 0xf {
        2 => Style::Stream,
        // SOCK_RAW is SOCK_DGRAM here.
        1 | 3 => Style::Datagram,
        5 => Style::Packets,
        _ => return Err(Errno::ESOCKTNOSUPPORT),
    };
    Ok((family, style, flags))
}

/// Says once that there are no sockets of a family.
fn warn_family(family: u32) {
    static WARNED: AtomicU64 = AtomicU64::new(0);
    let bit = 1 << family.min(63);
    if WARNED.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
        tracing::warn!(
            "the program asks for a socket of family {family}; there are AF_UNIX, AF_INET and AF_INET6: it gets EAFNOSUPPORT"
        );
    }
}

/// Gives a socket a descriptor.
fn install(task: &mut Task<'_, '_>, endpoint: Arc<Endpoint>, flags: OpenFlags) -> Result<Fd> {
    let inode = endpoint.inode;
    let file = Box::new(SocketFile::new(endpoint, &task.kernel.commons, who(task)));
    let description = task.describe_socket(inode, file, flags);
    task.install(description, flags)
}

/// socket(2)
pub(super) fn socket(task: &mut Task<'_, '_>, domain: Domain, kind: SocketType, protocol: u32) -> Reply<Fd> {
    let (family, style, flags) = style(task, domain, kind, protocol)?;
    let protocol = match Protocol::of(family, style) {
        Protocol::Udp if protocol == UDPLITE => Protocol::UdpLite,
        own => own,
    };
    Ok(install(task, Endpoint::of_protocol(family, style, protocol), flags)?)
}

/// socketpair(2)
pub(super) fn socketpair(
    task: &mut Task<'_, '_>,
    domain: Domain,
    kind: SocketType,
    protocol: u32,
    ends: Out<[u32; 2]>,
) -> Reply<()> {
    let (family, style, flags) = style(task, domain, kind, protocol)?;
    if family != Family::Local {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let (one, other) = (Endpoint::new(family, style), Endpoint::new(family, style));
    Endpoint::join(&one, &other, who(task));
    let one = install(task, one, flags)?;
    let other = match install(task, other, flags) {
        Ok(other) => other,
        Err(errno) => {
            super::file::close(task, one)?;
            return Err(errno.into());
        }
    };
    if let Err(fault) = ends.write(task.guest, &[one.0.cast_unsigned(), other.0.cast_unsigned()]) {
        super::file::close(task, one)?;
        super::file::close(task, other)?;
        return Err(fault.into());
    }
    Ok(())
}

/// An address that the guest wrote for a socket; none if it is AF_UNSPEC.
pub(super) fn address(task: &Task<'_, '_>, endpoint: &Endpoint, at: Addr, length: u32) -> Reply<Option<Address>> {
    if length > ADDRESS_BYTES_MAX {
        return Err(Errno::EINVAL.into());
    }
    let (endian, bytes) = (task.guest.endian, task.guest.bytes(at, length)?);
    match Address::decode(endpoint.family, endian, &bytes) {
        // UDP over IPv6 also knows how IPv4 writes them.
        Err(Errno::EAFNOSUPPORT) if endpoint.family == Family::Inet6 && endpoint.style == Style::Datagram => {
            Ok(Address::decode(Family::Inet, endian, &bytes)?)
        }
        address => Ok(address?),
    }
}

/// Tells the guest an address, as much of it as there is room for, and its length.
pub(super) fn put_address(
    task: &mut Task<'_, '_>,
    at: Addr,
    length: InOut<u32>,
    (family, address): (Family, Option<&Address>),
) -> Reply<()> {
    let room = usize::try_from(length.read(task.guest)?.cast_signed()).map_err(|_| Errno::EINVAL)?;
    let nowhere = match family {
        Family::Local => Address::Unnamed,
        Family::Netlink => Address::Netlink(0, 0),
        Family::Inet | Family::Inet6 => Address::Internet(SocketAddr::new(family.any(), 0)),
    };
    let bytes = address.unwrap_or(&nowhere).encode(family, task.guest.endian);
    task.guest.space.write(at, &bytes[..bytes.len().min(room)])?;
    Ok(length.write(task.guest, &u32::try_from(bytes.len()).unwrap_or(0))?)
}

/// bind(2)
pub(super) fn bind(task: &mut Task<'_, '_>, fd: Fd, name: Name, length: u32) -> Reply<()> {
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    let address = match address(task, endpoint, name.0, length)? {
        // As all of its addresses, for the sake of old programs (ip(7)).
        None if endpoint.family == Family::Inet => Address::Internet(SocketAddr::new(endpoint.family.any(), 0)),
        address => address.ok_or(Errno::EINVAL)?,
    };
    match address {
        Address::Internet(at) => {
            if (1..PRIVILEGED_END).contains(&at.port()) && !task.credentials.is_privileged() {
                return Err(Errno::EACCES.into());
            }
            endpoint.bind_port(&task.kernel.commons.ports, at)?;
        }
        Address::Netlink(port, groups) => {
            let port = if port == 0 { task.pid() } else { port };
            endpoint.set_address(Address::Netlink(port, groups))?;
        }
        Address::Unnamed => endpoint.bind_any(&task.kernel.commons.sockets)?,
        Address::Abstract(_) if endpoint.address().is_some() => return Err(Errno::EINVAL.into()),
        Address::Abstract(name) => {
            task.kernel.commons.sockets.bind_name(&name, endpoint)?;
            endpoint.set_address(Address::Abstract(name))?;
        }
        Address::Path(path) => {
            bind_path(task, endpoint, &path)?;
            endpoint.set_address(Address::Path(path))?;
        }
    }
    Ok(())
}

/// Makes the node of a socket's name.
fn bind_path(task: &Task<'_, '_>, endpoint: &Arc<Endpoint>, path: &[u8]) -> Result<()> {
    let entry = task.entry(DirFd::CURRENT, path, Errno::EADDRINUSE)?;
    if entry.directory.node().lookup(&entry.name).is_ok() {
        return Err(Errno::EADDRINUSE);
    }
    if entry.is_directory {
        return Err(Errno::ENOENT);
    }
    if endpoint.address().is_some() {
        return Err(Errno::EINVAL);
    }
    task.check_directory(&entry.directory)?;
    let node = match entry.directory.node().create(&entry.name, &new(task, Make::Socket, Mode(0o777))) {
        // There are no new files in /dev, and a daemon that logs is one all the same.
        Err(Errno::EPERM) if path == crate::syslog::PATH => return task.kernel.commons.sockets.bind_log(endpoint),
        made => made?,
    };
    task.kernel.commons.notify.tell_name(&entry.directory, &entry.name, false, event::CREATE, 0);
    task.kernel.commons.sockets.bind_node(&node, endpoint)
}

/// The socket that is bound to an address.
pub(super) fn reach(task: &Task<'_, '_>, address: &Address) -> Result<Arc<Endpoint>> {
    match address {
        Address::Unnamed | Address::Internet(_) | Address::Netlink(..) => Err(Errno::EINVAL),
        Address::Abstract(name) => task.kernel.commons.sockets.by_name(name),
        Address::Path(path) => {
            let place = match task.resolve(DirFd::CURRENT, path, AtFlags::NONE) {
                Err(Errno::ENOENT) if path == crate::syslog::PATH => {
                    let commons = &task.kernel.commons;
                    return Ok(commons.sockets.log().unwrap_or_else(|| commons.log.0.clone()));
                }
                found => found?,
            };
            let metadata = place.node().metadata()?;
            task.credentials.check(&metadata, Wish::WRITE)?;
            if metadata.kind != Kind::Socket {
                return Err(Errno::ECONNREFUSED);
            }
            task.kernel.commons.sockets.by_node(place.node())
        }
    }
}

/// Waits until a socket is ready, for as long as its options say. For EAGAIN after [`Task::attempt`].
pub(super) fn wait<T>(task: &mut Task<'_, '_>, timeout_ns: Option<u64>) -> Reply<T> {
    let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) {
        return Err(Errno::EAGAIN.into());
    }
    // A call that may time out is not made again behind a handler (signal(7)).
    let interrupted = if timeout_ns.is_some() { Interrupted::Fails } else { Interrupted::Restarts };
    task.block_by(until_ns, Wait::default(), interrupted)
}

/// connect(2)
pub(super) fn connect(task: &mut Task<'_, '_>, fd: Fd, name: Name, length: u32) -> Reply<()> {
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    let address = address(task, endpoint, name.0, length)?;
    if endpoint.family.is_internet() {
        let to = address.and_then(|address| address.internet());
        if let Some(to) = to.filter(|_| !task.is_again()) {
            check_way(task, endpoint, to)?;
        }
        return connect_port(task, &description, endpoint, to);
    }
    if endpoint.family == Family::Netlink {
        // There is nobody but the kernel.
        return Ok(());
    }
    let options = endpoint.options.lock().clone();
    if options.passes_credentials && address.is_some() {
        endpoint.bind_any(&task.kernel.commons.sockets)?;
    }
    if !endpoint.style.connects() {
        let to = address.map(|address| reach(task, &address)).transpose()?;
        return Ok(endpoint.connect_messages(to.as_ref())?);
    }
    let to = reach(task, &address.ok_or(Errno::EINVAL)?)?;
    let who = who(task);
    match task.attempt(&description, || endpoint.connect(&to, None, who)) {
        Err(Errno::EAGAIN) if !description.flags().is_nonblocking() => wait(task, options.send_timeout_ns),
        result => Ok(result?),
    }
}

/// Refuses an address to which nobody granted the way, and tells whoever traces what would.
pub(super) fn check_way(task: &Task<'_, '_>, endpoint: &Endpoint, to: SocketAddr) -> Result<()> {
    let refusal = task.kernel.commons.ports.refusal(to, endpoint.style == Style::Stream);
    let Some((errno, grant)) = refusal else { return Ok(()) };
    trace::note(task.thread, &alloc::format!("--- no way to {to}: not granted, {grant} would ---"));
    Err(errno)
}

/// connect(2) of a socket of the internet.
fn connect_port(
    task: &mut Task<'_, '_>,
    description: &Description,
    endpoint: &Arc<Endpoint>,
    to: Option<SocketAddr>,
) -> Reply<()> {
    let kernel = task.kernel.clone();
    let ports = &kernel.commons.ports;
    if endpoint.style == Style::Datagram {
        return Ok(endpoint.set_peer(ports, to)?);
    }
    let is_nonblocking = description.flags().is_nonblocking();
    if !task.is_again() && endpoint.is_begun() {
        match endpoint.connected()? {
            Progress::Done => return Ok(()),
            Progress::OnItsWay if is_nonblocking => return Err(Errno::EALREADY.into()),
            Progress::OnItsWay => {}
        }
    } else if !task.is_again() {
        let to = to.ok_or(Errno::EAFNOSUPPORT)?;
        let progress = endpoint.connect_port(ports, to, who(task));
        // What became of it is told by the socket, as if an answer had to come first.
        if is_nonblocking {
            match progress {
                Err(Errno::ECONNREFUSED) => endpoint.fail(Errno::ECONNREFUSED),
                progress => _ = progress?,
            }
            endpoint.begin();
            return Err(Errno::EINPROGRESS.into());
        }
        if progress? == Progress::Done {
            return Ok(());
        }
        endpoint.begin();
    }
    description.file()?.watch(&task.watcher);
    match endpoint.connected()? {
        Progress::Done => Ok(()),
        Progress::OnItsWay => {
            let timeout_ns = endpoint.options.lock().send_timeout_ns;
            match wait(task, timeout_ns) {
                Err(Stop::Errno(Errno::EAGAIN)) => Err(Errno::EINPROGRESS.into()),
                waits => waits,
            }
        }
    }
}

/// listen(2)
pub(super) fn listen(task: &mut Task<'_, '_>, fd: Fd, backlog: u32) -> Reply<()> {
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    if endpoint.family.is_internet() && endpoint.style == Style::Stream {
        endpoint.bind_any_port(&task.kernel.commons.ports, None)?;
        if !endpoint.is_listening() {
            task.kernel.commons.ports.announce(endpoint)?;
        }
    }
    Ok(endpoint.listen(backlog, who(task))?)
}

/// accept(2)
pub(super) fn accept(task: &mut Task<'_, '_>, fd: Fd, name: NameOut, length: InOut<u32>) -> Reply<Fd> {
    accept4(task, fd, name, length, AcceptFlags(0))
}

/// accept4(2)
pub(super) fn accept4(
    task: &mut Task<'_, '_>,
    fd: Fd,
    name: NameOut,
    length: InOut<u32>,
    flags: AcceptFlags,
) -> Reply<Fd> {
    if flags.0 & !0x8_0080 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    let end = match task.attempt(&description, || endpoint.accept()) {
        Err(Errno::EAGAIN) if !description.flags().is_nonblocking() => {
            let timeout_ns = endpoint.options.lock().receive_timeout_ns;
            return wait(task, timeout_ns);
        }
        result => result?,
    };
    let (family, peer) = (end.family, end.peer_address().ok().flatten());
    let flags = OpenFlags::read_write(flags.0);
    // Without a descriptor for it, the connection is for somebody else to accept.
    if task.files.lock().is_full(task.process.limits.lock().descriptors()) {
        endpoint.unaccept(end);
        return Err(Errno::EMFILE.into());
    }
    let accepted = install(task, end, flags)?;
    if !name.0.is_null()
        && let Err(stop) = put_address(task, name.0, length, (family, peer.as_deref()))
    {
        super::file::close(task, accepted)?;
        return Err(stop);
    }
    Ok(accepted)
}

/// getsockname(2)
pub(super) fn getsockname(task: &mut Task<'_, '_>, fd: Fd, name: NameOut, length: InOut<u32>) -> Reply<()> {
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    put_address(task, name.0, length, (endpoint.family, endpoint.address().as_deref()))
}

/// getpeername(2)
pub(super) fn getpeername(task: &mut Task<'_, '_>, fd: Fd, name: NameOut, length: InOut<u32>) -> Reply<()> {
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    let peer = endpoint.peer_address()?;
    if endpoint.is_over() {
        return Err(Errno::ENOTCONN.into());
    }
    put_address(task, name.0, length, (endpoint.family, peer.as_deref()))
}

/// shutdown(2)
pub(super) fn shutdown(task: &mut Task<'_, '_>, fd: Fd, how: ShutHow) -> Reply<()> {
    let ends = match how.0 {
        0 => Ends { reading: true, writing: false },
        1 => Ends { reading: false, writing: true },
        2 => Ends { reading: true, writing: true },
        _ => return Err(Errno::EINVAL.into()),
    };
    let description = task.description(fd)?;
    Ok(socket_of(&description)?.endpoint.shut(ends)?)
}

/// A list of file descriptions by descriptor.
pub(super) fn descriptions(task: &Task<'_, '_>, fds: &[i32]) -> Result<Vec<Arc<Description>>> {
    let files = task.files.lock();
    fds.iter().map(|fd| files.get(*fd)).collect()
}
