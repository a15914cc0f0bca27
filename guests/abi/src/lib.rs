//! Calling conventions, guest memory and typed arguments.
//!
//! [`memory`] is the address space as a personality sees it [`paged`] a pure one and [`pagemap`]
//! what others keep beside their bytes; [`guest`] reads and writes typed
//! values in it; [`layout`] says how a struct lies there; [`arg`] and [`pointer`] are the types a system call's
//! arguments may have; [`o32`] and [`frame`] are the MIPS convention. No meaning of any call is here.

#![no_std]

extern crate alloc;

pub mod arg;
pub mod endian;
pub mod frame;
pub mod guest;
pub mod layout;
pub mod memory;
pub mod o32;
pub mod paged;
pub mod pagemap;
pub mod pointer;
pub mod quote;
pub mod structs;

pub use arg::{Arg, Ret, Scene};
pub use endian::Endian;
pub use guest::Guest;
pub use layout::Layout;
pub use memory::{
    Addr, AddressSpace, BadAddress, CodeFile, Mappable, OutOfMemory, PAGE_BYTES, Prot, ReadFile, USER_END, Unmappable,
};
pub use mips::exception::{Access, Denied, Exception, Fault};
pub use mips::{Gpr, State};
pub use paged::PagedSpace;
pub use pagemap::PageMap;
pub use pointer::{In, InBytes, InList, InOut, Out, OutBytes, OutFound, OutList, Path, Strings};
