//! [`Turns`]: threads that could run, in the order of their turns.
//!
//! A thread's turn is due at a time of its own, which goes on while it runs: the one that ran least is the next. Whoever waited
//! comes before those that compute, but not so far that it would keep them from running.

use alloc::collections::BTreeMap;

/// How far ahead of those that run a thread comes that waited: half of what others may use in a row.
pub(crate) const BONUS_NS: u64 = 2_000_000;
/// How much later than that of one that was woken the turn of another one must be due by now to give way to it: it ran for a
/// while, or each wake would cost a change of threads.
pub(crate) const AHEAD_NS: u64 = 3_000_000;
/// What a turn costs at least: clocks may be coarse.
pub(crate) const TURN_NS_MIN: u64 = 1_000;

/// Whose turn it will be.
pub(crate) trait Due {
    /// When, in nanoseconds.
    fn due_ns(&self) -> u64;
    /// It is at that time.
    fn set_due_ns(&mut self, due_ns: u64);
}

/// Threads that could run, by when their turns are due, and of equal ones by who came first.
pub(crate) struct Turns<T> {
    threads: BTreeMap<Place, T>,
    count: u64,
}

/// The place of a thread among them.
pub(crate) type Place = (u64, u64);

impl<T> Default for Turns<T> {
    fn default() -> Turns<T> {
        Turns { threads: BTreeMap::new(), count: 0 }
    }
}

impl<T: Due> Turns<T> {
    pub(crate) fn add(&mut self, thread: T) {
        self.count += 1;
        self.threads.insert((thread.due_ns(), self.count), thread);
    }

    /// The first that `may_run`: its place.
    pub(crate) fn first(&self, may_run: impl Fn(&T) -> bool) -> Option<Place> {
        self.threads.iter().find(|(_, thread)| may_run(thread)).map(|(place, _)| *place)
    }

    pub(crate) fn get(&self, place: Place) -> Option<&T> {
        self.threads.get(&place)
    }

    pub(crate) fn remove(&mut self, place: Place) -> Option<T> {
        self.threads.remove(&place)
    }

    /// When the last one's turn is due.
    pub(crate) fn last_due(&self) -> Option<u64> {
        self.threads.last_key_value().map(|((due, _), _)| *due)
    }

    /// Nobody's turn is due earlier.
    pub(crate) fn put_off(&mut self, least_ns: u64) {
        for (_, mut thread) in core::mem::take(&mut self.threads) {
            thread.set_due_ns(thread.due_ns().max(least_ns));
            self.add(thread);
        }
    }

    /// It is the turn of the one that `is_meant` before all others'.
    pub(crate) fn put_first(&mut self, is_meant: impl Fn(&T) -> bool) {
        if let Some(place) = self.first(is_meant)
            && let Some(mut thread) = self.remove(place)
        {
            thread.set_due_ns(0);
            self.threads.insert((0, 0), thread);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.threads.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.threads.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.threads.values_mut()
    }

    /// Takes those that `is_meant` says.
    pub(crate) fn extract(&mut self, is_meant: impl Fn(&T) -> bool) -> impl Iterator<Item = T> {
        self.threads.extract_if(.., move |_, thread| is_meant(thread)).map(|(_, thread)| thread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// A name, and when its turn is due.
    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Named(char, u64);

    impl Due for Named {
        fn due_ns(&self) -> u64 {
            self.1
        }
        fn set_due_ns(&mut self, due_ns: u64) {
            self.1 = due_ns;
        }
    }

    fn turns(all: &[Named]) -> Turns<Named> {
        let mut turns = Turns::default();
        all.iter().for_each(|named| turns.add(*named));
        turns
    }

    fn order(turns: &Turns<Named>) -> Vec<char> {
        turns.iter().map(|named| named.0).collect()
    }

    #[test]
    fn the_least_is_next_and_of_equals_the_first() {
        let mut turns = turns(&[Named('a', 5), Named('b', 3), Named('c', 5), Named('d', 3)]);
        assert_eq!((order(&turns), turns.last_due()), (['b', 'd', 'a', 'c'].into(), Some(5)));
        let next = turns.first(|named| named.0 != 'b').and_then(|place| turns.remove(place));
        assert_eq!(next, Some(Named('d', 3)));
        // Who ran comes behind those with as much.
        turns.add(Named('d', 5));
        assert_eq!(order(&turns), ['b', 'a', 'c', 'd']);
    }

    #[test]
    fn nobody_is_far_ahead_and_one_may_be_first() {
        let mut turns = turns(&[Named('a', 1), Named('b', 9), Named('c', 2)]);
        turns.put_off(4);
        assert_eq!(order(&turns), ['a', 'c', 'b']);
        assert_eq!(turns.first(|_| true).map(|(due, _)| due), Some(4));
        turns.put_first(|named| named.0 == 'b');
        assert_eq!(order(&turns), ['b', 'a', 'c']);
        assert_eq!(turns.extract(|named| named.1 == 4).count(), 2);
        assert_eq!((order(&turns), turns.len()), (['b'].into(), 1));
    }
}
