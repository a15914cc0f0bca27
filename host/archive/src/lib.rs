//! Root file systems in one file, and what a guest changed of one.
//!
//! [`open`] gives the tree in a tar file or a squashfs image without unpacking it; [`commit`] writes an overlay's changes as a tar file
//! ([`Tape`]) or a directory ([`Folder`]), in the form that the OCI image specification gives layers: `.wh.NAME` says that
//! NAME is gone, `.wh..wh..opq` that a directory shows nothing of the one beneath.

mod commit;
mod folder;
mod open;
mod read;
mod squashfs;
mod tape;
mod tree;

pub use commit::{CommitError, Sink, commit};
pub use folder::Folder;
pub use open::open;
pub use read::{ReadError, tar};
pub use squashfs::squashfs;
pub use tape::Tape;
