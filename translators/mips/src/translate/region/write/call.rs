//! Calls, and the ways out of a function.

use super::super::layout::Place;
use super::Writer;
use crate::border::{self, LEFT, Leave};
use crate::cells::Cells;
use crate::reading::emit::{Emit, Flow};
use crate::translate::OUT_OF_LINE;
use crate::translate::driver::{poll_word, set_leave};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use wasm::Temp;
use wasm_encoder::{BlockType, Instruction, ValType};

/// What can be called in the module being written.
pub(in crate::translate) struct Calls {
    /// Functions by the guest address of their root.
    pub(in crate::translate) functions: BTreeMap<u32, u32>,
    /// The function that goes on wherever a PC says.
    pub(in crate::translate) dispatcher: u32,
    /// The same, where that may well be in this module.
    pub(in crate::translate) near: u32,
}

impl Writer<'_> {
    /// Leaves if calls nest too deeply, or somebody polls: then the poll word is greater than any depth.
    pub(super) fn check_depth(&mut self) {
        let root = self.layout.block(self.layout.root).pc;
        let code = self.emit.code();
        poll_word(code);
        code.add(Instruction::LocalGet(Emit::DEPTH));
        code.add(Instruction::I32GeS);
        self.leave_polled(root);
    }

    /// Leaves the region for an address that is known.
    pub(super) fn leave_to(&mut self, pc: u32) {
        self.emit.flush();
        if self.leaves_out_of_line(Instruction::I32Const(pc as i32)) {
            return;
        }
        let Some(function) = self.calls.functions.get(&pc).copied() else {
            self.add(Instruction::I32Const(pc as i32));
            self.add(Instruction::LocalGet(Emit::DEPTH));
            return self.add(Instruction::ReturnCall(self.calls.dispatcher));
        };
        // Where functions go on in each other for ever, somebody has to look up.
        poll_word(self.emit.code());
        self.leave_polled(pc);
        self.add(Instruction::I32Const(0));
        self.add(Instruction::LocalGet(Emit::DEPTH));
        self.add(Instruction::ReturnCall(function));
    }

    /// Goes on at `target` as what stands in place of a call would, if the node does: whoever called this function sees no more of
    /// it than if nothing were missing.
    fn leaves_out_of_line(&mut self, target: Instruction<'static>) -> bool {
        let backs = self.nodes.place(self.node).map_or(&[][..], |place| self.layout.backs(place));
        if backs.is_empty() {
            return false;
        }
        self.add(target);
        self.add(Instruction::LocalGet(Emit::DEPTH));
        for backs in border::backs(backs) {
            self.add(Instruction::I64Const(backs as i64));
        }
        self.add(Instruction::ReturnCall(OUT_OF_LINE));
        true
    }

    /// Leaves for `pc` if what is on the Wasm stack says that somebody polls; everything is in the register file.
    fn leave_polled(&mut self, pc: u32) {
        let code = self.emit.code();
        code.if_unlikely();
        set_leave(code, Leave::Poll);
        code.add(Instruction::I32Const((pc | LEFT) as i32));
        code.add(Instruction::Return);
        code.add(Instruction::End);
    }

    /// Leaves the region as a computed jump says: back to a caller, or on to elsewhere.
    pub(super) fn leave_by(&mut self, target: Temp, is_on: bool) {
        self.emit.flush();
        if is_on && self.leaves_out_of_line(Instruction::LocalGet(target.0)) {
            return;
        }
        self.add(Instruction::LocalGet(target.0));
        if is_on {
            self.add(Instruction::LocalGet(Emit::DEPTH));
            self.add(Instruction::ReturnCall(self.calls.near));
        } else {
            self.add(Instruction::Return);
        }
    }

    /// Leaves by a computed jump if it goes to none of `targets`.
    pub(super) fn leave_unless(&mut self, target: Temp, targets: &[u32]) {
        for (number, pc) in targets.iter().enumerate() {
            self.push_is(target, *pc);
            self.add(Instruction::I32Eqz);
            if number > 0 {
                self.add(Instruction::I32And);
            }
        }
        self.emit.code().if_unlikely();
        self.leave_by(target, true);
        self.add(Instruction::End);
    }

    /// Calls what `flow` says from `place`, directly if it is known or likely, and returns if the call did not come back to
    /// `back`.
    pub(super) fn call(&mut self, flow: Flow, place: &Place<'_>, back: u32) {
        self.emit.write_back(!Cells::NONE);
        match flow {
            Flow::Always(target) => self.call_known(target),
            Flow::Computed(target) => {
                let Calls { functions, dispatcher, near } = self.calls;
                let likely = place.likely_calls();
                let direct: Vec<u32> = likely.iter().copied().filter(|pc| functions.contains_key(pc)).collect();
                // Where all that is likely is elsewhere, there is no use in looking here first.
                let other = if direct.is_empty() && !likely.is_empty() { *dispatcher } else { *near };
                for likely in &direct {
                    self.push_is(target, *likely);
                    self.add(Instruction::If(BlockType::Result(ValType::I32)));
                    self.call_known(*likely);
                    self.add(Instruction::Else);
                }
                self.call_by(other, Instruction::LocalGet(target.0));
                direct.iter().for_each(|_| self.add(Instruction::End));
            }
            Flow::If(..) => unreachable!("a conditional branch is no call"),
        }
        let came_to = self.emit.code().temp(wasm::Type::I32);
        self.add(Instruction::LocalTee(came_to.0));
        self.add(Instruction::I32Const(back as i32));
        self.add(Instruction::I32Ne);
        self.emit.code().if_unlikely();
        self.add(Instruction::LocalGet(came_to.0));
        self.add(Instruction::Return);
        self.add(Instruction::End);
        self.emit.forget(!Cells::NONE);
    }

    fn call_known(&mut self, target: u32) {
        let Some(function) = self.calls.functions.get(&target).copied() else {
            return self.call_by(self.calls.dispatcher, Instruction::I32Const(target as i32));
        };
        self.add(Instruction::I32Const(0));
        self.push_depth();
        self.add(Instruction::Call(function));
    }

    fn call_by(&mut self, dispatcher: u32, target: Instruction<'static>) {
        self.add(target);
        self.push_depth();
        self.add(Instruction::Call(dispatcher));
    }

    fn push_depth(&mut self) {
        self.add(Instruction::LocalGet(Emit::DEPTH));
        self.add(Instruction::I32Const(self.weight as i32));
        self.add(Instruction::I32Sub);
    }

    /// Pushes whether a computed address is `pc`.
    pub(super) fn push_is(&mut self, target: Temp, pc: u32) {
        self.add(Instruction::LocalGet(target.0));
        self.add(Instruction::I32Const(pc as i32));
        self.add(Instruction::I32Eq);
    }
}
