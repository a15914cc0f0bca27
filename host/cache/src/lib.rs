//! Translated code on disk, so that the next run of a program need not translate it again.
//!
//! Each [`Object`], a program or library at some address, has one file, its [`Bundle`], in a [`Store`] that only its user
//! can write. A bundle holds records, one for each module that some run made: what it was made of, what it took for granted,
//! and the machine code. [`Keep`] is what one run uses of all that: it finds records by entry, and at the end adds those
//! that are new. [`Precompiled`] is a bundle that holds all of a program's code, and the program.
//!
//! Machine code that is read is run. So a bundle is named after the build of Strata that wrote it and the processor it is
//! for, and everything in it is checked against a digest. A record is used only where the guest's memory holds the code
//! that it was made of, and published only if that is what the object's file holds, too: whatever a guest writes into its
//! memory, others of its user never see.

mod bundle;
mod digest;
mod keep;
mod object;
mod precompiled;
mod record;
mod store;
mod wire;

pub use bundle::{Bundle, Source};
pub use digest::Digest;
pub use keep::{Keep, Part, Published};
pub use object::{Object, Read};
pub use precompiled::{Precompiled, PrecompiledError};
pub use record::{Kind, Record};
pub use store::{Listed, Store, StoreError};
