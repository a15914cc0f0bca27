//! The reading that asks: what does an instruction touch, where can it go, and what comes out if some registers are
//! known? Nothing here names an instruction.

mod asker;
mod value;

use crate::cells::{self, Cells};
use crate::cpu::Slot;
use crate::insn::{Insn, Offset};
use crate::isa::perform;
use crate::reg::Gpr;
use asker::{Asker, Run};
pub use value::Value;

/// Where an instruction can go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// On to the next one.
    Next,
    /// To an address relative to its own, or on.
    Branch {
        /// In bytes.
        by: Offset,
        /// Whether the slot runs when it is not taken.
        slot: Slot,
        /// Whether it is always taken.
        is_always: bool,
    },
    /// To a place in its 256 MiB segment.
    Near {
        /// Low 28 bits of the address.
        target: u32,
        /// ISA mode there.
        isa_mode: u32,
    },
    /// To a computed address.
    Computed,
    /// To the kernel, which mostly comes back to the next one.
    System,
    /// Nowhere by itself: it raises an exception, always.
    Raise,
}

/// What one instruction does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effects {
    /// General registers read, by bit.
    pub reads: u32,
    /// General registers written, by bit.
    pub writes: u32,
    /// Where it goes.
    pub flow: Flow,
    /// Whether it has a delay slot.
    pub has_slot: bool,
    /// Whether it writes a link register: it is a call.
    pub links: bool,
    /// Whether it accesses data memory.
    pub memory: bool,
    /// Whether it does floating-point arithmetic: flags, rounding, NaNs.
    pub arithmetic: bool,
    /// Whether it touches the floating-point control registers, or what only an interpreter knows (cycles).
    pub control: bool,
    /// Whether it raises an exception under a condition.
    pub traps: bool,
}

impl Effects {
    /// Whether it is a branch or jump.
    pub fn jumps(&self) -> bool {
        matches!(self.flow, Flow::Branch { .. } | Flow::Near { .. } | Flow::Computed)
    }

    /// Whether it is one without a delay slot.
    pub fn is_compact(&self) -> bool {
        self.jumps() && !self.has_slot
    }

    /// Whether it does nothing but compute general registers, and cannot stop.
    pub fn is_calm(&self) -> bool {
        let Effects { writes, flow, memory, arithmetic, control, traps, .. } = *self;
        writes != 0 && flow == Flow::Next && !(memory || arithmetic || control || traps)
    }
}

/// What `insn` does.
pub fn effects(insn: Insn) -> Effects {
    let asker = ask(insn, None);
    let links = asker.links.get() && asker.effects.jumps();
    Effects { reads: asker.reads.get() & !1, links, ..asker.effects }
}

/// Whether `insn` has a delay slot that runs wherever it goes.
pub fn always_runs_slot(insn: Insn) -> bool {
    let effects = effects(insn);
    effects.has_slot && !matches!(effects.flow, Flow::Branch { slot: Slot::IfTaken, .. })
}

/// The cells that `insn` writes for certain.
pub fn written(insn: Insn, fr: bool) -> Cells {
    let mut asker = Asker { fr, ..Asker::new(None) };
    let Ok(()) = perform(&mut asker, insn);
    let general = Gpr::all().filter(|reg| asker.effects.writes >> reg.index() & 1 != 0);
    general.filter_map(cells::Cell::general).fold(asker.cells, |all, cell| all.with(cell))
}

/// What is known of general registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// Their values, as far as they are known.
    pub gpr: [Value; 32],
    /// What something was last compared with, to see if it is below.
    pub bound: Option<u32>,
}

impl Known {
    /// Sees what the instruction at `at`, in the slot of the branch at `restart` if that is another address, makes of what is
    /// known, reading memory by `data`. The answer is where it jumps
    /// to, if it computes that and it can be known.
    ///
    /// It is a guess: `gp` is taken to be restored to what it was wherever it is loaded.
    pub fn follow(&mut self, at: u32, restart: u32, insn: Insn, data: &dyn Fn(u32) -> Option<u32>) -> Value {
        ask(insn, Some(Run { at, restart, known: self, data })).jump
    }

    /// Forgets what a call may change by convention.
    pub fn forget_over_call(&mut self) {
        for (reg, value) in self.gpr.iter_mut().enumerate() {
            if !matches!(reg, 16..=23 | 28..=30) {
                *value = Value::Unknown;
            }
        }
    }
}

fn ask(insn: Insn, run: Option<Run<'_>>) -> Asker<'_> {
    let mut asker = Asker::new(run);
    let Ok(()) = perform(&mut asker, insn);
    asker
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;
    use crate::reading::emit::{Emit, Held, Options};
    use crate::state::FpuMode;

    fn of(word: u32) -> Effects {
        effects(decode(word).expect("a valid word"))
    }

    #[test]
    fn what_instructions_touch() {
        let addu = of(0x0085_1021); // addu v0, a0, a1
        assert_eq!((addu.reads, addu.writes, addu.flow), (1 << 4 | 1 << 5, 1 << 2, Flow::Next));
        assert!(matches!(of(0x1000_0003).flow, Flow::Branch { is_always: true, by: Offset(16), .. })); // b
        assert!(matches!(of(0x1485_0003).flow, Flow::Branch { is_always: false, .. })); // bne a0, a1
        let jalr = of(0x0320_f809); // jalr t9
        assert!(jalr.links && jalr.has_slot && jalr.flow == Flow::Computed);
        assert_eq!(of(0x0000_000c).flow, Flow::System); // syscall
        assert_eq!(of(0x0000_000d).flow, Flow::Raise); // break
        assert!(of(0x8c82_0004).memory); // lw v0, 4(a0)
        assert!(of(0x7c03_e83b).reads == 0 && !of(0x7c03_e83b).control); // rdhwr v1, $29
        assert!(of(0x4442_f800).control); // cfc1 v0, $31
    }

    /// Whoever waits for what translated code does not care for any more waits for what this knows to be written.
    #[test]
    fn what_code_writes_is_known_to_be_written() {
        let mut fields = 0x2545_f491_u32;
        for (row, fr) in crate::isa::ROWS.iter().flat_map(|row| [false, true].map(|fr| (row, fr))) {
            for _ in 0..64 {
                fields = fields.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let Some(insn) = row.decode(row.bits | fields & !row.mask) else { continue };
                if effects(insn).flow != Flow::Next {
                    continue;
                }
                let fpu = FpuMode { fr, ..FpuMode::default() };
                let arena = wasm::Arena::new();
                let mut emit = Emit::new(&arena, Options { big_endian: false, fpu, fault_precise: false });
                emit.begin_block(Held::default());
                emit.begin(0x40_0000, 0x40_0000);
                let Ok(()) = perform(&mut emit, insn);
                let seen = emit.seen();
                // What was read before, and written all the same, may just have stayed as it was.
                let unknown = seen.written.without(written(insn, fr)).without(seen.demanded);
                assert!(emit.must_interpret || unknown.is_empty(), "{insn:?} {fr}: {unknown:?}");
            }
        }
    }
}
