//! The descriptor table.

use crate::description::Description;
use alloc::sync::Arc;
use alloc::vec::Vec;
use vfs::{Errno, Result};

/// The descriptors of a process.
#[derive(Clone, Default)]
pub(crate) struct FdTable {
    slots: Vec<Option<Slot>>,
}

/// One descriptor.
#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) description: Arc<Description>,
    /// FD_CLOEXEC.
    pub(crate) closes_on_exec: bool,
}

impl FdTable {
    fn index(fd: i32) -> Result<usize> {
        usize::try_from(fd).map_err(|_| Errno::EBADF)
    }

    /// The descriptor.
    pub(crate) fn slot(&self, fd: i32) -> Result<&Slot> {
        self.slots.get(Self::index(fd)?).and_then(Option::as_ref).ok_or(Errno::EBADF)
    }

    /// The descriptor, to be changed.
    pub(crate) fn slot_mut(&mut self, fd: i32) -> Result<&mut Slot> {
        self.slots.get_mut(Self::index(fd)?).and_then(Option::as_mut).ok_or(Errno::EBADF)
    }

    /// What a descriptor leads to.
    pub(crate) fn get(&self, fd: i32) -> Result<Arc<Description>> {
        Ok(self.slot(fd)?.description.clone())
    }

    /// Takes the lowest free descriptor from `from` on, below `end` (RLIMIT_NOFILE).
    pub(crate) fn add(&mut self, slot: Slot, from: u32, end: u32) -> Result<i32> {
        let taken = self.slots.iter().skip(from as usize).position(Option::is_none);
        let index = taken.map_or(self.slots.len().max(from as usize), |free| free + from as usize);
        if index >= end as usize {
            return Err(Errno::EMFILE);
        }
        self.put(index, slot);
        i32::try_from(index).map_err(|_| Errno::EMFILE)
    }

    /// Whether no descriptor below `end` is free.
    pub(crate) fn is_full(&self, end: u32) -> bool {
        self.slots.len() >= end as usize && self.slots.iter().take(end as usize).all(Option::is_some)
    }

    /// Makes `fd` mean this, closing what it was.
    pub(crate) fn replace(&mut self, fd: i32, slot: Slot, end: u32) -> Result<()> {
        let index = Self::index(fd)?;
        if index >= end as usize {
            return Err(Errno::EBADF);
        }
        self.put(index, slot);
        Ok(())
    }

    fn put(&mut self, index: usize, slot: Slot) {
        if self.slots.len() <= index {
            self.slots.resize(index + 1, None);
        }
        self.slots[index] = Some(slot);
    }

    /// Closes a descriptor; gives what it led to, so that it is dropped outside the table's lock.
    pub(crate) fn close(&mut self, fd: i32) -> Result<Slot> {
        self.slots.get_mut(Self::index(fd)?).and_then(Option::take).ok_or(Errno::EBADF)
    }

    /// Takes away what execve(2) closes, and gives it, so that it is dropped outside the table's lock.
    pub(crate) fn close_on_exec(&mut self) -> Vec<Slot> {
        let closing = |slot: &mut Option<Slot>| slot.take_if(|slot| slot.closes_on_exec);
        self.slots.iter_mut().filter_map(closing).collect()
    }

    /// The descriptors that are open.
    pub(crate) fn open(&self) -> Vec<i32> {
        let open = self.slots.iter().enumerate().filter(|(_, slot)| slot.is_some());
        open.filter_map(|(index, _)| i32::try_from(index).ok()).collect()
    }
}
