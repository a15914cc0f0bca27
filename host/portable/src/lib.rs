//! The host of a portable module: what the personality needs, over the functions of a WASI runtime (preview 1).
//!
//! Built for wasm32 it is one half of such a module, and knows no engine: `program` runs the other half, which is linked to
//! it, and `guest` gives that the streams, the arguments and the preopened directories of the runtime, which only `wasi`
//! calls. Built for the host it is [`link`], which puts the halves together. What names no runtime is tested natively.

#[cfg(any(target_arch = "wasm32", test))]
mod contents;
#[cfg(any(target_arch = "wasm32", test))]
mod errno;
#[cfg(any(target_arch = "wasm32", test))]
mod listing;
#[cfg(any(target_arch = "wasm32", test))]
mod metadata;
#[cfg(any(target_arch = "wasm32", test))]
mod naming;
#[cfg(any(target_arch = "wasm32", test))]
mod root;
#[cfg(any(target_arch = "wasm32", test))]
mod spot;
#[cfg(any(target_arch = "wasm32", test))]
mod terminal;

#[cfg(target_arch = "wasm32")]
mod clocks;
#[cfg(target_arch = "wasm32")]
mod directory;
#[cfg(target_arch = "wasm32")]
mod file;
#[cfg(target_arch = "wasm32")]
mod guest;
#[cfg(not(target_arch = "wasm32"))]
pub mod link;
#[cfg(target_arch = "wasm32")]
mod linked;
#[cfg(target_arch = "wasm32")]
mod memory;
#[cfg(target_arch = "wasm32")]
mod program;
#[cfg(target_arch = "wasm32")]
mod stream;
#[cfg(target_arch = "wasm32")]
mod waiter;
#[cfg(target_arch = "wasm32")]
mod wasi;
