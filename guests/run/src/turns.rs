//! [`Turns`]: threads that could run, in the order of their turns.
//!
//! A thread's turn is due at a time of its own, which goes on while it runs: the one that ran least is the next. Whoever waited
//! comes before those that compute, but not so far that it would keep them from running.

use crate::team::Resting;
use alloc::collections::BTreeMap;

/// How far ahead of those that run a thread comes that waited: half of what others may use in a row.
pub(crate) const BONUS_NS: u64 = 2_000_000;
/// How much later than that of one that was woken the turn of another one must be due by now to give way to it: it ran for a
/// while, or each wake would cost a change of threads.
pub(crate) const AHEAD_NS: u64 = 3_000_000;
/// What a turn costs at least: clocks may be coarse.
pub(crate) const TURN_NS_MIN: u64 = 1_000;

/// Threads that could run, by when their turns are due, and of equal ones by who came first.
#[derive(Default)]
pub(crate) struct Turns {
    threads: BTreeMap<(u64, u64), Resting>,
    count: u64,
}

/// The place of a thread among them.
pub(crate) type Place = (u64, u64);

impl Turns {
    pub(crate) fn add(&mut self, resting: Resting) {
        self.count += 1;
        self.threads.insert((resting.due, self.count), resting);
    }

    /// The first that `may_run`: its place.
    pub(crate) fn first(&self, may_run: impl Fn(&Resting) -> bool) -> Option<Place> {
        self.threads.iter().find(|(_, resting)| may_run(resting)).map(|(place, _)| *place)
    }

    pub(crate) fn get(&self, place: Place) -> Option<&Resting> {
        self.threads.get(&place)
    }

    pub(crate) fn remove(&mut self, place: Place) -> Option<Resting> {
        self.threads.remove(&place)
    }

    /// When the last one's turn is due.
    pub(crate) fn last_due(&self) -> Option<u64> {
        self.threads.last_key_value().map(|((due, _), _)| *due)
    }

    /// Nobody's turn is due earlier.
    pub(crate) fn put_off(&mut self, least: u64) {
        for (_, resting) in core::mem::take(&mut self.threads) {
            self.add(Resting { due: resting.due.max(least), ..resting });
        }
    }

    /// It is a thread's turn before all others'.
    pub(crate) fn put_first(&mut self, tid: u32) {
        if let Some(place) = self.first(|resting| resting.thread.tid() == tid)
            && let Some(resting) = self.remove(place)
        {
            self.threads.insert((0, 0), Resting { due: 0, ..resting });
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.threads.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Resting> {
        self.threads.values()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Resting> {
        self.threads.values_mut()
    }

    /// Takes those that `is_meant` says.
    pub(crate) fn extract(&mut self, is_meant: impl Fn(&Resting) -> bool) -> impl Iterator<Item = Resting> {
        self.threads.extract_if(.., move |_, resting| is_meant(resting)).map(|(_, resting)| resting)
    }
}
