//! The native engine: guest memory by mmap, translated code by wasmtime. The only crate with `unsafe`.
//!
//! [`Native`] implements [`run::Engine`]. wasmtime starts with the first region that is compiled, so that a short
//! program never pays for it.

#![deny(unsafe_code)]

mod ahead;
mod alarm;
mod background;
mod codes;
mod compiler;
mod cpu;
mod creator;
mod mapping;
mod memory;
mod modules;
mod native;
mod perf_map;
mod signals;
mod ticker;
mod vanished;
mod wait;
mod wasm;

pub use ahead::Ahead;
pub use alarm::Alarm;
pub use memory::GuestMemory;
pub use native::Native;
pub use perf_map::PerfMap;
pub use signals::Signals;
pub use wait::wait;
