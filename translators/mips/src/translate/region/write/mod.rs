//! [`Writer`]: the Wasm of one region, node by node in the order of its structured form.

mod body;
mod call;
mod fork;
mod switch;
mod unaligned;

use super::graph::Nodes;
use super::layout::{Layout, Place, Role};
use crate::border::Leave;
use crate::cpu::Slot;
use crate::reading::emit::{Emit, Flow, Held};
use crate::region::{Block, End};
use alloc::vec::Vec;
use body::{Ending, body};
pub(in crate::translate) use body::{delay_slot, survey};
pub(in crate::translate) use call::Calls;
use wasm::Body;
use wasm::structure::{Exit, Origin, Step};
use wasm_encoder::{BlockType, Instruction};

/// Guest instructions for which a call counts as one more nesting: a frame grows with what it has to keep.
const INSNS_A_FRAME: u32 = 128;

/// Something a branch can leave.
enum Label<'a> {
    /// The header of a loop or what follows a block.
    Node(u32),
    /// An arm; what was in locals before it, and how the other arm begins.
    Arm(Held, Option<Arm<'a>>),
}

/// One way on from a node.
#[derive(Clone, Copy)]
enum Way {
    /// To a node: as the exit says, and its number.
    To(Exit, u32),
    /// Out of the region, to this address.
    Out(u32),
}

impl Way {
    fn is_inline(self) -> bool {
        matches!(self, Way::To(Exit::Inline(_), _))
    }
}

/// A way and what is done on it alone.
#[derive(Clone, Copy)]
struct Arm<'a> {
    first: First<'a>,
    way: Way,
}

/// What is done on one way on.
#[derive(Clone, Copy)]
enum First<'a> {
    Nothing,
    /// The delay slot of the branch that ends this block.
    Slot(&'a Block),
    /// A call.
    Call {
        /// Where to.
        flow: Flow,
        /// The place that it ends.
        place: &'a Place<'a>,
        /// The address it should come back to.
        back: u32,
    },
}

impl Arm<'_> {
    fn just(way: Way) -> Self {
        Arm { first: First::Nothing, way }
    }
}

/// Writes a region.
pub(super) struct Writer<'a> {
    emit: Emit<'a>,
    layout: &'a Layout<'a>,
    nodes: &'a Nodes,
    /// What is in locals where each node starts.
    plan: &'a [Held],
    calls: &'a Calls,
    labels: Vec<Label<'a>>,
    /// The node being written.
    node: u32,
    /// What is in locals where the next node starts, if just one way leads there.
    incoming: Option<Held>,
    /// What a call adds to the depth.
    weight: u32,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        emit: Emit<'a>,
        layout: &'a Layout<'a>,
        nodes: &'a Nodes,
        plan: &'a [Held],
        calls: &'a Calls,
    ) -> Writer<'a> {
        let weight = 1 + layout.instructions() / INSNS_A_FRAME;
        Writer { emit, layout, nodes, plan, calls, labels: Vec::new(), node: 0, incoming: None, weight }
    }

    /// Writes the whole function.
    pub(super) fn function(mut self) -> Body {
        if self.layout.may_call() {
            self.check_depth();
        }
        self.emit.begin_block(Held::default());
        if self.nodes.is_header(0) {
            self.edge(0);
        } else {
            self.incoming = Some(Held::default());
        }
        for step in self.nodes.tree.walk() {
            match step {
                Step::Loop(header) => {
                    self.add(Instruction::Loop(BlockType::Empty));
                    self.labels.push(Label::Node(header));
                }
                Step::Block(follow) => {
                    self.add(Instruction::Block(BlockType::Empty));
                    self.labels.push(Label::Node(follow));
                }
                Step::Node { node, exits, falls_to } => self.node(node, exits, falls_to),
                Step::Else => self.other_arm(),
                Step::End => {
                    self.labels.pop();
                    self.add(Instruction::End);
                }
            }
        }
        self.add(Instruction::Unreachable);
        self.add(Instruction::End);
        self.emit.into_code().finish()
    }

    fn add(&mut self, instruction: Instruction<'static>) {
        self.emit.code().add(instruction);
    }

    /// The guest address where a node starts, if it is a block.
    fn pc(&self, node: u32) -> Option<u32> {
        self.nodes.place(node).map(|place| self.layout.block(place).pc)
    }

    fn node(&mut self, node: u32, exits: &[Exit], falls_to: Option<u32>) {
        self.node = node;
        let held = self.incoming.take().unwrap_or(self.plan[node as usize]);
        self.emit.begin_block(held);
        let mut inside = exits.iter().zip(self.nodes.graph.successors(node)).map(|(exit, to)| Way::To(*exit, *to));
        match self.nodes.origin[node as usize] {
            Origin::Node(place) => {
                // In the order of the ways on, those that are in the region have an exit.
                let ways = self.layout.ways(place).into_iter();
                let ways = ways.map(|(pc, to)| to.and_then(|_| inside.next()).unwrap_or(Way::Out(pc)));
                let ways: Vec<Way> = ways.collect();
                self.block(place, &ways, falls_to);
            }
            Origin::Select(number) => {
                self.add(Instruction::I32Const(number as i32));
                self.add(Instruction::LocalSet(Emit::SELECTOR));
                inside.for_each(|way| self.go(Arm::just(way), falls_to));
            }
            Origin::Dispatch => self.dispatch(&inside.collect::<Vec<Way>>(), falls_to),
        }
    }

    fn block(&mut self, place: u32, ways: &[Way], falls_to: Option<u32>) {
        let (block, layout) = (self.layout.block(place), &self.layout.places[place as usize]);
        if self.nodes.polls(self.node) {
            self.emit.poll(block.pc);
        }
        let arm = |index: usize| Arm::just(ways.get(index).copied().unwrap_or(Way::Out(block.pc)));
        let flow = match body(&mut self.emit, block) {
            Ending::Left => return self.nowhere(ways),
            Ending::Next(pc) if ways.is_empty() => return self.emit.leave(Leave::Interpret, pc),
            Ending::Next(_) => return self.go(arm(0), falls_to),
            Ending::Branch(flow) => flow,
        };
        match (flow, block.end, layout.role) {
            (Flow::If(when, _, Slot::Always | Slot::Never), ..) => self.fork(when, [arm(0), arm(1)], falls_to),
            (Flow::If(when, _, Slot::IfTaken), ..) => {
                self.fork(when, [Arm { first: First::Slot(block), ..arm(0) }, arm(1)], falls_to);
            }
            (Flow::Computed(called), _, Role::Calls { target, .. }) => {
                self.push_is(called, target);
                let is_it = self.emit.code().temp(wasm::Type::I32);
                self.add(Instruction::LocalSet(is_it.0));
                let first = First::Call { flow, place: layout, back: block.behind() };
                let other = Arm { first, ..arm(1) };
                self.fork(is_it, [arm(0), other], falls_to);
            }
            (Flow::Computed(target), _, Role::Returns { to, keeps_ra, .. }) => {
                if !keeps_ra {
                    self.leave_unless(target, &[to]);
                }
                self.go(arm(0), falls_to);
            }
            (_, _, Role::TailCalls { to, .. }) => {
                self.call(flow, layout, to);
                self.go(arm(0), falls_to);
            }
            (_, End::Call(_), Role::Plain) => {
                self.call(flow, layout, block.behind());
                self.go(arm(0), falls_to);
            }
            (Flow::Computed(target), End::Return, _) => self.leave_by(target, false),
            (Flow::Computed(target), ..) => self.jump(place, ways, target),
            (Flow::Always(_), ..) => self.go(arm(0), falls_to),
        }
    }

    /// Goes one way on.
    fn go(&mut self, arm: Arm<'a>, falls_to: Option<u32>) {
        match arm.first {
            First::Nothing => {}
            First::Slot(block) => _ = delay_slot(&mut self.emit, block),
            First::Call { flow, place, back } => self.call(flow, place, back),
        }
        match arm.way {
            Way::Out(pc) => self.leave_to(pc),
            Way::To(Exit::Inline(_), to) if self.nodes.is_header(to) => self.edge(to),
            Way::To(Exit::Inline(_), _) => self.incoming = Some(self.emit.held()),
            Way::To(Exit::Branch(_), to) => {
                self.edge(to);
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

    /// Brings locals from what is held now to what the node ahead takes for granted.
    fn edge(&mut self, to: u32) {
        let planned = self.plan[to as usize];
        self.emit.drop_dead(planned.stale);
        self.emit.join(planned.loaded);
        self.emit.settle(!planned.raw);
        self.emit.write_back(!planned.dirty);
        self.emit.bring_in(planned.loaded);
        if let Some(pc) = self.pc(to) {
            self.emit.expect_raw(planned.raw, pc);
        }
        let held = self.emit.held();
        debug_assert!(planned.raw.without(held.raw).is_empty(), "what is no result is not taken for one");
        debug_assert!(held.stale.without(planned.stale).is_empty(), "what is nowhere is not looked for");
    }
}
