//! What translated code and its host agree on: imports, exports, the layout of the CPU memory, and why code leaves.
//!
//! The CPU memory is a second Wasm memory that the guest cannot address. It holds, from address 0: a page of zeros that
//! stands for "no code here"; the register file; the directory from pages of guest code to their entry tables; then the
//! entry tables themselves. An entry says which function of the shared table continues at a guest PC, and where in it.

/// Module name of every import.
pub const MODULE: &str = "strata";
/// Import: guest memory, a guest address is its address there. Memory 0.
pub const GUEST_MEMORY: &str = "guest";
/// Import: the CPU memory. Memory 1.
pub const CPU_MEMORY: &str = "cpu";
/// Import: the table of region functions.
pub const TABLE: &str = "table";
/// Import: `(pc: i32) -> done: i32`, has the interpreter do the one instruction at `pc`, no branch, on the register file.
/// Not done, zero, is what raises an exception: code then leaves for it, and it is tried again from the start.
pub const INTERPRET: &str = "interpret";
/// Export of a region module, followed by a number: `(entry: i32, depth: i32) -> pc: i32`, runs from the numbered entry
/// until it leaves.
pub const REGION: &str = "region";
/// Export of the driver module: `(pc: i32, depth: i32) -> pc: i32`, runs regions until there is none for `pc`, or one
/// left. `depth` is how deep calls may nest.
pub const DRIVER: &str = "drive";

/// How deep calls may nest, and [`STACK_BYTES`] that hold so many frames: a frame keeps what the guest has in registers
/// and little more, and what may need more counts more than once.
pub const DEPTH_MAX: u32 = 1_500;
/// Stack that translated code may need.
pub const STACK_BYTES: usize = 4 << 20;

/// Bytes of an entry table: one 4-byte entry for each halfword of a page.
pub const ENTRIES_BYTES: u32 = 2 * PAGE_BYTES;
/// Bytes of guest code an entry table covers.
pub const PAGE_BYTES: u32 = 4096;
/// The entry table of pages without code: zeros.
pub const NO_ENTRIES_AT: u32 = 0;
/// The register file, [`crate::State`].
pub const STATE_AT: u32 = ENTRIES_BYTES;
/// Addresses of entry tables, by page of guest code; 2^19 pages for each ISA mode.
pub const DIRECTORY_AT: u32 = 0x1_0000;
/// Pages in the user half of the address space.
const PAGES: u32 = 0x8000_0000 / PAGE_BYTES;
/// Where entry tables begin.
pub const TABLES_AT: u32 = DIRECTORY_AT + 2 * PAGES * 4;

/// Wasm pages (64 KiB) of CPU memory that code may count on.
pub const CPU_PAGES_MIN: u32 = TABLES_AT / 0x1_0000;

/// Address of the directory word for the page of `pc`, whose bit 0 is the ISA mode.
pub const fn directory_at(pc: u32) -> u32 {
    DIRECTORY_AT + (((pc & 1) * PAGES + (pc & 0x7fff_ffff) / PAGE_BYTES) << 2)
}

/// Offset of the entry for `pc` in its page's entry table.
pub const fn entry_offset(pc: u32) -> u32 {
    (pc & (PAGE_BYTES - 2)) << 1
}

/// Bits of an entry that number the place inside its function.
pub const ENTRY_BITS: u32 = 10;
/// The most entries one region can have.
pub const REGION_ENTRIES_MAX: usize = 1 << ENTRY_BITS;

/// The entry for place `entry` of the function in table slot `slot`; slot 0 is never used, so no entry is zero.
pub const fn entry(slot: u32, entry: u32) -> u32 {
    slot << ENTRY_BITS | entry
}

/// A bit in the PC that comes back if code left for a reason other than that there is none: no call should come back
/// there, and so nobody takes it for where a call came back to.
pub const LEFT: u32 = 0x8000_0000;

/// Why translated code left, in [`crate::State::leave`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leave {
    /// There is no code for `pc`.
    NoCode,
    /// The instruction at `pc` is for the interpreter, and nobody knows what comes of it: a system call, an exception.
    Interpret,
    /// The poll word was set.
    Poll,
}

impl Leave {
    /// Its number in the register file.
    pub const fn code(self) -> u32 {
        match self {
            Leave::NoCode => 0,
            Leave::Interpret => 1,
            Leave::Poll => 2,
        }
    }

    /// The reason numbered `code`.
    pub const fn from_code(code: u32) -> Leave {
        match code {
            1 => Leave::Interpret,
            2 => Leave::Poll,
            _ => Leave::NoCode,
        }
    }
}
