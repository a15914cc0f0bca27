//! Memory: brk, mmap and what is done with mappings.

use crate::flags::{Advice, Bits, Fd, MapFlags, ProtFlags, RemapFlags, SyncFlags};
use crate::mm::{Backing, FileBacking, MapRequest, RemapRequest, page_range, round_up};
use crate::mqueue::QueueFile;
use crate::ready::special;
use crate::reply::Reply;
use crate::task::Task;
use abi::{Addr, PAGE_BYTES, USER_END};
use alloc::sync::Arc;
use alloc::vec;
use vfs::node::Kind;
use vfs::{Errno, Result};

/// brk(2): returns where the heap ends, moved or not.
pub(super) fn brk(task: &mut Task<'_, '_>, to: Addr) -> Reply<Addr> {
    let limit = task.process.limits.lock().data();
    Ok(task.thread.memory.lock().brk(task.guest.space, to, limit))
}

/// mmap2(2): the offset is in pages of 4096 bytes.
pub(super) fn mmap2(
    task: &mut Task<'_, '_>,
    at: Addr,
    length: u32,
    prot: ProtFlags,
    flags: MapFlags,
    fd: Fd,
    pages: Bits,
) -> Reply<Addr> {
    let offset = u64::from(pages.0) * u64::from(PAGE_BYTES);
    map(task, at, length, prot, flags, fd, offset)
}

/// mmap(2): the offset is in bytes.
pub(super) fn mmap(
    task: &mut Task<'_, '_>,
    at: Addr,
    length: u32,
    prot: ProtFlags,
    flags: MapFlags,
    fd: Fd,
    offset: Bits,
) -> Reply<Addr> {
    if !offset.0.is_multiple_of(PAGE_BYTES) {
        return Err(Errno::EINVAL.into());
    }
    map(task, at, length, prot, flags, fd, u64::from(offset.0))
}

fn map(
    task: &mut Task<'_, '_>,
    at: Addr,
    length: u32,
    prot: ProtFlags,
    flags: MapFlags,
    fd: Fd,
    offset: u64,
) -> Reply<Addr> {
    let is_shared = flags.is_shared();
    let backing = if flags.is_anonymous() {
        anonymous(task, length, is_shared)
    } else {
        let description = task.description(fd)?;
        let metadata = description.node().metadata()?;
        description.readable().map_err(|errno| match errno {
            Errno::EISDIR => Errno::ENODEV,
            _ if description.flags().is_path() => Errno::EBADF,
            _ => Errno::EACCES,
        })?;
        // Linux asks for read and write even of a shared mapping that is only written.
        let needs_write = is_shared == Some(true) && prot.prot().is_some_and(|prot| prot.contains(abi::Prot::WRITE));
        if needs_write && !description.flags().writes() {
            return Err(Errno::EACCES.into());
        }
        let is_zero = metadata.kind == Kind::CharDevice(1, 5);
        match metadata.kind {
            Kind::File if special::<QueueFile>(description.file()?).is_some() => return Err(Errno::ENODEV.into()),
            Kind::File => {
                let identity = (metadata.device, metadata.inode);
                let pages = if is_shared == Some(true) {
                    let kernel = task.thread.kernel.clone();
                    let mut shared = kernel.shared.lock();
                    shared.pages(task.guest.space, identity, &description, metadata.size)?
                } else {
                    None
                };
                Backing::File(FileBacking {
                    path: Arc::new(task.path_of(description.place()).unwrap_or_default()),
                    identity,
                    offset,
                    held: metadata.size.saturating_sub(offset),
                    is_writable: description.flags().writes(),
                    description: Some(description),
                    pages,
                })
            }
            _ if is_zero => anonymous(task, length, is_shared),
            _ => return Err(Errno::ENODEV.into()),
        }
    };
    let request = MapRequest {
        at,
        bytes: length,
        prot: prot.prot().unwrap_or(abi::Prot::from_bits_truncate((prot.0 & 7) as u8)),
        is_shared: is_shared.ok_or(Errno::EINVAL)?,
        is_fixed: flags.is_fixed(),
        keeps: flags.keeps(),
        backing,
    };
    let mapped = task.thread.memory.lock().map(task.guest.space, request);
    task.thread.settle_segments();
    Ok(mapped?)
}

/// Zeros, which children share if that is asked for and the host can.
fn anonymous(task: &mut Task<'_, '_>, length: u32, is_shared: Option<bool>) -> Backing {
    let bytes = u64::from(round_up(length).unwrap_or(0));
    let is_shared = is_shared == Some(true) && bytes > 0;
    let shared = is_shared.then(|| task.guest.space.make_shared(bytes).ok()).flatten();
    shared.map_or(Backing::Anonymous, |pages| Backing::Shared(pages, 0))
}

/// munmap(2)
pub(super) fn munmap(task: &mut Task<'_, '_>, at: Addr, length: u32) -> Reply<()> {
    let unmapped = task.thread.memory.lock().unmap(task.guest.space, at, length);
    task.thread.settle_segments();
    Ok(unmapped?)
}

/// mprotect(2)
pub(super) fn mprotect(task: &mut Task<'_, '_>, at: Addr, length: u32, prot: ProtFlags) -> Reply<()> {
    if !at.0.is_multiple_of(PAGE_BYTES) {
        return Err(Errno::EINVAL.into());
    }
    let prot = prot.prot().ok_or(Errno::EINVAL)?;
    let result = task.thread.memory.lock().protect(task.guest.space, at, length, prot);
    // Past the end nothing is mapped.
    Ok(result.map_err(|errno| if errno == Errno::EINVAL { Errno::ENOMEM } else { errno })?)
}

/// mremap(2)
pub(super) fn mremap(
    task: &mut Task<'_, '_>,
    at: Addr,
    old: u32,
    new: u32,
    flags: RemapFlags,
    to: Addr,
) -> Reply<Addr> {
    if flags.0 & !3 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let to = (flags.0 & 2 != 0).then_some(to);
    let request = RemapRequest { at, old_bytes: old, new_bytes: new, may_move: flags.0 & 1 != 0, to };
    let moved = task.thread.memory.lock().remap(task.guest.space, &request);
    task.thread.settle_segments();
    Ok(moved?)
}

/// Refuses a range that is not wholly mapped.
fn check_mapped(task: &Task<'_, '_>, at: Addr, length: u32) -> Result<()> {
    if !at.0.is_multiple_of(PAGE_BYTES) {
        return Err(Errno::EINVAL);
    }
    if length == 0 {
        return Ok(());
    }
    let is_mapped = task.memory.lock().is_mapped(at, length).map_err(|_| Errno::ENOMEM)?;
    if is_mapped { Ok(()) } else { Err(Errno::ENOMEM) }
}

/// msync(2)
pub(super) fn msync(task: &mut Task<'_, '_>, at: Addr, length: u32, flags: SyncFlags) -> Reply<()> {
    if flags.0 & !7 != 0 || flags.0 & 5 == 5 {
        return Err(Errno::EINVAL.into());
    }
    check_mapped(task, at, length)?;
    if length == 0 {
        return Ok(());
    }
    Ok(task.thread.memory.lock().sync(task.guest.space, at, length)?)
}

/// madvise(2)
pub(super) fn madvise(task: &mut Task<'_, '_>, at: Addr, length: u32, advice: Advice) -> Reply<()> {
    /// MADV_DONTNEED
    const DONTNEED: u32 = 4;
    /// MADV_REMOVE and the poisoning of pages.
    const REFUSED: [u32; 2] = [9, 100];
    if advice.0 > 25 && advice.0 != 100 || REFUSED.contains(&advice.0) || matches!(advice.0, 5..=7) {
        return Err(Errno::EINVAL.into());
    }
    check_mapped(task, at, length)?;
    if advice.0 == DONTNEED && length > 0 {
        task.thread.memory.lock().discard(task.guest.space, at, length)?;
    }
    Ok(())
}

/// mincore(2): everything that is mapped is there.
pub(super) fn mincore(task: &mut Task<'_, '_>, at: Addr, length: u32, pages: Addr) -> Reply<()> {
    check_mapped(task, at, length)?;
    let count = round_up(length).ok_or(Errno::ENOMEM)? / PAGE_BYTES;
    Ok(task.guest.space.write(pages, &vec![1; count as usize])?)
}

/// mlock(2): memory stays where it is anyhow.
pub(super) fn mlock(task: &mut Task<'_, '_>, at: Addr, length: u32) -> Reply<()> {
    let start = Addr(at.0 - at.0 % PAGE_BYTES);
    let length = length.checked_add(at.0 % PAGE_BYTES).ok_or(Errno::EINVAL)?;
    Ok(check_mapped(task, start, length)?)
}

/// mlock2(2)
pub(super) fn mlock2(task: &mut Task<'_, '_>, at: Addr, length: u32, flags: Bits) -> Reply<()> {
    if flags.0 & !1 != 0 { Err(Errno::EINVAL.into()) } else { mlock(task, at, length) }
}

/// munlock(2)
pub(super) fn munlock(task: &mut Task<'_, '_>, at: Addr, length: u32) -> Reply<()> {
    mlock(task, at, length)
}

/// mlockall(2)
pub(super) fn mlockall(_task: &mut Task<'_, '_>, flags: Bits) -> Reply<()> {
    if flags.0 == 0 || flags.0 & !7 != 0 || flags.0 == 4 { Err(Errno::EINVAL.into()) } else { Ok(()) }
}

/// munlockall(2)
pub(super) fn munlockall(_task: &mut Task<'_, '_>) -> Reply<()> {
    Ok(())
}

/// cacheflush(2): code in the range is void.
pub(super) fn cacheflush(task: &mut Task<'_, '_>, at: Addr, length: u32, cache: Bits) -> Reply<()> {
    let end = at.0.checked_add(length).filter(|end| *end <= USER_END);
    if end.is_none() {
        return Err(Errno::EFAULT.into());
    }
    // ICACHE, DCACHE or both.
    if cache.0 == 0 || cache.0 & !3 != 0 {
        return Err(Errno::EINVAL.into());
    }
    task.guest.space.code_changed(at, length);
    Ok(())
}

/// cachectl(2): Linux never had it do anything.
pub(super) fn cachectl(_task: &mut Task<'_, '_>, _at: Addr, _length: u32, _operation: Bits) -> Reply<()> {
    Err(Errno::ENOSYS.into())
}

/// membarrier(2): the query says that there is nothing to ask for.
pub(super) fn membarrier(_task: &mut Task<'_, '_>, command: Bits, flags: Bits) -> Reply<u32> {
    if command.0 == 0 && flags.0 == 0 { Ok(0) } else { Err(Errno::EINVAL.into()) }
}

/// All code may have changed.
pub(super) fn all_code_changed(task: &mut Task<'_, '_>) {
    if let Ok((from, to)) = page_range(Addr(0), USER_END) {
        task.guest.space.code_changed(from, to.0);
    }
}
