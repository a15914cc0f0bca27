//! Instructions decoded before: a direct-mapped cache of blocks by address, and beside it, which instructions there ever
//! were. Whoever changes code says so with [`Decoded::forget`].

use crate::insn::Insn;
use crate::reading::effects::{Flow, effects};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

/// Blocks that can be found, as a power of two.
const BLOCKS_BITS: u32 = 14;
/// The most instructions of a block, but for its branch and the slot of that.
const BODY_MAX: u32 = 64;
/// Instructions of all blocks together, beyond which all are forgotten.
const INSNS_MAX: usize = 1 << 18;

/// Instructions for which it is kept together whether they ran.
const RAN_BITS: u32 = 64;

/// An address no block has: only at multiples of four, and as MIPS16e at odd addresses, there are instructions.
const NOWHERE: u32 = 2;

/// Instructions that follow one another, and the branch that ends them.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pc: u32,
    /// Its first instruction's number.
    pub(super) first: u32,
    /// How many there are before the branch.
    pub(super) body: u32,
    pub(super) end: End,
}

/// How a block ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Without a branch: the next block follows.
    Next,
    /// With a branch, whose slot is not there.
    Branch,
    /// With a branch and its slot.
    Slot,
    /// With a branch that has no slot.
    Compact,
}

/// Decoded instructions of one address space.
pub struct Decoded {
    blocks: Box<[Block]>,
    pub(super) insns: Vec<Insn>,
    /// What was ever decoded, which is what ran: a bit a word, by the number of the first.
    ran: BTreeMap<u32, u64>,
}

impl Decoded {
    /// An empty cache.
    pub fn new() -> Decoded {
        let nothing = Block { pc: NOWHERE, first: 0, body: 0, end: End::Next };
        let blocks = vec![nothing; 1 << BLOCKS_BITS].into_boxed_slice();
        Decoded { blocks, insns: Vec::new(), ran: BTreeMap::new() }
    }

    #[inline(always)]
    fn place(pc: u32) -> usize {
        // 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
        (pc.rotate_right(2).wrapping_mul(0x9e37_79b9) >> (32 - BLOCKS_BITS)) as usize
    }

    /// The block that begins at `pc`.
    #[inline(always)]
    pub(super) fn get(&self, pc: u32) -> Option<Block> {
        let block = self.blocks[Decoded::place(pc)];
        (block.pc == pc && pc != NOWHERE).then_some(block)
    }

    /// Decodes the block that begins at `pc`, which `insn` reads; the error is that of its first instruction.
    #[cold]
    pub(super) fn put<T>(&mut self, pc: u32, mut insn: impl FnMut(u32) -> Result<Insn, T>) -> Result<Block, T> {
        let mut next = insn(pc)?;
        if self.insns.len() > INSNS_MAX {
            self.insns.clear();
            self.blocks.iter_mut().for_each(|block| block.pc = NOWHERE);
        }
        let first = self.insns.len() as u32;
        let (mut at, mut end) = (pc, End::Next);
        loop {
            let effects = effects(next);
            let is_branch = effects.flow != Flow::Next;
            self.add(at, next);
            at = at.wrapping_add(next.bytes());
            if effects.is_compact() {
                end = End::Compact;
                break;
            }
            let (behind, is_last) = (insn(at), self.insns.len() as u32 - first >= BODY_MAX);
            if is_branch {
                end = if behind.is_ok() { End::Slot } else { End::Branch };
                behind.into_iter().for_each(|slot| self.add(at, slot));
                break;
            }
            match behind {
                Ok(insn) if !is_last => next = insn,
                _ => break,
            }
        }
        let others = match end {
            End::Next => 0,
            End::Branch | End::Compact => 1,
            End::Slot => 2,
        };
        let block = Block { pc, first, body: self.insns.len() as u32 - first - others, end };
        self.blocks[Decoded::place(pc)] = block;
        Ok(block)
    }

    fn add(&mut self, pc: u32, insn: Insn) {
        self.insns.push(insn);
        *self.ran.entry((pc >> 2) / RAN_BITS).or_default() |= 1 << ((pc >> 2) % RAN_BITS);
    }

    /// Whether the instruction at `pc` was ever interpreted, or one that stood there before it, or is in the same word.
    pub fn has_run(&self, pc: u32) -> bool {
        self.ran.get(&((pc >> 2) / RAN_BITS)).is_some_and(|bits| bits >> ((pc >> 2) % RAN_BITS) & 1 != 0)
    }

    /// Forgets what was decoded in `bytes` bytes from `at`: the code there may have changed or gone.
    pub fn forget(&mut self, at: u32, bytes: u32) {
        if bytes == 0 {
            return;
        }
        // From where a block may reach there.
        let from = at.saturating_sub(4 * (BODY_MAX + 2)) & !3;
        let end = u64::from(at) + u64::from(bytes);
        // Mostly this is memory where no code ever was.
        if self.ran.range((from >> 2) / RAN_BITS..=((end - 1) >> 2) as u32 / RAN_BITS).next().is_none() {
            return;
        }
        let is_in = |pc: u32| (from..=at).contains(&(pc & !1)) || pc > at && u64::from(pc & !1) < end;
        if bytes as usize >= self.blocks.len() {
            self.blocks.iter_mut().filter(|block| is_in(block.pc)).for_each(|block| block.pc = NOWHERE);
            return;
        }
        // In each word one of 32-bit code, two of MIPS16e.
        for pc in (u64::from(from)..end).step_by(4).flat_map(|pc| [pc, pc | 1, pc | 3]) {
            let block = &mut self.blocks[Decoded::place(pc as u32)];
            if u64::from(block.pc) == pc {
                block.pc = NOWHERE;
            }
        }
    }
}

impl Default for Decoded {
    fn default() -> Decoded {
        Decoded::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_nowhere() {
        let mut decoded = Decoded::new();
        assert!(decoded.get(NOWHERE).is_none());
        let block = decoded.put(4, |_| Ok::<_, ()>(crate::decode(0).expect("nop")));
        assert_eq!(block.map(|block| (block.body, block.end == End::Next)), Ok((BODY_MAX, true)));
        assert!(decoded.get(4).is_some() && decoded.has_run(4 * BODY_MAX) && !decoded.has_run(4 * BODY_MAX + 4));
        decoded.forget(4 * BODY_MAX, 1);
        assert!(decoded.get(4).is_none() && decoded.get(NOWHERE).is_none());
    }
}
