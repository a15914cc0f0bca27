//! [`Alarm`]: what timerfd_create(2) makes. Reads take the number of times that it was due.

use crate::timer::TimerClock;
use crate::world::Clocks;
use abi::Endian;
use alloc::sync::Arc;
use serde::{Deserialize, Serialize};
use spin::Mutex;
use vfs::node::{At, Edges, File, Ready};
use vfs::{Errno, Result, Watcher, Watchers};

/// A timer that is a file.
pub(crate) struct Alarm {
    clock: TimerClock,
    clocks: Arc<dyn Clocks>,
    state: Mutex<State>,
    endian: Endian,
    watchers: Watchers,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct State {
    /// On its clock; `None` if it is not set, or was due and has no period.
    due_ns: Option<u64>,
    /// 0: once.
    period_ns: u64,
    /// Times it was due since it was read or set.
    count: u64,
    /// How often it was read or set.
    rounds: u64,
}

impl State {
    /// Counts what was due by `now`.
    fn advance(&mut self, now: u64) {
        let Some(due) = self.due_ns.filter(|due| *due <= now) else { return };
        let more = (now - due).checked_div(self.period_ns);
        self.count = self.count.saturating_add(more.unwrap_or(0) + 1);
        self.due_ns = more.map(|more| due.saturating_add((more + 1).saturating_mul(self.period_ns)));
    }

    /// Time left and period; 0 left if it is not set.
    fn left_ns(&self, now: u64) -> (u64, u64) {
        (self.due_ns.map_or(0, |due| due.saturating_sub(now).max(1)), self.period_ns)
    }
}

impl Alarm {
    pub(crate) fn new(clock: TimerClock, clocks: Arc<dyn Clocks>, endian: Endian) -> Alarm {
        Alarm { clock, clocks, state: Mutex::default(), endian, watchers: Watchers::default() }
    }

    fn now_ns(&self) -> u64 {
        self.clock.now_ns(&*self.clocks)
    }

    /// Time left and period.
    pub(crate) fn left_ns(&self) -> (u64, u64) {
        let (now, mut state) = (self.now_ns(), self.state.lock());
        state.advance(now);
        state.left_ns(now)
    }

    /// Sets it `value_ns` from now, or to that time of its clock; 0 stops it. Gives time left and period of before.
    pub(crate) fn set(&self, value_ns: u64, period_ns: u64, is_absolute: bool) -> (u64, u64) {
        let (now, mut state) = (self.now_ns(), self.state.lock());
        state.advance(now);
        let before = state.left_ns(now);
        let due = if is_absolute { value_ns } else { now.saturating_add(value_ns) };
        let rounds = state.rounds + 1;
        *state = State { due_ns: (value_ns > 0).then_some(due), period_ns, count: 0, rounds };
        drop(state);
        self.watchers.notice();
        before
    }
}

/// A timer that is a file, as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedAlarm {
    clock: TimerClock,
    state: State,
    endian: Endian,
}

impl Alarm {
    /// As data.
    pub(crate) fn save(&self) -> SavedAlarm {
        SavedAlarm { clock: self.clock, state: self.state.lock().clone(), endian: self.endian }
    }
}

impl SavedAlarm {
    /// The timer, on those clocks.
    pub(crate) fn restore(self, clocks: Arc<dyn Clocks>) -> Alarm {
        let SavedAlarm { clock, state, endian } = self;
        Alarm { clock, clocks, state: Mutex::new(state), endian, watchers: Watchers::default() }
    }
}

impl File for Alarm {
    fn read(&self, _at: At, into: &mut [u8]) -> Result<usize> {
        let Some(into) = into.first_chunk_mut::<8>() else { return Err(Errno::EINVAL) };
        let (now, mut state) = (self.now_ns(), self.state.lock());
        state.advance(now);
        if state.count == 0 {
            return Err(Errno::EAGAIN);
        }
        *into = self.endian.bytes64(state.count);
        (state.count, state.rounds) = (0, state.rounds + 1);
        Ok(into.len())
    }

    fn write(&self, _at: At, _from: &[u8]) -> Result<usize> {
        Err(Errno::EINVAL)
    }

    fn is_seekable(&self) -> bool {
        false
    }

    fn ready(&self) -> Ready {
        let (now, mut state) = (self.now_ns(), self.state.lock());
        state.advance(now);
        Ready { readable: state.count > 0, ..Ready::default() }
    }

    fn watch(&self, watcher: &Arc<dyn Watcher>) {
        self.watchers.add(watcher);
    }

    fn due_ns(&self) -> Option<u64> {
        let left = self.state.lock().due_ns?.saturating_sub(self.now_ns());
        Some(self.clocks.monotonic_ns().saturating_add(left))
    }

    fn as_any(&self) -> Option<&dyn core::any::Any> {
        Some(self)
    }

    /// A timer is due once, however often, until it is read or set.
    fn edges(&self) -> Option<Edges> {
        let (now, mut state) = (self.now_ns(), self.state.lock());
        state.advance(now);
        Some(Edges { readable: 2 * state.rounds + u64::from(state.count > 0), writable: 0 })
    }
}
