//! The networks of a guest: options that `strata run` and `strata resume` have in common.

use crate::failure::Failure;
use anyhow::{Context, anyhow};
use clap::Args;
use network::{Grant as Word, HostNetwork};
use std::sync::Arc;

/// Options of networks.
#[derive(Args)]
pub(crate) struct Net {
    /// Let the guest use a network; without, it has nothing but a loopback interface of its own. GRANT is one of:
    ///
    /// connect=HOST[:PORT]: connect, and send messages, to a host by name or address, or to a network such as 192.0.2.0/24;
    /// publish=[ADDRESS:]PORT[:GUEST-PORT][/udp]: what comes to PORT of this host (at 127.0.0.1 if no other ADDRESS is given) goes to the guest's;
    /// listen[=PORT]: where the guest listens, this host does, for everybody;
    /// all: connect to anybody, listen for everybody, and ask this host's name server.
    ///
    /// The guest finds this host at 10.0.2.2, and itself at 10.0.2.15. What it is refused, --strace says
    #[arg(long, value_name = "GRANT", value_delimiter = ',', verbatim_doc_comment)]
    net: Vec<Word>,
}

impl Net {
    /// The network, if there is to be one.
    pub(crate) fn network(&self) -> Result<Option<Arc<HostNetwork>>, Failure> {
        if self.net.is_empty() {
            return Ok(None);
        }
        Ok(Some(HostNetwork::new(&self.net).map_err(|error| anyhow!(error)).context("the guest gets no network")?))
    }
}
