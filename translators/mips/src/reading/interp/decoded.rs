//! Instructions decoded before: a direct-mapped cache of blocks by address, and beside it, which instructions there ever
//! were. Whoever changes code says so with [`Decoded::forget`].

use crate::insn::Insn;
use crate::isa::ROWS;
use crate::reading::effects::{Flow, effects};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU8, Ordering};

/// Blocks that can be found, as powers of two: at first, and at most. Most processes are short.
const BLOCKS_BITS: u32 = 10;
const BLOCKS_BITS_MAX: u32 = 14;
/// How many times as many that is, each time there are more.
const GROWTH_BITS: u32 = 2;
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

/// What an instruction does to a block, as far as [`Op`] tells. The instruction's meaning is asked once for each of those.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Ending {
    Unknown,
    /// The block goes on.
    None,
    /// It ends behind what follows.
    Branch,
    /// It ends here.
    Compact,
}

/// What was asked so far, by [`Op`].
static ENDINGS: [AtomicU8; ROWS.len()] = [const { AtomicU8::new(Ending::Unknown as u8) }; ROWS.len()];

impl Ending {
    fn of(insn: Insn) -> Ending {
        let known = &ENDINGS[insn.op as usize];
        let all = [Ending::Unknown, Ending::None, Ending::Branch, Ending::Compact];
        match all[known.load(Ordering::Relaxed) as usize] {
            Ending::Unknown => {
                let ending = Ending::ask(insn);
                known.store(ending as u8, Ordering::Relaxed);
                ending
            }
            ending => ending,
        }
    }

    #[cold]
    fn ask(insn: Insn) -> Ending {
        let effects = effects(insn);
        match effects.flow {
            _ if effects.is_compact() => Ending::Compact,
            // Other exceptions are rare, and what raises one may do so by its operands.
            Flow::Next | Flow::Raise => Ending::None,
            _ => Ending::Branch,
        }
    }
}

/// Decoded instructions of one address space.
pub struct Decoded {
    blocks: Box<[Block]>,
    /// Blocks that were put there.
    count: usize,
    pub(super) insns: Vec<Insn>,
    /// What was ever decoded, which is what ran: a bit a word, by the number of the first.
    ran: BTreeMap<u32, u64>,
}

impl Decoded {
    /// An empty cache.
    pub fn new() -> Decoded {
        Decoded { blocks: Decoded::empty(1 << BLOCKS_BITS), count: 0, insns: Vec::new(), ran: BTreeMap::new() }
    }

    fn empty(count: usize) -> Box<[Block]> {
        let nothing = Block { pc: NOWHERE, first: 0, body: 0, end: End::Next };
        vec![nothing; count].into_boxed_slice()
    }

    #[inline(always)]
    fn place(&self, pc: u32) -> usize {
        // 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
        let hash = pc.rotate_right(2).wrapping_mul(0x9e37_79b9);
        (hash >> (32 - BLOCKS_BITS_MAX)) as usize & (self.blocks.len() - 1)
    }

    /// Puts a block where it is found.
    fn keep(&mut self, block: Block) {
        self.count += 1;
        if self.count > self.blocks.len() / 4 * 3 && self.blocks.len() < 1 << BLOCKS_BITS_MAX {
            let more = Decoded::empty(self.blocks.len() << GROWTH_BITS);
            for block in core::mem::replace(&mut self.blocks, more) {
                self.blocks[self.place(block.pc)] = block;
            }
        }
        self.blocks[self.place(block.pc)] = block;
    }

    /// The block that begins at `pc`.
    #[inline(always)]
    pub(super) fn get(&self, pc: u32) -> Option<Block> {
        let block = self.blocks[self.place(pc)];
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
            self.insns.push(next);
            at = at.wrapping_add(next.bytes());
            let ending = Ending::of(next);
            if ending == Ending::Compact {
                end = End::Compact;
                break;
            }
            let (behind, is_last) = (insn(at), self.insns.len() as u32 - first >= BODY_MAX);
            if ending == Ending::Branch {
                end = if behind.is_ok() { End::Slot } else { End::Branch };
                for slot in behind.into_iter() {
                    self.insns.push(slot);
                    at = at.wrapping_add(slot.bytes());
                }
                break;
            }
            match behind {
                Ok(insn) if !is_last => next = insn,
                _ => break,
            }
        }
        self.ran(pc, at);
        let others = match end {
            End::Next => 0,
            End::Branch | End::Compact => 1,
            End::Slot => 2,
        };
        let block = Block { pc, first, body: self.insns.len() as u32 - first - others, end };
        self.keep(block);
        Ok(block)
    }

    /// Notes that everything from one address up to another was decoded.
    fn ran(&mut self, from: u32, end: u32) {
        // Code may end where addresses do.
        let (mut word, last) = (from >> 2, end.wrapping_sub(1) >> 2);
        while word <= last {
            let (at, next) = (word / RAN_BITS, (word / RAN_BITS + 1) * RAN_BITS);
            let (low, count) = (word % RAN_BITS, next.min(last + 1) - word);
            *self.ran.entry(at).or_default() |= u64::MAX >> (RAN_BITS - count) << low;
            word = next;
        }
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
            let block = &mut self.blocks[self.place(pc as u32)];
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
    fn a_row_says_whether_a_block_ends() {
        let mut fields = 0x2545_f491_u32;
        for row in ROWS {
            for _ in 0..64 {
                fields = fields.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let Some(insn) = row.decode(row.bits | fields & !row.mask) else { continue };
                assert_eq!(Ending::of(insn), Ending::ask(insn), "{insn:?}");
            }
        }
    }

    #[test]
    fn what_ran_is_known_to_the_word() {
        for (from, end) in [(0, 4), (0xfc, 0x104), (0x104, 0x300), (0x301, 0x306), (0xffff_fff8, 0)] {
            let mut decoded = Decoded::new();
            decoded.ran(from, end);
            let words = (0..0x400).step_by(4).chain((0xffff_ff00..=0xffff_fffc).step_by(4));
            for at in words {
                let is_in = at + 3 >= from && at <= end.wrapping_sub(1);
                assert_eq!(decoded.has_run(at), is_in, "{at:#x} in {from:#x}..{end:#x}");
            }
        }
    }

    #[test]
    fn a_table_that_grows_keeps_what_it_has() {
        let mut decoded = Decoded::new();
        let pcs = (0..1 << BLOCKS_BITS).map(|number| 4 * number);
        for pc in pcs.clone() {
            assert!(decoded.put(pc, |at| if at == pc { crate::decode(0).ok_or(()) } else { Err(()) }).is_ok());
        }
        assert!(decoded.blocks.len() > 1 << BLOCKS_BITS);
        // Some drove others out.
        assert!(pcs.clone().filter(|pc| decoded.get(*pc).is_some()).count() > 700);
        decoded.forget(0, 4 << BLOCKS_BITS);
        assert!(pcs.into_iter().all(|pc| decoded.get(pc).is_none()));
    }

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
