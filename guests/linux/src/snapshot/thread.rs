//! Threads, and what they hold together.

use super::file::SavedDescription;
use super::{Resuming, Saving, Unresumed, Unsaved};
use crate::access::Credentials;
use crate::kernel::Waker;
use crate::lock::Holder;
use crate::mm::Memory;
use crate::process::Notice;
use crate::signal::{SavedSignals, Signals};
use crate::task::Resume;
use crate::thread::Thread;
use abi::{Addr, Endian, State};
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use spin::Mutex;

/// A thread.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedThread {
    tid: u32,
    pid: u32,
    endian: Endian,
    whereabouts: u32,
    files: u32,
    signals: SavedSignals,
    credentials: Credentials,
    used_ns: u64,
    clear_tid: Addr,
    robust_list: (Addr, u32),
    lent_to: Option<u32>,
    resume: Option<SavedResume>,
    opening: Option<SavedDescription>,
    registers: Registers,
}

/// What a call that waits remembers.
#[derive(Serialize, Deserialize)]
struct SavedResume {
    until_ns: Option<u64>,
    moved: u32,
    within: u32,
    is_futex: bool,
    locks: Option<SavedHolder>,
}

/// Who holds a lock of a file; descriptions by number.
#[derive(Serialize, Deserialize)]
pub(super) enum SavedHolder {
    Process(u32),
    Description(u32),
    Whole(u32),
}

/// The register file.
#[derive(Serialize, Deserialize)]
struct Registers {
    gpr: [u32; 32],
    lo: u32,
    hi: u32,
    pc: u32,
    next_pc: u32,
    fpr: Vec<u32>,
    fcsr: u32,
    user_local: u32,
    /// FR, NaN2008, exact and ABS2008.
    fpu: [bool; 4],
}

impl Saving {
    /// A thread as data.
    pub(super) fn thread(&mut self, thread: &Thread, state: &State) -> Result<SavedThread, Unsaved> {
        let opening = thread.opening.as_ref().map(|description| self.description(description)).transpose()?;
        let resume = thread.resume.map(|resume| SavedResume {
            until_ns: resume.until_ns,
            moved: resume.moved,
            within: resume.within,
            is_futex: resume.is_futex,
            locks: resume.locks.and_then(|holder| self.holder(holder)),
        });
        Ok(SavedThread {
            tid: thread.tid,
            pid: thread.process.pid,
            endian: thread.endian,
            whereabouts: self.whereabouts.number(&thread.whereabouts),
            files: self.tables.number(&thread.files),
            signals: thread.signals.save(&mut self.actions, &mut self.pending),
            credentials: thread.credentials.clone(),
            used_ns: thread.thread_ns(),
            clear_tid: thread.clear_tid,
            robust_list: thread.robust_list,
            lent_to: thread.lent_to,
            resume,
            opening,
            registers: Registers::save(state),
        })
    }

    /// Who holds a lock; none if nobody has its description open any more.
    pub(super) fn holder(&self, holder: Holder) -> Option<SavedHolder> {
        let find = |identity| self.descriptions.find_address(identity);
        Some(match holder {
            Holder::Process(pid) => SavedHolder::Process(pid),
            Holder::Description(identity) => SavedHolder::Description(find(identity)?),
            Holder::Whole(identity) => SavedHolder::Whole(find(identity)?),
        })
    }
}

impl Resuming {
    /// A thread as it was, in that memory.
    pub(super) fn thread(
        &mut self,
        saved: SavedThread,
        memory: &Arc<Mutex<Memory>>,
    ) -> Result<(Thread, State), Unresumed> {
        let kernel = self.kernel.clone();
        let (process, notice) = {
            let table = kernel.table.lock();
            let member = table.get(saved.pid).ok_or(Unresumed::Malformed)?;
            let thread = member.threads.get(&saved.tid).ok_or(Unresumed::Malformed)?;
            (member.process.clone(), thread.notice.clone())
        };
        // Whoever sent it something meant it to look.
        Notice::set(&notice);
        let signals = Signals::restored(saved.signals, &self.actions, &self.pending, kernel.trace.is_some());
        let signals = signals.ok_or(Unresumed::Malformed)?;
        *notice.signals.lock() = signals.own_sets();
        let resume = saved.resume.map(|resume| {
            let SavedResume { until_ns, moved, within, is_futex, locks } = resume;
            let locks = locks.and_then(|holder| self.holder(&holder));
            Resume { until_ns, moved, within, is_futex, locks }
        });
        let opening = match saved.opening {
            Some(saved) => Some(self.description(saved)?.0),
            None => None,
        };
        let thread = Thread {
            tid: saved.tid,
            endian: saved.endian,
            whereabouts: self.whereabouts.get(saved.whereabouts as usize).cloned().ok_or(Unresumed::Malformed)?,
            files: self.tables.get(saved.files as usize).cloned().ok_or(Unresumed::Malformed)?,
            memory: memory.clone(),
            signals,
            credentials: saved.credentials,
            clocks: process.clocks.clone(),
            watcher: Arc::new(Waker { kernel: Arc::downgrade(&kernel), tid: saved.tid }),
            notice,
            used_ns: (saved.used_ns, None),
            clear_tid: saved.clear_tid,
            robust_list: saved.robust_list,
            lent_to: saved.lent_to,
            resume,
            opening,
            waiting_line: None,
            has_jumped: false,
            has_yielded: false,
            is_over: false,
            kernel,
            process,
        };
        thread.show_in_proc();
        let state = saved.registers.restore().ok_or(Unresumed::Malformed)?;
        Ok((thread, state))
    }

    /// Who holds a lock.
    pub(super) fn holder(&self, saved: &SavedHolder) -> Option<Holder> {
        let identity = |number: u32| Some(Arc::as_ptr(self.descriptions.get(number as usize)?).addr());
        Some(match *saved {
            SavedHolder::Process(pid) => Holder::Process(pid),
            SavedHolder::Description(number) => Holder::Description(identity(number)?),
            SavedHolder::Whole(number) => Holder::Whole(identity(number)?),
        })
    }
}

impl Registers {
    fn save(state: &State) -> Registers {
        let State { gpr, lo, hi, pc, next_pc, fcsr, user_local, fpu, .. } = *state;
        let fpu = [fpu.fr, fpu.nan2008, fpu.exact, fpu.abs2008];
        Registers { gpr, lo, hi, pc, next_pc, fpr: state.fpr.to_vec(), fcsr, user_local, fpu }
    }

    fn restore(self) -> Option<State> {
        let Registers { mut gpr, lo, hi, pc, next_pc, fpr, fcsr, user_local, fpu } = self;
        gpr[0] = 0;
        let mut state = State { gpr, lo, hi, pc, next_pc, fpr: fpr.try_into().ok()?, fcsr, user_local, ..State::RESET };
        [state.fpu.fr, state.fpu.nan2008, state.fpu.exact, state.fpu.abs2008] = fpu;
        Some(state)
    }
}
