//! [`Population`]: how much code a run has in memory, and which store has to give its own up when that is too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Modules in a store before all are thrown away: each has some kilobytes of variables, beside its code.
const MODULES_MAX: u32 = 40_000;
/// Bytes of machine code that lies together from which on those with most modules give theirs up. With all that belongs to it,
/// code takes nearly twice as much memory.
const CODE_BYTES_MAX: usize = 384 << 20;

/// The stores of a run, their modules, and the code of these.
#[derive(Default)]
pub(crate) struct Population {
    stores: AtomicU32,
    modules: AtomicU32,
    code_bytes: AtomicUsize,
    lacks_room: AtomicBool,
}

/// One store's part in it.
pub(crate) struct Inhabitant {
    all: Arc<Population>,
    modules: u32,
}

impl Population {
    /// There is so much more code.
    pub(crate) fn publish(&self, bytes: usize) {
        self.code_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// There is so much less.
    pub(crate) fn unpublish(&self, bytes: usize) {
        self.code_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// There is no room left for code, or there is some again.
    pub(crate) fn set_lacks_room(&self, lacks_room: bool) {
        self.lacks_room.store(lacks_room, Ordering::Relaxed);
    }

    /// Whether there is too much.
    pub(crate) fn is_crowded(&self) -> bool {
        self.code_bytes.load(Ordering::Relaxed) >= CODE_BYTES_MAX || self.lacks_room.load(Ordering::Relaxed)
    }
}

impl Inhabitant {
    /// One more store, still empty.
    pub(crate) fn new(all: &Arc<Population>) -> Inhabitant {
        all.stores.fetch_add(1, Ordering::Relaxed);
        Inhabitant { all: all.clone(), modules: 0 }
    }

    /// One more module.
    pub(crate) fn add(&mut self) {
        self.modules += 1;
        self.all.modules.fetch_add(1, Ordering::Relaxed);
    }

    /// The store's modules.
    pub(crate) fn modules(&self) -> u32 {
        self.modules
    }

    /// Whether it has too many, or, as there is too much code, no fewer than stores have on average.
    pub(crate) fn is_too_big(&self) -> bool {
        let (stores, modules) = (self.all.stores.load(Ordering::Relaxed), self.all.modules.load(Ordering::Relaxed));
        let is_average = u64::from(self.modules) * u64::from(stores) >= u64::from(modules);
        self.modules >= MODULES_MAX || self.all.is_crowded() && is_average
    }
}

impl Drop for Inhabitant {
    fn drop(&mut self) {
        self.all.stores.fetch_sub(1, Ordering::Relaxed);
        self.all.modules.fetch_sub(self.modules, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(all: &Arc<Population>, modules: u32) -> Inhabitant {
        let mut one = Inhabitant::new(all);
        (0..modules).for_each(|_| one.add());
        one
    }

    #[test]
    fn who_has_most_gives_way_when_there_is_too_much() {
        let all = Arc::default();
        let (big, small) = (with(&all, 100), with(&all, 10));
        all.publish(CODE_BYTES_MAX);
        assert!(big.is_too_big() && !small.is_too_big());
        all.unpublish(1);
        assert!(!big.is_too_big());
        all.set_lacks_room(true);
        assert!(big.is_too_big() && !small.is_too_big());
        drop(big);
        assert!(small.is_too_big(), "it is the only one");
        let mut more = with(&all, 9);
        assert!(small.is_too_big() && !more.is_too_big());
        more.add();
        assert!(more.is_too_big());
    }

    #[test]
    fn a_store_has_an_end_of_its_own() {
        let all = Arc::default();
        let mut one = with(&all, MODULES_MAX - 1);
        assert!(!one.is_too_big());
        one.add();
        assert!(one.is_too_big());
    }
}
