//! The instruction cases of `tests/isa/*.ins`: one line an example, run by every reading that executes.
//!
//! A line: `[encoding] "text"  what is there before => what is different after`. Registers are `v0=1`, `hi=`, `lo=`,
//! `f2=` (32 bits), `d2=` (64 bits), `fcsr=`, `user_local=`, `link_at=`, `link_value=`. Memory is `b[at]=`, `h[at]=`,
//! `w[at]=`, `l[at]=` in the guest's byte order, or `mem[at]=[bytes]`. Words among them: `big` or `little` (else both),
//! `fr1`, `nan2008`, `exact`. After the arrow also `pc=` (`.+8` counts from the instruction), `raises …`, and `annulled`
//! for a branch that skips its slot. What is not named stays as it was. `mips16e.ins` holds MIPS16e: 16 bits or 32, the
//! first halfword first; there, `.` has the ISA mode, and a slot moves v0 to s7.

mod bench;
mod case;
mod exception;
mod wrap;

pub use bench::Bench;
pub use case::{Case, load};
pub use wrap::Wrap;
