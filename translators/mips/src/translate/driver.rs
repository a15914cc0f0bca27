//! What ties regions together: the loop that runs them, and the way from a PC to its region.

use super::COLD;
use crate::border::{self, Leave};
use crate::state::State;
use wasm::{Body, Code, Type};
use wasm_encoder::{BlockType, Instruction, MemArg};

/// The first parameters of every function here.
pub(super) const PC: u32 = 0;
pub(super) const DEPTH: u32 = 1;
/// The entry found for the PC, in functions without further parameters.
const ENTRY: u32 = 2;

/// The address of a field of the register file, for an access without offset: Cranelift adds an offset by instructions of
/// its own, and takes longer for the same code.
pub(crate) fn state(offset: u32) -> Instruction<'static> {
    Instruction::I32Const((border::STATE_AT + offset) as i32)
}

/// An access to the CPU memory just where the address says.
pub(crate) const THERE: MemArg = MemArg { offset: 0, align: 2, memory_index: 1 };

/// Where the map of entries is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Map {
    /// In the CPU memory, for the whole user half.
    Cpu,
    /// In a memory of its own, just for the `bytes` bytes of code from `from` on.
    Own {
        /// The number of the memory.
        memory: u32,
        /// A multiple of 4.
        from: u32,
        /// As many as the memory has.
        bytes: u32,
    },
}

impl Map {
    /// Pushes whether the PC has no place in the map as 32-bit code.
    fn push_is_outside(self, code: &mut Code) {
        match self {
            Map::Cpu => {
                add(code, &[Instruction::LocalGet(PC), Instruction::I32Const(border::NO_ENTRY as i32)]);
                add(code, &[Instruction::I32And]);
            }
            Map::Own { from, bytes, .. } => {
                add(code, &[Instruction::LocalGet(PC), Instruction::I32Const(from as i32), Instruction::I32Sub]);
                // An address between words is rotated to beyond any program.
                add(code, &[Instruction::I32Const(2), Instruction::I32Rotr]);
                add(code, &[Instruction::I32Const((bytes / 4) as i32), Instruction::I32GeU]);
            }
        }
    }

    /// Pushes whether the PC has none as MIPS16e code either.
    fn push_is_outside16(self, code: &mut Code) {
        let mode = match self {
            Map::Cpu => border::LEFT | 1,
            Map::Own { .. } => 1,
        };
        add(code, &[Instruction::LocalGet(PC), Instruction::I32Const(mode as i32), Instruction::I32And]);
        add(code, &[Instruction::I32Const(1), Instruction::I32Ne]);
        if let Map::Own { from, bytes, .. } = self {
            push_word(code);
            add(code, &[Instruction::I32Const(from as i32), Instruction::I32Sub]);
            add(code, &[Instruction::I32Const(bytes as i32), Instruction::I32GeU, Instruction::I32Or]);
        }
    }

    /// Pushes what stands in the place that an address on the stack has in the map.
    fn push_entry(self, code: &mut Code) {
        match self {
            Map::Cpu => {
                add(code, &[Instruction::I32Load(MemArg { offset: u64::from(border::MAP_AT), ..THERE })]);
            }
            Map::Own { memory, from, .. } => {
                add(code, &[Instruction::I32Const(from as i32), Instruction::I32Sub]);
                add(code, &[Instruction::I32Load(MemArg { memory_index: memory, ..THERE })]);
            }
        }
    }
}

pub(super) fn add(code: &mut Code, list: &[Instruction<'static>]) {
    list.iter().for_each(|each| code.add(each.clone()));
}

/// Pushes the poll word. An atomic load, so that it is not merged out of loops.
pub(crate) fn poll_word(code: &mut Code) {
    add(code, &[state(State::POLL), Instruction::I32AtomicLoad(THERE)]);
}

/// Notes why translated code leaves.
pub(super) fn set_leave(code: &mut Code, why: Leave) {
    add(code, &[state(State::LEAVE), Instruction::I32Const(why.code() as i32), Instruction::I32Store(THERE)]);
}

/// Has a sample noted now and then.
fn sample(code: &mut Code, entry: u32) {
    let calls = Instruction::I32Const(border::CALLS_AT as i32);
    add(code, &[calls.clone(), calls.clone(), Instruction::I32Load(THERE)]);
    add(code, &[Instruction::I32Const(1), Instruction::I32Sub, Instruction::LocalTee(entry)]);
    add(
        code,
        &[Instruction::I32Store(THERE), Instruction::LocalGet(entry), Instruction::I32Const(1), Instruction::I32LtS],
    );
    code.if_unlikely();
    add(code, &[calls, Instruction::I32Const(border::CALLS_A_SAMPLE as i32), Instruction::I32Store(THERE)]);
    add(code, &[Instruction::LocalGet(PC), Instruction::I32Const(border::LEFT as i32), Instruction::I32Or]);
    add(code, &[Instruction::LocalGet(DEPTH), Instruction::ReturnCall(COLD), Instruction::End]);
}

/// Leaves for the PC, which has a place in the map, and ends what is done only then.
pub(super) fn leave(code: &mut Code, why: Leave) {
    set_leave(code, why);
    add(code, &[Instruction::LocalGet(PC), Instruction::I32Const(border::LEFT as i32), Instruction::I32Or]);
    add(code, &[Instruction::Return, Instruction::End]);
}

/// Pushes the address of the word that the PC is in.
fn push_word(code: &mut Code) {
    add(code, &[Instruction::LocalGet(PC), Instruction::I32Const(!3), Instruction::I32And]);
}

/// Goes back to whoever called, with the PC.
pub(super) fn go_back(code: &mut Code) {
    add(code, &[Instruction::LocalGet(PC), Instruction::Return, Instruction::End]);
}

/// Puts the entry for the PC into the local `entry`, or does what is done if it is `missing`, which ends the `if` it stands in;
/// leaves if somebody polls. If it `samples`, one is noted now and then.
pub(super) fn find(code: &mut Code, map: Map, entry: u32, samples: bool, missing: impl Fn(&mut Code)) {
    let look = |code: &mut Code| {
        poll_word(code);
        code.if_unlikely();
        leave(code, Leave::Poll);
        if samples {
            sample(code, entry);
        }
    };
    map.push_is_outside(code);
    code.if_unlikely();
    map.push_is_outside16(code);
    code.if_unlikely();
    go_back(code);
    look(code);
    find16(code, map, entry, &missing);
    add(code, &[Instruction::Else]);
    look(code);
    add(code, &[Instruction::LocalGet(PC)]);
    map.push_entry(code);
    // Zero is none; what is below it is MIPS16e code's.
    add(code, &[Instruction::LocalTee(entry), Instruction::I32Const(1), Instruction::I32LtS]);
    code.if_unlikely();
    missing(code);
    add(code, &[Instruction::End]);
}

/// Puts the entry for the PC of MIPS16e code, which has a place in the map, into a local, or does what is done without one.
fn find16(code: &mut Code, map: Map, entry: u32, missing: impl Fn(&mut Code)) {
    push_word(code);
    map.push_entry(code);
    let tag_at = Instruction::I32Const(border::TAG_AT as i32);
    add(code, &[Instruction::LocalTee(entry), tag_at, Instruction::I32ShrU]);
    // The tag of the halfword.
    add(code, &[Instruction::LocalGet(PC), Instruction::I32Const(1), Instruction::I32ShrU]);
    add(code, &[Instruction::I32Const(1), Instruction::I32And, Instruction::I32Const(2), Instruction::I32Or]);
    add(code, &[Instruction::I32Ne]);
    code.if_unlikely();
    missing(code);
    let untagged = Instruction::I32Const(!(-1 << border::TAG_AT));
    add(code, &[Instruction::LocalGet(entry), untagged, Instruction::I32And, Instruction::LocalSet(entry)]);
}

/// Pushes what the region function of the entry in a local is called with: the place in it, the depth, and its slot.
pub(super) fn push_call(code: &mut Code, entry: u32) {
    let place = Instruction::I32Const((1 << border::ENTRY_BITS) - 1);
    add(code, &[Instruction::LocalGet(entry), place, Instruction::I32And, Instruction::LocalGet(DEPTH)]);
    let bits = Instruction::I32Const(border::ENTRY_BITS as i32);
    add(code, &[Instruction::LocalGet(entry), bits, Instruction::I32ShrU]);
}

/// A function `(pc, depth) -> pc` that calls the region of `pc`, and goes on at the PC that comes back.
pub(super) fn drive(map: Map) -> Body {
    let mut code = Code::new(2, &[Type::I32]);
    add(&mut code, &[Instruction::Loop(BlockType::Empty)]);
    find(&mut code, map, ENTRY, false, go_back);
    push_call(&mut code, ENTRY);
    add(&mut code, &[Instruction::CallIndirect { type_index: 0, table_index: 0 }, Instruction::LocalSet(PC)]);
    add(&mut code, &[state(State::LEAVE), Instruction::I32Load(THERE)]);
    add(&mut code, &[Instruction::I32Eqz, Instruction::BrIf(0), Instruction::End]);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::End]);
    code.finish()
}

/// A function `(pc) -> entry`, zero if there is none.
pub(super) fn lookup(map: Map) -> Body {
    // What `find` calls the depth is nothing here.
    let mut code = Code::new(1, &[Type::I32, Type::I32]);
    let none = |code: &mut Code| add(code, &[Instruction::I32Const(0), Instruction::Return, Instruction::End]);
    map.push_is_outside(&mut code);
    code.if_unlikely();
    map.push_is_outside16(&mut code);
    code.if_unlikely();
    none(&mut code);
    find16(&mut code, map, ENTRY, none);
    add(&mut code, &[Instruction::Else, Instruction::LocalGet(PC)]);
    map.push_entry(&mut code);
    add(&mut code, &[Instruction::LocalTee(ENTRY), Instruction::I32Const(1), Instruction::I32LtS]);
    code.if_unlikely();
    none(&mut code);
    add(&mut code, &[Instruction::End, Instruction::LocalGet(ENTRY), Instruction::End]);
    code.finish()
}

/// A function `(pc, depth) -> pc` that goes on in the region of `pc`, in place of whoever calls it. If it `samples`, one is noted
/// now and then.
pub(super) fn dispatcher(map: Map, samples: bool) -> Body {
    let mut code = Code::new(2, &[Type::I32]);
    find(&mut code, map, ENTRY, samples, |code| {
        add(code, &[Instruction::LocalGet(PC), Instruction::LocalGet(DEPTH), Instruction::ReturnCall(COLD)]);
        add(code, &[Instruction::End]);
    });
    push_call(&mut code, ENTRY);
    add(&mut code, &[Instruction::ReturnCallIndirect { type_index: 0, table_index: 0 }, Instruction::End]);
    code.finish()
}
