//! Two ways on from a node.

use super::{Arm, Label, Way, Writer};
use alloc::vec::Vec;
use wasm::Temp;
use wasm::structure::Exit;
use wasm_encoder::{BlockType, Instruction};

impl<'a> Writer<'a> {
    /// Two ways on: the first of `arms` if `when`.
    pub(super) fn fork(&mut self, when: Temp, arms: [Arm<'a>; 2], falls_to: Option<u32>) {
        let [taken, behind] = arms;
        let held = self.emit.held();
        if taken.way.is_inline() && behind.way.is_inline() {
            self.add(Instruction::LocalGet(when.0));
            self.add(Instruction::If(BlockType::Empty));
            self.labels.push(Label::Arm(held, Some(behind)));
            return self.go(taken, None);
        }
        // The way that stands here comes last: what is inline, or else what closes a loop, which is laid out best so. What
        // leaves the region comes first, as it hardly ever happens: what ran before is in the region.
        let closes = |arm: &Arm<'_>| matches!(arm.way, Way::To(exit, _) if self.nodes.closes(self.node, exit));
        let leaves = |arm: &Arm<'_>| matches!(arm.way, Way::Out(_));
        let is_rest = leaves(&behind) && !leaves(&taken);
        let is_taken_last = taken.way.is_inline() || !behind.way.is_inline() && (closes(&taken) || is_rest);
        let (first, last) = if is_taken_last { (behind, taken) } else { (taken, behind) };
        let first_closes = closes(&first);
        // An inverted test before the way back, so that it stands in line.
        self.add(Instruction::LocalGet(when.0));
        if is_taken_last {
            self.add(Instruction::I32Eqz);
        }
        if first_closes {
            self.add(Instruction::I32Eqz);
            self.add(Instruction::If(BlockType::Empty));
            self.add(Instruction::Else);
        } else if leaves(&first) && !leaves(&last) {
            self.emit.code().if_unlikely();
        } else {
            self.add(Instruction::If(BlockType::Empty));
        }
        self.labels.push(Label::Arm(held, None));
        self.go(first, None);
        self.labels.pop();
        self.add(Instruction::End);
        self.emit.set_held(held);
        self.go(last, falls_to);
    }

    /// The second of two arms that are both inline.
    pub(super) fn other_arm(&mut self) {
        self.add(Instruction::Else);
        let Some(Label::Arm(held, other)) = self.labels.last_mut() else { return };
        let (held, other) = (*held, other.take());
        self.emit.set_held(held);
        if let Some(arm) = other {
            self.go(arm, None);
        }
    }

    /// What stands in the way of steps to come when a node left for good.
    pub(super) fn nowhere(&mut self, ways: &[Way]) {
        let inside: Vec<Way> = ways.iter().copied().filter(|way| matches!(way, Way::To(..))).collect();
        if let [Way::To(Exit::Inline(_), _), second @ Way::To(Exit::Inline(_), _)] = inside[..] {
            self.add(Instruction::I32Const(0));
            self.add(Instruction::If(BlockType::Empty));
            self.labels.push(Label::Arm(self.emit.held(), Some(Arm::just(second))));
        }
        // Nobody gets there, so anything may be taken for granted.
        self.incoming = None;
    }
}
