//! What is translated together: the basic blocks that a root reaches without calling or computing an address.

use crate::decode::decode_at;
use crate::insn::Insn;
use crate::reading::effects::{Flow, always_runs_slot, effects};
use crate::reg::Gpr;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

/// Where translators read code.
pub trait CodeSource {
    /// Whether it is big-endian.
    fn is_big_endian(&self) -> bool;
    /// The word at `pc`, a multiple of 4, in host order; `None` if it cannot be fetched.
    fn word(&self, pc: u32) -> Option<u32>;
    /// The word of data at `at`, in host order, as it is now; `None` if it cannot be read.
    fn data(&self, at: u32) -> Option<u32>;
    /// Whether the instruction at `pc`, without an ISA mode, is to be taken for one that cannot be fetched: code leaves there.
    fn is_barred(&self, _pc: u32) -> bool {
        false
    }
}

/// The instruction at `pc`, of the instruction set that its bit 0 says; `Some(None)` is a reserved one, `None` none that can
/// be fetched.
pub fn insn_at(code: &dyn CodeSource, pc: u32) -> Option<Option<Insn>> {
    if code.is_barred(pc & !1) {
        return None;
    }
    decode_at(pc, code.is_big_endian(), |at| code.word(at).ok_or(())).ok()
}

/// A straight run of instructions; its last one may be a branch, whose delay slot then follows it. Bit 0 of each address
/// says whether they are of MIPS16e.
#[derive(Clone, Debug)]
pub struct Block {
    /// Address of the first.
    pub pc: u32,
    /// The instructions; `None` is a reserved word.
    pub insns: Vec<Option<Insn>>,
    /// The instruction after a final branch that has a slot.
    pub slot: Option<Insn>,
    /// Whether it ends with a branch that has none.
    pub is_compact: bool,
    /// How it ends.
    pub end: End,
    /// The table by which it is likely to compute where it goes on.
    pub switch: Option<Switch>,
    /// What the branch at its end skips if it is taken, with addresses: few instructions, and nothing but registers can
    /// tell whether they were done. Then it goes on at one place only.
    pub skipped: Vec<(u32, Insn)>,
    /// The address of an LL without the barrier before it, and the register that holds what it mostly loads. If it loads something
    /// else, the barrier is made up for.
    pub unordered: Option<(u32, Gpr)>,
}

/// What a `switch` became: a jump to what an element of a table says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Switch {
    /// Address of the instruction that loads the element.
    pub load: u32,
    /// Address of the table.
    pub table: u32,
    /// Where its elements lead, in their order.
    pub entries: Vec<u32>,
}

impl Switch {
    /// Where it leads, each address once.
    pub fn targets(&self) -> BTreeSet<u32> {
        self.entries.iter().copied().collect()
    }
}

/// How a block ends, as far as can be seen in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// It goes on at its end.
    Next,
    /// To this address, or behind the slot.
    Branch(u32),
    /// To this address.
    Jump(u32),
    /// To this address if it is known, to come back behind the slot.
    Call(Option<u32>),
    /// To the address in `ra`.
    Return,
    /// To an address that was computed.
    Computed,
    /// To the kernel, to come back behind it.
    System,
    /// Its last instruction is the interpreter's, and may come back behind it.
    Interpret,
    /// Its last word is no instruction, or none could be fetched.
    Reserved,
}

impl End {
    /// What it calls, if that is known.
    pub fn called(self) -> Option<u32> {
        if let End::Call(target) = self { target } else { None }
    }
}

impl Block {
    fn new(pc: u32, insns: Vec<Option<Insn>>, end: End) -> Block {
        Block { pc, insns, slot: None, is_compact: false, end, switch: None, skipped: Vec::new(), unordered: None }
    }

    /// Its instructions with their addresses.
    pub fn placed(&self) -> impl Iterator<Item = (u32, Option<Insn>)> + '_ {
        let mut at = self.pc;
        self.insns.iter().map(move |insn| {
            let here = at;
            at = at.wrapping_add(self.bytes_of(*insn));
            (here, *insn)
        })
    }

    /// How many bytes an instruction in it takes; a reserved one as few as there can be.
    fn bytes_of(&self, insn: Option<Insn>) -> u32 {
        insn.map_or(if self.pc & 1 == 0 { 4 } else { 2 }, Insn::bytes)
    }

    /// The address of its last instruction, the branch if it ends with one.
    pub fn last(&self) -> u32 {
        self.end().wrapping_sub(self.insns.last().map_or(0, |insn| self.bytes_of(*insn)))
    }

    /// The address behind its last instruction, delay slot not counted.
    pub fn end(&self) -> u32 {
        let bytes = || self.insns.iter().map(|insn| self.bytes_of(*insn)).sum();
        self.pc.wrapping_add(if self.pc & 1 == 0 { 4 * self.insns.len() as u32 } else { bytes() })
    }

    /// The address behind its last instruction and the delay slot, if that has one.
    pub fn behind(&self) -> u32 {
        self.end().wrapping_add(if self.is_compact { 0 } else { self.bytes_of(self.slot) })
    }

    /// The guest code it was made from, in whole words: from where to where.
    pub fn range(&self) -> (u32, u32) {
        let end = if self.slot.is_some() { self.behind() } else { self.end() };
        (self.pc & !3, (end & !1).wrapping_add(3) & !3)
    }

    /// How many instructions those are.
    pub fn count(&self) -> u32 {
        self.insns.len() as u32 + u32::from(self.slot.is_some())
    }

    /// Where it may go on without leaving translated code: a conditional branch's target, then what is behind it.
    pub fn successors(&self) -> impl Iterator<Item = u32> + '_ {
        let (first, second) = match self.end {
            End::Next | End::System => (Some(self.end()), None),
            End::Branch(target) if !self.skipped.is_empty() => (Some(target), None),
            End::Branch(target) => (Some(target), Some(self.behind())),
            End::Jump(target) => (Some(target), None),
            End::Call(_) => (Some(self.behind()), None),
            End::Return | End::Computed | End::Interpret | End::Reserved => (None, None),
        };
        let targets = self.switch.as_ref().map(Switch::targets).unwrap_or_default();
        first.into_iter().chain(second).chain(targets)
    }
}

/// Blocks in the order of their addresses.
#[derive(Clone, Debug)]
pub struct Region {
    /// Never empty.
    pub blocks: Vec<Block>,
}

impl Region {
    /// Finds the branches that skip so little that doing it for nothing is cheaper than a wrong guess.
    pub fn convert_branches(&mut self) {
        let skipped: Vec<Vec<(u32, Insn)>> = self.blocks.iter().map(|block| self.skipped_by(block)).collect();
        for (block, skipped) in self.blocks.iter_mut().zip(skipped) {
            block.skipped = skipped;
        }
    }

    fn skipped_by(&self, block: &Block) -> Vec<(u32, Insn)> {
        let End::Branch(target) = block.end else { return Vec::new() };
        let Some(behind) = self.block_at(block.behind()).map(|number| &self.blocks[number]) else { return Vec::new() };
        let always = block.is_compact || block.insns.last().copied().flatten().is_some_and(always_runs_slot);
        let is_short = behind.end == End::Next && behind.end() == target && behind.insns.len() <= SKIPPED_MAX;
        if !always || !is_short {
            return Vec::new();
        }
        let only_registers =
            |(at, insn): (u32, Option<Insn>)| insn.filter(|insn| effects(*insn).is_calm()).map(|insn| (at, insn));
        behind.placed().map(only_registers).collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    /// The number of the block that starts at `pc`.
    pub fn block_at(&self, pc: u32) -> Option<usize> {
        self.blocks.binary_search_by_key(&pc, |block| block.pc).ok()
    }
}

/// The most instructions that a branch is made to skip without branching.
const SKIPPED_MAX: usize = 3;

/// A block longer than this is cut; the rest is another block.
const INSNS_MAX: u32 = 256;

/// How far a region reaches.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// The most blocks it may have.
    pub blocks: usize,
    /// Whether what comes behind an instruction of the interpreter's belongs to it.
    pub is_past_interpreter: bool,
}

/// Where computed jumps are likely to lead, by the address of the jump.
pub type Switches = BTreeMap<u32, Switch>;

/// Finds the region around `root`; `None` if nothing can be fetched there.
pub fn discover(code: &dyn CodeSource, root: u32, reach: Reach) -> Option<Region> {
    discover_with(code, root, reach, &Switches::new(), &|_| true)
}

/// The same, where some computed jumps are known, and of what is behind the root only those blocks are wanted that
/// `is_wanted` says.
pub fn discover_with(
    code: &dyn CodeSource,
    root: u32,
    reach: Reach,
    switches: &Switches,
    is_wanted: &dyn Fn(u32) -> bool,
) -> Option<Region> {
    let code = &Reader { code, switches };
    code.insn(root)?;
    let mut leaders = BTreeSet::from([root]);
    let mut queue = VecDeque::from([root]);
    while let Some(leader) = queue.pop_front() {
        let block = code.block(leader, None);
        let past = (reach.is_past_interpreter && block.end == End::Interpret).then(|| block.end());
        for next in block.successors().chain(past) {
            if leaders.len() >= reach.blocks {
                break;
            }
            if is_wanted(next) && code.insn(next).is_some() && leaders.insert(next) {
                queue.push_back(next);
            }
        }
    }
    let blocks = leaders.iter().map(|leader| {
        let until = leaders.range(leader + 1..).next().copied();
        code.block(*leader, until)
    });
    Some(Region { blocks: blocks.collect() })
}

/// Code, and what is known of its jumps.
struct Reader<'a> {
    code: &'a dyn CodeSource,
    switches: &'a Switches,
}

impl Reader<'_> {
    fn insn(&self, pc: u32) -> Option<Option<Insn>> {
        insn_at(self.code, pc)
    }

    /// The block at `pc`, which ends at `until` if it comes so far.
    fn block(&self, pc: u32, until: Option<u32>) -> Block {
        let mut insns = Vec::new();
        let mut at = pc;
        while Some(at) != until && insns.len() < INSNS_MAX as usize {
            let Some(insn) = self.insn(at) else { return Block::new(pc, insns, End::Reserved) };
            insns.push(insn);
            let end = self.end_of(at, insn);
            match (end, insn) {
                (End::Next, Some(insn)) => at = at.wrapping_add(insn.bytes()),
                (End::System | End::Interpret | End::Reserved, _) | (_, None) => return Block::new(pc, insns, end),
                (_, Some(branch)) => {
                    let is_compact = effects(branch).is_compact();
                    let behind = at.wrapping_add(branch.bytes());
                    let slot = self.insn(behind).flatten().filter(|_| !is_compact);
                    let switch = self.switches.get(&at).filter(|_| end == End::Computed).cloned();
                    return Block { slot, is_compact, switch, ..Block::new(pc, insns, end) };
                }
            }
        }
        Block::new(pc, insns, End::Next)
    }

    /// How a block ends with the instruction at `at`; `Next` if it does not.
    fn end_of(&self, at: u32, insn: Option<Insn>) -> End {
        let Some(insn) = insn else { return End::Reserved };
        let effects = effects(insn);
        let slot = at.wrapping_add(insn.bytes());
        let (target, is_always) = match effects.flow {
            Flow::System => return End::System,
            Flow::Raise => return End::Interpret,
            Flow::Next => return End::Next,
            Flow::Branch { by, is_always, .. } => (Some(at.wrapping_add_signed(by.0)), is_always),
            Flow::Near { target, isa_mode } => (Some(slot & 0xf000_0000 | target | isa_mode), true),
            Flow::Computed => (None, true),
        };
        match (target, is_always, effects.links) {
            (_, true, true) => End::Call(target),
            // Whether it is called or not, it goes on there or behind.
            (Some(target), false, _) => End::Branch(target),
            (Some(target), true, false) => End::Jump(target),
            (None, ..) if effects.reads == 1 << Gpr::RA.index() => End::Return,
            (None, ..) => End::Computed,
        }
    }
}
