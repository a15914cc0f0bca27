//! What each instruction means, written once against [`crate::cpu`]; one file per manual chapter, one function per row.

pub(crate) mod alu;
pub(crate) mod branch;
pub(crate) mod fpu;
pub(crate) mod fpumove;
pub(crate) mod memory;
pub(crate) mod mips16e;
pub(crate) mod muldiv;
pub(crate) mod shift;
pub(crate) mod system;
pub(crate) mod trap;
