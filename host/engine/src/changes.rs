//! [`Changes`]: code that changed in an address space, which each CPU that runs on it has to be told of.

use crate::bell::CpuBell;
use abi::Addr;
use run::Bell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

/// What one CPU is told.
#[derive(Default)]
pub(crate) struct Listener {
    /// Address and length in bytes of what changed since it last looked.
    changed: Mutex<Vec<(Addr, u32)>>,
    has_news: AtomicBool,
    /// Whether it runs code just now, which may be old.
    runs: AtomicBool,
    bell: OnceLock<Arc<CpuBell>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Listener {
    /// Whether anything changed that it does not know of.
    pub(crate) fn has_news(&self) -> bool {
        self.has_news.load(Ordering::SeqCst)
    }

    /// What that is.
    pub(crate) fn take(&self) -> Vec<(Addr, u32)> {
        let mut changed = lock(&self.changed);
        self.has_news.store(false, Ordering::SeqCst);
        std::mem::take(&mut changed)
    }

    /// What has its CPU look up.
    pub(crate) fn set_bell(&self, bell: Arc<CpuBell>) {
        // It has one for life.
        let _ = self.bell.set(bell);
    }

    fn tell(&self, at: Addr, bytes: u32) {
        lock(&self.changed).push((at, bytes));
        self.has_news.store(true, Ordering::SeqCst);
    }

    /// Whether it may be running what it does not know to be old.
    fn is_behind(&self) -> bool {
        self.has_news() && self.runs.load(Ordering::SeqCst)
    }
}

/// The CPUs of an address space.
#[derive(Default)]
pub(crate) struct Changes {
    listeners: Mutex<Vec<Arc<Listener>>>,
    count: AtomicUsize,
}

impl Changes {
    /// One more CPU is told from now on.
    pub(crate) fn listen(&self) -> Arc<Listener> {
        let listener = Arc::new(Listener::default());
        let mut all = lock(&self.listeners);
        all.push(listener.clone());
        self.count.store(all.len(), Ordering::SeqCst);
        listener
    }

    /// That one is gone.
    pub(crate) fn leave(&self, gone: &Arc<Listener>) {
        let mut all = lock(&self.listeners);
        all.retain(|listener| !Arc::ptr_eq(listener, gone));
        self.count.store(all.len(), Ordering::SeqCst);
    }

    /// Whether more than one CPU listens: all others then were made by one that does not run code meanwhile.
    fn is_shared(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 1
    }

    /// Some code changed, or may have.
    pub(crate) fn tell(&self, at: Addr, bytes: u32) {
        lock(&self.listeners).iter().for_each(|listener| listener.tell(at, bytes));
    }

    /// A CPU runs code from now on, or not any more. When it begins it is to look for news afterwards.
    pub(crate) fn set_running(&self, listener: &Listener, runs: bool) {
        if self.is_shared() {
            listener.runs.store(runs, Ordering::SeqCst);
        }
    }

    /// Returns when no other CPU runs what has changed by now. `listener`, whose CPU asks, does not run code.
    pub(crate) fn settle(&self, listener: &Arc<Listener>) {
        if !self.is_shared() {
            return;
        }
        let others = lock(&self.listeners).clone();
        for other in others.iter().filter(|other| !Arc::ptr_eq(other, listener)) {
            if other.is_behind() {
                other.bell.get().into_iter().for_each(|bell| bell.ring());
                while other.is_behind() {
                    thread::yield_now();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_change_is_settled_when_nobody_runs_old_code() {
        let changes = Changes::default();
        let (own, other) = (changes.listen(), changes.listen());
        changes.tell(Addr(0x1000), 8);
        assert_eq!(own.take(), [(Addr(0x1000), 8)]);
        // Who does not run looks before it does.
        changes.settle(&own);
        assert!(other.has_news());
        changes.set_running(&other, true);
        let is_settled = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                changes.settle(&own);
                is_settled.store(true, Ordering::SeqCst);
            });
            thread::sleep(Duration::from_millis(20));
            assert!(!is_settled.load(Ordering::SeqCst));
            changes.set_running(&other, false);
        });
        assert_eq!(other.take().len(), 1);
        changes.leave(&other);
        changes.tell(Addr(0), 4);
        assert!(own.has_news() && !other.has_news());
    }
}
