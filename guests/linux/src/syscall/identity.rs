//! Users, groups and capabilities (credentials(7)).

use crate::access::{Credentials, Triple};
use crate::reply::Reply;
use crate::task::Task;
use abi::structs::system::{CapData, CapHeader};
use abi::{InList, InOut, Out, OutList};
use vfs::Errno;

/// The longest list of supplementary groups (NGROUPS_MAX).
const GROUPS_MAX: u32 = 65_536;

/// `_LINUX_CAPABILITY_VERSION_3`
const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// Every capability there is: 0 to 40.
const ALL_CAPABILITIES: u64 = (1 << 41) - 1;

/// Which of the two triples.
type Pick = fn(&mut Credentials) -> &mut Triple;

fn user(credentials: &mut Credentials) -> &mut Triple {
    &mut credentials.user
}

fn group(credentials: &mut Credentials) -> &mut Triple {
    &mut credentials.group
}

/// getuid(2)
pub(super) fn getuid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.credentials.user.real)
}

/// geteuid(2)
pub(super) fn geteuid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.credentials.user.effective)
}

/// getgid(2)
pub(super) fn getgid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.credentials.group.real)
}

/// getegid(2)
pub(super) fn getegid(task: &mut Task<'_, '_>) -> Reply<u32> {
    Ok(task.credentials.group.effective)
}

fn get_three(task: &mut Task<'_, '_>, triple: Triple, into: [Out<u32>; 3]) -> Reply<()> {
    for (out, id) in into.into_iter().zip([triple.real, triple.effective, triple.saved]) {
        out.write(task.guest, &id)?;
    }
    Ok(())
}

/// getresuid(2)
pub(super) fn getresuid(task: &mut Task<'_, '_>, real: Out<u32>, effective: Out<u32>, saved: Out<u32>) -> Reply<()> {
    let triple = task.credentials.user;
    get_three(task, triple, [real, effective, saved])
}

/// getresgid(2)
pub(super) fn getresgid(task: &mut Task<'_, '_>, real: Out<u32>, effective: Out<u32>, saved: Out<u32>) -> Reply<()> {
    let triple = task.credentials.group;
    get_three(task, triple, [real, effective, saved])
}

/// setuid(2) and setgid(2): root changes all three, others only the effective one.
fn set_one(task: &mut Task<'_, '_>, pick: Pick, id: u32) -> Reply<()> {
    if id == u32::MAX {
        return Err(Errno::EINVAL.into());
    }
    let is_privileged = task.credentials.is_privileged();
    let triple = pick(&mut task.credentials);
    if is_privileged {
        *triple = Triple { real: id, effective: id, saved: id, file_system: id };
    } else if id == triple.real || id == triple.saved {
        (triple.effective, triple.file_system) = (id, id);
    } else {
        return Err(Errno::EPERM.into());
    }
    task.show_in_proc();
    Ok(())
}

/// setuid(2)
pub(super) fn setuid(task: &mut Task<'_, '_>, uid: u32) -> Reply<()> {
    set_one(task, user, uid)
}

/// setgid(2)
pub(super) fn setgid(task: &mut Task<'_, '_>, gid: u32) -> Reply<()> {
    set_one(task, group, gid)
}

/// setreuid(2) and setregid(2): the saved one follows a change of the real one.
fn set_two(task: &mut Task<'_, '_>, pick: Pick, real: u32, effective: u32) -> Reply<()> {
    let is_privileged = task.credentials.is_privileged();
    let triple = pick(&mut task.credentials);
    let may_real = real == u32::MAX || is_privileged || real == triple.real || real == triple.effective;
    if !may_real || effective != u32::MAX && !is_privileged && !triple.has(effective) {
        return Err(Errno::EPERM.into());
    }
    let old_real = triple.real;
    if real != u32::MAX {
        triple.real = real;
    }
    if effective != u32::MAX {
        triple.effective = effective;
    }
    if real != u32::MAX || effective != u32::MAX && effective != old_real {
        triple.saved = triple.effective;
    }
    triple.file_system = triple.effective;
    task.show_in_proc();
    Ok(())
}

/// setreuid(2)
pub(super) fn setreuid(task: &mut Task<'_, '_>, real: u32, effective: u32) -> Reply<()> {
    set_two(task, user, real, effective)
}

/// setregid(2)
pub(super) fn setregid(task: &mut Task<'_, '_>, real: u32, effective: u32) -> Reply<()> {
    set_two(task, group, real, effective)
}

fn set_three(task: &mut Task<'_, '_>, pick: Pick, new: [u32; 3]) -> Reply<()> {
    let is_privileged = task.credentials.is_privileged();
    let triple = pick(&mut task.credentials);
    if !is_privileged && new.iter().any(|id| *id != u32::MAX && !triple.has(*id)) {
        return Err(Errno::EPERM.into());
    }
    for (field, id) in [&mut triple.real, &mut triple.effective, &mut triple.saved].into_iter().zip(new) {
        if id != u32::MAX {
            *field = id;
        }
    }
    triple.file_system = triple.effective;
    task.show_in_proc();
    Ok(())
}

/// setresuid(2)
pub(super) fn setresuid(task: &mut Task<'_, '_>, real: u32, effective: u32, saved: u32) -> Reply<()> {
    set_three(task, user, [real, effective, saved])
}

/// setresgid(2)
pub(super) fn setresgid(task: &mut Task<'_, '_>, real: u32, effective: u32, saved: u32) -> Reply<()> {
    set_three(task, group, [real, effective, saved])
}

/// setfsuid(2) and setfsgid(2): return the old one, whether changed or not.
fn set_file_system(task: &mut Task<'_, '_>, pick: Pick, id: u32) -> Reply<u32> {
    let is_privileged = task.credentials.is_privileged();
    let triple = pick(&mut task.credentials);
    let old = triple.file_system;
    if id != u32::MAX && (is_privileged || triple.has(id)) {
        triple.file_system = id;
    }
    Ok(old)
}

/// setfsuid(2)
pub(super) fn setfsuid(task: &mut Task<'_, '_>, uid: u32) -> Reply<u32> {
    set_file_system(task, user, uid)
}

/// setfsgid(2)
pub(super) fn setfsgid(task: &mut Task<'_, '_>, gid: u32) -> Reply<u32> {
    set_file_system(task, group, gid)
}

/// getgroups(2)
pub(super) fn getgroups(task: &mut Task<'_, '_>, size: u32, list: OutList<u32>) -> Reply<u32> {
    let groups = task.credentials.groups.clone();
    if size.cast_signed() < 0 || size > 0 && (size as usize) < groups.len() {
        return Err(Errno::EINVAL.into());
    }
    if size > 0 {
        list.write(task.guest, &groups)?;
    }
    Ok(u32::try_from(groups.len()).unwrap_or(0))
}

/// setgroups(2)
pub(super) fn setgroups(task: &mut Task<'_, '_>, size: u32, list: InList<u32>) -> Reply<()> {
    if !task.credentials.is_privileged() {
        return Err(Errno::EPERM.into());
    }
    if size > GROUPS_MAX {
        return Err(Errno::EINVAL.into());
    }
    task.credentials.groups = list.read(task.guest, size)?;
    task.show_in_proc();
    Ok(())
}

/// Checks a header; answers a probe for the version.
fn check_header(task: &mut Task<'_, '_>, header: InOut<CapHeader>) -> Reply<usize> {
    let CapHeader { version, pid } = header.read(task.guest)?;
    let words = match version {
        0x1998_0330 => 1,
        0x2007_1026 | CAPABILITY_VERSION => 2,
        _ => {
            header.write(task.guest, &CapHeader { version: CAPABILITY_VERSION, pid })?;
            return Err(Errno::EINVAL.into());
        }
    };
    super::process::check_thread(task, pid)?;
    Ok(words)
}

/// capget(2)
#[allow(clippy::cast_possible_truncation, reason = "each word is 32 bits of the set")]
pub(super) fn capget(task: &mut Task<'_, '_>, header: InOut<CapHeader>, data: OutList<CapData>) -> Reply<()> {
    let words = check_header(task, header)?;
    if data.is_null() {
        return Ok(());
    }
    let all = if task.credentials.is_privileged() { ALL_CAPABILITIES } else { 0 };
    let word = |bits: u64| CapData { effective: bits as u32, permitted: bits as u32, inheritable: 0 };
    Ok(data.write(task.guest, &[word(all), word(all >> 32)][..words])?)
}

/// capset(2)
pub(super) fn capset(task: &mut Task<'_, '_>, header: InOut<CapHeader>, data: InList<CapData>) -> Reply<()> {
    let words = check_header(task, header)?;
    let wanted = data.read(task.guest, u32::try_from(words).unwrap_or(1))?;
    let is_empty = wanted.iter().all(|word| word.permitted == 0 && word.effective == 0);
    if task.credentials.is_privileged() || is_empty { Ok(()) } else { Err(Errno::EPERM.into()) }
}
