//! [`Stopped`]: a process that has stopped, as its debugger sees and changes it.

use super::{Host, Runner};
use crate::debugger::{Stops, Subject};
use crate::engine::Engine;
use crate::team::Resting;
use abi::{Addr, AddressSpace, PAGE_BYTES};
use alloc::vec::Vec;
use linux::Thread;
use mips::State;
use mips::reading::interp::Bus;
use vfs::{Errno, NodeRef};

/// A process of a team, a thread of which has stopped.
pub(super) struct Stopped<'a, E: Engine> {
    pub(super) runner: &'a mut Runner<E>,
    pub(super) host: &'a mut dyn Host<E>,
    pub(super) tid: u32,
    pub(super) pid: u32,
    pub(super) stops: &'a mut Stops,
}

impl<E: Engine> Stopped<'_, E> {
    fn thread(&self, tid: u32) -> Option<&Thread> {
        self.runner.threads().find(|thread| thread.tid() == tid)
    }

    /// A thread and its registers, wherever those are.
    fn parts(&mut self, tid: u32) -> Option<(&mut Thread, &mut State)> {
        let Runner { cpu, current, others, .. } = &mut *self.runner;
        if let Some(thread) = current.as_mut().filter(|thread| thread.tid() == tid) {
            return Some((thread, cpu.engine.parts().0));
        }
        let Resting { thread, state, .. } = others.iter_mut().find(|resting| resting.thread.tid() == tid)?;
        Some((thread, state))
    }
}

impl<E: Engine> Subject for Stopped<'_, E> {
    fn threads(&self) -> Vec<(u32, Vec<u8>)> {
        let threads = self.runner.threads().filter(|thread| thread.pid() == self.pid);
        let mut threads: Vec<_> = threads.map(|thread| (thread.tid(), thread.name())).collect();
        threads.sort_unstable_by_key(|(tid, _)| (*tid != self.tid, *tid));
        threads
    }

    fn is_big_endian(&mut self) -> bool {
        self.runner.cpu.engine.parts().1.is_big_endian()
    }

    fn registers(&mut self, tid: u32) -> Option<State> {
        self.parts(tid).map(|(_, state)| state.clone())
    }

    fn set_registers(&mut self, tid: u32, registers: &State) -> bool {
        let Some((thread, state)) = self.parts(tid) else { return false };
        let is_elsewhere = state.pc != registers.pc;
        // What is not exact takes no notice of FCSR.
        state.fpu.exact |= state.fcsr != registers.fcsr;
        let State { gpr, lo, hi, pc, fpr, fcsr, .. } = *registers;
        (state.gpr, state.lo, state.hi, state.pc, state.fpr, state.fcsr) = (gpr, lo, hi, pc, fpr, fcsr);
        state.gpr[0] = 0;
        state.break_link();
        if is_elsewhere {
            thread.forget_call();
            self.runner.others.make_ready(tid, 0);
        }
        true
    }

    fn fault_address(&self, tid: u32) -> Option<u32> {
        self.thread(tid)?.held_address()
    }

    fn read(&mut self, at: u32, into: &mut [u8]) -> usize {
        let space = self.runner.cpu.engine.parts().1;
        let mut done = 0;
        while done < into.len() {
            let Some(from) = u32::try_from(done).ok().and_then(|done| at.checked_add(done)) else { break };
            let in_page = (PAGE_BYTES - from % PAGE_BYTES) as usize;
            let length = in_page.min(into.len() - done);
            if space.read(Addr(from), &mut into[done..done + length]).is_err() {
                break;
            }
            done += length;
        }
        done
    }

    fn write(&mut self, at: u32, from: &[u8]) -> bool {
        let Ok(bytes) = u32::try_from(from.len()) else { return false };
        if at.checked_add(bytes).is_none() {
            return false;
        }
        let space = self.runner.cpu.engine.parts().1;
        let is_written = space.fill(Addr(at), from).is_ok();
        space.code_changed(Addr(at), bytes);
        is_written
    }

    fn stops(&mut self) -> &mut Stops {
        self.stops
    }

    fn program(&self) -> Vec<u8> {
        self.thread(self.tid).map(Thread::program).unwrap_or_default()
    }

    fn auxiliary_vector(&self) -> Vec<u8> {
        self.thread(self.tid).map(Thread::auxiliary_vector).unwrap_or_default()
    }

    fn look_for(&mut self, path: &[u8], keeps_link: bool) -> vfs::Result<NodeRef> {
        let Stopped { runner, host, tid, .. } = self;
        let thread = runner.threads().find(|thread| thread.tid() == *tid).ok_or(Errno::ESRCH)?;
        let mut found = Err(Errno::ENOENT);
        host.locked(&mut |_| found = thread.look_for(path, keeps_link));
        found
    }
}
