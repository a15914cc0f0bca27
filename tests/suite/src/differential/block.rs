//! A random block: the state it starts from and its instructions, which can be taken out one by one.

use super::asm::{self, INDEX, ROUNDS};
use super::record::Record;
use mips::isa::Op;

/// One block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// What registers and data area hold before.
    pub(crate) record: Record,
    /// The index register, a multiple of eight within the data area.
    pub(crate) index: i32,
    /// How often it branches backward at most.
    pub(crate) rounds: i32,
    /// Its instructions.
    pub(crate) items: Vec<Item>,
}

/// An instruction, with what belongs to it: a branch's slot, constants it needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Item {
    /// The words, in order.
    pub(crate) words: Vec<u32>,
    /// Where it leads, if it is a branch.
    pub(crate) leads: Option<Leads>,
}

/// How an item names another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Leads {
    /// The item it leads to; the number of items is the block's end.
    pub(crate) to: usize,
    /// Which of the item's words names it.
    pub(crate) word: usize,
    /// Where the address goes.
    pub(crate) by: By,
}

/// Where a target is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    /// The branch offset.
    Offset,
    /// The jump target.
    Target,
    /// The constant of LUI, and of the ORI behind it.
    Constant,
}

impl Item {
    /// An instruction that goes on to the next.
    pub(crate) fn plain(words: impl Into<Vec<u32>>) -> Item {
        Item { words: words.into(), leads: None }
    }
}

impl Block {
    /// Words before the first item's.
    pub(crate) const PROLOGUE: usize = 2;

    /// The block without one of its items; what led there leads to the one after it.
    pub(crate) fn without(&self, item: usize) -> Block {
        let mut block = self.clone();
        block.items.remove(item);
        for leads in block.items.iter_mut().filter_map(|item| item.leads.as_mut()) {
            leads.to -= usize::from(leads.to > item);
        }
        block
    }

    /// The words of the body at `at`.
    pub(crate) fn body(&self, at: u32) -> Vec<u32> {
        let mut starts = vec![at + 4 * Block::PROLOGUE as u32];
        for item in &self.items {
            starts.push(starts[starts.len() - 1] + 4 * item.words.len() as u32);
        }
        let mut words = vec![asm::immediate(Op::addiu, INDEX, 0, self.index)];
        words.push(asm::immediate(Op::addiu, ROUNDS, 0, self.rounds));
        for (item, start) in self.items.iter().zip(&starts) {
            let from = words.len();
            words.extend(&item.words);
            if let Some(leads) = item.leads {
                let to = starts[leads.to];
                let named = &mut words[from + leads.word..];
                match leads.by {
                    By::Offset => named[0] |= (to.wrapping_sub(start + 4 * leads.word as u32 + 4) >> 2) & 0xffff,
                    By::Target => named[0] |= to >> 2 & 0x03ff_ffff,
                    By::Constant => {
                        named[0] |= to >> 16;
                        named[1] |= to & 0xffff;
                    }
                }
            }
        }
        words
    }
}
