//! [`Commons`]: what the processes of one world share beside their files.

use crate::notify::Notify;
use crate::socket::{Names, Transit};

/// What processes that know nothing else of each other meet by.
#[derive(Default)]
pub(crate) struct Commons {
    /// Sockets that are bound.
    pub(crate) sockets: Names,
    /// Descriptors that were sent and not yet received.
    pub(crate) transit: Transit,
    /// Who wants to know what is done to files.
    pub(crate) notify: Notify,
}
