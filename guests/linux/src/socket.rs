//! Local sockets (unix(7)): [`Endpoint`] is one, [`SocketFile`] is one that is open, [`Names`] finds them.
//!
//! Whoever sends puts packets into the receiver's inbox; there is nothing in between. Nothing here waits: `EAGAIN` says that
//! it would.

mod address;
mod connect;
mod endpoint;
mod file;
mod inbox;
mod names;
mod options;
mod packet;
mod saved;
mod transfer;

pub(crate) use address::Address;
pub(crate) use endpoint::{Endpoint, Ends, Style};
pub(crate) use file::SocketFile;
pub(crate) use names::Names;
pub(crate) use options::buffer_bytes;
pub(crate) use packet::{Credentials, Rights, Transit};
pub(crate) use saved::{SavedEndpoint, SavedNames};
pub(crate) use transfer::{Ancillary, Asked, Received};
