//! The virtual CPU: runs until it exits, by whichever tier the policy chooses.

use crate::chance::Chance;
use crate::engine::{Drive, Engine, Question, Space};
use crate::heat::Heat;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use mips::Exception;
use mips::border::Leave;
use mips::cells::Cells;
use mips::cpu::Size;
use mips::exception::Fault;
use mips::reading::effects::{always_runs_slot, written};
use mips::reading::emit::Options;
use mips::reading::interp::{Bus, Decoded, Interp, Stop};
use mips::region::{CodeSource, Reach, discover};
use mips::translate::region::{Limits, Profile, Rooted, gather};
use mips::translate::{Translated, block, region};

/// Which ways of executing may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    /// The interpreter only.
    Interp,
    /// Every block is translated before it runs.
    Block,
    /// Every function is translated before it runs.
    Region,
    /// The interpreter first, hot functions translated.
    Auto,
    /// All of them, changing at random: each is tested by the others.
    Mixed,
}

/// Why the CPU stopped. The state is in the register file and its PC exact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// An exception; `next_pc` continues. Of a fatal fault only PC and address need be right.
    Exception(Exception),
    /// Asked to look up: the poll word was set, or a budget is spent.
    Poll,
}

/// What ran where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Modules made.
    pub modules: u64,
    /// Regions translated.
    pub regions: u64,
    /// Their blocks.
    pub blocks: u64,
    /// Guest instructions in them.
    pub instructions: u64,
    /// Bytes of Wasm made from them.
    pub wasm_bytes: u64,
    /// Bytes of machine code made from that.
    pub machine_bytes: u64,
    /// Processor time that all this took, in microseconds.
    pub translating: u64,
    /// Times translated code was entered from outside.
    pub drives: u64,
    /// Times it left to the interpreter for one instruction.
    pub single_steps: u64,
    /// Times it called the interpreter for one instruction.
    pub in_place: u64,
    /// Times the interpreter was started for a stretch.
    pub stretches: u64,
    /// Guest instructions interpreted; a branch and its slot are one.
    pub interpreted: u64,
    /// Regions the engine refused.
    pub refused: u64,
    /// Times translations were thrown away because what they took for granted changed.
    pub flushes: u64,
}

/// Visits before a branch target is translated: about what compiling costs, in interpreted instructions.
const HOT_VISITS: u32 = 2_000;
/// Instructions that are worth translating into a region for each sample that found its code busy: they take about the
/// time that was spent there.
const INSTRUCTIONS_A_SAMPLE: u32 = 50;
/// What is further behind where a function begins does not belong to it.
const FUNCTION_BYTES: u32 = 0x4000;
/// Blocks translated together, in the block shape.
const BLOCKS: Reach = Reach { blocks: 64, is_past_interpreter: true };
/// Functions translated together.
const FUNCTIONS: Limits = Limits { blocks: 1_000, instructions: 2_000 };
/// The same where nothing is known of what is hot.
const FUNCTIONS_COLD: Limits = Limits { blocks: 1_000, instructions: 100 };
/// Visits that make a function worth translating with its caller.
const WARM_VISITS: u32 = 50;
/// Instructions interpreted between looks at the poll word: well below a millisecond.
const STRETCH: u32 = 20_000;

/// The most instructions until a cell that code does not care for is written: translated code sees to it that it is far
/// fewer, and if it did not, nobody should wait for ever.
const FRESHEN_MAX: u32 = 1 << 20;
/// In tier `mixed`, the most instructions interpreted at a time, and how seldom code is made where there is some.
const MIXED_STRETCH: u32 = 300;
const MIXED_AGAIN: u32 = 50;
/// Calls of which it is remembered what they called.
const CALLED_MAX: usize = 10_000;

/// One virtual CPU.
pub struct Vcpu<E: Engine> {
    /// What runs it.
    pub engine: E,
    tier: Tier,
    decoded: Decoded,
    heat: Heat,
    /// Where functions begin, as far as calls were seen.
    functions: BTreeSet<u32>,
    /// What the engine does not take, and is not tried again.
    refused: BTreeSet<u32>,
    /// What calls called that led to something hot, by the address of the call.
    called: BTreeMap<u32, u32>,
    /// Roots of regions.
    regions: BTreeSet<u32>,
    /// Samples that are missing until something becomes a region, by where it would begin.
    samples: BTreeMap<u32, u32>,
    chance: Chance,
    options: Options,
    /// Why the last region could not be compiled, until somebody takes it.
    refusal: Option<String>,
    /// What ran where.
    pub statistics: Statistics,
}

impl<E: Engine> Vcpu<E> {
    /// A CPU on `engine`, with its register file and memory as they are.
    pub fn new(mut engine: E, tier: Tier) -> Vcpu<E> {
        let (state, space) = engine.parts();
        let options = Options { big_endian: space.is_big_endian(), fpu: state.fpu, fault_precise: false };
        let heat = Heat::new(HOT_VISITS);
        Vcpu {
            engine,
            tier,
            decoded: Decoded::new(),
            heat,
            functions: BTreeSet::new(),
            refused: BTreeSet::new(),
            called: BTreeMap::new(),
            regions: BTreeSet::new(),
            samples: BTreeMap::new(),
            chance: Chance::new(),
            options,
            refusal: None,
            statistics: Statistics::default(),
        }
    }

    /// Runs until something stops it.
    pub fn run(&mut self) -> Exit {
        // A guest that does nothing but system calls would never reach a poll.
        if self.engine.parts().0.poll != 0 {
            return Exit::Poll;
        }
        loop {
            let exit = match self.tier {
                Tier::Interp => self.interpret(STRETCH),
                Tier::Block | Tier::Region | Tier::Auto => self.translated(),
                Tier::Mixed => self.mixed(),
            };
            if let Some(exit) = exit {
                return exit;
            }
        }
    }

    /// Takes notice of what a system call or signal changed: code, floating-point mode, whether faults are handled.
    pub fn refresh(&mut self, handles_faults: bool) {
        let (state, space) = self.engine.parts();
        let options = Options { fpu: state.fpu, fault_precise: handles_faults, ..self.options };
        if space.has_changed() {
            for (at, bytes) in space.take_changed() {
                self.decoded.forget(at.0, bytes);
                self.engine.forget(at.0, bytes);
            }
            self.regions.clear();
            self.refused.clear();
        }
        self.assume(options);
    }

    /// Why the engine refused a region, once.
    pub fn take_refusal(&mut self) -> Option<String> {
        self.refusal.take()
    }

    fn assume(&mut self, options: Options) {
        if options != self.options {
            self.options = options;
            self.forget_all();
        }
    }

    fn forget_all(&mut self) {
        self.statistics.flushes += 1;
        self.engine.forget_all();
        self.regions.clear();
        self.refused.clear();
    }

    /// Runs translated code if there is any at `pc`, makes it if it is time, or interprets a stretch.
    fn translated(&mut self) -> Option<Exit> {
        let pc = self.engine.parts().0.pc;
        let has_code = self.engine.has_code(pc) || (self.is_time(pc) && self.compile(pc));
        if !has_code {
            return self.interpret_and_see(STRETCH);
        }
        if self.tier == Tier::Auto {
            self.engine.ask_from_now_on(Question::Sample);
        }
        self.enter()
    }

    /// Interprets a few instructions, runs whatever code there is, or first makes some, of one shape or the other.
    fn mixed(&mut self) -> Option<Exit> {
        self.engine.ask_from_now_on(Question::Poll);
        let pc = self.engine.parts().0.pc;
        if self.chance.below(3) == 0 {
            let budget = 1 + self.chance.below(MIXED_STRETCH);
            return self.interpret_and_see(budget);
        }
        let wants_code = !self.engine.has_code(pc) || self.chance.below(MIXED_AGAIN) == 0;
        if wants_code && !self.compile(pc) {
            return self.interpret_and_see(STRETCH);
        }
        self.enter()
    }

    /// Runs the translated code that there is at `pc`.
    fn enter(&mut self) -> Option<Exit> {
        self.statistics.drives += 1;
        match self.drive() {
            Drive::Left(Leave::NoCode) => None,
            Drive::Left(Leave::Poll) => self.polled(),
            // What it left to the interpreter is done where cells are missing, too.
            Drive::Left(Leave::Interpret) if self.engine.parts().0.stale != [0; 2] => {
                Some(self.freshen()).filter(|exit| *exit != Exit::Poll)
            }
            Drive::Left(Leave::Interpret) => self.single_step(),
            // With exact registers the interpreter meets the same fault and knows all about it.
            Drive::Fault(_) if self.options.fault_precise => self.single_step(),
            Drive::Fault(fault) => Some(Exit::Exception(Exception::Memory(fault))),
        }
    }

    /// Runs translated code, and interprets in place what it calls the interpreter for.
    fn drive(&mut self) -> Drive {
        let Vcpu { engine, decoded, heat, statistics, .. } = self;
        engine.drive(&mut |state, space, pc| {
            state.pc = pc;
            let mut bus = Watched { space, heat, watches: false };
            let is_done = Interp::new(state, &mut bus, decoded).run(1) == Stop::Budget;
            statistics.in_place += u64::from(is_done);
            is_done
        })
    }

    /// Translated code left because somebody polls, or wants to know what it is busy with.
    fn polled(&mut self) -> Option<Exit> {
        let state = self.engine.parts().0;
        let (pc, is_sample, is_poll) = (state.pc, state.sample != 0, state.poll != 0);
        state.sample = 0;
        // Of region-shaped code nothing is asked but to poll.
        let exit = self.freshen();
        if is_sample && self.tier == Tier::Auto {
            self.sampled(pc);
        }
        (is_poll || exit != Exit::Poll).then_some(exit)
    }

    /// Block-shaped code was found at `pc`, a loop's header or where a function begins or comes back to: the function
    /// becomes a region when enough time was spent in it, and the loop too if that does not help.
    fn sampled(&mut self, pc: u32) {
        let function = self.functions.range(..=pc).next_back().copied();
        let function = function.filter(|function| pc - function < FUNCTION_BYTES && !self.regions.contains(function));
        let root = function.unwrap_or(pc);
        if self.regions.contains(&root) {
            return;
        }
        let missing = match self.samples.get(&root) {
            Some(missing) => missing - 1,
            None => {
                let instructions: u32 = self.gather(root).iter().map(Rooted::instructions).sum();
                (instructions / INSTRUCTIONS_A_SAMPLE).max(1)
            }
        };
        self.samples.insert(root, missing);
        if missing == 0 {
            self.samples.remove(&root);
            self.regions.insert(root);
            let begun = self.engine.processor_time();
            let regions = self.gather(root);
            if !regions.is_empty() {
                let translated = region::translate(&regions, self.options);
                if self.install(root, &translated, begun) {
                    self.regions.extend(regions.iter().map(|region| region.root));
                }
            }
        }
    }

    /// Whether the code at `pc`, where translated code left or the guest starts, is worth translating.
    fn is_time(&mut self, pc: u32) -> bool {
        self.tier != Tier::Auto || self.heat.visit(pc)
    }

    /// Interprets until the cells that translated code did not care for any more are written. It never did so past
    /// anything that could be noticed, so what else may stop this is a fatal fault.
    fn freshen(&mut self) -> Exit {
        let mut stale = {
            let state = self.engine.parts().0;
            let [low, high] = core::mem::take(&mut state.stale);
            Cells::from_bits(u128::from(high) << 64 | u128::from(low))
        };
        for _ in 0..FRESHEN_MAX {
            if stale.is_empty() {
                break;
            }
            let (state, space) = self.engine.parts();
            let (pc, fr) = (state.pc, state.fpu.fr);
            let mut insn = |at| space.fetch(at).ok().and_then(mips::decode);
            let slot = insn(pc).filter(|insn| always_runs_slot(*insn)).and_then(|_| insn(pc.wrapping_add(4)));
            let certain = [insn(pc), slot].into_iter().flatten().fold(Cells::NONE, |all, insn| all | written(insn, fr));
            if let Some(Exit::Exception(exception)) = self.interpret_and_see(1) {
                return Exit::Exception(exception);
            }
            stale = stale.without(certain);
        }
        Exit::Poll
    }

    fn single_step(&mut self) -> Option<Exit> {
        self.statistics.single_steps += 1;
        self.interpret_and_see(1).filter(|exit| *exit != Exit::Poll)
    }

    /// Interprets, which may have met the first use of floating-point flags.
    fn interpret_and_see(&mut self, budget: u32) -> Option<Exit> {
        let exit = self.interpret(budget);
        let fpu = self.engine.parts().0.fpu;
        self.assume(Options { fpu, ..self.options });
        exit
    }

    fn interpret(&mut self, budget: u32) -> Option<Exit> {
        self.statistics.stretches += u64::from(budget > 1);
        let (state, space) = self.engine.parts();
        let mut bus = Watched { space, heat: &mut self.heat, watches: self.tier == Tier::Auto };
        let mut interp = Interp::new(state, &mut bus, &mut self.decoded);
        let stop = interp.run(budget);
        self.statistics.interpreted += interp.done;
        match stop {
            Stop::Exception(exception) => Some(Exit::Exception(exception)),
            Stop::Budget => Some(Exit::Poll),
            Stop::Entered(called_by) => {
                let pc = self.engine.parts().0.pc;
                if let Some(site) = called_by.filter(|_| self.called.len() < CALLED_MAX) {
                    self.called.insert(site, pc);
                }
                if !self.engine.has_code(pc) {
                    self.compile(pc);
                }
                None
            }
        }
    }

    /// Translates what is at `pc`; false if that cannot be.
    fn compile(&mut self, pc: u32) -> bool {
        let begun = self.engine.processor_time();
        if self.refused.contains(&pc) {
            return false;
        }
        self.translate(pc).is_some_and(|translated| self.install(pc, &translated, begun))
    }

    fn translate(&mut self, pc: u32) -> Option<Translated> {
        let is_region = match self.tier {
            Tier::Region => true,
            Tier::Mixed => self.chance.below(2) == 0,
            Tier::Interp | Tier::Block | Tier::Auto => false,
        };
        if !is_region {
            let code = Fetched(core::cell::RefCell::new(self.engine.parts().1));
            let region = discover(&code, pc, BLOCKS)?;
            self.functions.extend(region.blocks.iter().filter_map(|block| block.end.called()));
            return Some(block::translate(&region, self.options));
        }
        let regions = self.gather(pc);
        (!regions.is_empty()).then(|| region::translate(&regions, self.options))
    }

    /// The region at `pc`, and those it calls that are worth translating with it.
    fn gather(&mut self, pc: u32) -> Vec<Rooted> {
        let is_cold = matches!(self.tier, Tier::Region | Tier::Mixed);
        let profile = Seen { heat: &self.heat, called: &self.called, regions: &self.regions, all: is_cold };
        let (state, space) = self.engine.parts();
        let gpr = state.gpr;
        let code = Fetched(core::cell::RefCell::new(space));
        let limits = if is_cold { FUNCTIONS_COLD } else { FUNCTIONS };
        gather(&code, pc, &gpr, limits, &profile)
    }

    fn install(&mut self, root: u32, translated: &Translated, begun: u64) -> bool {
        if self.engine.is_full() {
            self.forget_all();
        }
        match self.engine.install(translated) {
            Ok(bytes) => self.statistics.machine_bytes += bytes as u64,
            Err(refusal) => {
                self.statistics.refused += 1;
                self.refused.insert(root);
                self.refusal = Some(refusal);
                return false;
            }
        }
        self.statistics.translating += self.engine.processor_time() - begun;
        self.statistics.modules += 1;
        self.statistics.wasm_bytes += translated.wasm.len() as u64;
        for unit in &translated.functions {
            unit.entries.iter().for_each(|entry| self.heat.mark(*entry));
            self.statistics.regions += 1;
            self.statistics.blocks += unit.ranges.len() as u64;
            self.statistics.instructions += u64::from(unit.instructions);
        }
        true
    }
}

/// What was seen of a program while it ran.
struct Seen<'a> {
    heat: &'a Heat,
    called: &'a BTreeMap<u32, u32>,
    regions: &'a BTreeSet<u32>,
    /// Whether everything counts as warm.
    all: bool,
}

impl Profile for Seen<'_> {
    fn is_warm(&self, root: u32) -> bool {
        self.all || self.heat.visits(root) >= WARM_VISITS
    }
    fn is_translated(&self, root: u32) -> bool {
        self.regions.contains(&root)
    }
    fn called(&self, site: u32) -> Option<u32> {
        self.called.get(&site).copied()
    }
}

/// Code as the guest may fetch it.
struct Fetched<'a, S: Space>(core::cell::RefCell<&'a mut S>);

impl<S: Space> CodeSource for Fetched<'_, S> {
    fn word(&self, pc: u32) -> Option<u32> {
        if !pc.is_multiple_of(4) {
            return None;
        }
        self.0.borrow_mut().fetch(pc).ok()
    }
    fn data(&self, at: u32) -> Option<u32> {
        self.0.borrow_mut().load(Size::Word, at).ok()
    }
}

/// The address space, with an eye on where branches lead.
struct Watched<'a, S: Space> {
    space: &'a mut S,
    heat: &'a mut Heat,
    watches: bool,
}

impl<S: Space> Bus for Watched<'_, S> {
    #[inline(always)]
    fn is_big_endian(&self) -> bool {
        self.space.is_big_endian()
    }
    #[inline(always)]
    fn load(&mut self, size: Size, at: u32) -> Result<u32, Fault> {
        self.space.load(size, at)
    }
    #[inline(always)]
    fn store(&mut self, size: Size, at: u32, value: u32) -> Result<(), Fault> {
        self.space.store(size, at, value)
    }
    fn fetch(&mut self, at: u32) -> Result<u32, Fault> {
        self.space.fetch(at)
    }
    fn cycles(&mut self) -> u32 {
        self.space.cycles()
    }
    #[inline(always)]
    fn entered(&mut self, pc: u32, begins: bool) -> bool {
        self.watches && if begins { self.heat.visit(pc) } else { self.heat.is_hot(pc) }
    }
}
