//! Guest code to Wasm modules: one function a region, in one of two shapes.
//!
//! [`block`] keeps registers in the register file between basic blocks and can be entered at each of them; it is made
//! in no time. [`region`] gives a guest function the control flow and the locals of a Wasm function.

pub mod block;
mod driver;
pub mod region;

pub(crate) use driver::{THERE, poll_or_sample, poll_word, state};
pub use driver::{driver, memories};

use crate::border;
use crate::region::Block;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, MemoryType, Module,
    RefType, TableType, TypeSection, ValType,
};

/// A module of translated regions.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The module, exporting [`export`]`(0)` and so on.
    pub wasm: Vec<u8>,
    /// What is known of each of its functions.
    pub functions: Vec<Unit>,
}

/// In which of the two shapes code is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shape {
    /// Made by [`block`].
    Block,
    /// Made by [`region`].
    Region,
}

/// One translated region.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The guest PC of each entry.
    pub entries: Vec<u32>,
    /// For each guest memory access, its offset in the function body and the PC that restarts it; by offset.
    pub sites: Vec<(u32, u32)>,
    /// First and last-plus-one address of the guest code it was made from, a block each.
    pub ranges: Vec<(u32, u32)>,
    /// How many guest instructions those are.
    pub instructions: u32,
}

/// How many functions modules import: those of their own are numbered behind.
pub const IMPORTED: u32 = 1;
/// The imported function that interprets, [`border::INTERPRET`].
pub(crate) const INTERPRET: u32 = 0;

/// The export that is the function numbered `number`.
pub fn export(number: usize) -> String {
    format!("{}{number}", border::REGION)
}

fn ranges<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Vec<(u32, u32)> {
    let range = |block: &Block| (block.pc, block.end() + 4 * u32::from(block.slot.is_some()));
    blocks.into_iter().map(range).collect()
}

fn instructions<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> u32 {
    let count = |block: &Block| block.insns.len() as u32 + u32::from(block.slot.is_some());
    blocks.into_iter().map(count).sum()
}

/// A module that imports both memories, the table and the interpreter, with `functions` of type `(i32, i32) -> i32`, the
/// first of them exported under `names`.
fn module(names: &[String], functions: &[Function]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32, ValType::I32], [ValType::I32]);
    types.ty().function([ValType::I32], [ValType::I32]);
    let memory = |minimum| {
        let memory = MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2: None };
        EntityType::Memory(memory)
    };
    let mut imports = ImportSection::new();
    imports.import(border::MODULE, border::GUEST_MEMORY, memory(0));
    imports.import(border::MODULE, border::CPU_MEMORY, memory(u64::from(border::CPU_PAGES_MIN)));
    let table = TableType { element_type: RefType::FUNCREF, table64: false, minimum: 0, maximum: None, shared: false };
    imports.import(border::MODULE, border::TABLE, EntityType::Table(table));
    imports.import(border::MODULE, border::INTERPRET, EntityType::Function(1));
    let mut declarations = FunctionSection::new();
    let mut code = CodeSection::new();
    for function in functions {
        declarations.function(0);
        code.function(function);
    }
    let mut exports = ExportSection::new();
    for (index, name) in (IMPORTED..).zip(names) {
        exports.export(name, ExportKind::Func, index);
    }
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&declarations).section(&exports).section(&code);
    module.finish()
}
