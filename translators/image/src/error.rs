//! [`ImageError`]: why a file is not an executable that can be described. The text says what to do.

use crate::machine::Machine;
use thiserror::Error;

/// Why [`crate::Image::parse`] refused a file.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ImageError {
    /// The file has no bytes.
    #[error("the file is empty: give the path of a MIPS Linux program")]
    Empty,
    /// It begins with `#!`.
    #[error("a script, not a program: run its interpreter with it, here {0}")]
    Script(alloc::string::String),
    /// Another well-known format, named.
    #[error("{0}, not an ELF file: give a program built for MIPS Linux")]
    Foreign(&'static str),
    /// No format we know.
    #[error("not an ELF file (it does not begin with 7f 45 4c 46): give a program built for MIPS Linux")]
    NotElf,
    /// The file ends too early.
    #[error("truncated: {what} needs {needed} bytes, the file has {present}: copy or download it again")]
    Truncated {
        /// What would be read.
        what: &'static str,
        /// Length in bytes the file would need.
        needed: u64,
        /// Length in bytes it has.
        present: u64,
    },
    /// A 64-bit file.
    #[error("a 64-bit program for {0}: only 32-bit MIPS (o32) runs so far; build it with mipsel-linux-gnu-gcc")]
    Class64(Machine),
    /// `e_ident` holds values nobody defined.
    #[error("a damaged ELF header: {what} is {value}: copy or download the file again")]
    BadHeader {
        /// The field.
        what: &'static str,
        /// What it holds.
        value: u64,
    },
    /// More program headers than Linux accepts.
    #[error("{0} program headers: Linux accepts at most {max}, so the header is damaged", max = crate::elf::PROGRAM_HEADERS_MAX)]
    TooManyHeaders(u64),
    /// A segment with more bytes in the file than in memory.
    #[error(
        "segment {index} has {file_bytes} bytes in the file but room for {memory_bytes} in memory: the file is damaged"
    )]
    FileExceedsMemory {
        /// Program header number, from 0.
        index: usize,
        /// `p_filesz`.
        file_bytes: u32,
        /// `p_memsz`.
        memory_bytes: u32,
    },
    /// A segment past the user half.
    #[error(
        "segment {index} at {at:#010x}, {memory_bytes:#x} bytes long, leaves the user half (ends at 0x80000000): kernels and boot loaders cannot run as programs"
    )]
    OutsideUser {
        /// Program header number, from 0.
        index: usize,
        /// `p_vaddr`.
        at: u32,
        /// `p_memsz`.
        memory_bytes: u32,
    },
    /// Two segments claim an address.
    #[error("two segments overlap at {at:#010x}: the file is damaged")]
    Overlap {
        /// First address claimed twice.
        at: u32,
    },
    /// The interpreter's name is no string.
    #[error("the name of the dynamic linker (PT_INTERP) is not a proper string: the file is damaged")]
    BadInterpreter,
}
