//! A random block: the state it starts from and its instructions, which can be taken out one by one.

use super::asm::{self, INDEX};
use super::record::Record;
use mips::isa::Op;

/// One block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// What registers and data area hold before.
    pub(crate) record: Record,
    /// The index register, a multiple of eight within the data area.
    pub(crate) index: i32,
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
    /// Where the address goes.
    pub(crate) by: By,
}

/// Where a target is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    /// The branch offset of the first word.
    Offset,
    /// The jump target of the first word.
    Target,
    /// The LUI and ORI that are the first two words.
    Constant,
}

impl Item {
    /// An instruction that goes on to the next.
    pub(crate) fn plain(words: impl Into<Vec<u32>>) -> Item {
        Item { words: words.into(), leads: None }
    }
}

impl Block {
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
        let mut starts = vec![at + 4];
        for item in &self.items {
            starts.push(starts[starts.len() - 1] + 4 * item.words.len() as u32);
        }
        let mut words = vec![asm::immediate(Op::addiu, INDEX, 0, self.index)];
        for (item, start) in self.items.iter().zip(&starts) {
            let from = words.len();
            words.extend(&item.words);
            if let Some(leads) = item.leads {
                let to = starts[leads.to];
                let first = &mut words[from..];
                match leads.by {
                    By::Offset => first[0] |= (to.wrapping_sub(start + 4) >> 2) & 0xffff,
                    By::Target => first[0] |= to >> 2 & 0x03ff_ffff,
                    By::Constant => {
                        first[0] |= to >> 16;
                        first[1] |= to & 0xffff;
                    }
                }
            }
        }
        words
    }
}
