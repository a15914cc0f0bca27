//! [`Objects`]: the semaphore sets, message queues, or segments of memory, of a world.

use super::permission::{Caller, Permission};
use super::{CREATE, EXCLUSIVE, PRIVATE};
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::{Errno, Result, Watchers};

/// Objects of one kind (SEMMNI, MSGMNI).
pub(crate) const OBJECTS_MAX: usize = 4096;
/// A number is a place in the table and how often that was used before (`ipc_buildid` of ipc/util.h).
const PLACES: usize = 1 << 15;

/// One of them.
pub(crate) struct Object<T> {
    pub(crate) id: i32,
    pub(crate) state: Mutex<T>,
    /// Those who wait for its state to change, or for its end.
    pub(crate) watchers: Watchers,
}

/// A table of objects.
pub(crate) struct Objects<T>(Mutex<Table<T>>);

/// A table of objects as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedObjects<T> {
    places: Vec<Option<(i32, T)>>,
    made: usize,
}

impl<T> SavedObjects<T> {
    /// Whether all of them are so, and no more than there can be.
    pub(crate) fn all(&self, is_so: impl Fn(&T) -> bool) -> bool {
        self.places.len() <= OBJECTS_MAX && self.places.iter().flatten().all(|(_, state)| is_so(state))
    }

    /// The same of something else each.
    pub(crate) fn map<U>(self, mut change: impl FnMut(T) -> U) -> SavedObjects<U> {
        let places = self.places.into_iter().map(|place| place.map(|(id, state)| (id, change(state))));
        SavedObjects { places: places.collect(), made: self.made }
    }

    /// The same of what each becomes with its number, if that can be had of all.
    pub(crate) fn try_map<U, E>(
        self,
        mut change: impl FnMut(i32, T) -> core::result::Result<U, E>,
    ) -> core::result::Result<SavedObjects<U>, E> {
        let places = self.places.into_iter();
        let places = places.map(|place| place.map(|(id, state)| Ok((id, change(id, state)?))).transpose());
        Ok(SavedObjects { places: places.collect::<core::result::Result<_, E>>()?, made: self.made })
    }
}

struct Table<T> {
    places: Vec<Option<Arc<Object<T>>>>,
    /// How many were made.
    made: usize,
}

impl<T> Default for Objects<T> {
    fn default() -> Objects<T> {
        Objects(Mutex::new(Table { places: Vec::new(), made: 0 }))
    }
}

impl<T> Objects<T> {
    /// The object of a key, or a new one as `flags` say (semget(2), msgget(2)). `check` looks at one that is there.
    pub(crate) fn get(
        &self,
        key: i32,
        flags: u32,
        caller: &Caller,
        permission: impl Fn(&T) -> &Permission,
        check: impl FnOnce(&T) -> Result<()>,
        make: impl FnOnce(i32, Permission) -> Result<T>,
    ) -> Result<i32> {
        let mut table = self.0.lock();
        let known =
            table.places.iter().flatten().find(|object| key != PRIVATE && permission(&object.state.lock()).key == key);
        if let Some(object) = known {
            if flags & (CREATE | EXCLUSIVE) == CREATE | EXCLUSIVE {
                return Err(Errno::EEXIST);
            }
            let state = object.state.lock();
            check(&state)?;
            let wish = (flags | flags >> 3 | flags >> 6) & 0o6;
            permission(&state).check(caller, wish)?;
            return Ok(object.id);
        }
        if key != PRIVATE && flags & CREATE == 0 {
            return Err(Errno::ENOENT);
        }
        let free = table.places.iter().position(Option::is_none).unwrap_or(table.places.len());
        if free >= OBJECTS_MAX {
            return Err(Errno::ENOSPC);
        }
        let id = i32::try_from(table.made / OBJECTS_MAX * PLACES + free).map_err(|_| Errno::ENOSPC)?;
        let state = Mutex::new(make(id, Permission::new(key, flags, caller))?);
        table.made += 1;
        let object = Some(Arc::new(Object { id, state, watchers: Watchers::default() }));
        match table.places.get_mut(free) {
            Some(place) => *place = object,
            None => table.places.push(object),
        }
        Ok(id)
    }

    /// The object of that number.
    pub(crate) fn find(&self, id: i32) -> Result<Arc<Object<T>>> {
        let place = usize::try_from(id).map_err(|_| Errno::EINVAL)? % PLACES;
        let object = self.0.lock().places.get(place).cloned().flatten();
        object.filter(|object| object.id == id).ok_or(Errno::EINVAL)
    }

    /// The object in that place of the table (SEM_STAT, MSG_STAT).
    pub(crate) fn at(&self, place: i32) -> Result<Arc<Object<T>>> {
        let place = usize::try_from(place).map_err(|_| Errno::EINVAL)?;
        self.0.lock().places.get(place).cloned().flatten().ok_or(Errno::EINVAL)
    }

    /// Takes an object away; those who wait for it learn that.
    pub(crate) fn remove(&self, object: &Arc<Object<T>>) {
        let place = usize::try_from(object.id).unwrap_or(0) % PLACES;
        let mut table = self.0.lock();
        if let Some(slot) = table.places.get_mut(place)
            && slot.as_ref().is_some_and(|known| Arc::ptr_eq(known, object))
        {
            *slot = None;
        }
        drop(table);
        object.watchers.notice();
    }

    /// All of them as data, by place, and how many there ever were.
    pub(crate) fn save(&self) -> SavedObjects<T>
    where
        T: Clone,
    {
        let table = self.0.lock();
        let object = |object: &Option<Arc<Object<T>>>| object.as_ref().map(|it| (it.id, it.state.lock().clone()));
        SavedObjects { places: table.places.iter().map(object).collect(), made: table.made }
    }

    /// Puts in what there was.
    pub(crate) fn restore(&self, saved: SavedObjects<T>) {
        let object = |(id, state)| Arc::new(Object { id, state: Mutex::new(state), watchers: Watchers::default() });
        let places: Vec<_> = saved.places.into_iter().map(|place| place.map(object)).collect();
        *self.0.lock() = Table { places, made: saved.made };
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<Object<T>>> {
        self.0.lock().places.iter().flatten().cloned().collect()
    }

    /// The last place that is taken, or 0.
    pub(crate) fn last_place(&self) -> u32 {
        let last = self.0.lock().places.iter().rposition(Option::is_some);
        u32::try_from(last.unwrap_or(0)).unwrap_or(0)
    }
}
