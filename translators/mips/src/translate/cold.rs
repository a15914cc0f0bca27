//! What goes on where there is no code: functions of the driver module, which all others import.
//!
//! A rare call, or a way that hardly ever is taken, does not take down the Wasm stack of those that led there.

use super::driver::{DEPTH, Map, PC, THERE, add, drive, find, go_back, leave, poll_word, push_call, state};
use super::{Memories, OUT_OF_LINE_TYPE, REACH_TYPE, REGION_TYPE, STRETCH_TYPE, module};
use crate::border::{self, Leave};
use crate::reg::Gpr;
use crate::state::State;
use alloc::vec::Vec;
use wasm::{Body, Code, Type};
use wasm_encoder::{BlockType, Instruction};

/// The driver module's imported function that interprets on and on, [`border::STRETCH`].
const STRETCH: u32 = 1;
/// Its own functions that call each other, behind the imported ones and in the order in which [`driver`] lists them.
const OUT_OF_LINE: u32 = STRETCH + 3;
const STAND_IN: u32 = STRETCH + 4;
const REACH: u32 = STRETCH + 5;

/// The parameter behind the depth: where it returns to.
const BACK: u32 = 2;
/// The entry found for the PC, in functions with those three.
const ENTRY: u32 = 3;

/// What standing in for code adds to the depth of calls.
const DEPTH_MORE: i32 = 2;

/// The driver module: it exports [`border::DRIVER`], [`border::COLD`] and [`border::OUT_OF_LINE`].
pub fn driver(memories: Memories) -> Vec<u8> {
    let functions = [
        (&drive(Map::Cpu), REGION_TYPE),
        (&cold(), REGION_TYPE),
        (&out_of_line(OUT_OF_LINE, Reach::Back(REACH)), OUT_OF_LINE_TYPE),
        (&stand_in(), REACH_TYPE),
        (&reach(), REACH_TYPE),
    ];
    let exported = [border::DRIVER, border::COLD, border::OUT_OF_LINE];
    module(&exported, &functions, memories, &[(border::STRETCH, STRETCH_TYPE)])
}

fn push(code: &mut Code, register: Gpr) {
    add(code, &[state(State::gpr_offset(register)), Instruction::I32Load(THERE)]);
}

/// Pushes the depth for what a function here calls.
fn push_deeper(code: &mut Code) {
    add(code, &[Instruction::LocalGet(DEPTH), Instruction::I32Const(DEPTH_MORE), Instruction::I32Sub]);
}

/// Pushes whether calls nest too deeply, or somebody polls.
fn push_is_too_deep(code: &mut Code) {
    poll_word(code);
    add(code, &[Instruction::LocalGet(DEPTH), Instruction::I32GeS]);
}

/// A function `(pc, depth) -> pc`, as [`border::COLD`] says.
fn cold() -> Body {
    let mut code = Code::new(2, &[]);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::I32Const(0), Instruction::I32LtS]);
    code.if_unlikely();
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::I32Const(0), Instruction::I32Const(0)]);
    add(&mut code, &[Instruction::I32Const(0), Instruction::Call(STRETCH), Instruction::I32WrapI64]);
    add(&mut code, &[Instruction::LocalTee(PC), Instruction::I32Const(0), Instruction::I32LtS]);
    code.if_unlikely();
    go_back(&mut code);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::LocalGet(DEPTH)]);
    push(&mut code, Gpr::RA);
    add(&mut code, &[Instruction::ReturnCall(REACH), Instruction::End]);
    // Whoever jumps there returns.
    push(&mut code, Gpr::RA);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::I32Eq, Instruction::If(BlockType::Empty)]);
    go_back(&mut code);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::LocalGet(DEPTH)]);
    push(&mut code, Gpr::RA);
    add(&mut code, &[Instruction::ReturnCall(STAND_IN), Instruction::End]);
    code.finish()
}

/// A function `(pc, depth, back) -> pc` that stands in for code that is not there: what its code calls or jumps to runs if that
/// is there, and all else is interpreted, until it comes to behind what it stands in for.
fn stand_in() -> Body {
    let mut code = Code::new(3, &[Type::I32, Type::I32, Type::I32, Type::I64]);
    let (sp, goes_on, answer) = (ENTRY + 1, ENTRY + 2, ENTRY + 3);
    let return_if_behind = |code: &mut Code| {
        // Whoever left has a mark, and is a negative number.
        add(code, &[Instruction::LocalGet(PC), Instruction::I32Const(0), Instruction::I32LtS]);
        push(code, Gpr::SP);
        add(code, &[Instruction::LocalTee(ENTRY), Instruction::LocalGet(sp), Instruction::I32GtU, Instruction::I32Or]);
        add(code, &[Instruction::LocalGet(ENTRY), Instruction::LocalGet(sp), Instruction::I32Eq]);
        add(code, &[Instruction::LocalGet(PC), Instruction::LocalGet(BACK), Instruction::I32Eq]);
        add(code, &[Instruction::I32And, Instruction::I32Or, Instruction::If(BlockType::Empty)]);
        go_back(code);
    };
    push(&mut code, Gpr::SP);
    add(&mut code, &[Instruction::LocalSet(sp)]);
    push_is_too_deep(&mut code);
    code.if_unlikely();
    leave(&mut code, Leave::Poll);
    add(&mut code, &[Instruction::Loop(BlockType::Empty)]);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::LocalGet(BACK), Instruction::LocalGet(sp)]);
    add(&mut code, &[Instruction::LocalGet(goes_on), Instruction::I32Eqz, Instruction::Call(STRETCH)]);
    add(&mut code, &[Instruction::LocalTee(answer), Instruction::I32WrapI64, Instruction::LocalSet(PC)]);
    add(&mut code, &[Instruction::I32Const(1), Instruction::LocalSet(goes_on)]);
    return_if_behind(&mut code);
    add(&mut code, &[Instruction::LocalGet(answer), Instruction::I64Const(border::CALLS as i64)]);
    add(&mut code, &[Instruction::I64And, Instruction::I64Eqz, Instruction::I32Eqz]);
    add(&mut code, &[Instruction::If(BlockType::Empty), Instruction::I32Const(border::NOWHERE as i32)]);
    add(&mut code, &[Instruction::LocalSet(BACK), Instruction::End]);
    find(&mut code, Map::Cpu, ENTRY, false, go_back);
    // What it jumps to in the frame that it began in takes its place: it might jump to and fro for ever.
    add(&mut code, &[Instruction::LocalGet(answer), Instruction::I64Const(border::CALLED as i64)]);
    add(&mut code, &[Instruction::I64And, Instruction::I64Eqz]);
    push(&mut code, Gpr::SP);
    add(&mut code, &[Instruction::LocalGet(sp), Instruction::I32Eq, Instruction::I32And]);
    add(&mut code, &[Instruction::If(BlockType::Empty)]);
    push_call(&mut code, ENTRY);
    add(&mut code, &[Instruction::ReturnCallIndirect { type_index: 0, table_index: 0 }, Instruction::End]);
    push_deeper(&mut code);
    add(&mut code, &[Instruction::LocalSet(DEPTH)]);
    push_call(&mut code, ENTRY);
    add(&mut code, &[Instruction::CallIndirect { type_index: 0, table_index: 0 }, Instruction::LocalSet(PC)]);
    add(&mut code, &[Instruction::LocalGet(DEPTH), Instruction::I32Const(DEPTH_MORE), Instruction::I32Add]);
    add(&mut code, &[Instruction::LocalSet(DEPTH)]);
    return_if_behind(&mut code);
    add(&mut code, &[Instruction::Br(0), Instruction::End, Instruction::Unreachable, Instruction::End]);
    code.finish()
}

/// A function `(pc, depth, back) -> pc` that goes on in the region of `pc`, or where somebody stands in for it.
fn reach() -> Body {
    let mut code = Code::new(3, &[Type::I32]);
    find(&mut code, Map::Cpu, ENTRY, false, |code| {
        add(code, &[Instruction::LocalGet(PC), Instruction::LocalGet(DEPTH), Instruction::LocalGet(BACK)]);
        add(code, &[Instruction::ReturnCall(STAND_IN), Instruction::End]);
    });
    push_call(&mut code, ENTRY);
    add(&mut code, &[Instruction::ReturnCallIndirect { type_index: 0, table_index: 0 }, Instruction::End]);
    code.finish()
}

/// How [`out_of_line`] goes on at a PC: by which function.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    /// `(pc, depth) -> pc`.
    Plain(u32),
    /// `(pc, depth, back) -> pc`.
    Back(u32),
}

/// A function numbered `itself`, as [`border::OUT_OF_LINE`] says.
pub(super) fn out_of_line(itself: u32, reach: Reach) -> Body {
    let (backs, further, back) = (2, 3, 4);
    let mut code = Code::new(4, &[Type::I32]);
    let (function, takes_back) = match reach {
        Reach::Plain(function) => (function, false),
        Reach::Back(function) => (function, true),
    };
    add(&mut code, &[Instruction::LocalGet(backs), Instruction::I32WrapI64, Instruction::LocalTee(back)]);
    add(&mut code, &[Instruction::I32Eqz, Instruction::If(BlockType::Empty)]);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::LocalGet(DEPTH)]);
    if takes_back {
        add(&mut code, &[Instruction::I32Const(border::NOWHERE as i32)]);
    }
    add(&mut code, &[Instruction::ReturnCall(function), Instruction::End]);
    // All of the stack is taken down then, and whoever did that looks at why.
    push_is_too_deep(&mut code);
    code.if_unlikely();
    go_back(&mut code);
    add(&mut code, &[Instruction::LocalGet(PC)]);
    push_deeper(&mut code);
    if takes_back {
        add(&mut code, &[Instruction::LocalGet(back)]);
    }
    add(&mut code, &[Instruction::Call(function), Instruction::LocalTee(PC), Instruction::LocalGet(back)]);
    add(&mut code, &[Instruction::I32Ne, Instruction::If(BlockType::Empty)]);
    go_back(&mut code);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::LocalGet(DEPTH)]);
    add(&mut code, &[Instruction::LocalGet(backs), Instruction::I64Const(32), Instruction::I64ShrU]);
    add(
        &mut code,
        &[Instruction::LocalGet(further), Instruction::I64Const(32), Instruction::I64Shl, Instruction::I64Or],
    );
    add(&mut code, &[Instruction::LocalGet(further), Instruction::I64Const(32), Instruction::I64ShrU]);
    add(&mut code, &[Instruction::ReturnCall(itself), Instruction::End]);
    code.finish()
}

/// What is a [`cold`] where nobody stands in.
pub(super) fn missing() -> Body {
    let mut code = Code::new(2, &[]);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::End]);
    code.finish()
}
