//! [`Debugger`]: who may stop a process, look at it and change it; plain data says what it wants. How it talks to a human, or to
//! gdb, is the host's.
//!
//! Threads of a process take turns, so if one stops, all do. It is the world's first process; children of its run free.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::ops::Range;
use linux::{ExitStatus, Signal};
use mips::State;
use vfs::NodeRef;

/// Which accesses a watchpoint means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Watch {
    /// Loads.
    Read,
    /// Stores.
    Write,
    /// Both.
    Access,
}

/// Memory that a debugger wants to see accessed: it is told before that happens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Watchpoint {
    /// The first address.
    pub at: u32,
    /// How many bytes.
    pub bytes: u32,
    /// Which accesses.
    pub kind: Watch,
}

impl Watchpoint {
    /// The first address in it that an access of so many bytes at `at` touches, if it means that.
    pub(crate) fn meets(&self, at: u32, bytes: u32, is_store: bool) -> Option<u32> {
        let is_meant = match self.kind {
            Watch::Read => !is_store,
            Watch::Write => is_store,
            Watch::Access => true,
        };
        let ends = |at: u32, bytes: u32| u64::from(at) + u64::from(bytes);
        let overlaps = u64::from(at) < ends(self.at, self.bytes) && u64::from(self.at) < ends(at, bytes);
        (is_meant && overlaps).then_some(at.max(self.at))
    }
}

/// Why a thread stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It is about to begin.
    Start,
    /// [`Debugger::wants_stop`].
    Asked,
    /// It is about to carry out an instruction with a breakpoint.
    Breakpoint,
    /// It is about to access this address, which is watched.
    Watchpoint(u32, Watch),
    /// It took the step that it was to take.
    Step,
    /// A signal is about to be delivered.
    Signal(Signal),
    /// It is about to begin another program (execve(2)).
    Exec,
}

/// Where a debugger wants a process to stop.
#[derive(Clone, Default, Debug)]
pub struct Stops {
    /// Before instructions: their addresses, without an ISA mode.
    pub breakpoints: BTreeSet<u32>,
    /// Before accesses.
    pub watchpoints: BTreeSet<Watchpoint>,
}

/// How a process goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resume {
    /// It runs.
    Go(Go),
    /// It runs, and is not debugged any more. What signal it was about to get, it gets.
    Detach,
    /// The world ends.
    Kill,
}

/// How the threads of a process go on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Go {
    /// A thread that stops again after an instruction, a branch and its slot being one, and after more as long as it is in here.
    pub step: Option<(u32, Range<u32>)>,
    /// The only thread that may run.
    pub only: Option<u32>,
    /// The signals that threads get; one that was stopped for another one does not get that.
    pub signals: BTreeMap<u32, Signal>,
}

/// A process that has stopped.
pub trait Subject {
    /// Its threads, with what they are called; the one that stopped first.
    fn threads(&self) -> Vec<(u32, Vec<u8>)>;
    /// Its byte order.
    fn is_big_endian(&mut self) -> bool;
    /// The registers of a thread.
    fn registers(&mut self, tid: u32) -> Option<State>;
    /// Sets the registers of a thread that instructions can set; false if there is no such thread.
    fn set_registers(&mut self, tid: u32, registers: &State) -> bool;
    /// The address that a thread was refused, if it stopped for that.
    fn fault_address(&self, tid: u32) -> Option<u32>;
    /// Reads memory, up to where there is none; how many bytes that are.
    fn read(&mut self, at: u32, into: &mut [u8]) -> usize;
    /// Writes memory, whatever its protection; false if it is not all there.
    fn write(&mut self, at: u32, from: &[u8]) -> bool;
    /// Where it is to stop.
    fn stops(&mut self) -> &mut Stops;
    /// The path of its program.
    fn program(&self) -> Vec<u8>;
    /// Its auxiliary vector.
    fn auxiliary_vector(&self) -> Vec<u8>;
    /// What a path of its leads to.
    fn look_for(&mut self, path: &[u8], keeps_link: bool) -> vfs::Result<NodeRef>;
}

/// Who debugs the first process of a world.
pub trait Debugger: Send + Sync {
    /// A thread has stopped, and so all have. Returns when they shall go on.
    fn stopped(&self, tid: u32, reason: Reason, subject: &mut dyn Subject) -> Resume;
    /// Whether it wants them to stop now.
    fn wants_stop(&self) -> bool;
    /// The world is over.
    fn over(&self, status: ExitStatus);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_watchpoints_mean() {
        let watch = |kind| Watchpoint { at: 0x1002, bytes: 4, kind };
        assert_eq!(watch(Watch::Write).meets(0x1000, 4, true), Some(0x1002));
        assert_eq!(watch(Watch::Write).meets(0x1004, 4, true), Some(0x1004));
        assert_eq!(watch(Watch::Write).meets(0x1004, 4, false), None);
        assert_eq!(watch(Watch::Read).meets(0x1005, 1, false), Some(0x1005));
        assert_eq!(watch(Watch::Access).meets(0x1006, 4, true), None);
        let last = Watchpoint { at: u32::MAX, bytes: u32::MAX, kind: Watch::Access };
        assert_eq!(last.meets(u32::MAX, 1, false), Some(u32::MAX));
    }
}
