//! [`Image`]: what an executable says about itself, as plain data.

use crate::machine::Machine;
use crate::mips::{Abi, AbiFlags, Ases, FpAbi, IsaLevel};
use alloc::string::String;
use alloc::vec::Vec;

/// Byte order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endian {
    /// Least significant byte first (mipsel).
    Little,
    /// Most significant byte first (mips).
    Big,
}

impl Endian {
    /// The halfword that these bytes are.
    pub fn half(self, bytes: [u8; 2]) -> u16 {
        match self {
            Endian::Little => u16::from_le_bytes(bytes),
            Endian::Big => u16::from_be_bytes(bytes),
        }
    }

    /// The word that these bytes are.
    pub fn word(self, bytes: [u8; 4]) -> u32 {
        match self {
            Endian::Little => u32::from_le_bytes(bytes),
            Endian::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// What kind of file it is (`e_type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A relocatable object: must be linked first.
    Relocatable,
    /// An executable at fixed addresses.
    Exec,
    /// A shared library or position-independent executable.
    Dyn,
    /// A core dump.
    Core,
    /// Another `e_type`.
    Other(u16),
}

/// A part of the file that is loaded into memory (PT_LOAD). Segments are sorted by address and do not overlap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// First guest address, not rounded to a page.
    pub at: u32,
    /// Bytes in memory; those past `file_bytes` are zero. Never zero, and `at + memory_bytes` is at most [`Image::USER_END`].
    pub memory_bytes: u32,
    /// Where its bytes start in the file.
    pub file_offset: u32,
    /// Bytes in the file, all of which exist; at most `memory_bytes`.
    pub file_bytes: u32,
    /// May be read.
    pub read: bool,
    /// May be written.
    pub write: bool,
    /// May be executed.
    pub exec: bool,
}

impl Segment {
    /// The first address after it.
    pub fn end(&self) -> u32 {
        self.at + self.memory_bytes
    }

    /// Whether `address` lies in it.
    pub fn contains(&self, address: u32) -> bool {
        address >= self.at && address < self.end()
    }

    /// Its bytes in the file it was parsed from; shorter if `file` is.
    pub fn bytes<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        let from = (self.file_offset as usize).min(file.len());
        let to = (from + self.file_bytes as usize).min(file.len());
        &file[from..to]
    }
}

/// A 32-bit ELF executable as data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// Byte order.
    pub endian: Endian,
    /// The processor it is for.
    pub machine: Machine,
    /// What kind of file it is.
    pub kind: Kind,
    /// Where it starts; bit 0 is the ISA mode on MIPS.
    pub entry: u32,
    /// What is loaded, by address.
    pub segments: Vec<Segment>,
    /// Guest address of the program headers (AT_PHDR), if a segment holds them.
    pub phdr_at: Option<u32>,
    /// Number of program headers (AT_PHNUM).
    pub phdr_count: u32,
    /// Size of one in bytes (AT_PHENT).
    pub phdr_entry_bytes: u32,
    /// The dynamic linker it asks for (PT_INTERP).
    pub interpreter: Option<String>,
    /// Libraries it needs (DT_NEEDED), in order.
    pub needed: Vec<String>,
    /// Whether it has a dynamic section: a shared library or position-independent executable.
    pub is_dynamic: bool,
    /// The header's `e_flags`, raw.
    pub flags: u32,
    /// Calling convention.
    pub abi: Abi,
    /// Instruction-set level and revision it was built for.
    pub isa: IsaLevel,
    /// Extensions it uses.
    pub ases: Ases,
    /// Which floating-point registers it expects.
    pub fp: FpAbi,
    /// Whether its NaNs are encoded as IEEE 754-2008 says (EF_MIPS_NAN2008).
    pub nan2008: bool,
    /// The `.MIPS.abiflags` record, if it has one.
    pub abi_flags: Option<AbiFlags>,
    /// Whether its stack may hold code (PT_GNU_STACK with X, or none, as Linux/MIPS has it).
    pub stack_is_executable: bool,
    /// Whether it carries a symbol table of its own (it was not stripped).
    pub has_symbols: bool,
}

impl Image {
    /// The end of the user half of the address space (MD00090 §4.3: kuseg).
    pub const USER_END: u32 = 0x8000_0000;

    /// Reads an executable. See [`crate::ImageError`] for what is refused.
    pub fn parse(file: &[u8]) -> Result<Image, crate::ImageError> {
        crate::elf::parse(file)
    }

    /// Reads an executable of `bytes` bytes a piece at a time: `read` fills its buffer from an offset, or says no.
    /// What a program does not need to be described, such as its code, is not read.
    pub fn read(bytes: u64, read: &dyn Fn(u64, &mut [u8]) -> bool) -> Result<Image, crate::ImageError> {
        crate::elf::parse(&crate::pieces::Pieces::new(bytes, read))
    }

    /// The segment that holds `address`.
    pub fn segment_at(&self, address: u32) -> Option<&Segment> {
        let index = self.segments.partition_point(|segment| segment.end() <= address);
        self.segments.get(index).filter(|segment| segment.contains(address))
    }

    /// Up to `bytes` bytes of `file` that are loaded at `address`; empty if none are.
    pub fn bytes_at<'a>(&self, file: &'a [u8], address: u32, bytes: u32) -> &'a [u8] {
        let Some((from, bytes)) = self.file_range(address, bytes) else { return &[] };
        let from = (from as usize).min(file.len());
        &file[from..(from + bytes as usize).min(file.len())]
    }

    /// Where in the file up to `bytes` bytes are that are loaded at `address`, and how many there are.
    pub(crate) fn file_range(&self, address: u32, bytes: u32) -> Option<(u64, u64)> {
        let segment = self.segment_at(address)?;
        let skipped = address - segment.at;
        let held = segment.file_bytes.checked_sub(skipped)?;
        Some((u64::from(segment.file_offset) + u64::from(skipped), u64::from(held.min(bytes))))
    }

    /// First address after the last segment: where the heap may start.
    pub fn end(&self) -> u32 {
        self.segments.last().map_or(0, Segment::end)
    }
}
