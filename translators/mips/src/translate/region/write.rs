//! [`Writer`]: the Wasm of one region, node by node in the order of its structured form.

use super::Rooted;
use super::graph::Nodes;
use crate::border::Leave;
use crate::cells::Cells;
use crate::cpu::Slot;
use crate::insn::Insn;
use crate::isa::perform;
use crate::reading::emit::{Emit, Flow, Held, Seen};
use crate::region::{Block, End};
use crate::translate::driver::{poll_word, set_leave};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use wasm::structure::{Exit, Origin, Step};
use wasm::{Temp, Type};
use wasm_encoder::{BlockType, Function, Instruction};

/// What can be called in the module being written.
pub(super) struct Calls {
    /// Functions by the guest address of their root.
    pub(super) functions: BTreeMap<u32, u32>,
    /// The function that goes on wherever a PC says.
    pub(super) dispatcher: u32,
}

/// Guest instructions for which a call counts as one more nesting: a frame grows with what it has to keep.
const INSNS_A_FRAME: u32 = 128;

/// Words a table jump may span for each of its targets; beyond, they are searched.
const SPARSE: usize = 24;

/// Something a branch can leave.
enum Label {
    /// The header of a loop or what follows a block.
    Node(u32),
    /// An arm; what was in locals before it, and how the other arm begins.
    Arm(Held, Option<Arm>),
}

/// One way on from a node.
#[derive(Clone, Copy)]
enum Way {
    /// To a node: as the exit says, and its number.
    To(Exit, u32),
    /// Out of the region, to this address.
    Out(u32),
}

/// A way and the delay slot that is run on it alone.
#[derive(Clone, Copy)]
struct Arm {
    way: Way,
    slot: Option<(u32, Insn)>,
}

/// How a block's code ends.
enum Ending {
    /// It left already.
    Left,
    /// Behind itself.
    Next(u32),
    /// By a branch at this address.
    Branch(u32, Flow),
}

/// Writes a region.
pub(super) struct Writer<'a> {
    emit: Emit<'a>,
    rooted: &'a Rooted,
    calls: &'a Calls,
    labels: Vec<Label>,
    /// What is in locals where the next node starts, if just one way leads there.
    incoming: Option<Held>,
    /// What a call adds to the depth.
    weight: u32,
}

impl<'a> Writer<'a> {
    pub(super) fn new(emit: Emit<'a>, rooted: &'a Rooted, calls: &'a Calls) -> Writer<'a> {
        let weight = 1 + super::instructions(&rooted.region) / INSNS_A_FRAME;
        Writer { emit, rooted, calls, labels: Vec::new(), incoming: None, weight }
    }

    pub(super) fn finish(self) -> (Function, Vec<(u32, u32)>) {
        self.emit.into_code().finish()
    }

    fn add(&mut self, instruction: Instruction<'static>) {
        self.emit.code().add(instruction);
    }

    /// Writes just the code of a block, to see what it does.
    pub(super) fn survey(&mut self, block: &Block) -> (Held, Seen) {
        self.emit.begin_block(Held::default());
        let ending = self.body(block);
        let (held, seen) = (self.emit.held(), self.emit.seen());
        let Ending::Branch(at, Flow::If(_, _, Slot::IfTaken)) = ending else { return (held, seen) };
        // What the slot writes is written on one way only.
        self.slot(at, block.slot);
        (
            Held { raw: held.raw & self.emit.held().raw, ..self.emit.held() },
            Seen { written: seen.written, ..self.emit.seen() },
        )
    }

    pub(super) fn function(&mut self, nodes: &Nodes, plan: &[Held]) {
        if self.rooted.region.blocks.iter().any(|block| matches!(block.end, End::Call(_))) {
            self.check_depth();
        }
        self.emit.begin_block(Held::default());
        if nodes.is_header[0] {
            self.edge(plan[0]);
        } else {
            self.incoming = Some(Held::default());
        }
        for step in nodes.tree.walk() {
            match step {
                Step::Loop(header) => {
                    self.add(Instruction::Loop(BlockType::Empty));
                    self.labels.push(Label::Node(header));
                }
                Step::Block(follow) => {
                    self.add(Instruction::Block(BlockType::Empty));
                    self.labels.push(Label::Node(follow));
                }
                Step::Node { node, exits, falls_to } => self.node(nodes, plan, node, exits, falls_to),
                Step::Else => self.other_arm(nodes, plan),
                Step::End => {
                    self.labels.pop();
                    self.add(Instruction::End);
                }
            }
        }
        self.add(Instruction::Unreachable);
        self.add(Instruction::End);
    }

    /// Leaves if calls nest too deeply, or somebody polls: then the poll word is greater than any depth.
    fn check_depth(&mut self) {
        let root = self.rooted.root;
        let code = self.emit.code();
        poll_word(code);
        code.add(Instruction::LocalGet(Emit::DEPTH));
        code.add(Instruction::I32GeS);
        code.add(Instruction::If(BlockType::Empty));
        set_leave(code, Leave::Poll);
        code.add(Instruction::I32Const(root as i32));
        code.add(Instruction::Return);
        code.add(Instruction::End);
    }

    fn node(&mut self, nodes: &Nodes, plan: &[Held], node: u32, exits: &[Exit], falls_to: Option<u32>) {
        let held = self.incoming.take().unwrap_or(plan[node as usize]);
        self.emit.begin_block(held);
        let ways = |index: usize| Way::To(exits[index], nodes.graph.successors(node)[index]);
        match nodes.origin[node as usize] {
            Origin::Node(block) => {
                let block = &self.rooted.region.blocks[block as usize];
                if nodes.is_header[node as usize] {
                    self.emit.poll(block.pc);
                }
                // In the order of the block's successors, those that are in the region have an exit.
                let mut index = 0;
                let ways = block.successors().map(|pc| {
                    let inside = self.rooted.region.block_at(pc).is_some();
                    index += usize::from(inside);
                    if inside { ways(index - 1) } else { Way::Out(pc) }
                });
                let ways: Vec<Way> = ways.collect();
                self.block(nodes, plan, node, block, &ways, falls_to);
            }
            Origin::Select(number) => {
                self.add(Instruction::I32Const(number as i32));
                self.add(Instruction::LocalSet(Emit::SELECTOR));
                self.go(nodes, plan, Arm { way: ways(0), slot: None }, falls_to);
            }
            Origin::Dispatch => self.dispatch(nodes, plan, node, (0..exits.len()).map(ways).collect(), falls_to),
        }
    }

    /// On to where the selector says.
    fn dispatch(&mut self, nodes: &Nodes, plan: &[Held], node: u32, ways: Vec<Way>, falls_to: Option<u32>) {
        let arm = |way| Arm { way, slot: None };
        match ways[..] {
            [] => {}
            [only] => self.go(nodes, plan, arm(only), falls_to),
            [first, second] => {
                self.add(Instruction::LocalGet(Emit::SELECTOR));
                self.add(Instruction::I32Eqz);
                let is_first = self.emit.code().temp(Type::I32);
                self.add(Instruction::LocalSet(is_first.0));
                self.fork(nodes, plan, node, is_first, [arm(first), arm(second)], falls_to);
            }
            _ => self.table(nodes, plan, Emit::SELECTOR, &ways),
        }
    }

    /// Goes the way whose number `index` holds; the last one for all greater numbers.
    fn table(&mut self, nodes: &Nodes, plan: &[Held], index: u32, ways: &[Way]) {
        let held = self.emit.held();
        for _ in ways {
            self.add(Instruction::Block(BlockType::Empty));
            self.labels.push(Label::Arm(held, None));
        }
        self.add(Instruction::LocalGet(index));
        let last = ways.len() as u32 - 1;
        self.add(Instruction::BrTable((0..last).collect(), last));
        for way in ways {
            self.labels.pop();
            self.add(Instruction::End);
            self.emit.set_held(held);
            self.go(nodes, plan, Arm { way: *way, slot: None }, None);
        }
    }

    fn block(&mut self, nodes: &Nodes, plan: &[Held], node: u32, block: &Block, ways: &[Way], falls_to: Option<u32>) {
        let arm = |index: usize| Arm { way: ways.get(index).copied().unwrap_or(Way::Out(block.pc)), slot: None };
        match self.body(block) {
            Ending::Left => self.nowhere(ways),
            Ending::Next(pc) if ways.is_empty() => self.emit.leave(Leave::Interpret, pc),
            Ending::Next(_) => self.go(nodes, plan, arm(0), falls_to),
            Ending::Branch(_, Flow::If(when, _, Slot::Always)) => {
                self.fork(nodes, plan, node, when, [arm(0), arm(1)], falls_to);
            }
            Ending::Branch(at, Flow::If(when, _, Slot::IfTaken)) => {
                let slot = block.slot.map(|slot| (at, slot));
                let taken = Arm { slot, ..arm(0) };
                self.fork(nodes, plan, node, when, [taken, arm(1)], falls_to);
            }
            Ending::Branch(at, flow) => match block.end {
                End::Call(_) => {
                    self.call(block, at, flow);
                    self.go(nodes, plan, arm(0), falls_to);
                }
                End::Computed => self.jump(nodes, plan, node, block, ways, flow),
                End::Return => self.leave_by(flow, false),
                _ => self.go(nodes, plan, arm(0), falls_to),
            },
        }
    }

    /// A computed jump, perhaps to one of the block's targets.
    fn jump(&mut self, nodes: &Nodes, plan: &[Held], node: u32, block: &Block, ways: &[Way], flow: Flow) {
        let Flow::Computed(target) = flow else { unreachable!("the block ends with a computed jump") };
        let arm = |way| Arm { way, slot: None };
        // A target outside is as good as one that nobody thought of.
        let inside = ways.iter().zip(&block.targets).filter(|(way, _)| matches!(way, Way::To(..)));
        let (ways, targets): (Vec<Way>, Vec<u32>) = inside.map(|(way, pc)| (*way, *pc)).unzip();
        match ways[..] {
            [] => self.leave_by(flow, true),
            [only] => {
                self.leave_unless(flow, &targets);
                self.go(nodes, plan, arm(only), None);
            }
            [first, second] => {
                self.leave_unless(flow, &targets);
                self.add(Instruction::LocalGet(target.0));
                self.add(Instruction::I32Const(targets[0] as i32));
                self.add(Instruction::I32Eq);
                let is_first = self.emit.code().temp(Type::I32);
                self.add(Instruction::LocalSet(is_first.0));
                self.fork(nodes, plan, node, is_first, [arm(first), arm(second)], None);
            }
            _ => self.switch(nodes, plan, &targets, &ways, target),
        }
    }

    /// Leaves by a computed jump if it goes to none of `targets`.
    fn leave_unless(&mut self, flow: Flow, targets: &[u32]) {
        let Flow::Computed(target) = flow else { return };
        for (number, pc) in targets.iter().enumerate() {
            self.add(Instruction::LocalGet(target.0));
            self.add(Instruction::I32Const(*pc as i32));
            self.add(Instruction::I32Ne);
            if number > 0 {
                self.add(Instruction::I32And);
            }
        }
        self.add(Instruction::If(BlockType::Empty));
        self.leave_by(flow, true);
        self.add(Instruction::End);
    }

    /// To whichever of the targets it is, or out.
    fn switch(&mut self, nodes: &Nodes, plan: &[Held], targets: &[u32], ways: &[Way], target: Temp) {
        let held = self.emit.held();
        for _ in 0..=ways.len() {
            self.add(Instruction::Block(BlockType::Empty));
            self.labels.push(Label::Arm(held, None));
        }
        let targets: Vec<(u32, u32)> = targets.iter().copied().zip(0..).collect();
        let (lowest, highest) = (targets[0].0, targets[targets.len() - 1].0);
        if (highest - lowest) as usize / 4 <= SPARSE * targets.len() {
            self.jump_by_table(&targets, target);
        } else {
            self.jump_by_search(&targets, targets.len() as u32, target, 0);
        }
        for way in ways {
            self.labels.pop();
            self.add(Instruction::End);
            self.emit.set_held(held);
            self.go(nodes, plan, Arm { way: *way, slot: None }, None);
        }
        self.labels.pop();
        self.add(Instruction::End);
        self.emit.set_held(held);
        self.leave_by(Flow::Computed(target), true);
    }

    /// A table jump by the target's distance from the lowest one, in words; an odd one rotates out of the table. Each of
    /// `targets` comes with the label that it leads to, the label behind them is for all others.
    fn jump_by_table(&mut self, targets: &[(u32, u32)], target: Temp) {
        let (lowest, highest) = (targets[0].0, targets[targets.len() - 1].0);
        let other = targets.len() as u32;
        let mut table = alloc::vec![other; (highest - lowest) as usize / 4 + 1];
        for (pc, label) in targets {
            table[(pc - lowest) as usize / 4] = *label;
        }
        self.add(Instruction::LocalGet(target.0));
        self.add(Instruction::I32Const(lowest as i32));
        self.add(Instruction::I32Sub);
        self.add(Instruction::I32Const(2));
        self.add(Instruction::I32Rotr);
        self.add(Instruction::BrTable(table.into(), other));
    }

    /// The same by halves, inside so many `if`s.
    fn jump_by_search(&mut self, targets: &[(u32, u32)], other: u32, target: Temp, nesting: u32) {
        self.add(Instruction::LocalGet(target.0));
        if let [(pc, label)] = *targets {
            self.add(Instruction::I32Const(pc as i32));
            self.add(Instruction::I32Eq);
            self.add(Instruction::BrIf(label + nesting));
            return self.add(Instruction::Br(other + nesting));
        }
        let (low, high) = targets.split_at(targets.len() / 2);
        self.add(Instruction::I32Const(high[0].0 as i32));
        self.add(Instruction::I32LtU);
        self.add(Instruction::If(BlockType::Empty));
        self.jump_by_search(low, other, target, nesting + 1);
        self.add(Instruction::Else);
        self.jump_by_search(high, other, target, nesting + 1);
        self.add(Instruction::End);
    }

    /// Writes a block's instructions, and the delay slot if it always runs.
    fn body(&mut self, block: &Block) -> Ending {
        for (at, insn) in (block.pc..).step_by(4).zip(&block.insns) {
            let start = self.emit.begin(at, at);
            let is_done = insn.is_some_and(|insn| {
                let Ok(()) = perform(&mut self.emit, insn);
                !self.emit.must_interpret
            });
            let flow = self.emit.flow;
            let is_done = is_done
                && match flow {
                    None => true,
                    Some(Flow::If(_, _, Slot::IfTaken)) => {
                        // Only a trial: it is written where the branch is taken.
                        let before = self.emit.checkpoint();
                        let is_done = self.slot(at, block.slot);
                        self.emit.rewind(before);
                        is_done
                    }
                    Some(_) => self.slot(at, block.slot),
                };
            if !is_done {
                self.emit.rewind(start);
                self.emit.leave(Leave::Interpret, at);
                return Ending::Left;
            }
            match flow {
                Some(Flow::If(when, ..)) if !block.skipped.is_empty() => {
                    self.skip(at, when, &block.skipped);
                    return Ending::Next(block.behind());
                }
                Some(flow) => return Ending::Branch(at, self.two_ways(block, flow)),
                None => {}
            }
        }
        Ending::Next(block.end())
    }

    /// A branch that is always taken, where a block has two ways on all the same, takes the first of them.
    fn two_ways(&mut self, block: &Block, flow: Flow) -> Flow {
        let (Flow::Always(target), End::Branch(_), true) = (flow, block.end, block.skipped.is_empty()) else {
            return flow;
        };
        let always = self.emit.code().temp(Type::I32);
        self.add(Instruction::I32Const(1));
        self.add(Instruction::LocalSet(always.0));
        Flow::If(always, target, Slot::Always)
    }

    /// Does what a branch skips if it is taken, and keeps its results only if it is not.
    fn skip(&mut self, branch: u32, when: Temp, skipped: &[(u32, Insn)]) {
        let is_not_taken = self.emit.code().temp(Type::I32);
        self.add(Instruction::LocalGet(when.0));
        self.add(Instruction::I32Eqz);
        self.add(Instruction::LocalSet(is_not_taken.0));
        self.emit.predicate(Some(is_not_taken));
        for (at, insn) in skipped {
            // They restart at the branch, and so keep its temporaries.
            self.emit.begin(*at, branch);
            let Ok(()) = perform(&mut self.emit, *insn);
        }
        self.emit.predicate(None);
    }

    /// Writes the delay slot of the branch at `at`; false if only the interpreter can do the two.
    fn slot(&mut self, at: u32, slot: Option<Insn>) -> bool {
        let Some(insn) = slot else { return false };
        self.emit.begin(at.wrapping_add(4), at);
        let Ok(()) = perform(&mut self.emit, insn);
        !self.emit.must_interpret && self.emit.flow.is_none()
    }

    /// What stands in the way of steps to come when a node left for good.
    fn nowhere(&mut self, ways: &[Way]) {
        let inside: Vec<Way> = ways.iter().copied().filter(|way| matches!(way, Way::To(..))).collect();
        if let [Way::To(Exit::Inline(_), _), second @ Way::To(Exit::Inline(_), _)] = inside[..] {
            self.add(Instruction::I32Const(0));
            self.add(Instruction::If(BlockType::Empty));
            self.labels.push(Label::Arm(self.emit.held(), Some(Arm { way: second, slot: None })));
        }
        // Nobody gets there, so anything may be taken for granted.
        self.incoming = None;
    }

    /// Two ways on.
    fn fork(&mut self, nodes: &Nodes, plan: &[Held], node: u32, when: Temp, arms: [Arm; 2], falls_to: Option<u32>) {
        let [taken, behind] = arms;
        let held = self.emit.held();
        let is_inline = |arm: &Arm| matches!(arm.way, Way::To(Exit::Inline(_), _));
        if is_inline(&taken) && is_inline(&behind) {
            self.add(Instruction::LocalGet(when.0));
            self.add(Instruction::If(BlockType::Empty));
            self.labels.push(Label::Arm(held, Some(behind)));
            return self.go(nodes, plan, taken, None);
        }
        // The way that stands here comes last: what is inline, or else what closes a loop, which is laid out best so.
        let closes = |arm: &Arm| matches!(arm.way, Way::To(exit, _) if nodes.closes(node, exit));
        let is_taken_last = is_inline(&taken) || !is_inline(&behind) && closes(&taken);
        let (first, last) = if is_taken_last { (behind, taken) } else { (taken, behind) };
        // An inverted test before the way back, so that it stands in line.
        self.add(Instruction::LocalGet(when.0));
        if is_taken_last {
            self.add(Instruction::I32Eqz);
        }
        if closes(&first) {
            self.add(Instruction::I32Eqz);
            self.add(Instruction::If(BlockType::Empty));
            self.add(Instruction::Else);
        } else {
            self.add(Instruction::If(BlockType::Empty));
        }
        self.labels.push(Label::Arm(held, None));
        self.go(nodes, plan, first, None);
        self.labels.pop();
        self.add(Instruction::End);
        self.emit.set_held(held);
        self.go(nodes, plan, last, falls_to);
    }

    /// The second of two arms that are both inline.
    fn other_arm(&mut self, nodes: &Nodes, plan: &[Held]) {
        self.add(Instruction::Else);
        let Some(Label::Arm(held, other)) = self.labels.last_mut() else { return };
        let (held, other) = (*held, other.take());
        self.emit.set_held(held);
        if let Some(arm) = other {
            self.go(nodes, plan, arm, None);
        }
    }

    /// Goes one way on.
    fn go(&mut self, nodes: &Nodes, plan: &[Held], arm: Arm, falls_to: Option<u32>) {
        if let Some((at, slot)) = arm.slot {
            self.slot(at, Some(slot));
        }
        match arm.way {
            Way::Out(pc) => self.leave_to(pc),
            Way::To(Exit::Inline(_), to) if nodes.is_header[to as usize] => self.edge(plan[to as usize]),
            Way::To(Exit::Inline(_), _) => self.incoming = Some(self.emit.held()),
            Way::To(Exit::Branch(_), to) => {
                self.edge(plan[to as usize]);
                if falls_to != Some(to) {
                    let label = self.label(to);
                    self.add(Instruction::Br(label));
                }
            }
        }
    }

    /// The label of a node, counted from the innermost.
    fn label(&self, node: u32) -> u32 {
        let place = self.labels.iter().rev().position(|label| matches!(label, Label::Node(of) if *of == node));
        place.unwrap_or_else(|| unreachable!("a branch leads to an open label")) as u32
    }

    /// Brings locals from what is held now to what the place ahead takes for granted.
    fn edge(&mut self, planned: Held) {
        self.emit.drop_dead(planned.stale);
        self.emit.settle(!planned.raw);
        self.emit.write_back(!planned.dirty);
        self.emit.bring_in(planned.loaded);
        let held = self.emit.held();
        debug_assert!((held.stale & !planned.stale).is_empty(), "what is nowhere is not looked for");
    }

    /// Leaves the region for an address that is known.
    fn leave_to(&mut self, pc: u32) {
        self.emit.flush();
        self.add(Instruction::I32Const(pc as i32));
        self.add(Instruction::LocalGet(Emit::DEPTH));
        self.add(Instruction::ReturnCall(self.calls.dispatcher));
    }

    /// Leaves the region as a computed jump says: back to a caller, or on to elsewhere.
    fn leave_by(&mut self, flow: Flow, is_on: bool) {
        let Flow::Computed(target) = flow else { unreachable!("the block ends with a computed jump") };
        self.emit.flush();
        self.add(Instruction::LocalGet(target.0));
        if is_on {
            self.add(Instruction::LocalGet(Emit::DEPTH));
            self.add(Instruction::ReturnCall(self.calls.dispatcher));
        } else {
            self.add(Instruction::Return);
        }
    }

    /// Calls, and returns if the call did not come back to where it should.
    fn call(&mut self, block: &Block, at: u32, flow: Flow) {
        self.emit.write_back(!Cells::NONE);
        match flow {
            Flow::Always(target) => self.call_known(target),
            Flow::Computed(target) => {
                let likely = self.rooted.likely.get(&block.pc).filter(|pc| self.calls.functions.contains_key(pc));
                match likely.copied() {
                    Some(likely) => {
                        self.add(Instruction::LocalGet(target.0));
                        self.add(Instruction::I32Const(likely as i32));
                        self.add(Instruction::I32Eq);
                        self.add(Instruction::If(BlockType::Result(wasm_encoder::ValType::I32)));
                        self.call_known(likely);
                        self.add(Instruction::Else);
                        self.call_dispatcher(Instruction::LocalGet(target.0));
                        self.add(Instruction::End);
                    }
                    None => self.call_dispatcher(Instruction::LocalGet(target.0)),
                }
            }
            Flow::If(..) => unreachable!("a conditional branch is no call"),
        }
        let back = self.emit.code().temp(Type::I32);
        self.add(Instruction::LocalTee(back.0));
        self.add(Instruction::I32Const(at.wrapping_add(8) as i32));
        self.add(Instruction::I32Ne);
        self.add(Instruction::If(BlockType::Empty));
        self.add(Instruction::LocalGet(back.0));
        self.add(Instruction::Return);
        self.add(Instruction::End);
        self.emit.forget(!Cells::NONE);
    }

    fn call_known(&mut self, target: u32) {
        let Some(function) = self.calls.functions.get(&target).copied() else {
            return self.call_dispatcher(Instruction::I32Const(target as i32));
        };
        self.add(Instruction::I32Const(0));
        self.push_depth();
        self.add(Instruction::Call(function));
    }

    fn call_dispatcher(&mut self, target: Instruction<'static>) {
        self.add(target);
        self.push_depth();
        self.add(Instruction::Call(self.calls.dispatcher));
    }

    fn push_depth(&mut self) {
        self.add(Instruction::LocalGet(Emit::DEPTH));
        self.add(Instruction::I32Const(self.weight as i32));
        self.add(Instruction::I32Sub);
    }
}
