//! What is translated together: the basic blocks that a root reaches without calling or computing an address.

use crate::decode::decode;
use crate::insn::Insn;
use crate::reading::effects::{Effects, Flow, effects};
use crate::reading::emit::Options;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

/// Where translators read code.
pub trait CodeSource {
    /// The word at `pc`, in host order; `None` if it cannot be fetched.
    fn word(&self, pc: u32) -> Option<u32>;
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
}

impl Block {
    /// The address behind its last instruction, delay slot not counted.
    pub fn end(&self) -> u32 {
        self.pc.wrapping_add(4 * self.insns.len() as u32)
    }
}

/// Blocks in the order of their addresses.
#[derive(Clone, Debug)]
pub struct Region {
    /// Never empty.
    pub blocks: Vec<Block>,
}

impl Region {
    /// The number of the block that starts at `pc`.
    pub fn block_at(&self, pc: u32) -> Option<usize> {
        self.blocks.binary_search_by_key(&pc, |block| block.pc).ok()
    }
}

/// A block longer than this is cut; the rest is another block.
const INSNS_MAX: u32 = 256;

/// Finds the region of at most `blocks_max` blocks around `root`; `None` if nothing can be fetched there. What `options`
/// leave to the interpreter ends a block, so that translated code goes on right behind it.
pub fn discover(code: &dyn CodeSource, root: u32, blocks_max: usize, options: Options) -> Option<Region> {
    let code = &Reader { code, options };
    code.word(root)?;
    let mut leaders = BTreeSet::from([root]);
    let mut queue = VecDeque::from([root]);
    while let Some(leader) = queue.pop_front() {
        for next in successors(code, leader) {
            if leaders.len() >= blocks_max {
                break;
            }
            if code.word(next).is_some() && leaders.insert(next) {
                queue.push_back(next);
            }
        }
    }
    let blocks = leaders.iter().map(|leader| {
        let until = leaders.range(leader + 1..).next().copied();
        block(code, *leader, until)
    });
    Some(Region { blocks: blocks.collect() })
}

/// What follows one instruction.
enum End {
    /// The next one.
    None,
    /// A branch, with its slot.
    Branch(Effects),
    /// The interpreter takes over and comes back behind it.
    Interpret,
    /// Nothing sensible.
    Reserved,
}

/// Code, and what is known of whoever runs it.
struct Reader<'a> {
    code: &'a dyn CodeSource,
    options: Options,
}

impl Reader<'_> {
    fn word(&self, pc: u32) -> Option<u32> {
        self.code.word(pc)
    }

    fn end_of(&self, insn: Option<Insn>) -> End {
        let Some(insn) = insn else { return End::Reserved };
        let effects = effects(insn);
        match effects.flow {
            Flow::Raise => End::Interpret,
            _ if effects.has_slot => End::Branch(effects),
            _ if effects.control || effects.arithmetic && self.options.fpu.exact => End::Interpret,
            _ => End::None,
        }
    }
}

/// Where the block at `pc` leads, as far as can be seen and without following calls.
fn successors(code: &Reader, pc: u32) -> Vec<u32> {
    let mut at = pc;
    for _ in 0..INSNS_MAX {
        let Some(word) = code.word(at) else { return Vec::new() };
        match code.end_of(decode(word)) {
            End::None => at = at.wrapping_add(4),
            End::Branch(effects) => return after_branch(at, effects),
            End::Interpret => return alloc::vec![at.wrapping_add(4)],
            End::Reserved => return Vec::new(),
        }
    }
    alloc::vec![at]
}

fn after_branch(at: u32, effects: Effects) -> Vec<u32> {
    let behind = at.wrapping_add(8);
    match effects.flow {
        // A call comes back; what it calls is another region.
        _ if effects.links => alloc::vec![behind],
        Flow::Branch { by, is_always, .. } => {
            let target = at.wrapping_add(4).wrapping_add_signed(by.0);
            if is_always { alloc::vec![target] } else { alloc::vec![target, behind] }
        }
        Flow::Near { target, isa_mode: 0 } => alloc::vec![at.wrapping_add(4) & 0xf000_0000 | target],
        _ => Vec::new(),
    }
}

fn block(code: &Reader, pc: u32, until: Option<u32>) -> Block {
    let mut insns = Vec::new();
    let mut at = pc;
    while Some(at) != until && insns.len() < INSNS_MAX as usize {
        let Some(word) = code.word(at) else { break };
        let insn = decode(word);
        insns.push(insn);
        at = at.wrapping_add(4);
        match code.end_of(insn) {
            End::None => {}
            End::Branch(_) => {
                let slot = code.word(at).and_then(decode);
                return Block { pc, insns, slot };
            }
            End::Interpret | End::Reserved => break,
        }
    }
    Block { pc, insns, slot: None }
}
