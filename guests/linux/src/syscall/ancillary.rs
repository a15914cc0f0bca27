//! Ancillary data: descriptors and credentials beside the bytes of a message (cmsg(3), unix(7)).

use crate::description::Description;
use crate::fdtable::Slot;
use crate::flags::{MessageFlags, SOL_SOCKET};
use crate::reply::Reply;
use crate::socket::Credentials;
use crate::syscall::socket::descriptions;
use crate::task::Task;
use abi::structs::socket::{Cmsghdr, Ucred};
use abi::{Addr, Layout};
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
}

impl Control {
    /// Nothing but who sends it.
    pub(super) fn of(credentials: Credentials) -> Control {
        Control { credentials, descriptions: Vec::new() }
    }

    /// Nothing but who sends it: the caller.
    pub(super) fn own(task: &Task<'_, '_>) -> Control {
        let (uid, gid) = (task.credentials.user.real, task.credentials.group.real);
        Control::of(Credentials { pid: task.pid(), uid, gid })
    }
}

/// Reads what goes with a message.
pub(super) fn read_control(task: &Task<'_, '_>, at: Addr, length: u32) -> Reply<Control> {
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
        if header.cmsg_level == SOL_SOCKET {
            let (data, bytes) = (at + from + Cmsghdr::BYTES, header.cmsg_len - Cmsghdr::BYTES);
            match header.cmsg_type {
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

/// Writes what came with a message, as much as there is room for: the bytes it took, and whether that was not all.
pub(super) fn write_control(
    task: &mut Task<'_, '_>,
    (at, room): (Addr, u32),
    credentials: Option<Credentials>,
    rights: Vec<Arc<Description>>,
    flags: MessageFlags,
) -> Reply<(u32, bool)> {
    let room = if at.is_null() { 0 } else { room };
    let (mut used, mut is_cut) = (0, false);
    if let Some(Credentials { pid, uid, gid }) = credentials {
        let whole = Cmsghdr::BYTES + Ucred::BYTES;
        if room < whole {
            is_cut = true;
        } else {
            let header = Cmsghdr { cmsg_len: whole, cmsg_level: SOL_SOCKET, cmsg_type: CREDENTIALS };
            task.guest.write(at, &header)?;
            task.guest.write(at + Cmsghdr::BYTES, &Ucred { pid, uid, gid })?;
            used = whole;
        }
    }
    if rights.is_empty() {
        return Ok((used, is_cut));
    }
    let fit = (room - used).saturating_sub(Cmsghdr::BYTES) / 4;
    let count = rights.len();
    let mut given = 0;
    for description in rights.into_iter().take(fit as usize) {
        let Ok(fd) = install(task, description, flags.closes_on_exec()) else { break };
        task.guest.write(at + used + Cmsghdr::BYTES + 4 * given, &fd)?;
        given += 1;
    }
    is_cut |= (given as usize) < count;
    if given > 0 {
        let length = Cmsghdr::BYTES + 4 * given;
        let header = Cmsghdr { cmsg_len: length, cmsg_level: SOL_SOCKET, cmsg_type: RIGHTS };
        task.guest.write(at + used, &header)?;
        used += length;
    }
    Ok((used, is_cut))
}

/// Gives a description that was received a descriptor.
fn install(task: &Task<'_, '_>, description: Arc<Description>, closes_on_exec: bool) -> Result<i32> {
    task.files.lock().add(Slot { description, closes_on_exec }, 0, task.process.limits.lock().descriptors())
}
