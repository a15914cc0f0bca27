//! [`Futexes`]: who waits for which word of memory (futex(2)).

use crate::mm::Memory;
use abi::Addr;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use spin::Mutex;
use vfs::{Errno, Result};

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

/// What a thread waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum For {
    /// To be woken for any of these bits (FUTEX_WAIT_BITSET).
    Bits(u32),
    /// A lock that is handed over (FUTEX_LOCK_PI).
    Lock,
    /// To wait for such a lock, or to have it, at that word (FUTEX_WAIT_REQUEUE_PI).
    Requeue(Key),
}

/// A thread that waits.
struct Waiter {
    tid: u32,
    what: For,
    /// Which of the words that it waits for this is (futex_waitv(2)).
    index: u32,
}

/// All that wait.
#[derive(Default)]
pub(crate) struct Futexes {
    waiting: BTreeMap<Key, VecDeque<Waiter>>,
    /// Where each thread waits, which may have changed since it began to (FUTEX_REQUEUE).
    keys: BTreeMap<u32, Key>,
    /// Where else those wait that wait for several words.
    others: BTreeMap<u32, Vec<Key>>,
    /// Those that were woken and have not looked yet, and by which of their words.
    woken: BTreeMap<u32, u32>,
}

impl Futexes {
    /// Has a thread wait.
    pub(crate) fn wait(&mut self, key: Key, tid: u32, what: For) {
        self.waiting.entry(key).or_default().push_back(Waiter { tid, what, index: 0 });
        self.keys.insert(tid, key);
    }

    /// Has a thread wait for another word, too, which is the one of that index.
    pub(crate) fn wait_also(&mut self, key: Key, tid: u32, index: u32) {
        self.waiting.entry(key).or_default().push_back(Waiter { tid, what: For::Bits(u32::MAX), index });
        self.others.entry(tid).or_default().push(key);
    }

    /// Whether a thread was woken since it began to wait, and by which of its words.
    pub(crate) fn take_woken(&mut self, tid: u32) -> Option<u32> {
        self.woken.remove(&tid)
    }

    /// Whether a thread waits for a lock by now (FUTEX_CMP_REQUEUE_PI).
    pub(crate) fn waits_for_lock(&self, tid: u32) -> bool {
        let queue = self.keys.get(&tid).and_then(|key| self.waiting.get(key));
        queue.is_some_and(|queue| queue.iter().any(|waiter| waiter.tid == tid && waiter.what == For::Lock))
    }

    /// Takes a thread out of a queue.
    fn leave(&mut self, key: Key, tid: u32) {
        if let Some(queue) = self.waiting.get_mut(&key) {
            queue.retain(|waiter| waiter.tid != tid);
            if queue.is_empty() {
                self.waiting.remove(&key);
            }
        }
    }

    /// A thread waits no more, for whatever reason.
    pub(crate) fn forget(&mut self, tid: u32) {
        self.woken.remove(&tid);
        let keys = self.keys.remove(&tid).into_iter().chain(self.others.remove(&tid).into_iter().flatten());
        keys.for_each(|key| self.leave(key, tid));
    }

    /// Whether the first that waits for a word waits to be given a lock with [`Futexes::requeue_lock`], and for nothing else.
    pub(crate) fn needs_lock(&self, key: Key) -> bool {
        let first = self.waiting.get(&key).and_then(VecDeque::front);
        first.is_some_and(|first| !matches!(first.what, For::Bits(_)))
    }

    /// Wakes up to `most` of those that wait for any of `bits`; tells `wake` of each.
    pub(crate) fn wake(&mut self, key: Key, most: u32, bits: u32, mut wake: impl FnMut(u32)) -> u32 {
        let mut count = 0;
        let Some(queue) = self.waiting.get_mut(&key) else { return 0 };
        let mut index = 0;
        while count < most && index < queue.len() {
            if !matches!(queue[index].what, For::Bits(own) if own & bits != 0) {
                index += 1;
                continue;
            }
            if let Some(waiter) = queue.remove(index) {
                if self.others.is_empty() || !self.others.contains_key(&waiter.tid) {
                    self.keys.remove(&waiter.tid);
                }
                self.woken.insert(waiter.tid, waiter.index);
                wake(waiter.tid);
            }
            count += 1;
        }
        if queue.is_empty() {
            self.waiting.remove(&key);
        }
        if !self.others.is_empty() {
            self.leave_others();
        }
        count
    }

    /// Those that were woken by one of several words wait for none of the others.
    fn leave_others(&mut self) {
        let woken: Vec<u32> = self.others.keys().copied().filter(|tid| self.woken.contains_key(tid)).collect();
        for tid in woken {
            let keys = self.keys.remove(&tid).into_iter().chain(self.others.remove(&tid).into_iter().flatten());
            keys.for_each(|key| self.leave(key, tid));
        }
    }

    /// Gives a lock to the first that waits for it ([`For::Lock`]): who that is, and whether others are left.
    pub(crate) fn hand_over(&mut self, key: Key) -> Option<(u32, bool)> {
        let queue = self.waiting.get_mut(&key)?;
        let first = queue.iter().position(|waiter| waiter.what == For::Lock)?;
        let Waiter { tid, .. } = queue.remove(first)?;
        let is_more = queue.iter().any(|waiter| waiter.what == For::Lock);
        if queue.is_empty() {
            self.waiting.remove(&key);
        }
        self.keys.remove(&tid);
        self.woken.insert(tid, 0);
        Some((tid, is_more))
    }

    /// The first of those that wait for a word to be given the lock at another; none if nobody waits, EINVAL if it waits for
    /// something else.
    pub(crate) fn first_to_lock(&self, from: Key, to: Key) -> Result<Option<u32>> {
        match self.waiting.get(&from).and_then(VecDeque::front) {
            None => Ok(None),
            Some(first) if first.what == For::Requeue(to) => Ok(Some(first.tid)),
            Some(_) => Err(Errno::EINVAL),
        }
    }

    /// The first that waits for a word has the lock that it waits to be given.
    pub(crate) fn give_lock(&mut self, from: Key) {
        let first = self.waiting.get_mut(&from).and_then(VecDeque::pop_front);
        if let Some(Waiter { tid, .. }) = first {
            self.keys.remove(&tid);
            self.woken.insert(tid, 0);
            self.leave(from, tid);
        }
    }

    /// Has up to `most` of those that wait for a word wait for the lock at another: how many. EINVAL at the first that waits for
    /// something else.
    pub(crate) fn requeue_lock(&mut self, from: Key, to: Key, most: u32) -> Result<u32> {
        let mut count = 0;
        while count < most {
            if self.first_to_lock(from, to)?.is_none() {
                break;
            }
            let first = self.waiting.get_mut(&from).and_then(VecDeque::pop_front);
            if let Some(Waiter { tid, .. }) = first {
                self.wait(to, tid, For::Lock);
            }
            count += 1;
            if self.waiting.get(&from).is_some_and(VecDeque::is_empty) {
                self.waiting.remove(&from);
            }
        }
        Ok(count)
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
        for waiter in &moved {
            // Of several words it may be any.
            let others = self.others.get_mut(&waiter.tid).into_iter().flatten();
            let own = self.keys.get_mut(&waiter.tid).into_iter().chain(others).find(|key| **key == from);
            own.into_iter().for_each(|key| *key = to);
        }
        self.waiting.entry(to).or_default().extend(moved);
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

/// What a snapshot keeps.
impl Futexes {
    /// All that wait: for which word, who, for what, and as which of several; those for one word in their order.
    pub(crate) fn waiters(&self) -> impl Iterator<Item = (Key, u32, For, u32)> {
        let of = |(key, queue): (&Key, &VecDeque<Waiter>)| {
            let key = *key;
            queue.iter().map(move |waiter| (key, waiter.tid, waiter.what, waiter.index)).collect::<Vec<_>>()
        };
        self.waiting.iter().flat_map(of)
    }

    /// Those that were woken and have not looked yet.
    pub(crate) fn woken(&self) -> Vec<(u32, u32)> {
        self.woken.iter().map(|(tid, index)| (*tid, *index)).collect()
    }

    /// Some were woken before.
    pub(crate) fn set_woken(&mut self, woken: Vec<(u32, u32)>) {
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
        (1..=4).for_each(|tid| futexes.wait(one, tid, For::Bits(if tid == 2 { 2 } else { u32::MAX })));
        let mut woken = Vec::new();
        assert_eq!(futexes.wake(one, 1, 1, |tid| woken.push(tid)), 1);
        assert_eq!(futexes.wake(one, 1, 1, |tid| woken.push(tid)), 1);
        assert_eq!(woken, [1, 3]);
        assert_eq!([1, 1, 2].map(|tid| futexes.take_woken(tid)), [Some(0), None, None]);
        assert_eq!(futexes.requeue(one, other, 1), 1);
        futexes.forget(4);
        assert_eq!(futexes.wake(one, 9, u32::MAX, |_| ()), 0);
        assert_eq!(futexes.wake(other, 9, u32::MAX, |tid| woken.push(tid)), 1);
        assert_eq!(woken, [1, 3, 2]);
        [5, 6].into_iter().for_each(|tid| futexes.wait(one, tid, For::Lock));
        assert_eq!(futexes.wake(one, 9, u32::MAX, |_| ()), 0);
        assert_eq!([1, 2, 3].map(|_| futexes.hand_over(one)), [Some((5, true)), Some((6, false)), None]);
    }

    #[test]
    fn one_of_several_words_is_enough() {
        let [one, other] = [1, 2].map(|at| Key::Private(1, at));
        let mut futexes = Futexes::default();
        futexes.wait(one, 7, For::Bits(u32::MAX));
        futexes.wait_also(other, 7, 1);
        assert_eq!(futexes.wake(other, 1, u32::MAX, |_| ()), 1);
        assert_eq!((futexes.wake(one, 1, u32::MAX, |_| ()), futexes.take_woken(7)), (0, Some(1)));
        assert!(futexes.waiting.is_empty() && futexes.keys.is_empty() && futexes.others.is_empty());
    }

    #[test]
    fn who_waits_for_a_lock_is_moved_to_it() {
        let [one, lock, other] = [1, 2, 3].map(|at| Key::Private(1, at));
        let mut futexes = Futexes::default();
        (1..=3).for_each(|tid| futexes.wait(one, tid, For::Requeue(lock)));
        assert_eq!(futexes.first_to_lock(one, other), Err(Errno::EINVAL));
        assert_eq!(futexes.first_to_lock(one, lock), Ok(Some(1)));
        futexes.give_lock(one);
        assert_eq!((futexes.take_woken(1), futexes.requeue_lock(one, lock, 9)), (Some(0), Ok(2)));
        assert!(futexes.waits_for_lock(2) && futexes.first_to_lock(one, lock) == Ok(None));
        assert_eq!(futexes.hand_over(lock), Some((2, true)));
    }
}
