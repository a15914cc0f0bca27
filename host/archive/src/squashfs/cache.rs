//! What was read last: [`Cache`].

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by where they came from. The oldest go first.
pub(super) struct Cache<T> {
    values: HashMap<u64, (T, usize)>,
    order: VecDeque<u64>,
    weight: usize,
    weight_max: usize,
}

impl<T: Clone> Cache<T> {
    pub(super) fn new(weight_max: usize) -> Cache<T> {
        Cache { values: HashMap::new(), order: VecDeque::new(), weight: 0, weight_max }
    }

    pub(super) fn get(&self, at: u64) -> Option<T> {
        self.values.get(&at).map(|(value, _)| value.clone())
    }

    /// Keeps a value, unless it is there already or heavier than all may be together.
    pub(super) fn put(&mut self, at: u64, value: T, weight: usize) {
        // What is empty takes some room, too.
        let weight = weight + 64;
        if weight > self.weight_max || self.values.contains_key(&at) {
            return;
        }
        while self.weight + weight > self.weight_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.weight -= self.values.remove(&oldest).map_or(0, |(_, weight)| weight);
        }
        self.values.insert(at, (value, weight));
        self.order.push_back(at);
        self.weight += weight;
    }
}

/// Nobody panics while holding one; if somebody should, what is in it is still right.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
