//! A whole program as one module: every function of it.
//!
//! For an engine that is a module like any other. A portable one has the way from a PC to a function and the program's own
//! file, too: it imports guest memory, the CPU memory and the interpreter as others do, and exports what a kernel without an
//! engine needs to run it: [`border::DRIVER`], [`ENTRY`], and the file.

use super::cold::{Reach, missing, out_of_line};
use super::driver::{Map, dispatcher, drive, lookup};
use super::region::{Calls, Functions, Rooted};
use super::{
    IMPORTED, INTERPRET, INTERPRET_TYPE, Memories, OUT_OF_LINE, OUT_OF_LINE_TYPE, REGION_TYPE, Unit, code, imports,
    regions, table_of, types,
};
use crate::border;
use crate::reading::emit::Options;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use wasm::{Body, Code};
use wasm_encoder::{
    ConstExpr, DataSection, ElementSection, Elements, ExportKind, ExportSection, FunctionSection, Instruction,
    MemorySection, MemoryType, Module, TableSection, ValType,
};

/// Export: `(pc: i32) -> entry: i32`, zero if no function starts there.
pub const ENTRY: &str = "entry";
/// Export: a memory that holds the program's file, and is as long, but for the rest of its last page.
pub const FILE: &str = "file";
/// Export: `() -> bytes: i32`, the length of the file.
pub const FILE_BYTES: &str = "file_bytes";

/// Memories behind the guest's and the CPU's.
const MAP_MEMORY: u32 = 2;
const FILE_MEMORY: u32 = 3;
/// Type of a function that gives a constant, behind those that all modules have.
const BYTES_TYPE: u32 = 5;

/// Words without an entry that are left out of the map's contents.
const GAP_WORDS: u32 = 1024;

/// A program about to be translated.
pub struct Program<'a> {
    functions: Functions<'a>,
    regions: &'a [Rooted],
    calls: Calls,
}

impl<'a> Program<'a> {
    /// Of these regions.
    pub fn new(regions: &'a [Rooted], options: Options) -> Program<'a> {
        let functions = Functions::new(regions, options);
        let calls = functions.calls();
        Program { functions, regions, calls }
    }

    /// The code of the region numbered `number`, and what is known of it.
    pub fn function(&self, number: usize) -> (Body, Unit) {
        self.functions.function(number, &self.calls)
    }

    /// The module of what [`Program::function`] made for each region, for an engine with these memories.
    pub fn module(mut functions: Vec<Body>, memories: Memories) -> Vec<u8> {
        let exported = functions.len();
        // Functions look for the dispatcher behind them.
        functions.push(dispatcher(Map::Cpu, false));
        regions(&functions, exported, memories)
    }

    /// The module of what [`Program::function`] made for each region, and of the program's file.
    pub fn portable_module(&self, functions: &[Body], file: &[u8]) -> Vec<u8> {
        let range = self.range();
        let map = Map::Own { memory: MAP_MEMORY, from: range.start, bytes: range.end - range.start };
        // The dispatcher first, where functions look for it.
        let bodies = [dispatcher(map, false), drive(map), lookup(map), constant(file.len() as u32)];
        let of_bodies = [REGION_TYPE, REGION_TYPE, INTERPRET_TYPE, BYTES_TYPE];
        let behind = IMPORTED + functions.len() as u32;

        let mut declared = FunctionSection::new();
        // These stand where other modules import who goes on where there is no code: here that is the interpreter's.
        let imported = [missing(), out_of_line(OUT_OF_LINE, Reach::Plain(behind))];
        [REGION_TYPE, OUT_OF_LINE_TYPE].iter().for_each(|of| _ = declared.function(*of));
        functions.iter().for_each(|_| _ = declared.function(REGION_TYPE));
        of_bodies.iter().for_each(|of| _ = declared.function(*of));
        let mut tables = TableSection::new();
        tables.table(table_of(functions.len() as u64 + 1));
        let mut memories = MemorySection::new();
        memories.memory(of_bytes((range.end - range.start) as usize));
        memories.memory(of_bytes(file.len()));
        let mut exports = ExportSection::new();
        for (name, number) in [(border::DRIVER, behind + 1), (ENTRY, behind + 2), (FILE_BYTES, behind + 3)] {
            exports.export(name, ExportKind::Func, number);
        }
        exports.export(FILE, ExportKind::Memory, FILE_MEMORY);
        let mut elements = ElementSection::new();
        let all: Vec<u32> = (IMPORTED..behind).collect();
        elements.active(None, &ConstExpr::i32_const(1), Elements::Functions(all.into()));
        let mut data = DataSection::new();
        for (at, words) in self.map(range.start) {
            let bytes = words.into_iter().flat_map(u32::to_le_bytes);
            data.active(MAP_MEMORY, &ConstExpr::i32_const(at as i32), bytes.collect::<Vec<u8>>());
        }
        data.active(FILE_MEMORY, &ConstExpr::i32_const(0), file.iter().copied());

        let mut module = Module::new();
        let mut types = types();
        types.ty().function([], [ValType::I32]);
        let imports = imports(Memories::Imported, None);
        // Offsets of branch hints would not survive what links it.
        let (_, code) = code(INTERPRET + 1, imported.iter().chain(functions).chain(&bodies));
        module.section(&types).section(&imports).section(&declared).section(&tables).section(&memories);
        module.section(&exports).section(&elements).section(&code).section(&data);
        module.finish()
    }

    /// From the first to behind the last root.
    fn range(&self) -> Range<u32> {
        let roots = || self.regions.iter().map(|rooted| rooted.root);
        roots().min().unwrap_or(0) & !3..roots().max().map_or(0, |last| (last & !3) + 4)
    }

    /// The map of entries in pieces: from which byte on, and its words. Long stretches without any are left out.
    fn map(&self, from: u32) -> Vec<(u32, Vec<u32>)> {
        let mut entries: BTreeMap<u32, u32> = BTreeMap::new();
        for (slot, Rooted { root, .. }) in (1..).zip(self.regions) {
            entries.entry((root & !3) - from).or_insert(border::entry(slot, 0) | border::tag(*root));
        }
        let mut pieces: Vec<(u32, Vec<u32>)> = Vec::new();
        for (at, entry) in entries {
            match pieces.last_mut() {
                Some((first, words)) if (at - *first) / 4 - (words.len() as u32) < GAP_WORDS => {
                    words.resize(((at - *first) / 4) as usize, 0);
                    words.push(entry);
                }
                _ => pieces.push((at, vec![entry])),
            }
        }
        pieces
    }
}

/// A function that gives a constant.
fn constant(value: u32) -> Body {
    let mut code = Code::new(0, &[]);
    code.add(Instruction::I32Const(value as i32));
    code.add(Instruction::End);
    code.finish()
}

/// A module that defines nothing but guest memory, of so many Wasm pages, and exports it as [`border::GUEST_MEMORY`].
pub fn guest_memory(pages: u32) -> Vec<u8> {
    let mut memories = MemorySection::new();
    memories.memory(super::memory(pages, Some(pages)));
    let mut exports = ExportSection::new();
    exports.export(border::GUEST_MEMORY, ExportKind::Memory, 0);
    let mut module = Module::new();
    module.section(&memories).section(&exports);
    module.finish()
}

/// A memory of at least `bytes` bytes.
fn of_bytes(bytes: usize) -> MemoryType {
    let pages = bytes.div_ceil(1 << 16) as u64;
    MemoryType { minimum: pages, maximum: Some(pages), memory64: false, shared: false, page_size_log2: None }
}
