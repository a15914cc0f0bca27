//! [`CpuBell`]: sets a CPU's poll word from any thread.

use crate::cpu::CpuMemory;
use crate::mapping::Mapping;
use mips::State;
use run::Bell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A CPU's bell.
pub(crate) struct CpuBell {
    cpu: Arc<Mapping>,
    /// The poll word is written with the rest of the registers where threads take turns, and may be lost then; this is not.
    was_rung: AtomicBool,
}

impl CpuBell {
    pub(crate) fn new(cpu: Arc<Mapping>) -> CpuBell {
        CpuBell { cpu, was_rung: AtomicBool::new(false) }
    }
}

impl Bell for CpuBell {
    fn ring(&self) {
        self.was_rung.store(true, Ordering::SeqCst);
        CpuMemory::poll(&self.cpu).store(State::POLL_NOW, Ordering::SeqCst);
    }

    fn take(&self) -> bool {
        self.was_rung.load(Ordering::Relaxed) && self.was_rung.swap(false, Ordering::SeqCst)
    }
}
