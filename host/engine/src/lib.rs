//! The native engine: guest memory by mmap, translated code by wasmtime. The only crate with `unsafe`.
//!
//! [`Native`] implements [`run::Engine`]. wasmtime starts with the first region that is compiled, so that a short
//! program never pays for it.

#![deny(unsafe_code)]

mod ahead;
mod arena;
mod auxiliary;
mod background;
mod bell;
mod changes;
mod codes;
mod compiler;
mod cpu;
mod creator;
mod event;
mod filemaps;
mod guarded;
mod handler;
mod mapping;
mod memory;
mod modules;
mod native;
mod own_pages;
mod patience;
mod perf_map;
mod place;
mod population;
mod signals;
mod thread_clock;
mod ticker;
mod vanished;
mod wait;
mod wasm;
mod workers;

pub use ahead::Ahead;
pub use auxiliary::keeps_name;
pub use memory::GuestMemory;
pub use native::{Native, Publisher};
pub use perf_map::PerfMap;
pub use signals::Signals;
pub use thread_clock::{processor_time_of, thread};
pub use workers::{Alarm, Arrivals, Ended, Outside, Snapshots, run};
