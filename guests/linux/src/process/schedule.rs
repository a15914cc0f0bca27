//! [`Schedule`]: how a thread wants to be scheduled (sched(7)). It is remembered, and nobody goes by it: threads take turns.

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// SCHED_FIFO and SCHED_RR.
const REALTIME: [u32; 2] = [1, 2];

/// What a thread asked for.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Schedule {
    /// How little it cares for the processor, from -20 to 19 (getpriority(2)).
    pub(crate) nice: i32,
    /// SCHED_*.
    pub(crate) policy: u32,
    /// From 1 to 99 for policies that have one, and else 0.
    pub(crate) priority: i32,
    /// SCHED_RESET_ON_FORK.
    pub(crate) resets: bool,
    /// Processors that it may run on, as bits of words; empty for all.
    pub(crate) affinity: Vec<u32>,
}

impl Schedule {
    /// Whether a policy has priorities.
    pub(crate) fn is_realtime(policy: u32) -> bool {
        REALTIME.contains(&policy)
    }

    /// That of a thread which one with this makes.
    pub(crate) fn inherited(&self) -> Schedule {
        let affinity = self.affinity.clone();
        if !self.resets {
            return Schedule { affinity, ..*self };
        }
        let policy = if Schedule::is_realtime(self.policy) { 0 } else { self.policy };
        Schedule { policy, nice: self.nice.max(0), affinity, ..Schedule::default() }
    }
}
