//! [`LinkSlot`]: where a socket's other end is kept, if that is outside.

use super::outside::Link;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use spin::Mutex;

/// The end outside, if there is one: mostly there is not, which costs nothing to find out.
#[derive(Default)]
pub(super) struct LinkSlot {
    is_there: AtomicBool,
    link: Mutex<Option<Arc<dyn Link>>>,
}

impl LinkSlot {
    pub(super) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Acquire)
    }

    pub(super) fn get(&self) -> Option<Arc<dyn Link>> {
        if self.is_there() { self.link.lock().clone() } else { None }
    }

    /// Puts another one there, or none; which one was there.
    pub(super) fn set(&self, link: Option<Arc<dyn Link>>) -> Option<Arc<dyn Link>> {
        let mut place = self.link.lock();
        self.is_there.store(link.is_some(), Ordering::Release);
        core::mem::replace(&mut *place, link)
    }
}
