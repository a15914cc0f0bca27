//! The virtual CPU: runs until it exits, by whichever tier the policy chooses.

mod debugging;
mod helping;
mod interpreting;
mod joining;
mod recalling;
mod translating;

use crate::chance::Chance;
use crate::debugger::{Reason, Watchpoint};
use crate::engine::{Drive, Engine, Space};
use crate::heat::Heat;
use crate::kernel::Kernel;
use crate::seen::Seen;
use crate::statistics::Statistics;
use crate::tier::Tier;
use crate::traffic::Traffic;
use abi::Addr;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use mips::Exception;
use mips::border::Leave;
use mips::reading::emit::Options;
use mips::reading::interp::{Bus, Decoded};
use mips::reg::Gpr;

/// Why the CPU stopped. The state is in the register file and its PC exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// An exception; `next_pc` continues. Of a fatal fault only PC and address need be right.
    Exception(Exception),
    /// Asked to look up: the poll word was set, or a budget is spent.
    Poll,
    /// A system call was made, and its [`Kernel`] said [`Served::Elsewhere`].
    Moved,
    /// A debugger wants to stop here, before the instruction at `pc`, and why.
    Stopped(Reason),
}

/// Visits before a branch target is translated: about what compiling costs, in interpreted instructions.
const HOT_VISITS: u32 = 2_000;
/// What part of that is enough where translated code left because there is none: each time costs the way out and back, and
/// what is interpreted up to the next code.
const LEFT_SHARE: u32 = 4;
/// How many runs what is made of a program that ran before is thought to be for: it is there in all that come.
const RUNS: u32 = 4;
/// Instructions interpreted between looks at the poll word: well below a millisecond.
const STRETCH: u32 = 20_000;
/// In tier `mixed`, the most instructions interpreted at a time, and how seldom code is made where there is some.
const MIXED_STRETCH: u32 = 300;
const MIXED_AGAIN: u32 = 50;
/// In tier `mixed`, the most computed calls until one is sampled.
const MIXED_CALLS: u32 = 20;

/// One virtual CPU.
pub struct Vcpu<E: Engine> {
    /// What runs it.
    pub engine: E,
    tier: Tier,
    decoded: Decoded,
    seen: Seen,
    /// What the engine does not take, and is not tried again.
    refused: BTreeSet<u32>,
    /// What is being compiled while the guest runs on, by its root.
    begun: BTreeMap<u32, Begun>,
    /// What goes on between modules; what was seen of it and not looked at yet: where code came to, and what `ra` was; and the
    /// roots of which one module is being made.
    traffic: Traffic,
    /// The objects that were mapped when the program's own code was hot for the first time.
    linked: Vec<Range<u32>>,
    samples: Vec<(u32, u32)>,
    joining: BTreeSet<u32>,
    chance: Chance,
    options: Options,
    /// Whether it was asked what earlier runs left for code with these options.
    has_asked: bool,
    /// Why the last region could not be compiled, until somebody takes it.
    refusal: Option<String>,
    /// Whether translated code has left, for good, what it kept of the registers.
    lost_registers: bool,
    /// Where a debugger wants to stop: without an ISA mode. Nothing decodes or translates what is there.
    barred: BTreeSet<u32>,
    /// What it wants to see accessed; as long as there is any, everything is interpreted.
    watchpoints: Vec<Watchpoint>,
    /// What ran where.
    pub statistics: Statistics,
    /// Tells nanoseconds since some moment; without it, no times are in the statistics.
    pub clock: Option<fn() -> u64>,
}

/// What is being compiled.
struct Begun {
    /// Its guest code, from where to where.
    ranges: Vec<(u32, u32)>,
    /// Whether there is code for that already, and this is only better.
    is_better: bool,
}

/// How much a module is missed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Haste {
    /// It ran before, and should not be missing while it is compiled.
    Missing,
    /// It is interpreted meanwhile.
    New,
    /// There is code already, and this is only better.
    Better,
}

/// Why code is translated.
#[derive(Clone, Copy)]
enum Why {
    /// The tier says so, before anything is known.
    Unseen,
    /// It is the start of a function or loop that got hot.
    Hot,
    /// Translated code left there.
    Left,
}

impl<E: Engine> Vcpu<E> {
    /// A CPU on `engine`, with its register file and memory as they are.
    pub fn new(mut engine: E, tier: Tier) -> Vcpu<E> {
        let (state, space) = engine.parts();
        let options = Options { big_endian: space.is_big_endian(), fpu: state.fpu, fault_precise: false };
        Vcpu {
            engine,
            tier,
            decoded: Decoded::new(),
            seen: Seen::new(Heat::new(if E::TRANSLATES { HOT_VISITS } else { u32::MAX }), tier.is_cold()),
            refused: BTreeSet::new(),
            begun: BTreeMap::new(),
            traffic: Traffic::new(tier.is_cold()),
            linked: Vec::new(),
            samples: Vec::new(),
            joining: BTreeSet::new(),
            chance: Chance::new(),
            options,
            has_asked: false,
            refusal: None,
            lost_registers: false,
            barred: BTreeSet::new(),
            watchpoints: Vec::new(),
            statistics: Statistics::default(),
            clock: None,
        }
    }

    /// Another like it, on a copy of its address space.
    pub fn fork(&mut self) -> Result<Vcpu<E>, String> {
        let engine = self.engine.fork()?;
        Ok(self.on(engine))
    }

    /// Another like it, on the same address space.
    pub fn sibling(&self) -> Result<Vcpu<E>, String> {
        Ok(self.on(self.engine.sibling()?))
    }

    /// Another like it, on an empty address space.
    pub fn fresh(&self, big_endian: bool) -> Result<Vcpu<E>, String> {
        let engine = self.engine.fresh(big_endian)?;
        Ok(self.on(engine))
    }

    fn on(&self, engine: E) -> Vcpu<E> {
        Vcpu { clock: self.clock, ..Vcpu::new(engine, self.tier) }
    }

    /// Runs until something stops it. System calls of translated code are made by `kernel`; those that it refuses, and those
    /// that are interpreted, come back as exceptions.
    pub fn run(&mut self, kernel: &mut Kernel<'_, E::Space>) -> Exit {
        // A guest that does nothing but system calls would never reach a poll.
        let (state, space) = self.engine.parts();
        if state.poll != 0 {
            return Exit::Poll;
        }
        space.set_running(true);
        let exit = self.run_on(kernel);
        self.engine.parts().1.set_running(false);
        exit
    }

    fn run_on(&mut self, kernel: &mut Kernel<'_, E::Space>) -> Exit {
        // Who changed code did so before this counted as running, or waits for it.
        if self.engine.parts().1.has_changed() {
            return Exit::Poll;
        }
        loop {
            let exit = match self.tier {
                _ if E::DEBUGS && !self.watchpoints.is_empty() => Some(self.observe(STRETCH)),
                Tier::Interp => self.interpret(STRETCH),
                Tier::Block | Tier::Region | Tier::Auto => self.translated(kernel),
                Tier::Mixed => self.mixed(kernel),
            };
            if let Some(exit) = exit.and_then(|exit| self.unless_slot(exit)) {
                return exit;
            }
        }
    }

    /// Whether its code keeps exactly what the floating-point control register says.
    pub(crate) fn is_exact(&self) -> bool {
        self.options.fpu.exact
    }

    /// Takes notice of what a system call or signal changed: code, floating-point mode, whether faults are handled.
    pub fn refresh(&mut self, handles_faults: bool) {
        let (state, space) = self.engine.parts();
        let options = Options { fpu: state.fpu, fault_precise: handles_faults && E::FAULTS, ..self.options };
        if space.has_changed() {
            let changed = space.take_changed();
            for (at, bytes) in &changed {
                self.decoded.forget(at.0, *bytes);
                let entries = self.engine.forget(at.0, *bytes);
                let own = self.in_objects_with(entries, *at, *bytes);
                self.seen.changed(&own);
                self.seen.ran.forget(at.0, *bytes);
            }
            self.seen.regions.clear();
            self.joining.clear();
            self.refused.clear();
            let is_begun = |(at, bytes): &(Addr, u32)| {
                let end = at.0.saturating_add(*bytes);
                let ranges = self.begun.values().flat_map(|begun| &begun.ranges);
                ranges.into_iter().any(|(from, to)| *from < end && at.0 < *to)
            };
            if changed.iter().any(is_begun) {
                self.cancel();
            }
            // Perhaps code was mapped that earlier runs left something of.
            self.has_asked = false;
            self.engine.parts().1.settle_changes();
        }
        self.assume(options);
    }

    /// Those of `entries` that are in an object of which some of `bytes` bytes at `at` are part: what is together with a library that
    /// is gone did not change itself.
    fn in_objects_with(&mut self, mut entries: Vec<u32>, at: Addr, bytes: u32) -> Vec<u32> {
        let space = self.engine.parts().1;
        let end = at.0.saturating_add(bytes);
        entries.retain(|entry| {
            let objects = space.objects(*entry);
            objects.iter().any(|object| object.contains(entry) && object.start < end && at.0 < object.end)
        });
        entries
    }

    /// Why the engine refused a region, once.
    pub fn take_refusal(&mut self) -> Option<String> {
        self.refusal.take()
    }

    fn assume(&mut self, options: Options) {
        if options != self.options {
            self.options = options;
            self.has_asked = false;
            self.forget_all();
        }
    }

    fn forget_all(&mut self) {
        self.statistics.flushes += 1;
        self.cancel();
        self.engine.forget_all();
        self.seen.regions.clear();
        self.joining.clear();
        self.refused.clear();
    }

    /// Runs translated code if there is any at `pc`, makes it if it is time, or interprets a stretch.
    fn translated(&mut self, kernel: &mut Kernel<'_, E::Space>) -> Option<Exit> {
        if !self.begun.is_empty() {
            self.take_finished();
        }
        let pc = self.engine.parts().0.pc;
        let has_code = self.engine.has_code(pc) || (self.is_time(pc) && self.compile(pc, self.why_here()));
        if !has_code {
            return self.interpret_and_see(STRETCH);
        }
        self.enter(kernel)
    }

    /// Interprets a few instructions, runs whatever code there is, or first makes some, of one shape or the other.
    fn mixed(&mut self, kernel: &mut Kernel<'_, E::Space>) -> Option<Exit> {
        self.engine.interrupt_from_now_on();
        self.engine.sample_after(self.chance.below(MIXED_CALLS));
        let pc = self.engine.parts().0.pc;
        if self.chance.below(3) == 0 {
            let budget = 1 + self.chance.below(MIXED_STRETCH);
            return self.interpret_and_see(budget);
        }
        let wants_code = !self.engine.has_code(pc) || self.chance.below(MIXED_AGAIN) == 0;
        if wants_code && !self.compile(pc, Why::Unseen) {
            return self.interpret_and_see(STRETCH);
        }
        self.enter(kernel)
    }

    /// Runs the translated code that there is at `pc`.
    fn enter(&mut self, kernel: &mut Kernel<'_, E::Space>) -> Option<Exit> {
        self.statistics.drives += 1;
        let begun = self.now();
        let (drive, helping_ns) = self.drive(kernel);
        self.statistics.running_ns += self.now() - begun - helping_ns;
        match drive {
            Drive::Left(Leave::NoCode) => None,
            Drive::Left(Leave::Poll) => self.polled(),
            Drive::Left(Leave::Moved) => Some(Exit::Moved),
            Drive::Left(Leave::Sampled) => {
                self.look_at_samples();
                None
            }
            // What it left to the interpreter is done where cells are missing, too.
            Drive::Left(Leave::Interpret) if self.engine.parts().0.stale != [0; 2] => {
                Some(self.freshen()).filter(|exit| *exit != Exit::Poll)
            }
            Drive::Left(Leave::Interpret) => self.single_step(),
            // With exact registers the interpreter meets the same fault and knows all about it.
            Drive::Fault(_) if self.options.fault_precise => self.single_step(),
            Drive::Fault(fault) => {
                self.lost_registers = true;
                Some(Exit::Exception(Exception::Memory(fault)))
            }
        }
    }

    /// Whether the register file holds more than the PC: after a fault in translated code that ends the process it does not.
    pub(crate) fn has_registers(&self) -> bool {
        !self.lost_registers
    }

    /// Translated code left because somebody polls, or because calls nest too deeply: then it just starts again.
    fn polled(&mut self) -> Option<Exit> {
        let is_poll = self.engine.parts().0.poll != 0;
        let exit = self.freshen();
        (is_poll || exit != Exit::Poll).then_some(exit)
    }

    /// What the clock says, if there is one.
    #[inline]
    fn now(&self) -> u64 {
        self.clock.map_or(0, |clock| clock())
    }

    /// Processor time so far, in microseconds, if there is a clock: to ask costs a system call.
    fn processor_time(&self) -> u64 {
        if self.clock.is_some() { self.engine.processor_time() } else { 0 }
    }

    /// Why the code is translated where translated code left or the guest starts.
    fn why_here(&self) -> Why {
        if self.tier == Tier::Auto { Why::Left } else { Why::Unseen }
    }

    /// Whether the code at `pc`, where translated code left or the guest starts, is worth translating. Who calls it back there
    /// is what had better be translated.
    fn is_time(&mut self, pc: u32) -> bool {
        if pc != self.engine.parts().0.gpr[Gpr::RA.index()] {
            self.seen.heat.visit(pc);
        }
        self.tier != Tier::Auto || self.seen.heat.visits(pc) >= self.seen.heat.threshold() / LEFT_SHARE
    }
}
