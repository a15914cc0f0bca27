//! Local sockets (unix(7)) and those of the internet (ip(7), tcp(7), udp(7)), which reach no further than this world's own
//! loopback interface unless it is granted a [`Network`]: [`Endpoint`] is one, [`SocketFile`] is one that is open, [`Names`] and [`Ports`] find them.
//!
//! Whoever sends puts packets into the receiver's inbox; there is nothing in between. Nothing here waits: `EAGAIN` says that
//! it would.

mod address;
mod connect;
mod endpoint;
mod family;
mod file;
pub(crate) mod header;
mod inbox;
pub(crate) mod interface;
mod internet;
mod names;
pub(crate) mod netlink;
mod options;
mod outside;
mod packet;
mod ports;
mod routes;
mod saved;
mod shown;
mod slot;
mod status;
mod transfer;
mod urgent;

pub(crate) use address::Address;
pub(crate) use connect::BACKLOG_MAX;
pub(crate) use endpoint::{Endpoint, Ends, Style, WAITING_MAX};
pub use family::GUEST;
pub(crate) use family::{Family, Protocol};
pub(crate) use file::SocketFile;
pub(crate) use header::{Header, Marks};
pub use interface::ROUTER;
pub(crate) use internet::{Progress, V6ONLY};
pub(crate) use names::Names;
pub(crate) use options::{BUFFER_BYTES, Owner, buffer_bytes};
pub use outside::{Link, Network, Plug};
pub(crate) use packet::{Credentials, Rights, Transit};
pub(crate) use ports::{CHOICES, Ports};
pub(crate) use saved::{SavedEndpoint, SavedNames, SavedPorts};
pub(crate) use shown::{Name, NameOut};
pub(crate) use status::{Standing, Status};
pub(crate) use transfer::{Ancillary, Asked, Received};
