//! [`Walk`]: a [`Tree`] as the flat sequence in which its Wasm is written, without recursion.

use super::tree::*;
use alloc::{vec, vec::Vec};

/// What to write next. [`Step::Loop`], [`Step::Block`] and a node with two inline exits each open one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'t> {
    /// `loop`: from here on a branch to this header goes here.
    Loop(u32),
    /// `block`: from here on a branch to this follow goes behind its end.
    Block(u32),
    /// The node's code. How many of its exits are inline says what comes next:
    ///
    /// - none: nothing of this node;
    /// - one: its steps. The other exit, if there is one, is a branch to take before (`br_if`);
    /// - two: write `if` for the first; its steps, [`Step::Else`], the steps of the second, [`Step::End`].
    Node {
        /// The node.
        node: u32,
        /// One for each successor, in order.
        exits: &'t [Exit],
        /// Where code arrives that does not branch; a branch to it as the last thing of a node is needless. Only
        /// told where there are exits, none of them inline.
        falls_to: Option<u32>,
    },
    /// `else`.
    Else,
    /// `end` of the label opened last. Behind that of a block stands its follow.
    End,
}

enum Pending {
    Enter(ShapeId),
    Else,
    End,
    /// The end of a block, and what stands behind it.
    Follow(u32, ShapeId),
}

/// The steps of a [`Tree`], in order.
pub struct Walk<'t> {
    tree: &'t Tree,
    pending: Vec<Pending>,
}

impl Tree {
    /// The steps that write the tree.
    pub fn walk(&self) -> Walk<'_> {
        Walk { tree: self, pending: self.root().map_or(vec![], |root| vec![Pending::Enter(root)]) }
    }
}

impl<'t> Walk<'t> {
    fn enter(&mut self, id: ShapeId) -> Step<'t> {
        match &self.tree[id] {
            Shape::Loop { header, body } => {
                self.pending.extend([Pending::End, Pending::Enter(*body)]);
                Step::Loop(*header)
            }
            Shape::Block { follow, body, after } => {
                self.pending.extend([Pending::Follow(*follow, *after), Pending::Enter(*body)]);
                Step::Block(*follow)
            }
            Shape::Node { node, exits } => {
                let mut falls_to = None;
                match **exits {
                    [Exit::Inline(first), Exit::Inline(second)] => {
                        let arms = [Pending::End, Pending::Enter(second), Pending::Else, Pending::Enter(first)];
                        self.pending.extend(arms);
                    }
                    [Exit::Inline(id)] | [Exit::Inline(id), _] | [_, Exit::Inline(id)] => {
                        self.pending.push(Pending::Enter(id));
                    }
                    [] => {}
                    _ => falls_to = self.falls_to(),
                }
                Step::Node { node: *node, exits, falls_to }
            }
        }
    }

    fn falls_to(&self) -> Option<u32> {
        let mut pending = self.pending.iter().rev();
        while let Some(next) = pending.next() {
            match next {
                Pending::End => {}
                // The second arm stands between, and is jumped over.
                Pending::Else => _ = pending.next(),
                Pending::Follow(follow, _) => return Some(*follow),
                Pending::Enter(_) => return None,
            }
        }
        None
    }
}

impl<'t> Iterator for Walk<'t> {
    type Item = Step<'t>;

    fn next(&mut self) -> Option<Step<'t>> {
        Some(match self.pending.pop()? {
            Pending::Enter(id) => self.enter(id),
            Pending::Else => Step::Else,
            Pending::End => Step::End,
            Pending::Follow(_, after) => {
                self.pending.push(Pending::Enter(after));
                Step::End
            }
        })
    }
}
