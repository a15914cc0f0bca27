//! The block shape: one function that holds the region's blocks, entered at any of them.
//!
//! Blocks lie in address order inside nested Wasm blocks, so that a jump forward is a plain `br`; a jump backward goes
//! through the loop around them all and a table jump, after a look at the poll word. Between blocks all registers are
//! in the register file.

use super::region::delay_slot;
use super::{Memories, Sites, Translated, Unit, instructions, ranges};
use crate::border::Leave;
use crate::cpu::Slot;
use crate::reading::emit::{Checkpoint, Emit, Flow, Held, Options, perform};
use crate::region::{Block, Region};
use alloc::vec;
use wasm::Arena;
use wasm_encoder::{BlockType, Instruction};

/// Translates `region`.
pub fn translate(region: &Region, options: Options, memories: Memories) -> Translated {
    let arena = Arena::new();
    let mut writer = Writer { emit: Emit::new(&arena, options), region, current: 0, nesting: 0 };
    writer.region();
    let body = writer.emit.into_code().finish();
    let sites = Sites::new(&body.marks);
    let entries = region.blocks.iter().map(|block| block.pc).collect();
    let (ranges, instructions) = (ranges(&region.blocks), instructions(&region.blocks));
    let blocks = region.blocks.len() as u32;
    let unit = Unit { entries, sites, ranges, blocks, instructions, open_calls: alloc::vec![], calls: alloc::vec![] };
    Translated { wasm: super::regions(&[body], 1, memories), functions: vec![unit] }
}

struct Writer<'a> {
    emit: Emit<'a>,
    region: &'a Region,
    /// The block being written.
    current: usize,
    /// Wasm `if`s open inside it.
    nesting: u32,
}

impl Writer<'_> {
    fn add(&mut self, instruction: Instruction<'static>) {
        self.emit.code().add(instruction);
    }

    fn region(&mut self) {
        let count = self.region.blocks.len();
        self.add(Instruction::Loop(BlockType::Empty));
        for _ in 0..count {
            self.add(Instruction::Block(BlockType::Empty));
        }
        self.add(Instruction::LocalGet(Emit::ENTRY));
        self.add(Instruction::BrTable((0..count as u32).collect(), 0));
        for current in 0..count {
            self.add(Instruction::End);
            self.current = current;
            self.block(&self.region.blocks[current]);
        }
        self.add(Instruction::End);
        self.add(Instruction::Unreachable);
        self.add(Instruction::End);
    }

    fn block(&mut self, block: &Block) {
        self.emit.begin_block(Held::default());
        for (at, insn) in block.placed() {
            let start = self.emit.begin(at, at);
            let Some(insn) = insn else { return self.emit.leave(Leave::Interpret, at) };
            let Ok(()) = perform(&mut self.emit, insn);
            if self.emit.must_interpret {
                return self.interpret(start, at);
            }
            if let Some(flow) = self.emit.flow {
                return self.branch(start, at, flow, block);
            }
        }
        self.exit(block.end());
    }

    /// Leaves the instruction at `at` to the interpreter, whatever was written for it.
    fn interpret(&mut self, start: Checkpoint, at: u32) {
        self.emit.rewind(start);
        self.emit.leave(Leave::Interpret, at);
    }

    fn branch(&mut self, start: Checkpoint, at: u32, flow: Flow, block: &Block) {
        let behind = block.behind();
        if let Flow::If(when, target, Slot::IfTaken) = flow {
            self.emit.begin(at, at);
            let not_taken = self.emit.held();
            self.add(Instruction::LocalGet(when.0));
            self.add(Instruction::If(BlockType::Empty));
            self.nesting += 1;
            let is_done = self.slot(block);
            if is_done {
                self.exit(target);
            }
            self.nesting -= 1;
            if !is_done {
                return self.interpret(start, at);
            }
            self.add(Instruction::End);
            self.emit.set_held(not_taken);
            return self.exit(behind);
        }
        if !self.slot(block) {
            return self.interpret(start, at);
        }
        match flow {
            Flow::Always(target) => self.exit(target),
            Flow::Computed(target) => {
                self.emit.flush();
                self.add(Instruction::LocalGet(target.0));
                self.add(Instruction::Return);
            }
            Flow::If(when, target, _) => {
                self.add(Instruction::LocalGet(when.0));
                self.add(Instruction::If(BlockType::Empty));
                self.nesting += 1;
                self.exit(target);
                self.nesting -= 1;
                self.add(Instruction::End);
                self.exit(behind);
            }
        }
    }

    /// Writes the delay slot of the branch that ends `block`; false if only the interpreter can do the two.
    fn slot(&mut self, block: &Block) -> bool {
        delay_slot(&mut self.emit, block)
    }

    /// Goes on at `target`: inside the region if it is there.
    fn exit(&mut self, target: u32) {
        let Some(to) = self.region.block_at(target) else {
            return self.emit.leave(Leave::NoCode, target);
        };
        self.emit.flush();
        if to > self.current {
            return self.add(Instruction::Br((to - self.current - 1) as u32 + self.nesting));
        }
        self.poll(target);
        self.add(Instruction::I32Const(to as i32));
        self.add(Instruction::LocalSet(Emit::ENTRY));
        self.add(Instruction::Br((self.region.blocks.len() - 1 - self.current) as u32 + self.nesting));
    }

    /// Leaves at `pc` if the poll word is set. An atomic load, so that it is not merged out of loops.
    fn poll(&mut self, pc: u32) {
        self.emit.poll(pc);
    }
}
