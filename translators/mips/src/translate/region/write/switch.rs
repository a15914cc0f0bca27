//! Computed jumps whose targets are known more or less, and the dispatchers of what cannot be structured.

use super::{Arm, Label, Way, Writer};
use crate::reading::emit::Emit;
use crate::region::Switch;
use alloc::vec::Vec;
use wasm::{Temp, Type};
use wasm_encoder::{BlockType, Instruction};

/// Words a table jump may span for each of its targets, or halfwords of MIPS16e; beyond, they are searched.
const SPARSE: usize = 24;

/// A step from target to target, as a power of two: 32-bit code lies at words, MIPS16e at halfwords.
const WORD_BITS: u32 = 2;
const HALF_BITS: u32 = 1;

impl Writer<'_> {
    /// On to where the selector says.
    pub(super) fn dispatch(&mut self, ways: &[Way], falls_to: Option<u32>) {
        match *ways {
            [] => {}
            [only] => self.go(Arm::just(only), falls_to),
            [first, second] => {
                self.add(Instruction::LocalGet(Emit::SELECTOR));
                self.add(Instruction::I32Eqz);
                self.fork_on_top([first, second], falls_to);
            }
            _ => {
                let last = ways.len() as u32 - 1;
                self.open_arms(ways.len());
                self.add(Instruction::LocalGet(Emit::SELECTOR));
                self.add(Instruction::BrTable((0..last).collect(), last));
                ways.iter().for_each(|way| self.close_arm(*way));
            }
        }
    }

    /// The computed jump at the end of `place`, to one of `ways`, likely.
    pub(super) fn jump(&mut self, place: u32, ways: &[Way], target: Temp) {
        // By the layout's addresses: a way may lead to a dispatcher, which has none.
        let addresses = self.layout.ways(place).into_iter().map(|(pc, _)| pc);
        // A target outside is as good as one that nobody thought of.
        let inside = ways.iter().copied().zip(addresses).filter(|(way, _)| matches!(way, Way::To(..)));
        let (ways, targets): (Vec<Way>, Vec<u32>) = inside.unzip();
        let block = self.layout.block(place);
        let is_here = |switch: &&Switch| (block.pc..block.end()).contains(&switch.load);
        match ways[..] {
            [] => self.leave_by(target, true),
            [only] => {
                self.leave_unless(target, &targets);
                self.go(Arm::just(only), None);
            }
            [first, second] => {
                self.leave_unless(target, &targets);
                self.push_is(target, targets[0]);
                self.fork_on_top([first, second], None);
            }
            _ => match block.switch.as_ref().filter(is_here) {
                Some(switch) => self.switch_by_index(switch, &targets, &ways, target),
                None => self.switch(&targets, &ways, target),
            },
        }
    }

    /// Two ways on: the first if what is on the Wasm stack is not zero.
    fn fork_on_top(&mut self, ways: [Way; 2], falls_to: Option<u32>) {
        let is_first = self.emit.code().temp(Type::I32);
        self.add(Instruction::LocalSet(is_first.0));
        self.fork(is_first, ways.map(Arm::just), falls_to);
    }

    /// To whichever of the targets the element's place in the table says, or out. That does not wait for the element, which
    /// is compared with what was expected in that place only where it leads.
    fn switch_by_index(&mut self, switch: &Switch, targets: &[u32], ways: &[Way], target: Temp) {
        let held = self.emit.held();
        let other = ways.len() as u32;
        self.open_arms(ways.len() + 1);
        let label = |entry: &u32| targets.iter().position(|target| target == entry).map_or(other, |arm| arm as u32);
        let table: Vec<u32> = switch.entries.iter().map(label).collect();
        self.add(Instruction::LocalGet(Emit::SELECTOR));
        self.steps_from(switch.table, WORD_BITS);
        self.add(Instruction::BrTable(table.into(), other));
        for (arm, (way, expected)) in (0..).zip(ways.iter().zip(targets)) {
            self.end_of_arms();
            self.push_is(target, *expected);
            self.add(Instruction::I32Eqz);
            self.add(Instruction::BrIf(other - 1 - arm));
            self.go(Arm::just(*way), None);
        }
        self.end_of_arms();
        self.emit.set_held(held);
        self.leave_by(target, true);
    }

    /// To whichever of the targets it is, or out.
    fn switch(&mut self, targets: &[u32], ways: &[Way], target: Temp) {
        let held = self.emit.held();
        self.open_arms(ways.len() + 1);
        let targets: Vec<(u32, u32)> = targets.iter().copied().zip(0..).collect();
        let (lowest, highest) = (targets[0].0, targets[targets.len() - 1].0);
        let step_bits = if lowest & 1 == 0 { WORD_BITS } else { HALF_BITS };
        let is_even = targets.iter().all(|(pc, _)| (pc - lowest).trailing_zeros() >= step_bits);
        if is_even && (highest - lowest) as usize >> step_bits <= SPARSE * targets.len() {
            self.jump_by_table(&targets, target, step_bits);
        } else {
            self.jump_by_search(&targets, targets.len() as u32, target, 0);
        }
        ways.iter().for_each(|way| self.close_arm(*way));
        self.end_of_arms();
        self.emit.set_held(held);
        self.leave_by(target, true);
    }

    /// Opens blocks, the innermost of which ends where the first of so many arms begins.
    fn open_arms(&mut self, count: usize) {
        let held = self.emit.held();
        for _ in 0..count {
            self.add(Instruction::Block(BlockType::Empty));
            self.labels.push(Label::Arm(held, None));
        }
    }

    /// Ends the innermost of them with the arm that begins there.
    fn close_arm(&mut self, way: Way) {
        self.end_of_arms();
        self.go(Arm::just(way), None);
    }

    /// Ends the innermost of them.
    fn end_of_arms(&mut self) {
        self.add(Instruction::End);
        if let Some(Label::Arm(held, _)) = self.labels.pop() {
            self.emit.set_held(held);
        }
    }

    /// Makes of an address on the Wasm stack how many steps it is behind `first`; of what is between two, very many.
    fn steps_from(&mut self, first: u32, step_bits: u32) {
        self.add(Instruction::I32Const(first as i32));
        self.add(Instruction::I32Sub);
        self.add(Instruction::I32Const(step_bits as i32));
        self.add(Instruction::I32Rotr);
    }

    /// A table jump by the target's distance from the lowest one. Each of `targets` comes with the label that it leads to,
    /// the label behind them is for all others.
    fn jump_by_table(&mut self, targets: &[(u32, u32)], target: Temp, step_bits: u32) {
        let (lowest, highest) = (targets[0].0, targets[targets.len() - 1].0);
        let other = targets.len() as u32;
        let mut table = alloc::vec![other; ((highest - lowest) >> step_bits) as usize + 1];
        for (pc, label) in targets {
            table[((pc - lowest) >> step_bits) as usize] = *label;
        }
        self.add(Instruction::LocalGet(target.0));
        self.steps_from(lowest, step_bits);
        self.add(Instruction::BrTable(table.into(), other));
    }

    /// The same by halves, inside so many `if`s.
    fn jump_by_search(&mut self, targets: &[(u32, u32)], other: u32, target: Temp, nesting: u32) {
        if let [(pc, label)] = *targets {
            self.push_is(target, pc);
            self.add(Instruction::BrIf(label + nesting));
            return self.add(Instruction::Br(other + nesting));
        }
        let (low, high) = targets.split_at(targets.len() / 2);
        self.add(Instruction::LocalGet(target.0));
        self.add(Instruction::I32Const(high[0].0 as i32));
        self.add(Instruction::I32LtU);
        self.add(Instruction::If(BlockType::Empty));
        self.jump_by_search(low, other, target, nesting + 1);
        self.add(Instruction::Else);
        self.jump_by_search(high, other, target, nesting + 1);
        self.add(Instruction::End);
    }
}
