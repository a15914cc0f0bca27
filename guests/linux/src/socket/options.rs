//! [`Options`]: what setsockopt(2) remembers of a socket.

use serde::{Deserialize, Serialize};

/// SO_SNDBUF and SO_RCVBUF at first, and the most that can be asked for (net.core.wmem_default and wmem_max).
const BUFFER_BYTES: u32 = 212_992;
/// The least that a buffer has (SOCK_MIN_SNDBUF of net/sock.h).
const BUFFER_BYTES_MIN: u32 = 4_608;

/// The options of a socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) send_bytes: u32,
    pub(crate) receive_bytes: u32,
    pub(crate) send_timeout_ns: Option<u64>,
    pub(crate) receive_timeout_ns: Option<u64>,
    /// SO_PASSCRED
    pub(crate) passes_credentials: bool,
    /// SO_LINGER: on, and seconds. A local socket has nothing to linger for.
    pub(crate) linger: (u32, u32),
    /// Options without a meaning for local sockets that are told as they were set, by number.
    pub(crate) others: alloc::collections::BTreeMap<u32, u32>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            send_bytes: BUFFER_BYTES,
            receive_bytes: BUFFER_BYTES,
            send_timeout_ns: None,
            receive_timeout_ns: None,
            passes_credentials: false,
            linger: (0, 0),
            others: alloc::collections::BTreeMap::new(),
        }
    }
}

/// The buffer for so many bytes: twice that, for what Linux needs of it itself.
pub(crate) fn buffer_bytes(wanted: u32) -> u32 {
    (2 * wanted.min(BUFFER_BYTES)).max(BUFFER_BYTES_MIN)
}
