//! Ancillary data: descriptors and credentials beside the bytes of a message (cmsg(3), unix(7)).

use crate::description::Description;
use crate::fdtable::Slot;
use crate::flags::{MessageFlags, SOL_SOCKET};
use crate::reply::Reply;
use crate::socket::{Credentials, Marks};
use crate::syscall::socket::descriptions;
use crate::task::Task;
use abi::layout::encoded;
use abi::structs::socket::{Cmsghdr, Ucred};
use abi::{Addr, Endian, Layout};
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::{Errno, Result};

/// SCM_RIGHTS
const RIGHTS: u32 = 1;
/// SCM_CREDENTIALS
const CREDENTIALS: u32 = 2;
/// Descriptors that a message can carry (SCM_MAX_FD).
const DESCRIPTORS_MAX: usize = 253;
/// The most ancillary data (net.core.optmem_max).
const CONTROL_BYTES_MAX: u32 = 131_072;
/// What data is aligned to.
const ALIGNMENT: u32 = 4;

/// What a message carries.
pub(super) struct Control {
    pub(super) credentials: Credentials,
    pub(super) descriptions: Vec<Arc<Description>>,
    /// What a message of the internet is to say.
    pub(super) marks: Marks,
}

impl Control {
    /// Nothing but who sends it.
    pub(super) fn of(credentials: Credentials) -> Control {
        Control { credentials, descriptions: Vec::new(), marks: Marks::default() }
    }

    /// Nothing but who sends it: the caller.
    pub(super) fn own(task: &Task<'_, '_>) -> Control {
        let (uid, gid) = (task.credentials.user.real, task.credentials.group.real);
        Control::of(Credentials { pid: task.pid(), uid, gid })
    }
}

/// Reads what goes with a message. One of the internet's may say things of one level.
pub(super) fn read_control(
    task: &Task<'_, '_>,
    is_internet: bool,
    own_level: Option<u32>,
    (at, length): (Addr, u32),
) -> Reply<Control> {
    let mut control = Control::own(task);
    if length > CONTROL_BYTES_MAX {
        return Err(Errno::ENOBUFS.into());
    }
    let mut from = 0;
    while length - from >= Cmsghdr::BYTES {
        let header: Cmsghdr = task.guest.read(at + from)?;
        if header.cmsg_len < Cmsghdr::BYTES || header.cmsg_len > length - from {
            return Err(Errno::EINVAL.into());
        }
        let (data, bytes) = (at + from + Cmsghdr::BYTES, header.cmsg_len - Cmsghdr::BYTES);
        if Some(header.cmsg_level) == own_level {
            super::header::read(task, (header.cmsg_level, header.cmsg_type), (data, bytes), &mut control.marks)?;
        }
        if header.cmsg_level == SOL_SOCKET {
            match header.cmsg_type {
                // These two mean nothing there, and are not looked at (`__sock_cmsg_send`).
                RIGHTS | CREDENTIALS if is_internet => {}
                RIGHTS => add_rights(task, data, bytes, &mut control.descriptions)?,
                CREDENTIALS if bytes == Ucred::BYTES => control.credentials = credentials(task, data)?,
                _ => return Err(Errno::EINVAL.into()),
            }
        }
        from = from.saturating_add(header.cmsg_len.next_multiple_of(ALIGNMENT)).min(length);
    }
    Ok(control)
}

fn add_rights(task: &Task<'_, '_>, at: Addr, bytes: u32, to: &mut Vec<Arc<Description>>) -> Reply<()> {
    let count = (bytes / 4) as usize;
    if to.len() + count > DESCRIPTORS_MAX {
        return Err(Errno::EINVAL.into());
    }
    let fds: core::result::Result<Vec<i32>, _> = (0..bytes / 4).map(|index| task.guest.read(at + 4 * index)).collect();
    to.extend(descriptions(task, &fds?)?);
    Ok(())
}

/// Who the sender says it is; only root may lie.
fn credentials(task: &Task<'_, '_>, at: Addr) -> Reply<Credentials> {
    let Ucred { pid, uid, gid } = task.guest.read(at)?;
    let own = &task.credentials;
    let is_true = pid == task.pid() && own.user.has(uid) && own.group.has(gid);
    if is_true || own.is_privileged() { Ok(Credentials { pid, uid, gid }) } else { Err(Errno::EPERM.into()) }
}

/// A piece of ancillary data.
pub(super) struct Piece {
    pub(super) level: u32,
    pub(super) kind: u32,
    pub(super) data: Vec<u8>,
}

impl Piece {
    /// Who sent a message.
    pub(super) fn of(endian: Endian, Credentials { pid, uid, gid }: Credentials) -> Piece {
        Piece { level: SOL_SOCKET, kind: CREDENTIALS, data: encoded(endian, &Ucred { pid, uid, gid }) }
    }
}

/// Where ancillary data goes, what room is left there, and what of it is used.
struct Room {
    at: Addr,
    left: u32,
    used: u32,
    is_cut: bool,
}

impl Room {
    /// Writes a piece. Of what does not fit only a part is told, if it is more than the header (`put_cmsg`).
    fn put(&mut self, task: &mut Task<'_, '_>, piece: &Piece) -> Reply<()> {
        let whole = Cmsghdr::BYTES + u32::try_from(piece.data.len()).unwrap_or(u32::MAX);
        let fits = whole.min(self.left);
        self.is_cut |= fits < whole;
        if fits < Cmsghdr::BYTES {
            return Ok(());
        }
        let header = Cmsghdr { cmsg_len: fits, cmsg_level: piece.level, cmsg_type: piece.kind };
        task.guest.write(self.at, &header)?;
        task.guest.space.write(self.at + Cmsghdr::BYTES, &piece.data[..(fits - Cmsghdr::BYTES) as usize])?;
        self.take(whole);
        Ok(())
    }

    /// So many bytes are used.
    fn take(&mut self, bytes: u32) {
        let bytes = bytes.next_multiple_of(ALIGNMENT).min(self.left);
        self.at = self.at + bytes;
        self.left -= bytes;
        self.used += bytes;
    }
}

/// Writes what came with a message, as much as there is room for: the bytes it took, and whether that was not all.
pub(super) fn write_control(
    task: &mut Task<'_, '_>,
    (at, room): (Addr, u32),
    pieces: &[Piece],
    rights: Vec<Arc<Description>>,
    flags: MessageFlags,
) -> Reply<(u32, bool)> {
    let mut room = Room { at, left: if at.is_null() { 0 } else { room }, used: 0, is_cut: false };
    for piece in pieces {
        room.put(task, piece)?;
    }
    if rights.is_empty() {
        return Ok((room.used, room.is_cut));
    }
    let fit = room.left.saturating_sub(Cmsghdr::BYTES) / 4;
    let count = rights.len();
    let mut given = 0;
    for description in rights.into_iter().take(fit as usize) {
        let Ok(fd) = install(task, description, flags.closes_on_exec()) else { break };
        task.guest.write(room.at + Cmsghdr::BYTES + 4 * given, &fd)?;
        given += 1;
    }
    room.is_cut |= (given as usize) < count;
    if given > 0 {
        let length = Cmsghdr::BYTES + 4 * given;
        let header = Cmsghdr { cmsg_len: length, cmsg_level: SOL_SOCKET, cmsg_type: RIGHTS };
        task.guest.write(room.at, &header)?;
        room.take(length);
    }
    Ok((room.used, room.is_cut))
}

/// Gives a description that was received a descriptor.
fn install(task: &Task<'_, '_>, description: Arc<Description>, closes_on_exec: bool) -> Result<i32> {
    task.files.lock().add(Slot { description, closes_on_exec }, 0, task.process.limits.lock().descriptors())
}
