//! Runs cases: one CPU in one byte order and tier, set up anew for each.

use super::case::{AT, Case};
use super::exception::name;
use super::wrap::Wrap;
use abi::{Addr, AddressSpace, PAGE_BYTES, Prot};
use anyhow::{Result, anyhow};
use engine::Native;
use mips::isa::{self, Op};
use mips::reading::effects::effects;
use mips::{Exception, Gpr, State};
use run::{Engine, Exit, Served, Tier, Vcpu};

/// A page of code around the instruction, every other word a breakpoint.
const CODE: u32 = AT & !(PAGE_BYTES - 1);
/// Two pages of data, then nothing; a page without access, and one to read only.
const DATA: u32 = 0x2_0000;
const NO_ACCESS: u32 = 0x2_3000;
const READ_ONLY: u32 = 0x2_4000;

/// The breakpoint's code.
const END: u32 = 0xf_ffff;
const END16: u32 = 0x3f;
/// What a branch's slot does, so that one can see whether it ran.
const SLOT_REGISTER: Gpr = Gpr::new(23);

/// A CPU to run cases on.
pub struct Bench {
    cpu: Vcpu<Native>,
    big: bool,
}

/// How a run is different from what the case says.
struct Run<'a> {
    case: &'a Case,
    wrap: Wrap,
    precise: bool,
    /// The same, but with flags kept exactly, which the case does not ask for.
    exact: bool,
}

impl Run<'_> {
    fn has_slot(&self) -> bool {
        self.case.insn().is_some_and(|insn| effects(insn).has_slot)
    }

    /// What a jump and its slot did beside what the case says.
    fn has_jumped(&self, right: &mut State) {
        let is_mips16e = self.case.at & 1 != 0;
        if self.has_slot() && !self.case.annuls {
            right.set(SLOT_REGISTER, if is_mips16e { self.case.before.get(Gpr::V0) } else { 1 });
        }
        self.has_linked(right);
    }

    /// What the call of MIPS16e did in whose slot the instruction is.
    fn has_linked(&self, right: &mut State) {
        if self.case.at & 1 != 0 && self.wrap == Wrap::Taken {
            right.set(Gpr::RA, AT + 3);
        }
    }
}

impl Bench {
    /// A CPU in this byte order that executes in this tier.
    pub fn new(big: bool, tier: Tier) -> Result<Bench> {
        let mut native = Native::new(big)?;
        let (_, space) = native.parts();
        let all = Prot::READ | Prot::WRITE;
        for (at, pages, prot) in [
            (CODE, 1, Prot::READ | Prot::EXEC),
            (DATA, 2, all),
            (NO_ACCESS, 1, Prot::empty()),
            (READ_ONLY, 1, Prot::READ),
        ] {
            space.map(Addr(at), pages * PAGE_BYTES, prot).map_err(|_| anyhow!("no memory"))?;
        }
        Ok(Bench { cpu: Vcpu::new(native, tier), big })
    }

    /// Whether `case` is about this byte order.
    pub fn takes(&self, case: &Case) -> bool {
        case.big.is_none_or(|big| big == self.big)
    }

    /// Everything that is not as `case` says, in every place the instruction can stand.
    pub fn check(&mut self, case: &Case) -> Vec<String> {
        let Some(insn) = case.insn() else { return vec!["is reserved".into()] };
        let (effects, wraps) = (effects(insn), Wrap::of(case, insn));
        let mut wrong = Vec::new();
        for wrap in wraps {
            let mut check = |name: &str, precise, exact| {
                if let Err(error) = self.run(&Run { case, wrap: *wrap, precise, exact }) {
                    wrong.push(format!("{wrap:?}{name}: {error}"));
                }
            };
            check("", false, false);
            if effects.memory || case.raises.is_some() {
                check(", precise", true, false);
            }
            if effects.arithmetic {
                check(", exact", false, true);
            }
        }
        wrong
    }

    /// The page of code around an instruction.
    fn words(&self, run: &Run<'_>) -> Vec<u8> {
        let mut words = vec![isa::row(Op::break_).bits | END << 6; (PAGE_BYTES / 4) as usize];
        let at = ((AT - CODE) / 4) as usize;
        words[at] = run.case.word;
        if let Some(branch) = run.wrap.branch() {
            words[at - 1] = branch;
        }
        if run.has_slot() {
            words[at + 1] = isa::row(Op::ori).bits | (SLOT_REGISTER.index() as u32) << 16 | 1;
        }
        words.iter().flat_map(|word| if self.big { word.to_be_bytes() } else { word.to_le_bytes() }).collect()
    }

    /// The same around one of MIPS16e.
    fn halves(&self, run: &Run<'_>) -> Vec<u8> {
        let mut halves = vec![isa::row(Op::break16).bits | END16 << 5; (PAGE_BYTES / 2) as usize];
        let at = ((AT - CODE) / 2) as usize;
        let mut put = |at: usize, word: u32| {
            let both = [word >> 16, word & 0xffff];
            let those = if both[0] == 0 { &both[1..] } else { &both[..] };
            halves[at..at + those.len()].copy_from_slice(those);
            at + those.len()
        };
        if run.wrap == Wrap::Taken {
            put(at - 2, Wrap::jal16());
        }
        let behind = put(at, run.case.word);
        if run.has_slot() {
            let lower_bits_first = (SLOT_REGISTER.index() as u32 & 7) << 2 | SLOT_REGISTER.index() as u32 >> 3;
            put(behind, isa::row(Op::mov32r).bits | lower_bits_first << 3 | Gpr::V0.index() as u32);
        }
        halves
            .into_iter()
            .flat_map(|half| if self.big { (half as u16).to_be_bytes() } else { (half as u16).to_le_bytes() })
            .collect()
    }

    /// Puts a breakpoint where a jump to the other instruction set leads.
    fn put_breakpoint(&self, code: &mut [u8], pc: u32) {
        let (word, bytes) = match pc & 1 {
            0 => (isa::row(Op::break_).bits | END << 6, 4),
            _ => (isa::row(Op::break16).bits | END16 << 5, 2),
        };
        let in_order =
            if self.big { word.to_be_bytes()[4 - bytes..].to_vec() } else { word.to_le_bytes()[..bytes].to_vec() };
        let at = (pc & !1).wrapping_sub(CODE) as usize;
        code[at..at + bytes].copy_from_slice(&in_order);
    }

    fn prepare(&mut self, run: &Run<'_>) -> Result<()> {
        let mut code = if run.case.at & 1 == 0 { self.words(run) } else { self.halves(run) };
        if (run.case.after.pc ^ run.case.at) & 1 != 0 {
            self.put_breakpoint(&mut code, run.case.after.pc);
        }
        let (state, space) = self.cpu.engine.parts();
        *state = State { pc: run.wrap.start(run.case.at), ..run.case.before.clone() };
        state.fpu.exact |= run.exact;
        space.fill(Addr(CODE), &code).map_err(|_| anyhow!("no code page"))?;
        space.code_changed(Addr(CODE), PAGE_BYTES);
        space.fill(Addr(DATA), &self::memory(run.case, self.big, false)).map_err(|_| anyhow!("no data page"))?;
        self.cpu.refresh(run.precise);
        Ok(())
    }

    fn run(&mut self, run: &Run<'_>) -> Result<(), String> {
        self.prepare(run).map_err(|error| error.to_string())?;
        let exit = self.cpu.run(&mut |_, _| Served::Refused);
        if let Some(refusal) = self.cpu.take_refusal() {
            return Err(format!("the engine refused: {refusal}"));
        }
        let Exit::Exception(exception) = exit else { return Err("polled".into()) };
        let (state, space) = self.cpu.engine.parts();
        let state = state.clone();
        let mut memory = vec![0; 2 * PAGE_BYTES as usize];
        space.read(Addr(DATA), &mut memory).map_err(|_| "the data page is gone")?;
        let annulled = run.wrap == Wrap::Annulled;
        if let Some(raises) = run.case.raises.as_ref().filter(|_| !annulled) {
            return raised(run, raises, exception, &state);
        }
        if ![END, END16].map(Exception::Break).contains(&exception) {
            return Err(format!("raises {}", name(exception)));
        }
        let mut right = if annulled { State { pc: AT + 4, ..run.case.before.clone() } } else { run.case.after.clone() };
        right.pc = run.wrap.next(run.case.at, right.pc);
        run.has_jumped(&mut right);
        compare(run, &state, &right)?;
        match memory == self::memory(run.case, self.big, !annulled) {
            true => Ok(()),
            false => Err("memory differs".into()),
        }
    }
}

/// The data pages before or after.
fn memory(case: &Case, big: bool, after: bool) -> Vec<u8> {
    let mut memory = vec![0; 2 * PAGE_BYTES as usize];
    let stored = if after { &case.stored[..] } else { &[] };
    for bytes in case.memory.iter().chain(stored) {
        let (from, bytes) = ((bytes.at - DATA) as usize, bytes.in_order(big));
        memory[from..from + bytes.len()].copy_from_slice(&bytes);
    }
    memory
}

fn raised(run: &Run<'_>, right: &str, exception: Exception, state: &State) -> Result<(), String> {
    let ours = name(exception);
    // Of a fatal fault only the address need be right (the contract's exception); precise code knows all.
    let is_memory = matches!(exception, Exception::Memory(_));
    let last = |text: &str| text.rsplit(' ').next().map(str::to_owned);
    if ours != right && (run.precise || !is_memory || last(&ours) != last(right)) {
        return Err(format!("raises {ours}, not {right}"));
    }
    // Before an untaken branch's slot the branch is already done; restarting either is right.
    let jumped = Some(run.case.after.pc).filter(|pc| *pc != run.case.at);
    let start = jumped.unwrap_or(run.wrap.start(run.case.at));
    if state.pc != start && (run.wrap, state.pc) != (Wrap::NotTaken, AT) {
        return Err(format!("restarts at {:#x}", state.pc));
    }
    if exception == Exception::Syscall && state.next_pc != run.wrap.next(AT, AT + 4) {
        return Err(format!("continues at {:#x}", state.next_pc));
    }
    let mut right = State { pc: state.pc, ..run.case.after.clone() };
    match jumped {
        Some(_) => run.has_jumped(&mut right),
        None => run.has_linked(&mut right),
    }
    if is_memory && !run.precise { Ok(()) } else { compare(run, state, &right) }
}

fn compare(run: &Run<'_>, ours: &State, right: &State) -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut word = |name: String, ours: u32, right: u32| {
        if ours != right {
            wrong.push(format!("{name} is {ours:#x}, not {right:#x}"));
        }
    };
    Gpr::all().for_each(|reg| word(reg.to_string(), ours.get(reg), right.get(reg)));
    ours.fpr
        .iter()
        .zip(&right.fpr)
        .enumerate()
        .for_each(|(at, (ours, right))| word(format!("word {at} of the FPRs"), *ours, *right));
    // Flags are compared if the case is about them.
    let shown = if run.case.before.fpu.exact || !run.exact { u32::MAX } else { !0x0003_f07c };
    word("fcsr".into(), ours.fcsr & shown, right.fcsr & shown);
    for (name, ours, right) in [
        ("hi", ours.hi, right.hi),
        ("lo", ours.lo, right.lo),
        ("pc", ours.pc, right.pc),
        ("user_local", ours.user_local, right.user_local),
        ("link_at", ours.link_at, right.link_at),
        ("link_value", ours.link_value, right.link_value),
    ] {
        word(name.into(), ours, right);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
}
