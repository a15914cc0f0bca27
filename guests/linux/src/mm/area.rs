//! One area of memory.

use crate::description::Description;
use crate::ipc::Attached;
use crate::mm::SharedFile;
use crate::program::code_file;
use abi::{Addr, CodeFile, Mappable, PAGE_BYTES, Prot};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A range of pages with one protection and one origin.
#[derive(Clone)]
pub(crate) struct Area {
    /// The first address after it.
    pub(crate) end: Addr,
    pub(crate) prot: Prot,
    /// MAP_SHARED.
    pub(crate) is_shared: bool,
    /// Whether its protection ever allowed to write to it.
    pub(crate) was_writable: bool,
    pub(crate) backing: Backing,
}

/// Where an area's bytes come from.
#[derive(Clone)]
pub(crate) enum Backing {
    /// Zeros.
    Anonymous,
    /// Zeros, and /proc/self/maps calls it so: `[heap]`, `[stack]`, `[vdso]`.
    Named(&'static str),
    /// Zeros at first, which other processes have, too; from where on, in bytes.
    Shared(Mappable, u64),
    /// A segment of System V shared memory.
    Segment(SegmentBacking),
    /// A file.
    File(FileBacking),
}

/// The part of a segment that an area has.
#[derive(Clone)]
pub(crate) struct SegmentBacking {
    pub(crate) attached: Arc<Attached>,
    /// Offset of the area's first byte in the segment.
    pub(crate) offset: u64,
    /// It was attached without SHM_RDONLY.
    pub(crate) is_writable: bool,
}

/// The part of a file that an area is a copy of.
#[derive(Clone)]
pub(crate) struct FileBacking {
    /// The open file; none for the program itself, which nobody writes back.
    pub(crate) description: Option<Arc<Description>>,
    /// Its path when it was mapped.
    pub(crate) path: Arc<Vec<u8>>,
    /// Device and inode.
    pub(crate) identity: (u64, u64),
    /// Offset of the area's first byte in the file.
    pub(crate) offset: u64,
    /// Bytes of the file from there on: pages that start after them are not there (SIGBUS).
    pub(crate) held: u64,
    /// The file is open for writing.
    pub(crate) is_writable: bool,
    /// What all who share it map; none if it is a copy of their own, written back.
    pub(crate) pages: Option<Pages>,
}

/// The pages of a file that processes share.
#[derive(Clone)]
pub(crate) enum Pages {
    /// The host's own.
    Host(Mappable),
    /// Those that stand for it as long as anybody maps it.
    Own(Arc<SharedFile>),
}

impl Pages {
    pub(crate) fn mappable(&self) -> &Mappable {
        match self {
            Pages::Host(pages) => pages,
            Pages::Own(file) => &file.pages,
        }
    }
}

impl Area {
    /// Whether its end can be the start of `next`: one area as good as two.
    pub(crate) fn continues_as(&self, next_at: Addr, next: &Area) -> bool {
        let is_alike = self.end == next_at && self.prot == next.prot && self.is_shared == next.is_shared;
        is_alike
            && match (&self.backing, &next.backing) {
                (Backing::Anonymous, Backing::Anonymous) => !self.is_shared,
                (Backing::Named(one), Backing::Named(other)) => one == other,
                _ => false,
            }
    }

    /// Its part from `at` on, which lies `bytes` after its start.
    pub(crate) fn tail(&self, bytes: u32) -> Area {
        let mut tail = self.clone();
        match &mut tail.backing {
            Backing::File(file) => {
                file.offset += u64::from(bytes);
                file.held = file.held.saturating_sub(u64::from(bytes));
            }
            Backing::Shared(_, offset) | Backing::Segment(SegmentBacking { offset, .. }) => *offset += u64::from(bytes),
            Backing::Anonymous | Backing::Named(_) => {}
        }
        tail
    }

    /// What a byte of it, so far from its start, is to all who share it: device, inode and offset.
    pub(crate) fn shared_identity(&self, within: u32) -> Option<((u64, u64), u64)> {
        match &self.backing {
            Backing::File(file) => Some((file.identity, file.offset + u64::from(within))),
            _ => {
                let (pages, offset) = self.shared_pages()?;
                // No device has this number.
                Some(((u64::MAX, Arc::as_ptr(pages).addr() as u64), offset + u64::from(within)))
            }
        }
    }

    /// The pages that are no file's and that others may have, too, and where in them it begins.
    pub(crate) fn shared_pages(&self) -> Option<(&Mappable, u64)> {
        match &self.backing {
            Backing::Shared(pages, offset) => Some((pages, *offset)),
            Backing::Segment(SegmentBacking { attached, offset, .. }) => Some((&attached.pages, *offset)),
            Backing::Anonymous | Backing::Named(_) | Backing::File(_) => None,
        }
    }

    /// The end of the pages that exist: a file's end cuts them short.
    pub(crate) fn loaded_end(&self, start: Addr) -> Addr {
        match &self.backing {
            Backing::File(file) => {
                let held = file.held.checked_next_multiple_of(u64::from(PAGE_BYTES)).unwrap_or(u64::MAX);
                let bytes = u64::from(self.end.0 - start.0).min(held);
                start + u32::try_from(bytes).unwrap_or(0)
            }
            _ => self.end,
        }
    }

    /// The file that its code is in, and where in it, if it is a private copy of one.
    pub(crate) fn code_file(&self) -> Option<(CodeFile, u64)> {
        let Backing::File(FileBacking { description, path, offset, held, .. }) = &self.backing else { return None };
        let file = description.as_ref().filter(|_| !self.is_shared)?.shared_file()?;
        Some((code_file(file, offset + held, path.clone()), *offset))
    }

    /// Whether it may be made writable: a shared mapping of a file that is open for reading may not, nor may a segment that was
    /// attached so.
    pub(crate) fn may_write(&self) -> bool {
        match &self.backing {
            Backing::File(file) => !self.is_shared || file.is_writable,
            Backing::Segment(segment) => segment.is_writable,
            _ => true,
        }
    }

    /// Sets its protection.
    pub(crate) fn protect(&mut self, prot: Prot) {
        self.prot = prot;
        self.was_writable |= prot.contains(Prot::WRITE);
    }

    /// The file that its bytes are written back to: what was never writable says nothing that the file does not.
    pub(crate) fn written_back(&self) -> Option<(&Arc<Description>, &FileBacking)> {
        match &self.backing {
            Backing::File(FileBacking { pages: Some(Pages::Host(_)), .. }) => None,
            Backing::File(file) if self.is_shared && file.is_writable && self.was_writable => {
                file.description.as_ref().map(|description| (description, file))
            }
            _ => None,
        }
    }
}
