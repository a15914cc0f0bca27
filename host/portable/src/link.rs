//! Puts this crate, built for wasm32, and a translated program together: what each imports of the other, and the
//! instructions by which the one reaches the memories of the other.

use mips::border;
use mips::translate::program::{FILE, guest_memory};
use wasm::link::{Resolved, exported_constant, link};
use wasm_encoder::{Instruction, MemArg};

/// The objects that are linked: this crate, the program, guest memory.
const HOST: usize = 0;
const PROGRAM: usize = 1;
const GUEST: usize = 2;

/// Wasm pages (64 KiB) of guest memory: the whole user half, of which a runtime provides what is touched.
const GUEST_PAGES: u32 = 1 << 15;

/// The module that runs `program` under WASI preview 1. `host` is this crate's own module; the error is a fault of either.
pub fn module(host: &[u8], program: &[u8]) -> Result<Vec<u8>, String> {
    let registers = exported_constant(host, "CPU").ok_or("the host has no register file")?;
    let resolve = |_: usize, module: &str, name: &str| match (module, name) {
        ("guest", _) => access(name).unwrap_or(Resolved::Import),
        ("program", "file_copy") => copy((HOST, "memory"), (PROGRAM, FILE)),
        ("program", _) => Resolved::Export(PROGRAM, name.into(), 0),
        (border::MODULE, border::GUEST_MEMORY) => Resolved::Export(GUEST, name.into(), 0),
        (border::MODULE, border::CPU_MEMORY) => Resolved::Export(HOST, "memory".into(), registers),
        (border::MODULE, _) => Resolved::Export(HOST, name.into(), 0),
        _ => Resolved::Import,
    };
    link(&[host, program, &guest_memory(GUEST_PAGES)], &resolve, &["memory", "_start"])
}

/// What stands in for an import that reaches guest memory.
fn access(name: &str) -> Option<Resolved> {
    let instruction: fn(MemArg) -> Instruction<'static> = match name {
        "load8" => Instruction::I32Load8U,
        "load16" => Instruction::I32Load16U,
        "load32" => Instruction::I32Load,
        "store8" => Instruction::I32Store8,
        "store16" => Instruction::I32Store16,
        "store32" => Instruction::I32Store,
        "copy_in" => return Some(copy((GUEST, border::GUEST_MEMORY), (HOST, "memory"))),
        "copy_out" => return Some(copy((HOST, "memory"), (GUEST, border::GUEST_MEMORY))),
        "copy_within" => return Some(copy((GUEST, border::GUEST_MEMORY), (GUEST, border::GUEST_MEMORY))),
        "fill" => {
            let fill = |memories: &[u32]| Instruction::MemoryFill(memories[0]);
            return Some(Resolved::Instruction([(GUEST, border::GUEST_MEMORY.into())].into(), Box::new(fill)));
        }
        _ => return None,
    };
    let make = move |memories: &[u32]| instruction(MemArg { offset: 0, align: 0, memory_index: memories[0] });
    Some(Resolved::Instruction([(GUEST, border::GUEST_MEMORY.into())].into(), Box::new(make)))
}

/// A copy into one memory from another.
fn copy(into: (usize, &str), from: (usize, &str)) -> Resolved {
    let memories = [(into.0, into.1.into()), (from.0, from.1.into())];
    let make = |memories: &[u32]| Instruction::MemoryCopy { dst_mem: memories[0], src_mem: memories[1] };
    Resolved::Instruction(memories.into(), Box::new(make))
}
