//! [`Semaphores`]: a set of semaphores (semop(2)).

use super::NO_WAIT;
use super::permission::Permission;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use vfs::{Errno, Result};

/// The highest value (SEMVMX).
pub(crate) const VALUE_MAX: i32 = 32_767;
/// SEM_UNDO
const UNDO: u16 = 0x1000;

/// `struct sembuf`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) index: u16,
    pub(crate) change: i16,
    pub(crate) flags: u16,
}

impl Operation {
    pub(crate) fn undoes(self) -> bool {
        self.flags & UNDO != 0
    }
}

/// A semaphore: its value, and who changed it last.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Semaphore {
    pub(crate) value: i32,
    pub(crate) pid: u32,
}

/// A set of semaphores.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Semaphores {
    pub(crate) permission: Permission,
    pub(crate) list: Vec<Semaphore>,
    /// When semop(2) last succeeded; 0 if it never did. Seconds.
    pub(crate) operated: u64,
    /// When it was made, or changed by semctl(2).
    pub(crate) changed: u64,
    /// What the end of a process will add to each.
    undo: BTreeMap<u32, Vec<i32>>,
}

impl Semaphores {
    pub(crate) fn new(permission: Permission, count: usize, now: u64) -> Semaphores {
        let list = vec![Semaphore::default(); count];
        Semaphores { permission, list, operated: 0, changed: now, undo: BTreeMap::new() }
    }

    /// Does all operations, or none: EAGAIN where one would wait, and whether it must not.
    pub(crate) fn operate(
        &mut self,
        operations: &[Operation],
        pid: u32,
        now: u64,
    ) -> core::result::Result<(), (Errno, bool)> {
        let fail = |errno| (errno, false);
        let mut values: Vec<i32> = self.list.iter().map(|semaphore| semaphore.value).collect();
        let mut undo = self.undo.get(&pid).cloned().unwrap_or_else(|| vec![0; values.len()]);
        for operation in operations {
            let index = usize::from(operation.index);
            let (Some(value), Some(adjustment)) = (values.get_mut(index), undo.get_mut(index)) else {
                return Err(fail(Errno::EFBIG));
            };
            let change = i32::from(operation.change);
            if change == 0 && *value != 0 || *value + change < 0 {
                return Err((Errno::EAGAIN, u32::from(operation.flags) & NO_WAIT != 0));
            }
            *value += change;
            if *value > VALUE_MAX {
                return Err(fail(Errno::ERANGE));
            }
            if operation.undoes() {
                *adjustment -= change;
                if adjustment.abs() > VALUE_MAX {
                    return Err(fail(Errno::ERANGE));
                }
            }
        }
        for (semaphore, value) in self.list.iter_mut().zip(values) {
            semaphore.value = value;
        }
        for operation in operations {
            if let Some(semaphore) = self.list.get_mut(usize::from(operation.index)) {
                semaphore.pid = pid;
            }
        }
        if undo.iter().any(|adjustment| *adjustment != 0) {
            self.undo.insert(pid, undo);
        } else {
            self.undo.remove(&pid);
        }
        self.operated = now;
        Ok(())
    }

    /// Sets a value; nobody undoes anything of it any more.
    pub(crate) fn set(&mut self, index: usize, value: i32, pid: u32, now: u64) -> Result<()> {
        let semaphore = self.list.get_mut(index).ok_or(Errno::EINVAL)?;
        if !(0..=VALUE_MAX).contains(&value) {
            return Err(Errno::ERANGE);
        }
        *semaphore = Semaphore { value, pid };
        self.undo.values_mut().filter_map(|undo| undo.get_mut(index)).for_each(|adjustment| *adjustment = 0);
        self.changed = now;
        Ok(())
    }

    /// Whether it can have come about: one of a snapshot may say anything.
    pub(crate) fn is_sound(&self) -> bool {
        let fits = |adjustment: &i32| adjustment.unsigned_abs() <= VALUE_MAX.unsigned_abs();
        self.list.iter().all(|semaphore| (0..=VALUE_MAX).contains(&semaphore.value))
            && self.undo.values().all(|undo| undo.len() == self.list.len() && undo.iter().all(fits))
    }

    /// A process has ended: undoes what it asked to be undone. Whether that was anything.
    pub(crate) fn leave(&mut self, pid: u32) -> bool {
        let Some(undo) = self.undo.remove(&pid) else { return false };
        for (semaphore, adjustment) in self.list.iter_mut().zip(undo).filter(|(_, adjustment)| *adjustment != 0) {
            *semaphore = Semaphore { value: (semaphore.value + adjustment).clamp(0, VALUE_MAX), pid };
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_nothing_and_undone_at_the_end() {
        let permission = Permission { key: 1, uid: 0, gid: 0, creator_uid: 0, creator_gid: 0, mode: 0o600 };
        let mut set = Semaphores::new(permission, 2, 5);
        let operation = |index, change, flags| Operation { index, change, flags };
        set.operate(&[operation(0, 3, UNDO), operation(1, 1, 0)], 7, 9).unwrap();
        let both = [operation(0, -1, 0), operation(1, -2, 0)];
        assert_eq!(set.operate(&both, 8, 10), Err((Errno::EAGAIN, false)));
        assert_eq!(set.operate(&[operation(1, 0, 0o4000)], 8, 10), Err((Errno::EAGAIN, true)));
        assert_eq!(set.operate(&[operation(2, 1, 0)], 8, 10), Err((Errno::EFBIG, false)));
        assert_eq!(set.operate(&[operation(1, 32_767, 0)], 8, 10), Err((Errno::ERANGE, false)));
        assert_eq!((set.list[0].value, set.list[1].value, set.operated), (3, 1, 9));
        assert!(set.leave(7) && !set.leave(7));
        assert_eq!((set.list[0].value, set.list[1].value), (0, 1));
    }
}
