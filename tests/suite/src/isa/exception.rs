//! Exceptions as the cases name them.

use mips::Exception;
use mips::exception::Fault;

/// `Overflow`, `Trap(7)`, `Load Unmapped 0x1000`, `CodeChanged 0x1000 32`.
pub(super) fn name(exception: Exception) -> String {
    match exception {
        Exception::Memory(Fault { at, access, denied }) => format!("{access:?} {denied:?} {at:#x}"),
        Exception::CodeChanged { at, bytes } => format!("CodeChanged {at:#x} {bytes}"),
        other => format!("{other:?}"),
    }
}
