//! [`Options`]: what setsockopt(2) remembers of a socket.

use super::endpoint::Style;
use super::family::Family;
use alloc::collections::BTreeMap;
use serde::{Deserialize, Serialize};

/// SO_SNDBUF and SO_RCVBUF at first, and the most that can be asked for (net.core.wmem_default and wmem_max).
pub(crate) const BUFFER_BYTES: u32 = 212_992;
/// The same of TCP (net.ipv4.tcp_wmem and tcp_rmem).
const TCP_SEND_BYTES: u32 = 16_384;
const TCP_RECEIVE_BYTES: u32 = 131_072;
/// The least that a buffer has (SOCK_MIN_SNDBUF of net/sock.h).
const BUFFER_BYTES_MIN: u32 = 4_608;

/// Who is sent signals about a socket.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Owner {
    /// A process, or less than 0 a group.
    pub(crate) id: i32,
    /// Whether it is one thread.
    pub(crate) is_thread: bool,
    /// Real and effective user of who said so.
    pub(crate) users: (u32, u32),
}

/// The options of a socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) send_bytes: u32,
    pub(crate) receive_bytes: u32,
    pub(crate) send_timeout_ns: Option<u64>,
    pub(crate) receive_timeout_ns: Option<u64>,
    /// SO_PASSCRED
    pub(crate) passes_credentials: bool,
    /// SO_LINGER: on, and seconds. Nothing is sent so slowly that there would be something to linger for.
    pub(crate) linger: (u32, u32),
    /// Who is told of urgent bytes (fcntl(2), F_SETOWN).
    pub(crate) owner: Option<Owner>,
    /// Options that are told as they were set and mean nothing else, by level and number.
    pub(crate) others: BTreeMap<(u32, u32), u32>,
}

impl Options {
    /// Those of a new socket.
    pub(crate) fn of(family: Family, style: Style) -> Options {
        let is_tcp = family.is_internet() && style == Style::Stream;
        Options {
            send_bytes: if is_tcp { TCP_SEND_BYTES } else { BUFFER_BYTES },
            receive_bytes: if is_tcp { TCP_RECEIVE_BYTES } else { BUFFER_BYTES },
            send_timeout_ns: None,
            receive_timeout_ns: None,
            passes_credentials: false,
            linger: (0, 0),
            owner: None,
            others: BTreeMap::new(),
        }
    }

    /// What an option was set to; 0 if it was not.
    pub(crate) fn other(&self, level: u32, option: u32) -> u32 {
        self.others.get(&(level, option)).copied().unwrap_or(0)
    }
}

/// The buffer for so many bytes: twice that, for what Linux needs of it itself.
pub(crate) fn buffer_bytes(wanted: u32) -> u32 {
    (2 * wanted.min(BUFFER_BYTES)).max(BUFFER_BYTES_MIN)
}
