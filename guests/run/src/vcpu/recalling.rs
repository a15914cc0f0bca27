//! The virtual CPU as it remembers: code that earlier runs of a program left is installed when it is reached.
//!
//! Only tier `auto` does so: the others are there to be watched while they translate.

use super::Vcpu;
use crate::engine::{Engine, Recalled};
use crate::tier::Tier;

/// Instructions interpreted until somebody looks at what earlier runs left: a short program is over by then.
const SHORT: u64 = 100_000;
/// Visits before code of an earlier run is installed, which costs far less than to translate it.
const VISITS: u32 = 1;

impl<E: Engine> Vcpu<E> {
    /// Makes what earlier runs left hot almost at once, when the program turns out not to be a short one.
    pub(super) fn ask_if_long(&mut self) {
        if self.statistics.interpreted >= SHORT || !self.has_asked && self.engine.is_warm() {
            self.ask();
        }
    }

    fn ask(&mut self) {
        if self.has_asked || self.tier != Tier::Auto {
            return;
        }
        self.has_asked = true;
        let begun = self.processor_time();
        let entries = self.engine.kept(self.options);
        entries.iter().for_each(|pc| self.seen.heat.warm(*pc, VISITS));
        self.seen.kept.extend(entries);
        self.statistics.recalling += self.processor_time() - begun;
    }

    /// Installs what an earlier run left for `pc`. `None` if it left nothing, false if that is of no use: what made `pc` hot
    /// was perhaps only that it was there.
    pub(super) fn recall(&mut self, pc: u32) -> Option<bool> {
        self.ask();
        // It knows nothing of where a debugger wants to stop.
        if !self.has_asked || !self.barred.is_empty() {
            return None;
        }
        let begun = self.processor_time();
        if self.engine.is_full() {
            self.forget_all();
        }
        let recalled = self.engine.recall(pc, self.options);
        self.statistics.recalling += self.processor_time() - begun;
        match recalled {
            Recalled::Nothing => None,
            Recalled::Stale => {
                self.seen.heat.cool(pc);
                // If it gets hot by itself, it is made anew.
                self.seen.kept.remove(&pc).then_some(false)
            }
            Recalled::Code { functions, bytes } => {
                self.statistics.recalled += 1;
                self.statistics.machine_bytes += bytes as u64;
                for unit in functions.iter() {
                    self.statistics.recalled_instructions += u64::from(unit.instructions);
                    unit.entries.iter().for_each(|entry| self.seen.heat.mark(*entry));
                    unit.calls.iter().for_each(|(site, target)| _ = self.seen.calls(*site, *target));
                }
                self.seen.have_regions(&functions);
                self.judge();
                Some(true)
            }
        }
    }
}
