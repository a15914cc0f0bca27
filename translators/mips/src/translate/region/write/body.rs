//! A block's instructions, up to where it goes.

use super::unaligned::whole_words;
use crate::border::Leave;
use crate::cpu::Slot;
use crate::insn::Insn;
use crate::reading::emit::{Emit, Flow, Held, Seen, perform};
use crate::region::{Block, End};
use wasm::{Temp, Type};
use wasm_encoder::Instruction;

/// How a block's code ends.
pub(super) enum Ending {
    /// It left already.
    Left,
    /// Behind itself.
    Next(u32),
    /// By a branch.
    Branch(Flow),
}

/// Writes just the code of a block, to see what it does.
pub(in crate::translate) fn survey(emit: &mut Emit<'_>, block: &Block) -> (Held, Seen) {
    emit.begin_block(Held::default());
    let ending = body(emit, block);
    let (held, seen) = (emit.held(), emit.seen());
    let Ending::Branch(Flow::If(_, _, Slot::IfTaken)) = ending else { return (held, seen) };
    // What the slot writes is written on one way only.
    delay_slot(emit, block);
    (Held { raw: held.raw & emit.held().raw, ..emit.held() }, Seen { written: seen.written, ..emit.seen() })
}

/// Writes a block's instructions, and the delay slot if it always runs.
pub(super) fn body(emit: &mut Emit<'_>, block: &Block) -> Ending {
    emit.keep_address(block.switch.as_ref().map(|switch| switch.load));
    emit.order_unless(block.unordered);
    for (at, insn) in whole_words(block, emit.options()) {
        let start = emit.begin(at, at);
        let is_done = insn.is_some_and(|insn| {
            let Ok(()) = perform(emit, insn);
            !emit.must_interpret
        });
        let flow = emit.flow;
        let is_done = is_done
            && match flow {
                None => true,
                Some(Flow::If(_, _, Slot::IfTaken)) => {
                    // Only a trial: it is written where the branch is taken.
                    let before = emit.checkpoint();
                    let is_done = delay_slot(emit, block);
                    emit.rewind(before);
                    is_done
                }
                Some(_) => delay_slot(emit, block),
            };
        if !is_done {
            emit.rewind(start);
            emit.leave(Leave::Interpret, at);
            return Ending::Left;
        }
        match flow {
            Some(Flow::If(when, ..)) if !block.skipped.is_empty() => {
                skip(emit, at, when, &block.skipped);
                return Ending::Next(block.behind());
            }
            Some(flow) => return Ending::Branch(two_ways(emit, block, flow)),
            None => {}
        }
    }
    Ending::Next(block.end())
}

/// Writes the delay slot of the branch that ends `block`, if it has one; false if only the interpreter can do the two.
pub(in crate::translate) fn delay_slot(emit: &mut Emit<'_>, block: &Block) -> bool {
    if block.is_compact {
        return true;
    }
    let Some(insn) = block.slot else { return false };
    emit.begin_slot(block.end(), block.last());
    let Ok(()) = perform(emit, insn);
    !emit.must_interpret && emit.flow.is_none()
}

/// A branch that is always taken, where a block has two ways on all the same, takes the first of them.
fn two_ways(emit: &mut Emit<'_>, block: &Block, flow: Flow) -> Flow {
    let (Flow::Always(target), End::Branch(_), true) = (flow, block.end, block.skipped.is_empty()) else {
        return flow;
    };
    let always = emit.code().temp(Type::I32);
    emit.code().add(Instruction::I32Const(1));
    emit.code().add(Instruction::LocalSet(always.0));
    Flow::If(always, target, Slot::Always)
}

/// Does what a branch skips if it is taken, and keeps its results only if it is not.
fn skip(emit: &mut Emit<'_>, branch: u32, when: Temp, skipped: &[(u32, Insn)]) {
    let is_not_taken = emit.code().temp(Type::I32);
    emit.code().add(Instruction::LocalGet(when.0));
    emit.code().add(Instruction::I32Eqz);
    emit.code().add(Instruction::LocalSet(is_not_taken.0));
    emit.predicate(Some(is_not_taken));
    for (at, insn) in skipped {
        // They restart at the branch, and so keep its temporaries.
        emit.begin(*at, branch);
        let Ok(()) = perform(emit, *insn);
    }
    emit.predicate(None);
}
