//! What is translated together: the basic blocks that a root reaches without calling or computing an address.

use crate::decode::decode;
use crate::insn::Insn;
use crate::reading::effects::{Flow, always_runs_slot, effects};
use crate::reg::Gpr;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

/// Where translators read code.
pub trait CodeSource {
    /// The word at `pc`, in host order; `None` if it cannot be fetched.
    fn word(&self, pc: u32) -> Option<u32>;
    /// The word of data at `at`, in host order, as it is now; `None` if it cannot be read.
    fn data(&self, at: u32) -> Option<u32>;
}

/// A straight run of instructions; its last one may be a branch, whose delay slot then follows it.
#[derive(Clone, Debug)]
pub struct Block {
    /// Address of the first.
    pub pc: u32,
    /// The instructions; `None` is a reserved word.
    pub insns: Vec<Option<Insn>>,
    /// The instruction after a final branch.
    pub slot: Option<Insn>,
    /// How it ends.
    pub end: End,
    /// The table by which it is likely to compute where it goes on.
    pub switch: Option<Switch>,
    /// What the branch at its end skips if it is taken, with addresses: few instructions, and nothing but registers can
    /// tell whether they were done. Then it goes on at one place only.
    pub skipped: Vec<(u32, Insn)>,
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
        Block { pc, insns, slot: None, end, switch: None, skipped: Vec::new() }
    }

    /// The address of its last instruction, the branch if it ends with one.
    pub fn last(&self) -> u32 {
        self.end().wrapping_sub(4)
    }

    /// The address behind its last instruction, delay slot not counted.
    pub fn end(&self) -> u32 {
        self.pc.wrapping_add(4 * self.insns.len() as u32)
    }

    /// The address behind its last instruction and the delay slot.
    pub fn behind(&self) -> u32 {
        self.end().wrapping_add(4)
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
        let always = block.insns.last().copied().flatten().is_some_and(always_runs_slot);
        let is_short = behind.end == End::Next && behind.end() == target && behind.insns.len() <= SKIPPED_MAX;
        if !always || !is_short {
            return Vec::new();
        }
        let insns = (behind.pc..).step_by(4).zip(behind.insns.iter().copied());
        let only_registers =
            |(at, insn): (u32, Option<Insn>)| insn.filter(|insn| effects(*insn).is_calm()).map(|insn| (at, insn));
        insns.map(only_registers).collect::<Option<Vec<_>>>().unwrap_or_default()
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
    code.word(root)?;
    let mut leaders = BTreeSet::from([root]);
    let mut queue = VecDeque::from([root]);
    while let Some(leader) = queue.pop_front() {
        let block = code.block(leader, None);
        let past = (reach.is_past_interpreter && block.end == End::Interpret).then(|| block.end());
        for next in block.successors().chain(past) {
            if leaders.len() >= reach.blocks {
                break;
            }
            if is_wanted(next) && code.word(next).is_some() && leaders.insert(next) {
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
    fn word(&self, pc: u32) -> Option<u32> {
        self.code.word(pc)
    }

    /// The block at `pc`, which ends at `until` if it comes so far.
    fn block(&self, pc: u32, until: Option<u32>) -> Block {
        let mut insns = Vec::new();
        let mut at = pc;
        while Some(at) != until && insns.len() < INSNS_MAX as usize {
            let Some(word) = self.word(at) else { return Block::new(pc, insns, End::Reserved) };
            let insn = decode(word);
            insns.push(insn);
            let end = self.end_of(at, insn);
            at = at.wrapping_add(4);
            match end {
                End::Next => {}
                End::System | End::Interpret | End::Reserved => return Block::new(pc, insns, end),
                _ => {
                    let slot = self.word(at).and_then(decode);
                    let jump = at.wrapping_sub(4);
                    let switch = self.switches.get(&jump).filter(|_| end == End::Computed).cloned();
                    return Block { slot, switch, ..Block::new(pc, insns, end) };
                }
            }
        }
        Block::new(pc, insns, End::Next)
    }

    /// How a block ends with the instruction at `at`; `Next` if it does not.
    fn end_of(&self, at: u32, insn: Option<Insn>) -> End {
        let Some(insn) = insn else { return End::Reserved };
        let effects = effects(insn);
        let slot = at.wrapping_add(4);
        let (target, is_always) = match effects.flow {
            Flow::System => return End::System,
            Flow::Raise => return End::Interpret,
            Flow::Next => return End::Next,
            Flow::Branch { by, is_always, .. } => (Some(slot.wrapping_add_signed(by.0)), is_always),
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
