//! signalfd(2).

use crate::description::Description;
use crate::event::SignalFile;
use crate::flags::{Fd, OpenFlags, SignalFileFlags, has_others};
use crate::ready::special;
use crate::reply::Reply;
use crate::signal::{Info, Signal, SignalSet};
use crate::task::Task;
use abi::layout::encoded;
use abi::structs::event::SignalfdSiginfo;
use abi::structs::signal::Sigset;
use abi::{In, Layout};
use alloc::boxed::Box;
use alloc::vec::Vec;
use vfs::Errno;

/// signalfd(2), as it first was: without flags.
pub(super) fn signalfd(task: &mut Task<'_, '_>, fd: Fd, mask: In<Sigset>, size: u32) -> Reply<Fd> {
    signalfd4(task, fd, mask, size, SignalFileFlags(0))
}

/// signalfd4(2): a new descriptor, or another set for one that is there.
pub(super) fn signalfd4(
    task: &mut Task<'_, '_>,
    fd: Fd,
    mask: In<Sigset>,
    size: u32,
    flags: SignalFileFlags,
) -> Reply<Fd> {
    if size != Sigset::BYTES || has_others(flags.0, 0) {
        return Err(Errno::EINVAL.into());
    }
    let set = SignalSet::from(mask.read(task.guest)?).as_mask();
    if fd.0 == -1 {
        let file = Box::new(SignalFile::new(set));
        return Ok(task.install_anonymous("[signalfd]", file, OpenFlags::read_write(flags.0))?);
    }
    let description = task.description(fd)?;
    special::<SignalFile>(description.file()?).ok_or(Errno::EINVAL)?.replace(set);
    Ok(fd)
}

/// Takes as many of the caller's signals as `room` bytes hold; EAGAIN if there is none.
pub(super) fn read(task: &mut Task<'_, '_>, description: &Description, set: SignalSet, room: usize) -> Reply<Vec<u8>> {
    let most = room / SignalfdSiginfo::BYTES as usize;
    if most == 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut told = Vec::new();
    let mut count = 0;
    while count < most
        && let Some(info) = task.signals.take(set)
    {
        told.extend(encoded(task.guest.endian, &siginfo(&info)));
        count += 1;
    }
    if count == 0 {
        return task.block_on(description, false);
    }
    Ok(told)
}

/// What the descriptor tells of a signal: the words mean what the code says (`signalfd_copyinfo` of fs/signalfd.c).
fn siginfo(info: &Info) -> SignalfdSiginfo {
    let [first, second, third] = info.words;
    let pointer = i64::from(third.cast_signed()).cast_unsigned();
    let plain = SignalfdSiginfo {
        ssi_signo: u32::from(info.signal.number()),
        ssi_code: info.code,
        ..SignalfdSiginfo::default()
    };
    let is_fault = matches!(info.signal, Signal::SEGV | Signal::BUS | Signal::ILL | Signal::FPE | Signal::TRAP);
    match info.code {
        Info::TIMER => SignalfdSiginfo {
            ssi_tid: first,
            ssi_overrun: second,
            ssi_int: third.cast_signed(),
            ssi_ptr: pointer,
            ..plain
        },
        Info::USER | Info::KERNEL | Info::TKILL => SignalfdSiginfo { ssi_pid: first, ssi_uid: second, ..plain },
        1.. if info.signal == Signal::CHLD => {
            SignalfdSiginfo { ssi_pid: first, ssi_uid: second, ssi_status: third.cast_signed(), ..plain }
        }
        1.. if is_fault => SignalfdSiginfo { ssi_addr: u64::from(first), ..plain },
        _ => {
            SignalfdSiginfo { ssi_pid: first, ssi_uid: second, ssi_int: third.cast_signed(), ssi_ptr: pointer, ..plain }
        }
    }
}
