//! Guest code to Wasm modules: one function a region, in one of two shapes.
//!
//! [`block`] keeps registers in the register file between basic blocks and can be entered at each of them; it is made
//! in no time. [`region`] gives a guest function the control flow and the locals of a Wasm function.

pub mod block;
mod cold;
mod driver;
mod near;
pub mod program;
pub mod region;
mod sites;

pub use cold::driver;
pub(crate) use driver::{THERE, poll_word, state};
pub use sites::Sites;

use crate::border;
use crate::region::Block;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use wasm::Body;
use wasm_encoder::{
    BranchHint, BranchHints, CodeSection, EntityType, ExportKind, ExportSection, FunctionSection, ImportSection,
    MemorySection, MemoryType, Module, RefType, TableType, TypeSection, ValType,
};

/// A module of translated regions.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The module, exporting [`export`]`(0)` and so on.
    pub wasm: Vec<u8>,
    /// What is known of each of its functions.
    pub functions: Vec<Unit>,
}

/// One translated region.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The guest PC of each entry.
    pub entries: Vec<u32>,
    /// Its accesses to guest memory.
    pub sites: Sites,
    /// First and last-plus-one address of the guest code it was made from, in order and in whole words.
    pub ranges: Vec<(u32, u32)>,
    /// How many blocks that is.
    pub blocks: u32,
    /// How many guest instructions those are.
    pub instructions: u32,
    /// The addresses of calls of which only running them says what they call.
    pub open_calls: Vec<u32>,
    /// What it expects those to call: their addresses, each with a target.
    pub calls: Vec<(u32, u32)>,
}

/// Where a module has its memories from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memories {
    /// It imports both, of whatever size.
    Imported,
    /// It imports the guest's and defines the CPU's, [`border::CPU_PAGES`] large, and its host sees to it that this is the
    /// same in all modules of a process. Then code finds it with one load less.
    CpuDefined,
    /// It defines both, the guest's [`border::GUEST_PAGES`] large, and exports that as [`border::GUEST_MEMORY`].
    Defined,
}

/// How many functions modules import: those of their own are numbered behind.
pub const IMPORTED: u32 = 3;
/// The imported function that interprets, [`border::INTERPRET`].
pub(crate) const INTERPRET: u32 = 0;
/// The function that stands in for code that is not there, [`border::COLD`].
const COLD: u32 = 1;
/// The function that goes on where what stands in place of a call is left, [`border::OUT_OF_LINE`].
pub(crate) const OUT_OF_LINE: u32 = 2;

/// The types of functions, by number: of regions, of the interpreter, of what interprets on and on, of what goes on somewhere and
/// returns to where it is told, and of [`border::OUT_OF_LINE`].
const REGION_TYPE: u32 = 0;
const INTERPRET_TYPE: u32 = 1;
const STRETCH_TYPE: u32 = 2;
const REACH_TYPE: u32 = 3;
const OUT_OF_LINE_TYPE: u32 = 4;

/// The export that is the function numbered `number`.
pub fn export(number: usize) -> String {
    format!("{}{number}", border::REGION)
}

fn ranges<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = blocks.into_iter().map(Block::range).collect();
    merge(&mut ranges);
    ranges
}

/// Puts ranges in order, and makes one of those that overlap or lie side by side.
pub fn merge(ranges: &mut Vec<(u32, u32)>) {
    ranges.sort_unstable();
    ranges.dedup_by(|next, range| {
        let is_beside = next.0 <= range.1;
        range.1 = if is_beside { range.1.max(next.1) } else { range.1 };
        is_beside
    });
}

fn instructions<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> u32 {
    blocks.into_iter().map(Block::count).sum()
}

/// A table of region functions. As its size is fixed, no call needs to look that up.
fn table_of(slots: u64) -> TableType {
    TableType { element_type: RefType::FUNCREF, table64: false, minimum: slots, maximum: Some(slots), shared: false }
}

/// A memory of so many Wasm pages, at least and at most.
fn memory(minimum: u32, maximum: Option<u32>) -> MemoryType {
    let (minimum, maximum) = (u64::from(minimum), maximum.map(u64::from));
    MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None }
}

/// The types of functions that all modules have.
fn types() -> TypeSection {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32, ValType::I32], [ValType::I32]);
    types.ty().function([ValType::I32], [ValType::I32]);
    types.ty().function([ValType::I32; 4], [ValType::I64]);
    types.ty().function([ValType::I32; 3], [ValType::I32]);
    types.ty().function([ValType::I32, ValType::I32, ValType::I64, ValType::I64], [ValType::I32]);
    types
}

/// The memories that are imported, a table if there is one to import, and the interpreter, in the order of the host's list.
fn imports(memories: Memories, table: Option<TableType>) -> ImportSection {
    let mut imports = ImportSection::new();
    if memories != Memories::Defined {
        imports.import(border::MODULE, border::GUEST_MEMORY, EntityType::Memory(memory(0, None)));
    }
    if memories == Memories::Imported {
        imports.import(border::MODULE, border::CPU_MEMORY, EntityType::Memory(memory(border::CPU_PAGES, None)));
    }
    if let Some(table) = table {
        imports.import(border::MODULE, border::TABLE, EntityType::Table(table));
    }
    imports.import(border::MODULE, border::INTERPRET, EntityType::Function(INTERPRET_TYPE));
    imports
}

/// The code of functions behind so many imported ones, and what is known of their branches.
fn code<'a>(imported: u32, functions: impl Iterator<Item = &'a Body>) -> (BranchHints, CodeSection) {
    let mut code = CodeSection::new();
    let mut hints = BranchHints::new();
    for (number, body) in (imported..).zip(functions) {
        code.function(&body.function);
        let hint = |hint: &(u32, bool)| BranchHint { branch_func_offset: hint.0, branch_hint_value: hint.1.into() };
        hints.function_hints(number, body.hints.iter().map(hint));
    }
    (hints, code)
}

/// A module of regions, with those functions, the first of them exported.
fn regions(functions: &[Body], exported: usize, memories: Memories) -> Vec<u8> {
    let names: Vec<String> = (0..exported).map(export).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let functions: Vec<(&Body, u32)> = functions.iter().map(|body| (body, REGION_TYPE)).collect();
    let others = [(border::COLD, REGION_TYPE), (border::OUT_OF_LINE, OUT_OF_LINE_TYPE)];
    module(&names, &functions, memories, &others)
}

/// A module that has both memories and imports the table, the interpreter and `others`, functions by name and type, with
/// `functions` of these types, the first of them exported under `names`.
fn module(names: &[&str], functions: &[(&Body, u32)], memories: Memories, others: &[(&str, u32)]) -> Vec<u8> {
    let mut imports = imports(memories, Some(table_of(u64::from(border::SLOTS))));
    for (name, of) in others {
        imports.import(border::MODULE, name, EntityType::Function(*of));
    }
    let imported = 1 + others.len() as u32;
    let mut defined = MemorySection::new();
    if memories == Memories::Defined {
        defined.memory(memory(border::GUEST_PAGES, Some(border::GUEST_PAGES)));
    }
    if memories != Memories::Imported {
        defined.memory(memory(border::CPU_PAGES, Some(border::CPU_PAGES)));
    }
    let mut declarations = FunctionSection::new();
    functions.iter().for_each(|(_, of)| _ = declarations.function(*of));
    let mut exports = ExportSection::new();
    for (index, name) in (imported..).zip(names) {
        exports.export(name, ExportKind::Func, index);
    }
    if memories == Memories::Defined {
        exports.export(border::GUEST_MEMORY, ExportKind::Memory, 0);
    }
    let (hints, code) = code(imported, functions.iter().map(|(body, _)| *body));
    let mut module = Module::new();
    module.section(&types()).section(&imports).section(&declarations);
    if !defined.is_empty() {
        module.section(&defined);
    }
    module.section(&exports).section(&hints).section(&code);
    module.finish()
}
