//! The harness of the tests that look at all of Strata: cases as data, an oracle, and the program under test.
//!
//! A [`Case`] is a command line in a fresh directory. [`oracle`] says what should come of it, [`strata`] what does;
//! both give an [`Outcome`]. The cases are in `tests/linux`, and none is named here.

pub mod case;
pub mod differential;
pub mod gdb;
pub mod isa;
pub mod known;
pub mod oracle;
pub mod outcome;
pub mod place;
pub mod python;
pub mod strata;
pub mod table;
pub mod terminal;
pub mod translated;

pub use case::Case;
pub use outcome::Outcome;
