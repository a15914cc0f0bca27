//! [`Futexes`]: who waits for which word of memory (futex(2)).

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};

/// A word of memory, whoever asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Key {
    /// In an address space: an identity of that, and the address.
    Private(usize, u32),
    /// In pages that processes share: device and inode, and the offset.
    Shared((u64, u64), u64),
}

/// A thread that waits.
struct Waiter {
    tid: u32,
    /// What it may be woken for (FUTEX_WAIT_BITSET).
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

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
    }
}
