//! What may stop an instruction: architecture, as data, delivered to the guest by its personality.

use crate::cpu::Size;

/// Why a memory access failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// Nothing is mapped there.
    Unmapped,
    /// The page is mapped, but not for this kind of access.
    Protected,
    /// The address is outside the user segment (kuseg ends at 0x8000_0000).
    Privileged,
    /// The instruction needs natural alignment and Linux does not mend it (LL, SC, instruction fetch).
    Unaligned,
}

/// The kind of a memory access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Data read.
    Load,
    /// Data written.
    Store,
    /// Instruction fetch.
    Fetch,
}

/// A failed memory access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The first address that could not be reached.
    pub at: u32,
    /// What was tried.
    pub access: Access,
    /// Why it failed.
    pub denied: Denied,
}

/// An exception of the architecture (MD00090 §6.2), as user mode can raise it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exception {
    /// SYSCALL. The register file's `next_pc` is where to continue.
    Syscall,
    /// BREAK with its code.
    Break(u32),
    /// A conditional trap was taken; its code.
    Trap(u32),
    /// Signed overflow in ADD, ADDI or SUB.
    Overflow,
    /// No such instruction.
    Reserved,
    /// The coprocessor is not there or not for user mode.
    Coprocessor(u8),
    /// An enabled floating-point exception; its cause bits are in FCSR.
    FloatingPoint,
    /// A memory access failed.
    Memory(Fault),
    /// SYNCI: code at this address was changed; what was translated from its line is void. Continues at `next_pc`.
    CodeChanged {
        /// First byte.
        at: u32,
        /// Length in bytes.
        bytes: u32,
    },
}

impl Exception {
    /// A load or store of `size` at `at`, denied.
    pub fn memory(at: u32, access: Access, denied: Denied) -> Exception {
        Exception::Memory(Fault { at, access, denied })
    }

    /// Whether `at` is a multiple of `size`.
    pub fn is_aligned(at: u32, size: Size) -> bool {
        at.is_multiple_of(size.bytes())
    }
}
