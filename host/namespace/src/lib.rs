//! What a guest is given: a list of [`Grant`]s, and [`world`], which builds from it all that the guest can reach.
//!
//! Without a grant there is an empty root with a private /tmp and the harmless devices. Pure: nodes, clocks and
//! randomness are handed in, so the browser builds worlds the same way.

#![no_std]

extern crate alloc;

mod build;
mod grant;

pub use build::{BuildError, Host, Limits, copy_on_write, world};
pub use grant::Grant;
