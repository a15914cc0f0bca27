//! A region to a Wasm module: one function that holds the region's blocks, entered at any of them.
//!
//! Blocks lie in address order inside nested Wasm blocks, so that a jump forward is a plain `br`; a jump backward goes
//! through the loop around them all and a table jump, after a look at the poll word. Between blocks all registers are
//! in the register file.

use crate::border::{self, Leave};
use crate::cpu::Slot;
use crate::insn::Insn;
use crate::isa::perform;
use crate::reading::emit::{Checkpoint, Emit, Flow, Options};
use crate::region::{Block, Region};
use crate::state::State;
use alloc::vec::Vec;
use wasm::{Arena, Code, Type};
use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    Instruction, MemArg, MemorySection, MemoryType, Module, RefType, TableType, TypeSection, ValType,
};

/// A translated region.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The module, exporting [`border::REGION`].
    pub wasm: Vec<u8>,
    /// The guest PC of each entry.
    pub entries: Vec<u32>,
    /// For each guest memory access, its offset in the function body and the PC that restarts it; by offset.
    pub sites: Vec<(u32, u32)>,
    /// First and last-plus-one address of the guest code it was made from, a block each.
    pub ranges: Vec<(u32, u32)>,
}

/// Translates `region`.
pub fn translate(region: &Region, options: Options) -> Translated {
    let arena = Arena::new();
    let mut writer = Writer { emit: Emit::new(&arena, options), region, current: 0, nesting: 0 };
    writer.region();
    let (function, sites) = writer.emit.into_code().finish();
    let ranges = region.blocks.iter().map(|block| (block.pc, block.end() + 4 * u32::from(block.slot.is_some())));
    Translated {
        wasm: module(border::REGION, function, None),
        entries: region.blocks.iter().map(|block| block.pc).collect(),
        sites,
        ranges: ranges.collect(),
    }
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
        self.emit.begin_block();
        for (at, insn) in (block.pc..).step_by(4).zip(&block.insns) {
            let start = self.emit.begin(at, at);
            let Some(insn) = *insn else { return self.emit.leave(Leave::Interpret, at) };
            let Ok(()) = perform(&mut self.emit, insn);
            if self.emit.must_interpret {
                return self.interpret(start, at);
            }
            if let Some(flow) = self.emit.flow {
                return self.branch(start, at, flow, block.slot);
            }
        }
        self.exit(block.end());
    }

    /// Leaves the instruction at `at` to the interpreter, whatever was written for it.
    fn interpret(&mut self, start: Checkpoint, at: u32) {
        self.emit.rewind(start);
        self.emit.leave(Leave::Interpret, at);
    }

    fn branch(&mut self, start: Checkpoint, at: u32, flow: Flow, slot: Option<Insn>) {
        let behind = at.wrapping_add(8);
        if let Flow::If(when, target, Slot::IfTaken) = flow {
            let not_taken = self.emit.begin(at, at);
            self.add(Instruction::LocalGet(when.0));
            self.add(Instruction::If(BlockType::Empty));
            self.nesting += 1;
            let is_done = self.slot(at, slot);
            if is_done {
                self.exit(target);
            }
            self.nesting -= 1;
            if !is_done {
                return self.interpret(start, at);
            }
            self.add(Instruction::End);
            self.emit.forget_since(not_taken);
            return self.exit(behind);
        }
        if !self.slot(at, slot) {
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

    /// Writes the delay slot of the branch at `at`; false if only the interpreter can do the two.
    fn slot(&mut self, at: u32, slot: Option<Insn>) -> bool {
        let Some(insn) = slot else { return false };
        self.emit.begin(at.wrapping_add(4), at);
        let Ok(()) = perform(&mut self.emit, insn);
        !self.emit.must_interpret && self.emit.flow.is_none()
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
        let code = self.emit.code();
        poll_word(code);
        code.add(Instruction::If(BlockType::Empty));
        set_leave(code, Leave::Poll);
        code.add(Instruction::I32Const(pc as i32));
        code.add(Instruction::Return);
        code.add(Instruction::End);
    }
}

fn cpu_word(at: u32) -> MemArg {
    MemArg { offset: u64::from(at), align: 2, memory_index: 1 }
}

fn poll_word(code: &mut Code) {
    code.add(Instruction::I32Const(0));
    code.add(Instruction::I32AtomicLoad(cpu_word(border::STATE_AT + State::POLL)));
}

fn set_leave(code: &mut Code, why: Leave) {
    code.add(Instruction::I32Const(0));
    code.add(Instruction::I32Const(why.code() as i32));
    code.add(Instruction::I32Store(cpu_word(border::STATE_AT + State::LEAVE)));
}

/// The driver module: looks `pc` up, calls its region, and goes on at the PC that comes back.
pub fn driver() -> Vec<u8> {
    const PC: u32 = 0;
    const ENTRY: u32 = 1;
    let mut code = Code::new(1, &[Type::I32]);
    let add = |code: &mut Code, list: &[Instruction<'static>]| list.iter().for_each(|each| code.add(each.clone()));
    let leave_if =
        [Instruction::If(BlockType::Empty), Instruction::LocalGet(PC), Instruction::Return, Instruction::End];
    add(&mut code, &[Instruction::Loop(BlockType::Empty)]);
    // No code lies in the upper half.
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::I32Const(0), Instruction::I32LtS]);
    add(&mut code, &leave_if);
    poll_word(&mut code);
    add(&mut code, &[Instruction::If(BlockType::Empty)]);
    set_leave(&mut code, Leave::Poll);
    add(&mut code, &[Instruction::LocalGet(PC), Instruction::Return, Instruction::End]);
    look_up(&mut code, PC);
    add(&mut code, &[Instruction::LocalTee(ENTRY), Instruction::I32Eqz]);
    add(&mut code, &leave_if);
    add(
        &mut code,
        &[Instruction::LocalGet(ENTRY), Instruction::I32Const((1 << border::ENTRY_BITS) - 1), Instruction::I32And],
    );
    add(
        &mut code,
        &[Instruction::LocalGet(ENTRY), Instruction::I32Const(border::ENTRY_BITS as i32), Instruction::I32ShrU],
    );
    add(&mut code, &[Instruction::CallIndirect { type_index: 0, table_index: 0 }, Instruction::LocalSet(PC)]);
    add(&mut code, &[Instruction::I32Const(0), Instruction::I32Load(cpu_word(border::STATE_AT + State::LEAVE))]);
    add(
        &mut code,
        &[Instruction::I32Eqz, Instruction::BrIf(0), Instruction::End, Instruction::LocalGet(PC), Instruction::End],
    );
    let (function, _) = code.finish();
    module(border::DRIVER, function, Some(border::TABLE))
}

/// Pushes the entry for the PC in local `pc`: the same steps as [`border::directory_at`] and [`border::entry_offset`].
fn look_up(code: &mut Code, pc: u32) {
    let mode_bits = (border::directory_at(1) - border::directory_at(0)).trailing_zeros();
    let page_bits = border::PAGE_BYTES.trailing_zeros();
    for each in [
        Instruction::LocalGet(pc),
        Instruction::I32Const(page_bits as i32),
        Instruction::I32ShrU,
        Instruction::I32Const(2),
        Instruction::I32Shl,
        Instruction::LocalGet(pc),
        Instruction::I32Const(1),
        Instruction::I32And,
        Instruction::I32Const(mode_bits as i32),
        Instruction::I32Shl,
        Instruction::I32Or,
        Instruction::I32Load(cpu_word(border::DIRECTORY_AT)),
        Instruction::LocalGet(pc),
        Instruction::I32Const((border::PAGE_BYTES - 2) as i32),
        Instruction::I32And,
        Instruction::I32Const(1),
        Instruction::I32Shl,
        Instruction::I32Add,
        Instruction::I32Load(cpu_word(0)),
    ] {
        code.add(each);
    }
}

/// A module that is both memories, of so many Wasm pages each: a host that brings its own mappings gets them asked for
/// by an instance only.
pub fn memories(guest_pages: u32, cpu_pages: u32) -> Vec<u8> {
    let mut memories = MemorySection::new();
    let mut exports = ExportSection::new();
    for (index, (name, pages)) in
        [(border::GUEST_MEMORY, guest_pages), (border::CPU_MEMORY, cpu_pages)].into_iter().enumerate()
    {
        let pages = u64::from(pages);
        memories.memory(MemoryType {
            minimum: pages,
            maximum: Some(pages),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        exports.export(name, ExportKind::Memory, index as u32);
    }
    let mut module = Module::new();
    module.section(&memories).section(&exports);
    module.finish()
}

/// A module that imports both memories, perhaps the table, and exports its one function `(i32) -> i32` as `name`.
fn module(name: &str, function: Function, table: Option<&str>) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    let memory = |minimum| {
        let memory = MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2: None };
        EntityType::Memory(memory)
    };
    let mut imports = ImportSection::new();
    imports.import(border::MODULE, border::GUEST_MEMORY, memory(0));
    imports.import(border::MODULE, border::CPU_MEMORY, memory(u64::from(border::CPU_PAGES_MIN)));
    if let Some(table) = table {
        let of = TableType { element_type: RefType::FUNCREF, table64: false, minimum: 0, maximum: None, shared: false };
        imports.import(border::MODULE, table, EntityType::Table(of));
    }
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export(name, ExportKind::Func, 0);
    let mut code = CodeSection::new();
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module.finish()
}
