//! Who waits for a file: [`Watchers`] are told once when something changed, and then look for themselves.

use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::Mutex;

/// Somebody who waits.
pub trait Watcher: Send + Sync {
    /// What is waited for may have happened.
    fn notice(&self);
    /// Whether it no longer waits for anything: it is forgotten some time.
    fn is_over(&self) -> bool {
        false
    }
}

/// Those who wait for one thing.
#[derive(Default)]
pub struct Watchers(Mutex<Vec<Arc<dyn Watcher>>>);

impl Watchers {
    /// Tells `watcher` of the next change; once, however often it asks.
    pub fn add(&self, watcher: &Arc<dyn Watcher>) {
        let mut watchers = self.0.lock();
        watchers.retain(|known| !known.is_over());
        if !watchers.iter().any(|known| Arc::ptr_eq(known, watcher)) {
            watchers.push(watcher.clone());
        }
    }

    /// Tells all, and forgets them.
    pub fn notice(&self) {
        let watchers = core::mem::take(&mut *self.0.lock());
        watchers.iter().for_each(|watcher| watcher.notice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU32, Ordering};

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Watcher for Count {
        fn notice(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn each_is_told_once() {
        let (watchers, count) = (Watchers::default(), Arc::new(Count::default()));
        let watcher: Arc<dyn Watcher> = count.clone();
        watchers.add(&watcher);
        watchers.add(&watcher);
        watchers.notice();
        watchers.notice();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
