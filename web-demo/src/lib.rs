//! The browser host: runs a guest in slices, for a page or a script that hands in time and randomness.
//!
//! [`Guest`] is the whole of it, without a browser in sight; `exports` and `imports` are what JavaScript sees of it and
//! gives it, by hand. The interpreter runs the guest. `translation` writes Wasm for what the page's own engine could run.

#[cfg(target_arch = "wasm32")]
mod exports;
mod guest;
#[cfg(target_arch = "wasm32")]
mod imports;
mod stream;
mod translation;

pub use guest::{Guest, Order, Standing};
