//! [`Futexes`]: who waits for which word of memory (futex(2)).

use crate::mm::Memory;
use abi::Addr;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::Mutex;

/// A word of memory, whoever asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Key {
    /// In an address space: an identity of that, and the address.
    Private(usize, u32),
    /// In pages that processes share: device and inode, and the offset.
    Shared((u64, u64), u64),
}

impl Key {
    /// A word of a process's memory.
    pub(crate) fn of(shared: &Arc<Mutex<Memory>>, at: Addr) -> Key {
        let memory = shared.lock();
        if let Some((start, area)) = memory.areas.at(at).filter(|(_, area)| area.is_shared)
            && let Some((identity, offset)) = area.shared_identity(at.0 - start.0)
        {
            return Key::Shared(identity, offset);
        }
        Key::Private(Arc::as_ptr(shared).addr(), at.0)
    }

    /// Where in a process's memory the word is, if it is there.
    pub(crate) fn address_in(self, shared: &Arc<Mutex<Memory>>) -> Option<Addr> {
        match self {
            Key::Private(memory, at) => (memory == Arc::as_ptr(shared).addr()).then_some(Addr(at)),
            Key::Shared(wanted, offset) => shared.lock().areas.iter().find_map(|(start, area)| {
                let (identity, from) = area.shared_identity(0).filter(|_| area.is_shared)?;
                let within = u32::try_from(offset.checked_sub(from)?).ok()?;
                let at = start.0.checked_add(within).filter(|at| *at < area.end.0)?;
                (identity == wanted).then_some(Addr(at))
            }),
        }
    }
}

/// A thread that waits.
struct Waiter {
    tid: u32,
    /// What it may be woken for (FUTEX_WAIT_BITSET); nothing, if it waits for a lock that is handed over (FUTEX_LOCK_PI).
    bits: u32,
}

/// All that wait.
#[derive(Default)]
pub(crate) struct Futexes {
    waiting: BTreeMap<Key, VecDeque<Waiter>>,
    /// Where each thread waits, which may have changed since it began to (FUTEX_REQUEUE).
    keys: BTreeMap<u32, Key>,
    /// Those that were woken and have not looked yet.
    woken: BTreeSet<u32>,
}

impl Futexes {
    /// Has a thread wait.
    pub(crate) fn wait(&mut self, key: Key, tid: u32, bits: u32) {
        self.waiting.entry(key).or_default().push_back(Waiter { tid, bits });
        self.keys.insert(tid, key);
    }

    /// Whether a thread was woken since it began to wait.
    pub(crate) fn take_woken(&mut self, tid: u32) -> bool {
        self.woken.remove(&tid)
    }

    /// A thread waits no more, for whatever reason.
    pub(crate) fn forget(&mut self, tid: u32) {
        self.woken.remove(&tid);
        if let Some(key) = self.keys.remove(&tid)
            && let Some(queue) = self.waiting.get_mut(&key)
        {
            queue.retain(|waiter| waiter.tid != tid);
            if queue.is_empty() {
                self.waiting.remove(&key);
            }
        }
    }

    /// Wakes up to `most` of those that wait for any of `bits`; tells `wake` of each.
    pub(crate) fn wake(&mut self, key: Key, most: u32, bits: u32, mut wake: impl FnMut(u32)) -> u32 {
        let mut count = 0;
        let Some(queue) = self.waiting.get_mut(&key) else { return 0 };
        let mut index = 0;
        while count < most && index < queue.len() {
            if queue[index].bits & bits == 0 {
                index += 1;
                continue;
            }
            if let Some(waiter) = queue.remove(index) {
                self.keys.remove(&waiter.tid);
                self.woken.insert(waiter.tid);
                wake(waiter.tid);
            }
            count += 1;
        }
        if queue.is_empty() {
            self.waiting.remove(&key);
        }
        count
    }

    /// Gives a lock to the first that waits for it ([`Futexes::wait`] with no bits): who that is, and whether others are left.
    pub(crate) fn hand_over(&mut self, key: Key) -> Option<(u32, bool)> {
        let queue = self.waiting.get_mut(&key)?;
        let first = queue.iter().position(|waiter| waiter.bits == 0)?;
        let Waiter { tid, .. } = queue.remove(first)?;
        let is_more = queue.iter().any(|waiter| waiter.bits == 0);
        if queue.is_empty() {
            self.waiting.remove(&key);
        }
        self.keys.remove(&tid);
        self.woken.insert(tid);
        Some((tid, is_more))
    }

    /// Has up to `most` of those that wait for one word wait for another.
    pub(crate) fn requeue(&mut self, from: Key, to: Key, most: u32) -> u32 {
        if from == to {
            return 0;
        }
        let Some(queue) = self.waiting.get_mut(&from) else { return 0 };
        let count = queue.len().min(most as usize);
        let moved: VecDeque<Waiter> = queue.drain(..count).collect();
        if queue.is_empty() {
            self.waiting.remove(&from);
        }
        moved.iter().for_each(|waiter| _ = self.keys.insert(waiter.tid, to));
        self.waiting.entry(to).or_default().extend(moved);
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

/// What a snapshot keeps.
impl Futexes {
    /// All that wait: for which word, who, and what they may be woken for; those for one word in their order.
    pub(crate) fn waiters(&self) -> impl Iterator<Item = (Key, u32, u32)> {
        let of = |(key, queue): (&Key, &VecDeque<Waiter>)| {
            let key = *key;
            queue.iter().map(move |waiter| (key, waiter.tid, waiter.bits)).collect::<Vec<_>>()
        };
        self.waiting.iter().flat_map(of)
    }

    /// Those that were woken and have not looked yet.
    pub(crate) fn woken(&self) -> Vec<u32> {
        self.woken.iter().copied().collect()
    }

    /// Some were woken before.
    pub(crate) fn set_woken(&mut self, woken: Vec<u32>) {
        self.woken.extend(woken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_wait_is_the_first_to_wake() {
        let (one, other) = (Key::Private(1, 0x1000), Key::Shared((1, 2), 8));
        let mut futexes = Futexes::default();
        (1..=4).for_each(|tid| futexes.wait(one, tid, if tid == 2 { 2 } else { u32::MAX }));
        let mut woken = Vec::new();
        assert_eq!(futexes.wake(one, 1, 1, |tid| woken.push(tid)), 1);
        assert_eq!(futexes.wake(one, 1, 1, |tid| woken.push(tid)), 1);
        assert_eq!(woken, [1, 3]);
        assert!(futexes.take_woken(1) && !futexes.take_woken(1) && !futexes.take_woken(2));
        assert_eq!(futexes.requeue(one, other, 1), 1);
        futexes.forget(4);
        assert_eq!(futexes.wake(one, 9, u32::MAX, |_| ()), 0);
        assert_eq!(futexes.wake(other, 9, u32::MAX, |tid| woken.push(tid)), 1);
        assert_eq!(woken, [1, 3, 2]);
        [5, 6].into_iter().for_each(|tid| futexes.wait(one, tid, 0));
        assert_eq!(futexes.wake(one, 9, u32::MAX, |_| ()), 0);
        assert_eq!([1, 2, 3].map(|_| futexes.hand_over(one)), [Some((5, true)), Some((6, false)), None]);
    }
}
