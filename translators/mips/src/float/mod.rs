//! Floating-point arithmetic as pure functions on raw bits: what COP1 computes, apart from where it is kept.
//!
//! [`exact`] gives results with their exception flags under any [`Env`]; [`fast`] gives the same results to nearest,
//! without flags, by the host's own arithmetic; [`nan`] says which NaN comes out. A value travels as a `u64`; S and W
//! use its low 32 bits, and the rest is zero. The judge is QEMU 7.2 (24Kf for legacy NaN, P5600 for NaN2008), asked by
//! `tests/float`. Where QEMU and the manual (MD00083) part, QEMU is followed and the place says so.

mod arithmetic;
mod env;
pub mod exact;
pub mod fast;
pub mod nan;
mod number;
mod round;

pub use env::{Env, Flags};
