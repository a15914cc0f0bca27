//! Sending to and receiving from sockets.

use crate::description::Description;
use crate::flags::{Fd, MessageFlags};
use crate::process::{Sender, Target};
use crate::reply::{Reply, Stop};
use crate::signal::{Info, Signal};
use crate::socket::header::{IP, IPV6};
use crate::socket::{Address, Ancillary, Asked, Endpoint, Family, Name, NameOut, Owner, Received, Rights, Style};
use crate::syscall::ancillary::{Control, Piece, read_control, write_control};
use crate::syscall::file::{CHUNK_BYTES, gather, pieces, scatter};
use crate::syscall::header;
use crate::syscall::socket::{address, check_way, put_address, reach, socket_of, wait};
use crate::syscall::time::{Span, after};
use crate::task::{Resume, Task};
use abi::structs::file::{Hex, Iovec};
use abi::structs::socket::{Mmsghdr, Msghdr};
use abi::structs::time::{Timespec, Timespec64};
use abi::{Addr, In, InBytes, InList, InOut, Layout, OutBytes, OutList};
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::{Errno, Result};

/// The most that a message can have: what the greatest send buffer holds.
const MESSAGE_BYTES_MAX: u32 = 512 * 1024;
/// Messages that one call sends or receives (UIO_MAXIOV).
const MESSAGES_MAX: u32 = 1024;
/// Elements of a message's vector (UIO_MAXIOV).
const VECTOR_MAX: u32 = 1024;

/// Pieces of guest memory.
type Pieces<'a> = &'a [(Addr, u32)];

fn total(pieces: Pieces<'_>) -> u32 {
    pieces.iter().fold(0, |total: u32, (_, length)| total.saturating_add(*length))
}

/// Sends pieces of memory: to `to`, if it is somebody else than the peer.
fn dispatch(
    task: &mut Task<'_, '_>,
    description: &Description,
    pieces: Pieces<'_>,
    to: Option<Address>,
    control: &Control,
    flags: MessageFlags,
) -> Reply<u32> {
    let endpoint = &socket_of(description)?.endpoint;
    if flags.is_out_of_band() && !endpoint.is_tcp() {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let is_internet = endpoint.family.is_internet();
    if endpoint.options.lock().passes_credentials && endpoint.family == Family::Local {
        endpoint.bind_any(&task.kernel.commons.sockets)?;
    }
    let sent = if endpoint.style == Style::Stream {
        match to {
            // TCP does not look at it.
            _ if is_internet => send_stream(task, description, endpoint, pieces, control, flags),
            Some(_) if endpoint.peer_address().is_ok() => Err(Errno::EISCONN.into()),
            Some(_) => Err(Errno::EOPNOTSUPP.into()),
            None => send_stream(task, description, endpoint, pieces, control, flags),
        }
    } else {
        send_message(task, description, endpoint, pieces, to, control, flags)
    };
    if flags.is_out_of_band() && matches!(sent, Ok(1..)) {
        tell_urgent(task, endpoint);
    }
    if matches!(sent, Err(Stop::Errno(Errno::EPIPE))) && endpoint.style == Style::Stream && !flags.is_quiet() {
        task.signals.send(Info::kernel(Signal::PIPE));
    }
    sent
}

/// What was sent last is urgent: SIGURG for whom the receiver names (fcntl(2), F_SETOWN).
fn tell_urgent(task: &Task<'_, '_>, endpoint: &Arc<Endpoint>) {
    let Some(Owner { id, is_thread, users }) = endpoint.urge() else { return };
    let sender = Sender { pid: 0, users, is_privileged: users.1 == 0 };
    let target = match id.unsigned_abs() {
        number if id < 0 => Target::Group(number),
        number if is_thread => Target::Thread(None, number),
        number => Target::Process(number),
    };
    // Whoever is not there any more misses it.
    let _ = task.kernel.table.lock().send(sender, target, Some(Info::kernel(Signal::URG)));
}

fn may_wait(description: &Description, flags: MessageFlags) -> bool {
    !description.flags().is_nonblocking() && !flags.never_waits()
}

/// What goes with the first of the bytes.
fn ancillary(task: &Task<'_, '_>, control: &Control) -> Result<Ancillary> {
    let rights = match &control.descriptions[..] {
        [] => None,
        descriptions => Some(Rights::new(descriptions.to_vec(), &task.kernel.commons)?),
    };
    Ok(Ancillary { credentials: control.credentials, rights })
}

/// Sends bytes, all of them if it may wait.
fn send_stream(
    task: &mut Task<'_, '_>,
    description: &Description,
    endpoint: &Arc<Endpoint>,
    pieces: Pieces<'_>,
    control: &Control,
    flags: MessageFlags,
) -> Reply<u32> {
    let all = total(pieces);
    let timeout_ns = endpoint.options.lock().send_timeout_ns;
    let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    let mut moved = task.resume.map_or(0, |resume| resume.moved);
    loop {
        let bytes = gather(task, pieces, moved)?;
        let sent = task.attempt(description, || {
            // Descriptors go with the first of the bytes.
            let with = if moved == 0 { ancillary(task, control)? } else { Ancillary::of(control.credentials) };
            endpoint.send_bytes(&bytes, with)
        });
        match sent {
            Ok(sent) => {
                moved += u32::try_from(sent).unwrap_or(0);
                if moved >= all || sent == 0 {
                    return Ok(moved);
                }
            }
            Err(Errno::EAGAIN) if may_wait(description, flags) => {
                if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) && moved > 0 {
                    return Ok(moved);
                }
                if moved > 0 {
                    task.resume = Some(Resume { until_ns, moved, ..Resume::default() });
                }
                return wait(task, timeout_ns);
            }
            Err(_) if moved > 0 => return Ok(moved),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// All bytes of a message; EMSGSIZE if they are more than any may have.
fn gather_all(task: &Task<'_, '_>, pieces: Pieces<'_>) -> Reply<Vec<u8>> {
    let length = total(pieces);
    if length > MESSAGE_BYTES_MAX {
        return Err(Errno::EMSGSIZE.into());
    }
    let mut bytes = Vec::new();
    while bytes.len() < length as usize {
        let more = gather(task, pieces, u32::try_from(bytes.len()).unwrap_or(u32::MAX))?;
        bytes.extend(more);
    }
    Ok(bytes)
}

/// Sends one message.
fn send_message(
    task: &mut Task<'_, '_>,
    description: &Description,
    endpoint: &Arc<Endpoint>,
    pieces: Pieces<'_>,
    to: Option<Address>,
    control: &Control,
    flags: MessageFlags,
) -> Reply<u32> {
    if endpoint.family.is_internet() {
        let bytes = gather_all(task, pieces)?;
        let to = to.and_then(|address| address.internet());
        if let Some(to) = to {
            check_way(task, endpoint, to)?;
        }
        let sent = endpoint.send_datagram(&task.kernel.commons.ports, to, &bytes, &control.marks)?;
        return Ok(u32::try_from(sent).unwrap_or(0));
    }
    if endpoint.family == Family::Netlink {
        let bytes = gather_all(task, pieces)?;
        if endpoint.address().is_none() {
            endpoint.set_address(Address::Netlink(task.pid(), 0))?;
        }
        return Ok(u32::try_from(endpoint.ask_kernel(
            task.guest.endian,
            &bytes,
            task.kernel.commons.ports.network.is_some(),
        ))
        .unwrap_or(0));
    }
    endpoint.check_length(total(pieces) as usize)?;
    let to = match to {
        // A connection knows whom it talks to.
        Some(_) if endpoint.style.connects() => None,
        Some(address) => Some(reach(task, &address)?),
        None => None,
    };
    let bytes = gather_all(task, pieces)?;
    match task.attempt(description, || endpoint.send_message(to.as_ref(), &bytes, ancillary(task, control)?)) {
        Ok(sent) => Ok(u32::try_from(sent).unwrap_or(0)),
        Err(Errno::EAGAIN) if may_wait(description, flags) => {
            let timeout_ns = endpoint.options.lock().send_timeout_ns;
            wait(task, timeout_ns)
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Receives into pieces of memory. The length is what the call returns.
fn receive(
    task: &mut Task<'_, '_>,
    description: &Description,
    pieces: Pieces<'_>,
    flags: MessageFlags,
) -> Reply<(u32, Received)> {
    if flags.is_out_of_band() {
        return receive_urgent(task, description, pieces, flags);
    }
    if flags.is_error_queue() {
        return Err(Errno::EAGAIN.into());
    }
    let endpoint = &socket_of(description)?.endpoint;
    let is_stream = endpoint.style == Style::Stream;
    let is_apart = endpoint.is_apart();
    let (timeout_ns, tells_credentials) = {
        let options = endpoint.options.lock();
        (options.receive_timeout_ns, options.passes_credentials)
    };
    let until_ns = task.deadline(|now| timeout_ns.map(|timeout| after(now, timeout)));
    let all = total(pieces);
    let mut moved = task.resume.map_or(0, |resume| resume.moved);
    loop {
        let asked = Asked {
            room: (all - moved.min(all)).min(if is_stream { CHUNK_BYTES } else { MESSAGE_BYTES_MAX }) as usize,
            peeks: flags.peeks(),
            tells_credentials,
            waits: may_wait(description, flags),
            is_apart,
        };
        match task.attempt(description, || endpoint.receive(&asked)) {
            Ok(received) => {
                scatter(task, &behind(pieces, moved), &received.bytes)?;
                let is_end = received.bytes.is_empty() || !received.rights.is_empty() || received.is_before_urgent;
                moved += u32::try_from(received.bytes.len()).unwrap_or(0);
                if is_stream && flags.waits_for_all() && !flags.peeks() && moved < all && !is_end {
                    continue;
                }
                let length = if flags.tells_length() && !is_stream { received.length } else { moved as usize };
                return Ok((u32::try_from(length).unwrap_or(0), received));
            }
            Err(Errno::EAGAIN) if asked.waits => {
                if until_ns.is_some_and(|until| until <= task.clocks.monotonic_ns()) && moved > 0 {
                    return Ok((moved, Received::default()));
                }
                if moved > 0 {
                    task.resume = Some(Resume { until_ns, moved, ..Resume::default() });
                }
                return wait(task, timeout_ns);
            }
            Err(_) if moved > 0 => return Ok((moved, Received::default())),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Receives an urgent byte by itself.
fn receive_urgent(
    task: &mut Task<'_, '_>,
    description: &Description,
    pieces: Pieces<'_>,
    flags: MessageFlags,
) -> Reply<(u32, Received)> {
    let endpoint = &socket_of(description)?.endpoint;
    if !endpoint.is_tcp() {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let byte = endpoint.receive_urgent(flags.peeks())?;
    let room = usize::from(total(pieces) > 0);
    let received = Received { bytes: alloc::vec![byte; room], length: room, is_cut: room == 0, ..Received::default() };
    let length = scatter(task, pieces, &received.bytes)?;
    Ok((length, received))
}

/// The pieces without their first bytes.
fn behind(pieces: Pieces<'_>, mut skip: u32) -> Vec<(Addr, u32)> {
    let skip_one = |&(at, length): &(Addr, u32)| {
        let skipped = skip.min(length);
        skip -= skipped;
        (at + skipped, length - skipped)
    };
    pieces.iter().map(skip_one).collect()
}

/// read(2) and readv(2) of a socket.
pub(super) fn read(task: &mut Task<'_, '_>, description: &Description, pieces: Pieces<'_>) -> Reply<u32> {
    // Unlike recv(2), it asks for nothing if there is no room.
    if total(pieces) == 0 {
        return Ok(0);
    }
    Ok(receive(task, description, pieces, MessageFlags(0))?.0)
}

/// write(2) and writev(2) to a socket.
pub(super) fn write(task: &mut Task<'_, '_>, description: &Description, pieces: Pieces<'_>) -> Reply<u32> {
    let control = Control::own(task);
    dispatch(task, description, pieces, None, &control, MessageFlags(0))
}

/// send(2)
pub(super) fn send(task: &mut Task<'_, '_>, fd: Fd, bytes: InBytes, length: u32, flags: MessageFlags) -> Reply<u32> {
    sendto(task, fd, bytes, length, flags, Name(Addr::NULL), 0)
}

/// sendto(2)
pub(super) fn sendto(
    task: &mut Task<'_, '_>,
    fd: Fd,
    bytes: InBytes,
    length: u32,
    flags: MessageFlags,
    name: Name,
    name_length: u32,
) -> Reply<u32> {
    let description = task.description(fd)?;
    let to = receiver(task, &socket_of(&description)?.endpoint, name.0, name_length)?;
    let control = Control::own(task);
    dispatch(task, &description, &[(bytes.0, length.min(0x7fff_f000))], to, &control, flags)
}

/// The address a message goes to, if it names one.
fn receiver(task: &Task<'_, '_>, endpoint: &Endpoint, name: Addr, length: u32) -> Reply<Option<Address>> {
    if name.is_null() || length == 0 {
        return Ok(None);
    }
    Ok(Some(address(task, endpoint, name, length)?.ok_or(Errno::EINVAL)?))
}

/// recv(2)
pub(super) fn recv(task: &mut Task<'_, '_>, fd: Fd, buffer: OutBytes, size: u32, flags: MessageFlags) -> Reply<u32> {
    recvfrom(task, fd, buffer, size, flags, NameOut(Addr::NULL), InOut::new(Addr::NULL))
}

/// recvfrom(2)
pub(super) fn recvfrom(
    task: &mut Task<'_, '_>,
    fd: Fd,
    buffer: OutBytes,
    size: u32,
    flags: MessageFlags,
    name: NameOut,
    name_length: InOut<u32>,
) -> Reply<u32> {
    let description = task.description(fd)?;
    let family = socket_of(&description)?.endpoint.family;
    let (length, received) = receive(task, &description, &[(buffer.0, size.min(0x7fff_f000))], flags)?;
    if !name.0.is_null() {
        match received.from.as_deref() {
            None => name_length.write(task.guest, &0)?,
            from => put_address(task, name.0, name_length, (family, from))?,
        }
    }
    Ok(length)
}

/// The vector of a message.
fn vector(task: &Task<'_, '_>, header: &Msghdr) -> Reply<Vec<(Addr, u32)>> {
    if header.msg_iovlen > VECTOR_MAX {
        return Err(Errno::EMSGSIZE.into());
    }
    pieces(task, InList::<Iovec>::new(header.msg_iov), header.msg_iovlen)
}

/// The level of ancillary data that a message's header is made of: that of the receiver's address.
fn header_level(endpoint: &Endpoint, to: Option<&Address>) -> Option<u32> {
    if !endpoint.family.is_internet() || endpoint.style == Style::Stream {
        return None;
    }
    let peer = endpoint.peer_address().ok().flatten();
    let to = to.or(peer.as_deref()).and_then(Address::internet)?;
    Some(if to.is_ipv4() { IP } else { IPV6 })
}

fn send_header(task: &mut Task<'_, '_>, fd: Fd, header: &Msghdr, flags: MessageFlags) -> Reply<u32> {
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    let pieces = vector(task, header)?;
    let to = receiver(task, endpoint, header.msg_name, header.msg_namelen)?;
    let own_level = header_level(endpoint, to.as_ref());
    let control_at = (header.msg_control, header.msg_controllen);
    let control = read_control(task, endpoint.family.is_internet(), own_level, control_at)?;
    dispatch(task, &description, &pieces, to, &control, flags)
}

/// sendmsg(2)
pub(super) fn sendmsg(task: &mut Task<'_, '_>, fd: Fd, message: In<Msghdr>, flags: MessageFlags) -> Reply<u32> {
    let header = message.read(task.guest)?;
    send_header(task, fd, &header, flags)
}

fn receive_header(task: &mut Task<'_, '_>, fd: Fd, at: InOut<Msghdr>, flags: MessageFlags) -> Reply<u32> {
    let header = at.read(task.guest)?;
    let description = task.description(fd)?;
    let endpoint = &socket_of(&description)?.endpoint;
    let (family, passes) = (endpoint.family, endpoint.options.lock().passes_credentials);
    let pieces = vector(task, &header)?;
    let (length, received) = receive(task, &description, &pieces, flags)?;
    let mut told = header;
    if !header.msg_name.is_null() {
        // The room is the length that was there; it becomes the address's.
        told.msg_namelen = 0;
        if let Some(from) = received.from.as_deref() {
            let bytes = from.encode(family, task.guest.endian);
            let room = bytes.len().min(header.msg_namelen as usize);
            task.guest.space.write(header.msg_name, &bytes[..room])?;
            told.msg_namelen = u32::try_from(bytes.len()).unwrap_or(0);
        }
    }
    let credentials =
        received.credentials.filter(|_| passes && !family.is_internet()).map(|who| Piece::of(task.guest.endian, who));
    let mut pieces: Vec<Piece> = credentials.into_iter().collect();
    if let Some(said) = &received.header {
        pieces.extend(header::told(task, endpoint, said));
    }
    let room = (header.msg_control, header.msg_controllen);
    let (used, is_control_cut) = write_control(task, room, &pieces, received.rights, flags)?;
    told.msg_controllen = used;
    let urgent = flags.0 & u32::from(flags.is_out_of_band());
    told.msg_flags = Hex(flags.told(is_control_cut, received.is_cut) | urgent);
    at.write(task.guest, &told)?;
    Ok(length)
}

/// recvmsg(2)
pub(super) fn recvmsg(task: &mut Task<'_, '_>, fd: Fd, message: InOut<Msghdr>, flags: MessageFlags) -> Reply<u32> {
    receive_header(task, fd, message, flags)
}

/// Does `each` for up to `count` messages, as far as it can without waiting behind the first: how many there were. What the
/// first cannot do is the call's error; what another cannot is lost, unless the same happens next time.
fn several(
    task: &mut Task<'_, '_>,
    list: OutList<Mmsghdr>,
    count: u32,
    mut each: impl FnMut(&mut Task<'_, '_>, u32, Addr) -> Reply<u32>,
) -> Reply<u32> {
    let mut done = task.resume.map_or(0, |resume| resume.moved);
    let count = count.min(MESSAGES_MAX);
    while done < count {
        let at = list.0 + done.wrapping_mul(Mmsghdr::BYTES);
        // A message that waits remembers the bytes it moved; beside it, how many are done is remembered.
        task.resume = task.resume.map(|resume| Resume { moved: resume.within, within: 0, ..resume });
        match each(task, done, at) {
            Ok(length) => task.guest.write(at + Msghdr::BYTES, &length)?,
            Err(Stop::Block(wait, interrupted)) => {
                task.resume = task.resume.map(|resume| Resume { moved: done, within: resume.moved, ..resume });
                return Err(Stop::Block(wait, interrupted));
            }
            Err(_) if done > 0 => break,
            Err(stop) => return Err(stop),
        }
        task.resume = None;
        done += 1;
    }
    Ok(done)
}

/// sendmmsg(2)
pub(super) fn sendmmsg(
    task: &mut Task<'_, '_>,
    fd: Fd,
    list: OutList<Mmsghdr>,
    count: u32,
    flags: MessageFlags,
) -> Reply<u32> {
    several(task, list, count, |task, _, at| {
        let header = task.guest.read(at)?;
        send_header(task, fd, &header, flags)
    })
}

fn receive_several(
    task: &mut Task<'_, '_>,
    fd: Fd,
    list: OutList<Mmsghdr>,
    count: u32,
    flags: MessageFlags,
    timeout: Option<Span>,
) -> Reply<u32> {
    let timeout_ns = timeout.map(Span::ns).transpose()?;
    let begun = task.clocks.monotonic_ns();
    several(task, list, count, |task, done, at| {
        // The timeout is looked at between messages only, as Linux does (recvmmsg(2), BUGS).
        let is_late = timeout_ns.is_some_and(|timeout| task.clocks.monotonic_ns() - begun >= timeout);
        if done > 0 && is_late {
            return Err(Errno::EAGAIN.into());
        }
        let flags = if done > 0 && flags.waits_for_one() { flags.without_waiting() } else { flags };
        receive_header(task, fd, InOut::new(at), flags)
    })
}

/// recvmmsg(2)
pub(super) fn recvmmsg(
    task: &mut Task<'_, '_>,
    fd: Fd,
    list: OutList<Mmsghdr>,
    count: u32,
    flags: MessageFlags,
    timeout: In<Timespec>,
) -> Reply<u32> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    receive_several(task, fd, list, count, flags, timeout)
}

/// recvmmsg_time64(2)
pub(super) fn recvmmsg_time64(
    task: &mut Task<'_, '_>,
    fd: Fd,
    list: OutList<Mmsghdr>,
    count: u32,
    flags: MessageFlags,
    timeout: In<Timespec64>,
) -> Reply<u32> {
    let timeout = timeout.optional(task.guest)?.map(Span::from);
    receive_several(task, fd, list, count, flags, timeout)
}
